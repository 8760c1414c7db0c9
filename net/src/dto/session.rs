//! Guest sessions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::At;
use super::id::PersonRef;

/// A wish to buy as a guest.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// Where to write to. It is kept in the token and nowhere else.
    #[schema(example = "ada@example.org", format = "email", max_length = 254)]
    pub email: String,
}

/// A guest's session: a new person every time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// What to send as `Authorization: Bearer ...`. It is all that ties a guest to their orders.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9...")]
    pub access_token: String,
    /// Who the token speaks for.
    pub person: PersonRef,
    /// From when on the token is not good any more.
    pub expires_at: At,
}
