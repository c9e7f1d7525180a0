//! Rotations against a world that loses orders, loses answers, refuses handshakes and is interrupted. Whatever happens, the node can be reached, and it ends in one of two ways.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const NETWORKS: [&str; 2] = ["a", "b"];
const SPOKES: [&str; 3] = ["frankfurt", "seoul", "tokyo"];

fn key(number: u8) -> PublicKey {
    PublicKey::from_bytes(x25519_dalek::x25519([number; 32], x25519_dalek::X25519_BASEPOINT_BYTES)).expect("a key")
}

/// Both ends of one tunnel.
#[derive(Debug)]
struct Leg {
    /// Keys that the hub knows, and whether a handshake came under them.
    known: BTreeMap<PublicKey, bool>,
    /// Whose the node's address is.
    admitted: PublicKey,
    /// What the node uses.
    used: PublicKey,
    trial: bool,
    /// The pair's next secret: on the hub, on the node.
    pair: [bool; 2],
}

/// A spoke of the network whose hub changes its key.
#[derive(Debug)]
struct Tied {
    /// Keys of the hub that it knows, and whether a handshake came under them.
    known: BTreeMap<PublicKey, bool>,
    /// To which of them it sends.
    turned: PublicKey,
}

/// Network a, when the node is its hub.
#[derive(Debug)]
struct Own {
    used: PublicKey,
    spokes: BTreeMap<String, Tied>,
}

#[derive(Debug)]
struct World {
    legs: BTreeMap<String, Leg>,
    own: Option<Own>,
    file: PublicKey,
    next: Option<PublicKey>,
    inventory: PublicKey,
    /// The hub of this network never answers to the new key; or this spoke never does.
    deaf: Option<String>,
}

impl World {
    fn new(deaf: Option<String>) -> Self {
        let leg = || Leg { known: BTreeMap::from([(key(1), true)]), admitted: key(1), used: key(1), trial: false, pair: [false; 2] };
        let legs = NETWORKS.iter().map(|name| ((*name).to_owned(), leg())).collect();
        Self { legs, own: None, file: key(1), next: None, inventory: key(1), deaf }
    }

    /// The node is the hub of network a, and a spoke of b.
    fn with_a_hub(deaf: Option<String>) -> Self {
        let mut world = Self::new(deaf);
        world.legs.remove("a");
        let tied = || Tied { known: BTreeMap::from([(key(1), true)]), turned: key(1) };
        world.own = Some(Own { used: key(1), spokes: SPOKES.iter().map(|name| ((*name).to_owned(), tied())).collect() });
        world
    }

    fn rotation(&self) -> Rotation {
        let spokes = || SPOKES.iter().map(|name| (*name).to_owned()).collect();
        let serving = self.own.as_ref().map(|_| Serving { network: "a".into(), spokes: spokes() });
        Rotation::new("zurich", self.legs.keys().cloned().collect(), serving, key(1), 0)
    }

    /// Whether an order about this network reaches the node by the other one. In a hub's own network the operator's machine knows the old key only.
    fn reaches_node(&self, touched: &str) -> bool {
        let served = self.own.as_ref().is_some_and(|own| touched != "a" && own.used == key(1));
        served || self.legs.keys().any(|name| name != touched && self.works(name))
    }

    fn tied(&mut self, tie: &program::Tie) -> &mut Tied {
        self.own.as_mut().and_then(|own| own.spokes.get_mut(&tie.spoke)).expect("a spoke")
    }

    fn leg(&mut self, network: &str) -> &mut Leg {
        self.legs.get_mut(network).expect("a network")
    }

    /// Whether the node can be reached in a network.
    fn works(&self, network: &str) -> bool {
        let leg = &self.legs[network];
        leg.used == leg.admitted && leg.known.contains_key(&leg.used) && !(leg.used != key(1) && self.deaf.as_deref() == Some(network))
    }

