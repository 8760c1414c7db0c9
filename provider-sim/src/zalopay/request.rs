//! What merchants send: JSON or a form, with a `mac` over some of it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

use super::api::No;
use crate::credentials::{ZALOPAY_APP_ID, ZALOPAY_KEY1};
use crate::sign::hmac_sha256;

/// Fields by name, all of them text.
#[derive(Clone, Debug)]
pub(super) struct Request(BTreeMap<String, String>);

impl Request {
    /// What is in a body, if the merchant signed the values of these fields.
    pub(super) fn signed(headers: &HeaderMap, body: &Bytes, fields: &[&str]) -> Result<Self, No> {
        let request = Self::read(headers, body).ok_or(No::Malformed)?;
        if request.get("app_id") != ZALOPAY_APP_ID.to_string() {
            return Err(No::NotYours);
        }
        let value = |name: &&str| match *name {
            "key1" => ZALOPAY_KEY1,
            field => request.get(field),
        };
        let signed = fields.iter().map(value).collect::<Vec<_>>().join("|");
        let mac = hmac_sha256(ZALOPAY_KEY1, signed.as_bytes());
        if request.get("mac") == mac { Ok(request) } else { Err(No::NotYours) }
    }

    fn read(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Some(Self(form_urlencoded::parse(body).into_owned().collect()));
        }
        let object: BTreeMap<String, Value> = serde_json::from_slice(body).ok()?;
        let text = |value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(Self(object.into_iter().map(|(name, value)| (name, text(value))).collect()))
    }

    /// A field, or nothing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A field that has at least one character, and not more than so many.
    pub(super) fn text(&self, name: &str, length_max: usize) -> Result<&str, No> {
        let text = self.get(name);
        let fits = (1..=length_max).contains(&text.chars().count());
        if fits { Ok(text) } else { Err(No::Malformed) }
    }

    /// A field that is a number.
    pub(super) fn number(&self, name: &str) -> Result<u64, No> {
        self.get(name).parse().map_err(|_| No::Malformed)
    }

    /// A field that is a time in milliseconds, not more than fifteen minutes from now.
    pub(super) fn time(&self, name: &str, now_ms: u64) -> Result<u64, No> {
        let time = self.number(name)?;
        if time.abs_diff(now_ms) <= 15 * 60_000 { Ok(time) } else { Err(No::Untimely) }
    }
}
