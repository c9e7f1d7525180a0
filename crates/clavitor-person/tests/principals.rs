//! The table of docs/FORMAT.md section 3, tried out: each principal gets every secret it holds and everything the node stores, derives and opens whatever
//! it can with every key it comes across, and must end with exactly what the table says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of a test may stop it")]

mod node;

use std::collections::{BTreeMap, BTreeSet};

use clavitor_crypto::{
    EntryId, FieldId, ScopeId, Secret, VaultId, cbor,
    derive::{LABELS, Label, derive},
    enrol::EnrolString,
    field_kind::{FieldKind, Tier},
    header::Header,
    manifest::Capabilities,
    record::KINDS,
    signed::Unverified,
    wrap::{Info, WrapPrivate},
};
use clavitor_person::{AgentDouble, AgentTerms, Draft, FieldDraft, GrantBody, Person, Seeded, Way, vectors};
use data_encoding::HEXLOWER;
use node::{NOW_MS, Node, passkey, vault};
use serde_json::json;

type Key = [u8; 32];

const FIELDS: [(FieldId, FieldKind, Tier, &[u8]); 3] = [
    (FieldId([1; 16]), FieldKind::ApiKey, Tier::Hosted, b"value of tier one"),
    (FieldId([2; 16]), FieldKind::Password, Tier::Agents, b"value of tier two"),
    (FieldId([3; 16]), FieldKind::CardNumber, Tier::OnlyMe, b"value of tier three"),
];

/// A vault with a scope, an entry inside and one outside, an enrolled agent and a hosted one.
struct World {
    person: Person,
    node: Node,
    scope: ScopeId,
    inside: EntryId,
    outside: EntryId,
    agent: AgentDouble,
    invitation: String,
    token: String,
}

fn draft(mark: &str) -> Draft {
    let value = |value: &[u8]| [value, mark.as_bytes()].concat();
    FIELDS.iter().fold(Draft::new("login", mark), |draft, (id, kind, tier, text)| {
        draft.with(FieldDraft::new(*id, *kind, "Field", &value(text)).at(*tier))
    })
}

fn world() -> World {
    let (mut person, mut node) = vault("principals");
    let (scope, changes) = person.add_scope("Work", NOW_MS).unwrap();
    node.apply(&changes);
    let (inside, changes) = person.add_entry(draft(" inside").in_scope(scope), NOW_MS).unwrap();
    node.apply(&changes);
    let (outside, changes) = person.add_entry(draft(" outside"), NOW_MS).unwrap();
    node.apply(&changes);
    let terms = AgentTerms::new("Builder", scope, 2_000_000_000).allowing(Capabilities::REVEAL);
    let (invitation, changes) = person.invite(&terms, NOW_MS).unwrap();
    node.apply(&changes);
    let mut agent = AgentDouble::invited(&invitation.text, &mut Seeded::new("agent")).unwrap();
    agent.accept(&node.enrolments[&invitation.agent]).unwrap();
    let (ed25519, x25519, mac) = (agent.signing_key().public(), agent.x25519().unwrap(), agent.mac().unwrap());
    node.apply(&person.admit(agent.id(), ed25519.as_bytes(), &x25519.0, &mac, NOW_MS).unwrap());
    let (hosted, changes) = person.host(&terms, NOW_MS).unwrap();
    node.apply(&changes);
    World { person, node, scope, inside, outside, agent, invitation: invitation.text.to_string(), token: hosted.token.to_string() }
}

/// One record of the node, with where it belongs.
struct Record {
    kind: u8,
    epoch: u32,
    entry: [u8; 16],
    field: [u8; 16],
    version: u64,
    bytes: Vec<u8>,
}

impl Record {
    fn new(entry: impl AsRef<[u8]>, field: impl AsRef<[u8]>, version: u64, bytes: &[u8]) -> Self {
        let id = |id: &dyn AsRef<[u8]>| id.as_ref().as_ref().try_into().unwrap();
        let epoch = u32::from_be_bytes(bytes[4..8].try_into().unwrap());
        Self { kind: bytes[2], epoch, entry: id(&entry), field: id(&field), version, bytes: bytes.to_vec() }
    }

    fn open(&self, vault: VaultId, key: &Key) -> Option<Vec<u8>> {
        let input = json!({
            "key": HEXLOWER.encode(key), "kind": self.kind, "epoch": self.epoch, "vault": vault.to_string(),
            "entry": HEXLOWER.encode(&self.entry), "field": HEXLOWER.encode(&self.field), "version": self.version,
            "record": HEXLOWER.encode(&self.bytes),
        });
        let out = vectors::run("record.open", input.as_object()?).ok()?;
        HEXLOWER.decode(out["value"].as_str()?.as_bytes()).ok()
    }
}

