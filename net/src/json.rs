//! JSON answers.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;

/// Enough for most answers, so that the text is not moved while it grows.
const BODY_BYTES: usize = 768;

/// Enough for the headers of any answer, those that every answer has included.
const HEADERS: usize = 10;

/// A value that is answered as JSON. Makes room at once for what comes: an answer is on the path of
/// every hold.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut text = Vec::with_capacity(BODY_BYTES);
        if let Err(error) = serde_json::to_writer(&mut text, &self.0) {
            return Problem::internal(error.to_string()).into_response();
        }
        let mut response = Response::new(Body::from(text));
        *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
