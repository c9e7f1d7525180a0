//! Signatures and HPKE wraps.

use clavitor_crypto::{Secret, sign::SigningKey, wrap::WrapPrivate};
use serde_json::{Value as Json, json};

use super::{
    super::{
        fields::{hex, unhex},
        forge,
    },
    Case, counting, lost, with,
};

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([signatures()?, hpke()?, sealed_vmk()?, scope()?].concat())
}

fn vault() -> Json {
    hex(&counting::<16>(0xa0))
}

fn out(case: &Case, name: &str) -> Result<Vec<u8>, String> {
    let text = case.out.as_ref().and_then(|out| out[name].as_str()).unwrap_or_default();
    unhex(text).map_err(|_| format!("{} has no {name}", case.path))
}

fn signatures() -> Result<Vec<Case>, String> {
    let message = json!({"seed": hex(&counting::<32>(1)), "what": "manifest", "vault": vault(), "message": hex(b"a message")});
    let mut cases = Vec::new();
    for what in ["manifest", "header", "vmk", "scope"] {
        cases.push(Case::ok(&format!("sign/{what}"), "sign", "a signature about this", with(&message, "what", what))?);
    }
    let (public, signature) = (out(&cases[0], "public")?, out(&cases[0], "signature")?);
    let verify = json!({
        "public": hex(&public), "what": "manifest", "vault": vault(), "message": hex(b"a message"), "signature": hex(&signature),
    });
    let large = lost(signature.as_slice().try_into().ok(), "a signature").map(|signature| forge::with_large_s(&signature))?;
    let mut order_4 = [0; 32];
    order_4[31] = 0x80;
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut above = [0xff; 32];
    (above[0], above[31]) = (0xf0, 0x7f);
    cases.push(Case::ok("sign/verify", "verify", "a good signature", verify.clone())?);
    let faults = [
        ("message", "signature", "another message", with(&verify, "message", hex(b"a massage"))),
        ("what", "signature", "a manifest's signature under a header", with(&verify, "what", "header")),
        ("vault", "signature", "the signature for another vault", with(&verify, "vault", hex(&counting::<16>(0xa1)))),
        ("flipped", "signature", "a bit of the signature", with(&verify, "signature", hex(&forge::flipped(&signature, 5)))),
        ("cut", "signature", "63 bytes", with(&verify, "signature", hex(&signature[..63]))),
        ("large-s", "signature", "S with the group order added", with(&verify, "signature", hex(&large))),
        ("key-identity", "key", "the neutral element as key: it verifies what nobody signed", with(&verify, "public", hex(&identity))),
        ("key-order-4", "key", "a key of order 4", with(&verify, "public", hex(&order_4))),
        ("key-not-reduced", "key", "a key whose y is not below the prime", with(&verify, "public", hex(&above))),
        ("key-other", "signature", "another key", with(&verify, "public", hex(&other_public()?))),
    ];
    for (name, layer, why, input) in faults {
        cases.push(Case::refused(&format!("sign/verify-{name}"), "verify", layer, why, input)?);
    }
    for (name, why, public) in WEAK_KEYS {
        let input = with(&verify, "public", public);
        cases.push(Case::refused(&format!("sign/verify-key-{name}"), "verify", "key", why, input)?);
    }
    Ok(cases)
}

