//! What is sold at an event, when and on what terms: everything that its partition will be told,
//! but for the seating plan, as far as the organiser has got with it.
//!
//! It is kept as one document, because it is read and changed as one: a ticket class is, here as
//! in the sale, a position among the event's classes, and whoever takes one away moves the others.

use onsale_core::money::{Amount, Currency};
use onsale_core::query::EventView;
use onsale_core::spec::{ClassId, Draft, Limits, Plan, Quota, Terms};
use onsale_core::time::{Span, Time};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::local_time::LocalTime;
use super::wrong::Wrong;
use crate::catalogue::place::Zone;

/// What is sold, when and on what terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What every price is in.
    pub currency: Option<Currency>,
    /// When tickets are sold, unless a class says otherwise.
    pub sale: SaleWindow,
    /// How many tickets of all classes together there are at most.
    pub max_attendees: Option<u32>,
    /// What is sold.
    pub classes: Vec<TicketClass>,
    /// How much of it.
    pub quotas: Vec<Quota>,
    /// How people are let in, if not all at once.
    pub waitroom: Option<Waitroom>,
    /// How much one buyer may have.
    pub limits: Limits,
    /// How long things are kept for somebody.
    pub terms: Terms,
}

/// From when until when something is sold, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaleWindow {
    /// The first moment.
    pub opens: Option<LocalTime>,
    /// The first moment after; without it, when the event begins.
    pub closes: Option<LocalTime>,
}

/// A kind of ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketClass {
    /// What it is called, unique within the event.
    pub name: String,
    /// What one costs.
    pub price: Amount,
    /// When it is sold, where that is not the same for all.
    pub window: SaleWindow,
    /// The most that one buyer may have of it.
    pub per_buyer: Option<u32>,
}

/// How people are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waitroom {
    /// From when on one may come; without it, [`Waitroom::PRE_QUEUE`] before it opens.
    pub doors: Option<LocalTime>,
    /// When the first people are let in; without it, when the sale opens.
    pub opens: Option<LocalTime>,
    /// How many people may be inside at once.
    pub slots: u32,
    /// How many people are let in per minute at most.
    pub rate_per_minute: u32,
    /// How long somebody who was let in may stay.
    pub visit: Span,
    /// How soon somebody who was let in must show up.
    pub claim: Span,
    /// How long a place is kept after the last sign of life.
    pub presence: Span,
}

impl Waitroom {
    /// How long before the sale one may come, unless it is said.
    pub const PRE_QUEUE: Span = Span::from_mins(30);
}

impl Default for Offer {
    /// Nothing yet, on the usual terms.
    fn default() -> Self {
        Self {
            currency: None,
            sale: SaleWindow::default(),
            max_attendees: None,
            classes: Vec::new(),
            quotas: Vec::new(),
            waitroom: None,
            limits: Limits { per_buyer: 8, per_hold: 8, refuse_orphans: true },
            terms: Terms {
                hold: Span::from_mins(10),
                order: Span::from_mins(15),
                payment_grace: Span::from_mins(10),
            },
        }
    }
}

/// Why an offer is not changed like that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OfferError {
    /// There is no such class.
    #[error("there is no such ticket class")]
    NoSuchClass,
    /// There is no such quota.
    #[error("there is no such quota")]
    NoSuchQuota,
    /// There is no room for another one.
    #[error("there is no room for another {0}")]
    Full(&'static str),
    /// Seats of the plan are of the class.
    #[error("seats of the plan are of this class: change the plan first")]
    ClassHasSeats,
}

impl Offer {
    /// Whether every ticket is for nothing.
    pub fn is_free(&self) -> bool {
        !self.classes.is_empty() && self.classes.iter().all(|class| class.price.is_zero())
    }

