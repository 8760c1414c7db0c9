//! Venues on the wire.

use std::num::NonZero;

use onsale_control::catalogue::place::Coordinates;
use onsale_control::catalogue::venue::{Site, Venue, VenueFilter};
use onsale_control::text::Line;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::{OrganiserRef, VenueRef};
use super::{Id, at, at_if_any, in_query_if_any, wanted};
use crate::problem::Problem;

/// What is said of a venue. Each text has up to 120 characters unless it says otherwise.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveVenue {
    /// What it is called.
    #[schema(example = "Nhà thi đấu Phú Thọ")]
    pub name: String,
    /// Where it is.
    pub address: AddressDto,
    /// Where its clocks are: the IANA name of a time zone.
    #[schema(example = "Asia/Ho_Chi_Minh")]
    pub time_zone: String,
    /// Where it is on the map.
    pub coordinates: Option<CoordinatesDto>,
    /// How many people it holds, at least 1.
    #[schema(example = 8000)]
    pub capacity: Option<u32>,
}

/// An address, from the door to the country.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VenueAddress)]
pub struct AddressDto {
    /// Street and number.
    #[schema(example = "1 Lữ Gia")]
    pub street: String,
    /// As the country has it, up to 20 characters.
    #[schema(example = "72506")]
    pub postal_code: Option<String>,
    /// The ward, where addresses name it.
    #[schema(example = "Phường 15")]
    pub ward: Option<String>,
    /// The district, where addresses name it.
    #[schema(example = "Quận 11")]
    pub district: Option<String>,
    /// The city or village.
    #[schema(example = "Hồ Chí Minh")]
    pub city: String,
    /// State, province, county.
    #[schema(example = "Hồ Chí Minh")]
    pub region: Option<String>,
    /// The country: ISO 3166-1 alpha-2.
    #[schema(example = "VN")]
    pub country: String,
}

/// A point on the globe, to a millionth of a degree.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Coordinates)]
pub struct CoordinatesDto {
    /// Degrees north, from -90 to 90.
    #[schema(example = 10.767_611)]
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    #[schema(example = 106.657_917)]
    pub longitude: f64,
}

impl SaveVenue {
    /// The site, checked.
    pub fn parse(&self) -> Result<Site, Problem> {
        let address = &self.address;
        let capacity = self
            .capacity
            .map(|capacity| at("capacity", NonZero::new(capacity).ok_or("must be at least 1")));
        let coordinates = self.coordinates.map(|point| {
            at("coordinates", Coordinates::from_degrees(point.latitude, point.longitude))
        });
        Ok(Site {
            name: at("name", Line::parse(&self.name))?,
            street: at("address.street", Line::parse(&address.street))?,
            postal_code: at_if_any("address.postal_code", address.postal_code.as_deref())?,
            ward: at_if_any("address.ward", address.ward.as_deref())?,
            district: at_if_any("address.district", address.district.as_deref())?,
            city: at("address.city", Line::parse(&address.city))?,
            region: at_if_any("address.region", address.region.as_deref())?,
            country: at("address.country", address.country.parse())?,
            time_zone: at("time_zone", self.time_zone.parse())?,
            coordinates: coordinates.transpose()?,
            capacity: capacity.transpose()?,
        })
    }
}

/// A venue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Venue)]
pub struct VenueDto {
    /// Which one.
    pub id: VenueRef,
    /// Whose members keep it; the platform keeps it if null.
    pub organiser: Option<OrganiserRef>,
    /// What it is called.
    #[schema(example = "Nhà thi đấu Phú Thọ")]
    pub name: String,
    /// Where it is.
    pub address: AddressDto,
    /// Where its clocks are: the IANA name of a time zone.
    #[schema(example = "Asia/Ho_Chi_Minh")]
    pub time_zone: String,
    /// Where it is on the map.
    pub coordinates: Option<CoordinatesDto>,
    /// How many people it holds.
    #[schema(example = 8000)]
    pub capacity: Option<u32>,
}

impl From<Venue> for VenueDto {
    fn from(venue: Venue) -> Self {
        Self {
            id: Id(venue.id),
            organiser: venue.organiser.map(Id),
            name: venue.name,
            address: AddressDto {
                street: venue.street,
                postal_code: venue.postal_code,
                ward: venue.ward,
                district: venue.district,
                city: venue.city,
                region: venue.region,
                country: venue.country.to_string(),
            },
            time_zone: venue.time_zone.to_string(),
            coordinates: venue.coordinates.map(|point| CoordinatesDto {
                latitude: point.latitude(),
                longitude: point.longitude(),
            }),
            capacity: venue.capacity,
        }
    }
}

/// A page of venues.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VenueList {
    /// By name.
    pub venues: Vec<VenueDto>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "WyJhcmVuYSIsInZlbl8wNSJd")]
    pub next: Option<String>,
}

/// Which venues to list: those that all of this is true of.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VenuePage {
    /// What is in the name, up to 100 characters, whatever the case and the accents.
    #[param(example = "arena")]
    pub text: Option<String>,
    /// What is in the name of the city, likewise.
    #[param(example = "ho chi minh")]
    pub city: Option<String>,
    /// The country: ISO 3166-1 alpha-2.
    #[param(example = "VN")]
    pub country: Option<String>,
    /// Whose members keep it.
    pub organiser: Option<OrganiserRef>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl VenuePage {
    /// What is looked for.
    pub fn filter(&self) -> Result<VenueFilter, Problem> {
        Ok(VenueFilter {
            name: wanted("text", self.text.as_deref())?,
            city: wanted("city", self.city.as_deref())?,
            country: in_query_if_any("country", self.country.as_deref())?,
            organiser: self.organiser.map(|Id(organiser)| organiser),
        })
    }
}
