//! Every check, by one change to the shipped inventory each.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::inventory::{Finding, Inventory, Level, Parsed, SHIPPED};

/// Errors and warnings as `LEVEL KEY: MESSAGE`, without the shipped inventory's own warning.
fn found(text: &str) -> Vec<String> {
    let own = |finding: &Finding| finding.key == "operator.soc.ssh_keys" && finding.level == Level::Warning;
    let word = |finding: &Finding| if finding.level == Level::Error { "error" } else { "warning" };
    let Parsed { findings, .. } = Inventory::parse(text, "fleet.toml");
    findings
        .iter()
        .filter(|finding| !own(finding))
        .map(|finding| format!("{} {}: {}", word(finding), finding.key, finding.message))
        .collect()
}

/// The shipped inventory with the first occurrence behind a table's header changed.
fn changed(table: &str, from: &str, to: &str) -> String {
    let header = format!("[{table}]");
    let start = SHIPPED.find(&header).unwrap_or_else(|| panic!("no {header}"));
    let at = start + SHIPPED[start..].find(from).unwrap_or_else(|| panic!("no {from} in {header}"));
    let mut text = SHIPPED.to_owned();
    text.replace_range(at..at + from.len(), to);
    text
}

#[test]
fn the_shipped_inventory_has_one_warning() {
    let Parsed { inventory, findings } = Inventory::parse(SHIPPED, "fleet.toml");
    assert!(inventory.is_some());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].message.contains("no SSH key"));
}

