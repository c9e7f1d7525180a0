//! Set-up, passkeys, sessions: the owner, and strangers.

use clavitor_crypto::VaultId;
use clavitor_vault::{
    Credential, Error, Vault,
    ceremony::{self, Purpose},
    session, setup, unlock,
};

use crate::house::{House, START_MS, convert, create, options, passkey, with_passkey};

const MINUTE: u64 = 60_000;

#[test]
fn a_stranger_cannot_make_a_vault_without_the_link() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path(), &options(), START_MS).unwrap();
    assert!(vault.read(START_MS, setup::needed).unwrap());
    let first = vault.write_wait(START_MS, setup::make_link).unwrap();
    let second = vault.write_wait(START_MS, setup::make_link).unwrap();
    let check = |token: &str, now_ms| vault.read(now_ms, |r| setup::check(r, token));
    assert_eq!(check(&first, START_MS), Err(Error::Gone), "a newer link ends the older");
    assert_eq!(check("nonsense", START_MS), Err(Error::Gone));
    assert_eq!(check(&second, START_MS), Ok(()));
    assert_eq!(check(&second, START_MS + 24 * 60 * MINUTE), Err(Error::Gone), "after a day");
}

#[test]
fn the_link_makes_one_vault_and_is_used_up_only_by_success() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path(), &options(), START_MS).unwrap();
    let token = vault.write_wait(START_MS, setup::make_link).unwrap();
    let passkey = passkey(1);
    let (person, changes) = create(&vault, VaultId::make(), &passkey);
    let (vault_id, change) = (person.vault(), with_passkey(convert(changes), &passkey));
    let mut broken = change.clone();
    broken.usk = None;
    let claim = |change: clavitor_vault::Change| {
        let token = token.clone();
        vault.write_wait(START_MS, move |w| setup::claim(w, &token, vault_id, &change))
    };
    assert!(matches!(claim(broken), Err(Error::BadRequest(_))));
    let started = claim(change.clone()).unwrap();
    assert!(!vault.read(START_MS, setup::needed).unwrap());
    assert_eq!(claim(change).err(), Some(Error::Gone));
    let owner = Credential::session(&started.token).unwrap();
    let state = vault.read(START_MS, |r| unlock::state(r, &owner)).unwrap();
    assert_eq!(state.manifest, person.manifest().bytes());
    assert_eq!(state.vault_id, vault_id);
}

#[test]
fn a_session_ends_after_15_idle_minutes_and_after_8_hours() {
    let mut house = House::new();
    assert_eq!(house.later(15 * MINUTE - 1).read(session::current).unwrap().idle_until_ms, START_MS + 15 * MINUTE);
    assert_eq!(house.later(1).read(session::current), Err(Error::Unauthenticated));

    house.now_ms = START_MS;
    house.sign_in();
    for _ in 0..47 {
        house.later(10 * MINUTE);
        assert!(house.read(session::current).unwrap().touch_due);
        house.write(session::touch).unwrap();
        assert!(!house.read(session::current).unwrap().touch_due);
    }
    assert!(house.later(10 * MINUTE - 1).read(session::current).is_ok());
    assert_eq!(house.later(1).read(session::current), Err(Error::Unauthenticated), "eight hours, however busy");
}

#[test]
fn sessions_that_have_ended_are_not_counted() {
    let mut house = House::new();
    let count = |house: &House| house.vault.read(house.now_ms, session::count).unwrap();
    house.sign_in();
    let open = count(&house);
    assert!(open >= 1);
    house.write(session::end).unwrap();
    assert_eq!(count(&house), open - 1);
    house.now_ms += 15 * MINUTE;
    assert_eq!(count(&house), 0);
}

#[test]
fn a_new_sign_in_ends_the_session_it_came_with_and_freshness_lasts_5_minutes() {
    let mut house = House::new();
    let old = house.owner.clone();
    house.sign_in();
    assert_eq!(house.vault.read(house.now_ms, |r| session::current(r, &old)), Err(Error::Unauthenticated));
    let register = |house: &House| house.write(|w, owner| ceremony::begin(w, owner, Purpose::Register, "{}"));
    assert!(register(&house).is_ok());
    house.later(5 * MINUTE - 1);
    assert!(register(&house).is_ok());
    house.later(1);
    assert_eq!(register(&house), Err(Error::FreshPasskeyNeeded));
    house.write(session::end).unwrap();
    assert_eq!(house.read(session::current), Err(Error::Unauthenticated));
    assert_eq!(house.write(session::end), Ok(()), "ending twice is no error");
}

