//! What is sold at an event of the catalogue, when and on what terms.

use onsale_control::catalogue::event::Event;
use onsale_control::catalogue::event::offer::{Offer, SaleWindow, TicketClass, Waitroom};
use onsale_control::catalogue::event::selling::Configuration;
use onsale_core::money::Amount;
use onsale_core::spec::Quota;
use onsale_core::time::Span;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shown;
use crate::dto::event::{LimitsDto, QuotaDto, TermsDto};
use crate::dto::id::EventRef;
use crate::dto::waitroom::defaults;
use crate::dto::{Id, at_if_any};
use crate::problem::Problem;

/// Everything about a sale but its ticket classes and quotas.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventConfiguration {
    /// What every price is in: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// When tickets are sold, unless a class says otherwise.
    #[serde(default)]
    pub sale: SaleWindowDto,
    /// How many tickets of all classes together there are at most.
    #[schema(example = 20000)]
    pub max_attendees: Option<u32>,
    /// How people are let in, if not all at once.
    pub waitroom: Option<WaitroomConfiguration>,
    /// How much one buyer may have.
    #[serde(default)]
    pub limits: LimitsDto,
    /// How long things are kept for somebody.
    #[serde(default)]
    pub terms: TermsDto,
}

/// From when until when something is sold.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SaleWindow)]
pub struct SaleWindowDto {
    /// The first moment, where the event is.
    #[schema(example = "2026-10-03T10:00")]
    pub opens_local: Option<String>,
    /// The first moment after; when the event begins, if absent.
    #[schema(example = "2026-12-01T18:00")]
    pub closes_local: Option<String>,
}

/// How people are let in.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitroomConfiguration {
    /// From when on one may come, where the event is; 30 minutes before it opens, if absent.
    #[schema(example = "2026-10-03T09:00")]
    pub doors_local: Option<String>,
    /// When the first people are let in; when the sale opens, if absent.
    #[schema(example = "2026-10-03T10:00")]
    pub opens_local: Option<String>,
    /// How many people may be inside at once. Default 100.
    #[serde(default = "defaults::slots")]
    #[schema(default = 100, example = 100)]
    pub slots: u32,
    /// How many people are let in per minute at most. Default 600.
    #[serde(default = "defaults::rate_per_minute")]
    #[schema(default = 600, example = 600)]
    pub rate_per_minute: u32,
    /// How long somebody who was let in may stay, in milliseconds. Default 15 minutes.
    #[serde(default = "defaults::visit_ms")]
    #[schema(default = 900_000, example = 900_000)]
    pub visit_ms: u64,
    /// How soon somebody who was let in must show up, in milliseconds. Default 2 minutes.
    #[serde(default = "defaults::claim_ms")]
    #[schema(default = 120_000, example = 120_000)]
    pub claim_ms: u64,
    /// How long a place is kept after the last sign of life, in milliseconds. Default 5 minutes.
    #[serde(default = "defaults::presence_ms")]
    #[schema(default = 300_000, example = 300_000)]
    pub presence_ms: u64,
}

/// A kind of ticket.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketClass)]
pub struct TicketClassDto {
    /// What it is called, unique within the event, 1 to 200 bytes.
    #[schema(example = "Stalls")]
    pub name: String,
    /// What one costs, in minor units; 0 is a free ticket.
    #[schema(example = 8900)]
    pub price_minor: u64,
    /// From when on it is sold, where that is not the same for all.
    #[schema(example = "2026-10-03T10:00")]
    pub opens_local: Option<String>,
    /// From when on it is sold no more, where that is not the same for all.
    #[schema(example = "2026-12-01T18:00")]
    pub closes_local: Option<String>,
    /// The most that one buyer may have of it; the event's limit if absent.
    #[schema(example = 4)]
    pub per_buyer: Option<u32>,
}

