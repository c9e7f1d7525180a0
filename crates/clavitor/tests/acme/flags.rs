//! What the flags print and refuse, without a word to any authority.

use std::process::{Command, Output, Stdio};

fn check(flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clavitor"));
    command.args(["config", "check", "--domain", "vault.example.com"]).args(flags);
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn each_setting_is_printed_with_its_source_and_the_key_stays_in_its_file() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "c2VjcmV0LWtleQ\n").unwrap();
    let path = key.path().to_str().unwrap();
    let given = check(&[
        "--acme-agree-tos",
        "--acme-staging",
        "--acme-contact",
        "ops@example.com",
        "--acme-eab-kid",
        "kid-1",
        "--acme-eab-key-file",
        path,
    ]);
    let out = String::from_utf8(given.stdout).unwrap();
    assert!(given.status.success(), "{}", String::from_utf8_lossy(&given.stderr));
    for line in [
        "acme-directory\thttps://acme-staging-v02.api.letsencrypt.org/directory\tcommand line",
        "acme-agree-tos\ttrue\tcommand line",
        "acme-contact\tops@example.com\tcommand line",
        "acme-eab-kid\tkid-1\tcommand line",
    ] {
        assert!(out.lines().any(|found| found == line), "{line} is not in\n{out}");
    }
    assert!(out.contains(path) && !out.contains("c2VjcmV0") && !out.contains("secret-key"), "{out}");
}

#[test]
fn without_agreement_to_the_terms_the_flag_is_named() {
    let refused = check(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("--acme-agree-tos"), "{words}");
}
