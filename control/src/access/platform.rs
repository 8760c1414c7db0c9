//! What an account is on the platform, and where else it has roles.

use onsale_core::id::{EventId, PersonId};
use thiserror::Error;

use super::audit::{self, By, Deed, Outcome};
use super::policy::Action;
use super::role::EventRole;
use crate::accounts::role::Role;
use crate::database::{Database, ReadRow, StoreError, millis, queries};
use crate::id::OrganiserId;
use crate::page::{Limit, Page};

/// All roles of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// On the platform.
    pub platform: Role,
    /// For organisers: at most [`super::crew::Crew::ORGANISERS_MAX`].
    pub organisers: Vec<(OrganiserId, EventRole)>,
    /// For single events, a page of them by id.
    pub events: Page<(EventId, EventRole), EventId>,
}

/// Why an account's role is not given, or not shown.
#[derive(Debug, Error)]
pub enum RoleError {
    /// There is none.
    #[error("there is no such account")]
    NoSuchAccount,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for RoleError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// All roles of an account; of those for single events a page.
pub async fn roles(
    database: &Database,
    person: PersonId,
    after: Option<EventId>,
    limit: Limit,
) -> Result<Roles, RoleError> {
    let mut connection = database.reader().await?;
    let id = person.to_string();
    let platform = sqlx::query(ROLE).bind(id.clone()).fetch_optional(&mut *connection).await?;
    let platform = platform.ok_or(RoleError::NoSuchAccount)?.parsed("role")?;
    let organisers = sqlx::query(MEMBERSHIPS).bind(id.clone()).fetch_all(&mut *connection).await?;
    let organisers =
        organisers.iter().map(|row| Ok((row.parsed("organiser")?, row.parsed("role")?)));
    let organisers = organisers.collect::<Result<_, StoreError>>()?;
    let after = after.map(|after| after.to_string()).unwrap_or_default();
    let events = sqlx::query(EVENT_ROLES).bind(id).bind(after).bind(limit.rows());
    let events = events.fetch_all(&mut *connection).await?;
    let events = events.iter().map(|row| Ok((row.parsed("event")?, row.parsed("role")?)));
    let events = events.collect::<Result<_, StoreError>>()?;
    let events = Page::of(events, limit, |(event, _)| *event);
    Ok(Roles { platform, organisers, events })
}

/// Gives an account its role on the platform. It counts from the next request on.
pub async fn give(
    database: &Database,
    by: &By,
    person: PersonId,
    role: Role,
) -> Result<(), RoleError> {
    let mut transaction = database.begin().await?;
    let before = sqlx::query(ROLE).bind(person.to_string()).fetch_optional(&mut *transaction);
    let before: Role = before.await?.ok_or(RoleError::NoSuchAccount)?.parsed("role")?;
    let give = sqlx::query(GIVE).bind(person.to_string()).bind(role.name());
    let give = give.bind(millis(by.at));
    if give.execute(&mut *transaction).await?.rows_affected() == 0 {
        return Err(RoleError::NoSuchAccount);
    }
    let deed = Deed::new(Action::GivePlatformRole).to(person).saying(format!("{before} -> {role}"));
    audit::write(&mut transaction, by, &deed, Outcome::Done).await?;
    Ok(transaction.commit().await?)
}

queries! {
    ROLE = "SELECT role FROM accounts WHERE person = $1 AND erased_at IS NULL";
    MEMBERSHIPS = "SELECT organiser, role FROM organiser_members WHERE person = $1
        ORDER BY organiser";
    EVENT_ROLES = "SELECT event, role FROM event_roles WHERE person = $1 AND event > $2
        ORDER BY event LIMIT $3";
    GIVE = "UPDATE accounts SET role = $2, updated_at = $3
        WHERE person = $1 AND erased_at IS NULL";
}

#[cfg(test)]
mod tests {
    use onsale_core::id::PartitionId;

    use super::*;
    use crate::access::crew::{Crew, assign, found_late};
    use crate::access::standing::{self, Scope};
    use crate::testing::{BY, NOW, TestDatabase, databases};

    databases! {
        async fn a_role_counts_at_once_and_only_while_there_is_an_account(database: TestDatabase) {
            let person = database.account(Role::Buyer).await;
            let may = async || {
                let standing = standing::find(&database, person, Scope::Platform).await.unwrap();
                standing.is_some_and(|standing| standing.may(Action::SeeAudit))
            };
            assert!(!may().await);
            give(&database, &BY, person, Role::Admin).await.unwrap();
            assert!(may().await);
            database.erase(person).await;
            assert!(!may().await);
            let again = give(&database, &BY, person, Role::Admin).await;
            assert!(matches!(again, Err(RoleError::NoSuchAccount)));
            let gone = roles(&database, person, None, Limit::DEFAULT).await;
            assert!(matches!(gone, Err(RoleError::NoSuchAccount)));
        }

        async fn all_roles_of_an_account_are_shown_in_pages(database: TestDatabase) {
            let person = database.account(Role::Staff).await;
            let events: Vec<_> =
                (0..3).map(|index| EventId::new(PartitionId::FIRST, index).unwrap()).collect();
            for event in &events {
                found_late(&database, *event, None, NOW).await.unwrap();
                let crew = Crew::Event(*event);
                assign(&database, &BY, crew, person, EventRole::Viewer).await.unwrap();
            }
            let limit = Limit::new(2).unwrap();
            let first = roles(&database, person, None, limit).await.unwrap();
            assert_eq!((first.platform, first.organisers), (Role::Staff, vec![]));
            assert_eq!(first.events.items.len(), 2);
            let rest = roles(&database, person, first.events.next, limit).await.unwrap();
            let last = (events[2], EventRole::Viewer);
            assert_eq!(rest.events, Page { items: vec![last], next: None });
        }
    }
}
