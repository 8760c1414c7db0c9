//! What the paths of the catalogue name: an event, a part of it, a picture of it. Whoever may see
//! the event knows of them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::Control;
use onsale_control::access::standing::Scope;
use onsale_control::access::{Action, Reach};
use onsale_control::catalogue::event::image::ImageId;
use onsale_control::catalogue::event::{self, Event};
use onsale_core::command::Actor;
use onsale_core::id::EventId;

use crate::access::{Caller, Object, Permit};
use crate::api::edge::Edge;
use crate::extract::{Named, PartOf, parts_of_path};
use crate::problem::Problem;

/// The permission to do something to an event of the catalogue.
pub(super) type ForEvent = Permit<Listed<Named<EventId>>>;

/// An event of the catalogue, or a part of one.
pub(super) struct Listed<T>(pub(super) T);

/// An event and one of its pictures.
pub(super) struct PictureOf(pub(super) EventId, pub(super) ImageId);

/// A picture, of whatever event.
pub(super) struct Picture(pub(super) ImageId);

/// What belongs to an event.
pub(super) trait OfEvent {
    /// The event.
    fn event(&self) -> EventId;
}

impl OfEvent for Named<EventId> {
    fn event(&self) -> EventId {
        self.0
    }
}

impl OfEvent for PartOf {
    fn event(&self) -> EventId {
        self.0
    }
}

impl OfEvent for PictureOf {
    fn event(&self) -> EventId {
        self.0
    }
}

impl<T> FromRequestParts<Edge> for Listed<T>
where
    T: FromRequestParts<Edge, Rejection = Problem>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        T::from_request_parts(parts, edge).await.map(Self)
    }
}

impl<T> Object for Listed<T>
where
    T: FromRequestParts<Edge, Rejection = Problem> + OfEvent + Send + Sync,
{
    async fn scope(&self, _: &Edge) -> Result<Scope, Problem> {
        Ok(Scope::Event(self.0.event()))
    }

    fn seen_by(&self) -> Option<Action> {
        Some(Action::SeeCatalogue)
    }

    async fn known(&self, edge: &Edge, _: Actor) -> Result<(), Problem> {
        let event = find(edge, self.0.event()).await?;
        if event.is_visible() { Ok(()) } else { Err(Problem::not_found("event")) }
    }
}

/// An event of the catalogue that the caller may see: everybody's, or one they have a role for.
pub(super) async fn see(edge: &Edge, caller: &Caller, id: EventId) -> Result<Event, Problem> {
    let event = find(edge, id).await?;
    if event.is_visible() || caller.reach(edge, Scope::Event(id)).await? == Reach::Any {
        Ok(event)
    } else {
        Err(Problem::not_found("event"))
    }
}

/// An event of the catalogue.
pub(super) async fn find(edge: &Edge, id: EventId) -> Result<Event, Problem> {
    edge.backstage(async move |control: Control| event::find(&control.database, id).await).await
}

impl FromRequestParts<Edge> for PictureOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let [event, image] = parts_of_path(parts, edge).await?;
        Ok(Self(event.parse()?, image.parse()?))
    }
}

impl FromRequestParts<Edge> for Picture {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let [image] = parts_of_path(parts, edge).await?;
        image.parse().map(Self)
    }
}
