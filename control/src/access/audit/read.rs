//! Reading the audit log: newest first, by filters, in pages.

use std::net::IpAddr;

use onsale_core::id::{EventId, PersonId};
use onsale_core::time::Time;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Who;
use crate::access::policy::Action;
use crate::database::{Database, ReadRow, StoreError, millis, queries};
use crate::id::{AuditEntryId, OrganiserId};
use crate::page::{Limit, Page};

/// What is written of one thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: AuditEntryId,
    /// When.
    pub at: Time,
    /// Who did it.
    pub who: Who,
    /// What was done: the name of an action of this version of the program or of an earlier one.
    pub action: String,
    /// To or in which event.
    pub event: Option<EventId>,
    /// To which organiser.
    pub organiser: Option<OrganiserId>,
    /// To what.
    pub object: Option<String>,
    /// How.
    pub detail: Option<String>,
    /// How far it came: `begun`, `done`, `refused`, `unknown`.
    pub outcome: String,
    /// Why it was refused, or is unknown.
    pub code: Option<String>,
    /// The entry with which it had begun.
    pub begun: Option<AuditEntryId>,
    /// From where.
    pub address: Option<IpAddr>,
    /// In which request.
    pub request: Option<String>,
}

/// Which entries are wanted: those that all of this is true of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Done by them.
    pub who: Option<Who>,
    /// Of this kind.
    pub action: Option<Action>,
    /// To or in this event.
    pub event: Option<EventId>,
    /// To this organiser.
    pub organiser: Option<OrganiserId>,
    /// To what has this id.
    pub object: Option<String>,
    /// Not before.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

impl AuditFilter {
    /// Looks for them by the index of which the fewest entries are to be expected.
    fn text(&self) -> &'static str {
        match self {
            Self { event: Some(_), .. } => LIST_OF_EVENT,
            Self { object: Some(object), .. } if !object.is_empty() => LIST_OF_OBJECT,
            Self { who: Some(_), .. } => LIST_OF_WHO,
            _ => LIST,
        }
    }
}

/// A page of entries, newest first; those behind `after` are older.
pub async fn list(
    database: &Database,
    filter: AuditFilter,
    after: Option<AuditEntryId>,
    limit: Limit,
) -> Result<Page<Entry, AuditEntryId>, StoreError> {
    let query = sqlx::query(filter.text())
        .bind(filter.who.map(|who| who.to_string()).unwrap_or_default())
        .bind(filter.action.map_or("", Action::name))
        .bind(filter.event.map(|event| event.to_string()).unwrap_or_default())
        .bind(filter.organiser.map(|organiser| organiser.to_string()).unwrap_or_default())
        .bind(filter.object.unwrap_or_default())
        .bind(filter.since.map_or(0, millis))
        .bind(filter.until.map_or(i64::MAX, millis))
        .bind(after.unwrap_or(AuditEntryId::LAST).to_string())
        .bind(limit.rows());
    let rows = database.find_all(query).await?;
    let entries = rows.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Page::of(entries, limit, |last: &Entry| last.id))
}

/// The latest of what somebody did, and of what was done to them, newest first.
pub(crate) async fn about(database: &Database, person: PersonId) -> Result<Vec<Entry>, StoreError> {
    let rows = database.find_all(sqlx::query(ABOUT).bind(person.to_string())).await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &AnyRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        id: row.parsed("entry")?,
        at: row.time("at")?,
        who: row.parsed("who")?,
        action: row.try_get("action")?,
        event: row.parsed_if_any("event")?,
        organiser: row.parsed_if_any("organiser")?,
        object: row.try_get("object")?,
        detail: row.try_get("detail")?,
        outcome: row.try_get("outcome")?,
        code: row.try_get("code")?,
        begun: row.parsed_if_any("begun")?,
        address: row.parsed_if_any("address")?,
        request: row.try_get("request")?,
    })
}

/// A page of the entries that a filter wants. First comes a condition that has an index: SQLite
/// uses none for what may be about nothing, as `$3 = '' OR event = $3`.
macro_rules! entries_where {
    ($first:literal) => {
        entries_where!(
            $first,
            "($1 = '' OR who = $1)
                AND ($2 = '' OR action = $2)
                AND ($3 = '' OR event = $3)
                AND ($4 = '' OR organiser = $4)
                AND ($5 = '' OR object = $5)
                AND at >= $6 AND at < $7
                AND entry < $8
            ORDER BY entry DESC
            LIMIT $9"
        )
    };
    ($first:literal, $rest:literal) => {
        concat!(
            "SELECT entry, at, who, action, event, organiser, object, detail, outcome, code, begun,
                address, request
            FROM audit_log WHERE ",
            $first,
            $rest,
        )
    };
}

queries! {
    ABOUT = entries_where!("who = $1 OR object = $1", " ORDER BY entry DESC LIMIT 1000");
    LIST = entries_where!("");
    LIST_OF_EVENT = entries_where!("event = $3 AND ");
    LIST_OF_WHO = entries_where!("who = $1 AND ");
    LIST_OF_OBJECT = entries_where!("object = $5 AND ");
}

#[cfg(test)]
mod tests {
    use onsale_core::id::{PartitionId, PersonId};

