//! A house to hold events in, and whoever holds them.

use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::spec::{ClassId, Numbering, Plan, Point, Quota, Row, Section};

use crate::catalogue::event::details::{self, Details};
use crate::catalogue::event::offer::{Offer, SaleWindow, TicketClass};
use crate::catalogue::event::selling::{self, Configuration, OfferChange};
use crate::catalogue::event::status::Approval;
use crate::catalogue::event::{Event, EventError, find, lifecycle};
use crate::catalogue::organiser::{self, Profile};
use crate::catalogue::venue::{self, Site};
use crate::database::Database;
use crate::id::{OrganiserId, VenueId};
use crate::testing::BY;
use crate::text::{Line, Prose};

/// Whoever holds events, and where.
#[derive(Clone, Copy)]
pub struct House {
    pub organiser: OrganiserId,
    pub venue: VenueId,
}

pub fn event_id(number: u32) -> EventId {
    EventId::new(PartitionId::FIRST, number).unwrap()
}

pub fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::parse(text).unwrap()
}

pub async fn house(database: &Database) -> House {
    named_house(database, "Lantern Live", "Kulturhaus", "Köln", "DE").await
}

pub async fn named_house(
    database: &Database,
    organiser: &str,
    venue: &str,
    city: &str,
    country: &str,
) -> House {
    let profile = Profile {
        name: line(organiser),
        description: Prose::default(),
        website: None,
        logo: None,
        contact: None,
    };
    let organiser = organiser::create(database, &BY, &profile).await.unwrap().id;
    let site = Site {
        name: line(venue),
        street: line("Am Markt 1"),
        postal_code: None,
        ward: None,
        district: None,
        city: line(city),
        region: None,
        country: country.parse().unwrap(),
        time_zone: "Europe/Berlin".parse().unwrap(),
        coordinates: None,
        capacity: None,
    };
    let venue = venue::create(database, &BY, Some(organiser), &site).await.unwrap().id;
    House { organiser, venue }
}

impl House {
    /// What there is to read about an event here.
    pub fn details(&self, title: &str) -> Details {
        Details {
            title: crate::catalogue::event::text::Title::parse(title).unwrap(),
            description: Prose::default(),
            venue: Some(self.venue),
            zone: None,
            starts: Some("2026-12-01T20:00".parse().unwrap()),
            ends: Some("2026-12-01T22:30".parse().unwrap()),
            categories: [].into(),
            is_public: true,
        }
    }

    pub async fn draft(&self, database: &Database, number: u32) -> Event {
        let details = self.details(&format!("The Lanterns {number}"));
        details::create(database, &BY, event_id(number), self.organiser, &details).await.unwrap()
    }

    /// An event that lacks nothing, with one class of counted tickets.
    pub async fn configured(&self, database: &Database, number: u32) -> Event {
        let event = self.draft(database, number).await;
        let event = sell(database, &event, OfferChange::Configure(configuration())).await.unwrap();
        let event = sell(database, &event, OfferChange::AddClass(class("Standing"))).await.unwrap();
        let quota = OfferChange::AddQuota(quota("Hall", 100));
        let event = sell(database, &event, quota).await.unwrap();
        lifecycle::configure(database, &BY, event.id, event.version).await.unwrap()
    }
}

pub async fn sell(
    database: &Database,
    event: &Event,
    change: OfferChange,
) -> Result<Event, EventError> {
    selling::change(database, &BY, event.id, event.version, change).await
}

pub async fn publish(
    database: &Database,
    event: &Event,
    approval: Approval,
) -> Result<Event, EventError> {
    lifecycle::publish(database, &BY, event.id, event.version, approval).await
}

pub async fn again(database: &Database, event: &Event) -> Event {
    find(database, event.id).await.unwrap()
}

pub fn configuration() -> Configuration {
    let Offer { max_attendees, waitroom, limits, terms, .. } = Offer::default();
    let currency = Some("EUR".parse().unwrap());
    let sale = SaleWindow { opens: Some("2026-10-03T10:00".parse().unwrap()), closes: None };
    Configuration { currency, sale, max_attendees, waitroom, limits, terms }
}

pub fn class(name: &str) -> TicketClass {
    let (price, window) = (Amount::from_minor(2_500), SaleWindow::default());
    TicketClass { name: name.to_owned(), price, window, per_buyer: None }
}

pub fn quota(name: &str, capacity: u32) -> Quota {
    Quota { name: name.to_owned(), capacity, classes: vec![ClassId(0)] }
}

/// One row of ten seats of this class.
pub fn plan(class: u16) -> Plan {
    let row = Row {
        label: "A".to_owned(),
        seats: 10,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 300 },
        step: Point { x: 50, y: 0 },
        aisles_after: vec![4],
        accessible: Vec::new(),
        companion: Vec::new(),
        blocked: Vec::new(),
    };
    let section = Section { name: "Stalls".to_owned(), class: ClassId(class), rows: vec![row] };
    Plan { focal_point: Point { x: 225, y: 0 }, sections: vec![section] }
}

/// The places of what is wrong, or missing.
pub fn places<T: std::fmt::Debug>(outcome: Result<T, EventError>) -> Vec<String> {
    match outcome {
        Err(EventError::Wrong(wrong) | EventError::Incomplete(wrong)) => {
            wrong.into_iter().map(|wrong| wrong.at).collect()
        }
        other => panic!("{other:?}"),
    }
}
