//! Events: as an operator defines them and as the world sees them.

use onsale_core::money::Amount;
use onsale_core::query::{EventView, Phase};
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Quota, SpecError, Terms, Window,
};
use onsale_core::time::Span;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::EventRef;
use super::plan::PlanDefinition;
use super::waitroom::{WaitroomDefinition, WaitroomDto};
use super::{At, Id, at};
use crate::problem::{Problem, catalog};

/// An event to be sold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "The Lanterns, second night",
    "currency": "EUR",
    "classes": [{
        "name": "Standing",
        "price_minor": 4500,
        "window": {
            "opens_at": "2026-10-03T10:00:00.000Z",
            "closes_at": "2027-10-03T18:00:00.000Z",
        },
    }],
    "quotas": [{ "name": "Standing", "capacity": 20000, "classes": [0] }],
    "limits": { "per_hold": 8, "per_buyer": 8 },
}))]
pub struct EventDefinition {
    /// What it is called, 1 to 200 bytes.
    #[schema(example = "The Lanterns, second night")]
    pub name: String,
    /// What every price is in: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What is sold, 1 to 200 ticket classes.
    pub classes: Vec<ClassDefinition>,
    /// How much of it, at most 400. Classes without numbered seats need at least one.
    #[serde(default)]
    pub quotas: Vec<QuotaDto>,
    /// Where the numbered seats are, if there are any.
    pub plan: Option<PlanDefinition>,
    /// How people are let in, if not all at once.
    pub waitroom: Option<WaitroomDefinition>,
    /// How much one buyer may have.
    #[serde(default)]
    pub limits: LimitsDto,
    /// How long things are kept for somebody.
    #[serde(default)]
    pub terms: TermsDto,
}

/// A kind of ticket.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassDefinition {
    /// What it is called, unique within the event, 1 to 200 bytes.
    #[schema(example = "Stalls")]
    pub name: String,
    /// What one costs, in minor units; 0 is a free ticket.
    #[schema(example = 8900)]
    pub price_minor: u64,
    /// When it is sold.
    pub window: WindowDto,
    /// The most that one buyer may have of it; the event's limit if absent.
    #[schema(example = 4)]
    pub per_buyer: Option<u32>,
}

/// From when until when something is sold.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Window)]
pub struct WindowDto {
    /// The first moment.
    pub opens_at: At,
    /// The first moment after.
    pub closes_at: At,
}

/// A number of tickets that may be sold over several classes together.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Quota)]
pub struct QuotaDto {
    /// What it is called, unique within the event, 1 to 200 bytes.
    #[schema(example = "Standing")]
    pub name: String,
    /// How many tickets it has room for.
    #[schema(example = 20000)]
    pub capacity: u32,
    /// The classes that count against it: their positions among the event's classes, from 0.
    #[schema(example = json!([0, 1]))]
    pub classes: Vec<u16>,
}

/// How much one buyer may have.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Limits)]
pub struct LimitsDto {
    /// The most tickets of the whole event, held and bought together. Default 8.
    #[schema(example = 8)]
    pub per_buyer: u32,
    /// The most tickets in one hold, 1 to 16. Default 8.
    #[schema(example = 8)]
    pub per_hold: u32,
    /// Whether a choice that leaves a single seat alone is refused. Default true.
    #[schema(example = true)]
    pub refuse_orphans: bool,
}

/// How long things are kept for somebody.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Terms)]
pub struct TermsDto {
    /// How long a hold lives, in milliseconds, at most 24 hours. Default 10 minutes.
    #[schema(example = 600_000)]
    pub hold_ms: u64,
    /// How long an order waits for its payment, in milliseconds. Default 15 minutes.
    #[schema(example = 900_000)]
    pub order_ms: u64,
    /// How much longer at most while a payment is in flight, in milliseconds. Default 10 minutes.
    #[schema(example = 600_000)]
    pub payment_grace_ms: u64,
}

impl Default for LimitsDto {
    fn default() -> Self {
        Self { per_buyer: 8, per_hold: 8, refuse_orphans: true }
    }
}

impl Default for TermsDto {
    fn default() -> Self {
        Self { hold_ms: 10 * 60_000, order_ms: 15 * 60_000, payment_grace_ms: 10 * 60_000 }
    }
}

impl EventDefinition {
    /// The event, checked whole.
    pub fn parse(self) -> Result<EventSpec, Problem> {
        let draft = Draft {
            name: self.name,
            currency: at("currency", self.currency.parse())?,
            classes: self.classes.into_iter().map(Into::into).collect(),
            quotas: self.quotas.into_iter().map(Into::into).collect(),
            plan: self.plan.map(Into::into),
            waitroom: self.waitroom.map(Into::into),
            limits: self.limits.into(),
            terms: self.terms.into(),
        };
        EventSpec::parse(draft).map_err(|error| {
            let SpecError { at, problem } = error;
            Problem::at(&catalog::INVALID_BODY, json_path(at), problem)
        })
    }
}

/// The place in the body that a place in the draft comes from: units are part of the names here.
fn json_path(at: String) -> String {
    let unit = match at.rsplit('.').next() {
        Some("price") => "_minor",
        Some("hold" | "order" | "payment_grace" | "visit" | "claim" | "presence") => "_ms",
        _ => "",
    };
    at + unit
}

impl From<ClassDefinition> for Class {
    fn from(class: ClassDefinition) -> Self {
        Self {
            name: class.name,
            price: Amount::from_minor(class.price_minor),
            window: class.window.into(),
            per_buyer: class.per_buyer,
        }
    }
}

impl From<WindowDto> for Window {
    fn from(window: WindowDto) -> Self {
        Self { opens_at: window.opens_at.0, closes_at: window.closes_at.0 }
    }
}

