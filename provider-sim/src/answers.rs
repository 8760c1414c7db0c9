//! Answers that are given again, word for word, to whoever asks again under the same key: how
//! Stripe, Razorpay and `PayPal` make a repeated request harmless.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

/// An answer of JSON, or none where there is nothing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Value,
}

impl Answer {
    /// An answer with this status.
    pub fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }

    /// It was done.
    pub fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        if self.body.is_null() {
            return self.status.into_response();
        }
        (self.status, Json(self.body)).into_response()
    }
}

/// The key was used for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsed;

/// The answers of one provider by key.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    given: BTreeMap<String, (String, Answer)>,
}

impl Answers {
    /// What was answered under this key. `request` is whatever tells requests apart: their path and
    /// their body, say.
    pub fn find(&self, key: &str, request: &str) -> Result<Option<Answer>, KeyUsed> {
        match self.given.get(key) {
            None => Ok(None),
            Some((asked, answer)) if asked == request => Ok(Some(answer.clone())),
            Some(_) => Err(KeyUsed),
        }
    }

    /// Remembers an answer; the first one under a key stays.
    pub fn keep(&mut self, key: &str, request: &str, answer: &Answer) {
        let given = || (request.to_owned(), answer.clone());
        self.given.entry(key.to_owned()).or_insert_with(given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_request_and_one_answer() {
        let mut answers = Answers::default();
        let [first, second] = ["1", "2"].map(|text| Answer::ok(Value::from(text)));
        assert_eq!(answers.find("key", "a"), Ok(None));
        answers.keep("key", "a", &first);
        answers.keep("key", "a", &second);
        assert_eq!(answers.find("key", "a"), Ok(Some(first)));
        assert_eq!(answers.find("key", "b"), Err(KeyUsed));
        assert_eq!(answers.find("other", "b"), Ok(None));
    }
}
