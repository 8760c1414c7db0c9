//! Reading what a row says into types that cannot be wrong.

use std::error::Error;
use std::str::FromStr;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::StoreError;

/// What every row can be read as, beside what sqlx offers.
pub(crate) trait ReadRow {
    /// A column whose text is a `T`, such as an id.
    fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>;
}

impl ReadRow for AnyRow {
    fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        let text: &str = self.try_get(column)?;
        text.parse().map_err(|error: T::Err| {
            let (index, source) = (column.to_owned(), Box::new(error));
            StoreError::Broken(sqlx::Error::ColumnDecode { index, source })
        })
    }
}
