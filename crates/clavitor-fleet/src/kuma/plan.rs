//! What has to change in Kuma so that every node has its two monitors. A function of what is wanted and what is there.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::session::Tag;

/// How a monitor of ours is told from others: a line that stands in its description.
const MARK: &str = "clavitor-fleet kuma sync:";
/// Kuma takes no shorter interval.
const INTERVAL_S_MIN: u64 = 20;

/// Which of a node's two monitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Two beats are missing.
    Sev2,
    /// Nothing for five minutes.
    Sev1,
}

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sev2, Self::Sev1];

    /// As people write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sev2 => "SEV2",
            Self::Sev1 => "SEV1",
        }
    }
}

/// Whose monitor it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mark {
    /// The fleet's name: several fleets may share one Kuma.
    pub fleet: String,
    /// The node.
    pub node: String,
    /// Which of the two.
    pub level: Level,
}

impl Mark {
    fn line(&self) -> String {
        format!("{MARK} {} / {} / {}", self.fleet, self.node, self.level.word())
    }

    fn read(description: &str) -> Option<Self> {
        let line = description.lines().find_map(|line| line.trim().strip_prefix(MARK))?;
        let mut parts = line.rsplitn(3, " / ").map(str::trim);
        let (level, node, fleet) = (parts.next()?, parts.next()?, parts.next()?);
        let level = Level::ALL.into_iter().find(|of| of.word() == level)?;
        Some(Self { fleet: fleet.to_owned(), node: node.to_owned(), level })
    }
}

/// A monitor as Kuma lists it, with all its members.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    /// Its number.
    pub id: u64,
    /// Whose it is, if it is one of ours.
    pub mark: Option<Mark>,
    members: Map<String, Value>,
}

impl Monitor {
    pub(super) fn read(value: Value) -> Option<Self> {
        let Value::Object(members) = value else { return None };
        let id = members.get("id")?.as_u64()?;
        let mark = members.get("description").and_then(Value::as_str).and_then(Mark::read);
        Some(Self { id, mark, members })
    }

    /// The part of its address that nodes push to.
    pub fn push_token(&self) -> Option<&str> {
        self.members.get("pushToken").and_then(Value::as_str).filter(|token| !token.is_empty())
    }

    /// Whether it has the label of its level, with the node's name.
    fn is_labelled(&self, mark: &Mark, labels: &[Tag]) -> bool {
        let known = labels.iter().find(|label| label.name == mark.level.word()).map(|label| label.id);
        let is_ours = |tag: &Value| {
            let named = tag["name"] == mark.level.word() || known.is_some_and(|id| tag["tag_id"] == id);
            named && tag["value"] == mark.node.as_str()
        };
        self.members.get("tags").and_then(Value::as_array).is_some_and(|tags| tags.iter().any(is_ours))
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        self.members.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is paused: Kuma then takes no beat.
    pub fn is_paused(&self) -> bool {
        self.members.get("active").is_some_and(|active| active == false || active == 0)
    }
}

/// A monitor that should be there.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Whose.
    pub mark: Mark,
    /// Seconds of silence after which it is down.
    pub interval_s: u64,
    /// Numbers of the notifications that it uses; none: those that are there are left alone.
    pub notifications: Option<BTreeSet<u64>>,
}

impl Wanted {
    /// What is ours to say. Silence of one interval and Kuma's own second is down at once: there are no retries.
    fn ours(&self) -> Map<String, Value> {
        let what = match self.mark.level {
            Level::Sev2 => "two beats missing",
            Level::Sev1 => "silent for minutes, wake somebody",
        };
        let interval_s = self.interval_s.max(INTERVAL_S_MIN);
        let mut ours = Map::from_iter([
            ("name".to_owned(), Value::from(format!("{} {}: {what}", self.mark.node, self.mark.level.word()))),
            ("description".to_owned(), Value::from(self.mark.line())),
            ("type".to_owned(), Value::from("push")),
            ("interval".to_owned(), Value::from(interval_s)),
            ("retryInterval".to_owned(), Value::from(interval_s)),
            ("maxretries".to_owned(), Value::from(0)),
            ("upsideDown".to_owned(), Value::from(false)),
        ]);
        if let Some(notifications) = &self.notifications {
            let list = notifications.iter().map(|id| (id.to_string(), Value::from(true))).collect();
            ours.insert("notificationIDList".to_owned(), Value::Object(list));
        }
        ours
    }