    /// Handshakes come by themselves, within the time that is waited.
    fn settle(&mut self) {
        let deaf = self.deaf.clone();
        if let Some(own) = &mut self.own {
            for (_, tied) in own.spokes.iter_mut().filter(|(name, _)| own.used == key(1) || deaf.as_ref() != Some(*name)) {
                tied.known.entry(own.used).and_modify(|seen| *seen = true);
            }
        }
        for (name, leg) in self.legs.iter_mut() {
            let mut tries = vec![leg.used];
            tries.extend(self.next.filter(|_| leg.trial && leg.pair == [true; 2]));
            for tried in tries.into_iter().filter(|tried| *tried == key(1) || deaf.as_ref() != Some(name)) {
                leg.known.entry(tried).and_modify(|seen| *seen = true);
            }
        }
    }

    fn carry_out(&mut self, rotation: &Rotation, action: &Action) -> Result<Answer, String> {
        let chosen = |which: &Which| if *which == Which::Old { Some(rotation.old) } else { rotation.new };
        let touched = match action {
            Action::TrialUp(network) | Action::TrialDown(network) | Action::HandOver(network) => Some(network.as_str()),
            Action::Use { network, .. } | Action::Serve { network, .. } => Some(network.as_str()),
            Action::MakeKey | Action::Keep | Action::DropKey => self.own.as_ref().map(|_| "a"),
            _ => None,
        };
        if touched.is_some_and(|touched| !self.reaches_node(touched)) {
            return Err("unreachable".into());
        }
        match action {
            Action::MakeKey => return Ok(Answer::Key(*self.next.get_or_insert(key(2)))),
            Action::MakePair(network) => self.leg(network).pair[0] = true,
            Action::HandOver(network) => {
                if !self.leg(network).pair[0] {
                    return Err("nothing to hand over".into());
                }
                self.leg(network).pair[1] = true;
            }
            Action::KeepPair(network) | Action::DropPair(network) => self.leg(network).pair[0] = false,
            Action::AddPeer(network) => drop(self.leg(network).known.entry(rotation.new.expect("a key")).or_insert(false)),
            Action::TrialUp(network) => self.leg(network).trial = true,
            Action::TrialDown(network) => self.leg(network).trial = false,
            Action::See { network, which } => {
                self.settle();
                let key = chosen(which).expect("a key");
                return Ok(Answer::Handshake(self.leg(network).known.get(&key).copied().unwrap_or(false)));
            }
            Action::Admit { network, which } => {
                let key = chosen(which).expect("a key");
                self.leg(network).known.insert(key, false);
                self.leg(network).admitted = key;
            }
            Action::Use { network, which } => {
                let key = if *which == Which::Old { self.file } else { self.next.ok_or("no file")? };
                self.leg(network).used = key;
            }
            Action::Keep => {
                self.file = self.next.take().unwrap_or(self.file);
                self.legs.values_mut().for_each(|leg| leg.pair[1] = false);
            }
            Action::Forget { network, which } => drop(chosen(which).and_then(|key| self.leg(network).known.remove(&key))),
            Action::DropKey => {
                self.next = None;
                self.legs.values_mut().for_each(|leg| leg.pair[1] = false);
            }
            Action::Learn(tie) => drop(self.tied(tie).known.entry(rotation.new.expect("a key")).or_insert(false)),
            Action::Serve { which, .. } => {
                let key = if *which == Which::Old { self.file } else { self.next.ok_or("no file")? };
                self.own.as_mut().expect("a hub").used = key;
            }
            Action::Meet { tie, which } => {
                self.settle();
                let key = chosen(which).expect("a key");
                return Ok(Answer::Handshake(self.tied(tie).known.get(&key).copied().unwrap_or(false)));
            }
            Action::Turn { tie, which } => {
                let (key, old) = (chosen(which).expect("a key"), *which == Which::Old);
                let tied = self.tied(tie);
                if !tied.known.contains_key(&key) {
                    return Err("an address for a key that is not known".into());
                }
                tied.turned = key;
                if old {
                    tied.known.insert(key, false);
                }
            }
            Action::Unlearn { tie, which } => drop(chosen(which).and_then(|key| self.tied(tie).known.remove(&key))),
            Action::Record => self.inventory = rotation.new.expect("a key"),
        }
        Ok(Answer::Nothing)
    }
}

/// What happens to one order.
#[derive(Debug, Clone, Copy)]
enum Luck {
    Good,
    OrderLost,
    AnswerLost,
    Killed,
    Abort,
}

