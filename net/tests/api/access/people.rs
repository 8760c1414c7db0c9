//! People with accounts, their roles, and databases of both kinds.

use std::sync::atomic::{AtomicU64, Ordering};

use onsale_control::access::audit::{By, Who};
use onsale_control::access::crew::{self, Crew};
use onsale_control::access::{EventRole, platform};
use onsale_control::accounts::role::Role;
use onsale_control::database::DatabaseSettings;
use onsale_control::id::SessionId;
use onsale_core::id::{EventId, PersonId};
use onsale_core::time::Span;
use onsale_net::auth::token::Access;
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::memory::START;
use crate::server::{Server, keys};

/// Somebody with an account who has signed in.
#[derive(Clone)]
pub struct Person {
    pub id: PersonId,
    pub token: String,
}

impl Server {
    /// One with a control plane, in a database of PostgreSQL.
    pub async fn with_postgres() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        sqlx::any::install_default_drivers();
        let server = onsale_testbed::postgres_url();
        let url = format!("{server}/postgres");
        let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("api_{}_{number}", std::process::id());
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        Self::with_database(&DatabaseSettings::of(format!("{server}/{name}"))).await
    }

    /// Somebody new with an account of this role.
    pub async fn account(&self, role: Role) -> Person {
        let id = new_id();
        let create = sqlx::query(
            "INSERT INTO accounts (person, role, given_name, family_name, created_at, updated_at)
            VALUES ($1, $2, 'Ada', 'Lovelace', 0, 0)",
        );
        let mut transaction = self.database().begin().await.unwrap();
        let create = create.bind(id.to_string()).bind(role.name());
        create.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        Person { id, token: token_of(id) }
    }

    /// Gives somebody a role for an event.
    pub async fn engage(&self, person: &Person, event: &str, role: EventRole) {
        let event: EventId = event.parse().unwrap();
        crew::found_late(self.database(), event, None, START).await.unwrap();
        self.assign(person, Crew::Event(event), role).await;
    }

    /// Gives somebody a role in a crew that there is.
    pub async fn assign(&self, person: &Person, crew: Crew, role: EventRole) {
        crew::assign(self.database(), &operator(), crew, person.id, role).await.unwrap();
    }

    /// Gives somebody another role on the platform.
    pub async fn set_role(&self, person: &Person, role: Role) {
        platform::give(self.database(), &operator(), person.id, role).await.unwrap();
    }
}

/// The operator, in no request.
pub fn operator() -> By {
    By { who: Who::Operator, at: START, address: None, request: None }
}

/// The id of somebody new.
pub fn new_id() -> PersonId {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    PersonId::from_u128(u128::from_be_bytes(bytes))
}

/// An access token as somebody gets it who signs in.
pub fn token_of(person: PersonId) -> String {
    let keys = keys().view().now();
    let expires_at = START + Span::from_mins(24 * 60);
    let access = Access { person, session: Some(SessionId::random()), expires_at };
    keys.access(access, None, START).unwrap()
}
