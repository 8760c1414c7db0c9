//! The headers that keep answers from being misread, framed, leaked or kept (OWASP REST Security
//! cheat sheet; HTTP Headers cheat sheet).

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::conditional::Keep;

const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Without the subdomains: they may be others'.
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
/// Nothing of what a page could ask of the machine.
const NO_PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");

/// Adds what every answer has, unless its handler has said it better. `is_https` says how buyers
/// reach the server.
pub(crate) fn protect(headers: &mut HeaderMap, is_https: bool) {
    let mut default = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    default(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    default(REFERRER_POLICY, NO_REFERRER);
    default(CACHE_CONTROL, Keep::Never.header());
    default(CONTENT_SECURITY_POLICY, NOTHING);
    default(CROSS_ORIGIN_RESOURCE_POLICY, SAME_ORIGIN);
    if is_https {
        default(STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    let is_page = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    if headers.get(CONTENT_TYPE).is_some_and(is_page) {
        headers.entry(CROSS_ORIGIN_OPENER_POLICY).or_insert(SAME_ORIGIN);
        headers.entry(PERMISSIONS_POLICY).or_insert(NO_PERMISSIONS);
    }
}
