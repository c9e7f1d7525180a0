//! Sealed fields for enrolled agents: what they get, what they pay, and what their owner sees of it.

use clavitor_crypto::{EntryId, FieldId, manifest::Capabilities};
use clavitor_person::AgentTerms;
use clavitor_vault::{
    Error, UseMode, agents,
    release::{self, ReleaseRequest},
};

use crate::house::{API_KEY, CARD, Enrolled, House, PASSWORD, TOTP, USERNAME, hosted_login, login, stored, wait, with_card};

const MINUTE: u64 = 60_000;

fn status(house: &House) -> agents::AgentStatus {
    house.read(agents::list).unwrap().remove(0)
}

#[test]
fn a_release_opens_on_the_agents_machine_and_stands_in_the_ledger_and_the_log() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let agent = house.enrol(&house.terms());
    for _ in 0..2 {
        let released = house.release(&agent, id, PASSWORD).unwrap();
        assert_eq!(released.records.len(), 1);
        assert!(released.grants.iter().all(|grant| grant.tier == 2));
        assert_eq!(&*agent.double.open_field(&stored(&released), PASSWORD).unwrap(), b"secret 1");
        house.later(1000);
    }
    let agent_id = agent.double.id();
    let learnt = house.read(|r, owner| agents::learnt(r, owner, agent_id)).unwrap();
    assert_eq!((learnt[0].entry_id, learnt[0].field_id, learnt[0].times, learnt[0].field_version), (id, PASSWORD, 2, 1));
    assert_eq!(learnt[0].last_ms - learnt[0].first_ms, 1000);
    let page = house.read(|r, owner| clavitor_vault::audit::page(r, owner, None, 1)).unwrap();
    let event = &page.events[0];
    assert_eq!((event.actor_kind, event.action.as_str(), event.outcome.as_str()), ("agent", "field.release", "ok"));
    assert_eq!((event.entry_id, event.field_id, event.tier), (Some(id), Some(PASSWORD), Some(2)));
    assert_eq!(event.detail.as_deref(), Some("use: a test asks"));
    assert_eq!((status(&house).minute.used, status(&house).hour.used), (1, 1), "one entry, however often");
}

#[test]
fn tier_3_stays_with_the_owner() {
    let mut house = House::safe();
    let id = house.add(with_card(login(1))).unwrap();
    let agent = house.enrol(&house.terms().allowing(House::all_capabilities()));
    for mode in UseMode::ALL {
        assert!(matches!(house.release_as(&agent, id, CARD, mode), Err(Error::TierTooHigh(_))), "{mode:?}");
    }
    assert!(house.actions().iter().any(|action| action == "agent field.release tier_too_high"));
}

#[test]
fn modes_need_their_capability_and_the_refusal_says_what_is_possible() {
    let mut house = House::safe();
    let id = house.add(hosted_login(1)).unwrap();
    let agent = house.enrol(&house.terms());
    let denied = |mode, field| match house.release_as(&agent, id, field, mode) {
        Err(Error::Forbidden(denial)) => denial.allowed_modes,
        other => panic!("{other:?}"),
    };
    assert_eq!(denied(UseMode::Reveal, PASSWORD), [UseMode::Use]);
    assert_eq!(denied(UseMode::Use, TOTP), [UseMode::Totp]);
    assert_eq!(denied(UseMode::Totp, PASSWORD), [UseMode::Use]);
    assert_eq!(denied(UseMode::Write, PASSWORD), [UseMode::Use]);
    assert!(house.release_as(&agent, id, TOTP, UseMode::Totp).is_ok());
    assert_eq!(house.release(&agent, id, API_KEY).unwrap().grants[0].tier, 1);
    assert_eq!(house.release(&agent, id, USERNAME).err(), Some(Error::Hidden), "a value in the summary is no field to release");
}

#[test]
fn who_may_only_write_gets_the_key_and_not_the_value() {
    let mut house = House::safe();
    let id = house.add(hosted_login(1)).unwrap();
    let agent = house.enrol(&house.terms().allowing(Capabilities::WRITE));
    let mut fields = [PASSWORD, API_KEY].map(|field| (field, house.release_as(&agent, id, field, UseMode::Write).unwrap()));
    for (field, released) in &mut fields {
        assert!(released.records.is_empty(), "{field}");
        assert_eq!(released.grants.len(), 1);
        assert_eq!(released.header, house.detail(id).unwrap().header);
        for mode in [UseMode::Use, UseMode::Reveal] {
            assert!(matches!(house.release_as(&agent, id, *field, mode), Err(Error::Forbidden(_))), "{mode:?}");
        }
    }
    let agent_id = agent.double.id();
    assert!(house.read(|r, owner| agents::learnt(r, owner, agent_id)).unwrap().is_empty());
    assert_eq!(house.actions().iter().filter(|action| *action == "agent field.release ok").count(), 2, "it is logged all the same");
}

#[test]
fn unknown_foreign_and_trashed_entries_look_the_same() {
    let mut house = House::safe();
    let scope = house.add_scope("work");
    let outside = house.add_login(1);
    let trashed = house.add(login(2).in_scope(scope)).unwrap();
    let changes = house.person.edit_entry(trashed, |draft| draft.deleted = clavitor_crypto::header::Deleted::Trash, house.now_ms).unwrap();
    house.apply(changes).unwrap();
    let agent = house.enrol(&AgentTerms::new("worker", scope, house.now_ms / 1000 + 1000));
    for id in [outside, trashed, EntryId([9; 16])] {
        assert_eq!(house.release(&agent, id, PASSWORD).err(), Some(Error::Hidden));
    }
    assert_eq!(status(&house).minute.used, 3, "misses count");
    let last: Vec<_> = house.actions().into_iter().rev().take(3).collect();
    assert!(last.iter().all(|action| action == "agent field.release not_found"), "{last:?}");
}

