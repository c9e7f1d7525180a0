//! `break-glass`: the emergency way in, past the tunnel. It is opened for one operator, from one address, until a moment, for a reason; all of that is recorded.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, Done, Failure, Kind, render};
use crate::inventory::{BreakGlass, Inventory, Moment, Node, NodeName, OperatorName};

const EXAMPLES: &str = "\
Examples:
  clavitor-fleet break-glass enable tokyo --operator oncall --from 203.0.113.7 --until 4h \\
      --reason \"hub A is moved to another rack\" --out nixos
  clavitor-fleet break-glass disable tokyo --out nixos
  clavitor-fleet break-glass list

The key is the operator's break_glass key of the inventory, which lives in hardware and wants a touch. It takes a deploy to open it and another
to take it away; it ends by itself on the node, whether that deploy comes or not. docs/NIXOS.md says how, and when it is of use.";

/// Nobody needs an emergency for longer; a second day is a second decision.
const OPEN_S_MAX: u64 = 24 * 3_600;
/// A sentence, not a story.
const REASON_CHARS_MAX: usize = 200;

/// `break-glass …`
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum BreakGlassVerb {
    /// Open it
    Enable(Enable),
    /// Close it
    Disable(Disable),
    /// Show where it is open, and where it ended and was not taken away
    List,
}

/// Opening.
#[derive(Debug, Args)]
pub(super) struct Enable {
    /// The node's name
    node: NodeName,
    /// Whose key
    #[arg(long)]
    operator: OperatorName,
    /// The only address that is let in, never a name
    #[arg(long, value_name = "ADDRESS")]
    from: IpAddr,
    /// When it ends: 2026-11-23T12:00:00Z, or from now 90m, 4h; a day at most
    #[arg(long, value_name = "TIME")]
    until: String,
    /// Why, for whoever looks later
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Replace one that is open already
    #[arg(long)]
    again: bool,
    /// Render into this folder afterwards
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show the difference, write nothing
    #[arg(long, conflicts_with = "out")]
    dry_run: bool,
}

/// Closing.
#[derive(Debug, Args)]
pub(super) struct Disable {
    /// The node's name
    node: NodeName,
    /// Render into this folder afterwards
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show the difference, write nothing
    #[arg(long, conflicts_with = "out")]
    dry_run: bool,
}

/// One line of the list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    node: &'a NodeName,
    state: &'static str,
    #[serde(flatten)]
    open: &'a BreakGlass,
}

pub(super) fn run(context: &Context, verb: &BreakGlassVerb) -> Done {
    match verb {
        BreakGlassVerb::Enable(asked) => enable(context, asked),
        BreakGlassVerb::Disable(asked) => disable(context, asked),
        BreakGlassVerb::List => list(context),
    }
}

fn enable(context: &Context, asked: &Enable) -> Done {
    let inventory = context.load()?;
    let (node, now_s) = (context.node(&inventory, &asked.node)?, context.now_unix_s());
    has_key(&inventory, &asked.operator)?;
    let until = moment(&asked.until, now_s)?;
    let reason = reason(&asked.reason)?;
    if asked.from.is_unspecified() || asked.from.is_loopback() || asked.from.is_multicast() {
        return Err(
            Failure::new(Kind::Refused, format!("{} is nobody's address", asked.from)).next("--from with the public address you come from")
        );
    }
    if !asked.again {
        refuse_a_second(node, &asked.node, now_s)?;
    }
    let open = BreakGlass { operator: asked.operator.clone(), from: asked.from, since: Moment::of_unix_s(now_s), until, reason };
    context.change(asked.dry_run, |draft| Ok(draft.set_break_glass(&asked.node, Some(&open))?))?;
    afterwards(context, &asked.node, asked.out.as_ref(), asked.dry_run)
}

