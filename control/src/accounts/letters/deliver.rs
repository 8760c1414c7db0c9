//! Emptying the outbox: what is due is claimed, put together and handed to a courier; what he could
//! not bring is due again later, less and less often. Claiming is an update that one succeeds with,
//! so several nodes may deliver at once. A letter may come twice (the courier's answer can be
//! lost); none is lost.

use futures_util::future::{BoxFuture, join_all};
use onsale_core::time::{Span, Time};
use sqlx::any::AnyRow;
use thiserror::Error;

use super::{Kind, Letter, Occasion};
use crate::accounts::Accounts;
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};
use crate::id::LetterId;

/// So many are brought at once.
const AT_ONCE: u32 = 8;
/// So often it is tried: for half a day.
const ATTEMPTS_MAX: u32 = 15;
/// The first wait; each next one is twice as long, up to the longest.
const WAIT: Span = Span::from_secs(30);
const WAIT_MAX: Span = Span::from_mins(60);

/// Brings letters.
pub trait Courier: Send + Sync + 'static {
    /// Brings one.
    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), CourierError>>;
}

/// Why a letter was not brought.
#[derive(Debug, Error)]
pub enum CourierError {
    /// It never will be: there is no such address, for example.
    #[error("the letter is refused: {0}")]
    Refused(String),
    /// It may be later.
    #[error("the letter cannot be brought now: {0}")]
    Unavailable(String),
}

/// What is in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Letters to be brought.
    pub pending: u64,
    /// Letters that were given up, and not cleared away yet.
    pub failed: u64,
}

/// A letter that nobody else brings for a while.
struct Claimed {
    letter: LetterId,
    attempts: u32,
    composed: Option<Letter>,
}

enum Outcome {
    Delivered,
    Dropped,
    Failed,
}

impl Accounts {
    /// Brings some of what is due. Whether there may be more.
    pub async fn deliver_due(&self, courier: &dyn Courier, now: Time) -> Result<bool, StoreError> {
        let due = sqlx::query(DUE).bind(millis(now)).bind(i64::from(AT_ONCE));
        let rows = self.database().find_all(due).await?;
        let brought = join_all(rows.iter().map(|row| self.deliver_one(courier, row, now))).await;
        brought.into_iter().collect::<Result<(), _>>()?;
        Ok(rows.len() == AT_ONCE as usize)
    }

    /// What is in the outbox.
    pub async fn outbox(&self) -> Result<Outbox, StoreError> {
        let row = self.database().find(sqlx::query(COUNT)).await?;
        let count = |column| match &row {
            Some(row) => row.number(column),
            None => Ok(0),
        };
        Ok(Outbox { pending: count("pending")?, failed: count("failed")? })
    }

    async fn deliver_one(
        &self,
        courier: &dyn Courier,
        row: &AnyRow,
        now: Time,
    ) -> Result<(), StoreError> {
        let Some(claimed) = self.claim(row, now).await? else { return Ok(()) };
        let Claimed { letter, attempts, composed } = claimed;
        let outcome = match composed {
            None => Outcome::Dropped,
            Some(composed) => match courier.deliver(&composed).await {
                Ok(()) => Outcome::Delivered,
                Err(CourierError::Unavailable(reason)) if attempts < ATTEMPTS_MAX => {
                    tracing::warn!(%letter, attempts, reason, "a letter is tried again later");
                    return Ok(());
                }
                Err(error) => {
                    tracing::error!(%letter, attempts, %error, "a letter is given up");
                    Outcome::Failed
                }
            },
        };
        let outcome = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Dropped => "dropped",
            Outcome::Failed => "failed",
        };
        let done = sqlx::query(DONE).bind(letter.to_string()).bind(millis(now)).bind(outcome);
        self.database().change(done).await?;
        Ok(())
    }

    /// Puts it off before it is tried, so that it is tried again whatever happens meanwhile.
    async fn claim(&self, row: &AnyRow, now: Time) -> Result<Option<Claimed>, StoreError> {
        let letter: LetterId = row.parsed("letter")?;
        let attempts = u32::try_from(row.number("attempts")?).unwrap_or(u32::MAX).saturating_add(1);
        let mut transaction = self.database().transaction().await?;
        let claim = sqlx::query(CLAIM)
            .bind(letter.to_string())
            .bind(i64::from(attempts) - 1)
            .bind(millis(now + wait_after(attempts)));
        if transaction.execute(claim).await? == 0 {
            return Ok(None);
        }
        let composed = self.compose_row(&mut transaction, letter, row, now).await?;
        transaction.commit().await?;
        Ok(Some(Claimed { letter, attempts, composed }))
    }

    async fn compose_row(
        &self,
        transaction: &mut Transaction,
        letter: LetterId,
        row: &AnyRow,
        now: Time,
    ) -> Result<Option<Letter>, StoreError> {
        let occasion = match row.parsed("kind")? {
            Kind::AccountErased => Occasion::AccountErased { email: row.parsed("email")? },
            Kind::EmailChange => {
                Occasion::EmailChange { person: row.parsed("person")?, email: row.parsed("email")? }
            }
            Kind::EmailChanged => Occasion::EmailChanged {
                person: row.parsed("person")?,
                email: row.parsed("email")?,
            },
            Kind::IdentityLinked => Occasion::IdentityLinked { person: row.parsed("person")? },
            Kind::PasswordChanged => Occasion::PasswordChanged { person: row.parsed("person")? },
            Kind::PasswordReset => Occasion::PasswordReset { email: row.parsed("email")? },
            Kind::Registration => Occasion::Registration {
                registration: row.parsed("registration")?,
                email: row.parsed("email")?,
            },
        };
        self.compose(transaction, letter, &occasion, now).await
    }
}

fn wait_after(attempts: u32) -> Span {
    let ms = WAIT.as_ms() << attempts.saturating_sub(1).min(16);
    Span::from_ms(ms).min(WAIT_MAX)
}

queries! {
    DUE = "SELECT letter, kind, person, registration, email, attempts FROM letters \
        WHERE done_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $2";
    CLAIM = "UPDATE letters SET attempts = attempts + 1, due_at = $3 \
        WHERE letter = $1 AND attempts = $2 AND done_at IS NULL";
    DONE = "UPDATE letters SET done_at = $2, outcome = $3, email = NULL WHERE letter = $1";
    COUNT = "SELECT (SELECT COUNT(*) FROM letters WHERE done_at IS NULL) AS pending, \
        (SELECT COUNT(*) FROM letters WHERE outcome = 'failed') AS failed";
}
