//! Calls that are banned in some rooms, each with what to do instead. Clippy catches the plain ones too; this also sees code that clippy does not build.

use super::edges::COMMERCIAL;
use super::{File, Finding, Tree};

/// A text that may not stand in the code of some files.
struct Ban {
    /// What is looked for.
    text: &'static str,
    /// Where it is banned: path prefixes; empty for everywhere.
    within: &'static [&'static str],
    /// Where it is allowed all the same: path prefixes.
    except: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
}

const PURE: &[&str] = &["crates/clavitor-crypto/src/"];
const NO_CLOCK: &[&str] = &["crates/clavitor-crypto/src/", "crates/clavitor-vault/src/"];

const BANS: &[Ban] = &[
    Ban { text: "lookup_host", within: &[], except: &[], instead: "getaddrinfo breaks static builds; use the client's resolver" },
    Ban {
        text: "ToSocketAddrs",
        within: &[],
        except: &[],
        instead: "getaddrinfo breaks static builds; parse an address or use the client's resolver",
    },
    Ban {
        text: "to_socket_addrs",
        within: &[],
        except: &[],
        instead: "getaddrinfo breaks static builds; parse an address or use the client's resolver",
    },
    Ban { text: "process::exit", within: &[], except: &[], instead: "return an ExitCode from main, so that destructors wipe secrets" },
    Ban {
        text: "Kind for ",
        within: &[],
        except: KIND_MAKERS,
        instead: "record kinds are defined by clavitor-crypto, clavitor-agent and clavitor-person only; a new one here could open a tier",
    },
    Ban { text: "rusqlite", within: &[], except: STORE, instead: "SQL lives behind the store's transaction type" },
    Ban { text: "SystemTime::now", within: NO_CLOCK, except: &[], instead: "take the time as a parameter" },
    Ban { text: "Instant::now", within: NO_CLOCK, except: &[], instead: "take the time as a parameter" },
    Ban { text: "std::fs", within: PURE, except: &[], instead: "clavitor-crypto does no I/O" },
    Ban { text: "std::net", within: PURE, except: &[], instead: "clavitor-crypto does no I/O" },
    Ban { text: "std::env", within: NO_CLOCK, except: &[], instead: "take the setting as a parameter" },
    Ban { text: "println!", within: NO_CLOCK, except: &[], instead: "libraries never print" },
];

const KIND_MAKERS: &[&str] = &["crates/clavitor-crypto/", "crates/clavitor-agent/", "crates/clavitor-person/"];
const STORE: &[&str] = &["crates/clavitor-vault/src/store/", "crates/clavitor-vault/tests/", "bench/"];

impl Ban {
    fn holds_in(&self, path: &str) -> bool {
        let within = self.within.is_empty() || self.within.iter().any(|prefix| path.starts_with(prefix));
        within && !self.except.iter().any(|prefix| path.starts_with(prefix))
    }

    fn is_broken_by(&self, code: &str) -> bool {
        // "Kind for " is about trait implementations; the words alone may stand in a message.
        code.contains(self.text) && (!self.text.ends_with("Kind for ") || code.trim_start().starts_with("impl"))
    }
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    // This folder names what it bans.
    tree.files.iter().filter(|file| file.is("rs") && !file.path.starts_with("xtask/")).flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let bans: Vec<&Ban> = BANS.iter().filter(|ban| ban.holds_in(&file.path)).collect();
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let code = line.split("//").next().unwrap_or_default();
        for ban in bans.iter().filter(|ban| ban.is_broken_by(code)) {
            findings.push(Finding::at(file, number, format!("{}: {}", ban.text.trim(), ban.instead)));
        }
        if !file.path.starts_with("commercial/") && COMMERCIAL.iter().any(|name| code.contains(&name.replace('-', "_"))) {
            findings.push(Finding::at(file, number, "nothing outside commercial/ names a commercial crate"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::with(&[(path, text)])).len()
    }

    #[test]
    fn banned_everywhere() {
        assert_eq!(found("crates/clavitor/src/main.rs", "    std::process::exit(1);\n"), 1);
        assert_eq!(found("bench/src/main.rs", "use std::net::ToSocketAddrs;\n"), 1);
    }

    #[test]
    fn a_comment_may_name_it() {
        assert_eq!(found("crates/clavitor/src/main.rs", "// never process::exit: destructors\n"), 0);
    }

    #[test]
    fn record_kinds_are_made_in_three_crates() {
        let text = "impl record::Kind for Tier3 {\n";
        assert_eq!(found("crates/clavitor-server/src/a.rs", text), 1);
        assert_eq!(found("crates/clavitor-vault/src/a.rs", text), 1);
        assert_eq!(found("crates/clavitor-person/src/a.rs", text), 0);
        assert_eq!(found("crates/clavitor-server/src/a.rs", "    let words = \"no Kind for you\";\n"), 0);
    }

    #[test]
    fn sql_stays_in_the_store() {
        assert_eq!(found("crates/clavitor-vault/src/store/sqlite.rs", "use rusqlite::Connection;\n"), 0);
        assert_eq!(found("crates/clavitor-vault/src/audit.rs", "use rusqlite::Connection;\n"), 1);
    }

    #[test]
    fn the_vault_reads_no_clock() {
        assert_eq!(found("crates/clavitor-vault/src/a.rs", "let now = SystemTime::now();\n"), 1);
        assert_eq!(found("crates/clavitor-server/src/a.rs", "let now = SystemTime::now();\n"), 0);
    }

    #[test]
    fn commercial_crates_are_not_named() {
        assert_eq!(found("crates/clavitor/src/main.rs", "use clavitor_commercial::Edition;\n"), 1);
        assert_eq!(found("commercial/clavitor-commercial/src/main.rs", "use clavitor_commercial::Edition;\n"), 0);
    }
}
