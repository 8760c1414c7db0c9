//! Whether an event has all it needs, and what its partition will be told.
//!
//! The rules for what can be sold are core's. Where something is missing yet a stand-in is put in
//! its place: so what is there is checked while somebody still works on the event, and by the
//! same rules.

use onsale_core::money::{Amount, Currency};
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Plan, Quota, SpecError, WaitroomSpec, Window,
};
use onsale_core::time::Time;

use super::local_time::LocalTime;
use super::offer::{Offer, SaleWindow, TicketClass, Waitroom};
use super::wrong::Wrong;
use crate::catalogue::place::Zone;

/// The quota that keeps all classes together within `max_attendees`.
const ATTENDEES: &str = "max_attendees";

/// Everything that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// What the event is called.
    pub title: &'a str,
    /// Where its clocks are.
    pub zone: &'a Zone,
    /// When it begins, if that is known.
    pub starts_at: Option<Time>,
    /// Whether it is known where.
    pub has_venue: bool,
    /// What is sold.
    pub offer: &'a Offer,
    /// Where the numbered seats are.
    pub plan: Option<&'a Plan>,
}

/// Refuses what is wrong already, and not what is only missing.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(parts: Parts<'_>) -> Result<(), Wrong> {
    let draft = Composer::new(parts).draft();
    match EventSpec::parse(draft) {
        Err(error) if !is_missing_stock(&error) => Err(in_words_of_the_api(error, parts.offer)),
        _ => Ok(()),
    }
}

/// What the partition is told of an event that has all it needs.
///
/// # Errors
/// Everything that is missing, and the first thing that is wrong.
pub fn complete(parts: Parts<'_>) -> Result<EventSpec, Vec<Wrong>> {
    let mut composer = Composer::new(parts);
    let draft = composer.draft();
    let missing = composer.missing;
    match EventSpec::parse(draft) {
        Ok(spec) if missing.is_empty() => Ok(spec),
        parsed => {
            let is_told =
                |error: &SpecError| parts.offer.classes.is_empty() && is_missing_stock(error);
            let wrong = parsed.err().filter(|error| !is_told(error));
            let wrong = wrong.map(|error| in_words_of_the_api(error, parts.offer));
            Err(missing.into_iter().chain(wrong).collect())
        }
    }
}

/// Core looks for stock last and names a whole class then: everything else is right.
fn is_missing_stock(error: &SpecError) -> bool {
    error.at.starts_with("classes[") && error.at.ends_with(']')
}

/// The places in core's draft are those of the API, but for units and the quota that is made here.
fn in_words_of_the_api(error: SpecError, offer: &Offer) -> Wrong {
    let SpecError { at, problem } = error;
    let at = match at.rsplit('.').next() {
        _ if at == "name" => "title".to_owned(),
        _ if at.starts_with(&format!("quotas[{}]", offer.quotas.len())) => ATTENDEES.to_owned(),
        Some("price") => at + "_minor",
        Some("hold" | "order" | "payment_grace" | "visit" | "claim" | "presence") => at + "_ms",
        Some("doors_at" | "opens_at") => at.replace("_at", "_local"),
        Some("window") => at.replace(".window", ".closes_local"),
        _ => at,
    };
    Wrong { at, problem }
}

struct Composer<'a> {
    parts: Parts<'a>,
    missing: Vec<Wrong>,
}

impl<'a> Composer<'a> {
    fn new(parts: Parts<'a>) -> Self {
        Self { parts, missing: Vec::new() }
    }

    fn draft(&mut self) -> Draft {
        let Parts { title, offer, plan, .. } = self.parts;
        self.need(self.parts.has_venue.then_some(()), "venue", "say where it is");
        let starts_at = self.parts.starts_at;
        self.need(starts_at, "starts_local", "say when it begins");
        let currency = self.need(offer.currency, "currency", "say what prices are in");
        let opens = self.time(offer.sale.opens);
        let classes = &offer.classes;
        let each_says = !classes.is_empty() && classes.iter().all(|one| one.window.opens.is_some());
        let opens = opens.or(each_says.then_some(Time::ZERO));
        self.need(opens, "sale.opens_local", "say from when on tickets are sold");
        Draft {
            name: title.to_owned(),
            currency: currency.unwrap_or_else(stand_in_currency),
            classes: self.classes(),
            quotas: self.quotas(),
            plan: plan.cloned(),
            waitroom: offer.waitroom.map(|waitroom| self.waitroom(waitroom)),
            limits: offer.limits,
            terms: offer.terms,
        }
    }

    fn need<T>(&mut self, value: Option<T>, at: &str, problem: &str) -> Option<T> {
        if value.is_none() {
            self.missing.push(Wrong::new(at, problem));
        }
        value
    }

    fn classes(&mut self) -> Vec<Class> {
        let classes = &self.parts.offer.classes;
        if classes.is_empty() {
            self.missing.push(Wrong::new("classes", "make a ticket class"));
            let window = SaleWindow::default();
            let (name, price) = ("-".to_owned(), Amount::ZERO);
            return vec![self.class(&TicketClass { name, price, window, per_buyer: None })];
        }
        classes.iter().map(|class| self.class(class)).collect()
    }

    fn class(&self, class: &TicketClass) -> Class {
        let sale = self.parts.offer.sale;
        let closes = self.time(class.window.closes.or(sale.closes)).or(self.parts.starts_at);
        let opens = self.time(class.window.opens.or(sale.opens));
        let window = Window {
            opens_at: opens.unwrap_or(Time::ZERO),
            closes_at: closes.unwrap_or(Time::MAX),
        };
        Class { name: class.name.clone(), price: class.price, window, per_buyer: class.per_buyer }
    }

