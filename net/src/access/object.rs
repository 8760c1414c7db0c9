//! What an action is done to, as the path of a request names it: where roles for it count, whose it
//! is, and who may know that it is there.

use std::future::{Future, ready};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::access::Action;
use onsale_control::access::standing::Scope;
use onsale_control::id::CategoryId;
use onsale_core::command::Actor;
use onsale_core::id::{EventId, OrderId, PersonId};
use onsale_core::query::Query;

use crate::api::edge::Edge;
use crate::extract::{Named, PartOf};
use crate::problem::Problem;

/// What an action is done to. Unless it says otherwise it is the platform's, and everybody may know
/// of it.
pub(crate) trait Object: FromRequestParts<Edge, Rejection = Problem> + Send + Sync {
    /// Where roles for it count.
    fn scope(&self, _: &Edge) -> impl Future<Output = Result<Scope, Problem>> + Send {
        ready(Ok(Scope::Platform))
    }

    /// Whose own it is, if it is anybody's.
    fn owner(&self) -> Option<PersonId> {
        None
    }

    /// Whoever may do this to it knows of it.
    fn seen_by(&self) -> Option<Action> {
        None
    }

    /// That this actor may know of it, or what they are told instead.
    fn known(&self, _: &Edge, _: Actor) -> impl Future<Output = Result<(), Problem>> + Send {
        ready(Ok(()))
    }
}

/// Nothing in particular: making something new, running the platform.
pub(crate) struct Unowned;

impl FromRequestParts<Edge> for Unowned {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, _: &Edge) -> Result<Self, Problem> {
        Ok(Self)
    }
}

impl Object for Unowned {}

impl Object for Named<CategoryId> {}

impl Object for Named<EventId> {
    fn scope(&self, _: &Edge) -> impl Future<Output = Result<Scope, Problem>> + Send {
        ready(Ok(Scope::Event(self.0)))
    }

    fn seen_by(&self) -> Option<Action> {
        Some(Action::SeeEvent)
    }

    async fn known(&self, edge: &Edge, actor: Actor) -> Result<(), Problem> {
        edge.look(self.0, actor, Query::Event(self.0), None).await.map(drop)
    }
}

impl Object for PartOf {
    fn scope(&self, _: &Edge) -> impl Future<Output = Result<Scope, Problem>> + Send {
        ready(Ok(Scope::Event(self.0)))
    }

    fn seen_by(&self) -> Option<Action> {
        Named(self.0).seen_by()
    }

    async fn known(&self, edge: &Edge, actor: Actor) -> Result<(), Problem> {
        Named(self.0).known(edge, actor).await
    }
}

impl Object for Named<OrderId> {
    fn scope(&self, _: &Edge) -> impl Future<Output = Result<Scope, Problem>> + Send {
        ready(Ok(Scope::Event(self.0.event)))
    }

    fn seen_by(&self) -> Option<Action> {
        Some(Action::SeeOrder)
    }

    async fn known(&self, edge: &Edge, actor: Actor) -> Result<(), Problem> {
        edge.look(self.0.event, actor, Query::Order(self.0), None).await.map(drop)
    }
}
