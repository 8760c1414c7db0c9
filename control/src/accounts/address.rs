//! Addresses of people: a few for each account, for invoices and the like.

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use thiserror::Error;

use super::Accounts;
use crate::catalogue::place::Country;
use crate::database::{ReadRow, Statement, StoreError, millis, queries};
use crate::id::AddressId;
use crate::text;

/// A line of an address.
pub type Line = text::Line<200>;

/// Where somebody lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What its owner calls it.
    pub label: Line,
    /// Whose letterbox it is.
    pub recipient: Line,
    /// Street and number.
    pub line_1: Line,
    /// Whatever else it takes.
    pub line_2: Option<Line>,
    /// The postal code, where there are any.
    pub postal_code: Option<Line>,
    /// The city.
    pub city: Line,
    /// State, province, ward or district.
    pub region: Option<Line>,
    /// The country.
    pub country: Country,
}

/// An address that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAddress {
    /// Which.
    pub id: AddressId,
    /// What it says.
    pub address: Address,
}

/// Why an address is not kept.
#[derive(Debug, Error)]
pub enum AddressError {
    /// There are enough.
    #[error("there are as many addresses as an account may have: remove one")]
    Full,
    /// There is none like that.
    #[error("there is no such address")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// A person's addresses, the oldest first.
    pub async fn addresses(&self, person: PersonId) -> Result<Vec<KeptAddress>, StoreError> {
        let list = sqlx::query(LIST).bind(person.to_string());
        self.database().find_all(list).await?.iter().map(kept).collect()
    }

    /// Keeps another one.
    pub async fn add_address(
        &self,
        person: PersonId,
        address: Address,
        now: Time,
    ) -> Result<KeptAddress, AddressError> {
        let id = AddressId::random();
        let mut transaction = self.database().transaction().await?;
        // One after the other, so that two at once do not both find room for one.
        let lock = sqlx::query(LOCK).bind(person.to_string());
        if transaction.execute(lock).await? == 0 {
            return Err(AddressError::NotFound);
        }
        let list = sqlx::query(LIST).bind(person.to_string());
        if transaction.find_all(list).await?.len() >= self.settings().addresses_max as usize {
            return Err(AddressError::Full);
        }
        let add = bind(sqlx::query(ADD), id, person, &address).bind(millis(now));
        transaction.execute(add).await?;
        transaction.commit().await?;
        Ok(KeptAddress { id, address })
    }

    /// Has one of a person's addresses say something else.
    pub async fn change_address(
        &self,
        person: PersonId,
        id: AddressId,
        address: Address,
    ) -> Result<KeptAddress, AddressError> {
        let change = bind(sqlx::query(CHANGE), id, person, &address);
        if self.database().change(change).await? == 0 {
            return Err(AddressError::NotFound);
        }
        Ok(KeptAddress { id, address })
    }

    /// Removes one of a person's addresses.
    pub async fn remove_address(
        &self,
        person: PersonId,
        id: AddressId,
    ) -> Result<(), AddressError> {
        let remove = sqlx::query(REMOVE).bind(id.to_string()).bind(person.to_string());
        if self.database().change(remove).await? == 0 {
            return Err(AddressError::NotFound);
        }
        Ok(())
    }
}

fn bind<'a>(
    statement: Statement<'a>,
    id: AddressId,
    person: PersonId,
    address: &'a Address,
) -> Statement<'a> {
    let optional = |line: &'a Option<Line>| line.as_ref().map(Line::as_str);
    statement
        .bind(id.to_string())
        .bind(person.to_string())
        .bind(address.label.as_str())
        .bind(address.recipient.as_str())
        .bind(address.line_1.as_str())
        .bind(optional(&address.line_2))
        .bind(optional(&address.postal_code))
        .bind(address.city.as_str())
        .bind(optional(&address.region))
        .bind(address.country.to_string())
}

fn kept(row: &AnyRow) -> Result<KeptAddress, StoreError> {
    let address = Address {
        label: row.parsed("label")?,
        recipient: row.parsed("recipient")?,
        line_1: row.parsed("line_1")?,
        line_2: row.parsed_if_any("line_2")?,
        postal_code: row.parsed_if_any("postal_code")?,
        city: row.parsed("city")?,
        region: row.parsed_if_any("region")?,
        country: row.parsed("country")?,
    };
    Ok(KeptAddress { id: row.parsed("address")?, address })
}

queries! {
    LIST = "SELECT address, label, recipient, line_1, line_2, postal_code, city, region, country \
        FROM addresses WHERE person = $1 ORDER BY created_at, address";
    LOCK = "UPDATE accounts SET updated_at = updated_at WHERE person = $1 AND erased_at IS NULL";
    ADD = "INSERT INTO addresses (address, person, label, recipient, line_1, line_2, postal_code, \
        city, region, country, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    CHANGE = "UPDATE addresses SET label = $3, recipient = $4, line_1 = $5, line_2 = $6, \
        postal_code = $7, city = $8, region = $9, country = $10 WHERE address = $1 AND person = $2";
    REMOVE = "DELETE FROM addresses WHERE address = $1 AND person = $2";
}
