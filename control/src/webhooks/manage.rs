//! What people do to endpoints.

use onsale_core::time::Time;
use sqlx::{Any, AnyConnection, Transaction};

use super::{Endpoint, FORMER_SIGNS, Secret, State, THING, WebhookError, WebhookRules, Wish};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::catalogue::CatalogueError;
use crate::catalogue::versioned::Versioned;
use crate::database::{Database, ReadRow, Statement, StoreError, millis, queries};
use crate::id::{OrganiserId, WebhookId};
use crate::page::{Cursor, Limit, Page};
use crate::secret::{encode, random};
use crate::version::Version;

const VERSIONED: Versioned = Versioned { what: THING, raise: RAISE, current: VERSION };

/// Where a page of endpoints ended: when the last one was made, in milliseconds, and its id.
pub type EndpointCursor = Cursor<u64, WebhookId>;

/// A page of all endpoints, or of those of an organiser, the oldest first.
pub async fn list(
    database: &Database,
    organiser: Option<OrganiserId>,
    after: Option<EndpointCursor>,
    limit: Limit,
) -> Result<Page<Endpoint, EndpointCursor>, StoreError> {
    let (made, id) = after.map(|Cursor { sort, id }| (sort, id.to_string())).unwrap_or_default();
    let query = match organiser {
        Some(organiser) => sqlx::query(LIST_OF).bind(organiser.to_string()),
        None => sqlx::query(LIST),
    };
    let query = query.bind(i64::try_from(made).unwrap_or(i64::MAX)).bind(id).bind(limit.rows());
    let rows = database.find_all(query).await?;
    let endpoints = rows.iter().map(super::endpoint).collect::<Result<_, _>>()?;
    let cursor = |last: &Endpoint| Cursor { sort: last.created_at.as_ms(), id: last.id };
    Ok(Page::of(endpoints, limit, cursor))
}

/// Whose an endpoint is; `None` in it if the platform's.
pub async fn owner(
    database: &Database,
    id: WebhookId,
) -> Result<Option<OrganiserId>, CatalogueError> {
    let row = database.find(sqlx::query(OWNER).bind(id.to_string())).await?;
    Ok(row.ok_or(CatalogueError::NotFound(THING))?.parsed_if_any("organiser")?)
}

/// An endpoint.
pub async fn find(database: &Database, id: WebhookId) -> Result<Endpoint, CatalogueError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, id).await
}

/// The same, as a transaction sees it.
async fn find_in(
    connection: &mut AnyConnection,
    id: WebhookId,
) -> Result<Endpoint, CatalogueError> {
    let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(super::endpoint).transpose()?.ok_or(CatalogueError::NotFound(THING))
}

/// Makes an endpoint, which gets what happens from now on, and its secret.
pub async fn create(
    database: &Database,
    rules: WebhookRules,
    by: &By,
    organiser: Option<OrganiserId>,
    wish: &Wish,
) -> Result<(Endpoint, Secret), WebhookError> {
    let (id, secret) = (WebhookId::random(), Secret::random());
    let mut transaction = database.begin().await?;
    find_room(&mut transaction, rules, organiser).await?;
    let create = wish.bind(sqlx::query(CREATE).bind(id.to_string())).bind(millis(by.at));
    let create = create.bind(organiser.map(|organiser| organiser.to_string()));
    let create = create.bind(secret.expose().to_owned());
    let created = create.execute(&mut *transaction).await.map_err(StoreError::from);
    created.map_err(|error| {
        if error.is_reference() { CatalogueError::NotFound("organiser") } else { error.into() }
    })?;
    let made = finish(transaction, by, id, "made").await?;
    Ok((made, secret))
}

/// Changes an endpoint, if it is still as it was `seen`. One that was gone is sent to again, if it
/// is wanted to be.
pub async fn change(
    database: &Database,
    by: &By,
    id: WebhookId,
    seen: Version,
    wish: &Wish,
) -> Result<Endpoint, WebhookError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let change = wish.bind(sqlx::query(CHANGE).bind(id.to_string())).bind(millis(by.at));
    change.execute(&mut *transaction).await?;
    finish(transaction, by, id, "changed").await
}

/// Removes an endpoint, if it is still as it was `seen`.
pub async fn remove(
    database: &Database,
    by: &By,
    id: WebhookId,
    seen: Version,
) -> Result<(), WebhookError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let endpoint = find_in(&mut transaction, id).await?;
    sqlx::query(REMOVE).bind(id.to_string()).execute(&mut *transaction).await?;
    write_down(&mut transaction, by, &endpoint, "removed").await?;
    Ok(transaction.commit().await?)
}

/// A new secret of an endpoint. The one before signs beside it for [`FORMER_SIGNS`]; the one before
/// that no longer.
pub async fn rotate(
    database: &Database,
    by: &By,
    id: WebhookId,
) -> Result<(Endpoint, Secret), WebhookError> {
    let secret = Secret::random();
    let rotate = sqlx::query(ROTATE).bind(id.to_string()).bind(millis(by.at));
    let rotate = rotate.bind(secret.expose().to_owned()).bind(millis(by.at + FORMER_SIGNS));
    let endpoint = update(database, by, id, rotate, "secret rotated").await?;
    Ok((endpoint, secret))
}

