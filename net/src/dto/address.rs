//! Addresses of people.

use std::fmt::Display;
use std::str::FromStr;

use onsale_control::accounts::address::{Address, KeptAddress, Line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;
use super::id::AddressRef;
use crate::problem::{Problem, catalog};

/// Where somebody lives.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Address)]
pub struct AddressDto {
    /// What its owner calls it.
    #[schema(example = "Home", min_length = 1, max_length = 200)]
    pub label: String,
    /// Whose letterbox it is.
    #[schema(example = "Ada Lovelace", min_length = 1, max_length = 200)]
    pub recipient: String,
    /// Street and number.
    #[schema(example = "12 St James's Square", min_length = 1, max_length = 200)]
    pub line_1: String,
    /// Whatever else it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Second floor", min_length = 1, max_length = 200)]
    pub line_2: Option<String>,
    /// The postal code, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "SW1Y 4JH", min_length = 1, max_length = 200)]
    pub postal_code: Option<String>,
    /// The city.
    #[schema(example = "London", min_length = 1, max_length = 200)]
    pub city: String,
    /// State, province, ward or district.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Greater London", min_length = 1, max_length = 200)]
    pub region: Option<String>,
    /// The country: two letters of ISO 3166-1.
    #[schema(example = "GB", min_length = 2, max_length = 2)]
    pub country: String,
}

/// An address that is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KeptAddress)]
pub struct KeptAddressDto {
    /// Which.
    pub id: AddressRef,
    /// What it says.
    pub address: AddressDto,
}

/// The addresses of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AddressList {
    /// The oldest first.
    pub addresses: Vec<KeptAddressDto>,
}

impl AddressDto {
    /// The address, checked.
    pub fn parse(&self) -> Result<Address, Problem> {
        Ok(Address {
            label: field("label", &self.label)?,
            recipient: field("recipient", &self.recipient)?,
            line_1: field("line_1", &self.line_1)?,
            line_2: optional("line_2", self.line_2.as_deref())?,
            postal_code: optional("postal_code", self.postal_code.as_deref())?,
            city: field("city", &self.city)?,
            region: optional("region", self.region.as_deref())?,
            country: field("country", &self.country)?,
        })
    }
}

fn field<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|error: T::Err| Problem::at(&catalog::INVALID_BODY, name, error.to_string()))
}

fn optional(name: &str, text: Option<&str>) -> Result<Option<Line>, Problem> {
    text.map(|text| field(name, text)).transpose()
}

impl From<Address> for AddressDto {
    fn from(address: Address) -> Self {
        let text = |line: &Line| line.as_str().to_owned();
        Self {
            label: text(&address.label),
            recipient: text(&address.recipient),
            line_1: text(&address.line_1),
            line_2: address.line_2.as_ref().map(text),
            postal_code: address.postal_code.as_ref().map(text),
            city: text(&address.city),
            region: address.region.as_ref().map(text),
            country: address.country.to_string(),
        }
    }
}

impl From<KeptAddress> for KeptAddressDto {
    fn from(kept: KeptAddress) -> Self {
        Self { id: Id(kept.id), address: kept.address.into() }
    }
}
