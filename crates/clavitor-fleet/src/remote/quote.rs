//! The one place where an argument becomes text for the shell of a node.

/// The arguments as one line that a POSIX shell takes apart into exactly these arguments again.
pub fn quote<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    arguments.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

fn one(argument: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(harmless) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_takes_them_apart_again() {
        let hard = ["plain", "", "two words", "it's", "$HOME `id` \"x\"", "a\nb", "--", "*", "ä;|&>", "\\", "~", "!x"];
        let said = Command::new("sh").args(["-c", &format!("printf '%s\\0' {}", quote(hard))]).output().unwrap();
        let found: Vec<String> = String::from_utf8(said.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
        assert_eq!(found, hard);
    }

    #[test]
    fn what_needs_no_quotes_has_none() {
        assert_eq!(quote(["readlink", "-f", "/run/current-system"]), "readlink -f /run/current-system");
    }
}
