//! The actions of a rotation, in order: the way forward, and the way back.

use std::fmt;

use serde::Serialize;

use super::Serving;

/// Something done on the node, on a hub, or here. Doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The node makes its next key beside the one in use, and tells the public half.
    MakeKey,
    /// The hub makes the next secret that only this pair knows.
    MakePair(String),
    /// That secret goes from the hub to the node, through the operator's machine, which keeps nothing of it.
    HandOver(String),
    /// The hub learns the new key, without an address.
    AddPeer(String),
    /// The node opens an interface on trial, with the new key and no address.
    TrialUp(String),
    /// The hub is asked whether it has seen a handshake under one of the keys.
    See {
        /// In which network.
        network: String,
        /// Under which key.
        which: Which,
    },
    /// The node closes the interface on trial.
    TrialDown(String),
    /// The hub gives the node's address to one of the keys, whose tunnel has to begin anew.
    Admit {
        /// In which network.
        network: String,
        /// To which key.
        which: Which,
    },
    /// The node uses one of its keys from now on, and says something to the hub at once.
    Use {
        /// In which network.
        network: String,
        /// Which key.
        which: Which,
    },
    /// The node puts the new key in the place of the old one: nothing is taken back after this.
    Keep,
    /// The hub puts the pair's next secret in the place of the last one.
    KeepPair(String),
    /// The hub throws the pair's next secret away.
    DropPair(String),
    /// The hub forgets one of the keys.
    Forget {
        /// In which network.
        network: String,
        /// Which key.
        which: Which,
    },
    /// A spoke learns the hub's new key beside the old one, without an address.
    Learn(Tie),
    /// The hub uses one of its keys in its own network.
    Serve {
        /// Which network.
        network: String,
        /// Which key.
        which: Which,
    },
    /// A spoke is asked whether it has seen a handshake under one of the hub's keys.
    Meet {
        /// Between whom.
        tie: Tie,
        /// Under which key.
        which: Which,
    },
    /// A spoke gives the hub's addresses to one of the hub's keys.
    Turn {
        /// Between whom.
        tie: Tie,
        /// To which key.
        which: Which,
    },
    /// A spoke forgets one of the hub's keys.
    Unlearn {
        /// Between whom.
        tie: Tie,
        /// Which key.
        which: Which,
    },
    /// The node throws its next key away.
    DropKey,
    /// The inventory names the new key.
    Record,
}

/// A spoke and the network whose hub changes its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tie {
    /// The network.
    pub network: String,
    /// The spoke.
    pub spoke: String,
}

/// One of the two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The one that goes.
    Old,
    /// The one that comes.
    New,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Old { "old" } else { "new" })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeKey => f.write_str("the node makes its next key"),
            Self::MakePair(network) => write!(f, "hub {network} makes the pair's next secret"),
            Self::HandOver(network) => write!(f, "the node gets the pair's next secret from hub {network}"),
            Self::KeepPair(network) => write!(f, "hub {network} keeps the pair's next secret"),
            Self::DropPair(network) => write!(f, "hub {network} throws the pair's next secret away"),
            Self::AddPeer(network) => write!(f, "hub {network} learns the new key"),
            Self::TrialUp(network) => write!(f, "the node tries the new key with hub {network}"),
            Self::See { network, which } => write!(f, "hub {network} waits for a handshake under the {which} key"),
            Self::TrialDown(network) => write!(f, "the node ends the trial with hub {network}"),
            Self::Admit { network, which } => write!(f, "hub {network} gives the node's address to the {which} key"),
            Self::Use { network, which } => write!(f, "the node uses the {which} key in network {network}"),
            Self::Keep => f.write_str("the node keeps the new key"),
            Self::Forget { network, which } => write!(f, "hub {network} forgets the {which} key"),
            Self::Learn(Tie { spoke, .. }) => write!(f, "{spoke} learns the hub's new key"),
            Self::Serve { network, which } => write!(f, "the hub uses its {which} key in network {network}"),
            Self::Meet { tie: Tie { spoke, .. }, which } => write!(f, "{spoke} waits for a handshake under the hub's {which} key"),
            Self::Turn { tie: Tie { spoke, .. }, which } => write!(f, "{spoke} gives the hub's addresses to its {which} key"),
            Self::Unlearn { tie: Tie { spoke, .. }, which } => write!(f, "{spoke} forgets the hub's {which} key"),
            Self::DropKey => f.write_str("the node throws the new key away"),
            Self::Record => f.write_str("the inventory names the new key"),
        }
    }
}

impl Serving {
    fn ties(&self) -> impl Iterator<Item = Tie> {
        self.spokes.iter().map(|spoke| Tie { network: self.network.clone(), spoke: spoke.clone() })
    }

    /// How often the way forward goes round the spokes before the new key is kept.
    const ROUNDS: usize = 3;

    /// Every spoke knows the new key before the hub uses it, and no address moves before a handshake has come.
    fn forward(&self) -> impl Iterator<Item = Action> {
        let learn = self.ties().map(Action::Learn);
        let serve = Action::Serve { network: self.network.clone(), which: Which::New };
        let turn = self.ties().flat_map(|tie| {
            let which = Which::New;
            [Action::Meet { tie: tie.clone(), which }, Action::Turn { tie, which }]
        });
        learn.chain([serve]).chain(turn)
    }

