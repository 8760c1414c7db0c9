//! Somebody who works for an organiser, at their desk: drafts and the versions that they have seen.

use std::cell::RefCell;

use onsale_control::access::EventRole;
use onsale_control::access::audit::{By, Who};
use onsale_control::access::crew::Crew;
use onsale_control::accounts::role::Role;
use onsale_control::catalogue::CatalogueSettings;
use onsale_control::catalogue::event::publication;
use onsale_control::catalogue::event::status::Approval;
use onsale_control::id::{OrganiserId, VenueId};
use onsale_net::port::Partitions;
use serde_json::{Value, json};

use crate::access::people::Person;
use crate::memory::START;
use crate::publisher::stage::{house, start_publisher};
use crate::server::{Answer, Call, Server, get, post, put, text};

/// A server, and somebody who may draft events for an organiser.
pub struct Desk {
    pub server: Server,
    pub ada: Person,
    pub organiser: OrganiserId,
    pub venue: VenueId,
}

/// An event of the catalogue, and the tag of the version that was seen last.
pub struct Draft {
    pub id: String,
    pub tag: RefCell<String>,
}

impl Desk {
    pub async fn new() -> Self {
        Self::on(Server::with_control().await).await
    }

    /// Where an admin has to agree to every event.
    pub async fn with_approval() -> Self {
        let settings = CatalogueSettings { approval: Approval::Needed, ..Default::default() };
        Self::on(Server::with_catalogue(settings).await).await
    }

    async fn on(server: Server) -> Self {
        let ada = server.account(Role::Organiser).await;
        let by = By { who: Who::Person(ada.id), at: START, address: None, request: None };
        let (organiser, venue) = house(server.database(), &by, "Lantern Live").await;
        Self { server, ada, organiser, venue }
    }

    /// Somebody who works for the organiser as this.
    pub async fn colleague(&self, role: EventRole) -> Person {
        let person = self.server.account(Role::Buyer).await;
        self.server.assign(&person, Crew::Organiser(self.organiser), role).await;
        person
    }

    /// The path under which events are drafted.
    pub fn drafts(&self) -> String {
        format!("/api/v1/organisers/{}/events", self.organiser)
    }

    /// What there is to read about an event here.
    pub fn details(&self) -> Value {
        json!({
            "title": "The Lanterns", "venue": self.venue.to_string(),
            "starts_local": "2026-12-01T20:00", "ends_local": "2026-12-01T22:30",
        })
    }

    pub async fn draft(&self) -> Draft {
        let create = post(self.drafts()).token(&self.ada.token).json(&self.details());
        let answer = self.server.send(create).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let draft = Draft { id: text(&answer.json()["id"]), tag: RefCell::default() };
        draft.saw(&answer);
        draft
    }

    /// A draft with one class of counted tickets that are on sale.
    pub async fn offered(&self) -> Draft {
        let draft = self.draft().await;
        let configuration = json!({
            "currency": "EUR", "sale": {"opens_local": "2026-10-01T10:00"},
        });
        self.change(&draft, put(draft.path("/configuration")).json(&configuration)).await;
        let class = json!({"name": "Standing", "price_minor": 2_500});
        self.change(&draft, post(draft.path("/classes")).json(&class)).await;
        let quota = json!({"name": "Hall", "capacity": 100, "classes": [0]});
        self.change(&draft, post(draft.path("/quotas")).json(&quota)).await;
        draft
    }

    pub async fn configured(&self) -> Draft {
        let draft = self.offered().await;
        self.change(&draft, post(draft.path("/configure"))).await;
        draft
    }

    /// One that is for sale.
    pub async fn published(&self) -> Draft {
        let draft = self.configured().await;
        self.change(&draft, post(draft.path("/publish"))).await;
        self.tell().await;
        draft
    }

    /// Ada changes something of the version that she has seen last.
    pub async fn change(&self, draft: &Draft, call: Call) -> Value {
        let answer = self.server.send(self.ask(draft, call)).await;
        assert!(answer.status.is_success(), "{answer:?}");
        draft.saw(&answer);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// What Ada asks of the version that she has seen last.
    pub fn ask(&self, draft: &Draft, call: Call) -> Call {
        call.token(&self.ada.token).header("if-match", draft.tag())
    }

    /// The event as Ada sees it.
    pub async fn see(&self, draft: &Draft) -> Value {
        self.server.accept(get(draft.path("")).token(&self.ada.token), 200).await
    }

    /// Has the partitions be told what was decided.
    pub async fn tell(&self) {
        let (database, now) = (self.server.database(), self.server.memory.now());
        let publisher = start_publisher(self.server.control(), self.server.memory.clone());
        while !publication::open(database, now, 1).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        publisher.abort();
    }
}

impl Draft {
    /// Of the version that was seen last.
    pub fn tag(&self) -> String {
        self.tag.borrow().clone()
    }

    /// From now on this is what was seen last.
    pub fn saw(&self, answer: &Answer) {
        if let Some(tag) = answer.headers.get("etag") {
            tag.to_str().unwrap().clone_into(&mut self.tag.borrow_mut());
        }
    }

    /// Something below the event.
    pub fn path(&self, below: &str) -> String {
        format!("/api/v1/catalogue/events/{}{below}", self.id)
    }

    /// The same event in the sale.
    pub fn in_sale(&self, below: &str) -> String {
        format!("/api/v1/events/{}{below}", self.id)
    }
}