fn records(world: &World) -> Vec<Record> {
    let (node, zero) = (&world.node, [0; 16]);
    let mut records = vec![
        Record::new(zero, zero, 0, &node.usk),
        Record::new(zero, zero, world.person.manifest().body().names.version, node.names.as_ref().unwrap()),
    ];
    for (id, (record, _)) in &node.unlockers {
        records.push(Record::new(&id.0[..16], &id.0[16..], 0, record));
    }
    for (agent, grant) in &node.enrolments {
        records.push(Record::new(agent, zero, 0, grant));
    }
    for (agent, grants) in &node.tokens {
        records.extend(grants.iter().map(|(scope, record)| Record::new(agent, scope, 0, record)));
    }
    for (&(entry, scope, _, ek_epoch), record) in &node.grants {
        records.push(Record::new(entry, scope, u64::from(ek_epoch), record));
    }
    for (entry, header) in &node.headers {
        let header = Unverified::<Header>::parse(header).unwrap();
        for field in &header.claims().fields {
            records.push(Record::new(entry, field.id, field.version, &node.records[entry][&field.id]));
        }
    }
    assert!(records.iter().all(|record| KINDS.contains(&record.kind)));
    records
}

/// Every key of the vault by name: what there is to be reached.
fn named(world: &World) -> BTreeMap<Key, &'static str> {
    let keys = world.person.keys();
    let (zero, scope) = (ScopeId::ZERO, world.scope);
    BTreeMap::from([
        (*keys.vmk().expose(), "VMK"),
        (*keys.k1().expose(), "K1"),
        (*keys.k2().expose(), "K2"),
        (*keys.k3().expose(), "K3"),
        (*keys.kw().expose(), "KW"),
        (*keys.scope1(zero, 1).secret().expose(), "SK1_0"),
        (*keys.scope1(scope, 1).secret().expose(), "SK1_s"),
        (*keys.scope2(zero, 1).secret().expose(), "SK2_0"),
        (*keys.scope2(scope, 1).secret().expose(), "SK2_s"),
        (*keys.entry3(EntryId::ZERO).secret().expose(), "EK3 of the names"),
        (*keys.entry3(world.inside).secret().expose(), "EK3 inside"),
        (*keys.entry3(world.outside).secret().expose(), "EK3 outside"),
        (*world.person.usk().seed().expose(), "USK"),
    ])
}

/// What somebody ends with: names of keys, and the values of fields.
#[derive(Default)]
struct Loot {
    keys: BTreeSet<&'static str>,
    values: Vec<Vec<u8>>,
}

impl Loot {
    fn has_value(&self, tier: usize, mark: &str) -> bool {
        let value = [FIELDS[tier - 1].3, mark.as_bytes()].concat();
        self.values.contains(&value)
    }
}

/// One derivation with every label, context and epoch.
fn children(world: &World, key: &Key) -> Vec<Key> {
    let (vault, agent) = (world.person.vault(), world.agent.id());
    let contexts: [&[u8]; 6] = [&[], &[0; 16], &world.scope.0, &world.inside.0, &world.outside.0, &agent.0];
    let each = LABELS.iter().flat_map(|label| contexts.iter().flat_map(move |ctx| [0, 1].map(|epoch| (*label, *ctx, epoch))));
    each.map(|(label, ctx, epoch)| *derive(key, Label::of(label), &vault, epoch, ctx).expose()).collect()
}

/// Everything that follows from `held` and from what the node stores: whatever is derived opens whatever it opens, and what comes out is used again.
fn reach(world: &World, held: &[Key], generations: usize) -> Loot {
    let (records, named) = (records(world), named(world));
    // A derived key opens a record only if it is a key of the vault, an enrolment or a token: trying the others would be trying nothing.
    let openers: BTreeSet<Key> = named.keys().copied().chain(one_time_keys(world)).collect();
    let (mut loot, mut seen, mut next) = (Loot::default(), BTreeSet::new(), Vec::from(held));
    let mut depth = generations;
    while !next.is_empty() {
        let mut found = Vec::new();
        for key in next.drain(..).filter(|key| seen.insert(*key)).collect::<Vec<_>>() {
            let mut line = vec![key];
            let mut generation = vec![key];
            for _ in 0..depth {
                generation = generation.iter().flat_map(|key| children(world, key)).collect();
                line.extend(generation.iter().filter(|key| openers.contains(*key)));
            }
            for key in line {
                loot.keys.extend(named.get(&key));
                found.extend(open_all(world, &records, &key, &mut loot.values));
            }
        }
        next = found;
        depth = 1;
    }
    loot
}

/// Keys of records 0x10, 0x14 and 0x15, each for one person, invitation or token.
fn one_time_keys(world: &World) -> [Key; 3] {
    let vault = world.person.vault();
    let below = |key: &Key, label: &'static str| *derive(key, Label::of(label), &vault, 0, b"").expose();
    let enrolled = EnrolString::parse(&world.invitation).unwrap();
    let kek = *Way::Passkey(&passkey(1)).kek(&vault).expose();
    [kek, below(enrolled.secret.secret().expose(), "enrol/wrap"), below(&token_secret(world), "token/k1")]
}

fn token_secret(world: &World) -> Key {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(world.token.trim_start_matches("cvt1-").as_bytes()).unwrap();
    bytes[16..48].try_into().unwrap()
}

