//! Compressing large answers: gzip, where the client takes it.
//!
//! A large answer is compressed in slices, between which the core does whatever else is ready, and
//! no more than a few at a time; further ones go out as they are. Small answers never are
//! compressed: those are the many, and they hold the secrets that a guess at the length could find
//! (BREACH). Deliberately absent: brotli, which costs several times as much for every byte, and
//! answers whose length nobody knows, which are streams.

mod accept;
mod body;

use std::mem;

use axum::body::{Body, HttpBody};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use self::body::{Compressors, GzipBody};

const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const VARY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Compressing large answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompressionSettings {
    /// Answers of so many bytes and more are compressed.
    pub from_bytes: u64,
    /// So many answers of one core at a time, some 300 KiB each while they are; 0 is none ever.
    pub at_once: usize,
}

impl Default for CompressionSettings {
    fn default() -> Self {
        Self { from_bytes: 8_192, at_once: 16 }
    }
}

/// One core's compression.
pub(crate) struct Compression {
    settings: CompressionSettings,
    compressors: Compressors,
}

impl Compression {
    pub(crate) fn new(settings: CompressionSettings) -> Self {
        Self { settings, compressors: Compressors::new(settings.at_once) }
    }

    /// Whether a client that sends these headers takes gzip.
    pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
        headers.contains_key(ACCEPT_ENCODING) && accept::takes_gzip(headers)
    }

    /// Compresses an answer, if it is worth it and `is_wanted`. That to a HEAD only says so: its
    /// body is dropped unread.
    pub(crate) fn apply(&self, is_wanted: bool, response: &mut Response) {
        if self.settings.at_once == 0 || !self.is_worth_it(response) {
            return;
        }
        // Also for whoever got it as it is: a cache must not give it to everybody.
        response.headers_mut().append(VARY, VARY_ENCODING);
        if !is_wanted {
            return;
        }
        let Some(compressor) = self.compressors.take() else { return };
        let body = mem::take(response.body_mut());
        *response.body_mut() = Body::new(GzipBody::new(body, compressor));
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_ENCODING, GZIP);
        weaken(headers);
    }

    fn is_worth_it(&self, response: &Response) -> bool {
        let headers = response.headers();
        // Where there is no body any more (HEAD), its length is still said.
        let declared =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let length = declared.or_else(|| response.body().size_hint().exact());
        length.is_some_and(|length| length >= self.settings.from_bytes)
            && response.status() == StatusCode::OK
            && ![CONTENT_ENCODING, CONTENT_RANGE].iter().any(|name| headers.contains_key(name))
            && headers.get(CONTENT_TYPE).is_some_and(is_text)
            && !headers.get(CACHE_CONTROL).is_some_and(|value| contains(value, "no-transform"))
    }
}

/// What is not compressed already, and not a stream of events.
fn is_text(content_type: &HeaderValue) -> bool {
    let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let kinds = [
        "application/json",
        "application/javascript",
        "application/openmetrics-text",
        "image/svg+xml",
    ];
    let is_text = essence.starts_with("text/") && essence != "text/event-stream";
    is_text || kinds.contains(&&*essence) || essence.ends_with("+json")
}

fn contains(value: &HeaderValue, word: &str) -> bool {
    value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains(word))
}

/// The tag stands for the same content now, not for the same bytes.
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) else {
        return;
    };
    if let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        headers.insert(ETAG, weak);
    }
}
