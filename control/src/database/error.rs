//! What can go wrong with a database, as far as whoever asked can do something about it.

use std::error::Error as StdError;
use std::{io, iter};

use thiserror::Error;

/// A query that was not answered.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A fault of ours, or of the database: asking again would not help.
    #[error("the database refuses: {0}")]
    Broken(#[source] sqlx::Error),
    /// The database is away, busy or going down: nothing has changed, ask again later.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
}

impl StoreError {
    /// Somebody waited for too long.
    pub(crate) fn timed_out() -> Self {
        Self::Unavailable(sqlx::Error::Io(io::ErrorKind::TimedOut.into()))
    }

    /// Whether a row with the same key is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Broken(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether another row needs the one that was to be removed, or the one needed is not there.
    pub fn is_reference(&self) -> bool {
        matches!(self, Self::Broken(sqlx::Error::Database(error))
            if error.is_foreign_key_violation())
    }
}

/// Whether whatever has failed did so because others were in its way, and would not if it were done
/// again from the beginning: PostgreSQL gives up a transaction to end a deadlock, or to keep it
/// serializable; SQLite one that has read what is old by now.
pub(super) fn is_conflict(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| match cause.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => {
            error.code().is_some_and(|code| ["40001", "40P01", "517"].contains(&&*code))
        }
        _ => false,
    })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let is_passing = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| passes(&code)),
            _ => false,
        };
        if is_passing { Self::Unavailable(error) } else { Self::Broken(error) }
    }
}

/// Codes of what is over in a moment. PostgreSQL (appendix A): connection exceptions, resources,
/// intervention by an operator, transactions that must be tried again, locks that were not had.
/// SQLite (result codes): busy, locked, out of memory, an error of the disk, full; the extended
/// ones have the primary one in their low byte.
fn passes(code: &str) -> bool {
    let is_postgres = code.len() == 5
        && (["08", "53", "57"].contains(&&code[..2])
            || ["40001", "40P01", "55P03"].contains(&code));
    let primary = code.parse::<u32>().ok().filter(|_| code.len() != 5).map(|code| code & 0xff);
    is_postgres || primary.is_some_and(|code| [5, 6, 7, 10, 13].contains(&code))
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for passing in
            ["08006", "53300", "57P01", "57014", "40001", "40P01", "5", "6", "261", "517"]
        {
            assert!(passes(passing), "{passing}");
        }
        for lasting in ["23505", "42P01", "22P02", "1", "19", "2067", "1555", ""] {
            assert!(!passes(lasting), "{lasting}");
        }
    }
}
