//! The permission to do what a route is for.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::Control;
use onsale_control::access::audit::{By, Who};
use onsale_control::access::standing::{self, Scope};
use onsale_control::access::{Action, Rank, Reach, Standing};
use onsale_control::accounts::role::Role;
use onsale_core::id::PersonId;

use super::caller::Caller;
use super::object::Object;
use super::origin::Origin;
use crate::api::edge::Edge;
use crate::auth::Principal;
use crate::problem::Problem;

/// What is in the path, and the proof that the caller may do to it what the route is for.
pub(crate) struct Permit<O>(pub(crate) O, pub(crate) Grant);

impl<O: Object> FromRequestParts<Edge> for Permit<O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, edge).await?;
        let object = O::from_request_parts(parts, edge).await?;
        let Ok(origin) = Origin::from_request_parts(parts, edge).await;
        let grant = caller.permit(edge, origin, &object).await?;
        Ok(Self(object, grant))
    }
}

/// That somebody may do something. There is no other way to get one than [`Permit`] and a role
/// that was looked up.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    caller: Caller,
    origin: Origin,
    position: Position,
}

impl Grant {
    const fn new(caller: Caller, origin: Origin, position: Position) -> Self {
        Self { caller, origin, position }
    }

    /// Who it is for.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether they may do something else, too, to the same object. Their roles count if they did
    /// for what it was given for.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.position.reach(action) == Reach::Any
    }

    /// Who does it, when and from where.
    pub(crate) fn by(&self, edge: &Edge) -> By {
        let named = |principal: Principal| principal.person().map_or(Who::Operator, Who::Person);
        self.origin.by(self.caller.principal.map_or(Who::Nobody, named), edge)
    }
}

impl Caller {
    /// The permission to do it to this object, or why there is none.
    pub(crate) async fn permit(
        &self,
        edge: &Edge,
        origin: Origin,
        object: &impl Object,
    ) -> Result<Grant, Problem> {
        let position = self.position(edge, object.scope(edge).await?).await?;
        let is_own = object.owner().is_some() && object.owner() == self.person();
        match position.reach(self.action) {
            Reach::Any => Ok(Grant::new(*self, origin, position)),
            Reach::Own if is_own => Ok(Grant::new(*self, origin, position)),
            _ => Err(self.refused(edge, object, position).await),
        }
    }

    /// Who it is, if it is a person.
    pub(crate) fn person(&self) -> Option<PersonId> {
        self.principal?.person()
    }

    /// What they may not know of is not there; what they know of is forbidden.
    async fn refused(&self, edge: &Edge, object: &impl Object, position: Position) -> Problem {
        match position {
            Position::Rank(Rank::Nobody) => Problem::token_required(),
            Position::Rank(Rank::Operator) => Problem::buyer_only(),
            _ if object.seen_by().is_some_and(|see| position.reach(see) == Reach::Any) => {
                Problem::forbidden(self.action)
            }
            _ => match object.known(edge, self.actor()).await {
                Ok(()) => Problem::forbidden(self.action),
                Err(missing) => missing,
            },
        }
    }

    /// What they are, there. Roles are looked up only where they make a difference.
    pub(super) async fn position(&self, edge: &Edge, scope: Scope) -> Result<Position, Problem> {
        Ok(Position::Rank(match self.principal {
            None => Rank::Nobody,
            Some(Principal::Operator) => Rank::Operator,
            Some(Principal::Guest { .. }) => Rank::Guest,
            Some(Principal::Account { person, .. }) if self.action.depends_on_roles() => {
                let find = async move |control: Control| {
                    standing::find(&control.database, person, scope).await
                };
                let standing = edge.backstage(find).await?;
                return Ok(standing.map_or(Position::Gone, Position::Account));
            }
            // The same for every role.
            Some(Principal::Account { .. }) => Rank::Account(Role::Buyer),
        }))
    }
}

/// What somebody is to an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position {
    /// Somebody with an account, whose roles were looked up.
    Account(Standing),
    /// Somebody whose account is no more.
    Gone,
    /// Somebody whose roles make no difference.
    Rank(Rank),
}

impl Position {
    /// On what they may do it, there.
    pub(super) fn reach(self, action: Action) -> Reach {
        match self {
            Self::Account(standing) => standing.reach(action),
            Self::Gone => Reach::Nothing,
            Self::Rank(rank) => action.reach(rank),
        }
    }
}
