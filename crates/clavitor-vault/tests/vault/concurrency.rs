//! Many callers at once: one budget, one order, and nobody is told of a write that is not there.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
    mpsc::channel,
};

use clavitor_vault::{
    Error, UseMode,
    hosted::{self, FieldName},
    release::{self, ReleaseRequest},
    session,
};

use crate::house::{House, PASSWORD, hosted_login};

#[test]
fn a_thousand_requests_at_once_release_no_more_entries_than_the_budget() {
    let mut house = House::safe();
    let ids: Vec<_> = (0..20).map(|number| house.add_login(number)).collect();
    let agent = house.enrol(&house.terms());
    let released = Arc::new(Mutex::new(Vec::new()));
    let refused = Arc::new(AtomicU32::new(0));
    let (answer, answered) = channel();
    std::thread::scope(|scope| {
        for thread in 0..10 {
            let (ids, answer, released, refused) = (&ids, answer.clone(), &released, &refused);
            let (vault, credential, now_ms) = (&house.vault, &agent.credential, house.now_ms);
            scope.spawn(move || {
                for number in 0..100 {
                    let entry_id = ids[(thread * 7 + number) % ids.len()];
                    let request = ReleaseRequest { entry_id, field_ids: vec![PASSWORD], mode: UseMode::Use, reason: None };
                    let (released, refused, answer) = (Arc::clone(released), Arc::clone(refused), answer.clone());
                    release::fields(vault, now_ms, credential, request, move |result| {
                        match result {
                            Ok(entry) => released.lock().unwrap().push(entry.entry_id),
                            Err(Error::BudgetExceeded { .. }) => drop(refused.fetch_add(1, Ordering::Relaxed)),
                            Err(other) => panic!("{other:?}"),
                        }
                        answer.send(()).unwrap();
                    });
                }
            });
        }
    });
    assert_eq!(answered.iter().take(1000).count(), 1000);
    let mut distinct = released.lock().unwrap().clone();
    let count = distinct.len();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 3);
    assert_eq!(count as u32 + refused.load(Ordering::Relaxed), 1000);
    let logged = house.read(|r, owner| clavitor_vault::audit::page(r, owner, None, 1000)).unwrap();
    let ok = logged.events.iter().filter(|event| event.action == "field.release" && event.outcome == "ok").count();
    assert_eq!(ok, count, "one event for each release");
}

#[test]
fn a_thousand_hosted_requests_at_once_open_no_more_entries_than_the_budget() {
    let mut house = House::safe();
    let ids: Vec<_> = (0..20).map(|number| house.add(hosted_login(number)).unwrap()).collect();
    let (_, token) = house.host(&house.terms().allowing(House::all_capabilities()));
    let (answer, answered) = channel();
    std::thread::scope(|scope| {
        for thread in 0..10 {
            let (ids, answer, vault, token, now_ms) = (&ids, answer.clone(), &house.vault, &token, house.now_ms);
            scope.spawn(move || {
                for number in 0..100 {
                    let id = ids[(thread * 3 + number) % ids.len()];
                    let answer = answer.clone();
                    hosted::value(vault, now_ms, token, id, FieldName::Label("key".to_owned()), move |value| {
                        answer.send(value.map(|value| value.value.to_string())).unwrap();
                    });
                }
            });
        }
    });
    let mut values: Vec<_> = answered.iter().take(1000).filter_map(Result::ok).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 3);
}

#[test]
fn whoever_is_told_of_a_write_reads_it() {
    let mut house = House::safe();
    let changes: Vec<_> = (0..64)
        .map(|number| {
            let (id, changes) = house.person.add_entry(crate::house::login(number), house.now_ms).unwrap();
            (id, crate::house::convert(changes))
        })
        .collect();
    std::thread::scope(|scope| {
        for (id, change) in changes {
            let (vault, owner, now_ms) = (&house.vault, house.owner.clone(), house.now_ms);
            scope.spawn(move || {
                let asking = owner.clone();
                vault.write_wait(now_ms, move |w| clavitor_vault::change::apply(w, &asking, &change)).unwrap();
                let detail = vault.read(now_ms, |r| clavitor_vault::entries::detail(r, &owner, id)).unwrap();
                assert_eq!(detail.records.len(), 2);
            });
        }
    });
    assert_eq!(house.read(|r, owner| clavitor_vault::entries::page(r, owner, None, 1)).unwrap().total, 64);
}

