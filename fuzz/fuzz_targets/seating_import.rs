//! Any bytes as the file of a seating plan. Importing answers, it never panics; what it makes of a
//! file is a plan that an event can be sold with, and no seat is far from where it was drawn.
//!
//! The first byte is how long a unit of the drawing is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onsale_control::catalogue::event::seating::pretix::{MOVED_CM_MAX, Wishes, import};
use onsale_core::money::Amount;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Plan, Quota, Terms, Window};
use onsale_core::time::{Span, Time};

const CLASSES: [&str; 2] = ["Stalls", "Balcony"];

fuzz_target!(|input: &[u8]| {
    let Some((unit, file)) = input.split_first() else { return };
    let wishes = Wishes { mm_per_unit: u32::from(*unit) * 4, ..Wishes::default() };
    let Ok(imported) = import(file, &wishes, &CLASSES) else { return };
    assert!(imported.moved_cm_max <= MOVED_CM_MAX);
    EventSpec::parse(event(imported.plan)).expect("what was imported can be sold");
});

fn event(plan: Plan) -> Draft {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let class = |name: &str| {
        let (name, price) = (name.to_owned(), Amount::ZERO);
        Class { name, price, window, per_buyer: None }
    };
    let classes = vec![ClassId(0), ClassId(1)];
    Draft {
        name: "Event".to_owned(),
        currency: "EUR".parse().expect("a currency"),
        classes: CLASSES.map(class).into(),
        quotas: vec![Quota { name: "All".to_owned(), capacity: 1, classes }],
        plan: Some(plan),
        waitroom: None,
        limits: Limits { per_buyer: 8, per_hold: 8, refuse_orphans: true },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::ZERO,
        },
    }
}
