//! A disk that fills up under a node that runs: what its operator sees, what still works, and that room is enough to mend it.
//!
//! Needs root, a loop device and mkfs.ext4. Without them the test says that it was left out.

use std::{fs::File, io::Write as _, path::Path, process::Command};

use clavitor_crypto::{EntryId, FieldId, ScopeId, field_kind::FieldKind, manifest::Capabilities};
use clavitor_person::{AgentTerms, Changes, Draft, FieldDraft};
use serde_json::Value;

use crate::{
    caller::{Answer, Caller},
    house::{Node, PROGRAM, clavitor, out, until},
    mount::Disk,
    wire,
    world::{World, now_ms},
};

/// Large enough for the node's reserve, and for what it wants to be free before it trusts a disk again.
const DISK_BYTES: u64 = 768 << 20;
/// Below a twentieth of it.
const NEARLY_FULL_BYTES: u64 = 20 << 20;
const ENTRIES: usize = 10;
/// The log of the database is as large as it once was; so many large entries fill what is left of it.
const WRITES_MAX: usize = 2_000;

/// An owner with a vault, and the node that serves it.
struct Owner {
    world: World,
    node: Node,
    caller: Caller,
}

impl Owner {
    fn at(data: &Path) -> Self {
        let world = World::make(data, ENTRIES).unwrap();
        world.vault.close();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--bind", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
        let node = Node::owned(command, port);
        let caller = Caller::plain(port).signed_in(&world.session);
        Self { world, node, caller }
    }

    fn change(&self, changes: Changes) -> Answer {
        self.caller.post("/v1/changes", &serde_json::to_string(&wire::change(changes, None)).unwrap())
    }

    /// One more entry, a large one; its id, so that it can be forgotten if it was refused.
    fn add(&mut self) -> (EntryId, Answer) {
        let note = FieldDraft::new(FieldId::make(), FieldKind::Note, "note", &[b'x'; 20_000]);
        let (id, changes) = self.world.person.add_entry(Draft::new("login", "one more").with(note), now_ms()).unwrap();
        (id, self.change(changes))
    }

    /// A hosted agent's look at a value.
    fn value(&self, token: &str) -> Answer {
        let (entry, field, _) = self.world.entries[0];
        Caller::plain(self.node.port).hosted(token).get(&format!("/v1/hosted/entries/{entry}/fields/{field}"))
    }

    /// The check of the disk, and the whole answer's status.
    fn ready(&self) -> (u16, String) {
        let answer = Caller::plain(self.node.port).get("/readyz");
        let read: Value = serde_json::from_str(&answer.body).unwrap();
        let disk = read["checks"].as_array().unwrap().iter().find(|check| check["check"] == "disk").unwrap();
        (answer.status, format!("{} {}", disk["state"].as_str().unwrap(), disk["detail"].as_str().unwrap()))
    }

    fn until_ready(&self, status: u16, words: &str) {
        until(|| self.ready() == (status, words.to_owned()), || format!("{:?}", self.ready()));
    }
}

/// Takes room until so much is left.
fn take(disk: &Disk, name: &str, left_bytes: u64) {
    let mut file = File::create(disk.path().join(name)).unwrap();
    let take = disk.free_bytes().saturating_sub(left_bytes.max(1 << 20));
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, take).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
    while left_bytes == 0 && file.write_all(&[1; 4096]).is_ok() {}
}

#[test]
fn a_disk_that_fills_up_is_told_and_room_is_enough_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(folder.path(), DISK_BYTES) else {
        println!("LEFT OUT: a full disk needs root, a loop device and mkfs.ext4");
        return;
    };
    let data = disk.path().join("data");
    let mut owner = Owner::at(&data);
    let token = owner.world.hosted.token.to_string();
    assert_eq!((owner.add().1.status, owner.value(&token).status), (200, 200));
    assert_eq!(owner.ready(), (200, "ok there is room".to_owned()));

    take(&disk, "filler", NEARLY_FULL_BYTES);
    // Nobody asks the node for anything but how it is: it notices by itself.
    owner.until_ready(503, "fail nearly full: agents' writes and releases have stopped");
    owner.node.says("OPERATOR ALERT [disk]: the disk is nearly full");
    let refused = owner.value(&token);
    assert!(refused.status == 503 && refused.body.contains("The vault cannot be written now."), "{refused:?}");
    owner.node.says("the disk is nearly full: agents wait until there is room");
    assert_eq!(owner.add().1.status, 200, "people go on");
    let doctor = clavitor(&["doctor", "--data", data.to_str().unwrap()]);
    assert_eq!(doctor.status.code(), Some(3), "{}", out(&doctor));
    assert!(out(&doctor).contains("fail  disk"), "{}", out(&doctor));

    take(&disk, "more", 0);
    let (refused_id, refused) = (0..WRITES_MAX).map(|_| owner.add()).find(|(_, answer)| answer.status != 200).unwrap();
    assert!(refused.status == 503 && refused.body.contains("The vault cannot be written now."), "{refused:?}");
    owner.until_ready(503, "fail full: only revoking, locking and deleting work");
    owner.node.says("OPERATOR ALERT [disk]: the disk is full");
    assert_eq!(owner.add().1.status, 503);
    owner.node.says("the disk is full: only revoking, locking and deleting work");
    assert_eq!(owner.value(&token).status, 503);
    assert_eq!(Caller::plain(owner.node.port).get("/livez").status, 200);
    assert_eq!(owner.caller.get("/v1/entries").status, 200, "people read");

    let agent = owner.world.agent.id();
    let locked = owner.caller.post(&format!("/v1/agents/{agent}/lock"), "");
    assert!((200..300).contains(&locked.status), "{locked:?}");
    let purge = owner.world.person.purge_entry(owner.world.entries[1].0, now_ms()).unwrap();
    let purged = owner.change(purge);
    assert_eq!(purged.status, 200, "{purged:?}");
    let mut revoke = owner.world.person.revoke(agent, now_ms()).unwrap();
    // The person's side remembers entries that were refused; the node never had them.
    let there = |id: &EntryId| owner.caller.get(&format!("/v1/entries/{id}")).status == 200;
    assert!(!there(&refused_id));
    revoke.grants.retain(|(entry, _)| there(entry));
    let revoked = owner.change(revoke);
    assert_eq!(revoked.status, 200, "{revoked:?}");

    for name in ["filler", "more"] {
        std::fs::remove_file(disk.path().join(name)).unwrap();
    }
    owner.until_ready(200, "ok there is room");
    owner.node.says("OPERATOR ALERT [disk]: there is room again");
    let terms = AgentTerms::new("again", ScopeId::ZERO, now_ms() / 1000 + 86_400).allowing(Capabilities::REVEAL);
    let (hosted, changes) = owner.world.person.host(&terms, now_ms()).unwrap();
    assert_eq!(owner.change(changes).status, 200);
    assert_eq!(owner.add().1.status, 200);
    assert_eq!(owner.value(&hosted.token).status, 200, "agents go on");
    assert_eq!(owner.node.stop().0, Some(0));
}
