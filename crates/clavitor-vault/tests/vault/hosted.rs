//! Hosted agents: tier 1 of their scopes, with the key that their request brings.

use clavitor_crypto::{EntryId, FieldId, header::Deleted, manifest::Capabilities};
use clavitor_person::AgentTerms;
use clavitor_vault::{
    Credential, Error, Result, UseMode, agents,
    hosted::{self, FieldName, HostedEntry},
};

use crate::house::{API_KEY, CARD, House, PASSWORD, TOTP, USERNAME, hosted_login, wait, with_card};

fn list(house: &House, token: &Credential) -> Result<Vec<HostedEntry>> {
    wait(|done| hosted::list(&house.vault, house.now_ms, token, done))
}

fn value(house: &House, token: &Credential, id: EntryId, field: FieldName) -> Result<String> {
    wait(|done| hosted::value(&house.vault, house.now_ms, token, id, field, done)).map(|value| value.value.to_string())
}

fn totp(house: &House, token: &Credential, id: EntryId) -> Result<(String, u64)> {
    wait(|done| hosted::totp(&house.vault, house.now_ms, token, id, done)).map(|totp| (totp.code.to_string(), totp.valid_s))
}

fn label(text: &str) -> FieldName {
    FieldName::parse(text)
}

fn revealing(house: &House) -> AgentTerms {
    house.terms().allowing(Capabilities::REVEAL.with(Capabilities::TOTP))
}

#[test]
fn a_hosted_agent_sees_names_and_what_it_may_do() {
    let mut house = House::safe();
    let id = house.add(with_card(hosted_login(1))).unwrap();
    let (agent_id, token) = house.host(&revealing(&house));
    let entries = list(&house, &token).unwrap();
    assert_eq!((entries.len(), entries[0].entry_id, entries[0].title.as_str(), entries[0].kind.as_str()), (1, id, "Login 1", "login"));
    let fields: Vec<_> = entries[0].fields.iter().map(|field| (field.field_id, field.tier, field.allowed_modes.clone())).collect();
    assert_eq!(fields[0], (USERNAME, 1, vec![UseMode::Reveal]));
    assert_eq!(fields[1], (PASSWORD, 2, vec![]));
    assert_eq!(fields[2], (API_KEY, 1, vec![UseMode::Reveal]));
    assert_eq!(fields[3], (TOTP, 1, vec![UseMode::Totp, UseMode::Reveal]));
    assert_eq!(fields[4], (CARD, 3, vec![]));
    let me = house.vault.read(house.now_ms, |r| agents::me(r, &token, None)).unwrap();
    assert_eq!((me.agent_id, me.active, me.manifest, me.scope_wraps.len()), (agent_id, true, None, 0));
    assert_eq!(me.minute.used, 0, "names cost no budget");
}

#[test]
fn values_of_tier_1_open_by_id_and_by_label_and_nothing_above_does() {
    let mut house = House::safe();
    let id = house.add(with_card(hosted_login(7))).unwrap();
    let (agent_id, token) = house.host(&revealing(&house));
    assert_eq!(value(&house, &token, id, FieldName::Id(API_KEY)).unwrap(), "key 7");
    assert_eq!(value(&house, &token, id, label("key")).unwrap(), "key 7");
    assert_eq!(value(&house, &token, id, label("user name")).unwrap(), "ada");
    for above in ["password", "card"] {
        assert!(matches!(value(&house, &token, id, label(above)), Err(Error::TierTooHigh(_))), "{above}");
    }
    assert_eq!(value(&house, &token, id, label("no such field")), Err(Error::Hidden));
    assert_eq!(value(&house, &token, id, FieldName::Id(FieldId::ZERO)), Err(Error::Hidden), "the summary is no value");
    let learnt = house.read(|r, owner| agents::learnt(r, owner, agent_id)).unwrap();
    assert_eq!(learnt.len(), 2);
    let actions = house.actions();
    assert!(actions.iter().any(|action| action == "hosted field.open ok"));
    assert!(actions.iter().any(|action| action == "hosted field.open tier_too_high"));
}

