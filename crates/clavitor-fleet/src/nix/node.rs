//! What one node's file says, and what all of them share.

use crate::inventory::{BreakGlass, HubService, Inventory, Node, NodeName};
use crate::tunnel::{Interface, NodePlan, Peer, PeerName, Role, Rule};

use super::value::Value;

/// The part of the memory that the vault may take, in eighths: 320 MB of 512.
const MEMORY_EIGHTHS: u32 = 5;

/// What is the same on every node.
pub(super) fn shared(inventory: &Inventory) -> Value {
    let keys = inventory.operators.values().flat_map(|operator| &operator.ssh_keys);
    let mut settings = vec![("CLAVITOR_ACME_AGREE_TOS", Value::text("true"))];
    if let Some(contact) = &inventory.fleet.contact {
        settings.push(("CLAVITOR_ACME_CONTACT", Value::text(contact)));
    }
    Value::set([
        ("operatorKeys", Value::texts(keys)),
        ("settings", Value::Set(settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
    ])
}

/// The module of one node.
pub(super) fn value(inventory: &Inventory, name: &NodeName, node: &Node, plan: &NodePlan) -> Value {
    let memory_mb = inventory.plans.get(&node.plan).map_or(512, |plan| plan.ram_mb);
    let tunnels = plan.interfaces.iter().map(|of| (of.name.clone(), tunnel(of)));
    let rules = |rules: &[Rule]| Value::texts(rules.iter().map(Rule::nft));
    let data = Value::set([
        ("name", Value::text(name)),
        ("domain", Value::text(inventory.host_name(name))),
        ("role", Value::text(node.role.word())),
        ("memoryMax", Value::text(format!("{}M", memory_mb / 8 * MEMORY_EIGHTHS))),
        ("tunnels", Value::Set(tunnels.collect())),
        ("firewall", Value::set([("forward", rules(&plan.firewall.forward)), ("input", rules(&plan.firewall.input))])),
    ]);
    let mut clavitor = vec![("node".to_owned(), data)];
    if node.is_hub() {
        let enabled = |service| Value::set([("enable", node.services.contains(&service).into())]);
        clavitor.push(("hub".to_owned(), Value::set([("hq", enabled(HubService::Hq)), ("kuma", enabled(HubService::Kuma))])));
    }
    if let Some(open) = node.break_glass.as_ref().and_then(|open| break_glass(inventory, open)) {
        clavitor.push(("breakGlass".to_owned(), open));
    }
    Value::set([
        ("imports", Value::List(vec![Value::File("../modules/node.nix")])),
        ("clavitor", Value::Set(clavitor.into_iter().collect())),
    ])
}

fn tunnel(interface: &Interface) -> Value {
    let role = match interface.role {
        Role::Hub => "hub",
        Role::Spoke => "spoke",
    };
    Value::set([
        ("network", Value::text(&interface.network)),
        ("role", Value::text(role)),
        ("address", Value::text(interface.address)),
        ("prefix", Value::Int(interface.prefix.into())),
        ("listenPort", interface.listen_port.into()),
        ("privateKeyFile", Value::text(&interface.private_key_file)),
        ("peers", Value::List(interface.peers.iter().map(peer).collect())),
    ])
}

fn peer(peer: &Peer) -> Value {
    let name = match &peer.name {
        PeerName::Node(name) => name.clone(),
        PeerName::Operator(name) => format!("operator {name}"),
    };
    Value::set([
        ("name", Value::Text(name)),
        ("publicKey", Value::text(peer.public_key)),
        ("allowedIPs", Value::texts(&peer.allowed)),
        ("endpoint", peer.endpoint.map_or(Value::Null, Value::text)),
        ("persistentKeepalive", peer.keepalive_s.into()),
        ("presharedKeyFile", Value::text(&peer.preshared_key_file)),
    ])
}

/// The emergency way in, while it is open. An operator without a hardware-backed key has none.
fn break_glass(inventory: &Inventory, open: &BreakGlass) -> Option<Value> {
    let key = inventory.operators.get(&open.operator)?.break_glass.as_ref().filter(|key| key.is_hardware_backed())?;
    let until = open.until.to_string(); // 2026-11-23T10:00:00Z
    let digits: String = until.chars().filter(char::is_ascii_digit).collect();
    Some(Value::set([
        ("enable", true.into()),
        ("operator", Value::text(&open.operator)),
        ("key", Value::text(key.without_comment())),
        ("from", Value::text(open.from)),
        ("until", Value::Text(until.replace('T', " ").replace('Z', ""))),
        ("untilKey", Value::Text(format!("{digits}Z"))),
        ("untilUnix", Value::Int(i64::try_from(open.until.unix_s()).unwrap_or(i64::MAX))),
        ("reason", Value::text(&open.reason)),
    ]))
}
