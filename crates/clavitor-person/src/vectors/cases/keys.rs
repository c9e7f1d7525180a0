//! Derivations, unlocker ids, codes, tokens and enrolment strings.

use clavitor_crypto::derive::LABELS;
use serde_json::{Value as Json, json};

use super::{super::fields::hex, Case, counting, with};

pub(super) fn cases() -> Result<Vec<Case>, String> {
    Ok([derivations()?, unlockers()?, codes()?, tokens()?, enrolments()?].concat())
}

fn vault() -> Json {
    hex(&counting::<16>(0xa0))
}

fn derivations() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (number, label) in (1u8..).zip(LABELS) {
        let input = json!({"parent": hex(&counting::<32>(number)), "label": label, "vault": vault(), "epoch": number, "ctx": hex(&counting::<16>(0x80))});
        cases.push(Case::ok(&format!("derive/{}", label.replace('/', "-")), "derive", "D with this label", input)?);
    }
    let empty = json!({"parent": hex(&counting::<20>(0)), "label": "recover", "vault": vault(), "epoch": 0, "ctx": ""});
    cases.push(Case::ok("derive/empty-context", "derive", "no context, a parent of 20 bytes", empty)?);
    let large = json!({"parent": hex(&counting::<32>(0)), "label": "tier/1", "vault": vault(), "epoch": u32::MAX, "ctx": ""});
    cases.push(Case::ok("derive/largest-epoch", "derive", "the largest epoch", large)?);
    let hierarchy = json!({
        "vmk": hex(&counting::<32>(0)), "vault": vault(), "vault_epoch": 1, "scope": hex(&[0; 16]), "scope_epoch": 1,
        "entry": hex(&counting::<16>(0xb0)), "agent": hex(&counting::<16>(0xd0)),
    });
    let rotated = with(&with(&hierarchy, "vault_epoch", 2), "scope_epoch", 5);
    cases.push(Case::ok("derive/hierarchy", "hierarchy", "the keys of the printed vector, and all others below its vault key", hierarchy)?);
    cases.push(Case::ok("derive/hierarchy-rotated", "hierarchy", "later epochs of vault and scope", rotated)?);
    Ok(cases)
}

fn unlockers() -> Result<Vec<Case>, String> {
    let id = |rp_id: &str, credential: &[u8]| json!({"rp_id": rp_id, "credential_id": hex(credential)});
    let kek = json!({"vault": vault(), "prf": hex(&counting::<32>(0x40)), "credential_id": hex(&counting::<20>(1))});
    let short = with(&kek, "prf", hex(&counting::<16>(0x40)));
    let zero = with(&kek, "prf", hex(&[0; 32]));
    Ok(vec![
        Case::ok("unlocker/id-passkey", "unlocker.id", "id of a passkey", id("localhost", &counting::<20>(1)))?,
        Case::ok("unlocker/id-recovery", "unlocker.id", "id of the recovery code", id("", b"recovery"))?,
        Case::ok("unlocker/kek", "unlocker.kek", "KEK of a passkey", kek.clone())?,
        Case::refused("unlocker/prf-empty", "unlocker.kek", "prf", "the passkey gave nothing", with(&kek, "prf", ""))?,
        Case::refused("unlocker/prf-short", "unlocker.kek", "prf", "the passkey gave 16 bytes", short)?,
        Case::refused("unlocker/prf-zero", "unlocker.kek", "prf", "the passkey gave zeros", zero)?,
    ])
}

fn codes() -> Result<Vec<Case>, String> {
    let code = hex(&counting::<20>(0x11));
    let made = Case::ok("code/format", "code.format", "20 bytes as a person types them", json!({"code": code}))?;
    let text = text_of(&made);
    let parse = |text: &str| json!({"text": text});
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let zeros =
        Case::ok("code/format-zero", "code.format", "all zero: 0 and 1 are in reach of O, I and L", json!({"code": hex(&[0; 20])}))?;
    let lookalike = text_of(&zeros).replace('0', "O");
    let sloppy = format!(" {} ", digits.to_lowercase().chars().map(|c| format!("{c}- ")).collect::<String>());
    let ones = text_of(&Case::ok("", "code.format", "", json!({"code": hex(&[0x08, 0x42, 0x10, 0x84, 0x21].repeat(4))}))?);
    let swapped = format!("{}{}", &digits[1..2], [&digits[..1], &digits[2..]].concat());
    let other_check = format!("{}{}", &digits[..33], if digits.ends_with('0') { '1' } else { '0' });
    let keys = json!({"vault": vault(), "code": code});
    Ok(vec![
        Case::ok("code/parse", "code.parse", "as it was shown", parse(&text))?,
        Case::ok("code/parse-sloppy", "code.parse", "lower case, hyphens and spaces anywhere", parse(&sloppy))?,
        Case::ok("code/parse-o-for-0", "code.parse", "O typed for 0", parse(&lookalike))?,
        Case::ok("code/parse-i-and-l-for-1", "code.parse", "I and L typed for 1", parse(&ones.replacen('1', "I", 9).replace('1', "l")))?,
        Case::ok("code/keys", "code.keys", "what derives from a code, as recovery and as backup code", keys)?,
        Case::refused("code/check-wrong", "code.parse", "code", "another check character", parse(&other_check))?,
        Case::refused("code/swapped", "code.parse", "code", "two characters swapped", parse(&swapped))?,
        Case::refused("code/short", "code.parse", "code", "one character short", parse(&digits[..33]))?,
        Case::refused("code/long", "code.parse", "code", "one character more", parse(&format!("{digits}0")))?,
        Case::refused("code/letter-u", "code.parse", "code", "U is not in the alphabet", parse(&format!("U{}", &digits[1..])))?,
        Case::refused("code/empty", "code.parse", "code", "nothing typed", parse(""))?,
        made,
        zeros,
    ])
}

