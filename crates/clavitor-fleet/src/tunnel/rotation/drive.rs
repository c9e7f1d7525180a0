//! The loop around the state machine: it keeps the state on disk before every order, and stops where it is when it is told to.

use super::{Action, Answer, Ending, Ends, Input, Output, Place, Rotation};
use crate::state_folder::{StateError, StateFolder};

/// Whoever carries orders out. Tests and the command line each have one.
pub trait Hands {
    /// Runs commands on a machine; what they printed, or why that failed.
    fn run(&mut self, place: &Place, commands: &str) -> Result<String, String>;
    /// Writes the new key into the inventory.
    fn record(&mut self, rotation: &Rotation) -> Result<(), String>;
    /// The time, Unix seconds.
    fn now_s(&self) -> u64;
    /// Waits.
    fn wait_s(&mut self, seconds: u64);
    /// Tells the operator how it goes.
    fn tell(&mut self, rotation: &Rotation, words: &str);
    /// Whether the operator said that a spoke is gone: it is not asked, and learns a hub's new key with its next deploy.
    fn goes_without(&self, spoke: &str) -> bool;
    /// Whether the operator wants it to stop where it is.
    fn interrupted(&mut self) -> bool;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driven {
    /// The rotation is over, or stopped by itself.
    Ended(Ending),
    /// The operator stopped the tool between two orders; the rotation is kept.
    Interrupted,
}

/// Under which name a node's rotation is kept between runs.
pub fn journal_name(node: &str) -> String {
    format!("rotation-{node}.json")
}

/// Runs a rotation until it is over; gives it back as it then is. Its journal is on the disk before every order, and goes away only with an ending that leaves nothing to do.
///
/// # Errors
/// [`StateError`]: the journal cannot be kept; nothing was ordered after that.
pub fn drive(
    mut rotation: Rotation,
    first: Input,
    ends: &Ends,
    state: &StateFolder,
    hands: &mut impl Hands,
) -> Result<(Rotation, Driven), StateError> {
    let journal = journal_name(&rotation.node);
    let mut input = first;
    loop {
        let (next, output) = rotation.step(input, hands.now_s());
        rotation = next;
        state.write_json(&journal, &rotation)?;
        let action = match output {
            Output::Do(action) => action,
            Output::DoLater(seconds, action) => {
                hands.wait_s(seconds);
                action
            }
            Output::Over(ending) => {
                if !matches!(ending, Ending::Stopped(_)) {
                    state.remove(&journal)?;
                }
                return Ok((rotation, Driven::Ended(ending)));
            }
        };
        if hands.interrupted() {
            return Ok((rotation, Driven::Interrupted));
        }
        input = match carry_out(&rotation, &action, ends, hands) {
            Ok(answer) => Input::Done(answer),
            Err(why) => {
                hands.tell(&rotation, &why);
                Input::Failed(why)
            }
        };
    }
}

fn carry_out(rotation: &Rotation, action: &Action, ends: &Ends, hands: &mut impl Hands) -> Result<Answer, String> {
    let (place, commands) = ends.order(rotation, action).ok_or("the plan no longer has the tunnels of this rotation")?;
    hands.tell(rotation, &action.to_string());
    match &place {
        Place::Here => hands.record(rotation).map(|()| Answer::Nothing),
        Place::Spoke { node, .. } if hands.goes_without(node) => {
            Ok(if matches!(action, Action::Meet { .. }) { Answer::Handshake(true) } else { Answer::Nothing })
        }
        _ => ends.answer(rotation, action, &hands.run(&place, &commands)?),
    }
}
