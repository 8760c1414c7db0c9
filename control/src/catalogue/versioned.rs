//! Rows that are changed only by whoever has seen how they are: optimistic concurrency, by a column
//! `version` that rises with every change.

use sqlx::{Any, Transaction};

use super::CatalogueError;
use crate::database::ReadRow;
use crate::version::Version;

/// The queries about the version of one kind of row. `$1` is its id.
pub(crate) struct Versioned {
    /// What it is.
    pub what: &'static str,
    /// Raises the version if it is `$2`.
    pub raise: &'static str,
    /// The version there is.
    pub current: &'static str,
}

impl Versioned {
    /// Takes a row that is still as it was `seen`: until the end of the transaction nobody else
    /// changes it, and it has its next version.
    pub(crate) async fn take(
        &self,
        transaction: &mut Transaction<'_, Any>,
        id: String,
        seen: Version,
    ) -> Result<(), CatalogueError> {
        let raise = sqlx::query(self.raise).bind(id.clone()).bind(seen.column());
        if raise.execute(&mut **transaction).await?.rows_affected() > 0 {
            return Ok(());
        }
        let current = sqlx::query(self.current).bind(id).fetch_optional(&mut **transaction).await?;
        let current = current.map(|row| row.version()).transpose()?;
        let not_found = CatalogueError::NotFound(self.what);
        Err(current.map_or(not_found, |current| CatalogueError::Stale { what: self.what, current }))
    }
}
