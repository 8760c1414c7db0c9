//! Somebody at what is their own: their account.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::access::audit::{By, Who};
use onsale_control::access::{Rank, Reach};
use onsale_control::accounts::role::Role;
use onsale_control::id::SessionId;
use onsale_core::id::PersonId;

use super::caller::Caller;
use super::origin::Origin;
use crate::api::edge::Edge;
use crate::auth::Principal;
use crate::problem::Problem;

/// Somebody who has signed in and may do to their own account what the route is for.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Who.
    pub(crate) person: PersonId,
    /// Where they have signed in.
    pub(crate) session: SessionId,
    origin: Origin,
}

impl FromRequestParts<Edge> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, edge).await?;
        let Some(Principal::Account { person, session }) = caller.principal else {
            return Err(Problem::account_only());
        };
        // The same for every role: what is one's own is a buyer's, too.
        if caller.action.reach(Rank::Account(Role::Buyer)) != Reach::Own {
            return Err(Problem::forbidden(caller.action));
        }
        let Ok(origin) = Origin::from_request_parts(parts, edge).await;
        Ok(Self { person, session, origin })
    }
}

impl Account {
    /// Who does it, when and from where.
    pub(crate) fn by(&self, edge: &Edge) -> By {
        self.origin.by(Who::Person(self.person), edge)
    }
}
