//! The policy as a table that people can read: every asker, every act, every subject it can be asked of.

use clavitor_crypto::{field_kind::Tier, manifest::Capabilities};

use super::*;

const LIVE: EntryFacts = EntryFacts { place: Some(Deleted::Live), capabilities: None };

fn askers() -> Vec<(String, Asker)> {
    let mut askers =
        vec![("person".to_owned(), Asker::Person { fresh: false }), ("person, fresh passkey".to_owned(), Asker::Person { fresh: true })];
    for (name, kind) in [("agent", AgentKind::Enrolled), ("hosted", AgentKind::Hosted)] {
        for (state, standing) in [
            ("active", Standing::Active),
            ("invited", Standing::Invited),
            ("suspended", Standing::Suspended),
            ("expired", Standing::Expired),
            ("locked", Standing::Locked),
        ] {
            askers.push((format!("{name}, {state}"), Asker::Agent { kind, standing }));
        }
    }
    askers
}

fn verdict(asker: Asker, act: Act, subject: Subject) -> String {
    match decide(asker, act, subject) {
        Ok(()) => "yes".to_owned(),
        Err(Error::Forbidden(denial) | Error::TierTooHigh(denial)) if !denial.allowed_modes.is_empty() => {
            let modes: Vec<_> = denial.allowed_modes.iter().map(|mode| mode.name()).collect();
            format!("no, but {} ({})", modes.join("+"), denial.message)
        }
        Err(Error::Forbidden(denial) | Error::TierTooHigh(denial)) => format!("no ({})", denial.message),
        Err(error) => error.outcome().to_owned(),
    }
}

fn capabilities() -> Vec<(&'static str, Capabilities)> {
    vec![
        ("nothing", Capabilities::NONE),
        ("use", Capabilities::USE),
        ("totp", Capabilities::TOTP),
        ("reveal", Capabilities::REVEAL),
        ("write", Capabilities::WRITE),
        ("use+totp+reveal+write", Capabilities::USE.with(Capabilities::TOTP).with(Capabilities::REVEAL).with(Capabilities::WRITE)),
    ]
}

fn inside(capabilities: Capabilities) -> EntryFacts {
    EntryFacts { capabilities: Some(capabilities), ..LIVE }
}

#[test]
fn who_may_do_what() {
    let all = inside(Capabilities::from_bits(15).unwrap());
    let password = Some(FieldFacts { kind: FieldKind::Password, tier: Tier::Hosted });
    let acts = [
        ("read the vault", Act::ReadVault, Subject::Vault),
        ("read an entry", Act::ReadEntry, Subject::Entry(LIVE)),
        ("export everything", Act::Export, Subject::Vault),
        ("change entries", Act::Change { sensitive: false }, Subject::Vault),
        ("change ways in, agents, scopes; purge", Act::Change { sensitive: true }, Subject::Vault),
        ("register a passkey", Act::RegisterPasskey, Subject::Vault),
        ("see what an agent learnt", Act::ReadAgent, Subject::Agent { known: true }),
        ("lock an agent", Act::LockAgent, Subject::Agent { known: true }),
        ("unlock an agent", Act::UnlockAgent, Subject::Agent { known: true }),
        ("cancel a recovery", Act::CancelRecovery, Subject::Vault),
        ("ask how it stands itself", Act::ReadSelf, Subject::Vault),
        ("read what was signed before", Act::ReadPast, Subject::Vault),
        ("list names", Act::ListNames, Subject::Vault),
        ("have a hosted password revealed", Act::Release(UseMode::Reveal), Subject::Field(all, password)),
        ("write an entry", Act::WriteEntry, Subject::Entry(all)),
    ];
    let mut table = String::new();
    for (name, act, subject) in acts {
        table.push_str(&format!("{name}\n"));
        for (who, asker) in askers() {
            table.push_str(&format!("  {who:<22} {}\n", verdict(asker, act, subject)));
        }
    }
    insta::assert_snapshot!("who_may_do_what", table);
}

#[test]
fn which_field_is_released_how() {
    let fields = [
        ("password, Hosted", FieldKind::Password, Tier::Hosted),
        ("password, Agents", FieldKind::Password, Tier::Agents),
        ("card, Only me", FieldKind::CardNumber, Tier::OnlyMe),
        ("code seed, Hosted", FieldKind::Totp, Tier::Hosted),
        ("code seed, Agents", FieldKind::Totp, Tier::Agents),
    ];
    let mut table = String::new();
    for (who, kind) in [("agent", AgentKind::Enrolled), ("hosted", AgentKind::Hosted)] {
        let asker = Asker::Agent { kind, standing: Standing::Active };
        for (may, capabilities) in capabilities() {
            for (name, kind, tier) in fields {
                table.push_str(&format!("{who} with {may}: {name}\n"));
                for mode in UseMode::ALL {
                    let subject = Subject::Field(inside(capabilities), Some(FieldFacts { kind, tier }));
                    let verdict = match verdict(asker, Act::Release(mode), subject) {
                        yes if yes == "yes" && !gives_value(mode) => "yes, the key without the value".to_owned(),
                        verdict => verdict,
                    };
                    table.push_str(&format!("  {:<7} {verdict}\n", mode.name()));
                }
            }
        }
    }
    insta::assert_snapshot!("which_field_is_released_how", table);
}

#[test]
fn what_is_not_there_looks_like_what_is_not_for_you() {
    let everything = Capabilities::from_bits(15).unwrap();
    let all = Some(everything);
    let entries = [
        ("there is none", EntryFacts { place: None, capabilities: None }),
        ("in no scope of the agent", LIVE),
        ("in the trash", EntryFacts { place: Some(Deleted::Trash), capabilities: all }),
        ("purged", EntryFacts { place: Some(Deleted::Purged), capabilities: all }),
    ];
    let field = Some(FieldFacts { kind: FieldKind::Password, tier: Tier::OnlyMe });
    for kind in [AgentKind::Enrolled, AgentKind::Hosted] {
        let asker = Asker::Agent { kind, standing: Standing::Active };
        for (name, entry) in entries {
            for mode in UseMode::ALL {
                assert_eq!(decide(asker, Act::Release(mode), Subject::Field(entry, field)), Err(Error::Hidden), "{name}");
            }
            assert_eq!(decide(asker, Act::WriteEntry, Subject::Entry(entry)), Err(Error::Hidden), "{name}");
        }
        assert_eq!(decide(asker, Act::Release(UseMode::Use), Subject::Field(inside(everything), None)), Err(Error::Hidden));
    }
    let person = Asker::Person { fresh: true };
    assert_eq!(decide(person, Act::ReadEntry, Subject::Entry(entries[0].1)), Err(Error::Hidden));
    assert_eq!(decide(person, Act::LockAgent, Subject::Agent { known: false }), Err(Error::Hidden));
}

/// No capability and no standing lets any agent at tier 3, or a hosted one above tier 1.
#[test]
fn tiers_hold_for_every_combination() {
    for bits in 0..16 {
        let capabilities = Capabilities::from_bits(bits).unwrap();
        for kind in FieldKind::ALL {
            for mode in UseMode::ALL {
                let released = |agent, tier| {
                    let asker = Asker::Agent { kind: agent, standing: Standing::Active };
                    decide(asker, Act::Release(mode), Subject::Field(inside(capabilities), Some(FieldFacts { kind, tier })))
                };
                assert!(released(AgentKind::Enrolled, Tier::OnlyMe).is_err());
                assert!(released(AgentKind::Hosted, Tier::OnlyMe).is_err());
                assert!(released(AgentKind::Hosted, Tier::Agents).is_err());
            }
        }
    }
}