    /// As it is kept.
    pub(super) fn to_json(&self) -> String {
        // Text, numbers and lists all the way down: there is nothing that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Adds a class behind the others; its position.
    ///
    /// # Errors
    /// If there are too many.
    pub fn add_class(&mut self, class: TicketClass) -> Result<u16, OfferError> {
        add(&mut self.classes, class, Draft::CLASSES_MAX, "ticket class")
    }

    /// The class at this position.
    ///
    /// # Errors
    /// If there is none.
    pub fn class_mut(&mut self, position: u16) -> Result<&mut TicketClass, OfferError> {
        self.classes.get_mut(usize::from(position)).ok_or(OfferError::NoSuchClass)
    }

    /// Takes a class away: out of the quotas, too. The positions behind it move up, also in `plan`.
    ///
    /// # Errors
    /// If there is no such class, or the plan has seats of it.
    pub fn remove_class(
        &mut self,
        position: u16,
        plan: Option<&mut Plan>,
    ) -> Result<(), OfferError> {
        self.class_mut(position)?;
        if let Some(plan) = plan {
            if plan.sections.iter().any(|section| section.class.0 == position) {
                return Err(OfferError::ClassHasSeats);
            }
            plan.sections.iter_mut().for_each(|section| move_up(&mut section.class, position));
        }
        self.classes.remove(usize::from(position));
        for quota in &mut self.quotas {
            quota.classes.retain(|class| class.0 != position);
            quota.classes.iter_mut().for_each(|class| move_up(class, position));
        }
        Ok(())
    }

    /// Adds a quota behind the others; its position.
    ///
    /// # Errors
    /// If there are too many.
    pub fn add_quota(&mut self, quota: Quota) -> Result<u16, OfferError> {
        // One is left for `max_attendees`.
        add(&mut self.quotas, quota, Draft::QUOTAS_MAX - 1, "quota")
    }

    /// The quota at this position.
    ///
    /// # Errors
    /// If there is none.
    pub fn quota_mut(&mut self, position: u16) -> Result<&mut Quota, OfferError> {
        self.quotas.get_mut(usize::from(position)).ok_or(OfferError::NoSuchQuota)
    }

    /// Takes a quota away. The positions behind it move up.
    ///
    /// # Errors
    /// If there is no such quota.
    pub fn remove_quota(&mut self, position: u16) -> Result<(), OfferError> {
        self.quota_mut(position)?;
        self.quotas.remove(usize::from(position));
        Ok(())
    }

    /// Takes over what a partition sells: how much there is, what it costs, when it is sold.
    pub(super) fn follow(&mut self, seen: &EventView, zone: &Zone, starts_at: Option<Time>) {
        let sale = self.sale;
        for (class, seen) in self.classes.iter_mut().zip(&seen.classes) {
            class.price = seen.price;
            let at = |local: Option<LocalTime>| local.map(|local| local.resolve_again(zone).at);
            if at(class.window.opens.or(sale.opens)) != Some(seen.window.opens_at) {
                class.window.opens = Some(zone.local(seen.window.opens_at));
            }
            let closes_at = at(class.window.closes.or(sale.closes)).or(starts_at);
            if closes_at != Some(seen.window.closes_at) {
                class.window.closes = Some(zone.local(seen.window.closes_at));
            }
        }
        for (quota, seen) in self.quotas.iter_mut().zip(&seen.quotas) {
            quota.capacity = seen.capacity;
        }
        // The one that keeps all classes together is behind the others.
        let together = seen.quotas.get(self.quotas.len());
        self.max_attendees = together.map(|quota| quota.capacity).or(self.max_attendees);
    }

    /// Every local time in it, with its place.
    fn times(&mut self) -> impl Iterator<Item = (String, &mut LocalTime)> {
        let sale = window_times("sale", &mut self.sale);
        let classes = self.classes.iter_mut().enumerate().flat_map(|(position, class)| {
            window_times(&format!("classes[{position}]"), &mut class.window)
        });
        let waitroom = self.waitroom.iter_mut().flat_map(|waitroom| {
            let doors = waitroom.doors.as_mut().map(|doors| ("waitroom.doors", doors));
            let opens = waitroom.opens.as_mut().map(|opens| ("waitroom.opens", opens));
            doors.into_iter().chain(opens).map(|(at, time)| (at.to_owned(), time))
        });
        sale.into_iter().chain(classes).chain(waitroom)
    }

    /// Has every local time be one of the zone.
    ///
    /// # Errors
    /// For each that is none there.
    pub fn resolve(&mut self, zone: &Zone) -> Result<(), Vec<Wrong>> {
        Wrong::all(self.times().filter_map(|(at, time)| match time.resolve(zone) {
            Ok(moment) => {
                *time = moment.local;
                None
            }
            Err(error) => Some(Wrong::new(format!("{at}_local"), error.to_string())),
        }))
    }

    /// Has every local time be so many days later (or earlier), at the same time of the day. They
    /// are to be resolved again.
    pub fn shift(&mut self, days: i32) -> Result<(), Vec<Wrong>> {
        Wrong::all(self.times().filter_map(|(at, time)| match time.plus_days(days) {
            Some(shifted) => {
                *time = shifted;
                None
            }
            None => Some(Wrong::new(format!("{at}_local"), "would be too far away")),
        }))
    }
}

fn window_times<'a>(at: &str, window: &'a mut SaleWindow) -> Vec<(String, &'a mut LocalTime)> {
    let opens = window.opens.as_mut().map(|opens| (format!("{at}.opens"), opens));
    let closes = window.closes.as_mut().map(|closes| (format!("{at}.closes"), closes));
    opens.into_iter().chain(closes).collect()
}