    /// Undoes what the first `count` steps of the way forward may have done.
    fn back(&self, count: usize) -> Vec<Action> {
        let (mut actions, which) = (Vec::new(), Which::Old);
        if count > self.spokes.len() {
            actions.push(Action::Serve { network: self.network.clone(), which });
            actions.extend(self.ties().map(|tie| Action::Turn { tie, which }));
            actions.extend(self.ties().map(|tie| Action::Meet { tie, which }));
        }
        actions.extend(self.ties().take(count).map(|tie| Action::Unlearn { tie, which: Which::New }));
        actions
    }
}

pub(super) fn forward(networks: &[String], serving: Option<&Serving>) -> Vec<Action> {
    let mut actions = vec![Action::MakeKey];
    for network in networks {
        let network = || network.clone();
        actions.extend([
            Action::MakePair(network()),
            Action::HandOver(network()),
            Action::AddPeer(network()),
            Action::TrialUp(network()),
            Action::See { network: network(), which: Which::New },
            Action::TrialDown(network()),
            Action::Admit { network: network(), which: Which::New },
            Action::Use { network: network(), which: Which::New },
            Action::See { network: network(), which: Which::New },
        ]);
    }
    actions.extend(serving.into_iter().flat_map(Serving::forward));
    actions.push(Action::Keep);
    for network in networks {
        actions.extend([Action::Forget { network: network.clone(), which: Which::Old }, Action::KeepPair(network.clone())]);
    }
    actions.extend(serving.into_iter().flat_map(Serving::ties).map(|tie| Action::Unlearn { tie, which: Which::Old }));
    actions.push(Action::Record);
    actions
}

/// Steps for each network in which the node is a spoke.
const EACH: usize = 9;
/// Which step, counted from the first of all for the first network, lets the new key in.
const ADMIT: usize = 7;

/// The index of the last step from which there is a way back: the one that keeps the new key has not been tried.
pub(super) fn last_return(networks: &[String], serving: Option<&Serving>) -> usize {
    EACH * networks.len() + serving.map_or(0, |serving| Serving::ROUNDS * serving.spokes.len() + 1)
}

/// Undoes everything that may have been done before step `at` of the way forward, that step included. Networks that were not touched stay undisturbed.
pub(super) fn back(networks: &[String], serving: Option<&Serving>, at: usize) -> Vec<Action> {
    let mut actions = serving.map_or_else(Vec::new, |serving| serving.back(at.saturating_sub(EACH * networks.len())));
    for (index, network) in networks.iter().enumerate().rev().filter(|(index, _)| at > index * EACH) {
        let network = || network.clone();
        actions.push(Action::TrialDown(network()));
        if at >= index * EACH + ADMIT {
            actions.push(Action::Admit { network: network(), which: Which::Old });
            actions.push(Action::Use { network: network(), which: Which::Old });
            actions.push(Action::See { network: network(), which: Which::Old });
        }
        actions.push(Action::Forget { network: network(), which: Which::New });
        actions.push(Action::DropPair(network()));
    }
    actions.push(Action::DropKey);
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Serving {
        Serving { network: "a".into(), spokes: vec!["frankfurt".into(), "tokyo".into()] }
    }

    #[test]
    fn the_last_return_is_just_before_the_new_key_is_kept() {
        for (names, serving) in [(&["a"][..], None), (&["a", "b"], None), (&["b"], Some(own()))] {
            let networks: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let forward = forward(&networks, serving.as_ref());
            assert_eq!(forward[ADMIT], Action::Admit { network: names[0].into(), which: Which::New });
            assert_eq!(forward[last_return(&networks, serving.as_ref()) + 1], Action::Keep);
        }
    }

    #[test]
    fn the_way_back_leaves_alone_what_was_not_touched() {
        let networks = ["a".to_owned(), "b".to_owned()];
        assert_eq!(back(&networks, None, 0), [Action::DropKey]);
        assert_eq!(
            back(&networks, None, 1),
            [
                Action::TrialDown("a".into()),
                Action::Forget { network: "a".into(), which: Which::New },
                Action::DropPair("a".into()),
                Action::DropKey
            ]
        );
        assert!(!back(&networks, None, EACH).iter().any(|action| *action == Action::TrialDown("b".into())));
        assert_eq!(back(&networks, None, EACH + 1)[0], Action::TrialDown("b".into()));
    }

    #[test]
    fn a_hub_uses_its_new_key_when_every_spoke_knows_it_and_its_old_one_again_before_they_forget_the_new_one() {
        let (networks, serving) = (["b".to_owned()], own());
        let tie = |spoke: &str| Tie { network: "a".into(), spoke: spoke.into() };
        let forward = forward(&networks, Some(&serving));
        let serve = forward.iter().position(|action| matches!(action, Action::Serve { .. })).expect("a step");
        assert_eq!(forward[serve - 2..serve], [Action::Learn(tie("frankfurt")), Action::Learn(tie("tokyo"))]);
        let back = |at| back(&networks, Some(&serving), at);
        assert_eq!(back(EACH)[0], Action::TrialDown("b".into()), "its own network was not touched");
        assert_eq!(back(EACH + 1)[0], Action::Unlearn { tie: tie("frankfurt"), which: Which::New });
        assert!(!back(serve - 1).iter().any(|action| matches!(action, Action::Serve { .. })));
        assert_eq!(back(serve)[0], Action::Serve { network: "a".into(), which: Which::Old });
        assert_eq!(back(serve)[1], Action::Turn { tie: tie("frankfurt"), which: Which::Old });
    }
}
