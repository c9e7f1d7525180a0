//! What the doctor says: a check, how it stands, what was seen, and what to type.

use serde_json::{Value, json};

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As it should be, or nothing to judge.
    Ok,
    /// It works, and will not for ever.
    Warn,
    /// It does not work, or somebody can read what they should not.
    Fail,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of the doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) level: Level,
    what: String,
    todo: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, what: what.into(), todo: None }
    }

    pub(super) fn warn(check: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, what: what.into(), todo: Some(todo.into()) }
    }

    pub(super) fn fail(check: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, what: what.into(), todo: Some(todo.into()) }
    }

    /// For a program.
    pub(super) fn json(&self) -> Value {
        json!({ "check": self.check, "level": self.level.word(), "what": self.what, "todo": self.todo })
    }

    /// For a person: one line, and one more where there is something to do.
    pub(super) fn text(&self) -> String {
        let line = format!("{:<5} {:<12} {}", self.level.word(), self.check, self.what);
        self.todo.as_ref().map_or(line.clone(), |todo| format!("{line}\n{:18}-> {todo}", ""))
    }
}

/// 0: nothing is wrong; 2: warnings; 3: something does not work. 1 is for a doctor who could not look.
pub(super) fn exit_code(findings: &[Finding]) -> u8 {
    match findings.iter().map(|finding| finding.level).max() {
        None | Some(Level::Ok) => 0,
        Some(Level::Warn) => 2,
        Some(Level::Fail) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides() {
        let (ok, warn, fail) = (Finding::ok("a", "fine"), Finding::warn("b", "soon", "do"), Finding::fail("c", "not", "do"));
        assert_eq!(exit_code(&[]), 0);
        assert_eq!(exit_code(std::slice::from_ref(&ok)), 0);
        assert_eq!(exit_code(&[warn.clone(), ok.clone()]), 2);
        assert_eq!(exit_code(&[warn.clone(), fail, ok]), 3);
        assert_eq!(warn.text(), "warn  b            soon\n                  -> do");
        assert_eq!(warn.json()["todo"], "do");
    }
}
