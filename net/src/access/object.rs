//! What an action is done to, as the path of a request names it: where roles for it count, whose it
//! is, and who may know that it is there.

use std::future::{Future, ready};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::Control;
use onsale_control::access::Action;
use onsale_control::access::standing::Scope;
use onsale_control::catalogue::{organiser, venue};
use onsale_control::id::{CategoryId, OrganiserId, VenueId, WebhookId};
use onsale_control::webhooks::manage;
use onsale_core::command::Actor;
use onsale_core::id::{EventId, OrderId, PersonId};
use onsale_core::query::Query;

use crate::api::edge::Edge;
use crate::dto::id::IdKind;
use crate::extract::{MemberOf, Named, OrderPart, PartOf};
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
    async fn scope(&self, edge: &Edge) -> Result<Scope, Problem> {
        Named(self.0).scope(edge).await
    }

    fn seen_by(&self) -> Option<Action> {
        Named(self.0).seen_by()
    }

    async fn known(&self, edge: &Edge, actor: Actor) -> Result<(), Problem> {
        Named(self.0).known(edge, actor).await
    }
}

/// Somebody in a crew is known to whoever knows what the crew is for.
impl<T: IdKind + Send + Sync> Object for MemberOf<T>
where
    Named<T>: Object,
{
    async fn scope(&self, edge: &Edge) -> Result<Scope, Problem> {
        Named(self.0).scope(edge).await
    }

    fn seen_by(&self) -> Option<Action> {
        Named(self.0).seen_by()
    }

    async fn known(&self, edge: &Edge, actor: Actor) -> Result<(), Problem> {
        Named(self.0).known(edge, actor).await
    }
}

/// Everybody sees the organisers that there are.
impl Object for Named<OrganiserId> {
    fn scope(&self, _: &Edge) -> impl Future<Output = Result<Scope, Problem>> + Send {
        ready(Ok(Scope::Organiser(self.0)))
    }

    async fn known(&self, edge: &Edge, _: Actor) -> Result<(), Problem> {
        let organiser = self.0;
        let find =
            async move |control: Control| organiser::find(&control.database, organiser).await;
        edge.backstage(find).await.map(drop)
    }
}

/// Everybody sees the venues; roles for one are those for its organiser.
impl Object for Named<VenueId> {
    async fn scope(&self, edge: &Edge) -> Result<Scope, Problem> {
        let venue = self.0;
        let owner = async move |control: Control| venue::owner(&control.database, venue).await;
        Ok(edge.backstage(owner).await?.map_or(Scope::Platform, Scope::Organiser))
    }
}

/// Only who may see an endpoint knows of it; roles for one are those for its organiser.
impl Object for Named<WebhookId> {
    async fn scope(&self, edge: &Edge) -> Result<Scope, Problem> {
        let endpoint = self.0;
        let owner = async move |control: Control| manage::owner(&control.database, endpoint).await;
        Ok(edge.backstage(owner).await?.map_or(Scope::Platform, Scope::Organiser))
    }

    fn seen_by(&self) -> Option<Action> {
        Some(Action::SeeWebhooks)
    }

    fn known(&self, _: &Edge, _: Actor) -> impl Future<Output = Result<(), Problem>> + Send {
        ready(Err(Problem::not_found("webhook endpoint")))
    }
}

/// An account is its person's own; nobody else knows of it but whoever may see all.
impl Object for Named<PersonId> {
    fn owner(&self) -> Option<PersonId> {
        Some(self.0)
    }

    fn seen_by(&self) -> Option<Action> {
        Some(Action::SeePlatformRole)
    }

    fn known(&self, _: &Edge, actor: Actor) -> impl Future<Output = Result<(), Problem>> + Send {
        let is_own = actor == Actor::Person(self.0);
        ready(if is_own { Ok(()) } else { Err(Problem::no_account()) })
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

impl Object for OrderPart {
    async fn scope(&self, edge: &Edge) -> Result<Scope, Problem> {
        Named(self.0).scope(edge).await
    }

    fn seen_by(&self) -> Option<Action> {
        Named(self.0).seen_by()
    }

    async fn known(&self, edge: &Edge, actor: Actor) -> Result<(), Problem> {
        Named(self.0).known(edge, actor).await
    }
}
