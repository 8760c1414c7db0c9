//! Errors as RFC 9457 has them: `application/problem+json` with a stable `type` and `code`, and the
//! members that a program needs to go on. Which codes there are is in [`catalog`].

mod accounts;
pub mod catalog;
mod catalogue;
mod control;
pub(crate) mod oidc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use self::catalog::Kind;

/// Something that went wrong, on its way to the caller. As a response it is only a note; the
/// outermost layer, which knows the request's id, writes it out with [`Problem::render`].
#[derive(Clone, Debug)]
pub struct Problem(Box<Content>);

#[derive(Clone, Debug)]
struct Content {
    kind: &'static Kind,
    detail: String,
    members: Map<String, Value>,
    retry_after_s: Option<u32>,
}

/// One thing that is wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Wrong {
    /// Where: a path into the body, or `path.`, `query.` or `header.` and a name.
    #[schema(example = "wishes[0].count")]
    pub at: String,
    /// What is wrong there.
    #[schema(example = "invalid type: floating point `1.5`, expected u32")]
    pub problem: String,
}

impl Problem {
    /// A problem of this kind; `detail` is about this occurrence, for people.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        let (detail, members) = (detail.into(), Map::new());
        Self(Box::new(Content { kind, detail, members, retry_after_s: None }))
    }

    /// A problem with one place of what was sent.
    pub fn at(kind: &'static Kind, at: impl Into<String>, problem: impl Into<String>) -> Self {
        let wrong = Wrong { at: at.into(), problem: problem.into() };
        let detail = format!("{}: {}", wrong.at, wrong.problem);
        Self::new(kind, detail).member("errors", serde_json::json!([wrong]))
    }

    /// A fault of ours; `detail` says where to look, and nothing about the machine.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(&catalog::INTERNAL_ERROR, detail)
    }

    /// With one more member.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// With the advice to come back after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self.member("retry_after_s", seconds)
    }

    /// Its stable code.
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// Writes it into a response that it was the note of, for the request with this id.
    pub fn render(self, response: &mut Response, instance: &str) {
        let Content { kind, detail, members, retry_after_s } = *self.0;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.remove(header::CONTENT_LENGTH);
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if kind.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, challenge(kind));
        }
        let body = ProblemBody {
            r#type: format!("/problems/{}", kind.code),
            title: kind.title.to_owned(),
            status: kind.status.as_u16(),
            detail,
            instance: instance.to_owned(),
            code: kind.code.to_owned(),
            members,
        };
        // Strings and numbers under string keys: there is nothing in it that JSON cannot say.
        *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
    }
}

/// RFC 6750: the scheme alone if there was no access token, the error too if there was a bad one.
fn challenge(kind: &Kind) -> HeaderValue {
    let bad = [&catalog::SESSION_ENDED, &catalog::TOKEN_EXPIRED, &catalog::TOKEN_INVALID];
    let is_bad = bad.contains(&kind);
    HeaderValue::from_static(if is_bad { "Bearer error=\"invalid_token\"" } else { "Bearer" })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What an error looks like (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Names the kind of problem; stable.
    #[schema(example = "/problems/sold_out")]
    pub r#type: String,
    /// The kind of problem, for people; the same for every occurrence.
    #[schema(example = "Sold out")]
    pub title: String,
    /// The HTTP status, again.
    #[schema(example = 409)]
    pub status: u16,
    /// This very occurrence, for people.
    #[schema(example = "sold out: what was asked for is paid for and gone")]
    pub detail: String,
    /// The id of the request, as in the header `X-Request-Id`.
    #[schema(example = "5f3a9c01-2a")]
    pub instance: String,
    /// The last part of `type`: what a program should look at.
    #[schema(example = "sold_out")]
    pub code: String,
    /// What a program needs to go on, by the kind of problem: `errors`, `seats`, `left`, ...
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    pub members: Map<String, Value>,
}
