//! An agent's machine and a node with a private authority: over HTTPS from the enrolment to a program with a credential, and not a word to whoever else answers.

use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use clavitor_crypto::{ScopeId, code::Code, random};
use clavitor_person::{AgentTerms, Person};
use clavitor_vault::{Credential, OpenOptions, Vault, agents};
use tempfile::TempDir;

use crate::{
    house::{Node, PROGRAM, err, out},
    world::{self, PASSWORD, now_ms},
};

/// A node that is started and stopped, and its owner, who works while it is stopped.
struct Household {
    folder: TempDir,
    port: u16,
    person: Person,
    session: String,
}

impl Household {
    /// With one entry, and nobody in it but its owner.
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let vault = opened(&folder.path().join("data"));
        let (mut person, session) = world::owned_at(&vault, b"a passkey", &format!("https://localhost:{port}")).unwrap();
        let second = person.set_recovery(&Code::make_with(&mut random::Os), now_ms()).unwrap();
        world::apply(&vault, &session, second).unwrap();
        let (_, entry) = person.add_entry(world::draft(0).0, now_ms()).unwrap();
        world::apply(&vault, &session, entry).unwrap();
        vault.close();
        Self { folder, port, person, session }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn authority(&self) -> PathBuf {
        self.data().join("dev-ca/ca.crt")
    }

    fn serve(&self) -> Node {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--dev-ca", "--https-bind", &format!("127.0.0.1:{}", self.port), "--http-bind", "none", "--data"]);
        command.arg(self.data());
        Node::owned(command, self.port)
    }

    /// An enrolment string.
    fn invite(&mut self) -> String {
        let vault = opened(&self.data());
        let terms = AgentTerms::new("Coder", ScopeId::ZERO, now_ms() / 1000 + 3600);
        let (invitation, changes) = self.person.invite(&terms, now_ms()).unwrap();
        world::apply(&vault, &self.session, changes).unwrap();
        vault.close();
        invitation.text.to_string()
    }

    /// Verifies what the agent sent, and signs its keys into the manifest.
    fn confirm(&mut self) {
        let vault = opened(&self.data());
        let owner = Credential::session(&self.session).unwrap();
        let waiting = vault.read(now_ms(), |r| agents::list(r, &owner)).unwrap().remove(0);
        let answer = waiting.enrolment.unwrap().answer.unwrap();
        let changes = self.person.admit(waiting.agent_id, &answer.ed25519, &answer.x25519, &answer.mac, now_ms()).unwrap();
        world::apply(&vault, &self.session, changes).unwrap();
        vault.close();
    }
}

fn opened(data: &Path) -> Vault {
    Vault::open(data, &OpenOptions { ballast_bytes: 0, ..OpenOptions::default() }, now_ms()).unwrap()
}

/// `clavitor agent …` on a machine with this home and nothing else in its environment.
fn agent(home: &Path, ca_file: Option<&Path>, input: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("agent").args(ca_file.iter().flat_map(|file| ["--ca-file", file.to_str().unwrap()])).args(arguments);
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").current_dir(home);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever refuses at once does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn told_of_the_authority(refused: &Output) {
    assert_ne!(refused.status.code(), Some(0));
    assert!(err(refused).contains("certificate") && err(refused).contains("--ca-file"), "{}", err(refused));
}

#[test]
fn an_agent_trusts_a_private_authority_if_it_was_told_to_and_no_other() {
    let mut household = Household::make();
    let string = household.invite();
    let home = tempfile::tempdir().unwrap();
    let node = household.serve();
    told_of_the_authority(&agent(home.path(), None, &string, &["enroll", "-"]));
    let (authority, elsewhere) = (household.authority(), Household::make());
    let other = elsewhere.serve();
    told_of_the_authority(&agent(home.path(), Some(&elsewhere.authority()), &string, &["enroll", "-"]));
    drop(other);
    let enrolled = agent(home.path(), Some(&authority), &string, &["enroll", "-"]);
    assert!(enrolled.status.success(), "the string was not used up by those who were refused: {}", err(&enrolled));
    assert_eq!(node.stop().0, Some(0));

    household.confirm();
    let node = household.serve();
    let run = ["run", "--no-mask", "--env", "PW=clv://-/Service number 0/Password", "--", "printenv", "PW"];
    let ran = agent(home.path(), Some(&authority), "", &run);
    assert_eq!((out(&ran), ran.status.code()), (format!("{PASSWORD}\n"), Some(0)), "{}", err(&ran));
    told_of_the_authority(&agent(home.path(), None, "", &run));
    assert_eq!(node.stop().0, Some(0));
}
