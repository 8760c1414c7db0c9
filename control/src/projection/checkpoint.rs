//! Where the checkpoints are, and how they move.

use std::collections::BTreeSet;

use onsale_core::id::PartitionId;
use onsale_core::time::Time;
use sqlx::{Any, AnyConnection, Transaction};

use super::ProjectError;
use super::column::Column;
use super::rows::{Checkpoint, Journal};
use super::sql;
use super::table::Stored;
use crate::database::{StoreError, queries};

impl Checkpoint {
    /// Before the first fact of a journal.
    pub const fn beginning(partition: PartitionId, journal: Journal) -> Self {
        Self { partition, journal, fact: 0, chain: None, at: Time::ZERO }
    }

    /// Where the read models of a partition are; `None` before its first fact.
    pub(crate) async fn find(
        connection: &mut AnyConnection,
        partition: PartitionId,
    ) -> Result<Option<Self>, StoreError> {
        Ok(sql::find(connection, &BTreeSet::from([partition])).await?.pop())
    }

    /// All there are, by partition.
    pub(crate) async fn list(connection: &mut AnyConnection) -> Result<Vec<Self>, StoreError> {
        let list = sqlx::query(Self::TABLE.texts.list);
        list.fetch_all(connection).await?.iter().map(sql::read).collect()
    }

    /// Moves it, if it is where it is thought to be. Whoever else moves it meanwhile waits for us,
    /// or we for them.
    pub(super) async fn advance(
        &self,
        tx: &mut Transaction<'_, Any>,
        to: &Self,
    ) -> Result<(), ProjectError> {
        let is_first = self.fact == 0;
        let values = to.values().into_iter().chain((!is_first).then(|| self.fact.value()));
        let statement = sqlx::query(if is_first { BEGIN } else { ADVANCE });
        let statement = values.fold(statement, |statement, value| value.bind(statement));
        let done = statement.execute(&mut **tx).await.map_err(StoreError::from)?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(ProjectError::Moved) }
    }
}

queries! {
    BEGIN = "INSERT INTO sale_checkpoints (partition, journal, fact, chain, at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (partition) DO NOTHING";
    ADVANCE = "UPDATE sale_checkpoints SET fact = $3, chain = $4, at = $5
        WHERE partition = $1 AND journal = $2 AND fact = $6";
}
