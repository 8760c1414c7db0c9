//! Everybody there is, and things of theirs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use onsale_control::access::{EventRole, Rank};
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use super::drafts::Template;
use super::people::Person;
use super::requests::{Kind, Target, arena};
use super::walk::{Case, Who};
use super::webhooks::hook;
use crate::server::{OPERATOR, Server, post, put, queued, seated, standing, text};

pub struct World<'a> {
    server: &'a Server,
    /// One of each role on the platform.
    accounts: Vec<(Role, Person)>,
    /// One of each role for events: each has it for an event of their own.
    crew: Vec<(EventRole, Person)>,
    guest: String,
    /// Somebody else, to whom things belong.
    other: String,
    names: AtomicU64,
    /// What was made and nobody has changed yet, by whose it is.
    made: Mutex<HashMap<Whose, Arc<Target>>>,
    template: Template,
}

/// Of which kind, whose if it is the caller's, and whether the world may see it.
type Whose = (Kind, Option<Who>, bool);

fn whose(kind: Kind, case: Case) -> Whose {
    (kind, Some(case.who).filter(|_| case.is_own), case.is_public)
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
        let (names, made) = (AtomicU64::new(0), Mutex::default());
        let template = Template::new(server).await;
        Self { server, accounts, crew, guest, other, names, made, template }
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

    /// Something of that kind as it was made, which is to whoever calls what the case says.
    pub async fn target(&self, kind: Kind, case: Case) -> Arc<Target> {
        let known = self.made.lock().unwrap().get(&whose(kind, case)).cloned();
        if let Some(target) = known {
            return target;
        }
        let target = Arc::new(self.new_target(kind, case).await);
        self.made.lock().unwrap().insert(whose(kind, case), Arc::clone(&target));
        target
    }

    /// It was changed: the next one gets another.
    pub fn forget(&self, kind: Kind, case: Case) {
        self.made.lock().unwrap().remove(&whose(kind, case));
    }

    async fn new_target(&self, kind: Kind, case: Case) -> Target {
        let helper = self.server.account(Role::Buyer).await;
        let id = match kind {
            Kind::Platform => String::new(),
            Kind::ForOneself => self.event(&queued(), case).await,
            Kind::Account => {
                let own = self.person(case.who).filter(|_| case.is_own);
                own.unwrap_or(&helper).id.to_string()
            }
            Kind::Category => {
                let name = json!({"name": self.new_name("Category")});
                return self.made("/api/v1/categories", &name).await;
            }
            Kind::Draft => {
                let draft = self.template.copy(self.server, case.is_public).await;
                self.engage_for(&draft.id, case).await;
                return draft;
            }
            Kind::Event => {
                let event = self.event(&everything(), case).await;
                self.server.engage(&helper, &event, EventRole::Scanner).await;
                event
            }
            Kind::Organiser => return self.organiser(case, &helper).await,
            Kind::Venue => {
                let organiser = self.organiser(case, &helper).await.id;
                let path = format!("/api/v1/organisers/{organiser}/venues");
                return self.made(&path, &arena()).await;
            }
            Kind::Webhook => {
                let organiser = self.organiser(case, &helper).await.id;
                let path = format!("/api/v1/organisers/{organiser}/webhook-endpoints");
                return self.made(&path, &hook()).await;
            }
            Kind::Hold => self.hold(kind, case).await,
            Kind::Order => {
                let owner = self.owner(kind, case);
                self.server.order(&self.hold(kind, case).await, &owner).await
            }
            Kind::Place => self.place(kind, case).await,
            Kind::Dispute => {
                let event = self.event(&standing(), case).await;
                self.server.disputed(&event, &self.owner(kind, case)).await
            }
            Kind::Refund => {
                let event = self.event(&standing(), case).await;
                self.server.refused_refund(&event, &self.owner(kind, case)).await
            }
        };
        Target { id, tag: String::new(), person: helper.id.to_string() }
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
        self.engage_for(&event, case).await;
        event
    }

    async fn engage_for(&self, event: &str, case: Case) {
        if let (Who::Crew(role), true) = (case.who, case.is_own) {
            let person = self.person(case.who).unwrap();
            self.server.engage(person, event, role).await;
        }
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

    /// An organiser of whom the helper is a member, and the caller if it is theirs.
    async fn organiser(&self, case: Case, helper: &Person) -> Target {
        let name = json!({"name": self.new_name("Organiser")});
        let organiser = self.made("/api/v1/organisers", &name).await;
        self.join(&organiser, helper, EventRole::Scanner).await;
        if let (Who::Crew(role), true) = (case.who, case.is_own) {
            self.join(&organiser, self.person(case.who).unwrap(), role).await;
        }
        Target { person: helper.id.to_string(), ..organiser }
    }

    async fn join(&self, organiser: &Target, person: &Person, role: EventRole) {
        let path = format!("/api/v1/organisers/{}/members/{}", organiser.id, person.id);
        let join = put(path).operator().json(&json!({"role": role.name()}));
        self.server.accept(join, 200).await;
    }

    /// Something new in the catalogue.
    async fn made(&self, path: &str, body: &Value) -> Target {
        let (made, tag) = self.server.create(post(path).operator().json(body)).await;
        let (_, id) = made.rsplit_once('/').unwrap();
        Target { id: id.to_owned(), tag, person: String::new() }
    }

    fn new_name(&self, kind: &str) -> String {
        format!("{kind} {}", self.names.fetch_add(1, Ordering::Relaxed))
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