#[test]
fn codes_need_totp_and_values_need_reveal() {
    let mut house = House::safe();
    let id = house.add(hosted_login(1)).unwrap();
    let (_, codes_only) = house.host(&house.terms());
    // START_MS is a multiple of neither 30 s nor this test's patience: the window is what RFC 6238 says it is.
    let (code, valid_s) = totp(&house, &codes_only, id).unwrap();
    assert_eq!((code.len(), valid_s), (6, 30 - house.now_ms / 1000 % 30));
    match value(&house, &codes_only, id, label("key")) {
        Err(Error::Forbidden(denial)) => assert_eq!(denial.allowed_modes, []),
        other => panic!("{other:?}"),
    }
    match value(&house, &codes_only, id, label("code")) {
        Err(Error::Forbidden(denial)) => assert_eq!(denial.allowed_modes, [UseMode::Totp]),
        other => panic!("{other:?}"),
    }
    let (_, values_only) = house.host(&house.terms().allowing(Capabilities::REVEAL));
    assert!(matches!(totp(&house, &values_only, id), Err(Error::Forbidden(_))));
    assert_eq!(value(&house, &values_only, id, label("code")).unwrap(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

#[test]
fn a_token_reaches_its_scope_only_and_misses_cost_budget() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let inside = house.add(hosted_login(1).in_scope(scope)).unwrap();
    let outside = house.add(hosted_login(2)).unwrap();
    let mut terms = AgentTerms::new("worker", scope, house.now_ms / 1000 + 1000);
    terms = terms.allowing(Capabilities::REVEAL);
    let (_, token) = house.host(&terms);
    assert_eq!(list(&house, &token).unwrap().len(), 1);
    assert!(value(&house, &token, inside, label("key")).is_ok());
    assert_eq!(value(&house, &token, outside, label("key")), Err(Error::Hidden));
    assert_eq!(value(&house, &token, EntryId([3; 16]), label("key")), Err(Error::Hidden));
    assert!(matches!(value(&house, &token, EntryId([4; 16]), label("key")), Err(Error::BudgetExceeded { .. })));
    assert!(matches!(value(&house, &token, inside, label("key")), Err(Error::BudgetExceeded { .. })));
}

#[test]
fn a_token_that_is_cut_forged_locked_or_removed_opens_nothing() {
    let mut house = House::safe();
    let id = house.add(hosted_login(1)).unwrap();
    let (hosted, changes) = house.person.host(&revealing(&house), house.now_ms).unwrap();
    let token = Credential::hosted(&hosted.token).unwrap();
    assert_eq!(value(&house, &token, id, label("key")), Err(Error::Unauthenticated), "not sent to the node yet");
    house.apply(changes).unwrap();
    assert!(value(&house, &token, id, label("key")).is_ok());
    let text = hosted.token.as_str();
    assert!(Credential::hosted(&text[..text.len() - 1]).is_err());
    let forged = clavitor_crypto::token::HostedToken::new(hosted.agent, clavitor_crypto::Secret::make());
    let forged = Credential::hosted(&forged.text()).unwrap();
    assert_eq!(value(&house, &forged, id, label("key")), Err(Error::Unauthenticated));
    let agent = hosted.agent;
    house.write(move |w, owner| agents::lock(w, owner, agent)).unwrap();
    assert_eq!(value(&house, &token, id, label("key")), Err(Error::AgentLocked));
    assert_eq!(list(&house, &token).err(), Some(Error::AgentLocked));
    let changes = house.person.revoke(agent, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert_eq!(list(&house, &token).err(), Some(Error::Unauthenticated));
}

#[test]
fn what_was_looked_at_before_is_gone_with_the_next_change() {
    let mut house = House::safe();
    let id = house.add(hosted_login(1)).unwrap();
    let (agent, token) = house.host(&revealing(&house));
    let look = |house: &House| value(house, &token, id, label("key"));
    for _ in 0..2 {
        assert_eq!(look(&house).unwrap(), "key 1");
    }
    for (place, outcome) in [(Deleted::Trash, Err(Error::Hidden)), (Deleted::Live, Ok("key 1".to_owned()))] {
        let changes = house.person.edit_entry(id, |draft| draft.deleted = place, house.now_ms).unwrap();
        house.apply(changes).unwrap();
        assert_eq!(look(&house), outcome);
        assert_eq!(look(&house), outcome);
    }
    let changes = house.person.suspend(agent, true, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert!(matches!(look(&house), Err(Error::Forbidden(_))));
    let changes = house.person.suspend(agent, false, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert_eq!(look(&house).unwrap(), "key 1");
    house.write(move |w, owner| agents::lock(w, owner, agent)).unwrap();
    assert_eq!(look(&house), Err(Error::AgentLocked));
    let changes = house.person.revoke(agent, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    assert_eq!(look(&house), Err(Error::Unauthenticated));
}