fn lucks() -> impl Strategy<Value = Vec<Luck>> {
    let luck = prop_oneof![8 => Just(Luck::Good), 1 => Just(Luck::OrderLost), 1 => Just(Luck::AnswerLost), 1 => Just(Luck::Killed), 1 => Just(Luck::Abort)];
    // The weights make about a third of the runs end forward.
    proptest::collection::vec(luck, 0..60)
}

/// Runs until it is over; when the luck is used up everything works. Gives the ending.
fn run(world: &mut World, lucks: &[Luck]) -> Result<Ending, TestCaseError> {
    let mut rotation = world.rotation();
    let (mut now_s, mut input, mut lucks) = (0, Input::Go, lucks.iter().copied());
    for _ in 0..10_000 {
        let (next, output) = rotation.step(input, now_s);
        rotation = serde_json::from_str(&serde_json::to_string(&next).expect("JSON")).expect("the same");
        let action = match output {
            Output::Do(action) => action,
            Output::DoLater(seconds, action) => {
                now_s += seconds;
                action
            }
            Output::Over(Ending::Stopped(_)) => {
                input = Input::Go; // the operator runs it again
                continue;
            }
            Output::Over(ending) => return Ok(ending),
        };
        now_s += 1;
        input = match lucks.next().unwrap_or(Luck::Good) {
            Luck::Good => world.carry_out(&rotation, &action).map_or_else(Input::Failed, Input::Done),
            Luck::OrderLost => Input::Failed("lost".into()),
            Luck::AnswerLost => {
                let _ = world.carry_out(&rotation, &action);
                Input::Failed("lost".into())
            }
            Luck::Killed => {
                let _ = world.carry_out(&rotation, &action);
                Input::Go
            }
            Luck::Abort => Input::Abort,
        };
        prop_assert!(world.reaches_node("none"), "cut off after {action:?}: {world:?}");
    }
    Err(TestCaseError::fail(format!("does not end: {rotation:?} {world:?}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn it_ends_whole_in_one_of_two_ways_and_the_node_is_never_cut_off(lucks in lucks(), deaf in prop_oneof![3 => Just(None), 1 => Just(Some("a")), 1 => Just(Some("b"))]) {
        whole(World::new(deaf.map(str::to_owned)), &lucks)?;
    }

    #[test]
    fn a_hub_ends_whole_too_and_so_do_its_spokes(lucks in lucks(), deaf in prop_oneof![3 => Just(None), 1 => Just(Some("b")), 1 => Just(Some("tokyo"))]) {
        whole(World::with_a_hub(deaf.map(str::to_owned)), &lucks)?;
    }
}

fn whole(mut world: World, lucks: &[Luck]) -> Result<(), TestCaseError> {
    let deaf = world.deaf.clone();
    let key = match run(&mut world, lucks)? {
        Ending::Rotated => key(2),
        Ending::TakenBack(_) => key(1),
        Ending::Stopped(why) => return Err(TestCaseError::fail(why)),
    };
    prop_assert!(deaf.is_none() || key == self::key(1), "where somebody is deaf to the new key the old one stays");
    prop_assert_eq!((world.file, world.inventory, world.next), (key, key, None));
    for (network, leg) in &world.legs {
        prop_assert!(world.works(network) && !leg.trial && leg.pair == [false; 2]);
        prop_assert_eq!(leg.known.keys().collect::<Vec<_>>(), vec![&key], "the other key opens nothing");
    }
    if let Some(own) = &world.own {
        prop_assert_eq!(own.used, key);
        for tied in own.spokes.values() {
            prop_assert_eq!((tied.turned, tied.known.keys().collect::<Vec<_>>()), (key, vec![&key]));
        }
    }
    Ok(())
}

#[test]
fn without_trouble_it_goes_forward() {
    assert_eq!(run(&mut World::new(None), &[]).expect("an ending"), Ending::Rotated);
    assert!(
        matches!(run(&mut World::new(Some("b".into())), &[]).expect("an ending"), Ending::TakenBack(why) if why.contains("no handshake"))
    );
    assert_eq!(run(&mut World::with_a_hub(None), &[]).expect("an ending"), Ending::Rotated);
    assert!(matches!(run(&mut World::new(None), &[Luck::Good, Luck::Abort]).expect("an ending"), Ending::TakenBack(_)));
}
