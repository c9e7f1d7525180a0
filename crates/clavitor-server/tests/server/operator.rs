//! What the operator of the machine asks of a node.

use std::io::BufReader;

use clavitor_server::control::{Order, Reply, carry_out};
use clavitor_vault::audit::{Verdict, verify};
use data_encoding::BASE64;

use crate::{
    node::{ORIGIN, TestNode},
    story::household,
};

#[tokio::test]
async fn an_exported_log_is_checked_without_the_node() {
    let node = TestNode::new();
    household(&node, "audit").await;
    let folder = tempfile::tempdir().unwrap();
    let (file, head) = (folder.path().join("log.jsonl"), folder.path().join("head"));
    let Reply::Vaults(vaults) = carry_out(&node.vault, ORIGIN, node.now_ms(), Order::Vaults) else { panic!("no list of vaults") };
    let order = || Order::AuditExport { vault: vaults[0].clone(), file: file.clone(), head: head.clone() };
    let Reply::Exported { events, log_key } = carry_out(&node.vault, ORIGIN, node.now_ms(), order()) else { panic!("not exported") };
    assert!(events > 2);
    assert!(matches!(carry_out(&node.vault, ORIGIN, node.now_ms(), order()), Reply::Refused(_)), "an export never overwrites");

    let key: [u8; 32] = BASE64.decode(log_key.as_bytes()).unwrap().try_into().unwrap();
    let (lines, head) = (std::fs::read_to_string(&file).unwrap(), std::fs::read_to_string(&head).unwrap());
    let check = |lines: &str, key: &[u8; 32]| verify(&mut BufReader::new(lines.as_bytes()), &head, key, None);
    assert_eq!(check(&lines, &key), Verdict::Ok { events });
    assert_eq!(check(&lines, &[7; 32]).exit_code(), 3);
    let shorter: String = lines.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert_eq!(check(&shorter, &key).exit_code(), 2);
}

#[tokio::test]
async fn an_order_for_nothing_is_refused_in_words() {
    let node = TestNode::new();
    let folder = tempfile::tempdir().unwrap();
    let (file, head) = (folder.path().join("a"), folder.path().join("b"));
    for vault in ["nonsense".to_owned(), "77".repeat(16)] {
        let order = Order::AuditExport { vault, file: file.clone(), head: head.clone() };
        assert!(matches!(carry_out(&node.vault, ORIGIN, node.now_ms(), order), Reply::Refused(why) if !why.is_empty()));
        let _ = std::fs::remove_file(&file);
    }
}