    /// A whole new monitor. Members that a push monitor does not use have the values that Kuma's page gives them.
    pub(super) fn new_monitor(&self, push_token: &str) -> Value {
        let mut members = json!({
            "pushToken": push_token, "parent": null, "resendInterval": 0, "timeout": 48, "method": "GET", "url": "https://", "accepted_statuscodes": ["200-299"],
            "maxredirects": 10, "ignoreTls": false, "expiryNotification": false, "packetSize": 56, "dns_resolve_type": "A", "dns_resolve_server": "1.1.1.1",
            "notificationIDList": {}, "conditions": [], "kafkaProducerBrokers": [], "kafkaProducerSaslOptions": {"mechanism": "None"}, "rabbitmqNodes": [],
            "active": true,
        });
        if let Value::Object(members) = &mut members {
            members.extend(self.ours());
        }
        members
    }

    /// A monitor as it is, with what is ours. A token is given to one that has none; another one would shut its node out.
    pub(super) fn changed(&self, monitor: &Monitor, push_token: &str) -> Value {
        let mut members = monitor.members.clone();
        members.extend(self.ours());
        if monitor.push_token().is_none() {
            members.insert("pushToken".to_owned(), Value::from(push_token));
        }
        Value::Object(members)
    }

    /// Each member of ours that is otherwise, as "name: is, wanted".
    fn differences(&self, monitor: &Monitor) -> Vec<String> {
        let is = |name: &String| monitor.members.get(name).map_or(Value::Null, normal);
        let differ = self.ours().into_iter().filter(|(name, wanted)| is(name) != normal(wanted));
        let differ = differ.map(|(name, wanted)| format!("{name}: {} -> {wanted}", is(&name)));
        differ.chain(monitor.push_token().is_none().then(|| "no address to push to -> a new one".to_owned())).collect()
    }
}

/// Kuma's databases know no booleans, and list what is off as false.
fn normal(value: &Value) -> Value {
    match value {
        Value::Bool(on) => Value::from(u64::from(*on)),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, on)| (name.clone(), normal(on))).filter(|(_, on)| *on != 0).collect())
        }
        other => other.clone(),
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is not there.
    Add(Wanted),
    /// It is there, and otherwise; each difference in words.
    Edit(Monitor, Wanted, Vec<String>),
    /// It is there, and its label is not.
    Label(Monitor, Mark),
    /// One of ours that nobody wants.
    Remove(Monitor),
}

