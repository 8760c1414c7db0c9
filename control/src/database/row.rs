//! Reading what a row says into types that cannot be wrong, and times in both directions.

use std::error::Error;
use std::str::FromStr;

use onsale_core::time::Time;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::StoreError;
use crate::version::Version;

/// What every row can be read as, beside what sqlx offers.
pub(crate) trait ReadRow {
    /// A column whose text is a `T`, such as an id.
    fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>;

    /// The same, of a column that may be NULL.
    fn parsed_if_any<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>;

    /// A column that is text.
    fn text(&self, column: &'static str) -> Result<&str, StoreError>;

    /// The same, of a column that may be NULL.
    fn text_if_any(&self, column: &'static str) -> Result<Option<&str>, StoreError>;

    /// A column that is a number, of what there can be no less of than none.
    fn number(&self, column: &'static str) -> Result<u64, StoreError>;

    /// A column of milliseconds since 1970.
    fn time(&self, column: &'static str) -> Result<Time, StoreError>;

    /// The same, of a column that may be NULL.
    fn time_if_any(&self, column: &'static str) -> Result<Option<Time>, StoreError>;

    /// A column of yes (1) or no (0).
    fn yes(&self, column: &'static str) -> Result<bool, StoreError>;

    /// A column of a number that 32 bits hold.
    fn small(&self, column: &'static str) -> Result<u32, StoreError>;

    /// A column of JSON.
    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError>;

    /// The column `version`.
    fn version(&self) -> Result<Version, StoreError>;
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
        self.text(column)?.parse().map_err(|error: T::Err| undecodable(column, error))
    }

    fn parsed_if_any<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        let text = self.text_if_any(column)?;
        text.map(str::parse).transpose().map_err(|error: T::Err| undecodable(column, error))
    }

    fn text(&self, column: &'static str) -> Result<&str, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn text_if_any(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: &'static str) -> Result<u64, StoreError> {
        number(column, self.try_get(column)?)
    }

    fn time(&self, column: &'static str) -> Result<Time, StoreError> {
        self.number(column).map(Time::from_ms)
    }

    fn time_if_any(&self, column: &'static str) -> Result<Option<Time>, StoreError> {
        let ms: Option<i64> = self.try_get(column)?;
        ms.map(|ms| number(column, ms).map(Time::from_ms)).transpose()
    }

    fn yes(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.try_get::<i64, _>(column)? != 0)
    }

    fn small(&self, column: &'static str) -> Result<u32, StoreError> {
        let value: i64 = self.try_get(column)?;
        u32::try_from(value).map_err(|error| undecodable(column, error))
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.try_get(column)?).map_err(|error| undecodable(column, error))
    }

    fn version(&self) -> Result<Version, StoreError> {
        self.number("version").map(Version::from_number)
    }
}

fn number(column: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|error| undecodable(column, error))
}

/// What is in a column is not what belongs there.
pub(crate) fn undecodable(
    column: &'static str,
    error: impl Error + Send + Sync + 'static,
) -> StoreError {
    let (index, source) = (column.to_owned(), Box::new(error));
    StoreError::Broken(sqlx::Error::ColumnDecode { index, source })
}
