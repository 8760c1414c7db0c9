//! Reading what a row says into types that cannot be wrong.

use std::error::Error;
use std::str::FromStr;

use onsale_core::time::Time;
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

/// A time as a column has it: milliseconds since 1970.
pub(crate) fn millis(time: Time) -> i64 {
    i64::try_from(time.as_ms()).unwrap_or(i64::MAX)
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