/// One that is open stands for a decision of somebody's: it is not replaced in passing.
fn refuse_a_second(node: &Node, name: &NodeName, now_s: u64) -> Result<(), Failure> {
    let Some(open) = node.break_glass.as_ref().filter(|open| open.until.unix_s() > now_s) else { return Ok(()) };
    let BreakGlass { operator, from, until, reason, .. } = open;
    Err(Failure::new(Kind::Refused, format!("{name} is open already, for {operator} from {from} until {until}: {reason}"))
        .next(format!("clavitor-fleet break-glass disable {name}, or the same with --again, which replaces it")))
}

fn disable(context: &Context, asked: &Disable) -> Done {
    let inventory = context.load()?;
    match &context.node(&inventory, &asked.node)?.break_glass {
        None => {
            context.say(format_args!("{} has no emergency way in that could be taken away.", asked.node));
            return context.change(asked.dry_run, |_| Ok(()));
        }
        Some(open) if open.until.unix_s() > context.now_unix_s() => context
            .say(format_args!("A session that is open ends with the deploy; without one, at {} by the node's own clock.", open.until)),
        Some(_) => {}
    }
    context.change(asked.dry_run, |draft| Ok(draft.set_break_glass(&asked.node, None)?))?;
    afterwards(context, &asked.node, asked.out.as_ref(), asked.dry_run)
}

fn afterwards(context: &Context, node: &NodeName, out: Option<&PathBuf>, dry_run: bool) -> Done {
    if dry_run {
        return Ok(());
    }
    if let Some(out) = out {
        render::again(context, out)?;
    }
    context.say(format_args!("The node changes with its next deploy: clavitor-fleet deploy --only {node}"));
    Ok(())
}

fn has_key(inventory: &Inventory, name: &OperatorName) -> Result<(), Failure> {
    let operator = inventory.operators.get(name).ok_or_else(|| {
        let near = crate::inventory::nearest(name.as_str(), inventory.operators.keys().map(OperatorName::as_str));
        let failure = Failure::new(Kind::NotFound, format!("no operator is called {name}"));
        near.map_or(failure.clone(), |near| failure.why(format!("the inventory has {near}")))
    })?;
    match &operator.break_glass {
        Some(key) if key.is_hardware_backed() => Ok(()),
        Some(key) => Err(Failure::new(Kind::Refused, format!("the emergency key of {name} is {}, which can be copied", key.kind()))
            .next("ssh-keygen -t ed25519-sk, and put the .pub file's line into break_glass")),
        None => Err(Failure::new(Kind::Refused, format!("{name} has no emergency key"))
            .next(format!("ssh-keygen -t ed25519-sk, and put the .pub file's line into [operator.{name}] as break_glass"))),
    }
}

fn reason(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Failure::new(Kind::Usage, format!("--reason is one line of 1 to {REASON_CHARS_MAX} characters")))
    }
}

/// A moment of UTC, or minutes and hours from now.
fn moment(text: &str, now_s: u64) -> Result<Moment, Failure> {
    let ahead = |suffix: char, seconds: u64| {
        let count: u64 = text.strip_suffix(suffix)?.parse().ok()?;
        now_s.checked_add(count.checked_mul(seconds)?)
    };
    let until = ahead('m', 60).or_else(|| ahead('h', 3_600)).map(Moment::of_unix_s);
    let until =
        until.map_or_else(|| text.parse().map_err(|why: String| Failure::new(Kind::Usage, why).next("or from now: 90m, 4h")), Ok)?;
    if until.unix_s() <= now_s {
        let now = Moment::of_unix_s(now_s);
        return Err(
            Failure::new(Kind::Refused, format!("--until {until} is past: it is {now}")).next("--until 4h, or a moment that is ahead")
        );
    }
    if until.unix_s() - now_s > OPEN_S_MAX {
        let most = Moment::of_unix_s(now_s + OPEN_S_MAX);
        return Err(Failure::new(Kind::Refused, format!("--until {until} is more than a day ahead"))
            .next(format!("--until {most}, and again tomorrow")));
    }
    Ok(until)
}

