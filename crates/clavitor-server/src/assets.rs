//! The web application's files: embedded when the crate is built, found by their exact path, never by joining paths.
//!
//! They are carried compressed only. Who takes no compressed copy gets the plain one, which is unpacked once and then kept.

use std::sync::OnceLock;

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
    copies: Copies,
}

/// What is carried of a file. The page that stands for an application that was not built is the only one that is not compressed.
#[allow(dead_code, reason = "a build has the one kind or the other")]
enum Copies {
    Plain(&'static [u8]),
    /// `length` is that of the plain copy, in bytes.
    Compressed {
        brotli: &'static [u8],
        gzip: &'static [u8],
        length: usize,
        plain: OnceLock<Option<Vec<u8>>>,
    },
}

impl File {
    /// The best copy for whoever takes what `accepts` says, and its coding.
    fn copy(&'static self, accepts: impl Fn(&str) -> bool) -> (&'static [u8], Option<&'static str>) {
        match &self.copies {
            Copies::Plain(plain) => (plain, None),
            Copies::Compressed { brotli, .. } if accepts("br") => (brotli, Some("br")),
            Copies::Compressed { gzip, .. } if accepts("gzip") => (gzip, Some("gzip")),
            Copies::Compressed { gzip, length, plain, .. } => match plain.get_or_init(|| unpacked(gzip, *length)) {
                Some(plain) => (plain, None),
                // Does not happen to a file that the build made; a test unpacks every one.
                None => (gzip, Some("gzip")),
            },
        }
    }
}

/// The content of a gzip file with the shortest header (RFC 1952, section 2.3), which is what the bundle's build writes.
fn unpacked(gzip: &[u8], length: usize) -> Option<Vec<u8>> {
    const HEADER_BYTES: usize = 10;
    const TRAILER_BYTES: usize = 8;
    let deflated = gzip.get(HEADER_BYTES..gzip.len().checked_sub(TRAILER_BYTES)?)?;
    miniz_oxide::inflate::decompress_to_vec_with_limit(deflated, length).ok().filter(|plain| plain.len() == length)
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
        Self { files: &FILES, policy }
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

fn content(file: &'static File, headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |coding: &str| accepted.split(',').any(|offer| offer.trim() == coding);
    let (body, coding) = file.copy(accepts);
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
            assert_eq!(file.integrity, format!("sha256-{}", BASE64.encode(&sha256(file.copy(|_| false).0))), "{}", file.path);
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
            let packed = matches!(file.copies, Copies::Compressed { .. });
            for (accepted, coding) in [("gzip, br", Some("br")), ("gzip", Some("gzip")), ("zstd", None)] {
                let headers = [(header::ACCEPT_ENCODING, accepted.parse().unwrap())].into_iter().collect();
                let response = Assets::embedded().answer(file.path, &headers).unwrap();
                let told = response.headers().get(header::CONTENT_ENCODING).map(|told| told.to_str().unwrap());
                assert_eq!(told, coding.filter(|_| packed), "{} {accepted}", file.path);
                assert_eq!(response.headers()[header::VARY], "accept-encoding");
            }
        }
    }

    #[test]
    fn what_is_cut_or_longer_than_its_manifest_says_is_not_unpacked() {
        let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0x4b, 0x4c, 0x4a, 6, 0], &[0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0]].concat();
        assert_eq!(unpacked(&gzip, 3).as_deref(), Some(&b"abc"[..]));
        assert_eq!(unpacked(&gzip, 2), None);
        assert_eq!(unpacked(&gzip, 4), None);
        for end in 0..15 {
            assert_eq!(unpacked(&gzip[..end], 3), None, "{end}");
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
