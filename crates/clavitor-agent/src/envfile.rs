//! Environment assignments for `run`: `NAME=clv://…` on the command line, and files of them.

use crate::{failure::Failure, reference::Reference};

/// An environment file is at most this long, in bytes.
pub(crate) const ENV_FILE_BYTES_MAX: usize = 1 << 20;

/// What a variable is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    /// The value behind a reference.
    Reference(Reference),
    /// Plain text from an environment file.
    Plain(String),
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// Its name.
    pub name: String,
    /// What it is set to.
    pub setting: Setting,
}

/// Parses the argument of `--env`. Only references are taken: a value given here would stand in the process list.
///
/// # Errors
/// Not `NAME=reference`.
pub(crate) fn parse_argument(argument: &str) -> Result<Assignment, Failure> {
    let (name, value) = argument.split_once('=').ok_or_else(|| Failure::general("--env takes NAME=clv://vault/item/field"))?;
    let reference = value.parse().map_err(|error| Failure::general(format!("--env {}: {error}", crate::label::label(name))))?;
    Ok(Assignment { name: checked_name(name)?, setting: Setting::Reference(reference) })
}

/// Parses a file with one `NAME=value` a line; empty lines and lines that begin with `#` are skipped, `export ` and quotes around a value are dropped.
///
/// # Errors
/// A line that is no assignment: its number is named, its text is not.
pub(crate) fn parse_file(text: &str) -> Result<Vec<Assignment>, Failure> {
    let mut assignments = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let assignment = parse_line(line).map_err(|failure| Failure::general(format!("line {}: {}", at + 1, failure.message)))?;
        assignments.push(assignment);
    }
    Ok(assignments)
}

fn parse_line(line: &str) -> Result<Assignment, Failure> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or_else(|| Failure::general("not NAME=value"))?;
    let name = checked_name(name.trim())?;
    let value = unquoted(value.trim());
    let setting = match value.starts_with(crate::reference::SCHEME) {
        true => Setting::Reference(value.parse().map_err(|error| Failure::general(format!("{name}: {error}")))?),
        false => Setting::Plain(value.to_owned()),
    };
    Ok(Assignment { name, setting })
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value)
}

fn checked_name(name: &str) -> Result<String, Failure> {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if first && characters.all(|other| other.is_ascii_alphanumeric() || other == '_') {
        Ok(name.to_owned())
    } else {
        Err(Failure::general("a variable's name is made of letters, digits and underscores"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reference(text: &str) -> Setting {
        Setting::Reference(text.parse().unwrap())
    }

    #[test]
    fn a_file_as_people_write_it() {
        let file = "# token\nexport TOKEN=\"clv://-/GitHub/token\"\n\nREGION = eu-west-1\nQUOTED='a b'\n";
        let parsed = parse_file(file).unwrap();
        assert_eq!(parsed[0], Assignment { name: "TOKEN".into(), setting: reference("clv://-/GitHub/token") });
        assert_eq!(parsed[1].setting, Setting::Plain("eu-west-1".into()));
        assert_eq!(parsed[2].setting, Setting::Plain("a b".into()));
    }

    #[test]
    fn the_command_line_takes_references_only() {
        assert!(parse_argument("A=clv://-/x/y").is_ok());
        assert!(parse_argument("A=secret").is_err());
        assert!(parse_argument("A").is_err());
        assert!(parse_argument("A B=clv://-/x/y").is_err());
        assert!(parse_argument("1A=clv://-/x/y").is_err());
    }

    #[test]
    fn an_error_names_the_line_and_not_its_text() {
        let failure = parse_file("A=b\nhunter2").unwrap_err();
        assert!(failure.message.starts_with("line 2:") && !failure.message.contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(parsed) = parse_file(&text) {
                prop_assert!(parsed.len() <= text.lines().count());
            }
        }
    }
}
