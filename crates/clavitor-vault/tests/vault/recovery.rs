//! Recovery with the printed code: the owner who lost every passkey, a stranger who guesses, and the owner who did not start it.

use clavitor_crypto::{Secret, VaultId, code::Code, random::Os};
use clavitor_vault::{Credential, Error, recovery, session, unlock};

use crate::house::House;

const DAY: u64 = 86_400_000;

fn start(house: &House, code: &Code) -> Result<u64, Error> {
    let (vault_id, proof) = (house.person.vault(), code.recovery_proof(&house.person.vault()));
    house.vault.write_wait(house.now_ms, move |w| recovery::start(w, vault_id, &proof))
}

fn claim(house: &House, code: &Code) -> Result<Credential, Error> {
    let (vault_id, proof) = (house.person.vault(), code.recovery_proof(&house.person.vault()));
    let started = house.vault.write_wait(house.now_ms, move |w| recovery::claim(w, vault_id, &proof))?;
    Credential::session(&started.token)
}

#[test]
fn the_code_signs_in_after_the_delay_and_not_before() {
    let mut house = House::new();
    let code = house.add_recovery();
    assert_eq!(claim(&house, &code).err(), Some(Error::Gone), "never started");
    let release_ms = start(&house, &code).unwrap();
    assert_eq!(release_ms, house.now_ms + 2 * DAY);
    house.later(DAY);
    assert_eq!(start(&house, &code), Ok(release_ms), "starting again changes nothing");
    assert_eq!(claim(&house, &code).err(), Some(Error::RecoveryDelay { retry_after_s: 86_400 }));
    house.later(DAY);
    let recovered = claim(&house, &code).unwrap();
    let state = house.vault.read(house.now_ms, |r| unlock::state(r, &recovered)).unwrap();
    assert_eq!(state.unlocker.id, clavitor_crypto::UnlockerId::of_recovery());
    assert_eq!(state.recovery_pending_until_ms, None);
    assert_eq!(claim(&house, &code).err(), Some(Error::Gone), "claimed once");
    let actions = house.actions_as(&recovered);
    for action in ["anonymous recovery.start ok", "person recovery.claim ok"] {
        assert!(actions.iter().any(|found| found == action), "{action}");
    }
}

#[test]
fn the_owner_sees_a_recovery_and_cancels_it() {
    let mut house = House::new();
    let code = house.add_recovery();
    let release_ms = start(&house, &code).unwrap();
    assert_eq!(house.read(unlock::state).unwrap().recovery_pending_until_ms, Some(release_ms));
    house.write(recovery::cancel).unwrap();
    house.write(recovery::cancel).unwrap();
    house.later(3 * DAY);
    assert_eq!(claim(&house, &code).err(), Some(Error::Gone));
    let cancel = house.vault.write_wait(house.now_ms, |w| recovery::cancel(w, &Credential::Anonymous));
    assert_eq!(cancel, Err(Error::Unauthenticated));
}

#[test]
fn a_new_code_ends_a_recovery_that_runs_and_the_old_code() {
    let mut house = House::new();
    let old = house.add_recovery();
    start(&house, &old).unwrap();
    let new = house.add_recovery();
    assert_eq!(house.read(unlock::state).unwrap().recovery_pending_until_ms, None);
    assert_eq!(start(&house, &old), Err(Error::Hidden));
    assert!(start(&house, &new).is_ok());
}

#[test]
fn wrong_proofs_are_counted_and_never_keep_the_right_one_out() {
    let mut house = House::new();
    let code = house.add_recovery();
    let wrong = Code::make_with(&mut Os);
    for _ in 0..10 {
        assert_eq!(start(&house, &wrong), Err(Error::Hidden));
    }
    assert_eq!(start(&house, &wrong), Err(Error::RateLimited { retry_after_s: 3600 }));
    let logged = house.actions().iter().filter(|action| *action == "anonymous recovery.start not_found").count();
    assert_eq!(logged, 10, "the log does not grow with every guess");
    assert!(start(&house, &code).is_ok());
    house.later(3_600_000);
    assert_eq!(start(&house, &wrong), Err(Error::Hidden), "an hour later they count afresh");
}

#[test]
fn vaults_without_a_code_and_vaults_that_are_not_there_look_the_same() {
    let mut house = House::new();
    let ask = |vault_id| house.vault.write_wait(house.now_ms, move |w| recovery::start(w, vault_id, &Secret::take([0; 32])));
    assert_eq!(ask(house.person.vault()), Err(Error::Hidden));
    assert_eq!(ask(VaultId([1; 16])), Err(Error::Hidden));
    for _ in 1..10 {
        assert_eq!(ask(house.person.vault()), Err(Error::Hidden));
        assert_eq!(ask(VaultId([1; 16])), Err(Error::Hidden));
    }
    assert_eq!(ask(house.person.vault()), Err(Error::RateLimited { retry_after_s: 3600 }));
    assert_eq!(ask(VaultId([1; 16])), Err(Error::RateLimited { retry_after_s: 3600 }));
    assert_eq!(ask(VaultId([2; 16])), Err(Error::Hidden), "each is counted for itself");
    house.later(3_600_000);
    let ask = |vault_id| house.vault.write_wait(house.now_ms, move |w| recovery::start(w, vault_id, &Secret::take([0; 32])));
    assert_eq!(ask(house.person.vault()), ask(VaultId([1; 16])));
    house.sign_in();
    assert!(house.read(session::current).is_ok());
}
