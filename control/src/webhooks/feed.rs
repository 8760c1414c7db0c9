//! What the server needs to know to send: every endpoint with its secrets, where it begins, and
//! whose an event is and what it is sold in; and what it finds out by sending.

use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Currency;
use onsale_core::time::Time;
use sqlx::any::AnyRow;

use super::{Secret, State};
use crate::access::audit::{By, Who};
use crate::database::{Database, ReadRow, StoreError, millis, queries};
use crate::id::{OrganiserId, WebhookId};

/// An endpoint, for whoever sends to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Which one.
    pub id: WebhookId,
    /// Whose it is; the platform's where there is none.
    pub organiser: Option<OrganiserId>,
    /// Where it is.
    pub url: String,
    /// The names of the topics that it gets; of all if there are none.
    pub topics: Vec<String>,
    /// Whether it is sent anything.
    pub state: State,
    /// What it gets is signed with this.
    pub secret: Secret,
    /// And with this one, until then.
    pub former: Option<(Secret, Time)>,
    /// It gets what has happened since then.
    pub since: Time,
    /// How often it was told to begin anew.
    pub turn: u64,
    /// The id of a ping that is to be sent.
    pub ping: Option<String>,
}

impl Feed {
    /// What signs now, the new one first.
    pub fn secrets(&self, now: Time) -> Vec<Secret> {
        let former = self.former.iter().filter(|(_, until)| *until > now).map(|(secret, _)| secret);
        [&self.secret].into_iter().chain(former).cloned().collect()
    }
}

/// All endpoints there are, the oldest first.
pub async fn all(database: &Database) -> Result<Vec<Feed>, StoreError> {
    let rows = database.find_all(sqlx::query(ALL)).await?;
    rows.iter().map(feed).collect()
}

/// The endpoint at this address wants nothing any more, unless somebody has moved it meanwhile.
pub async fn gone(
    database: &Database,
    id: WebhookId,
    url: &str,
    now: Time,
) -> Result<(), StoreError> {
    let mut transaction = database.begin().await?;
    let gone = sqlx::query(GONE).bind(id.to_string()).bind(millis(now)).bind(url.to_owned());
    let row = gone.fetch_optional(&mut *transaction).await?;
    if let Some(row) = row {
        let by = By { who: Who::System, at: now, address: None, request: None };
        let endpoint = super::endpoint(&row)?;
        super::manage::write_down(&mut transaction, &by, &endpoint, "gone").await?;
    }
    Ok(transaction.commit().await?)
}

/// A ping was sent.
pub async fn pinged(database: &Database, id: WebhookId, ping: &str) -> Result<(), StoreError> {
    let pinged = sqlx::query(PINGED).bind(id.to_string()).bind(ping.to_owned());
    database.change(pinged).await.map(|_| ())
}

/// Whose an event is. It is written before anything happens in its sale, and never changes.
pub async fn organiser_of(
    database: &Database,
    event: EventId,
) -> Result<Option<OrganiserId>, StoreError> {
    let row = database.find(sqlx::query(ORGANISER_OF).bind(event.to_string())).await?;
    row.map_or(Ok(None), |row| row.parsed_if_any("organiser"))
}

/// What the events of a partition are sold in, as far as the read models have got.
pub async fn currencies(
    database: &Database,
    partition: PartitionId,
) -> Result<Vec<(EventId, Currency)>, StoreError> {
    let rows = database.find_all(sqlx::query(CURRENCIES)).await?;
    let all = rows.iter().map(|row| Ok((row.parsed("event")?, row.parsed("currency")?)));
    let all: Vec<(EventId, Currency)> = all.collect::<Result<_, StoreError>>()?;
    Ok(all.into_iter().filter(|(event, _)| event.partition() == partition).collect())
}

fn feed(row: &AnyRow) -> Result<Feed, StoreError> {
    let former = row.text_if_any("former_secret")?.map(Secret::kept);
    Ok(Feed {
        id: row.parsed("webhook")?,
        organiser: row.parsed_if_any("organiser")?,
        url: row.text("url")?.to_owned(),
        topics: super::topics(row)?,
        state: row.parsed("state")?,
        secret: Secret::kept(row.text("secret")?),
        former: former.zip(row.time_if_any("former_until")?),
        since: row.time("since")?,
        turn: row.number("turn")?,
        ping: row.text_if_any("ping")?.map(str::to_owned),
    })
}

queries! {
    ALL = "SELECT webhook, organiser, url, topics, state, secret, former_secret, former_until,
            since, turn, ping
        FROM webhook_endpoints ORDER BY created_at, webhook";
    GONE = "UPDATE webhook_endpoints SET state = 'gone', updated_at = $2, version = version + 1
        WHERE webhook = $1 AND state = 'enabled' AND url = $3
        RETURNING webhook, organiser, url, topics, state, former_until, created_at, updated_at,
            version";
    PINGED = "UPDATE webhook_endpoints SET ping = NULL WHERE webhook = $1 AND ping = $2";
    CURRENCIES = "SELECT event, currency FROM sale_events";
    ORGANISER_OF = "SELECT organiser FROM event_owners WHERE event = $1";
}