    fn quotas(&self) -> Vec<Quota> {
        let offer = self.parts.offer;
        let attendees = offer.max_attendees.filter(|_| !offer.classes.is_empty());
        let attendees = attendees.map(|capacity| Quota {
            name: ATTENDEES.to_owned(),
            capacity,
            classes: (0..).map(ClassId).take(offer.classes.len()).collect(),
        });
        offer.quotas.iter().cloned().chain(attendees).collect()
    }

    fn waitroom(&self, waitroom: Waitroom) -> WaitroomSpec {
        let opens_at = self.time(waitroom.opens.or(self.parts.offer.sale.opens));
        let opens_at = opens_at.unwrap_or(Time::MAX);
        let doors_at = self.time(waitroom.doors).unwrap_or(opens_at - Waitroom::PRE_QUEUE);
        let Waitroom { slots, rate_per_minute, visit, claim, presence, .. } = waitroom;
        WaitroomSpec { doors_at, opens_at, slots, rate_per_minute, visit, claim, presence }
    }

    fn time(&self, local: Option<LocalTime>) -> Option<Time> {
        local.map(|local| local.resolve_again(self.parts.zone).at)
    }
}

fn stand_in_currency() -> Currency {
    // ISO 4217 has it for what is in no currency.
    "XXX".parse().expect("three capital letters")
}

#[cfg(test)]
mod tests {
    use onsale_core::time::Span;

    use super::*;

    fn class(name: &str) -> TicketClass {
        let (price, window) = (Amount::from_minor(2_500), SaleWindow::default());
        TicketClass { name: name.to_owned(), price, window, per_buyer: None }
    }

    fn offer() -> Offer {
        let quota = Quota { name: "Hall".to_owned(), capacity: 100, classes: vec![ClassId(0)] };
        Offer {
            currency: "EUR".parse().ok(),
            sale: SaleWindow { opens: "2026-10-03T10:00".parse().ok(), closes: None },
            classes: vec![class("Standing")],
            quotas: vec![quota],
            ..Offer::default()
        }
    }

    fn with<T>(offer: &Offer, look: impl FnOnce(Parts<'_>) -> T) -> T {
        let zone = "Europe/Berlin".parse().unwrap();
        look(Parts {
            title: "The Lanterns",
            zone: &zone,
            starts_at: Some(Time::from_ms(1_798_000_000_000)),
            has_venue: true,
            offer,
            plan: None,
        })
    }

    fn places(wrong: &[Wrong]) -> Vec<&str> {
        wrong.iter().map(|wrong| wrong.at.as_str()).collect()
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let nothing = Offer::default();
        let missing = with(&nothing, |parts| {
            complete(Parts { starts_at: None, has_venue: false, ..parts }).unwrap_err()
        });
        let expected = ["venue", "starts_local", "currency", "sale.opens_local", "classes"];
        assert_eq!(places(&missing), expected);
        assert_eq!(with(&nothing, check), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_refused_before_all_is_there() {
        let mut offer = Offer { classes: vec![class("A"), class("A")], ..Offer::default() };
        assert_eq!(with(&offer, check).unwrap_err().at, "classes[1].name");
        offer.classes[1].name = "B".to_owned();
        offer.classes[1].price = Amount::from_minor(u64::MAX);
        assert_eq!(with(&offer, check).unwrap_err().at, "classes[1].price_minor");
        offer.classes.pop();
        offer.terms.order = Span::ZERO;
        assert_eq!(with(&offer, check).unwrap_err().at, "terms.order_ms");
    }

    #[test]
    fn a_complete_event_is_what_its_partition_takes() {
        let mut offer = offer();
        let spec = with(&offer, complete).unwrap();
        let window = spec.classes[0].window;
        assert_eq!(window.opens_at, Time::from_ms(1_791_014_400_000));
        assert_eq!(window.closes_at, Time::from_ms(1_798_000_000_000), "when the event begins");
        offer.sale.closes = "2026-10-02T10:00".parse().ok();
        assert_eq!(places(&with(&offer, complete).unwrap_err()), ["classes[0].closes_local"]);
    }

    #[test]
    fn all_classes_together_stay_within_the_attendees() {
        let mut offer = Offer { max_attendees: Some(50), ..offer() };
        offer.classes.push(class("Seated"));
        let spec = with(&offer, complete).unwrap();
        assert_eq!((spec.quotas[1].capacity, spec.quotas[1].classes.len()), (50, 2));
        offer.quotas[0].name = ATTENDEES.to_owned();
        assert_eq!(places(&with(&offer, complete).unwrap_err()), ["max_attendees"]);
    }

    #[test]
    fn a_class_without_stock_is_missing_something_and_not_wrong() {
        let mut offer = offer();
        offer.classes.push(class("VIP"));
        assert_eq!(with(&offer, check), Ok(()));
        assert_eq!(places(&with(&offer, complete).unwrap_err()), ["classes[1]"]);
    }

    #[test]
    fn the_waitroom_opens_with_the_sale_and_its_doors_before() {
        let waitroom = Waitroom {
            doors: None,
            opens: None,
            slots: 100,
            rate_per_minute: 600,
            visit: Span::from_mins(15),
            claim: Span::from_mins(2),
            presence: Span::from_mins(5),
        };
        let mut offer = Offer { waitroom: Some(waitroom), ..offer() };
        let spec = with(&offer, complete).unwrap().waitroom.unwrap();
        assert_eq!(spec.opens_at.since(spec.doors_at), Waitroom::PRE_QUEUE);
        assert_eq!(spec.opens_at, Time::from_ms(1_791_014_400_000));
        let late = Some("2026-10-03T11:00".parse().unwrap());
        offer.waitroom = Some(Waitroom { doors: late, ..waitroom });
        assert_eq!(places(&with(&offer, complete).unwrap_err()), ["waitroom.doors_local"]);
    }
}
