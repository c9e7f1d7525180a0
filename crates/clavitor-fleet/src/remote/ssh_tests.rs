//! What is written for ssh, and how its words are taken.

use crate::remote::Route;

use super::*;

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn tokyo() -> Target {
    let route = |network, address: &str| Route { network, address: address.parse().unwrap() };
    Target {
        name: name("tokyo"),
        host_key: Some("ssh-ed25519 AAAA".into()),
        routes: vec![route(NetworkName::A, "10.84.0.2"), route(NetworkName::B, "10.84.1.2")],
    }
}

fn settings(folder: &Path) -> Settings {
    Settings { folder: folder.to_owned(), user: "root".into(), port: 22, identity: None, connect_s_max: 10 }
}

#[test]
fn ssh_reads_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let ssh = Ssh::new(settings(&folder.path().join("100% mine")), [tokyo()]).unwrap();
    let known = fs::read_to_string(ssh.folder().join("known_hosts")).unwrap();
    assert_eq!(known, "tokyo ssh-ed25519 AAAA\n");
    let own = ssh.config_file();
    let asked = std::process::Command::new("ssh").args(["-F", &own, "-G", "tokyo.b"]).current_dir(ssh.folder()).output().unwrap();
    let said = String::from_utf8(asked.stdout).unwrap();
    for line in [
        "hostname 10.84.1.2",
        "hostkeyalias tokyo",
        "connecttimeout 10",
        "serveraliveinterval 5",
        "user root",
        "batchmode yes",
        "stricthostkeychecking true",
        "controlmaster false",
        "forwardagent no",
    ] {
        assert!(said.lines().any(|found| found == line), "{line} is not in\n{said}{}", String::from_utf8_lossy(&asked.stderr));
    }
    let read = |name: &str| fs::read_to_string(ssh.folder().join(name)).unwrap();
    assert_eq!(read("ssh_config"), read(&own), "the same by hand");
    assert!(said.contains("100% mine/known_hosts") || said.contains("100%% mine/known_hosts"), "{said}");
}

#[test]
fn a_key_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = Settings { identity: Some("no/such/key".into()), ..settings(folder.path()) };
    assert!(Ssh::new(wrong, [tokyo()]).unwrap_err().to_string().contains("no/such/key"));
}

#[tokio::test]
async fn nobody_is_trusted_on_first_use() {
    let folder = tempfile::tempdir().unwrap();
    let ssh = Ssh::new(settings(folder.path()), [Target { host_key: None, ..tokyo() }]).unwrap();
    let error = ssh.run(&name("tokyo"), &["true"], Bounds::seconds(5)).await.unwrap_err();
    assert!(matches!(&error, RemoteError::NotEnrolled(node) if node == "tokyo") && error.to_string().contains("node enrol tokyo"));
    assert!(matches!(ssh.run(&name("osaka"), &["true"], Bounds::seconds(5)).await, Err(RemoteError::NoSuchNode(_))));
}

#[test]
fn the_words_of_ssh() {
    let judged = |err: &str, code| judge(&name("tokyo"), true, Said { code: Some(code), out: String::new(), err: err.into() });
    assert!(matches!(judged("", 3), Ok(said) if said.code == Some(3)));
    let changed = "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n";
    assert!(matches!(judged(changed, 255), Err(RemoteError::HostKeyChanged(_))));
    assert!(matches!(judged("root@tokyo: Permission denied (publickey).\n", 255), Err(RemoteError::KeyRefused(..))));
    let refused = judged("ssh: connect to host 10.84.0.2 port 22: Connection refused\n", 255).unwrap_err();
    assert!(matches!(&refused, RemoteError::Unreachable(..)) && !refused.may_have_run());
    let lost = judged("Timeout, server 10.84.0.2 not responding.\n", 255).unwrap_err();
    assert!(lost.may_have_run() && lost.to_string().contains("not responding"), "{lost}");
    assert!(judged("", 255).unwrap_err().may_have_run());
    let copied = |err: &str| judge(&name("tokyo"), false, Said { code: Some(1), out: String::new(), err: err.into() });
    let full = "error: writing to file: No space left on device\nerror: unexpected end-of-file\n";
    assert!(copied(full).unwrap_err().to_string().contains("No space left"), "the reason is told, whoever goes away after it");
    assert!(matches!(copied("error: path '/nix/store/x' is not valid\n"), Ok(said) if said.code == Some(1)));
}

#[test]
fn files_of_runs_that_were_killed_are_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let left = folder.path().join(format!("ssh_config.{}", gone.id()));
    fs::write(&left, "").unwrap();
    let ssh = Ssh::new(settings(folder.path()), [tokyo()]).unwrap();
    assert!(!left.exists() && folder.path().join(ssh.config_file()).exists());
    drop(ssh);
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["known_hosts", "ssh_config"]);
}
