//! Small events in which everything is short: stock, slots and time.

use onsale_core::money::{Amount, Currency};
use onsale_core::spec::{
    Class, ClassId, Draft, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};

use crate::noise::Noise;

pub(super) const BEGIN: Time = Time::from_ms(1_800_000_000_000);

pub(super) fn euro() -> Currency {
    "EUR".parse().unwrap()
}

pub(super) fn draft(noise: &mut Noise) -> Draft {
    let seated = noise.chance(600);
    let classes: Vec<Class> = (0..3).map(|number| class(number, noise)).collect();
    let mut quotas = vec![
        quota("house", 2 + noise.below(8), &[0, 2]),
        quota("both", 3 + noise.below(9), &[0, 1]),
    ];
    if noise.chance(500) {
        quotas.push(quota("few", 1 + noise.below(4), &[2]));
    }
    Draft {
        name: "Small".into(),
        currency: euro(),
        classes,
        quotas,
        plan: seated.then(|| plan(noise)),
        waitroom: noise.chance(600).then(|| waitroom(noise)),
        limits: Limits {
            per_buyer: 2 + noise.below(4) as u32,
            per_hold: 1 + noise.below(4) as u32,
            refuse_orphans: noise.chance(500),
        },
        terms: Terms {
            hold: ms(noise, 1, 16),
            order: ms(noise, 1, 24),
            payment_grace: ms(noise, 0, 8),
        },
    }
}

fn ms(noise: &mut Noise, low: u64, high: u64) -> Span {
    Span::from_ms(noise.between(low, high))
}

fn class(number: u64, noise: &mut Noise) -> Class {
    let mut window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    if noise.chance(200) {
        window.opens_at = BEGIN + ms(noise, 1, 30);
        window.closes_at = window.opens_at + ms(noise, 20, 200);
    }
    Class {
        name: format!("class {number}"),
        price: Amount::from_minor(100 * noise.below(3)),
        window,
        per_buyer: noise.chance(300).then(|| 1 + noise.below(2) as u32),
    }
}

fn quota(name: &str, capacity: u64, classes: &[u16]) -> Quota {
    let classes = classes.iter().copied().map(ClassId).collect();
    Quota { name: name.into(), capacity: capacity as u32, classes }
}

fn waitroom(noise: &mut Noise) -> WaitroomSpec {
    let doors_at = BEGIN + ms(noise, 0, 4);
    WaitroomSpec {
        doors_at,
        opens_at: doors_at + ms(noise, 2, 12),
        slots: 1 + noise.below(4) as u32,
        rate_per_minute: *noise.pick(&[30, 600, 12_000, 90_000, 600_000]),
        visit: ms(noise, 1, 40),
        claim: Span::from_mins(1),
        presence: Span::from_mins(5),
    }
}

/// Class 1 in two sections, class 2 in one.
fn plan(noise: &mut Noise) -> Plan {
    let sections = [(1, 2), (1, 1), (2, 1)];
    let section = |(number, (class, rows)): (i32, (u16, i32))| Section {
        name: format!("section {number}"),
        class: ClassId(class),
        rows: (0..rows).map(|r| row(number, r, noise)).collect(),
    };
    let sections = (0..).zip(sections).map(section).collect();
    Plan { focal_point: Point { x: 0, y: 0 }, sections }
}

fn row(section: i32, number: i32, noise: &mut Noise) -> Row {
    let seats = 1 + noise.below(5) as u32;
    let mut some =
        |per_mille: u64| -> Vec<u32> { (0..seats).filter(|_| noise.chance(per_mille)).collect() };
    let accessible = some(150);
    let companion = some(250).into_iter().filter(|seat| !accessible.contains(seat)).collect();
    Row {
        label: number.to_string(),
        seats,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 500 + section * 2_000 + number * 90 },
        step: Point { x: 50, y: 0 },
        aisles_after: some(150),
        accessible,
        companion,
        blocked: some(50),
    }
}
