//! Own certificate files: what is refused, in which words, and when they are read again.

use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use super::*;

const NOW_S: u64 = 1_795_348_800;
const DAY_S: u64 = 86_400;

struct Case {
    folder: TempDir,
    files: Files,
    key: KeyPair,
    authority: CertifiedIssuer<'static, KeyPair>,
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { certificate: folder.path().join("full.pem"), key: folder.path().join("private.pem") };
        let case = Self { folder, files, key: KeyPair::generate().unwrap(), authority: authority() };
        case.write(&case.certificate("vault.example.com", 0, 90), &case.key.serialize_pem());
        case
    }

    /// Signed, valid from and until so many days around now.
    fn certificate(&self, name: &str, since_days: u64, for_days: u64) -> String {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        let at = |seconds| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
        params.not_before = at(NOW_S - 1000 * DAY_S + since_days * DAY_S);
        params.not_after = at(NOW_S - 1000 * DAY_S + (1000 + for_days) * DAY_S);
        params.signed_by(&self.key, &self.authority).unwrap().pem()
    }

    fn write(&self, certificate: &str, key: &str) {
        fs::write(&self.files.certificate, certificate).unwrap();
        fs::write(&self.files.key, key).unwrap();
        fs::set_permissions(&self.files.key, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[track_caller]
    fn refused(&self, words: &[&str]) {
        let said = self.files.load(&["vault.example.com".to_owned()], NOW_S).unwrap_err().to_string();
        for word in words {
            assert!(said.contains(word), "{said}");
        }
        assert!(said.contains(self.folder.path().to_str().unwrap()), "it names the file: {said}");
    }
}

#[test]
fn a_good_pair_is_taken_with_and_without_its_signer() {
    let case = Case::new();
    let names = ["vault.example.com".to_owned()];
    assert_eq!(case.files.load(&names, NOW_S).unwrap().cert.len(), 1);
    let chain = case.certificate("vault.example.com", 0, 90) + &case.authority.pem();
    case.write(&chain, &case.key.serialize_pem());
    assert_eq!(case.files.load(&names, NOW_S).unwrap().cert.len(), 2);
}

#[test]
fn each_fault_is_named_with_its_file() {
    let case = Case::new();
    let (good, key) = (case.certificate("vault.example.com", 0, 90), case.key.serialize_pem());
    case.write("nonsense", &key);
    case.refused(&["full.pem", "no certificate"]);
    case.write(&good, "nonsense");
    case.refused(&["private.pem", "no private key"]);
    case.write(&good, &KeyPair::generate().unwrap().serialize_pem());
    case.refused(&["private.pem", "full.pem", "does not belong"]);
    case.write(&(good.clone() + &authority().pem() + &good), &key);
    case.refused(&["full.pem", "certificate 3", "did not sign"]);
    case.write(&case.certificate("other.example.com", 0, 90), &key);
    case.refused(&["other.example.com", "not for vault.example.com", "--domain"]);
    case.write(&case.authority.pem(), &key);
    case.refused(&["full.pem", "names no host"]);
    case.write(&case.certificate("vault.example.com", 1001, 1090), &key);
    case.refused(&["full.pem", "not valid yet"]);
    fs::remove_file(&case.files.key).unwrap();
    case.write(&good, &key);
    fs::set_permissions(&case.files.key, fs::Permissions::from_mode(0o644)).unwrap();
    case.refused(&["chmod 600", "read by everybody"]);
    fs::remove_file(&case.files.certificate).unwrap();
    case.refused(&["full.pem", "cannot be read"]);
}

#[test]
fn a_certificate_that_is_over_is_refused_with_its_age() {
    let case = Case::new();
    let said = case.files.load(&["vault.example.com".to_owned()], NOW_S + 93 * DAY_S).unwrap_err().to_string();
    assert!(said.contains("ended 3 days ago"), "{said}");
}

#[test]
fn files_are_read_when_they_have_changed_and_stand_still() {
    let stamp = |certificate: u64, key: u64| [Some((certificate, 1, 1, 1)), Some((key, 1, 1, 1))];
    let mut changes = Changes::new(stamp(1, 1));
    let steps = [
        (stamp(1, 1), false),
        (stamp(2, 1), false), // the certificate is there, the key not yet
        (stamp(2, 2), false),
        (stamp(2, 2), true),
        (stamp(2, 2), false), // once
        ([None, stamp(2, 2)[1]], false),
        (stamp(2, 2), false), // gone for a moment, and back as it was
        (stamp(2, 2), false),
    ];
    for (number, (stamp, reads)) in steps.into_iter().enumerate() {
        assert_eq!(changes.step(stamp), reads, "step {number}");
    }
    changes.forget(stamp(2, 2));
    assert_eq!((changes.step(stamp(2, 2)), changes.step(stamp(2, 2))), (true, false), "the operator asked");
}

#[test]
fn each_stage_is_told_once_and_again_for_the_next_certificate() {
    let mut warnings = Warnings::default();
    let told: Vec<bool> = [0.5, 0.2, 0.19, 0.1, 0.05, 0.0, 0.0, 1.0, 0.15].iter().map(|fraction| warnings.step(*fraction)).collect();
    assert_eq!(told, [false, true, false, true, false, true, false, false, true]);
}
