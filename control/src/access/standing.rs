//! What somebody is to an event or an organiser: looked up for each request, because roles are
//! given and taken while tokens live.

use onsale_core::id::{EventId, PersonId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::policy::{Action, Rank, Reach};
use super::role::EventRole;
use crate::accounts::role::Role;
use crate::database::{Database, ReadRow, StoreError, queries};
use crate::id::OrganiserId;

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For the whole platform only.
    Platform,
    /// For this event; whoever works for its organiser has their role there too.
    Event(EventId),
    /// For this organiser.
    Organiser(OrganiserId),
}

/// What somebody with an account is to an event or an organiser, and on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What they are on the platform.
    pub role: Role,
    /// What they are to the event itself, or to the organiser.
    pub direct: Option<EventRole>,
    /// What they are to the organiser of the event.
    pub by_organiser: Option<EventRole>,
}

impl Standing {
    /// What somebody without any role there is.
    pub const fn of(role: Role) -> Self {
        Self { role, direct: None, by_organiser: None }
    }

    /// Their roles there, one or two.
    pub fn roles(self) -> impl Iterator<Item = EventRole> {
        [self.direct, self.by_organiser].into_iter().flatten()
    }

    /// On what they may do it, of what is there.
    pub fn reach(self, action: Action) -> Reach {
        if self.roles().any(|role| action.is_for(role)) {
            return Reach::Any;
        }
        action.reach(Rank::Account(self.role))
    }

    /// Whether they may do it to anything there.
    pub fn may(self, action: Action) -> bool {
        self.reach(action) == Reach::Any
    }
}

/// What somebody is there; `None` if they have no account any more.
pub async fn find(
    database: &Database,
    person: PersonId,
    scope: Scope,
) -> Result<Option<Standing>, StoreError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, person, scope).await
}

/// The same, as a transaction sees it.
pub(crate) async fn find_in(
    connection: &mut AnyConnection,
    person: PersonId,
    scope: Scope,
) -> Result<Option<Standing>, StoreError> {
    let person = person.to_string();
    let query = match scope {
        Scope::Platform => sqlx::query(OF_PLATFORM).bind(person),
        Scope::Event(event) => sqlx::query(OF_EVENT).bind(person).bind(event.to_string()),
        Scope::Organiser(organiser) => {
            sqlx::query(OF_ORGANISER).bind(person).bind(organiser.to_string())
        }
    };
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(standing).transpose()
}

fn standing(row: &AnyRow) -> Result<Standing, StoreError> {
    Ok(Standing {
        role: row.parsed("role")?,
        direct: row.parsed_if_any("direct")?,
        by_organiser: row.parsed_if_any("by_organiser")?,
    })
}

queries! {
    OF_PLATFORM = "SELECT role, CAST(NULL AS TEXT) AS direct, CAST(NULL AS TEXT) AS by_organiser
        FROM accounts WHERE person = $1 AND erased_at IS NULL";
    OF_EVENT = "SELECT a.role, r.role AS direct, m.role AS by_organiser
        FROM accounts a
        LEFT JOIN event_roles r ON r.event = $2 AND r.person = a.person
        LEFT JOIN event_owners o ON o.event = $2
        LEFT JOIN organiser_members m ON m.organiser = o.organiser AND m.person = a.person
        WHERE a.person = $1 AND a.erased_at IS NULL";
    OF_ORGANISER = "SELECT a.role, m.role AS direct, CAST(NULL AS TEXT) AS by_organiser
        FROM accounts a
        LEFT JOIN organiser_members m ON m.organiser = $2 AND m.person = a.person
        WHERE a.person = $1 AND a.erased_at IS NULL";
}