/// Table, what to replace, with what, and the one finding that must come of it.
const CASES: &[(&str, &str, &str, &str)] = &[
    // Networks and hubs.
    ("network.a", "10.84.0.0/24", "11.84.0.0/24", "error network.a.subnet: 11.84.0.0/24 is not a private network"),
    ("network.a", "10.84.0.240/28", "10.84.2.240/28", "error network.a.operators: the operators' range 10.84.2.240/28 is not a part of"),
    ("network.b", "wg1", "wg0", "error network.b.interface: both networks have the interface wg0"),
    ("network.b", "\"frankfurt\"", "\"frankfort\"", "error network.b.hub: there is no [node.frankfort]"),
    ("network.b", "\"frankfurt\"", "\"zurich\"", "error network.b.hub: zurich is the hub of both networks"),
    ("node.frankfurt", "role = \"hub\"", "role = \"pop\"", "error network.b.hub: frankfurt is not a hub"),
    ("node.frankfurt", "country = \"DE\"", "country = \"CH\"", "error network.b.hub: zurich and frankfurt are both in CH"),
    ("node.tokyo", "role = \"pop\"", "role = \"hub\"", "warning node.tokyo.role: tokyo is a hub, and no network meets there"),
    ("node.tokyo", "state", "services = [\"hq\"]\nstate", "error node.tokyo.services: tokyo is not a hub"),
    // Numbers, addresses, keys.
    ("node.tokyo", "number = 2", "number = 11", "error node.tokyo.number: the number 11 is taken by seoul"),
    ("node.tokyo", "number = 2", "number = 242", "error node.tokyo.number: number 242 lies in the operators' range 10.84.0.240/28"),
    ("node.tokyo", "203.0.113.2\"", "203.0.113.11\"", "error node.tokyo.address: the address 203.0.113.11 is taken by seoul"),
    ("node.tokyo", "203.0.113.2\"", "10.84.1.99\"", "error node.tokyo.address: 10.84.1.99 cannot be reached from outside"),
    ("node.tokyo", "203.0.113.2\"", "fe80::1\"", "error node.tokyo.address: fe80::1 cannot be reached from outside"),
    ("node.tokyo", "state", "address2 = \"203.0.113.99\"\nstate", "error node.tokyo.address2: the second address is for the other family"),
    ("operator.soc", "number = 241", "number = 2", "error operator.soc.number: number 2 lies outside the operators' range"),
    ("operator.soc", "number = 241", "number = 240\nx = 1", "error operator.soc.x: the key x is not known in [operator.soc]"),
    // Machines.
    ("node.tokyo", "\"vultr\"", "\"vulture\"", "error node.tokyo.provider: there is no [provider.vulture]"),
    ("node.tokyo", "\"vultr-512\"", "\"vultr-4096\"", "error node.tokyo.plan: there is no [plan.vultr-4096]"),
    ("node.tokyo", "\"vultr-512\"", "\"hostkey-mini\"", "error node.tokyo.plan: hostkey-mini is a plan of hostkey, and tokyo is at vultr"),
    ("node.zurich", "cost_usd = 0.00", "", "warning node.zurich.plan: what zurich costs is not known"),
    ("node.tokyo", "backup = \"seoul\"", "backup = \"tokyo\"", "error node.tokyo.backup: tokyo cannot be its own backup"),
    ("node.tokyo", "backup = \"seoul\"", "backup = \"soul\"", "error node.tokyo.backup: there is no [node.soul]"),
    (
        "node.london",
        "backup = \"amsterdam\"",
        "backup = \"warsaw\"",
        "warning node.london.backup: london and its backup warsaw are both at vultr",
    ),
    (
        "node.tokyo",
        "latitude = 35.6762\nlongitude = 139.6503",
        "latitude = 0\nlongitude = 0.0",
        "warning node.tokyo.latitude: 0, 0 is in the sea",
    ),
    (
        "node.sydney",
        "state",
        "retired = \"2026-11-22\"\nstate",
        "error node.sydney.retired: sydney is planned and was retired on 2026-11-22",
    ),
    // Money.
    ("fleet", "budget_usd = 100.00", "budget_usd = 40", "error fleet.budget_usd: the nodes cost $40.50 a month, $0.50 more than"),
    ("provider.vultr", "\"vultr-2048\"", "\"vultr-512\"", "error provider.vultr.ladder.2: vultr-512 stands on the ladder twice"),
    ("provider.vultr", "\"vultr-2048\"", "\"hostkey-mini\"", "error provider.vultr.ladder.2: hostkey-mini is a plan of hostkey"),
    ("plan.vultr-1024", "\"vultr\"", "\"hetzner\"", "error plan.vultr-1024.provider: there is no [provider.hetzner]"),
    // Rules.
    ("severity", "= 65", "= 60", "error severity.sev2_silent_s: 60 s are not two missed posts"),
    ("severity", "= 300", "= 65", "error severity.sev1_silent_s: a SEV1 comes after a SEV2"),
    ("severity", "= 300", "= 139", "error severity.sev1_silent_s: 139 s is less than sev2_silent_s, storm_window_s and 15 s for a probe"),
    ("severity", "= 0.4", "= 0", "error severity.storm_fraction: with 0 every silence"),
    ("rollout", "[1, 2, 4]", "[]", "error rollout.waves: without waves"),
    ("rollout", "[1, 2, 4]", "[3, 4]", "warning rollout.waves.0: the first wave has 3 nodes"),
    ("rollout", "= 120", "= 5", "error rollout.confirm_s: 5 s is not between 30 and 3600"),
    // Form.
    (
        "node.tokyo",
        "203.0.113.2\"",
        "tokyo.pop.clavitor.com\"",
        "error node.tokyo.address: \"tokyo.pop.clavitor.com\" is not a literal address",
    ),
    ("node.tokyo", "latitude", "lattitude", "error node.tokyo.lattitude: the key lattitude is not known in [node.tokyo]"),
    ("node.tokyo", "35.6762", "95", "error node.tokyo.latitude: latitude is 95, and must be a number from -90 to 90"),
    ("node.tokyo", "number = 2", "number = 300", "error node.tokyo.number: number is 300, and must be a whole number from 1 to 254"),
    ("node.tokyo", "number = 2", "number = \"2\"", "error node.tokyo.number: number must be a whole number from 1 to 254, and is a string"),
    ("node.tokyo", "\"pop\"", "\"popp\"", "error node.tokyo.role: role is \"popp\", and must be one of pop, hub"),
    ("node.tokyo", "\"JP\"", "\"jp\"", "error node.tokyo.country: \"jp\" is not a country"),
    ("node.tokyo", "city = \"Tokyo\"", "city = \"\"", "error node.tokyo.city: this text is empty"),
    ("node.tokyo", "[node.tokyo]", "[node.Tokyo]", "error node.Tokyo: \"Tokyo\" is not a name"),
    ("plan.vultr-512", "2.50", "2.505", "error plan.vultr-512.price_usd: 2.505 is not an amount"),
    ("network.b", "10.84.1.0/24", "10.84.1.7/24", "error network.b.subnet: \"10.84.1.7/24\" begins inside a network"),
    ("fleet", "name = \"Clavitor\"\n", "", "error fleet.name: name is missing in [fleet]"),
    ("fleet", "[fleet]", "colour = 1\n[fleet]", "error colour: the key colour is not known"),
];