/// The other points of small order, and numbers that are not reduced.
const WEAK_KEYS: [(&str, &str, &str); 10] = [
    ("identity-sign", "the neutral element with a sign", "0100000000000000000000000000000000000000000000000000000000000080"),
    ("order-2", "a key of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("order-2-sign", "a key of order 2 with a sign", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ("order-4-plain", "the other key of order 4", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("order-8-a", "a key of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ("order-8-b", "a key of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    ("order-8-c", "a key of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ("order-8-d", "a key of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    ("prime", "the prime itself for 0", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("prime-and-1", "the prime and 1 for 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
];

fn other_public() -> Result<[u8; 32], String> {
    SigningKey::from_seed(Secret::take(counting(2))).map(|key| *key.public().as_bytes()).map_err(|refusal| refusal.to_string())
}

/// A recipient's key pair.
fn recipient(first: u8) -> Result<([u8; 32], [u8; 32]), String> {
    let private = counting(first);
    let public = WrapPrivate::new(Secret::copy_of(&private)).public().map_err(|refused| refused.to_string())?;
    Ok((private, public.0))
}

fn hpke() -> Result<Vec<Case>, String> {
    let (private, public) = recipient(0x31)?;
    let info = [b"clavitor/v1/hpke/backup\0".as_slice(), &counting::<16>(0xe0)].concat();
    let seal = json!({
        "public": hex(&public), "info": hex(&info), "plaintext": hex(&counting::<32>(0x50)), "ekm": hex(&counting::<32>(0x70)),
    });
    let sealed = Case::ok("hpke/seal-backup", "hpke.seal", "the content key of a backup", seal.clone())?;
    let wrap = out(&sealed, "wrap")?;
    let open = json!({"private": hex(&private), "info": hex(&info), "wrap": hex(&wrap)});
    let faults = [
        ("info", "the wrap of another backup", with(&open, "info", hex(&forge::flipped(&info, -1)))),
        ("recipient", "somebody else's wrap", with(&open, "private", hex(&recipient(0x32)?.0))),
        ("enc-flipped", "a bit of the encapsulated key", with(&open, "wrap", hex(&forge::flipped(&wrap, 0)))),
        ("enc-zero", "a point of small order as encapsulated key", with(&open, "wrap", hex(&[&[0; 32], &wrap[32..]].concat()))),
        ("ciphertext-flipped", "a bit of the ciphertext", with(&open, "wrap", hex(&forge::flipped(&wrap, 40)))),
        ("cut", "cut short", with(&open, "wrap", hex(&wrap[..wrap.len() - 1]))),
        ("enc-only", "nothing after the encapsulated key", with(&open, "wrap", hex(&wrap[..32]))),
        ("empty", "no bytes", with(&open, "wrap", "")),
    ];
    let mut cases = vec![Case::ok("hpke/open-backup", "hpke.open", "the content key of a backup", open)?, sealed];
    for (name, why, input) in faults {
        cases.push(Case::refused(&format!("hpke/open-{name}"), "hpke.open", "hpke", why, input)?);
    }
    let weak = with(&seal, "public", hex(&[0; 32]));
    cases.push(Case::refused("hpke/seal-weak-key", "hpke.seal", "hpke", "a recipient key of small order", weak)?);
    Ok(cases)
}

/// What both kinds of signed wrap have in common.
fn signed_wrap(name: &str, member: &str, seal: &Json, open: &Json) -> Result<(Vec<Case>, Vec<u8>), String> {
    let sealed = Case::ok(&format!("{name}/seal"), &format!("{name}.seal"), "sealed and signed", seal.clone())?;
    let wrap = out(&sealed, member)?;
    let open = with(open, member, hex(&wrap));
    let op = format!("{name}.open");
    let forged = {
        let other = with(seal, "usk_seed", hex(&counting::<32>(9)));
        Case::ok("", &format!("{name}.seal"), "", other).and_then(|case| out(&case, member))?
    };
    let case = |fault: &str, layer: &str, why: &str, input| Case::refused(&format!("{name}/{fault}"), &op, layer, why, input);
    let cases = vec![
        Case::ok(&format!("{name}/open"), &op, "checked, then opened", open.clone())?,
        case("forged", "signature", "made by a server with a signing key of its own", with(&open, member, hex(&forged)))?,
        case("signature-flipped", "signature", "a bit of the signature", with(&open, member, hex(&forge::flipped(&wrap, 0))))?,
        case("wrap-flipped", "signature", "a bit of the wrap", with(&open, member, hex(&forge::flipped(&wrap, -1))))?,
        case("recipient", "hpke", "signed for us, sealed to another key", with(&open, "private", hex(&recipient(0x39)?.0)))?,
        case("cut", "shape", "shorter than a signature and a key", with(&open, member, hex(&wrap[..95])))?,
        sealed,
    ];
    Ok((cases, wrap))
}

fn usk() -> Result<SigningKey, String> {
    SigningKey::from_seed(Secret::take(counting(0x40))).map_err(|refusal| refusal.to_string())
}

fn sealed_vmk() -> Result<Vec<Case>, String> {
    let ((private, public), usk) = (recipient(0x31)?, usk()?);
    let about = json!({"vault": vault(), "unlocker": hex(&counting::<32>(0x10)), "vault_epoch": 2});
    let open = with(&with(&about, "usk", hex(usk.public().as_bytes())), "private", hex(&private));
    let mut seal = with(&with(&about, "usk_seed", hex(usk.seed().expose())), "public", hex(&public));
    seal["vmk"] = hex(&counting::<32>(0x50));
    seal["ekm"] = hex(&counting::<32>(0x70));
    let (mut cases, wrap) = signed_wrap("vmk", "sealed_vmk", &seal, &open)?;
    let open = with(&open, "sealed_vmk", hex(&wrap));
    let older = with(&open, "vault_epoch", 3);
    let other = with(&open, "unlocker", hex(&counting::<32>(0x11)));
    cases.push(Case::refused("vmk/older-epoch", "vmk.open", "signature", "the vault key before the rotation", older)?);
    cases.push(Case::refused("vmk/other-unlocker", "vmk.open", "signature", "another unlocker's wrap", other)?);
    cases.push(Case::refused(
        "vmk/epoch-inside",
        "vmk.open",
        "rule",
        "signed for epoch 2, holding epoch 1",
        epoch_inside(&open, &usk, &public)?,
    )?);
    Ok(cases)
}

/// A wrap that the owner signed for one epoch and that says another inside.
fn epoch_inside(open: &Json, usk: &SigningKey, public: &[u8; 32]) -> Result<Json, String> {
    let info = [b"clavitor/v1/hpke/vmk\0".as_slice(), &counting::<16>(0xa0), &counting::<32>(0x10)].concat();
    let plaintext = [counting::<32>(0x50).as_slice(), &1u32.to_be_bytes()].concat();
    let seal = json!({"public": hex(public), "info": hex(&info), "plaintext": hex(&plaintext), "ekm": hex(&counting::<32>(0x71))});
    let wrap = out(&Case::ok("", "hpke.seal", "", seal)?, "wrap")?;
    let message = [counting::<32>(0x10).as_slice(), &2u32.to_be_bytes(), &wrap].concat();
    let signature = usk.sign(clavitor_crypto::sign::What::Vmk, &clavitor_crypto::VaultId(counting(0xa0)), &[&message]);
    Ok(with(open, "sealed_vmk", hex(&[signature.as_slice(), &wrap].concat())))
}

fn scope() -> Result<Vec<Case>, String> {
    let ((private, public), usk) = (recipient(0x31)?, usk()?);
    let about = json!({"vault": vault(), "agent": hex(&counting::<16>(0xd0)), "scope": hex(&counting::<16>(0xe0)), "scope_epoch": 4});
    let open = with(&with(&about, "usk", hex(usk.public().as_bytes())), "private", hex(&private));
    let mut seal = with(&with(&about, "usk_seed", hex(usk.seed().expose())), "public", hex(&public));
    seal["sk1"] = hex(&counting::<32>(0x51));
    seal["sk2"] = hex(&counting::<32>(0x52));
    seal["ekm"] = hex(&counting::<32>(0x70));
    let (mut cases, wrap) = signed_wrap("scope", "wrap", &seal, &open)?;
    let open = with(&open, "wrap", hex(&wrap));
    let other = with(&open, "scope", hex(&counting::<16>(0xe1)));
    let agent = with(&open, "agent", hex(&counting::<16>(0xd1)));
    cases.push(Case::refused("scope/other-scope", "scope.open", "signature", "the keys of another scope", other)?);
    cases.push(Case::refused("scope/other-agent", "scope.open", "signature", "another agent's wrap", agent)?);
    cases.push(Case::refused(
        "scope/older-epoch",
        "scope.open",
        "signature",
        "scope keys before the rotation",
        with(&open, "scope_epoch", 5),
    )?);
    Ok(cases)
}
