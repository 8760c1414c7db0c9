//! The audit log on the wire.

use std::net::IpAddr;

use onsale_control::access::audit::{AuditFilter, Entry};
use onsale_control::text::Line;
use onsale_core::id::EventId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::{AuditEntryRef, EventRef, OrganiserRef};
use super::{At, Id, in_query_if_any};
use crate::problem::Problem;

/// Longer than any id.
type ObjectText = Line<100>;

/// What is written of one thing that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryDto {
    /// Which entry. In the order of time.
    pub id: AuditEntryRef,
    /// When.
    pub written_at: At,
    /// Who did it: the id of a person, `operator`, `system` or `nobody`.
    #[schema(example = "per_05bgn2v8j7rq0c4mzt3w9x1hye")]
    pub who: String,
    /// What they did.
    #[schema(example = "event.steer")]
    pub action: String,
    /// To or in which event.
    pub event: Option<EventRef>,
    /// To which organiser.
    pub organiser: Option<OrganiserRef>,
    /// To what else: the id of an order, a person, a venue.
    #[schema(example = "ord_0000400000003")]
    pub object: Option<String>,
    /// How.
    #[schema(example = "viewer -> editor")]
    pub detail: Option<String>,
    /// How far it came: `begun`, `done`, `refused`, or `unknown` if the server went down meanwhile.
    #[schema(example = "done")]
    pub outcome: String,
    /// The code of the problem, if it is one.
    #[schema(example = "not_in_that_state")]
    pub code: Option<String>,
    /// The entry with which it had begun.
    pub begun: Option<AuditEntryRef>,
    /// From where; absent for whoever reads of their own event only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<OriginDto>,
}

/// From where something was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Origin)]
pub struct OriginDto {
    /// From which address, where it is known.
    #[schema(example = "192.0.2.7", value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// In which request: its `X-Request-Id`.
    #[schema(example = "5f3a9c01-2a")]
    pub request: Option<String>,
}

impl AuditEntryDto {
    /// An entry, with or without from where it was done.
    pub fn new(entry: Entry, with_origin: bool) -> Self {
        let origin = OriginDto { address: entry.address, request: entry.request };
        Self {
            id: Id(entry.id),
            written_at: At(entry.at),
            who: entry.who.to_string(),
            action: entry.action,
            event: entry.event.map(Id),
            organiser: entry.organiser.map(Id),
            object: entry.object,
            detail: entry.detail,
            outcome: entry.outcome,
            code: entry.code,
            begun: entry.begun.map(Id),
            origin: with_origin.then_some(origin),
        }
    }
}

/// A page of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditLog {
    /// Newest first.
    pub entries: Vec<AuditEntryDto>,
    /// What to send as `after` for the next page, of older ones; null on the last one.
    pub next: Option<AuditEntryRef>,
}

/// Which entries: those that all of this is true of.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditPage {
    /// Done by them: the id of a person, `operator`, `system` or `nobody`.
    #[param(example = "operator")]
    pub who: Option<String>,
    /// What they did: an action of the table in docs/access.md.
    #[param(example = "event.steer")]
    pub action: Option<String>,
    /// To or in this event.
    pub event: Option<EventRef>,
    /// To this organiser.
    pub organiser: Option<OrganiserRef>,
    /// To what has this id: an order, a person, a venue.
    #[param(example = "ord_0000400000003")]
    pub object: Option<String>,
    /// Not before.
    pub since: Option<At>,
    /// Before.
    pub until: Option<At>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<AuditEntryRef>,
}

impl AuditPage {
    /// Which entries are wanted.
    pub fn filter(&self) -> Result<AuditFilter, Problem> {
        Ok(AuditFilter {
            who: in_query_if_any("who", self.who.as_deref())?,
            action: in_query_if_any("action", self.action.as_deref())?,
            event: self.event.map(|Id(event)| event),
            organiser: self.organiser.map(|Id(organiser)| organiser),
            object: in_query_if_any::<ObjectText>("object", self.object.as_deref())?
                .map(|id| id.to_string()),
            since: self.since.map(|At(since)| since),
            until: self.until.map(|At(until)| until),
        })
    }
}

/// Which entries about one event: those that all of this is true of.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventAuditPage {
    /// Done by them: the id of a person, `operator`, `system` or `nobody`.
    #[param(example = "operator")]
    pub who: Option<String>,
    /// What they did: an action of the table in docs/access.md.
    #[param(example = "event.steer")]
    pub action: Option<String>,
    /// To what has this id: an order, a person.
    #[param(example = "ord_0000400000003")]
    pub object: Option<String>,
    /// Not before.
    pub since: Option<At>,
    /// Before.
    pub until: Option<At>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<AuditEntryRef>,
}

impl EventAuditPage {
    /// The same of the whole log.
    pub fn of(self, event: EventId) -> AuditPage {
        let Self { who, action, object, since, until, limit, after } = self;
        let (event, organiser) = (Some(Id(event)), None);
        AuditPage { who, action, event, organiser, object, since, until, limit, after }
    }
}
