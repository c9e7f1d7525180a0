//! The vectors of RFC 6238, and the forms in which people store secrets.

use proptest::prelude::*;

use super::*;

const SECRET20: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const SECRET32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";
const SECRET64: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA";

fn code(text: &str, now_s: u64) -> String {
    Totp::parse(text).unwrap().at(now_s).code.to_string()
}

#[test]
fn rfc_6238_appendix_b() {
    let uri = |secret: &str, algorithm: &str| format!("otpauth://totp/a:b?secret={secret}&algorithm={algorithm}&digits=8");
    for (now_s, sha1, sha256, sha512) in [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ] {
        assert_eq!(code(&uri(SECRET20, "SHA1"), now_s), sha1);
        assert_eq!(code(&uri(SECRET32, "SHA256"), now_s), sha256);
        assert_eq!(code(&uri(SECRET64, "sha512"), now_s), sha512);
    }
}

#[test]
fn bare_secrets_have_six_digits_and_do_not_mind_how_they_are_typed() {
    assert_eq!(code(SECRET20, 59), "287082");
    assert_eq!(code(" gezd gnbv-gy3t qojq gezd gnbv gy3t qojq== ", 59), "287082");
}

#[test]
fn digits_and_periods_of_an_address_count() {
    let totp = Totp::parse(&format!("otpauth://totp/x?secret={SECRET20}&period=60&digits=10")).unwrap();
    let Code { code, valid_s } = totp.at(61);
    assert_eq!((code.len(), valid_s), (10, 59));
    assert_eq!(self::code(&format!("OTPAUTH://TOTP/x?Secret={SECRET20}%3D&digits=7"), 59), "4287082");
}

#[test]
fn steam_has_five_letters_in_every_form() {
    let code = self::code(&format!("steam://{SECRET20}"), 59);
    assert_eq!(code.len(), 5);
    assert!(code.bytes().all(|letter| STEAM.contains(&letter)));
    for same in ["otpauth://totp/x?secret=%S&encoder=steam", "otpauth://totp/Steam:x?secret=%S", "otpauth://totp/x?secret=%S&issuer=Steam"]
    {
        assert_eq!(self::code(&same.replace("%S", SECRET20), 59), code, "{same}");
    }
    // 94287082 mod 10^8 comes from the 31-bit number 1094287082; its digits to base 26 over Steam's letters, lowest first.
    let mut number = 1_094_287_082_u32;
    let expected: String = (0..5)
        .map(|_| {
            let letter = char::from(STEAM[(number % 26) as usize]);
            number /= 26;
            letter
        })
        .collect();
    assert_eq!(code, expected);
}

#[test]
fn what_is_no_secret_is_refused() {
    for text in [
        "",
        "   ",
        "not base32!",
        "otpauth://hotp/x?secret=GEZDGNBV&counter=1",
        "otpauth://totp/x",
        "otpauth://totp/x?digits=6",
        "otpauth://totp/x?secret=",
        "otpauth://totp/x?secret=GEZDGNBV&digits=5",
        "otpauth://totp/x?secret=GEZDGNBV&digits=11",
        "otpauth://totp/x?secret=GEZDGNBV&period=0",
        "otpauth://totp/x?secret=GEZDGNBV&period=3601",
        "otpauth://totp/x?secret=GEZDGNBV&algorithm=MD5",
        "otpauth://totp/x?secret=%GG",
        "https://example.com",
        "steam://",
    ] {
        assert!(Totp::parse(text).is_err(), "{text}");
    }
    assert!(Totp::parse(&"A".repeat(TEXT_BYTES_MAX + 1)).is_err());
}

#[test]
fn counter_codes_are_named_as_such() {
    assert_eq!(Totp::parse("otpauth://hotp/x?secret=GEZDGNBV&counter=1").err(), Some(BadSeed::Counter));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(seed in any::<String>(), time in any::<u64>()) {
        if let Ok(totp) = Totp::parse(&seed) {
            prop_assert!(totp.at(time).valid_s >= 1);
        }
    }
}
