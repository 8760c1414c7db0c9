//! The way to the partition that an event lives on: what it is to be told is written in the
//! transaction that decides it, and taken off the list when the partition has done it. So it is
//! told at least once, whatever crashes in between; and because an id that was reserved is defined
//! once, however often that is asked, it takes effect exactly once.

use std::str::FromStr;

use onsale_core::id::EventId;
use onsale_core::query::{EventView, Phase};
use onsale_core::spec::{Draft, EventSpec};
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use thiserror::Error;
use tracing::error;

use super::error::EventError;
use super::record;
use super::selling::store;
use super::status::Status;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome, Who};
use crate::database::{Database, ReadRow, StoreError, millis, queries, undecodable};

/// What a partition is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Sell the event.
    Publish,
    /// Call it off; it may have to be told of it first.
    Cancel,
    /// Nothing: it was asked to change the event, and the catalogue is to follow what it did.
    Follow,
}

/// Something that a partition has not done yet, as far as is known.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Which event.
    pub event: EventId,
    /// What is to be done.
    pub wish: Wish,
    /// What is to be sold, as it was when it was published.
    pub spec: EventSpec,
    /// Tells it from what is wished later.
    turn: i64,
}

/// The text names no wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a wish is publish, cancel or follow")]
pub struct WishError;

impl FromStr for Wish {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        match text {
            "publish" => Ok(Self::Publish),
            "cancel" => Ok(Self::Cancel),
            "follow" => Ok(Self::Follow),
            _ => Err(WishError),
        }
    }
}

/// Has a partition sell this, in the transaction that publishes it.
pub(super) async fn wish_to_publish(
    transaction: &mut Transaction<'_, Any>,
    event: EventId,
    spec: &EventSpec,
    now: Time,
) -> Result<(), EventError> {
    // As in an offer, there is nothing that JSON cannot say.
    let spec = serde_json::to_string(spec).unwrap_or_default();
    let publish = sqlx::query(PUBLISH).bind(event.to_string()).bind(spec).bind(millis(now));
    publish.execute(&mut **transaction).await?;
    Ok(())
}

/// Has a partition call an event off that was published, in the transaction that cancels it.
pub(super) async fn wish_to_cancel(
    transaction: &mut Transaction<'_, Any>,
    event: EventId,
    now: Time,
) -> Result<(), EventError> {
    let cancel = sqlx::query(CANCEL).bind(event.to_string()).bind(millis(now));
    cancel.execute(&mut **transaction).await?;
    Ok(())
}

/// Has the catalogue follow what a partition does to an event, and look at it when that is `due`:
/// asked for before, it is not forgotten should the server die, and asked for afterwards, nothing
/// is missed.
///
/// # Errors
/// If the database does not answer.
pub async fn wish_to_follow(
    database: &Database,
    event: EventId,
    due: Time,
) -> Result<(), StoreError> {
    let follow = sqlx::query(FOLLOW).bind(event.to_string()).bind(millis(due));
    database.change(follow).await.map(|_| ())
}

/// What is to be done by now, in the order in which it is due, at most so much.
///
/// # Errors
/// If the database does not answer.
pub async fn open(
    database: &Database,
    now: Time,
    most: u16,
) -> Result<Vec<Publication>, StoreError> {
    let open = sqlx::query(OPEN).bind(millis(now)).bind(i64::from(most));
    let rows = database.find_all(open).await?;
    // One that this version does not understand keeps none of the others waiting.
    let understood = rows.iter().map(publication).filter_map(|publication| {
        publication.inspect_err(|error| error!(%error, "what was decided is not understood")).ok()
    });
    Ok(understood.collect())
}

/// The partition has done it.
///
/// # Errors
/// If the database does not answer.
pub async fn settle(
    database: &Database,
    publication: &Publication,
    now: Time,
) -> Result<(), StoreError> {
    let settle = sqlx::query(SETTLE).bind(publication.event.to_string());
    database.change(settle.bind(publication.turn).bind(millis(now))).await.map(|_| ())
}