/// Has everything sent again that has happened since then, but nothing that is to come.
pub async fn replay(
    database: &Database,
    by: &By,
    id: WebhookId,
    since: Time,
) -> Result<Endpoint, WebhookError> {
    let since = since.min(by.at);
    let replay = sqlx::query(REPLAY).bind(id.to_string()).bind(millis(by.at)).bind(millis(since));
    let said = if since == Time::ZERO { "replayed from the beginning" } else { "replayed" };
    update(database, by, id, replay, said).await
}

/// Has a ping sent to an endpoint, whatever its state; its id. One that was not sent yet is
/// forgotten.
pub async fn ping(database: &Database, by: &By, id: WebhookId) -> Result<String, WebhookError> {
    let ping = format!("ping-{}", encode(&random::<16>()));
    let wish = sqlx::query(PING).bind(id.to_string()).bind(ping.clone());
    update(database, by, id, wish, "tested").await?;
    Ok(ping)
}

async fn update(
    database: &Database,
    by: &By,
    id: WebhookId,
    update: Statement<'_>,
    said: &str,
) -> Result<Endpoint, WebhookError> {
    let mut transaction = database.begin().await?;
    update.execute(&mut *transaction).await?;
    finish(transaction, by, id, said).await
}

/// Sees to it that there is room for another one, until the end of the transaction.
async fn find_room(
    transaction: &mut Transaction<'_, Any>,
    rules: WebhookRules,
    organiser: Option<OrganiserId>,
) -> Result<(), WebhookError> {
    sqlx::query(TAKE_ROOM).execute(&mut **transaction).await?;
    let count = sqlx::query(COUNT).bind(organiser.map(|id| id.to_string()).unwrap_or_default());
    let count = count.fetch_one(&mut **transaction).await?;
    let of_organiser = organiser.map(|_| (rules.per_organiser_max, "of_organiser"));
    for (max, counted) in of_organiser.into_iter().chain([(rules.endpoints_max, "of_all")]) {
        if count.number(counted)? >= u64::from(max) {
            return Err(WebhookError::TooMany { max });
        }
    }
    Ok(())
}

async fn finish(
    mut transaction: Transaction<'_, Any>,
    by: &By,
    id: WebhookId,
    said: &str,
) -> Result<Endpoint, WebhookError> {
    let endpoint = find_in(&mut transaction, id).await?;
    write_down(&mut transaction, by, &endpoint, said).await?;
    transaction.commit().await?;
    Ok(endpoint)
}

/// Writes into the audit log what was done to an endpoint.
pub(super) async fn write_down(
    transaction: &mut Transaction<'_, Any>,
    by: &By,
    endpoint: &Endpoint,
    said: &str,
) -> Result<(), StoreError> {
    let deed = Deed::new(Action::ManageWebhooks).to(endpoint.id).saying(said);
    let deed = match endpoint.organiser {
        Some(organiser) => deed.of_organiser(organiser),
        None => deed,
    };
    audit::write(transaction, by, &deed, Outcome::Done).await
}

impl Wish {
    /// As `$2` to `$4`.
    fn bind<'a>(&self, query: Statement<'a>) -> Statement<'a> {
        let state = State::wanted(self.is_enabled).name();
        query.bind(self.url.clone()).bind(self.topics.join(" ")).bind(state)
    }
}

queries! {
    LIST = "SELECT webhook, organiser, url, topics, state, former_until, created_at, updated_at,
            version
        FROM webhook_endpoints WHERE (created_at, webhook) > ($1, $2)
        ORDER BY created_at, webhook LIMIT $3";
    LIST_OF = "SELECT webhook, organiser, url, topics, state, former_until, created_at, updated_at,
            version
        FROM webhook_endpoints WHERE organiser = $1 AND (created_at, webhook) > ($2, $3)
        ORDER BY created_at, webhook LIMIT $4";
    FIND = "SELECT webhook, organiser, url, topics, state, former_until, created_at, updated_at,
            version
        FROM webhook_endpoints WHERE webhook = $1";
    OWNER = "SELECT organiser FROM webhook_endpoints WHERE webhook = $1";
    TAKE_ROOM = "UPDATE webhook_room SET turn = turn + 1";
    COUNT = "SELECT COUNT(*) AS of_all, COUNT(CASE WHEN organiser = $1 THEN 1 END) AS of_organiser
        FROM webhook_endpoints";
    CREATE = "INSERT INTO webhook_endpoints (webhook, url, topics, state, created_at, updated_at,
            since, organiser, secret, turn, version)
        VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, 0, 1)";
    RAISE = "UPDATE webhook_endpoints SET version = version + 1
        WHERE webhook = $1 AND version = $2";
    VERSION = "SELECT version FROM webhook_endpoints WHERE webhook = $1";
    CHANGE = "UPDATE webhook_endpoints SET url = $2, topics = $3, state = $4, updated_at = $5
        WHERE webhook = $1";
    REMOVE = "DELETE FROM webhook_endpoints WHERE webhook = $1";
    ROTATE = "UPDATE webhook_endpoints SET former_secret = secret, secret = $3, former_until = $4,
            updated_at = $2, version = version + 1
        WHERE webhook = $1";
    REPLAY = "UPDATE webhook_endpoints SET since = $3, turn = turn + 1, updated_at = $2,
            version = version + 1
        WHERE webhook = $1";
    PING = "UPDATE webhook_endpoints SET ping = $2 WHERE webhook = $1";
}
