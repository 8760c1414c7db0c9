//! Sessions: the devices that somebody is signed in on. One row each, however often its tokens are
//! renewed ([`refresh`]); when one ends, every core learns of it ([`ended`]).

pub mod ended;
pub mod refresh;

use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};
use sqlx::any::AnyRow;

use self::refresh::RefreshToken;
use super::Accounts;
use super::text::Device;
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};
use crate::id::SessionId;

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// On which device.
    pub session: SessionId,
    /// What renews it.
    pub refresh_token: RefreshToken,
    /// Until when that is good.
    pub refresh_expires_at: Time,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// What the device called itself.
    pub device: String,
    /// When somebody signed in on it.
    pub created_at: Time,
    /// When it was renewed last.
    pub used_at: Time,
    /// When it ends unless it is renewed.
    pub expires_at: Time,
}

impl Accounts {
    /// The devices that a person is signed in on, the one lately used first.
    pub async fn sessions(&self, person: PersonId, now: Time) -> Result<Vec<Session>, StoreError> {
        let list = sqlx::query(LIST).bind(person.to_string()).bind(millis(now));
        self.database().find_all(list).await?.iter().map(session).collect()
    }

    /// Ends one session of a person; `false` if they have none like that.
    pub async fn end_session(
        &self,
        person: PersonId,
        session: SessionId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let end = sqlx::query(END).bind(session.to_string()).bind(person.to_string());
        let found = self.database().change(end.bind(millis(now))).await? > 0;
        if found {
            self.ended().add(&[session], now);
        }
        Ok(found)
    }

    /// Ends all sessions of a person.
    pub async fn end_all_sessions(&self, person: PersonId, now: Time) -> Result<(), StoreError> {
        let mut transaction = self.database().transaction().await?;
        let ended = end_others(&mut transaction, person, None, now).await?;
        transaction.commit().await?;
        self.ended().add(&ended, now);
        Ok(())
    }

    /// Tells the cores of sessions that have ended since: by other nodes, or before a restart.
    pub async fn look_for_ended(&self, since: Time) -> Result<(), StoreError> {
        let rows = self.database().find_all(sqlx::query(ENDED).bind(millis(since))).await?;
        for row in &rows {
            self.0.ended.add(&[row.parsed("session")?], row.time("ended_at")?);
        }
        Ok(())
    }

    /// Signs a person in on a device. Whoever has too many leaves the one least lately used.
    pub(super) async fn open_session(
        &self,
        person: PersonId,
        device: &Device,
        now: Time,
    ) -> Result<SignedIn, StoreError> {
        let (session, token) = (SessionId::random(), RefreshToken::random());
        let expires_at = self.expiry(now, now);
        let open = sqlx::query(OPEN)
            .bind(session.to_string())
            .bind(person.to_string())
            .bind(token.family_hash())
            .bind(token.hash())
            .bind(device.as_str())
            .bind(millis(now))
            .bind(millis(expires_at));
        let mut transaction = self.database().transaction().await?;
        transaction.execute(open).await?;
        let end = sqlx::query(END_SURPLUS)
            .bind(person.to_string())
            .bind(millis(now))
            .bind(i64::from(self.settings().sessions_max));
        let surplus = ids(&transaction.find_all(end).await?)?;
        transaction.commit().await?;
        self.ended().add(&surplus, now);
        Ok(SignedIn { person, session, refresh_token: token, refresh_expires_at: expires_at })
    }

    /// Until when a session is good that is renewed now.
    fn expiry(&self, created_at: Time, now: Time) -> Time {
        let settings = self.settings();
        (now + settings.refresh_idle).min(created_at + settings.session_lifetime)
    }
}

/// Ends all sessions of a person but `kept`; which ones those were.
pub(super) async fn end_others(
    transaction: &mut Transaction,
    person: PersonId,
    kept: Option<SessionId>,
    now: Time,
) -> Result<Vec<SessionId>, StoreError> {
    let kept = kept.map(|kept| kept.to_string()).unwrap_or_default();
    let end = sqlx::query(END_OTHERS).bind(person.to_string()).bind(millis(now)).bind(kept);
    ids(&transaction.find_all(end).await?)
}

/// When somebody signed in; `None` if the session is none, or has ended.
pub(super) async fn signed_in_at(
    accounts: &Accounts,
    session: SessionId,
) -> Result<Option<Time>, StoreError> {
    let find = sqlx::query(SIGNED_IN_AT).bind(session.to_string());
    let row = accounts.database().find(find).await?;
    row.map(|row| row.time("created_at")).transpose()
}

/// How long somebody who has no password may do what needs one after they signed in.
pub(super) const FRESH: Span = Span::from_mins(10);

fn ids(rows: &[AnyRow]) -> Result<Vec<SessionId>, StoreError> {
    rows.iter().map(|row| row.parsed("session")).collect()
}

pub(super) fn session(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.parsed("session")?,
        device: row.text("device")?.to_owned(),
        created_at: row.time("created_at")?,
        used_at: row.time("used_at")?,
        expires_at: row.time("expires_at")?,
    })
}

queries! {
    LIST = "SELECT session, device, created_at, used_at, expires_at FROM sessions \
        WHERE person = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY used_at DESC, session";
    END = "UPDATE sessions SET ended_at = $3 \
        WHERE session = $1 AND person = $2 AND ended_at IS NULL";
    END_OTHERS = "UPDATE sessions SET ended_at = $2 \
        WHERE person = $1 AND ended_at IS NULL AND session <> $3 RETURNING session";
    ENDED = "SELECT session, ended_at FROM sessions WHERE ended_at >= $1 ORDER BY ended_at";
    SIGNED_IN_AT = "SELECT created_at FROM sessions WHERE session = $1 AND ended_at IS NULL";
    OPEN = "INSERT INTO sessions (session, person, family_hash, token_hash, device, created_at, \
        used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";
    END_SURPLUS = "UPDATE sessions SET ended_at = $2 WHERE person = $1 AND ended_at IS NULL \
        AND session NOT IN (SELECT session FROM sessions WHERE person = $1 AND ended_at IS NULL \
        ORDER BY used_at DESC, created_at DESC LIMIT $3) RETURNING session";
}