/// The partition will not sell it: the event goes back, with what the partition says. `code` is
/// that of its refusal.
///
/// # Errors
/// If the database does not answer.
pub async fn refuse(
    database: &Database,
    publication: &Publication,
    code: &str,
    reason: &str,
    now: Time,
) -> Result<(), StoreError> {
    let event = publication.event;
    let mut transaction = database.begin().await?;
    let forget = sqlx::query(FORGET).bind(event.to_string()).bind(publication.turn);
    if forget.execute(&mut *transaction).await?.rows_affected() > 0 {
        let give_back = sqlx::query(GIVE_BACK).bind(event.to_string());
        let give_back = give_back.bind(reason.to_owned()).bind(millis(now));
        give_back.execute(&mut *transaction).await?;
        let deed = Deed::new(Action::PublishEvent).of_event(event);
        audit::write(&mut transaction, &by_itself(now), &deed, Outcome::Refused(code)).await?;
    }
    Ok(transaction.commit().await?)
}

/// Has the catalogue say what the partition does: what is sold, and whether it is called off.
///
/// # Errors
/// If the database does not answer.
pub async fn follow(
    database: &Database,
    publication: &Publication,
    seen: &EventView,
    now: Time,
) -> Result<(), EventError> {
    let id = publication.event;
    let mut transaction = database.begin().await?;
    let settle = sqlx::query(SETTLE).bind(id.to_string());
    let settle = settle.bind(publication.turn).bind(millis(now));
    if settle.execute(&mut *transaction).await?.rows_affected() == 0 {
        // Something else was wished meanwhile, and what was seen may be old.
        return Ok(());
    }
    let event = record::find_in(&mut transaction, id).await?;
    let mut offer = event.offer.clone();
    offer.follow(seen, &event.zone, event.starts.map(|starts| starts.at));
    let is_cancelled = seen.phase == Phase::Cancelled && event.status != Status::Cancelled;
    if offer != event.offer || is_cancelled {
        let status = if is_cancelled { Status::Cancelled } else { event.status };
        store(&mut transaction, id, &offer).await?;
        sqlx::query(SAY)
            .bind(id.to_string())
            .bind(status.name())
            .bind(event.cancelled_at.or(is_cancelled.then_some(now)).map(millis))
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

fn by_itself(now: Time) -> By {
    By { who: Who::System, at: now, address: None, request: None }
}

fn publication(row: &AnyRow) -> Result<Publication, StoreError> {
    let draft: Draft = row.json("spec")?;
    let spec = EventSpec::parse(draft).map_err(|error| undecodable("spec", error))?;
    let (event, wish) = (row.parsed("event")?, row.parsed("wish")?);
    Ok(Publication { event, wish, spec, turn: row.try_get("turn")? })
}

queries! {
    PUBLISH = "INSERT INTO publications (event, wish, turn, spec, due_at, settled_at)
        VALUES ($1, 'publish', 1, $2, $3, NULL)";
    CANCEL = "UPDATE publications SET wish = 'cancel', turn = turn + 1, due_at = $2,
            settled_at = NULL
        WHERE event = $1";
    FOLLOW = "UPDATE publications SET wish = 'follow', turn = turn + 1, due_at = $2,
            settled_at = NULL
        WHERE event = $1 AND (settled_at IS NOT NULL OR wish = 'follow')";
    OPEN = "SELECT event, wish, turn, spec FROM publications WHERE settled_at IS NULL
        AND due_at <= $1 ORDER BY due_at, event LIMIT $2";
    SETTLE = "UPDATE publications SET settled_at = $3 WHERE event = $1 AND turn = $2";
    FORGET = "DELETE FROM publications WHERE event = $1 AND turn = $2 AND wish = 'publish'";
    GIVE_BACK = "UPDATE events SET status = 'APPROVED', published_at = NULL, returned_because = $2,
            updated_at = $3, version = version + 1
        WHERE event = $1 AND status = 'PUBLISHED'";
    SAY = "UPDATE events SET status = $2, cancelled_at = $3, updated_at = $4, version = version + 1
        WHERE event = $1";
}
