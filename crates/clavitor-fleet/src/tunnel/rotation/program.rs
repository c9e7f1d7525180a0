//! The actions of a rotation, in order: the way forward, and the way back.

use std::fmt;

use serde::Serialize;

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
    /// The node throws its next key away.
    DropKey,
    /// The inventory names the new key.
    Record,
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
            Self::DropKey => f.write_str("the node throws the new key away"),
            Self::Record => f.write_str("the inventory names the new key"),
        }
    }
}

pub(super) fn forward(networks: &[String]) -> Vec<Action> {
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
    actions.push(Action::Keep);
    for network in networks {
        actions.extend([Action::Forget { network: network.clone(), which: Which::Old }, Action::KeepPair(network.clone())]);
    }
    actions.push(Action::Record);
    actions
}

/// Steps for each network.
const EACH: usize = 9;
/// Which step, counted from the first of all for the first network, lets the new key in.
const ADMIT: usize = 7;

/// The index of the last step from which there is a way back: the one that keeps the new key has not been tried.
pub(super) fn last_return(networks: &[String]) -> usize {
    EACH * networks.len()
}

/// Undoes everything that may have been done before step `at` of the way forward, that step included. Networks that were not touched stay undisturbed.
pub(super) fn back(networks: &[String], at: usize) -> Vec<Action> {
    let mut actions = Vec::new();
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

    #[test]
    fn the_last_return_is_just_before_the_new_key_is_kept() {
        for count in 1..3 {
            let networks: Vec<String> = ["a", "b"][..count].iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(forward(&networks)[ADMIT], Action::Admit { network: "a".into(), which: Which::New });
            assert_eq!(forward(&networks)[last_return(&networks) + 1], Action::Keep);
        }
    }

    #[test]
    fn the_way_back_leaves_alone_what_was_not_touched() {
        let networks = ["a".to_owned(), "b".to_owned()];
        assert_eq!(back(&networks, 0), [Action::DropKey]);
        assert_eq!(
            back(&networks, 1),
            [
                Action::TrialDown("a".into()),
                Action::Forget { network: "a".into(), which: Which::New },
                Action::DropPair("a".into()),
                Action::DropKey
            ]
        );
        assert!(!back(&networks, EACH).iter().any(|action| *action == Action::TrialDown("b".into())));
        assert_eq!(back(&networks, EACH + 1)[0], Action::TrialDown("b".into()));
    }
}
