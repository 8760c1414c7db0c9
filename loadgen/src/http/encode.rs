//! Requests as bytes.

use std::io::Write;
use std::time::Duration;

use super::Request;

/// A request as bytes, ready to be sent: made once and sent many times, or made from a [`Request`].
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'a> {
    /// Head and body.
    pub bytes: &'a [u8],
    /// Whether the answer has no body whatever its head says: `HEAD`.
    pub is_head: bool,
    /// Whether it does no harm to send it twice: it changes nothing, or carries a key that tells
    /// the server that it is the same one.
    pub is_repeatable: bool,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
}

impl<'a> Encoded<'a> {
    /// These bytes, encoded from `request`.
    pub(super) fn new(request: &Request, bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            is_head: request.method == "HEAD",
            is_repeatable: is_repeatable(request),
            timeout: request.timeout,
        }
    }
}

fn is_repeatable(request: &Request) -> bool {
    // RFC 9110, section 9.2.1: the methods that only read.
    let is_safe = matches!(request.method, "GET" | "HEAD" | "OPTIONS" | "TRACE");
    let is_key = |(name, _): &(&str, String)| name.eq_ignore_ascii_case("idempotency-key");
    is_safe || request.headers.iter().any(is_key)
}

/// Appends the request for the server with this `Host` to `into`.
pub fn encode(request: &Request, host: &str, into: &mut Vec<u8>) {
    let Request { method, path, headers, body, .. } = request;
    let size = 128 + path.len() + body.len();
    into.reserve(headers.iter().fold(size, |sum, (name, value)| sum + name.len() + value.len()));
    for part in [method, " ", path, " HTTP/1.1\r\nhost: ", host, "\r\n"] {
        into.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        for part in [name, ": ", value, "\r\n"] {
            into.extend_from_slice(part.as_bytes());
        }
    }
    let is_typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !body.is_empty() && !is_typed {
        into.extend_from_slice(b"content-type: application/json\r\n");
    }
    if !body.is_empty() || *method != "GET" {
        // Writing to memory does not fail.
        let _ = write!(into, "content-length: {}\r\n", body.len());
    }
    into.extend_from_slice(b"\r\n");
    into.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &'static str, headers: &[(&'static str, &str)], body: &str) -> Request {
        Request {
            method,
            path: "/p?q=1".to_owned(),
            headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            body: body.into(),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_request_is_what_http_says() {
        let mut bytes = Vec::new();
        encode(&request("POST", &[("idempotency-key", "k")], "{}"), "h:1", &mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "POST /p?q=1 HTTP/1.1\r\nhost: h:1\r\nidempotency-key: k\r\n\
             content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        );
    }

    #[test]
    fn without_a_body_only_other_methods_than_get_say_so() {
        let text = |method| {
            let mut bytes = Vec::new();
            encode(&request(method, &[], ""), "h", &mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert!(!text("GET").contains("content-"));
        assert!(text("POST").ends_with("content-length: 0\r\n\r\n"));
    }

    #[test]
    fn only_what_does_no_harm_twice_is_repeatable() {
        assert!(is_repeatable(&request("GET", &[], "")));
        assert!(is_repeatable(&request("POST", &[("Idempotency-Key", "k")], "{}")));
        assert!(!is_repeatable(&request("POST", &[], "{}")));
        assert!(!is_repeatable(&request("DELETE", &[], "")));
    }
}
