//! Reading bodies: type, size, shape. Nothing of a body is ever logged.

use std::fmt;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use clavitor_api::ErrorCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use crate::refusal::Refusal;

/// Members in which a browser would hand over PRF output, in lower case.
const SECRET_MEMBERS: [&str; 4] = ["prf", "clientextensionresults", "client_extension_results", "hmaccreatesecret"];
/// Tells the shape's refusals from each other inside of the JSON library's error.
const SECRET: &str = "secret member";
const DEEP: &str = "nested too deep";

/// The whole body, at most `bytes_max`.
///
/// # Errors
/// `too_large`, `bad_request`.
pub(crate) async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Err(_) => Err(Refusal::bad_request("The body ended early.")),
    }
}

/// Refuses by the announced length, before anything is read.
///
/// # Errors
/// `too_large`.
pub(crate) fn announced(headers: &HeaderMap, bytes_max: usize) -> Result<(), Refusal> {
    if length(headers).is_some_and(|length| length > bytes_max as u64) { Err(too_large(bytes_max)) } else { Ok(()) }
}

/// Whether the body may turn out to be larger than `bytes`.
pub(crate) fn is_large(headers: &HeaderMap, bytes: usize) -> bool {
    length(headers).is_none_or(|length| length > bytes as u64)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(bytes_max: usize) -> Refusal {
    Refusal::new(ErrorCode::TooLarge, format!("The body is larger than {bytes_max} bytes."))
}

/// Refuses everything that does not call itself JSON: a form or plain text can be sent by any site.
///
/// # Errors
/// `unsupported_media_type`.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next() == Some("application/json");
    if json && parts.all(|parameter| parameter == "charset=utf-8") {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::UnsupportedMediaType, "The body must be application/json."))
}

/// Refuses everything that does not call itself a report: browsers give theirs a media type that no form can have.
///
/// # Errors
/// `unsupported_media_type`.
pub(crate) fn is_report(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    if value.split(';').next().map(str::trim) == Some("application/csp-report") {
        return Ok(());
    }
    is_json(headers)
}

/// Parses a body after looking at its shape.
///
/// # Errors
/// `secret_refused` if a member that carries PRF output is in it at any depth; `bad_request`, naming the member where that is safe.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], depth_max: usize) -> Result<T, Refusal> {
    shape(body, depth_max)?;
    serde_json::from_slice(body).map_err(|error| explain(&error))
}

fn shape(body: &[u8], depth_max: usize) -> Result<(), Refusal> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let walked = Shape { depth_left: depth_max }.deserialize(&mut json).and_then(|()| json.end());
    walked.map_err(|error| match error.to_string() {
        text if text.starts_with(SECRET) => {
            Refusal::new(ErrorCode::SecretRefused, "The request carried passkey output. Nothing of it was kept.")
                .remedy("Send the credential without its client extension results.")
        }
        text if text.starts_with(DEEP) => Refusal::bad_request(format!("The body is nested deeper than {depth_max} levels.")),
        _ => explain(&error),
    })
}

/// What is wrong, without repeating a value of the body.
fn explain(error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    let names_a_member = ["unknown field", "missing field", "duplicate field"].iter().any(|start| text.starts_with(start));
    if names_a_member {
        let what = text.split(", expected").next().unwrap_or_default().split(" at line").next().unwrap_or_default();
        return Refusal::bad_request(format!("The body does not fit: {what} ({place})."));
    }
    if error.is_data() {
        return Refusal::bad_request(format!("The body does not fit: a member has the wrong form ({place})."));
    }
    Refusal::bad_request(format!("The body is not JSON ({place})."))
}

struct Shape {
    depth_left: usize,
}

