//! The session cookie. `__Host-` binds it to exactly this origin; no script can read it, and no other site can make a browser send it.

use axum::http::{HeaderMap, HeaderValue, header};

const NAME: &str = "__Host-clavitor";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// The session token that a request brings. Two of them are none: one was planted.
pub(crate) fn session(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut tokens = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='));
    match (tokens.next(), tokens.next()) {
        (token, None) => token,
        _ => None,
    }
}

/// The header value that gives a browser its session; marked so that no log shows it.
pub(crate) fn give(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{NAME}={token}; {ATTRIBUTES}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header value that takes it back.
pub(crate) fn take_back() -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{NAME}=; Max-Age=0; {ATTRIBUTES}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn finds_the_session_among_other_cookies() {
        assert_eq!(session(&headers(&["a=1; __Host-clavitor=token; b=2"])), Some("token"));
        assert_eq!(session(&headers(&["a=1", "__Host-clavitor=token"])), Some("token"));
        assert_eq!(session(&headers(&["clavitor=token; __Host-clavitorx=token"])), None);
        assert_eq!(session(&headers(&[])), None);
    }

    #[test]
    fn two_sessions_are_none() {
        assert_eq!(session(&headers(&["__Host-clavitor=a; __Host-clavitor=b"])), None);
        assert_eq!(session(&headers(&["__Host-clavitor=a", "__Host-clavitor=a"])), None);
    }
}
