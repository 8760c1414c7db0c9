//! Small houses in which everything is short: stock, slots, time.

use onsale_core::money::Amount;
use onsale_core::spec::{
    Class, ClassId, Draft, Limits, Numbering, Plan as Seating, Point, Quota, Row, Section, Terms,
    WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};

use super::{BEGIN, Buyer, Course, Event, Manner, Payment};
use crate::noise::Noise;
use onsale_core::command::{Choice, Wish};

/// What is always on sale once everything has healed, and always to be had.
pub(crate) fn probe(partition: u16) -> Event {
    let draft = Draft {
        name: "probe".to_owned(),
        currency: "EUR".parse().expect("it is one"),
        classes: vec![class("any", 1_000)],
        quotas: vec![Quota { name: "all".into(), capacity: 4, classes: vec![ClassId(0)] }],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_secs(60),
            order: Span::from_secs(60),
            payment_grace: Span::from_secs(10),
        },
    };
    Event { partition, draft, define_ms: None, open_ms: 0 }
}

/// Somebody who wants one ticket of it.
pub(crate) fn probe_buyer(event: usize, number: u32) -> Buyer {
    Buyer {
        person: 1_000_000 + number,
        event,
        arrives_ms: 0,
        party: 1,
        wishes: vec![vec![Wish { class: ClassId(0), choice: Choice::Any(1) }]],
        course: Course::Buy,
        payment: Payment::Pays { after_ms: 5, started: false },
        accept_other_seats: false,
        manner: Manner { returns: 50, attempts: 1_000, ..Manner::default() },
        mischief: Vec::new(),
    }
}

/// An event to be sold within `safety_ms`.
pub(super) fn event(noise: &mut Noise, partitions: u16, number: usize, safety_ms: u64) -> Event {
    let partition = noise.below(u64::from(partitions)) as u16;
    let mut draft = Draft {
        name: format!("event {number}"),
        currency: (*noise.pick(&["EUR", "JPY", "VND"])).parse().expect("it is one"),
        classes: classes(noise),
        quotas: Vec::new(),
        plan: None,
        waitroom: None,
        limits: Limits {
            per_buyer: noise.between(1, 6) as u32,
            per_hold: noise.between(1, 5) as u32,
            refuse_orphans: noise.chance(400),
        },
        terms: terms(noise),
    };
    let seated = seated_classes(noise, draft.classes.len());
    if !seated.is_empty() {
        draft.plan = Some(seating(noise, &seated));
    }
    draft.quotas = quotas(noise, draft.classes.len(), &seated);
    if noise.chance(550) {
        draft.waitroom = Some(waitroom(noise, safety_ms));
    }
    if noise.chance(250) {
        limit_windows(noise, &mut draft.classes, safety_ms);
    }
    let define_ms = noise.chance(350).then(|| noise.below(safety_ms / 6 + 1));
    Event { partition, draft, define_ms, open_ms: noise.below(40) }
}

/// Lets everybody in at once, has enough for all, and is in a hurry.
pub(super) fn make_roomy(event: &mut Event, hold_ms: u64) {
    (event.define_ms, event.open_ms) = (None, 1);
    event.draft.waitroom = None;
    event.draft.plan = None;
    event.draft.limits = Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false };
    event.draft.terms.hold = Span::from_ms(hold_ms);
    let classes: Vec<_> = (0..event.draft.classes.len() as u16).map(ClassId).collect();
    for class in &mut event.draft.classes {
        class.window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
        class.per_buyer = None;
    }
    event.draft.quotas = vec![Quota { name: "all".into(), capacity: 200, classes }];
}

fn class(name: &str, price_minor: u64) -> Class {
    Class {
        name: name.to_owned(),
        price: Amount::from_minor(price_minor),
        window: Window { opens_at: Time::ZERO, closes_at: Time::MAX },
        per_buyer: None,
    }
}

