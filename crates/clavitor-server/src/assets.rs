//! The web application's files: embedded when the crate is built, found by their exact path, never by joining paths.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The pages of the application; each is the same document, which looks at the rest of the address itself.
const PAGES: [&str; 2] = ["/", "/setup"];
const INDEX: &str = "/index.html";
/// Files under here have their hash in their name.
const HASHED: &str = "/assets/";

/// One embedded file.
pub struct File {
    /// Its path.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// `sha256-…`, as in the page's integrity attributes; also the entity tag.
    pub integrity: &'static str,
    /// As built.
    pub plain: &'static [u8],
    /// Compressed by Brotli.
    pub brotli: Option<&'static [u8]>,
    /// Compressed by gzip.
    pub gzip: Option<&'static [u8]>,
}

/// The files of one build.
pub struct Assets {
    files: &'static [File],
    policy: HeaderValue,
}

impl Assets {
    /// The files that this binary carries.
    pub fn embedded() -> Self {
        let policy = HeaderValue::from_str(&policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { files: FILES, policy }
    }

    /// Every file.
    pub fn files(&self) -> &'static [File] {
        self.files
    }

    /// The answer to a request for `path`, if it names a page or a file.
    pub fn answer(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let name = if PAGES.contains(&path) { INDEX } else { path };
        let file = self.files.iter().find(|file| file.path == name)?;
        let mut response = if is_known(file, headers) { StatusCode::NOT_MODIFIED.into_response() } else { content(file, headers) };
        let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let response_headers = response.headers_mut();
        response_headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        response_headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        response_headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag(file)) {
            response_headers.insert(header::ETAG, tag);
        }
        Some(response)
    }
}

/// Exactly the built scripts and styles, nothing from elsewhere, and no string ever becomes code.
fn policy() -> String {
    let sources = |hashes: &[&str]| if hashes.is_empty() { "'none'".to_owned() } else { hashes.join(" ") };
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /v1/reports/policy",
        sources(SCRIPT_SOURCES),
        sources(STYLE_SOURCES),
    )
}

fn tag(file: &File) -> String {
    format!("\"{}\"", file.integrity)
}

fn is_known(file: &File, headers: &HeaderMap) -> bool {
    headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag(file).as_bytes())
}

fn content(file: &File, headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |coding: &str| accepted.split(',').any(|offer| offer.trim() == coding);
    let (body, coding) = match (file.brotli, file.gzip) {
        (Some(brotli), _) if accepts("br") => (brotli, Some("br")),
        (_, Some(gzip)) if accepts("gzip") => (gzip, Some("gzip")),
        _ => (file.plain, None),
    };
    let mut response = ([(header::CONTENT_TYPE, file.media_type)], body).into_response();
    if let Some(coding) = coding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use data_encoding::BASE64;

    #[test]
    fn every_file_is_what_its_integrity_says() {
        for file in Assets::embedded().files() {
            assert_eq!(file.integrity, format!("sha256-{}", BASE64.encode(&sha256(file.plain))), "{}", file.path);
        }
    }

    #[test]
    fn the_page_is_there_and_allows_nothing_that_was_not_built() {
        let assets = Assets::embedded();
        for path in ["/", "/setup", "/index.html"] {
            let response = assets.answer(path, &HeaderMap::new()).unwrap();
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            for forbidden in ["unsafe", "http:", "https:", "data:", "*"] {
                assert!(!policy.contains(forbidden), "{policy}");
            }
            assert!(policy.contains("require-trusted-types-for 'script'; trusted-types 'none'"));
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        }
        assert!(assets.answer("/nothing", &HeaderMap::new()).is_none());
        assert!(assets.answer("/../Cargo.toml", &HeaderMap::new()).is_none());
    }

    #[test]
    fn a_compressed_copy_goes_to_whoever_takes_it() {
        for file in Assets::embedded().files() {
            for (coding, copy) in [("br", file.brotli), ("gzip", file.gzip)] {
                let headers = [(header::ACCEPT_ENCODING, coding.parse().unwrap())].into_iter().collect();
                let response = Assets::embedded().answer(file.path, &headers).unwrap();
                assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), copy.is_some(), "{} {coding}", file.path);
                assert_eq!(response.headers()[header::VARY], "accept-encoding");
            }
        }
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let assets = Assets::embedded();
        let tag = assets.answer("/", &HeaderMap::new()).unwrap().headers()[header::ETAG].clone();
        let headers = [(header::IF_NONE_MATCH, tag)].into_iter().collect();
        assert_eq!(assets.answer("/", &headers).unwrap().status(), StatusCode::NOT_MODIFIED);
    }
}