#[test]
fn a_job_that_fails_or_panics_takes_no_other_with_it() {
    let house = House::safe();
    let (entered, proceed) = (Arc::new(std::sync::Barrier::new(2)), Arc::new(std::sync::Barrier::new(2)));
    let (in_job, go) = (entered.clone(), proceed.clone());
    let blocker = move |_: &clavitor_vault::Write<'_>| {
        in_job.wait();
        go.wait();
        Ok(())
    };
    house.vault.write(house.now_ms, blocker, |done| done.unwrap());
    entered.wait();
    // All of these wait behind the first, and share one transaction.
    let (answer, answered) = channel();
    let send = |name: &'static str| {
        let answer = answer.clone();
        move |result: Result<session::Session, Error>| answer.send((name, result.map(|_| ()))).unwrap()
    };
    let touch = |owner: clavitor_vault::Credential| move |w: &clavitor_vault::Write<'_>| session::touch(w, &owner);
    house.vault.write(house.now_ms, touch(house.owner.clone()), send("first"));
    house.vault.write(house.now_ms, touch(clavitor_vault::Credential::Anonymous), send("refused"));
    house.vault.write(house.now_ms, |_| panic!("a mistake"), send("panicked"));
    house.vault.write(house.now_ms, touch(house.owner.clone()), send("last"));
    proceed.wait();
    let answers: Vec<_> = answered.iter().take(4).collect();
    assert_eq!(answers[0], ("first", Ok(())));
    assert_eq!(answers[1], ("refused", Err(Error::Unauthenticated)));
    assert!(matches!(answers[2], ("panicked", Err(Error::Internal(_)))));
    assert_eq!(answers[3], ("last", Ok(())));
    assert_eq!(house.vault.health().poisoned, None);
}

#[test]
fn more_than_the_queue_holds_is_refused_at_once() {
    let house = House::safe();
    let (entered, proceed) = (Arc::new(std::sync::Barrier::new(2)), Arc::new(std::sync::Barrier::new(2)));
    let (in_job, go) = (entered.clone(), proceed.clone());
    let blocker = move |_: &clavitor_vault::Write<'_>| {
        in_job.wait();
        go.wait();
        Ok(())
    };
    house.vault.write(house.now_ms, blocker, |done| done.unwrap());
    entered.wait();
    let (done, refused) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    for _ in 0..5000 {
        let (done, refused) = (Arc::clone(&done), Arc::clone(&refused));
        house.vault.write(
            house.now_ms,
            |_| Ok(()),
            move |result| match result {
                Ok(()) => drop(done.fetch_add(1, Ordering::Relaxed)),
                Err(Error::Unavailable(_)) => drop(refused.fetch_add(1, Ordering::Relaxed)),
                Err(other) => panic!("{other:?}"),
            },
        );
    }
    assert_eq!(refused.load(Ordering::Relaxed), 5000 - 4096);
    proceed.wait();
    house.vault.close();
    assert_eq!(done.load(Ordering::Relaxed), 4096, "closing finishes what waits");
}

#[test]
fn the_last_handle_may_be_dropped_by_an_answer() {
    let house = House::new();
    let (dir, vault, now_ms) = (house.data(), house.vault.clone(), house.now_ms);
    let (answer, answered) = channel();
    let keep = house.dir;
    drop(house.vault);
    let last = Arc::new(Mutex::new(Some(vault)));
    let held = Arc::clone(&last);
    let handle = last.lock().unwrap().clone().unwrap();
    handle.write(
        now_ms,
        |_| Ok(()),
        move |done| {
            drop(held.lock().unwrap().take());
            answer.send(done).unwrap();
        },
    );
    drop(handle);
    assert_eq!(answered.recv().unwrap(), Ok(()));
    // The writer ends by itself; the lock goes with it.
    while clavitor_vault::Vault::open(&dir, &crate::house::options(), now_ms).is_err() {
        std::thread::yield_now();
    }
    drop(keep);
}