fn add<T>(list: &mut Vec<T>, one: T, max: usize, what: &'static str) -> Result<u16, OfferError> {
    // The limits are far below what 16 bits hold.
    let position = u16::try_from(list.len()).ok().filter(|_| list.len() < max);
    let position = position.ok_or(OfferError::Full(what))?;
    list.push(one);
    Ok(position)
}

fn move_up(class: &mut ClassId, gone: u16) {
    if class.0 > gone {
        class.0 -= 1;
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::spec::{Point, Section};

    use super::*;

    fn class(name: &str) -> TicketClass {
        let window = SaleWindow::default();
        TicketClass { name: name.to_owned(), price: Amount::ZERO, window, per_buyer: None }
    }

    fn quota(classes: &[u16]) -> Quota {
        let classes = classes.iter().copied().map(ClassId).collect();
        Quota { name: "Hall".to_owned(), capacity: 10, classes }
    }

    fn offer() -> Offer {
        let classes = vec![class("A"), class("B"), class("C")];
        Offer { classes, quotas: vec![quota(&[0, 1, 2]), quota(&[2])], ..Offer::default() }
    }

    #[test]
    fn who_takes_a_class_away_moves_the_others_wherever_they_are_named() {
        let section = |class| Section { name: "S".to_owned(), class, rows: Vec::new() };
        let focal_point = Point { x: 0, y: 0 };
        let mut plan =
            Plan { focal_point, sections: vec![section(ClassId(0)), section(ClassId(2))] };
        let mut offer = offer();
        offer.remove_class(1, Some(&mut plan)).unwrap();
        assert_eq!(offer.classes, [class("A"), class("C")]);
        assert_eq!(offer.quotas, [quota(&[0, 1]), quota(&[1])]);
        assert_eq!(plan.sections[1].class, ClassId(1));
        let seated = offer.remove_class(1, Some(&mut plan));
        assert_eq!(seated, Err(OfferError::ClassHasSeats));
        assert_eq!(offer.remove_class(2, None), Err(OfferError::NoSuchClass));
    }

    #[test]
    fn there_is_a_limit_to_classes_and_quotas() {
        let mut offer = Offer::default();
        for number in 0..Draft::CLASSES_MAX {
            offer.add_class(class(&number.to_string())).unwrap();
        }
        assert_eq!(offer.add_class(class("one more")), Err(OfferError::Full("ticket class")));
        for _ in 1..Draft::QUOTAS_MAX {
            offer.add_quota(quota(&[0])).unwrap();
        }
        assert_eq!(offer.add_quota(quota(&[0])), Err(OfferError::Full("quota")));
    }

    #[test]
    fn every_time_is_one_of_the_zone_or_refused_with_its_place() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let mut offer = offer();
        offer.sale.opens = Some("2026-10-03T10:00".parse().unwrap());
        offer.resolve(&zone).unwrap();
        assert_eq!(offer.sale.opens.unwrap().to_string(), "2026-10-03T10:00:00+02:00");
        offer.classes[1].window.closes = Some("2026-10-25T02:30".parse().unwrap());
        let wrong = offer.resolve(&zone).unwrap_err();
        assert_eq!(wrong[0].at, "classes[1].closes_local");
        offer.shift(1).unwrap();
        offer.resolve(&zone).unwrap();
        assert_eq!(offer.sale.opens.unwrap().to_string(), "2026-10-04T10:00:00+02:00");
    }

    /// It is kept for as long as its event is.
    #[test]
    fn what_an_earlier_version_has_kept_is_read() {
        let kept = r#"{"currency":[69,85,82],
            "sale":{"opens":"2026-10-03T10:00:00+02:00","closes":null},
            "max_attendees":500,"classes":[{"name":"A","price":2500,"window":{"opens":null,
            "closes":null},"per_buyer":4}],"quotas":[{"name":"Hall","capacity":10,"classes":[0]}],
            "waitroom":{"doors":null,"opens":null,"slots":100,"rate_per_minute":600,
            "visit":900000,"claim":120000,"presence":300000},
            "limits":{"per_buyer":8,"per_hold":8,"refuse_orphans":true},
            "terms":{"hold":600000,"order":900000,"payment_grace":600000}}"#;
        let offer: Offer = serde_json::from_str(kept).unwrap();
        assert_eq!(offer.quotas, [quota(&[0])]);
        let written = serde_json::to_value(&offer).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(kept).unwrap());
    }
}
