//! Proof of possession on every request (RFC 9449): a copied header is useless, for another request, body or node.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use clavitor_api::Id;
use clavitor_crypto::{hash::sha256, random, sign::SigningKey};
use serde_json::json;

/// The two headers that prove who asks.
pub struct Proof {
    /// Value of `Authorization`.
    pub authorization: String,
    /// Value of `DPoP`.
    pub dpop: String,
}

/// What is asked, as the proof binds it.
pub struct Asked<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Origin and path, without query.
    pub uri: &'a str,
    /// The body, if there is one.
    pub body: Option<&'a [u8]>,
    /// This machine's time, Unix seconds.
    pub now_s: u64,
}

/// Makes the proof for one request. Each has a fresh random `jti`, so it can be used once.
pub fn prove(key: &SigningKey, agent: &Id, asked: &Asked<'_>) -> Proof {
    let agent = agent.to_string();
    let header =
        json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(key.public().as_bytes())}});
    let mut claims = json!({
        "jti": BASE64.encode(random::make::<16>()),
        "htm": asked.method,
        "htu": asked.uri,
        "iat": asked.now_s,
        "ath": BASE64.encode(sha256(&[agent.as_bytes()])),
    });
    if let Some(body) = asked.body {
        claims["cdg"] = BASE64.encode(sha256(&[body])).into();
    }
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = BASE64.encode(key.sign_bytes(signed.as_bytes()));
    Proof { authorization: format!("DPoP {agent}"), dpop: format!("{signed}.{signature}") }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn part(jwt: &str, at: usize) -> Vec<u8> {
        BASE64.decode(jwt.split('.').nth(at).unwrap()).unwrap()
    }

    fn proof(body: Option<&[u8]>) -> (SigningKey, Proof) {
        let key = SigningKey::make_with(&mut random::Os).unwrap();
        let asked = Asked { method: "POST", uri: "http://localhost:1984/v1/agent/release", body, now_s: 1_790_000_000 };
        let proof = prove(&key, &Id([7; 16]), &asked);
        (key, proof)
    }

    #[test]
    fn the_signature_is_over_header_and_claims() {
        let (key, proof) = proof(Some(b"{}"));
        let signed = proof.dpop.rsplit_once('.').unwrap().0;
        key.public().verify_bytes(signed.as_bytes(), &part(&proof.dpop, 2)).unwrap();
        let header: Value = serde_json::from_slice(&part(&proof.dpop, 0)).unwrap();
        assert_eq!(header["jwk"]["x"], BASE64.encode(key.public().as_bytes()));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("EdDSA")));
    }

    #[test]
    fn the_claims_bind_method_address_token_and_body() {
        let (_, proof) = proof(Some(b"{}"));
        let claims: Value = serde_json::from_slice(&part(&proof.dpop, 1)).unwrap();
        assert_eq!(claims["htm"], "POST");
        assert_eq!(claims["htu"], "http://localhost:1984/v1/agent/release");
        assert_eq!(claims["iat"], 1_790_000_000_u64);
        assert_eq!(claims["ath"], BASE64.encode(sha256(&["07".repeat(16).as_bytes()])));
        assert_eq!(claims["cdg"], BASE64.encode(sha256(&[b"{}"])));
        assert_eq!(proof.authorization, format!("DPoP {}", "07".repeat(16)));
    }

    #[test]
    fn without_a_body_there_is_no_digest_and_every_proof_is_new() {
        let (_, first) = proof(None);
        let (_, second) = proof(None);
        let first: Value = serde_json::from_slice(&part(&first.dpop, 1)).unwrap();
        let second: Value = serde_json::from_slice(&part(&second.dpop, 1)).unwrap();
        assert!(first.get("cdg").is_none());
        assert_ne!(first["jti"], second["jti"]);
    }
}
