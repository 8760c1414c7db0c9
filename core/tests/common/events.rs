//! The events that the tests sell.

use onsale_core::money::{Amount, Currency};
use onsale_core::spec::{
    Class, ClassId, Draft, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};

use super::BEGIN;

/// One class of counted tickets: `floor`, 25.00 each, at most 4 for one buyer.
pub fn club(capacity: u32) -> Draft {
    Draft {
        name: "Club night".into(),
        currency: euro(),
        classes: vec![class("floor", 2_500)],
        quotas: vec![Quota { name: "house".into(), capacity, classes: vec![ClassId(0)] }],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(5),
        },
    }
}

/// Standing room (class 0, of which `standing`), and two sections of numbered seats: `stalls`
/// (class 1, seats 0 to 19) and `circle` (class 2, seats 20 to 39), each two rows of ten.
pub fn arena(standing: u32) -> Draft {
    let mut draft = club(standing);
    draft.classes.extend([class("stalls", 9_000), class("circle", 6_000)]);
    draft.plan = Some(plan(&[(1, &[10, 10]), (2, &[10, 10])]));
    draft
}

/// The same event behind a waitroom that opens a minute after the doors, with so many slots.
pub fn with_waitroom(slots: u32, draft: Draft) -> Draft {
    let waitroom = WaitroomSpec {
        doors_at: BEGIN,
        opens_at: BEGIN + Span::from_mins(1),
        slots,
        rate_per_minute: 600_000,
        visit: Span::from_mins(15),
        claim: Span::from_mins(1),
        presence: Span::from_mins(5),
    };
    Draft { waitroom: Some(waitroom), ..draft }
}

pub fn class(name: &str, price: u64) -> Class {
    Class {
        name: name.into(),
        price: Amount::from_minor(price),
        window: Window { opens_at: Time::ZERO, closes_at: Time::MAX },
        per_buyer: None,
    }
}

/// A section for each class and its rows' lengths, one behind the other.
pub fn plan(sections: &[(u16, &[u32])]) -> Plan {
    let section = |(i, (class, rows)): (i32, &(u16, &[u32]))| Section {
        name: format!("section {i}"),
        class: ClassId(*class),
        rows: (0..).zip(*rows).map(|(r, seats)| row(i, r, *seats)).collect(),
    };
    let sections = (0..).zip(sections).map(section).collect();
    Plan { focal_point: Point { x: 0, y: 0 }, sections }
}

pub fn row(section: i32, number: i32, seats: u32) -> Row {
    Row {
        label: number.to_string(),
        seats,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 500 + section * 2_000 + number * 90 },
        step: Point { x: 50, y: 0 },
        aisles_after: vec![],
        accessible: vec![],
        companion: vec![],
        blocked: vec![],
    }
}

/// The class of every seat of a draft, and whether it is blocked from the beginning.
pub fn seats_of(draft: &Draft) -> Vec<(ClassId, bool)> {
    let sections = draft.plan.iter().flat_map(|plan| &plan.sections);
    let rows = sections.flat_map(|section| section.rows.iter().map(|row| (section.class, row)));
    rows.flat_map(|(class, row)| {
        (0..row.seats).map(move |seat| (class, row.blocked.contains(&seat)))
    })
    .collect()
}

pub fn euro() -> Currency {
    "EUR".parse().expect("three capital letters")
}