impl Shape {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        self.depth_left.checked_sub(1).map(|depth_left| Self { depth_left }).ok_or_else(|| E::custom(DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for Shape {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.deeper()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            let name = name.to_ascii_lowercase();
            if SECRET_MEMBERS.contains(&name.as_str()) {
                return Err(A::Error::custom(SECRET));
            }
            members.next_value_seed(self.deeper()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavitor_api::{SessionFinish, SetupBegin};
    use serde_json::json;

    fn code<T>(result: Result<T, Refusal>) -> Option<ErrorCode> {
        result.err().map(|refusal| refusal.body.code)
    }

    fn session_finish() -> serde_json::Value {
        json!({
            "ceremony_id": "00".repeat(16),
            "credential": {"raw_id": "AA", "authenticator_data": "AA", "client_data_json": "AA", "signature": "AA", "user_handle": null},
        })
    }

    #[test]
    fn passkey_output_is_refused_at_any_depth_and_in_any_spelling() {
        let plain = session_finish();
        assert_eq!(code(parse::<SessionFinish>(plain.to_string().as_bytes(), 32)), None);
        for member in ["prf", "PRF", "clientExtensionResults", "client_extension_results"] {
            let mut top = plain.clone();
            top[member] = json!({"results": {"first": "AAAA"}});
            let mut inner = plain.clone();
            inner["credential"][member] = json!({"results": {"first": "AAAA"}});
            let mut hidden = plain.clone();
            hidden["extra"] = json!([[{"a": [{member: 1}]}]]);
            for body in [top, inner, hidden] {
                assert_eq!(code(parse::<SessionFinish>(body.to_string().as_bytes(), 32)), Some(ErrorCode::SecretRefused), "{member}");
            }
        }
        let escaped = br#"{"\u0070rf": 1}"#;
        assert_eq!(code(parse::<SessionFinish>(escaped, 32)), Some(ErrorCode::SecretRefused));
    }

    #[test]
    fn a_value_of_the_body_is_never_repeated() {
        for body in [
            r#"{"setup_token": {"hunter2": "hunter3"}, "vault_id": "00"}"#,
            r#"{"setup_token": "hunter2", "vault_id": "hunter3"}"#,
            r#"{"setup_token": "hunter2"#,
        ] {
            let refusal = parse::<SetupBegin>(body.as_bytes(), 32).unwrap_err();
            assert_eq!(refusal.body.code, ErrorCode::BadRequest);
            assert!(!refusal.body.message.contains("hunter"), "{}", refusal.body.message);
            assert_eq!(refusal.log, None);
        }
    }

    #[test]
    fn unknown_missing_and_repeated_members_are_named() {
        let message = |body: &str| parse::<SetupBegin>(body.as_bytes(), 32).unwrap_err().body.message;
        assert!(message(r#"{"setup_token": "a", "vault": "b"}"#).contains("`vault`"));
        assert!(message(r#"{"setup_token": "a"}"#).contains("`vault_id`"));
        assert!(message(r#"{"setup_token": "a", "setup_token": "b"}"#).contains("`setup_token`"));
        assert!(message("{").contains("not JSON"));
        assert!(message("{} {}").contains("not JSON"));
        assert!(message("\u{feff}{}").contains("not JSON"));
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(shape(nested(32).as_bytes(), 32).is_ok());
        assert!(shape(nested(34).as_bytes(), 32).unwrap_err().body.message.contains("32 levels"));
        assert_eq!(code(shape("[".repeat(100_000).as_bytes(), 32)), Some(ErrorCode::BadRequest));
    }

    #[test]
    fn only_json_is_json() {
        let headers = |value: &str| [(header::CONTENT_TYPE, value.parse().unwrap())].into_iter().collect::<HeaderMap>();
        for good in ["application/json", "Application/JSON; charset=UTF-8"] {
            assert!(is_json(&headers(good)).is_ok(), "{good}");
        }
        for bad in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-7", "application/jsonp", ""] {
            assert_eq!(code(is_json(&headers(bad))), Some(ErrorCode::UnsupportedMediaType), "{bad}");
        }
        assert_eq!(code(is_json(&HeaderMap::new())), Some(ErrorCode::UnsupportedMediaType));
    }
}
