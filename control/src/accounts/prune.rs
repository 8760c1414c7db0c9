//! Clearing away what nobody needs any more.

use onsale_core::time::{Span, Time};

use super::Accounts;
use crate::database::{StoreError, millis, queries};

/// For how long ended sessions and sent letters are kept: they are part of what people are shown
/// about themselves, and of how many letters they have had.
const KEPT: Span = Span::from_mins(24 * 60);
/// For how long a letter is kept that was given up.
const FAILED_KEPT: Span = Span::from_mins(30 * 24 * 60);

impl Accounts {
    /// Clears away whatever is past; how many rows that were.
    pub async fn prune(&self, now: Time) -> Result<u64, StoreError> {
        let mut count = 0;
        let (kept, failed_kept) = (now - KEPT, now - FAILED_KEPT);
        for (clear, before) in [
            (TOKENS, now),
            (REGISTRATIONS, now),
            (VISITS, now),
            (SESSIONS_EXPIRED, kept),
            (SESSIONS_ENDED, kept),
            (LETTERS_SENT, kept),
            (LETTERS_FAILED, failed_kept),
        ] {
            count += self.database().change(sqlx::query(clear).bind(millis(before))).await?;
        }
        Ok(count)
    }
}

queries! {
    TOKENS = "DELETE FROM one_time_tokens WHERE expires_at <= $1";
    REGISTRATIONS = "DELETE FROM registrations WHERE expires_at <= $1";
    VISITS = "DELETE FROM provider_visits WHERE expires_at <= $1";
    SESSIONS_EXPIRED = "DELETE FROM sessions WHERE expires_at <= $1";
    SESSIONS_ENDED = "DELETE FROM sessions WHERE ended_at IS NOT NULL AND ended_at <= $1";
    LETTERS_SENT = "DELETE FROM letters \
        WHERE done_at IS NOT NULL AND done_at <= $1 AND outcome <> 'failed'";
    LETTERS_FAILED = "DELETE FROM letters WHERE outcome = 'failed' AND done_at <= $1";
}
