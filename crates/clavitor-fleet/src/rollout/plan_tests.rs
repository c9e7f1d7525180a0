//! Waves: 1, 2, 4, the rest; partners apart; hubs alone, the one in use last.

use super::*;

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn wish(spokes: usize, hubs: &[&str], pairs: &[(&str, &str)]) -> Wish {
    let closure = |node: &str| format!("/nix/store/{}-nixos-system-{node}-25.05", "0".repeat(32));
    let candidate = |node: &str, is_hub| Candidate { node: name(node), closure: closure(node), is_hub };
    let spokes = (0..spokes).map(|number| candidate(&format!("n{number}"), false));
    Wish {
        id: "r1".into(),
        version: "0.2.0".into(),
        candidates: hubs.iter().map(|hub| candidate(hub, true)).chain(spokes).collect(),
        pairs: pairs.iter().map(|(a, b)| (name(a), name(b))).collect(),
        bystanders: Vec::new(),
        hub_in_use: Some(name("zurich")),
        sizes: vec![1, 2, 4],
        limits: Limits::default(),
    }
}

fn shape(plan: &Plan) -> Vec<Vec<&str>> {
    plan.waves().iter().map(|wave| wave.iter().map(|node| node.as_ref()).collect()).collect()
}

#[test]
fn one_two_four_the_rest_then_the_hubs_one_by_one_the_one_in_use_last() {
    let plan = Plan::new(wish(14, &["zurich", "frankfurt"], &[])).unwrap();
    assert_eq!(plan.waves().iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 4, 7, 1, 1]);
    assert_eq!(shape(&plan)[4..], [vec!["frankfurt"], vec!["zurich"]]);
    assert_eq!(plan.nodes().count(), 16);
}

#[test]
fn a_node_and_its_backup_are_never_in_one_wave() {
    let plan = Plan::new(wish(5, &[], &[("n1", "n2"), ("n4", "n3")])).unwrap();
    assert_eq!(shape(&plan), [vec!["n0"], vec!["n1", "n3"], vec!["n2", "n4"]]);
    let plan = Plan::new(wish(2, &[], &[("n0", "n1")])).unwrap();
    assert_eq!(shape(&plan), [vec!["n0"], vec!["n1"]]);
}

#[test]
fn what_was_written_is_checked_again_when_it_is_read() {
    let plan = Plan::new(wish(3, &["zurich"], &[("n1", "n0")])).unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    let together = text.replace(r#"[["n0"],["n1","n2"],["zurich"]]"#, r#"[["n0","n1"],["n2"],["zurich"]]"#);
    assert!(serde_json::from_str::<Plan>(&together).unwrap_err().to_string().contains("n1 and n0"));
    let with_hub = text.replace(r#"["n1","n2"],["zurich"]"#, r#"["n1"],["n2","zurich"]"#);
    assert!(serde_json::from_str::<Plan>(&with_hub).unwrap_err().to_string().contains("hubs"));
    let twice = text.replace(r#"["n1","n2"]"#, r#"["n0","n2"]"#);
    assert!(serde_json::from_str::<Plan>(&twice).unwrap_err().to_string().contains("twice"));
    assert!(serde_json::from_str::<Plan>(&text.replace(r#"["n1","n2"]"#, r#"["n1"]"#)).is_err());
}

#[test]
fn wishes_that_cannot_be() {
    assert_eq!(Plan::new(wish(0, &[], &[])), Err(PlanError::Empty));
    let mut bad = wish(1, &[], &[]);
    bad.version = "0.2.0; reboot".into();
    assert!(matches!(Plan::new(bad), Err(PlanError::Version(_))));
    for path in ["/etc", "/nix/store/", "/nix/store/../../etc/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "result"] {
        let mut bad = wish(1, &[], &[]);
        bad.candidates[0].closure = path.into();
        assert!(matches!(Plan::new(bad), Err(PlanError::Closure(..))), "{path}");
    }
    let mut bad = wish(2, &[], &[]);
    bad.candidates[1] = bad.candidates[0].clone();
    assert!(matches!(Plan::new(bad), Err(PlanError::Twice(_))));
}
