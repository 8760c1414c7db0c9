//! Everybody there is, and things of theirs.

use std::sync::atomic::{AtomicU64, Ordering};

use onsale_control::access::{EventRole, Rank};
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use super::people::Person;
use super::requests::{Kind, Target};
use super::walk::{Case, Who};
use crate::server::{OPERATOR, Server, get, post, queued, seated, standing, text};

pub struct World<'a> {
    server: &'a Server,
    /// One of each role on the platform.
    accounts: Vec<(Role, Person)>,
    /// One of each role for events: each has it for an event of their own.
    crew: Vec<(EventRole, Person)>,
    guest: String,
    /// Somebody else.
    other: String,
    names: AtomicU64,
}

impl<'a> World<'a> {
    pub async fn new(server: &'a Server) -> Self {
        let (mut accounts, mut crew) = (Vec::new(), Vec::new());
        for role in Role::ALL {
            accounts.push((role, server.account(role).await));
        }
        let elsewhere = server.event(&standing()).await;
        for role in EventRole::ALL {
            let person = server.account(Role::Buyer).await;
            server.engage(&person, &elsewhere, role).await;
            crew.push((role, person));
        }
        let (guest, other) = (server.guest().await, server.guest().await);
        Self { server, accounts, crew, guest, other, names: AtomicU64::new(0) }
    }

    /// The token that somebody calls with, if they have one.
    pub fn token(&self, who: Who) -> Option<String> {
        match who {
            Who::Rank(Rank::Operator) => Some(OPERATOR.to_owned()),
            Who::Rank(Rank::Guest) => Some(self.guest.clone()),
            Who::Rank(Rank::Nobody) => None,
            who => self.person(who).map(|person| person.token.clone()),
        }
    }

    /// Something new of that kind, which is to whoever calls what the case says.
    pub async fn target(&self, kind: Kind, case: Case) -> Target {
        let id = match kind {
            Kind::Platform => String::new(),
            Kind::ForOneself => self.event(&queued(), case).await,
            Kind::Category => return self.category().await,
            Kind::Event => self.event(&everything(), case).await,
            Kind::Hold => self.hold(kind, case).await,
            Kind::Order => {
                let owner = self.owner(kind, case);
                self.server.order(&self.hold(kind, case).await, &owner).await
            }
            Kind::Place => self.place(kind, case).await,
        };
        Target { id, tag: String::new() }
    }

    fn person(&self, who: Who) -> Option<&Person> {
        match who {
            Who::Crew(role) => self.crew.iter().find(|(has, _)| *has == role).map(|(_, one)| one),
            Who::Rank(Rank::Account(role)) => {
                self.accounts.iter().find(|(has, _)| *has == role).map(|(_, one)| one)
            }
            Who::Rank(_) => None,
        }
    }

    /// The token of whoever a thing belongs to.
    fn owner(&self, kind: Kind, case: Case) -> String {
        let own = self.token(case.who).filter(|_| kind.is_own(case));
        own.unwrap_or_else(|| self.other.clone())
    }

    async fn event(&self, definition: &Value, case: Case) -> String {
        let define = post("/api/v1/events").operator().json(definition);
        let event = text(&self.server.accept(define, 201).await["id"]);
        if case.is_public {
            let open = post(format!("/api/v1/events/{event}/open")).operator();
            self.server.accept(open, 204).await;
        }
        if let (Who::Crew(role), true) = (case.who, case.is_own) {
            let person = self.person(case.who).unwrap();
            self.server.engage(person, &event, role).await;
        }
        event
    }

    async fn hold(&self, kind: Kind, case: Case) -> String {
        let event = self.event(&standing(), case).await;
        self.server.hold(&event, &self.owner(kind, case)).await
    }

    async fn place(&self, kind: Kind, case: Case) -> String {
        let event = self.event(&queued(), case).await;
        let join = post(format!("/api/v1/events/{event}/waitroom"));
        let join = join.token(&self.owner(kind, case)).json(&json!({"party": 2}));
        text(&self.server.accept(join, 201).await["id"])
    }

    async fn category(&self) -> Target {
        let name = format!("Category {}", self.names.fetch_add(1, Ordering::Relaxed));
        let create = post("/api/v1/categories").operator().json(&json!({"name": name}));
        let id = text(&self.server.accept(create, 201).await["id"]);
        let shown = self.server.send(get(format!("/api/v1/categories/{id}"))).await;
        Target { id, tag: shown.headers["etag"].to_str().unwrap().to_owned() }
    }
}

/// An event with seats and counted tickets, behind a waitroom.
fn everything() -> Value {
    let (counted, mut definition) = (queued(), seated());
    let classes = definition["classes"].as_array_mut().unwrap();
    classes.push(counted["classes"][0].clone());
    definition["quotas"] = json!([{"name": "Hall", "capacity": 100, "classes": [1]}]);
    definition["waitroom"] = counted["waitroom"].clone();
    definition
}