impl From<QuotaDto> for Quota {
    fn from(quota: QuotaDto) -> Self {
        let classes = quota.classes.into_iter().map(ClassId).collect();
        Self { name: quota.name, capacity: quota.capacity, classes }
    }
}

impl From<Quota> for QuotaDto {
    fn from(quota: Quota) -> Self {
        let classes = quota.classes.into_iter().map(|class| class.0).collect();
        Self { name: quota.name, capacity: quota.capacity, classes }
    }
}

impl From<LimitsDto> for Limits {
    fn from(limits: LimitsDto) -> Self {
        let LimitsDto { per_buyer, per_hold, refuse_orphans } = limits;
        Self { per_buyer, per_hold, refuse_orphans }
    }
}

impl From<Limits> for LimitsDto {
    fn from(limits: Limits) -> Self {
        let Limits { per_buyer, per_hold, refuse_orphans } = limits;
        Self { per_buyer, per_hold, refuse_orphans }
    }
}

impl From<TermsDto> for Terms {
    fn from(terms: TermsDto) -> Self {
        Self {
            hold: Span::from_ms(terms.hold_ms),
            order: Span::from_ms(terms.order_ms),
            payment_grace: Span::from_ms(terms.payment_grace_ms),
        }
    }
}

impl From<Terms> for TermsDto {
    fn from(terms: Terms) -> Self {
        Self {
            hold_ms: terms.hold.as_ms(),
            order_ms: terms.order.as_ms(),
            payment_grace_ms: terms.payment_grace.as_ms(),
        }
    }
}

/// An event that was defined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventDefined {
    /// Which.
    pub id: EventRef,
    /// What its lottery is committed to: SHA-256 of the seed, in hex.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub commitment: String,
}

/// An event as the world sees it: everything but its seating plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// Which.
    pub id: EventRef,
    /// What it is called.
    #[schema(example = "The Lanterns, second night")]
    pub name: String,
    /// What its prices are in: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Where it is in its life.
    pub phase: PhaseDto,
    /// What is sold.
    pub classes: Vec<ClassDto>,
    /// How much of it.
    pub quotas: Vec<QuotaDto>,
    /// How many numbered seats it has.
    #[schema(example = 50000)]
    pub seats: u32,
    /// How much one buyer may have.
    pub limits: LimitsDto,
    /// How long things are kept for somebody.
    pub terms: TermsDto,
    /// Its waitroom, if it has one.
    pub waitroom: Option<WaitroomDto>,
    /// Who takes money of its currency: what to choose from when an order is placed.
    #[schema(example = json!(["stripe"]))]
    pub providers: Vec<String>,
    /// The port of this server at which the core that sells this event listens alone, if cores have
    /// ports of their own: who is near enough to use it saves each request the way between cores.
    #[schema(example = 8101)]
    pub direct_port: Option<u16>,
}

/// Where an event is in its life: DEFINED (only operators see it), OPEN, CANCELLED.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = Phase, example = "OPEN")]
pub enum PhaseDto {
    /// Only operators see it.
    Defined,
    /// The world sees it.
    Open,
    /// It was called off.
    Cancelled,
}

/// A kind of ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Class)]
pub struct ClassDto {
    /// Its number within the event, from 0.
    #[schema(example = 0)]
    pub id: u16,
    /// What it is called.
    #[schema(example = "Stalls")]
    pub name: String,
    /// What one costs, in minor units.
    #[schema(example = 8900)]
    pub price_minor: u64,
    /// When it is sold.
    pub window: WindowDto,
    /// The most that one buyer may have of it; the event's limit if null.
    #[schema(example = 4)]
    pub per_buyer: Option<u32>,
}

/// A page of events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventList {
    /// By id.
    pub events: Vec<Event>,
    /// What to give as `after` for the next page; null on the last one.
    pub next: Option<EventRef>,
}

/// Which page of events.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventPage {
    /// Only events after this one: `next` of the page before.
    pub after: Option<EventRef>,
    /// How many at most, 1 to 100. Default 50.
    #[serde(default = "EventPage::default_limit")]
    #[param(default = 50, minimum = 1, maximum = 100, example = 50)]
    pub limit: u16,
}

impl EventPage {
    const fn default_limit() -> u16 {
        50
    }
}

impl From<Phase> for PhaseDto {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Defined => Self::Defined,
            Phase::Open => Self::Open,
            Phase::Cancelled => Self::Cancelled,
        }
    }
}

impl Event {
    /// An event as it is, the port at which its core is reached directly, and who takes its money.
    pub fn new(direct_port: Option<u16>, providers: Vec<String>, event: EventView) -> Self {
        let class = |(id, class): (u16, Class)| ClassDto {
            id,
            name: class.name,
            price_minor: class.price.as_minor(),
            window: WindowDto {
                opens_at: At(class.window.opens_at),
                closes_at: At(class.window.closes_at),
            },
            per_buyer: class.per_buyer,
        };
        Self {
            id: Id(event.event),
            name: event.name,
            currency: event.currency.to_string(),
            phase: event.phase.into(),
            classes: (0..).zip(event.classes).map(class).collect(),
            quotas: event.quotas.into_iter().map(Into::into).collect(),
            seats: event.seats,
            limits: event.limits.into(),
            terms: event.terms.into(),
            waitroom: event.waitroom.map(Into::into),
            providers,
            direct_port,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::json_path;

    #[test]
    fn a_problem_is_located_in_the_body_that_was_sent() {
        assert_eq!(json_path("classes[2].price".into()), "classes[2].price_minor");
        assert_eq!(json_path("terms.hold".into()), "terms.hold_ms");
        assert_eq!(
            json_path("plan.sections[0].rows[1].step".into()),
            "plan.sections[0].rows[1].step"
        );
    }
}