fn list(context: &Context) -> Done {
    let inventory = context.load()?;
    let now_s = context.now_unix_s();
    let opened = |(node, of): (_, &'_ Node)| -> Option<_> { Some((node, of.break_glass.clone()?)) };
    let found: Vec<(&NodeName, BreakGlass)> = inventory.nodes.iter().filter_map(opened).collect();
    let state = |open: &BreakGlass| if open.until.unix_s() > now_s { "open" } else { "ended" };
    let rows: Vec<Row<'_>> = found.iter().map(|(node, open)| Row { node, state: state(open), open }).collect();
    context.answer(&rows, || table(&rows))
}

fn table(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "closed on every node".to_owned();
    }
    let lines = rows.iter().map(|Row { node, state, open }| {
        let BreakGlass { operator, from, since, until, reason } = open;
        format!("{node:<16} {state:<6} {until}  {operator} from {from}, since {since}: {reason}\n")
    });
    format!("{:<16} {:<6} {:<20}  WHO AND WHY\n{}", "NODE", "STATE", "UNTIL", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_795_341_600; // 2026-11-22T10:00:00Z

    #[test]
    fn an_end_is_ahead_and_within_a_day() {
        for (text, seconds) in [("90m", 5_400), ("4h", 14_400), ("24h", 86_400), ("2026-11-22T12:00:00Z", 7_200)] {
            assert_eq!(moment(text, NOW_S).expect(text).unix_s(), NOW_S + seconds, "{text}");
        }
        for text in ["0h", "25h", "2026-11-22T10:00:00Z", "2026-11-24T10:00:00Z", "h", "4d", "tomorrow", "99999999999999999999h", "-1h", ""]
        {
            assert!(moment(text, NOW_S).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reason_is_a_line() {
        assert_eq!(reason(" why ").expect("a line"), "why");
        for text in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert!(reason(text).is_err(), "{text}");
        }
    }

    fn enable_for(until: &str, again: bool) -> BreakGlassVerb {
        BreakGlassVerb::Enable(Enable {
            node: "tokyo".parse().expect("a name"),
            operator: "soc".parse().expect("a name"),
            from: "203.0.113.99".parse().expect("an address"),
            until: until.to_owned(),
            reason: "a drill".to_owned(),
            again,
            out: None,
            dry_run: false,
        })
    }

    #[test]
    fn one_that_is_open_is_not_replaced_in_passing_and_is_taken_away_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("fleet.toml");
        let key = "break_glass = \"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo=\"";
        let text = crate::inventory::SHIPPED.replacen("ssh_keys = []", &format!("ssh_keys = []\n{key}"), 1);
        std::fs::write(&file, text).expect("written");
        let context = Context::new(file, false);
        let until = || context.load().expect("it holds").nodes[&"tokyo".parse::<NodeName>().expect("a name")].break_glass.clone();
        let refused = |verb: BreakGlassVerb, says: &str| {
            let failure = run(&context, &verb).expect_err(says);
            assert!(failure.kind == Kind::Refused && failure.to_string().contains(says), "{says}: {failure}");
        };
        refused(enable_for("2020-01-01T00:00:00Z", false), "is past: it is 2");
        refused(enable_for("2999-01-01T00:00:00Z", false), "more than a day ahead");
        assert!(until().is_none());
        run(&context, &enable_for("4h", false)).expect("opened");
        let first = until().expect("open").until;
        refused(enable_for("8h", false), "tokyo is open already, for soc from 203.0.113.99 until");
        assert_eq!(until().expect("open").until, first);
        run(&context, &enable_for("8h", true)).expect("replaced");
        assert!(until().expect("open").until.unix_s() > first.unix_s());
        let disable = || BreakGlassVerb::Disable(Disable { node: "tokyo".parse().expect("a name"), out: None, dry_run: false });
        run(&context, &disable()).expect("taken away");
        assert!(until().is_none());
        run(&context, &disable()).expect("there is nothing to do, and that is said");
    }
}