/// The text a `….format` case gives.
fn text_of(case: &Case) -> String {
    case.out.as_ref().and_then(|out| out["text"].as_str()).unwrap_or_default().to_owned()
}

/// `text` with its last character changed, keeping the bits that base64url ignores zero.
fn last_changed(text: &str, from: usize) -> String {
    let (head, tail) = text.split_at(text.len() - from);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    format!("{head}{other}{}", &tail[1..])
}

fn tokens() -> Result<Vec<Case>, String> {
    let made = json!({"agent": hex(&counting::<16>(0xd0)), "secret": hex(&counting::<32>(0x60))});
    let made = Case::ok("token/format", "token.format", "a hosted token", made)?;
    let text = text_of(&made);
    let parse = |text: &str| json!({"text": text});
    let keys = json!({"vault": vault(), "secret": hex(&counting::<32>(0x60))});
    let padded = format!("{text}=");
    Ok(vec![
        Case::ok("token/parse", "token.parse", "a hosted token", parse(&text))?,
        Case::ok("token/keys", "token.keys", "what the node keeps, and the key of record 0x15", keys)?,
        Case::refused("token/check-wrong", "token.parse", "token", "the check does not fit", parse(&last_changed(&text, 3)))?,
        Case::refused(
            "token/secret-changed",
            "token.parse",
            "token",
            "one character of the secret changed",
            parse(&last_changed(&text, 20)),
        )?,
        Case::refused(
            "token/prefix-enrol",
            "token.parse",
            "token",
            "the prefix of an enrolment string",
            parse(&text.replace("cvt1-", "cvte1-")),
        )?,
        Case::refused("token/prefix-upper", "token.parse", "token", "the prefix in upper case", parse(&text.replace("cvt1-", "CVT1-")))?,
        Case::refused("token/cut", "token.parse", "token", "cut short", parse(&text[..text.len() - 4]))?,
        Case::refused("token/padded", "token.parse", "token", "base64 padding at the end", parse(&padded))?,
        Case::refused("token/space", "token.parse", "token", "a space at the end", parse(&format!("{text} ")))?,
        made,
    ])
}

fn enrolments() -> Result<Vec<Case>, String> {
    let who = json!({"vault": vault(), "agent": hex(&counting::<16>(0xd0)), "secret": hex(&counting::<32>(0x20))});
    let made = Case::ok("enrol/format", "enrol.format", "an enrolment string", with(&who, "node", "https://vault.example:1984"))?;
    let text = text_of(&made);
    let parse = |text: &str| json!({"text": text});
    let empty = Case::ok("", "enrol.format", "", with(&who, "node", ""))?;
    let long = Case::ok("", "enrol.format", "", with(&who, "node", "n".repeat(256)))?;
    let keys = json!({"vault": vault(), "secret": hex(&counting::<32>(0x20))});
    let public = json!({"seed": hex(&counting::<32>(0x70)), "what": "scope", "vault": vault(), "message": ""});
    let public = Case::ok("", "sign", "", public)?.out.unwrap_or_default();
    let mac = with(&with(&who, "ed25519", public["public"].clone()), "x25519", hex(&counting::<32>(0x90)));
    let mac_made = Case::ok("enrol/mac", "enrol.mac", "the MAC over a new agent's keys", mac.clone())?;
    let verify = with(&mac, "mac", mac_made.out.clone().unwrap_or_default()["mac"].clone());
    let other_key = with(&verify, "x25519", hex(&counting::<32>(0x91)));
    let other_agent = with(&verify, "agent", hex(&counting::<16>(0xd1)));
    let other_vault = with(&verify, "vault", hex(&counting::<16>(0xa1)));
    let cut = with(&verify, "mac", verify["mac"].as_str().map(|mac| mac[..32].to_owned()));
    Ok(vec![
        Case::ok("enrol/parse", "enrol.parse", "an enrolment string", parse(&text))?,
        Case::ok("enrol/keys", "enrol.keys", "the four keys of an enrolment secret", keys)?,
        Case::ok("enrol/verify", "enrol.verify", "the MAC of the keys that came", verify)?,
        Case::refused("enrol/check-wrong", "enrol.parse", "enrol", "the check does not fit", parse(&last_changed(&text, 3)))?,
        Case::refused("enrol/node-changed", "enrol.parse", "enrol", "another node address", parse(&last_changed(&text, 12)))?,
        Case::refused("enrol/prefix-token", "enrol.parse", "enrol", "the prefix of a token", parse(&text.replace("cvte1-", "cvt1-")))?,
        Case::refused("enrol/no-node", "enrol.parse", "enrol", "no node address", parse(&text_of(&empty)))?,
        Case::refused("enrol/node-too-long", "enrol.parse", "enrol", "a node address of 256 bytes", parse(&text_of(&long)))?,
        Case::refused("enrol/cut", "enrol.parse", "enrol", "cut short", parse(&text[..text.len() - 8]))?,
        Case::refused("enrol/empty", "enrol.parse", "enrol", "the prefix alone", parse("cvte1-"))?,
        Case::refused("enrol/mac-other-key", "enrol.verify", "signature", "the node put another key in", other_key)?,
        Case::refused("enrol/mac-other-agent", "enrol.verify", "signature", "the answer of another invitation", other_agent)?,
        Case::refused("enrol/mac-other-vault", "enrol.verify", "signature", "the answer to another vault", other_vault)?,
        Case::refused("enrol/mac-cut", "enrol.verify", "signature", "half of the MAC", cut)?,
        made,
        mac_made,
    ])
}
