//! Whoever calls, where their own things and what the world may see come first.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::access::standing::Scope;
use onsale_control::access::{Action, Rank, Reach};
use onsale_core::command::{Actor, Command, IdempotencyKey};
use onsale_core::id::{EventId, PartitionId, PersonId};
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;

use super::object::Object;
use super::origin::Origin;
use crate::api::edge::Edge;
use crate::auth::{self, Principal};
use crate::gateway::current;
use crate::port::Wait;
use crate::problem::{Problem, catalog};

/// Nobody in particular: people are drawn at random out of 2^128, so nothing belongs to this one.
const ANYBODY: Actor = Actor::Person(PersonId::from_u128(0));

/// Whoever calls, and the action of the route that they call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Who, if they have said so.
    pub(crate) principal: Option<Principal>,
    /// What they want to do.
    pub(crate) action: Action,
}

impl FromRequestParts<Edge> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let action = current::with(|request| request.action).flatten();
        let action = action.ok_or_else(|| Problem::internal("the route names no action"))?;
        let principal = auth::identify(&parts.headers, edge)?;
        if principal.is_none() && action.reach(Rank::Nobody) == Reach::Nothing {
            return Err(Problem::token_required());
        }
        Ok(Self { principal, action })
    }
}

impl Caller {
    /// As the rules call them.
    pub(crate) fn actor(&self) -> Actor {
        self.principal.map_or(ANYBODY, |principal| principal.actor())
    }

    /// On what they may do it, there.
    pub(crate) async fn reach(&self, edge: &Edge, scope: Scope) -> Result<Reach, Problem> {
        Ok(self.position(edge, scope).await?.reach(self.action))
    }

    /// Shows something as theirs, or as the world sees it; where there is no such thing, as whoever
    /// runs the event sees it, to somebody with a role for it. `wait` is asked for anew each time.
    pub(crate) async fn look(
        &self,
        edge: &Edge,
        event: EventId,
        query: Query,
        wait: impl Fn() -> Option<Wait>,
    ) -> Result<View, Problem> {
        match edge.look(event, self.actor(), query, wait()).await {
            Err(missing) if self.may_have_role(&missing) => {
                let position = self.position(edge, Scope::Event(event)).await?;
                if position.reach(self.action) != Reach::Any {
                    return Err(missing);
                }
                edge.look(event, Actor::Operator, query, wait()).await
            }
            seen => seen,
        }
    }

    /// Has something done to an object as theirs; where there is no such thing of theirs, as
    /// whoever runs the event, for somebody with a role for it.
    pub(crate) async fn execute(
        &self,
        edge: &Edge,
        origin: Origin,
        object: &impl Object,
        request: (PartitionId, IdempotencyKey, Command),
    ) -> Result<Reply, Problem> {
        let (partition, key, command) = request;
        if self.principal != Some(Principal::Operator) {
            let own = edge.execute(partition, self.actor(), Some(key), command.clone());
            match own.await {
                Err(missing) if self.may_have_role(&missing) => {}
                reply => return reply,
            }
        }
        let grant = self.permit(edge, origin, object).await?;
        grant.operate(edge, partition, Some(key), command).await
    }

    /// Whether they may do something else to an object as well: what they see of it depends on it.
    pub(crate) async fn may(
        &self,
        edge: &Edge,
        action: Action,
        object: &impl Object,
    ) -> Result<bool, Problem> {
        let caller = Self { action, ..*self };
        let position = caller.position(edge, object.scope(edge).await?).await?;
        Ok(position.reach(action) == Reach::Any)
    }

    /// Whether a role could make a difference to what is missing.
    fn may_have_role(&self, missing: &Problem) -> bool {
        matches!(self.principal, Some(Principal::Account { .. }))
            && missing.code() == catalog::NOT_FOUND.code
            && self.action.depends_on_roles()
    }
}