    use super::super::{By, Deed, Outcome, begin, end, write};
    use super::*;
    use crate::testing::{BY, TestDatabase, databases};

    fn at(ms: u64) -> By {
        By { at: Time::from_ms(ms), ..BY.clone() }
    }

    async fn wrote(database: &TestDatabase, by: &By, deed: &Deed) {
        let mut transaction = database.begin().await.unwrap();
        write(&mut transaction, by, deed, Outcome::Done).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn entries(database: &TestDatabase, filter: AuditFilter) -> Vec<Entry> {
        list(database, filter, None, Limit::DEFAULT).await.unwrap().items
    }

    databases! {
        async fn an_entry_says_who_did_what_to_what_from_where(database: TestDatabase) {
            let person = PersonId::from_u128(7);
            let event = EventId::new(PartitionId::FIRST, 1).unwrap();
            let by = By {
                who: Who::Person(person),
                at: Time::from_ms(1_000),
                address: Some("2001:db8::7".parse().unwrap()),
                request: Some("5f3a9c01-2a".to_owned()),
            };
            let deed = Deed::new(Action::RefundOrder).of_event(event).to("ord_1").saying("25");
            let begun = begin(&database, &by, &deed).await.unwrap();
            let later = By { at: Time::from_ms(1_001), ..by.clone() };
            end(&database, begun, &later, &deed, Outcome::Refused("malformed")).await.unwrap();
            let found = entries(&database, AuditFilter::default()).await;
            let [ended, began] = &found[..] else { panic!("{found:?}") };
            assert_eq!((began.id, began.outcome.as_str(), &began.code), (begun, "begun", &None));
            assert_eq!((ended.outcome.as_str(), ended.begun), ("refused", Some(begun)));
            assert_eq!(ended.code.as_deref(), Some("malformed"));
            assert_eq!((ended.who, ended.address), (by.who, by.address));
            assert_eq!((ended.event, ended.object.as_deref()), (Some(event), Some("ord_1")));
            assert_eq!((ended.action.as_str(), ended.at), ("order.refund", later.at));
            assert_eq!((&ended.request, ended.detail.as_deref()), (&by.request, Some("25")));
        }

        async fn what_is_rolled_back_was_never_written(database: TestDatabase) {
            let mut transaction = database.begin().await.unwrap();
            let deed = Deed::new(Action::GivePlatformRole);
            write(&mut transaction, &BY, &deed, Outcome::Done).await.unwrap();
            drop(transaction);
            assert_eq!(entries(&database, AuditFilter::default()).await, []);
        }

        async fn entries_are_filtered_by_all_that_is_said(database: TestDatabase) {
            let person = Who::Person(PersonId::from_u128(7));
            let event = |index| EventId::new(PartitionId::FIRST, index).unwrap();
            let organiser = OrganiserId::random();
            let open = |index| Deed::new(Action::OpenEvent).of_event(event(index));
            wrote(&database, &at(1), &open(1)).await;
            wrote(&database, &By { who: person, ..at(2) }, &open(2)).await;
            let cancel = Deed::new(Action::CancelEvent).of_event(event(2)).of_organiser(organiser);
            wrote(&database, &By { who: person, ..at(3) }, &cancel.to("x' OR '1'='1")).await;
            wrote(&database, &By { who: Who::Nobody, ..at(4) }, &Deed::new(Action::SeeAudit)).await;
            let all = AuditFilter::default;
            let cases = [
                (AuditFilter { who: Some(person), ..all() }, vec![3, 2]),
                (AuditFilter { who: Some(Who::Operator), ..all() }, vec![1]),
                (AuditFilter { action: Some(Action::OpenEvent), ..all() }, vec![2, 1]),
                (AuditFilter { event: Some(event(2)), ..all() }, vec![3, 2]),
                (AuditFilter { organiser: Some(organiser), ..all() }, vec![3]),
                (AuditFilter { object: Some("x' OR '1'='1".to_owned()), ..all() }, vec![3]),
                (AuditFilter { object: Some("' OR ''='".to_owned()), ..all() }, vec![]),
                (
                    AuditFilter {
                        since: Some(Time::from_ms(2)),
                        until: Some(Time::from_ms(4)),
                        ..all()
                    },
                    vec![3, 2],
                ),
                (AuditFilter { who: Some(person), event: Some(event(1)), ..all() }, vec![]),
            ];
            for (filter, expected) in cases {
                let found = entries(&database, filter.clone()).await;
                let found: Vec<_> = found.iter().map(|entry| entry.at.as_ms()).collect();
                assert_eq!(found, expected, "{filter:?}");
            }
        }

        async fn pages_go_back_in_time_and_miss_none_of_a_busy_moment(database: TestDatabase) {
            for _ in 0..5 {
                wrote(&database, &at(1), &Deed::new(Action::OpenEvent)).await;
            }
            let limit = Limit::new(2).unwrap();
            let (mut after, mut seen) = (None, std::collections::BTreeSet::new());
            loop {
                let page = list(&database, AuditFilter::default(), after, limit).await.unwrap();
                seen.extend(page.items.iter().map(|entry| entry.id));
                // What is written meanwhile is newer, and on no later page.
                wrote(&database, &at(2), &Deed::new(Action::OpenEvent)).await;
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), 5);
        }
    }
}
