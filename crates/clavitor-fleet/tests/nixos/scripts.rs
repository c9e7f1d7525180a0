//! The scripts of the nodes, run for real: keys, enrolment record and its page, generations, and what sshd thinks of the break-glass configuration.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::hmac;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("nixos/modules/scripts").join(name)
}

/// A node's folders.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a script as systemd would: bash, stopping at the first error.
    fn run(&self, name: &str, input: &str) -> (bool, String) {
        let mut child = Command::new("bash")
            .arg("-e")
            .arg(script(name))
            .env("NODE", "tokyo")
            .env("STATE", self.path("state"))
            .env("SSH", self.path("ssh"))
            .env("RUN", self.path("run"))
            .env("PROFILE", self.path("profiles/system"))
            .env("RECORD", self.path("run/enrolment"))
            .env("GENERATIONS_KEPT", "2")
            .env("PATH", format!("{}:{}", self.path("bin").display(), std::env::var("PATH").expect("a path")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash");
        // The script may end before it has read everything.
        let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    }

    fn runs(&self, name: &str) -> String {
        let (good, said) = self.run(name, "");
        assert!(good, "{name}: {said}");
        said
    }
}

#[test]
fn keys_are_made_once_and_nobody_else_reads_them() {
    let place = Place::new();
    place.runs("identity.sh");
    let names = ["ssh/ssh_host_ed25519_key", "state/wireguard.key", "state/identity"];
    let first = names.map(|name| place.read(name));
    for name in names {
        let mode = fs::metadata(place.path(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    fs::remove_file(place.path("state/identity")).expect("removed");
    place.runs("identity.sh");
    let second = names.map(|name| place.read(name));
    assert_eq!(first[..2], second[..2]);
    assert_ne!(first[2], second[2]);
    assert!(place.read("ssh/ssh_host_ed25519_key.pub").starts_with("ssh-ed25519 "));
}

#[test]
fn the_enrolment_record_carries_the_public_keys_under_the_token() {
    let place = Place::new();
    place.runs("identity.sh");
    fs::create_dir(place.path("run")).expect("a folder");
    let token = "0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjkmnpqrstv";
    fs::write(place.path("state/enrolment-token"), format!("{token}\n")).expect("written");
    let said = place.runs("enrolment.sh");
    let record = place.read("run/enrolment");
    assert!(said.contains("SHA256:") && said.contains(&record), "{said}");
    assert!(!said.contains(token) && !record.contains(token));

    let (body, mac) = record.trim_end().rsplit_once("mac ").expect("a MAC");
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    assert_eq!(mac, hmac::sign(&key, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines[..2], ["clavitor-enrolment 1", "node tokyo"]);
    assert_eq!(lines[3], format!("wireguard {}", place.read("state/wireguard.pub").trim()));
    assert!(place.read("ssh/ssh_host_ed25519_key.pub").starts_with(lines[4].strip_prefix("ssh_host ").expect("a key")));
    let identity = lines[5].strip_prefix("identity ").expect("a key");
    assert_eq!(identity.parse::<clavitor_fleet::inventory::IdentityKey>().expect("32 bytes").as_str(), identity);

    fs::write(place.path("state/enrolment-token"), "short").expect("written");
    assert!(!place.run("enrolment.sh", "").0, "a damaged token is refused");
}

#[test]
fn the_record_is_served_to_one_caller_at_a_time() {
    let place = Place::new();
    fs::create_dir(place.path("run")).expect("a folder");
    let (good, answer) = place.run("enrolment-page.sh", "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(good && answer.starts_with("HTTP/1.1 503 "), "{answer}");
    fs::write(place.path("run/enrolment"), "clavitor-enrolment 1\n").expect("written");
    let long = "x".repeat(100_000);
    for request in ["GET / HTTP/1.1\r\nhost: x\r\n\r\n", "", "\n", &long] {
        let (good, answer) = place.run("enrolment-page.sh", request);
        assert!(good && answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("content-length: 21\r\nconnection: close\r\n\r\nclavitor-enrolment 1\n"), "{answer}");
    }
}

/// A program that writes down that it was called, and ends with a code.
fn pretend(place: &Place, name: &str, code: u8) {
    fs::create_dir_all(place.path("bin")).expect("a folder");
    let (file, calls) = (place.path(&format!("bin/{name}")), place.path("calls"));
    fs::write(&file, format!("#!/bin/sh\necho \"{name} $*\" >>{}\nexit {code}\n", calls.display())).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn generations_stay_while_a_deploy_is_unconfirmed() {
    let place = Place::new();
    for folder in ["run", "profiles"] {
        fs::create_dir(place.path(folder)).expect("a folder");
    }
    symlink(place.path("state"), place.path("profiles/system-7-link")).expect("a link");
    pretend(&place, "nix-env", 0);
    pretend(&place, "nix-store", 0);
    pretend(&place, "systemctl", 3);
    let refused = |because: &str| {
        let (good, said) = place.run("generations.sh", "");
        assert!(!good && said.contains(because) && said.to_lowercase().contains("nothing was deleted"), "{said}");
    };
    refused("is it NixOS?");
    fs::create_dir(place.path("profiles/system")).expect("a profile");
    pretend(&place, "systemctl", 0); // a rollback is armed
    refused("a deploy is unconfirmed");
    pretend(&place, "systemctl", 3);
    fs::write(place.path("run/unconfirmed"), "").expect("written");
    refused("a deploy is unconfirmed");
    assert!(!place.read("calls").contains("nix-"), "{}", place.read("calls"));
    fs::remove_file(place.path("run/unconfirmed")).expect("removed");
    let said = place.runs("generations.sh");
    assert!(said.contains("clavitor: freed_kb ") && said.ends_with("clavitor: generations 1\nclavitor: end\n"), "{said}");
    let profile = place.path("profiles/system");
    let expected = format!("nix-env --profile {} --delete-generations +2\nnix-store --gc\n", profile.display());
    assert!(place.read("calls").ends_with(&expected), "{}", place.read("calls"));
}

#[test]
fn the_generation_is_a_number_or_nothing() {
    let place = Place::new();
    for folder in ["run", "profiles"] {
        fs::create_dir(place.path(folder)).expect("a folder");
    }
    symlink("system-42-link", place.path("profiles/system")).expect("a link");
    place.runs("generation.sh");
    assert_eq!(place.read("run/nix_gen"), "42\n");
    fs::remove_file(place.path("profiles/system")).expect("removed");
    symlink("elsewhere", place.path("profiles/system")).expect("a link");
    assert!(!place.run("generation.sh", "").0);
    assert_eq!(place.read("run/nix_gen"), "42\n");
}

#[test]
fn a_pair_without_a_key_has_a_file_that_means_none() {
    let place = Place::new();
    let (new, old) = (place.path("state/psk-a.d/oslo"), place.path("psk-b"));
    fs::write(&old, "kept").expect("written");
    let status = Command::new("bash").arg(script("preshared.sh")).args([&new, &old]).status().expect("bash");
    assert!(status.success());
    assert_eq!(fs::read_to_string(&new).expect("a file"), format!("{}=\n", "A".repeat(43)));
    assert_eq!(fs::metadata(&new).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&old).expect("a file"), "kept");
}

/// The text that the module hands to `writeText`, with the port filled in, and a host key of ours.
#[test]
fn sshd_takes_the_break_glass_configuration() {
    let module = fs::read_to_string(script("../break-glass.nix")).expect("a module");
    let (_, rest) = module.split_once("sshd-config\" ''\n").expect("the configuration");
    let (text, _) = rest.split_once("  '';").expect("its end");
    let place = Place::new();
    place.runs("identity.sh");
    let key = place.path("ssh/ssh_host_ed25519_key");
    let text = text.replace("${port}", "2222").replace("/etc/ssh/ssh_host_ed25519_key", key.to_str().expect("a name"));
    fs::write(place.path("config"), text).expect("written");
    // sshd wants its folder in /run; it gets one that nobody else sees.
    let command = "mount -t tmpfs run /run && mkdir /run/sshd && exec /usr/sbin/sshd -T -f \"$0\"";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", command])
        .arg(place.path("config"))
        .output()
        .expect("unshare: scripts/install test");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for line in [
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "usepam no",
        "disableforwarding yes",
        "permitrootlogin without-password",
        "authenticationmethods publickey",
    ] {
        assert!(said.lines().any(|said| said == line), "{line} is missing:\n{said}");
    }
}
