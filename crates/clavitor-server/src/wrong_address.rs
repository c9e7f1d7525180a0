//! What somebody is told who came by an address that cannot work: plain HTTP, a bare IP address, another name. A page for people, an error for programs.

use std::sync::OnceLock;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use clavitor_api::ErrorCode;
use data_encoding::BASE64;

use crate::{config::Config, digest::sha256, guards, refusal::Refusal};

const STYLE: &str = include_str!("wrong_address.css");
const RETRY_S: u64 = 30;

/// Why nothing of the vault is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The right name, without TLS.
    PlainHttp,
    /// The right name, without TLS, and there is no certificate yet.
    NoCertificateYet,
    /// A name that is ours, and not the one that passkeys are bound to.
    SecondName,
    /// A bare address, or a name that is not ours.
    NotOurName,
}

/// The answer to a request whose `Host` is not the node's address; none if it is, or if any will do.
pub(crate) fn answer(config: &Config, request: &Request<Body>) -> Option<Response> {
    let why = match guards::addressed(config, request.uri(), request.headers()) {
        guards::Addressed::Right => return None,
        guards::Addressed::SecondName if !wants_page(request.method(), request.uri(), request.headers()) => return None,
        guards::Addressed::SecondName => Why::SecondName,
        guards::Addressed::NotOurs => Why::NotOurName,
    };
    Some(refuse(why, &config.origin, request.method(), request.uri(), request.headers()))
}

/// The refusal in the form that whoever asks can read. `address` is the right one: scheme, host and port.
pub(crate) fn refuse(why: Why, address: &str, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    if wants_page(method, uri, headers) { page(why, address) } else { refusal(why, address).into_response() }
}

/// Somebody typed the address, or followed a link.
fn wants_page(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let accepts = || headers.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    (method == Method::GET || method == Method::HEAD) && !uri.path().starts_with("/v1/") && accepts()
}

fn refusal(why: Why, address: &str) -> Refusal {
    match why {
        Why::PlainHttp => Refusal::bad_request(format!("This node speaks HTTPS only, at {address}."))
            .remedy("Use that address. A token that was sent here in the clear may have been read on the way: have it replaced."),
        Why::NoCertificateYet => Refusal::new(ErrorCode::Unavailable, format!("This node is getting its certificate for {address}."))
            .remedy("Try again in a minute, at that address.")
            .retry_after(RETRY_S),
        Why::SecondName | Why::NotOurName => Refusal::bad_request(format!("This node answers to {address} only.")),
    }
}

fn page(why: Why, address: &str) -> Response {
    let status = if why == Why::NoCertificateYet { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], document(why, address)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy());
    if why == Why::NoCertificateYet {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_S));
    }
    response
}

/// The one style of the page, and nothing else at all.
fn policy() -> HeaderValue {
    static POLICY: OnceLock<HeaderValue> = OnceLock::new();
    let made = POLICY.get_or_init(|| {
        let style = BASE64.encode(&sha256(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    });
    made.clone()
}

fn document(why: Why, address: &str) -> String {
    let authority = address.split_once("://").map_or(address, |(_, authority)| authority);
    let name = escape(authority.split_once(':').map_or(authority, |(name, _)| name));
    let elsewhere = if name == "localhost" { ELSEWHERE.to_owned() } else { NOT_FOUND.replace("{name}", &name) };
    let address = escape(address);
    let link = format!("<p><a class=\"open\" href=\"{address}/\">Open {address}</a></p>");
    let (title, body) = match why {
        Why::PlainHttp => ("This vault is served over HTTPS", format!("{PLAIN_HTTP}{link}")),
        Why::NoCertificateYet => ("This node is getting its certificate", format!("{NO_CERTIFICATE_YET}{link}")),
        Why::SecondName => ("This vault has another name", format!("{SECOND_NAME}{link}")),
        Why::NotOurName => ("Open the vault by its name", format!("{NOT_OUR_NAME}{link}{elsewhere}")),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n<title>{title} · Clavitor</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<p class=\"mark\">Clavitor</p>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
}

const PLAIN_HTTP: &str = "<p>You came by plain HTTP, which anybody on the way can read and change. Nothing of the vault is served that way, and \
    passkeys do not work there.</p>";

const NO_CERTIFICATE_YET: &str = "<p>It has just been started and asks a certificate authority to confirm its name. That takes about a minute; \
    then the vault is at the address below.</p><p>If this page is still here in ten minutes, whoever runs the node finds the reason in its log, or with \
    <code>clavitor doctor</code>.</p>";

const SECOND_NAME: &str =
    "<p>This node has several names, and passkeys are bound to one of them: under this one your browser would find none of yours.</p>";

const NOT_OUR_NAME: &str = "<p>You came by a bare IP address, or by a name that this node does not have. A vault cannot be opened like that, and \
    no setting changes it: your passkey is the key, browsers bind it to a <strong>name</strong>, and they use it only over HTTPS with a \
    certificate that they trust. An address on the local network is no exception.</p>";

const NOT_FOUND: &str = "<h2>If that address is not found</h2><ul>\
    <li>The name <strong>{name}</strong> must lead to this machine. Where you run the DNS, add a record with its address; at home, many routers have a \
    list of local names.</li>\
    <li>To try Clavitor out without a name of your own, whoever runs the node can give one machine its own certificate authority: \
    <code>clavitor serve --dev-ca</code>.</li></ul>";

const ELSEWHERE: &str = "<h2>From another machine</h2><p>This node serves the machine that it runs on. To open it from others, whoever runs it gives it a name: \
    <code>clavitor serve --domain vault.example.com</code>.</p>";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://vault.example.com";

    fn asked(method: Method, path: &'static str, accept: Option<&'static str>) -> Response {
        let accept = accept.map(|accept| (header::ACCEPT, HeaderValue::from_static(accept)));
        refuse(Why::PlainHttp, ADDRESS, &method, &Uri::from_static(path), &accept.into_iter().collect())
    }

    #[test]
    fn people_get_a_page_and_programs_an_error() {
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        let is_page = |response: &Response| response.headers()[header::CONTENT_TYPE] == "text/html; charset=utf-8";
        assert!(is_page(&asked(Method::GET, "/", Some(browser))));
        for (method, path, accept) in [
            (Method::POST, "/", Some(browser)),
            (Method::GET, "/v1/vault", Some(browser)),
            (Method::GET, "/", Some("*/*")),
            (Method::GET, "/", None),
        ] {
            let response = asked(method, path, accept);
            assert!(!is_page(&response) && response.status() == StatusCode::BAD_REQUEST, "{path} {accept:?}");
            assert!(!response.headers().contains_key(header::LOCATION));
        }
    }

    #[test]
    fn every_page_names_the_address_and_has_nothing_but_its_style() {
        for why in [Why::PlainHttp, Why::NoCertificateYet, Why::SecondName, Why::NotOurName] {
            let page = document(why, ADDRESS);
            assert!(page.contains("href=\"https://vault.example.com/\""), "{why:?}");
            for foreign in ["<script", "<img", "<link", "url(", "@import", "style=\"", "{name}"] {
                assert!(!page.contains(foreign), "{why:?} has {foreign}");
            }
        }
        assert!(!document(Why::NotOurName, "https://a\"><script>").contains("<script"));
        assert!(document(Why::NotOurName, "https://vault.example.com:8443").contains("<strong>vault.example.com</strong>"));
        assert!(document(Why::NotOurName, "http://localhost:1984").contains("From another machine"));
    }
}