#[test]
fn a_removed_passkey_cannot_start_a_session() {
    let house = House::new();
    let mut used = house.used_passkey();
    used.unlocker_id = clavitor_crypto::UnlockerId([9; 32]);
    let started = house.vault.write_wait(house.now_ms, move |w| session::start(w, &Credential::Anonymous, &used));
    assert_eq!(started.err(), Some(Error::Unauthenticated));
    let find = |id: &[u8]| house.vault.read(house.now_ms, |r| session::passkey(r, id));
    assert_eq!(find(&[1; 20]).unwrap().vault_id, house.person.vault());
    assert_eq!(find(&[2; 20]).err(), Some(Error::Unauthenticated));
    assert_eq!(house.read(session::credential_ids).unwrap(), [vec![1; 20]]);
}

#[test]
fn a_ceremony_is_for_one_purpose_one_time_and_five_minutes() {
    let mut house = House::new();
    let begin = |house: &House, purpose| house.write(move |w, owner| ceremony::begin(w, owner, purpose, "state")).unwrap();
    let take = |house: &House, purpose, id| house.write(move |w, owner| ceremony::take(w, owner, purpose, id));
    let id = begin(&house, Purpose::SignIn);
    assert_eq!(take(&house, Purpose::SignIn, id).unwrap(), "state");
    assert_eq!(take(&house, Purpose::SignIn, id), Err(Error::Gone));
    let id = begin(&house, Purpose::SignIn);
    assert_eq!(take(&house, Purpose::Register, id), Err(Error::Gone), "for another purpose");
    assert_eq!(take(&house, Purpose::SignIn, id), Err(Error::Gone), "and that used it up");
    let id = begin(&house, Purpose::Setup(VaultId([1; 16])));
    assert_eq!(take(&house, Purpose::Setup(VaultId([2; 16])), id), Err(Error::Gone), "for another vault");
    let id = begin(&house, Purpose::SignIn);
    assert_eq!(take(house.later(5 * MINUTE), Purpose::SignIn, id), Err(Error::Gone), "too late");
    let long = "x".repeat(64 * 1024 + 1);
    assert!(matches!(house.write(move |w, owner| ceremony::begin(w, owner, Purpose::SignIn, &long)), Err(Error::TooLarge(_))));
}

#[test]
fn open_ceremonies_are_limited_and_the_oldest_gives_way() {
    let house = House::new();
    let many = house.write(|w, owner| (0..1001).map(|_| ceremony::begin(w, owner, Purpose::SignIn, "")).collect::<Result<Vec<_>, _>>());
    let many = many.unwrap();
    let take = |id| house.write(move |w, owner| ceremony::take(w, owner, Purpose::SignIn, id));
    assert_eq!(take(many[0]), Err(Error::Gone));
    assert!(take(many[1]).is_ok());
    assert!(take(many[1000]).is_ok());
}

#[test]
fn a_stranger_is_asked_to_sign_in_whatever_is_asked() {
    let house = House::new();
    for stranger in [Credential::Anonymous, Credential::session(&"A".repeat(43)).unwrap()] {
        let read = |job: &dyn Fn(&clavitor_vault::Read<'_>) -> Option<Error>| house.vault.read(house.now_ms, |r| Ok(job(r))).unwrap();
        assert_eq!(read(&|r| unlock::state(r, &stranger).err()), Some(Error::Unauthenticated));
        assert_eq!(read(&|r| clavitor_vault::entries::page(r, &stranger, None, 1).err()), Some(Error::Unauthenticated));
        assert_eq!(read(&|r| clavitor_vault::audit::page(r, &stranger, None, 1).err()), Some(Error::Unauthenticated));
        assert_eq!(read(&|r| clavitor_vault::agents::list(r, &stranger).err()), Some(Error::Unauthenticated));
        assert_eq!(read(&|r| clavitor_vault::agents::me(r, &stranger, None).err()), Some(Error::Unauthenticated));
    }
    for bad in ["", "A", &"A".repeat(44), &"!".repeat(43)] {
        assert!(Credential::session(bad).is_err(), "{bad}");
        assert!(Credential::hosted(bad).is_err(), "{bad}");
    }
}