#[test]
fn each_mistake_is_reported() {
    let mut failed = String::new();
    for (table, from, to, wanted) in CASES {
        let findings = found(&changed(table, from, to));
        if !findings.iter().any(|finding| finding.starts_with(wanted)) {
            let _ = writeln!(failed, "[{table}] {from} -> {to}\n  wanted {wanted}\n  found {findings:#?}");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// One mistake gives one finding, so that nobody looks for what is not there. These truly break more than one rule.
const BREAKS_MORE: &[&str] = &[
    "11.84.0.0/24",
    "10.84.2.240/28",
    "\"frankfort\"",
    "\"zurich\"",
    "number = 2",
    "latitude = 0\nlongitude = 0.0",
    "lattitude",
    "[node.Tokyo]",
];

#[test]
fn no_mistake_hides_behind_others() {
    let more: Vec<_> = CASES
        .iter()
        .map(|(table, from, to, _)| (from, to, found(&changed(table, from, to))))
        .filter(|(.., found)| found.len() > 1)
        .collect();
    let named: Vec<&str> = more.iter().map(|(_, to, _)| **to).collect();
    assert_eq!(named, BREAKS_MORE, "{more:#?}");
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let text = changed("node.tokyo", "number = 2", "number = 11").replace("country = \"KR\"", "country = \"kr\"\ncolour = \"red\"");
    let text = text.replace("sev1_silent_s = 300", "sev1_silent_s = 10").replace("203.0.113.14", "sydney.example");
    let findings = Inventory::parse(&text, "fleet.toml").into_result().unwrap_err();
    let keys: Vec<&str> = findings.iter().map(|finding| finding.key.as_str()).collect();
    assert_eq!(
        keys,
        ["severity.sev1_silent_s", "operator.soc.ssh_keys", "node.seoul.country", "node.seoul.colour", "node.sydney.address"],
        "a number's other holder is not judged while its own entry does not hold"
    );
    assert!(findings.windows(2).all(|two| two[0].line <= two[1].line));
}

#[test]
fn a_retired_nodes_number_is_never_given_again() {
    let text = changed("node.sydney", "state = \"planned\"", "state = \"retired\"\nretired = \"2026-11-22\"");
    assert!(found(&text).is_empty(), "{:?}", found(&text));
    let again = text.replace("number = 16", "number = 14").replace("203.0.113.16", "203.0.113.14");
    let findings = found(&again);
    assert_eq!(findings.len(), 1, "the address went back to the provider, the number did not: {findings:?}");
    assert!(findings[0].starts_with("error node.tel-aviv.number: the number 14 is taken by sydney, which is retired"), "{findings:?}");
}

#[test]
fn a_hub_or_a_backup_that_is_retired_is_missed() {
    let text = changed("node.frankfurt", "state = \"planned\"", "state = \"retired\"\nretired = \"2026-11-22\"");
    let findings = found(&text);
    assert!(findings.iter().any(|finding| finding.starts_with("error network.b.hub: frankfurt is retired")), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.starts_with("error node.zurich.backup: frankfurt is retired")), "{findings:?}");
}

#[test]
fn active_nodes_are_enrolled_and_have_addresses_of_their_own() {
    let findings = found(&changed("node.tokyo", "state = \"planned\"", "state = \"active\""));
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].starts_with("warning node.tokyo.address: 203.0.113.2 is of a range for documentation"));
    assert!(findings[1].starts_with("warning node.tokyo.state: tokyo is active and not enrolled"));
}

