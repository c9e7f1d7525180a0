//! Operators: their addresses and their keys.

use super::{Subject, numbers};
use crate::inventory::note::Notes;
use crate::inventory::{Operator, OperatorName};

pub(super) fn check(subject: &Subject<'_>, notes: &mut Notes) {
    if subject.inventory.operators.is_empty() && subject.left_out.is_empty() {
        notes.warning("operator", "nobody may reach the nodes: there is no operator");
    }
    for (name, operator) in &subject.inventory.operators {
        address(subject, name, operator, notes);
        keys(name, operator, notes);
    }
}

fn address(subject: &Subject<'_>, name: &OperatorName, operator: &Operator, notes: &mut Notes) {
    for (network_name, network) in subject.inventory.networks.iter() {
        let key = format!("operator.{name}.number");
        if let Some(why) = numbers::outside(network, operator.number) {
            notes.error(key, format!("number {} is {why} of network {}", operator.number, network_name.word()));
            return;
        }
        if !network.operators.contains(operator.address_in(network)) {
            let range = network.operators;
            notes.error(
                key,
                format!("number {} lies outside the operators' range {range} of network {}", operator.number, network_name.word()),
            );
            return;
        }
    }
}

fn keys(name: &OperatorName, operator: &Operator, notes: &mut Notes) {
    let key = format!("operator.{name}");
    if operator.ssh_keys.is_empty() {
        notes.warning(format!("{key}.ssh_keys"), format!("operator {name} has no SSH key and can log in nowhere"));
    }
    for (index, ssh) in operator.ssh_keys.iter().enumerate() {
        let is_twice = operator.ssh_keys[..index].iter().any(|other| other.without_comment() == ssh.without_comment());
        if is_twice {
            notes.error(format!("{key}.ssh_keys.{index}"), "this key stands here twice");
        }
    }
    let Some(emergency) = &operator.break_glass else { return };
    if !emergency.is_hardware_backed() {
        notes
            .error(format!("{key}.break_glass"), format!("the emergency key is {}, and must live in a security key", emergency.kind()))
            .help("ssh-keygen -t ed25519-sk");
    }
    if operator.ssh_keys.iter().any(|ssh| ssh.without_comment() == emergency.without_comment()) {
        notes.error(format!("{key}.break_glass"), "the emergency key is also an everyday key");
    }
}
