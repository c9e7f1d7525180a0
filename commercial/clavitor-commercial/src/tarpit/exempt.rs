//! What is never held: requests that honest programs make without knowing whether the answer is there.

use clavitor_server::edition::{Unmatched, http::Method};

/// Found in the binary of this edition and in no other.
pub(crate) const SENTINEL: &str = "clavitor-commercial module tarpit/exempt";

/// Discovery (RFC 8615, MCP, OAuth), health, and what browsers and crawlers ask every site for.
const FOLDERS: &[&str] = &["/.well-known", "/mcp", "/health", "/healthz", "/livez", "/readyz", "/metrics"];
const FILES: &[&str] = &["/robots.txt", "/favicon", "/apple-touch-icon"];

/// Whether the plain answer is due, whoever asks. Whether the caller is somebody is another question, and costs more.
pub(crate) fn is_exempt(request: &Unmatched<'_>) -> bool {
    // On HTTP/2 one connection carries a hundred requests; a known path with a wrong method is an honest mistake;
    // OPTIONS is how browsers ask before they send (CORS); an answer to HEAD has no body to hold it with.
    !request.http1
        || !request.methods.is_empty()
        || [Method::OPTIONS, Method::HEAD].contains(request.method)
        || is_known_place(request.path)
}

fn is_known_place(path: &str) -> bool {
    let within = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    FOLDERS.iter().any(|folder| within(folder)) || FILES.iter().any(|file| path.starts_with(file))
}

#[cfg(test)]
mod tests {
    use clavitor_server::edition::http::Method;

    use super::*;

    fn request<'a>(method: &'a Method, path: &'a str, methods: &'a [Method], http1: bool) -> Unmatched<'a> {
        Unmatched { method, path, methods, http1, from: [192, 0, 2, 1].into(), proven: &|| false }
    }

    #[test]
    fn scanners_are_not_exempt() {
        for path in ["/wp-login.php", "/.env", "/.git/config", "/v1/nothing", "/healthy", "/mcpx", "/.well-knownx", "/metricsx", "/robots"]
        {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                assert!(!is_exempt(&request(&method, path, &[], true)), "{method} {path}");
            }
        }
    }

    #[test]
    fn what_honest_programs_ask_for_is() {
        for path in [
            "/.well-known/oauth-authorization-server",
            "/.well-known/acme-challenge/x",
            "/.well-known",
            "/mcp",
            "/mcp/sse",
            "/health",
            "/health/x",
            "/healthz",
            "/livez",
            "/readyz",
            "/metrics",
            "/robots.txt",
            "/favicon.ico",
            "/favicon-32.png",
            "/apple-touch-icon.png",
            "/apple-touch-icon-120x120-precomposed.png",
        ] {
            assert!(is_exempt(&request(&Method::GET, path, &[], true)), "{path}");
        }
    }

    #[test]
    fn a_wrong_method_a_preflight_a_head_and_http2_are() {
        assert!(is_exempt(&request(&Method::PUT, "/v1/node", &[Method::GET], true)));
        assert!(is_exempt(&request(&Method::OPTIONS, "/wp-login.php", &[], true)));
        assert!(is_exempt(&request(&Method::HEAD, "/wp-login.php", &[], true)));
        assert!(is_exempt(&request(&Method::GET, "/wp-login.php", &[], false)));
    }
}
