//! Everything that is known about a person, for them to take along (GDPR, articles 15 and 20).
//!
//! Whatever keeps something about people adds it here, or, where it is not kept in this database,
//! beside it: see the handler in `onsale-net`.

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;

use super::Accounts;
use super::address::KeptAddress;
use super::identity::Identity;
use super::profile::Profile;
use super::session::{Session, session};
use crate::access::audit::{self, Entry};
use crate::database::{ReadRow, StoreError, queries};

/// Everything that accounts know about somebody.
#[derive(Clone, Debug)]
pub struct Export {
    /// Their account.
    pub profile: Profile,
    /// Their addresses.
    pub addresses: Vec<KeptAddress>,
    /// Who they are elsewhere.
    pub identities: Vec<Identity>,
    /// Where they are signed in, and where they were lately.
    pub sessions: Vec<PastSession>,
    /// What they were written lately.
    pub letters: Vec<SentLetter>,
    /// What they did, and what was done to them, that the audit log has: the latest of it.
    pub deeds: Vec<Entry>,
}

/// A session, ended or not.
#[derive(Clone, Debug)]
pub struct PastSession {
    /// Which.
    pub session: Session,
    /// When it ended.
    pub ended_at: Option<Time>,
}

/// A letter that was, or is to be, sent.
#[derive(Clone, Debug)]
pub struct SentLetter {
    /// What it is about.
    pub kind: String,
    /// Since when it is to be sent.
    pub created_at: Time,
    /// What became of it, once something has.
    pub outcome: Option<String>,
}

impl Accounts {
    /// Everything about a person; `None` if they have no account (any more).
    pub async fn export(&self, person: PersonId) -> Result<Option<Export>, StoreError> {
        let Some(profile) = self.profile(person).await? else { return Ok(None) };
        let (addresses, identities) =
            (self.addresses(person).await?, self.identities(person).await?);
        let key = profile.email.as_ref().map(|email| email.key().to_owned());
        let sessions = sqlx::query(SESSIONS).bind(person.to_string());
        let sessions = self.database().find_all(sessions).await?;
        let letters = sqlx::query(LETTERS).bind(person.to_string()).bind(key);
        let letters = self.database().find_all(letters).await?;
        Ok(Some(Export {
            profile,
            addresses,
            identities,
            sessions: sessions.iter().map(past).collect::<Result<_, _>>()?,
            letters: letters.iter().map(sent).collect::<Result<_, _>>()?,
            deeds: audit::about(self.database(), person).await?,
        }))
    }
}

fn past(row: &AnyRow) -> Result<PastSession, StoreError> {
    Ok(PastSession { session: session(row)?, ended_at: row.time_if_any("ended_at")? })
}

fn sent(row: &AnyRow) -> Result<SentLetter, StoreError> {
    Ok(SentLetter {
        kind: row.text("kind")?.to_owned(),
        created_at: row.time("created_at")?,
        outcome: row.text_if_any("outcome")?.map(str::to_owned),
    })
}

queries! {
    SESSIONS = "SELECT session, device, created_at, used_at, expires_at, ended_at FROM sessions \
        WHERE person = $1 ORDER BY created_at, session";
    LETTERS = "SELECT kind, created_at, outcome FROM letters WHERE person = $1 OR email_key = $2 \
        ORDER BY created_at, kind";
}
