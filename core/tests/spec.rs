//! A draft that is no event is refused, and the place of what is wrong is named.

mod common;

use common::*;
use onsale_core::money::Amount;
use onsale_core::spec::{ClassId, Draft, EventSpec, Numbering, Point, Row};
use onsale_core::time::Span;

type Spoil = fn(&mut Draft);

/// A draft with one of everything.
fn good() -> Draft {
    with_waitroom(5, arena(9))
}

fn first_row(draft: &mut Draft) -> &mut Row {
    &mut draft.plan.as_mut().expect("the arena has a plan").sections[0].rows[0]
}

fn table(cases: &[(&str, Spoil)]) {
    EventSpec::parse(good()).expect("a good draft is an event");
    for (at, spoil) in cases {
        let mut draft = good();
        spoil(&mut draft);
        let refused = EventSpec::parse(draft).map(|_| ()).expect_err(at);
        assert_eq!(refused.at, *at, "{refused}");
        assert!(!refused.problem.is_empty());
    }
}

#[test]
fn names_classes_and_quotas() {
    table(&[
        ("name", |draft| draft.name.clear()),
        ("name", |draft| draft.name = " ".into()),
        ("name", |draft| draft.name = "x".repeat(Draft::NAME_MAX + 1)),
        ("name", |draft| draft.name = "line\nbreak".into()),
        ("classes", |draft| draft.classes.clear()),
        ("classes", |draft| draft.classes = vec![class("x", 1); Draft::CLASSES_MAX + 1]),
        ("classes[2].name", |draft| draft.classes[2].name = "floor".into()),
        ("classes[1].name", |draft| draft.classes[1].name.clear()),
        ("classes[1].price", |draft| {
            draft.classes[1].price = Amount::from_minor(Amount::MAX_PRICE.as_minor() + 1);
        }),
        ("classes[0].window", |draft| {
            draft.classes[0].window.closes_at = draft.classes[0].window.opens_at;
        }),
        ("classes[0].per_buyer", |draft| draft.classes[0].per_buyer = Some(0)),
        ("classes[3]", |draft| draft.classes.push(class("from nowhere", 1))),
        ("quotas", |draft| draft.quotas = vec![draft.quotas[0].clone(); Draft::QUOTAS_MAX + 1]),
        ("quotas[1].name", |draft| draft.quotas.push(draft.quotas[0].clone())),
        ("quotas[0].classes", |draft| draft.quotas[0].classes.clear()),
        ("quotas[0].classes", |draft| draft.quotas[0].classes.push(ClassId(3))),
        ("quotas[0].classes", |draft| draft.quotas[0].classes.push(ClassId(0))),
    ]);
}

#[test]
fn limits_terms_and_waitroom() {
    table(&[
        ("limits.per_buyer", |draft| draft.limits.per_buyer = 0),
        ("limits.per_hold", |draft| draft.limits.per_hold = 0),
        ("limits.per_hold", |draft| draft.limits.per_hold = 17),
        ("terms.hold", |draft| draft.terms.hold = Span::ZERO),
        ("terms.order", |draft| draft.terms.order = Span::from_mins(24 * 60 + 1)),
        ("terms.payment_grace", |draft| draft.terms.payment_grace = Span::from_mins(24 * 60 + 1)),
        ("waitroom.doors_at", |draft| {
            let waitroom = draft.waitroom.as_mut().unwrap();
            waitroom.doors_at = waitroom.opens_at + ms(1);
        }),
        ("waitroom.slots", |draft| draft.waitroom.as_mut().unwrap().slots = 0),
        ("waitroom.rate_per_minute", |draft| {
            draft.waitroom.as_mut().unwrap().rate_per_minute = 0;
        }),
        ("waitroom.visit", |draft| draft.waitroom.as_mut().unwrap().visit = Span::ZERO),
        ("waitroom.claim", |draft| draft.waitroom.as_mut().unwrap().claim = Span::ZERO),
        ("waitroom.presence", |draft| draft.waitroom.as_mut().unwrap().presence = Span::ZERO),
    ]);
}

#[test]
fn the_seating_plan() {
    table(&[
        ("plan.focal_point", |draft| draft.plan.as_mut().unwrap().focal_point.x = i32::MAX),
        ("plan", |draft| {
            draft.plan.as_mut().unwrap().sections.iter_mut().for_each(|s| s.rows.clear());
        }),
        ("plan.sections[1].name", |draft| {
            draft.plan.as_mut().unwrap().sections[1].name = "section 0".into();
        }),
        ("plan.sections[1].class", |draft| {
            draft.plan.as_mut().unwrap().sections[1].class = ClassId(9);
        }),
        ("plan.sections[0].rows[1].label", |draft| {
            draft.plan.as_mut().unwrap().sections[0].rows[1].label = "0".into();
        }),
        ("plan.sections[0].rows[0].label", |draft| first_row(draft).label.clear()),
        ("plan.sections[0].rows[0].seats", |draft| first_row(draft).seats = 0),
        ("plan.sections[0].rows[0].seats", |draft| first_row(draft).seats = 501),
        ("plan.sections[0].rows[0].numbering", |draft| {
            first_row(draft).numbering = Numbering::Sequence { first: 1, step: 0 };
        }),
        ("plan.sections[0].rows[0].numbering", |draft| {
            first_row(draft).numbering = Numbering::Sequence { first: i32::MAX, step: 1 };
        }),
        ("plan.sections[0].rows[0].numbering", |draft| {
            first_row(draft).numbering = Numbering::Labels(vec!["1".into(); 10]);
        }),
        ("plan.sections[0].rows[0].numbering", |draft| {
            first_row(draft).numbering = Numbering::Labels(vec!["1".into()]);
        }),
        ("plan.sections[0].rows[0].first", |draft| first_row(draft).first.y = -1_000_001),
        ("plan.sections[0].rows[0].step", |draft| {
            first_row(draft).step = Point { x: 200_000, y: 0 };
        }),
        ("plan.sections[0].rows[0].aisles_after", |draft| first_row(draft).aisles_after = vec![10]),
        ("plan.sections[0].rows[0].aisles_after", |draft| {
            first_row(draft).aisles_after = vec![3, 3];
        }),
        ("plan.sections[0].rows[0].aisles_after", |draft| first_row(draft).seats = 129),
        ("plan.sections[0].rows[0].accessible", |draft| first_row(draft).accessible = vec![2, 1]),
        ("plan.sections[0].rows[0].blocked", |draft| first_row(draft).blocked = vec![99]),
        ("plan.sections[0].rows[0].companion", |draft| {
            first_row(draft).accessible = vec![1];
            first_row(draft).companion = vec![1];
        }),
    ]);
}

#[test]
fn the_largest_house_and_no_more() {
    let house = |rows: u32| {
        let mut draft = good();
        let plan = draft.plan.as_mut().unwrap();
        let long = Row { aisles_after: vec![99, 199, 299, 399], ..row(0, 0, 500) };
        let labelled = |label: u32| Row { label: label.to_string(), ..long.clone() };
        plan.sections[0].rows = (0..rows).map(labelled).collect();
        plan.sections[1].rows.truncate(1);
        plan.sections[1].rows[0].seats = 500;
        plan.sections[1].rows[0].aisles_after.clone_from(&long.aisles_after);
        EventSpec::parse(draft)
    };
    house(3_999).expect("two million seats");
    assert_eq!(house(4_000).map(|_| ()).expect_err("500 too many").at, "plan");
}