#[test]
fn keys_are_not_shared_and_emergency_keys_are_hardware() {
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
    let keys = format!(
        "keys = {{ wireguard = \"{}=\", ssh_host = \"{ssh}\", identity = \"{}=\", since = \"2026-11-22\" }}\nstate",
        "B".repeat(42) + "A",
        "C".repeat(42) + "A"
    );
    let both =
        changed("node.tokyo", "state", &keys).replacen("[node.seoul]\n", &format!("[node.seoul]\n{}", keys.trim_end_matches("state")), 1);
    let findings = found(&both);
    let shared: Vec<&String> = findings.iter().filter(|finding| finding.contains("is taken by")).collect();
    assert_eq!(shared.len(), 3, "{findings:?}");
    let open = "operator = \"soc\", from = \"203.0.113.200\", since = \"2026-11-23T11:00:00Z\", until = \"2026-11-23T12:00:00Z\", reason = \"drill\"";
    let open = changed("node.tokyo", "state", &format!("break_glass = {{ {open} }}\nstate"));
    let findings = found(&open);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(
        findings[0].starts_with("warning node.tokyo.break_glass: the emergency way into tokyo is open for soc until 2026-11-23T12:00:00Z")
    );
    assert!(findings[1].starts_with("error node.tokyo.break_glass.operator: operator soc has no break_glass key"));
    let soft = changed("operator.soc", "ssh_keys = []", &format!("break_glass = \"{ssh}\"\nssh_keys = [\"{ssh} desk\", \"{ssh} again\"]"));
    let findings = found(&soft);
    assert_eq!(findings.len(), 3, "{findings:?}");
}

#[test]
fn a_mistake_of_grammar_has_a_place() {
    let findings = Inventory::parse("schema = 1\n[fleet\nname = \"x\"\n", "f.toml").into_result().unwrap_err();
    assert_eq!((findings[0].line, findings.len()), (2, 1), "{findings:?}");
    let twice = changed("node.tokyo", "[node.tokyo]", "[node.seoul]");
    let findings = Inventory::parse(&twice, "f.toml").into_result().unwrap_err();
    assert!(findings[0].message.contains("duplicate"), "{findings:?}");
}

#[test]
fn strange_files_are_refused_and_nothing_panics() {
    for text in
        ["", "\u{feff}", "node = 1", "[node]", "node = []", "[[node]]", "schema = 1\nnode.x = 3", "fleet.a.b.c = 1", "\0", "\"a.b\" = 1"]
    {
        assert!(Inventory::parse(text, "f").inventory.is_none(), "{text:?}");
    }
    for cut in (0..SHIPPED.len()).step_by(97).filter(|cut| SHIPPED.is_char_boundary(*cut)) {
        let _ = Inventory::parse(&SHIPPED[..cut], "f");
    }
}

proptest! {
    /// Whatever somebody types into the file, there is an answer, and its places are in the file.
    #[test]
    fn any_typing_error_has_a_place(at in 0..SHIPPED.len(), gone in 0usize..40, typed in "[ -~\\n\"=\\[\\].é]{0,12}") {
        let start = (0..=at).rev().find(|index| SHIPPED.is_char_boundary(*index)).unwrap();
        let end = (start + gone..=SHIPPED.len()).find(|index| SHIPPED.is_char_boundary(*index)).unwrap_or(SHIPPED.len());
        let mut text = SHIPPED.to_owned();
        text.replace_range(start..end, &typed);
        let Parsed { inventory, findings } = Inventory::parse(&text, "fleet.toml");
        let lines: Vec<&str> = text.split('\n').collect();
        for finding in &findings {
            let line = lines.get(finding.line - 1).copied();
            prop_assert!(line.is_some_and(|line| finding.column <= line.chars().count() + 1), "{finding}");
        }
        prop_assert!(inventory.is_some() || findings.iter().any(|finding| finding.level == Level::Error));
    }
}