#[test]
fn the_first_breach_cools_the_second_locks_until_the_owner_unlocks() {
    let mut house = House::safe();
    let ids: Vec<_> = (0..5).map(|number| house.add_login(number)).collect();
    let agent = house.enrol(&house.terms());
    for id in &ids[..3] {
        house.release(&agent, *id, PASSWORD).unwrap();
    }
    assert_eq!(house.release(&agent, ids[3], PASSWORD).err(), Some(Error::BudgetExceeded { retry_after_s: 900 }));
    assert_eq!(status(&house).cooling_until_ms, Some(house.now_ms + 15 * MINUTE));
    house.later(5 * MINUTE);
    assert_eq!(house.release(&agent, ids[0], PASSWORD).err(), Some(Error::BudgetExceeded { retry_after_s: 600 }), "no further breach");
    house.later(10 * MINUTE);
    for id in &ids[..3] {
        house.release(&agent, *id, PASSWORD).unwrap();
    }
    assert_eq!(house.vault.health().locked_agents, 0);
    assert_eq!(house.release(&agent, ids[3], PASSWORD).err(), Some(Error::AgentLocked));
    house.later(24 * 60 * MINUTE);
    assert_eq!(house.release(&agent, ids[0], PASSWORD).err(), Some(Error::AgentLocked), "time does not unlock");
    assert_eq!(house.vault.health().locked_agents, 1, "counted when it is locked, and not for every refusal after it");
    house.sign_in();
    let id = agent.double.id();
    house.write(move |w, owner| agents::unlock(w, owner, id)).unwrap();
    assert!(house.release(&agent, ids[0], PASSWORD).is_ok());
    let actions = house.actions();
    for action in ["agent agent.cool budget_exceeded", "agent agent.lock agent_locked", "person agent.unlock ok"] {
        assert!(actions.iter().any(|found| found == action), "{action}");
    }
}

#[test]
fn a_budget_survives_a_restart() {
    let mut house = House::safe();
    let ids: Vec<_> = (0..4).map(|number| house.add_login(number)).collect();
    let agent = house.enrol(&house.terms());
    for id in &ids[..3] {
        house.release(&agent, *id, PASSWORD).unwrap();
    }
    house.reopen();
    assert_eq!(status(&house).minute.used, 3);
    assert!(matches!(house.release(&agent, ids[3], PASSWORD), Err(Error::BudgetExceeded { .. })));
    house.reopen();
    assert!(matches!(house.release(&agent, ids[0], PASSWORD), Err(Error::BudgetExceeded { .. })), "it cools on");
}

#[test]
fn requests_out_of_bounds_are_refused_and_cost_nothing() {
    let mut house = House::safe();
    let entry_id = house.add_login(1);
    let agent = house.enrol(&house.terms());
    let ask = |field_ids: Vec<FieldId>, reason: &str| {
        let request = ReleaseRequest { entry_id, field_ids, mode: UseMode::Use, reason: Some(reason.to_owned()) };
        wait(|done| release::fields(&house.vault, house.now_ms, &agent.credential, request, done)).err()
    };
    assert!(matches!(ask(Vec::new(), ""), Some(Error::BadRequest(_))));
    assert!(matches!(ask(vec![PASSWORD; 65], ""), Some(Error::BadRequest(_))));
    assert!(matches!(ask(vec![PASSWORD], &"x".repeat(301)), Some(Error::BadRequest(_))));
    assert_eq!(status(&house).minute.used, 0);
    assert_eq!(ask(vec![PASSWORD], &"é".repeat(300)), None);
}

#[test]
fn people_and_hosted_agents_have_another_door() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let (agent_id, credential) = house.host(&house.terms());
    assert_eq!(status(&house).agent_id, agent_id);
    for credential in [credential, house.owner.clone()] {
        let request = ReleaseRequest { entry_id: id, field_ids: vec![PASSWORD], mode: UseMode::Use, reason: None };
        let asked = wait(|done| release::fields(&house.vault, house.now_ms, &credential, request, done));
        assert_eq!(asked.err(), Some(Error::Unauthenticated));
    }
}

#[test]
fn a_release_decided_before_a_change_is_decided_again_after_it() {
    let mut house = House::safe();
    let id = house.add_login(1);
    let agent = house.enrol(&house.terms());
    let changes = house.person.revoke(agent.double.id(), house.now_ms).unwrap();
    let (owner, change) = (house.owner.clone(), crate::house::convert(changes));
    let (entered, proceed) = (std::sync::Arc::new(std::sync::Barrier::new(2)), std::sync::Arc::new(std::sync::Barrier::new(2)));
    let (in_job, go) = (entered.clone(), proceed.clone());
    let (answer, answered) = std::sync::mpsc::channel();
    house.vault.write(
        house.now_ms,
        move |w| {
            in_job.wait();
            go.wait();
            clavitor_vault::change::apply(w, &owner, &change)
        },
        |applied| {
            applied.unwrap();
        },
    );
    entered.wait();
    // The read decides on the state before the revocation; the writer is busy with it.
    let request = ReleaseRequest { entry_id: id, field_ids: vec![PASSWORD], mode: UseMode::Use, reason: None };
    release::fields(&house.vault, house.now_ms, &agent.credential, request, move |released| answer.send(released).unwrap());
    proceed.wait();
    assert_eq!(answered.recv().unwrap().err(), Some(Error::Unauthenticated));
    let _: Enrolled = agent;
}