fn classes(noise: &mut Noise) -> Vec<Class> {
    let count = noise.between(1, 3);
    let mut classes: Vec<_> = (0..count)
        .map(|number| {
            let price = *noise.pick(&[0, 700, 1_000, 2_500, 9_000, 9_000]);
            class(&format!("class {number}"), price)
        })
        .collect();
    if noise.chance(250) {
        classes[0].per_buyer = Some(noise.between(1, 3) as u32);
    }
    classes
}

/// A window that opens late or closes early.
fn limit_windows(noise: &mut Noise, classes: &mut [Class], safety_ms: u64) {
    let class = noise.below(classes.len() as u64) as usize;
    let at = BEGIN + Span::from_ms(noise.between(1, safety_ms));
    classes[class].window = if noise.chance(500) {
        Window { opens_at: at, closes_at: Time::MAX }
    } else {
        Window { opens_at: Time::ZERO, closes_at: at }
    };
}

fn seated_classes(noise: &mut Noise, classes: usize) -> Vec<ClassId> {
    let all = (0..classes as u16).map(ClassId);
    if noise.chance(450) { all.filter(|_| noise.chance(600)).collect() } else { Vec::new() }
}

fn seating(noise: &mut Noise, classes: &[ClassId]) -> Seating {
    let mut sections = Vec::new();
    for (number, class) in (0..).zip(classes) {
        let rows = noise.between(1, 2) as i32;
        let rows = (0..rows).map(|r| row(noise, number, r)).collect();
        sections.push(Section { name: format!("section {number}"), class: *class, rows });
    }
    Seating { focal_point: Point { x: 0, y: 0 }, sections }
}

fn row(noise: &mut Noise, section: i32, number: i32) -> Row {
    let seats = noise.between(1, 8) as u32;
    let mut some =
        |per_mille: u64| -> Vec<u32> { (0..seats).filter(|_| noise.chance(per_mille)).collect() };
    let (aisles_after, accessible, blocked) = (some(80), some(80), some(60));
    let companion = some(100).into_iter().filter(|seat| !accessible.contains(seat)).collect();
    Row {
        label: number.to_string(),
        seats,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 500 + section * 2_000 + number * 90 },
        step: Point { x: 50, y: 0 },
        aisles_after,
        accessible,
        companion,
        blocked,
    }
}

/// Each class of counted tickets is under one quota at least; quotas overlap.
fn quotas(noise: &mut Noise, classes: usize, seated: &[ClassId]) -> Vec<Quota> {
    let all: Vec<_> = (0..classes as u16).map(ClassId).collect();
    let mut quotas = Vec::new();
    for class in all.iter().filter(|class| !seated.contains(class)) {
        let mut classes = vec![*class];
        classes.extend(all.iter().filter(|other| *other != class && noise.chance(250)));
        let capacity = noise.between(1, 9) as u32;
        quotas.push(Quota { name: format!("of {}", class.0), capacity, classes });
    }
    if noise.chance(300) {
        let capacity = noise.between(1, 14) as u32;
        quotas.push(Quota { name: "house".into(), capacity, classes: all });
    }
    quotas
}

fn terms(noise: &mut Noise) -> Terms {
    let mut span = |most: u64| {
        let most = if noise.chance(150) { 4 } else { most };
        Span::from_ms(noise.between(1, most))
    };
    Terms { hold: span(900), order: span(1_200), payment_grace: span(500) }
}

fn waitroom(noise: &mut Noise, safety_ms: u64) -> WaitroomSpec {
    let doors_ms = noise.below(60);
    let opens_ms = doors_ms + noise.below(safety_ms / 4 + 1);
    let short = noise.chance(250);
    let mut span = |low: u64, high: u64| Span::from_ms(noise.between(low, high));
    let (visit, claim, presence) = if short {
        (span(1, 300), span(1, 150), span(1, 400))
    } else {
        (span(300, 2_000), span(300, 1_000), span(700, 3_000))
    };
    WaitroomSpec {
        doors_at: BEGIN + Span::from_ms(doors_ms),
        opens_at: BEGIN + Span::from_ms(opens_ms),
        slots: noise.between(1, 6) as u32,
        rate_per_minute: *noise.pick(&[600, 6_000, 60_000, 600_000]),
        visit,
        claim,
        presence,
    }
}
