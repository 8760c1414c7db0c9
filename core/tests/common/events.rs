//! The events that the tests sell.

use onsale_core::money::{Amount, Currency};
use onsale_core::spec::{
    Class, ClassId, Draft, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::{BEGIN, ms};

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

/// A small event in which everything is short: stock, slots and time.
pub fn short(rng: &mut ChaCha8Rng) -> Draft {
    let mut below = |bound: u32| rng.next_u32() % bound;
    let mut draft = club(1 + below(6));
    let classes = 1 + below(3);
    for number in 1..classes {
        draft.classes.push(class(&format!("class {number}"), u64::from(100 * below(3))));
    }
    let seated = classes > 1 && below(2) == 0;
    if seated {
        let rows = [1 + below(2), 1 + below(3), 1 + below(3)];
        draft.plan = Some(plan(&[(1, &rows)]));
    }
    let first_counted_elsewhere = if seated { 2 } else { 1 };
    for number in first_counted_elsewhere..classes {
        let mut classes = vec![ClassId(number as u16)];
        classes.extend((below(2) == 0).then_some(ClassId(0)));
        let name = format!("quota {number}");
        draft.quotas.push(Quota { name, capacity: 1 + below(4), classes });
    }
    if below(3) == 0 {
        draft.classes[0].per_buyer = Some(1 + below(2));
    }
    draft.limits =
        Limits { per_buyer: 2 + below(3), per_hold: 1 + below(4), refuse_orphans: false };
    let mut span = |most: u32| Span::from_ms(u64::from(1 + below(most)));
    draft.terms = Terms { hold: span(12), order: span(20), payment_grace: span(6) };
    let visit = span(30);
    if below(2) == 0 {
        draft.waitroom = Some(WaitroomSpec {
            doors_at: BEGIN + ms(u64::from(below(3))),
            opens_at: BEGIN + ms(u64::from(3 + below(6))),
            slots: 1 + below(4),
            rate_per_minute: 600_000,
            visit,
            claim: Span::from_mins(1),
            presence: Span::from_mins(5),
        });
    }
    draft
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
