//! Addresses of people.

use onsale_control::accounts::address::{Address, KeptAddress, Line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::AddressRef;
use super::{Id, at, at_if_any};
use crate::problem::Problem;

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
            label: at("label", self.label.parse())?,
            recipient: at("recipient", self.recipient.parse())?,
            line_1: at("line_1", self.line_1.parse())?,
            line_2: at_if_any("line_2", self.line_2.as_deref())?,
            postal_code: at_if_any("postal_code", self.postal_code.as_deref())?,
            city: at("city", self.city.parse())?,
            region: at_if_any("region", self.region.as_deref())?,
            country: at("country", self.country.parse())?,
        })
    }
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