/// Every 32 bytes of a plaintext that could be a key.
fn slices(plaintext: &[u8]) -> impl Iterator<Item = Key> {
    plaintext.windows(32).step_by(4).map(|window| window.try_into().unwrap())
}

/// What a key opens: the values, and the keys that are inside.
fn open_all(world: &World, records: &[Record], key: &Key, values: &mut Vec<Vec<u8>>) -> Vec<Key> {
    let mut found = Vec::new();
    for record in records {
        let Some(value) = record.open(world.person.vault(), key) else { continue };
        match record.kind {
            0x14 => {
                let body = cbor::decode::<GrantBody>(&value).unwrap();
                found.extend(body.scopes.iter().flat_map(|scope| [*scope.sk1.expose(), *scope.sk2.expose()]));
            }
            0x10 => found.extend(slices(&value).flat_map(|private| unwrap_all(world, &private))),
            0x11..=0x17 => found.extend(slices(&value)),
            _ => values.push(value),
        }
    }
    found
}

/// What the node's wraps hold for an X25519 private key.
fn unwrap_all(world: &World, private: &Key) -> Vec<Key> {
    let (vault, private) = (world.person.vault(), WrapPrivate::new(Secret::copy_of(private)));
    let vmk = world.node.unlockers.iter().map(|(id, (_, sealed))| (Info::vmk(&vault, id), sealed));
    let scope = world.node.wraps.iter().map(|((agent, _), (_, wrap))| (Info::scope(&vault, agent), wrap));
    let opened = vmk.chain(scope).filter_map(|(info, wrap)| private.open(&info, &wrap[64..]).ok());
    opened.flat_map(|plaintext| slices(&plaintext).collect::<Vec<_>>()).collect()
}

/// What each row of the table holds, and how many generations of keys it derives from that.
fn held(world: &World, principal: &str) -> (Vec<Key>, usize) {
    if principal.starts_with("Browser") {
        (vec![*passkey(1).prf.expose(), *world.person.keys().vmk().expose()], 2)
    } else if principal.starts_with("Enrolled agent") {
        let secret = EnrolString::parse(&world.invitation).unwrap().secret.secret().clone();
        let unwrapped = unwrap_all(world, world.agent.wrap_key().secret().expose());
        assert!(!unwrapped.is_empty(), "the agent's own wrap opens");
        ([vec![*secret.expose(), *world.agent.signing_key().seed().expose()], unwrapped].concat(), 2)
    } else if principal.starts_with("Hosted caller") {
        (vec![token_secret(world)], 2)
    } else {
        assert!(principal.starts_with("Node") || principal.starts_with("Thief"), "who is {principal}?");
        let open = [&world.node.manifest, &world.node.headers[&world.inside], &world.node.usk];
        let keys: Vec<Key> = open.iter().flat_map(|bytes| bytes.windows(32)).map(|key| key.try_into().unwrap()).collect();
        assert!(keys.iter().all(|key| unwrap_all(world, key).is_empty()), "nothing that lies open is a private key");
        (keys, 1)
    }
}

/// Checks one cell: `yes` is everything of the column, `no` nothing, a key of scope s that key and what is in the scope.
fn check(loot: &Loot, principal: &str, column: &str, cell: &str) {
    let cell = cell.trim_matches('*');
    let (all, some): (&[&str], &[&str]) = match column {
        "VMK" => (&["VMK", "KW"], &[]),
        "K1/SK1" => (&["K1", "SK1_0"], &["SK1_s"]),
        "K2/SK2" => (&["K2", "SK2_0"], &["SK2_s"]),
        "K3" => (&["K3", "EK3 inside", "EK3 outside", "EK3 of the names"], &[]),
        "USK private" => (&["USK"], &[]),
        other => panic!("what is {other}?"),
    };
    let whole = cell == "yes";
    let in_scope = whole || cell.starts_with("SK");
    assert!(whole || in_scope || cell == "no", "what is {cell}?");
    let told = format!("{principal}, {column}: {:?}", loot.keys);
    assert!(all.iter().all(|name| loot.keys.contains(name) == whole), "{told}");
    assert!(some.iter().all(|name| loot.keys.contains(name) == in_scope), "{told}");
    let tier = match column {
        "K1/SK1" => 1,
        "K2/SK2" => 2,
        "K3" => 3,
        _ => return,
    };
    assert_eq!(loot.has_value(tier, " inside"), in_scope, "{told}");
    assert_eq!(loot.has_value(tier, " outside"), whole, "{told}");
}

/// The rows of the table, the first with the names of the columns.
fn table() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FORMAT.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| Principal |")).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.filter(|line| !line.starts_with("| ---")).map(cells).collect()
}

#[test]
fn every_principal_reaches_what_the_table_says_and_nothing_more() {
    let (world, table) = (world(), table());
    let (columns, rows) = table.split_first().unwrap();
    assert_eq!((columns.len(), rows.len()), (6, 5));
    for row in rows {
        let (held, generations) = held(&world, &row[0]);
        let loot = reach(&world, &held, generations);
        for (column, cell) in columns.iter().zip(row).skip(1) {
            check(&loot, &row[0], column, cell);
        }
    }
}
