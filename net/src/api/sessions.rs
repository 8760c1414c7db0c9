//! Guest sessions: an e-mail address becomes a person and a token.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_core::id::PersonId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::auth::new_access_token;
use crate::auth::token::Access;
use crate::dto::session::{OpenSession, Session};
use crate::dto::{At, Id};
use crate::extract::Body;
use crate::json::Json;
use crate::problem::{Problem, catalog};

/// RFC 5321: the longest path, without its angle brackets.
const EMAIL_BYTES_MAX: usize = 254;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(open))
}

/// Open a guest's session.
///
/// Every call makes a new person. The access token is all that ties them to their orders: whoever
/// has it can see and move these, and without it nobody can.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "sessions",
    operation_id = "open_session",
    request_body = OpenSession,
    responses((status = CREATED, description = "The session", body = Session)),
    extensions(
        ("x-action" = json!("session.open")),
        ("x-limit" = json!("session")),
    ),
)]
async fn open(
    State(edge): State<Edge>,
    Body(wish): Body<OpenSession>,
) -> Result<(StatusCode, Json<Session>), Problem> {
    if !is_email(&wish.email) {
        let problem = "must be an e-mail address of at most 254 bytes, such as ada@example.org";
        return Err(Problem::at(&catalog::INVALID_BODY, "email", problem));
    }
    let person = PersonId::from_u128(u128::from_be_bytes(edge.random()?));
    let expires_at = edge.now() + edge.session_lifetime();
    let access = Access { person, session: None, expires_at };
    let session = Session {
        access_token: new_access_token(&edge, access, Some(&wish.email))?,
        person: Id(person),
        expires_at: At(access.expires_at),
    };
    Ok((StatusCode::CREATED, Json(session)))
}

/// Whether it has the shape of an address. Whether somebody reads there, only a letter can tell.
fn is_email(text: &str) -> bool {
    let is_atom = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let is_domain = |domain: &str| {
        domain.contains('.')
            && domain.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            })
    };
    let parts = text.rsplit_once('@');
    text.len() <= EMAIL_BYTES_MAX
        && parts
            .is_some_and(|(local, domain)| local.len() <= 64 && is_atom(local) && is_domain(domain))
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses_are_told_from_other_text() {
        for right in ["ada@example.org", "a.b+c@mail.example.co.uk", "jürgen@bücher.example"] {
            assert!(is_email(right), "{right}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for wrong in ["", "ada", "@example.org", "ada@", "ada@localhost", "a b@example.org", &long]
        {
            assert!(!is_email(wrong), "{wrong}");
        }
        for wrong in ["a@b@example.org", "a@-b.example", "a@b..example", "a\n@example.org"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
