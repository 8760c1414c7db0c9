//! A transaction, and questions outside of one: sqlx's, with our errors.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Transaction as Inner};

use super::{Database, StoreError};

/// A query with its arguments.
pub(crate) type Statement<'q> = Query<'q, Any, AnyArguments>;

/// Changes that are made together or not at all. Dropped without a commit, nothing has changed.
pub(crate) struct Transaction(Inner<'static, Any>);

impl Transaction {
    /// Changes something; how many rows.
    pub(crate) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, StoreError> {
        Ok(statement.execute(&mut *self.0).await?.rows_affected())
    }

    /// The row that a statement finds, or returns.
    pub(crate) async fn find(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Option<AnyRow>, StoreError> {
        Ok(statement.fetch_optional(&mut *self.0).await?)
    }

    /// All rows that a statement finds, or returns.
    pub(crate) async fn find_all(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        Ok(statement.fetch_all(&mut *self.0).await?)
    }

    /// The same, for who asks sqlx.
    pub(crate) fn inner(&mut self) -> &mut Inner<'static, Any> {
        &mut self.0
    }

    /// From now on it has happened.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}

impl Database {
    /// A transaction to change something in: see [`Database::begin`].
    pub(crate) async fn transaction(&self) -> Result<Transaction, StoreError> {
        self.begin().await.map(Transaction)
    }

    /// The row that a question finds.
    pub(crate) async fn find(&self, question: Statement<'_>) -> Result<Option<AnyRow>, StoreError> {
        let mut connection = self.reader().await?;
        Ok(question.fetch_optional(&mut *connection).await?)
    }

    /// All rows that a question finds.
    pub(crate) async fn find_all(
        &self,
        question: Statement<'_>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut connection = self.reader().await?;
        Ok(question.fetch_all(&mut *connection).await?)
    }
}
