//! Instructions for agents, in the form that agent hosts read.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// The text of `SKILL.md`.
pub const SKILL: &str = include_str!("SKILL.md");

/// Prints it on standard output.
pub fn print() -> ExitCode {
    match io::stdout().lock().write_all(SKILL.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::SKILL;

    #[test]
    fn the_front_matter_has_known_keys_only() {
        let (front, body) = SKILL.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
        let known = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
        let keys: Vec<&str> = front.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split_once(':').unwrap().0).collect();
        assert!(keys.iter().all(|key| known.contains(key)), "{keys:?}");
        assert!(keys.contains(&"name") && keys.contains(&"description"));
        assert!(body.lines().count() < 500);
    }

    #[test]
    fn every_exit_code_is_explained() {
        for kind in crate::failure::Kind::ALL {
            assert!(SKILL.contains(&format!("| {} |", kind.exit_code())), "{kind:?}");
        }
    }
}
