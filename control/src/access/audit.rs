//! The audit log: what was done that matters, by whom, to what, from where, and what came of it.
//! It only grows: there is no query that changes or removes an entry, and a test sees to that. It
//! holds ids and no names or addresses of e-mail.
//!
//! What happens in the database is written in its own transaction: both or neither. What a
//! partition does is written before ([`begin`]) and after ([`end`]): an entry that has begun and
//! has no end says that nobody knows.

mod read;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use onsale_core::id::{EventId, IdError, PersonId};
use onsale_core::time::Time;
use sqlx::{Any, Transaction};

#[cfg(test)]
pub(crate) use self::read::QUERIES as READ_QUERIES;
pub(crate) use self::read::about;
pub use self::read::{AuditFilter, Entry, list};
use super::policy::Action;
use crate::database::{Database, Statement, StoreError, millis, queries};
use crate::id::{AuditEntryId, OrganiserId};

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever has the operator token.
    Operator,
    /// Somebody with an account or a guest's session.
    Person(PersonId),
    /// The server itself.
    System,
    /// Somebody who has shown no token.
    Nobody,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Person(person) => person.fmt(f),
            Self::System => f.write_str("system"),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

impl FromStr for Who {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Ok(match text {
            "operator" => Self::Operator,
            "system" => Self::System,
            "nobody" => Self::Nobody,
            _ => Self::Person(text.parse()?),
        })
    }
}

/// Who does something, when, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub who: Who,
    /// When.
    pub at: Time,
    /// From which address, where it is known.
    pub address: Option<IpAddr>,
    /// In which request.
    pub request: Option<String>,
}

/// What is done, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    action: Action,
    event: Option<EventId>,
    organiser: Option<OrganiserId>,
    object: Option<String>,
    detail: Option<String>,
}

impl Deed {
    /// Something done to nothing in particular.
    pub const fn new(action: Action) -> Self {
        Self { action, event: None, organiser: None, object: None, detail: None }
    }

    /// About this event: its admins can read of it.
    #[must_use]
    pub fn of_event(self, event: EventId) -> Self {
        Self { event: Some(event), ..self }
    }

    /// About this organiser.
    #[must_use]
    pub fn of_organiser(self, organiser: OrganiserId) -> Self {
        Self { organiser: Some(organiser), ..self }
    }

    /// To what has this id.
    #[must_use]
    pub fn to(self, id: impl fmt::Display) -> Self {
        Self { object: Some(id.to_string()), ..self }
    }

    /// How: numbers and names of roles, nothing that somebody has typed.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// How far something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It is about to be tried.
    Begun,
    /// It is done.
    Done,
    /// It was refused, for the reason with this code; nothing has changed.
    Refused(&'a str),
    /// Whether it was done is open.
    Unknown(&'a str),
}

impl<'a> Outcome<'a> {
    /// Its name, and the code of the problem.
    const fn parts(self) -> (&'static str, Option<&'a str>) {
        match self {
            Self::Begun => ("begun", None),
            Self::Done => ("done", None),
            Self::Refused(code) => ("refused", Some(code)),
            Self::Unknown(code) => ("unknown", Some(code)),
        }
    }
}

/// Writes an entry in the transaction of what it is about.
pub async fn write(
    transaction: &mut Transaction<'_, Any>,
    by: &By,
    deed: &Deed,
    outcome: Outcome<'_>,
) -> Result<(), StoreError> {
    let entry = entry(AuditEntryId::next(by.at), by, deed, outcome, None);
    entry.execute(&mut **transaction).await?;
    Ok(())
}

/// Writes that something is about to be tried elsewhere.
pub async fn begin(database: &Database, by: &By, deed: &Deed) -> Result<AuditEntryId, StoreError> {
    let id = AuditEntryId::next(by.at);
    database.change(entry(id, by, deed, Outcome::Begun, None)).await?;
    Ok(id)
}

/// Writes what came of something that has begun.
pub async fn end(
    database: &Database,
    begun: AuditEntryId,
    by: &By,
    deed: &Deed,
    outcome: Outcome<'_>,
) -> Result<(), StoreError> {
    let entry = entry(AuditEntryId::next(by.at), by, deed, outcome, Some(begun));
    database.change(entry).await?;
    Ok(())
}

fn entry(
    id: AuditEntryId,
    by: &By,
    deed: &Deed,
    outcome: Outcome<'_>,
    begun: Option<AuditEntryId>,
) -> Statement<'static> {
    let (outcome, code) = outcome.parts();
    sqlx::query(WRITE)
        .bind(id.to_string())
        .bind(millis(by.at))
        .bind(by.who.to_string())
        .bind(deed.action.name())
        .bind(deed.event.map(|event| event.to_string()))
        .bind(deed.organiser.map(|organiser| organiser.to_string()))
        .bind(deed.object.clone())
        .bind(deed.detail.clone())
        .bind(outcome)
        .bind(code.map(str::to_owned))
        .bind(begun.map(|begun| begun.to_string()))
        .bind(by.address.map(|address| address.to_string()))
        .bind(by.request.clone())
}

queries! {
    WRITE = "INSERT INTO audit_log (entry, at, who, action, event, organiser, object, detail,
            outcome, code, begun, address, request)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
}