/// What is sold at an event, when and on what terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferDto {
    /// Of which event.
    pub event: EventRef,
    /// Everything but classes and quotas.
    pub configuration: EventConfiguration,
    /// What is sold: a class is its position in this list, from 0, here and in the sale.
    pub classes: Vec<TicketClassDto>,
    /// How much of it: a quota is its position in this list, from 0, here and in the sale.
    pub quotas: Vec<QuotaDto>,
}

impl EventConfiguration {
    /// The configuration, each part by itself.
    pub fn parse(self) -> Result<Configuration, Problem> {
        Ok(Configuration {
            currency: at_if_any("currency", self.currency.as_deref())?,
            sale: self.sale.parse("sale.")?,
            max_attendees: self.max_attendees,
            waitroom: self.waitroom.map(WaitroomConfiguration::parse).transpose()?,
            limits: self.limits.into(),
            terms: self.terms.into(),
        })
    }
}

impl SaleWindowDto {
    fn parse(self, at: &str) -> Result<SaleWindow, Problem> {
        Ok(SaleWindow {
            opens: at_if_any(&format!("{at}opens_local"), self.opens_local.as_deref())?,
            closes: at_if_any(&format!("{at}closes_local"), self.closes_local.as_deref())?,
        })
    }
}

impl WaitroomConfiguration {
    fn parse(self) -> Result<Waitroom, Problem> {
        Ok(Waitroom {
            doors: at_if_any("waitroom.doors_local", self.doors_local.as_deref())?,
            opens: at_if_any("waitroom.opens_local", self.opens_local.as_deref())?,
            slots: self.slots,
            rate_per_minute: self.rate_per_minute,
            visit: Span::from_ms(self.visit_ms),
            claim: Span::from_ms(self.claim_ms),
            presence: Span::from_ms(self.presence_ms),
        })
    }
}

impl TicketClassDto {
    /// The class, each part by itself.
    pub fn parse(self) -> Result<TicketClass, Problem> {
        let window =
            SaleWindowDto { opens_local: self.opens_local, closes_local: self.closes_local };
        Ok(TicketClass {
            name: self.name,
            price: Amount::from_minor(self.price_minor),
            window: window.parse("")?,
            per_buyer: self.per_buyer,
        })
    }
}

impl From<Event> for OfferDto {
    fn from(event: Event) -> Self {
        let Offer { currency, sale, max_attendees, classes, quotas, waitroom, limits, terms } =
            event.offer;
        let configuration = EventConfiguration {
            currency: currency.map(|currency| currency.to_string()),
            sale: sale.into(),
            max_attendees,
            waitroom: waitroom.map(Into::into),
            limits: limits.into(),
            terms: terms.into(),
        };
        let classes = classes.into_iter().map(Into::into).collect();
        let quotas = quotas.into_iter().map(<QuotaDto as From<Quota>>::from).collect();
        Self { event: Id(event.id), configuration, classes, quotas }
    }
}

impl From<SaleWindow> for SaleWindowDto {
    fn from(window: SaleWindow) -> Self {
        Self { opens_local: shown(window.opens), closes_local: shown(window.closes) }
    }
}

impl From<Waitroom> for WaitroomConfiguration {
    fn from(waitroom: Waitroom) -> Self {
        let Waitroom { doors, opens, slots, rate_per_minute, visit, claim, presence } = waitroom;
        Self {
            doors_local: shown(doors),
            opens_local: shown(opens),
            slots,
            rate_per_minute,
            visit_ms: visit.as_ms(),
            claim_ms: claim.as_ms(),
            presence_ms: presence.as_ms(),
        }
    }
}

impl From<TicketClass> for TicketClassDto {
    fn from(class: TicketClass) -> Self {
        let SaleWindowDto { opens_local, closes_local } = class.window.into();
        Self {
            name: class.name,
            price_minor: class.price.as_minor(),
            opens_local,
            closes_local,
            per_buyer: class.per_buyer,
        }
    }
}
