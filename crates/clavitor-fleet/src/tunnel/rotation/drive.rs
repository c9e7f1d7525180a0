//! The loop around the state machine: it keeps the state on disk before every order, and stops where it is when it is told to.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{Ending, Ends, Input, Output, Place, Rotation};

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
    /// Whether the operator wants it to stop where it is.
    fn interrupted(&self) -> bool;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driven {
    /// The rotation is over, or stopped by itself.
    Ended(Ending),
    /// The operator stopped the tool between two orders; the rotation is kept.
    Interrupted,
}

/// Where a node's rotation is kept between runs.
pub fn journal_path(state_folder: &Path, node: &str) -> PathBuf {
    state_folder.join(format!("rotation-{node}.json"))
}

/// The rotation that was begun, if there is one.
pub fn read_journal(path: &Path) -> io::Result<Option<Rotation>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs a rotation until it is over. Its journal goes away only with an ending that leaves nothing to do.
pub fn drive(mut rotation: Rotation, first: Input, ends: &Ends, journal: &Path, hands: &mut impl Hands) -> io::Result<Driven> {
    let mut input = first;
    loop {
        let (next, output) = rotation.step(input, hands.now_s());
        rotation = next;
        keep(journal, &rotation)?;
        let action = match output {
            Output::Do(action) => action,
            Output::DoLater(seconds, action) => {
                hands.wait_s(seconds);
                action
            }
            Output::Over(ending) => {
                if !matches!(ending, Ending::Stopped(_)) {
                    fs::remove_file(journal)?;
                }
                return Ok(Driven::Ended(ending));
            }
        };
        if hands.interrupted() {
            return Ok(Driven::Interrupted);
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

fn carry_out(rotation: &Rotation, action: &super::Action, ends: &Ends, hands: &mut impl Hands) -> Result<super::Answer, String> {
    let (place, commands) = ends.order(rotation, action).ok_or("the plan no longer has the tunnels of this rotation")?;
    hands.tell(rotation, &action.to_string());
    if place == Place::Here {
        hands.record(rotation)?;
        return Ok(super::Answer::Nothing);
    }
    let printed = hands.run(&place, &commands)?;
    ends.answer(rotation, action, &printed)
}

/// Whole or not at all, and there after a loss of power.
fn keep(path: &Path, rotation: &Rotation) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(&serde_json::to_vec_pretty(rotation)?)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