impl Change {
    /// One line.
    pub fn words(&self) -> String {
        match self {
            Self::Add(wanted) => format!("add     {} {}, down after {} s", wanted.mark.node, wanted.mark.level.word(), wanted.interval_s),
            Self::Edit(monitor, _, differences) => {
                format!("change  {} (number {}): {}", monitor.name(), monitor.id, differences.join(", "))
            }
            Self::Label(monitor, mark) => format!("label   {} (number {}): {}", monitor.name(), monitor.id, mark.level.word()),
            Self::Remove(monitor) => format!("remove  {} (number {})", monitor.name(), monitor.id),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// In this order.
    pub changes: Vec<Change>,
    /// Ours, not wanted, and left alone because nobody said that it may go.
    pub surplus: Vec<String>,
    /// Ours, and paused by somebody: left so.
    pub paused: Vec<String>,
}

/// Compares; `labels` are those that Kuma has. Only monitors with this fleet's mark are ever changed or removed.
pub fn plan(fleet: &str, wanted: &[Wanted], there: &[Monitor], labels: &[Tag], prune: bool) -> Plan {
    let mut plan = Plan::default();
    let ours: Vec<&Monitor> = there.iter().filter(|monitor| monitor.mark.as_ref().is_some_and(|mark| mark.fleet == fleet)).collect();
    let mut kept = BTreeSet::new();
    for one in wanted {
        match ours.iter().find(|monitor| monitor.mark.as_ref() == Some(&one.mark)) {
            None => plan.changes.push(Change::Add(one.clone())),
            Some(monitor) => {
                kept.insert(monitor.id);
                let differences = one.differences(monitor);
                if !differences.is_empty() {
                    plan.changes.push(Change::Edit((*monitor).clone(), one.clone(), differences));
                }
                if !monitor.is_labelled(&one.mark, labels) {
                    plan.changes.push(Change::Label((*monitor).clone(), one.mark.clone()));
                }
                if monitor.is_paused() {
                    plan.paused.push(monitor.name().to_owned());
                }
            }
        }
    }
    for monitor in ours.into_iter().filter(|monitor| !kept.contains(&monitor.id)) {
        match prune {
            true => plan.changes.push(Change::Remove(monitor.clone())),
            false => plan.surplus.push(monitor.name().to_owned()),
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(node: &str, level: Level) -> Wanted {
        let mark = Mark { fleet: "clavitor".to_owned(), node: node.to_owned(), level };
        Wanted { mark, interval_s: 65, notifications: Some([3].into()) }
    }

    fn listed(id: u64, wanted: &Wanted, change: impl Fn(&mut Map<String, Value>)) -> Monitor {
        let Value::Object(mut members) = wanted.new_monitor("token") else { panic!() };
        members.insert("id".to_owned(), Value::from(id));
        members.insert("tags".to_owned(), json!([{"tag_id": 9, "value": wanted.mark.node}]));
        change(&mut members);
        Monitor::read(Value::Object(members)).unwrap()
    }

    fn plan(fleet: &str, wanted: &[Wanted], there: &[Monitor], prune: bool) -> Plan {
        let labels = Level::ALL.map(|level| Tag { id: 9, name: level.word().to_owned() });
        super::plan(fleet, wanted, there, &labels, prune)
    }

    #[test]
    fn what_was_left_half_made_is_finished() {
        let one = wanted("tokyo", Level::Sev2);
        let odd =
            |change: fn(&mut Map<String, Value>)| plan("clavitor", std::slice::from_ref(&one), &[listed(1, &one, change)], true).changes;
        for tags in [json!(null), json!([]), json!([{"tag_id": 9, "value": "seoul"}]), json!([{"tag_id": 7, "value": "tokyo"}])] {
            let bare = listed(1, &one, |members| drop(members.insert("tags".to_owned(), tags.clone())));
            let changes = plan("clavitor", std::slice::from_ref(&one), std::slice::from_ref(&bare), true).changes;
            assert_eq!(changes, [Change::Label(bare, one.mark.clone())], "{tags}");
        }
        let named = odd(|members| drop(members.insert("tags".to_owned(), json!([{"tag_id": 7, "name": "SEV2", "value": "tokyo"}]))));
        assert_eq!(named, [], "a label is known by its name too");
        let [Change::Edit(bare, _, why)] = &odd(|members| drop(members.insert("pushToken".to_owned(), Value::Null)))[..] else { panic!() };
        assert!(why[0].contains("no address") && one.changed(bare, "new")["pushToken"] == "new");
        assert_eq!(one.changed(&listed(1, &one, |_| ()), "new")["pushToken"], "token", "one that is there stays");
    }

    #[test]
    fn a_mark_is_read_back_and_nothing_else_is_taken_for_one() {
        let mark = Mark { fleet: "a / b".to_owned(), node: "tokyo".to_owned(), level: Level::Sev1 };
        assert_eq!(Mark::read(&format!("somebody's note\n{}", mark.line())), Some(mark));
        for other in
            ["", "clavitor-fleet kuma sync:", "clavitor-fleet kuma sync: x / tokyo / SEV3", "about clavitor-fleet kuma sync: a / b / SEV1"]
        {
            assert_eq!(Mark::read(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_as_wanted_is_left_alone_in_kumas_own_spelling_too() {
        let one = wanted("tokyo", Level::Sev2);
        let there = listed(1, &one, |members| {
            members.insert("upsideDown".to_owned(), Value::from(0));
            members.insert("notificationIDList".to_owned(), json!({"3": true, "4": false}));
        });
        assert_eq!(plan("clavitor", &[one], &[there], true), Plan::default());
    }

    #[test]
    fn only_marked_monitors_of_this_fleet_are_touched() {
        let (mine, other) = (wanted("tokyo", Level::Sev2), wanted("osaka", Level::Sev2));
        let strangers = listed(1, &mine, |members| drop(members.insert("description".to_owned(), Value::Null)));
        let other_fleet = listed(2, &mine, |members| {
            members.insert("description".to_owned(), Value::from("clavitor-fleet kuma sync: else / tokyo / SEV2"));
        });
        let gone = listed(3, &other, |_| ());
        let there = [strangers, other_fleet, gone.clone()];
        let kept = plan("clavitor", std::slice::from_ref(&mine), &there, false);
        assert_eq!((kept.changes, kept.surplus.len()), (vec![Change::Add(mine.clone())], 1));
        let pruned = plan("clavitor", std::slice::from_ref(&mine), &there, true);
        assert_eq!(pruned.changes, [Change::Add(mine), Change::Remove(gone)]);
    }

    #[test]
    fn a_monitor_that_is_twice_there_is_one_and_a_surplus() {
        let one = wanted("tokyo", Level::Sev1);
        let there = [listed(1, &one, |_| ()), listed(2, &one, |_| ())];
        let plan = plan("clavitor", &[one], &there, false);
        assert_eq!((plan.changes.len(), plan.surplus.len()), (0, 1));
    }
}
