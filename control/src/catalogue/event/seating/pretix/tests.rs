//! Files of the kind that there are: a theatre, tables, an arena; and files of no kind.

#![allow(clippy::needless_pass_by_value, reason = "what is built of JSON reads better so")]

use std::collections::BTreeSet;

use onsale_core::money::Amount;
use onsale_core::spec::{Class, Draft, EventSpec, Limits, Terms, Window};
use onsale_core::time::{Span, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Seats of one row, in the editor's usual distance, with these numbers.
fn seats(row: &str, numbers: impl IntoIterator<Item = u32>, category: &str) -> Value {
    let seat = |(position, number): (u32, u32)| {
        json!({
            "seat_guid": format!("{row}-{number}"), "seat_number": number.to_string(),
            "uuid": "3f0e7a3e-0001-4000-8000-000000000000", "radius": 10,
            "position": {"x": position * 25, "y": 0}, "category": category,
        })
    };
    (0..).zip(numbers).map(seat).collect()
}

fn row(number: &str, x: u32, y: u32, seats: Value) -> Value {
    json!({
        "row_number": number, "row_number_position": "both", "row_label": null,
        "position": {"x": x, "y": y}, "seats": seats,
    })
}

fn file(zones: Value) -> Value {
    let categories = ["Parkett", "Rang"].map(|name| json!({"name": name, "color": "#7f4a91"}));
    json!({
        "name": "Kleines Haus", "categories": categories, "zones": zones,
        "size": {"width": 1000, "height": 800},
    })
}

fn zone(name: &str, rows: Value) -> Value {
    let stage = json!({
        "shape": "rectangle", "rectangle": {"width": 200, "height": 40}, "rotation": 0,
        "color": "#ccc", "position": {"x": 0, "y": -80},
        "text": {"text": "Bühne", "position": {"x": 100, "y": 20}},
    });
    json!({"name": name, "zone_id": name, "position": {"x": 100, "y": 200}, "rows": rows,
        "areas": [stage]})
}

const CLASSES: [&str; 2] = ["PARKETT", "Rang"];

fn imported(file: &Value) -> Result<Imported, Wrong> {
    import(file.to_string().as_bytes(), &Wishes::default(), &CLASSES)
}

/// Whether an event can have this plan.
fn is_sold(plan: &Plan) -> bool {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let quota = onsale_core::spec::Quota {
        name: "All".to_owned(),
        capacity: 1,
        classes: vec![ClassId(0), ClassId(1)],
    };
    let class =
        |name: &str| Class { name: name.to_owned(), price: Amount::ZERO, window, per_buyer: None };
    let spec = EventSpec::parse(Draft {
        name: "x".to_owned(),
        currency: "EUR".parse().unwrap(),
        classes: CLASSES.map(class).into(),
        quotas: vec![quota],
        plan: Some(plan.clone()),
        waitroom: None,
        limits: Limits { per_buyer: 8, per_hold: 8, refuse_orphans: true },
        terms: Terms {
            hold: Span::from_mins(1),
            order: Span::from_mins(1),
            payment_grace: Span::ZERO,
        },
    });
    spec.inspect_err(|error| println!("{error}")).is_ok()
}

#[test]
fn a_row_keeps_its_number_its_seats_and_its_place() {
    let rows = json!([row("1", 0, 0, seats("1", 1..=8, "Parkett"))]);
    let Imported { plan, moved_cm_max } = imported(&file(json!([zone("Saal", rows)]))).unwrap();
    let section = &plan.sections[0];
    assert_eq!((section.name.as_str(), section.class), ("Saal", ClassId(0)));
    let row = &section.rows[0];
    assert_eq!((row.label.as_str(), row.seats), ("1", 8));
    assert_eq!(row.numbering, Numbering::Sequence { first: 1, step: 1 });
    assert_eq!((row.first, row.step), (Point { x: 200, y: 400 }, Point { x: 50, y: 0 }));
    assert_eq!((row.aisles_after.len(), moved_cm_max), (0, 0));
    assert_eq!(plan.focal_point, Point { x: 375, y: 400 });
    assert!(is_sold(&plan));
}

#[test]
fn two_halves_with_one_number_are_a_row_with_an_aisle() {
    // Even numbers to the left, drawn from the aisle outwards; odd ones to the right.
    let mut left = seats("left", (2..=16).step_by(2), "Parkett");
    for (position, seat) in (0i32..).zip(left.as_array_mut().unwrap()) {
        seat["position"]["x"] = json!(-75 - 25 * position);
    }
    let right = seats("right", (1..=15).step_by(2), "Parkett");
    let rows = json!([row("3", 0, 0, right), row("3", 0, 0, left)]);
    let plan = imported(&file(json!([zone("Saal", rows)]))).unwrap().plan;
    let row = &plan.sections[0].rows[0];
    let Numbering::Labels(labels) = &row.numbering else { panic!("{row:?}") };
    assert_eq!(labels[7..9], ["2", "1"], "the aisle is where the halves meet: {labels:?}");
    assert_eq!(row.aisles_after, [7]);
    assert!(is_sold(&plan));
}

#[test]
fn a_gap_that_is_wider_than_usual_is_an_aisle() {
    let mut with_gap = seats("1", 1..=10, "Rang");
    for seat in with_gap.as_array_mut().unwrap().iter_mut().skip(6) {
        let x = seat["position"]["x"].as_u64().unwrap();
        seat["position"]["x"] = json!(x + 50);
    }
    let plan = imported(&file(json!([zone("Rang", json!([row("1", 0, 0, with_gap)]))]))).unwrap();
    assert_eq!(plan.plan.sections[0].rows[0].aisles_after, [5]);
    assert!(plan.moved_cm_max > 0);
}

#[test]
fn a_zone_with_two_categories_is_two_sections() {
    let mut mixed = seats("1", 1..=6, "Parkett");
    for position in [2, 3] {
        mixed[position]["category"] = json!("Rang");
    }
    let plan = imported(&file(json!([zone("Saal", json!([row("1", 0, 0, mixed)]))]))).unwrap().plan;
    let names: Vec<_> = plan.sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, ["Saal · Parkett", "Saal · Rang"]);
    assert_eq!(plan.sections[0].rows[0].aisles_after, [1], "others sit between");
    assert_eq!(plan.sections[1].rows[0].seats, 2);
    assert!(is_sold(&plan));
}

#[test]
fn a_curved_row_is_drawn_straight_and_a_ring_is_refused() {
    let arc = |radius: f64, turn: f64| {
        let mut arc = seats("1", 1..=30, "Parkett");
        for (position, seat) in (0u32..).zip(arc.as_array_mut().unwrap()) {
            let angle = turn * (f64::from(position) / 29.0 - 0.5);
            seat["position"] = json!({"x": radius * angle.sin(), "y": -radius * angle.cos()});
        }
        file(json!([zone("Saal", json!([row("1", 0, 0, arc)]))]))
    };
    let curved = imported(&arc(500.0, 1.4)).unwrap();
    assert!((50..MOVED_CM_MAX).contains(&curved.moved_cm_max), "{}", curved.moved_cm_max);
    assert!(curved.plan.sections[0].rows[0].aisles_after.is_empty());
    let ring = imported(&arc(500.0, 6.0)).unwrap_err();
    assert_eq!(ring.at, "zones[0].rows[0]");
    assert!(ring.problem.contains("no straight row"), "{}", ring.problem);
    let table = imported(&arc(60.0, 6.0)).unwrap();
    assert_eq!(table.plan.sections[0].rows[0].seats, 30);
}

#[test]
fn an_arena_of_fifty_thousand_seats_is_taken_over_whole() {
    let block = |block: u32| {
        let row_of = |number: u32| {
            let label = format!("{block}/{number}");
            row(&number.to_string(), 0, number * 40, seats(&label, 1..=25, "Rang"))
        };
        let rows = (1..=40).map(row_of).collect();
        let mut zone = zone(&format!("Block {block}"), rows);
        zone["position"] = json!({"x": block % 10 * 700, "y": block / 10 * 2_000});
        zone
    };
    let arena = file((0..50).map(block).collect());
    let plan = imported(&arena).unwrap().plan;
    let rows = plan.sections.iter().flat_map(|section| &section.rows);
    assert_eq!(rows.map(|row| row.seats).sum::<u32>(), 50_000);
    assert!(is_sold(&plan));
}

#[test]
fn what_cannot_be_taken_over_is_refused_with_its_place() {
    let good = || file(json!([zone("Saal", json!([row("1", 0, 0, seats("1", 1..=3, "Rang"))]))]));
    let cases = [
        ("/zones/0/rows/0/seats/1/category", json!("Loge"), "zones[0].rows[0].seats[1].category"),
        ("/zones/0/rows/0/seats/1/seat_guid", json!("1-1"), "zones[0].rows[0].seats[1].seat_guid"),
        (
            "/zones/0/rows/0/seats/1/seat_number",
            json!("1"),
            "zones[0].rows[0].seats[1].seat_number",
        ),
        ("/zones/0/rows/0/seats/1/seat_number", json!(""), "zones[0].rows[0].seats[1].seat_number"),
        ("/zones/0/rows/0/seats/1/seat_number", json!(7), "zones[0].rows[0].seats[1].seat_number"),
        ("/zones/0/rows/0/seats/1/position/x", json!(1e300), "zones[0].rows[0].seats[1].position"),
        ("/zones/0/rows/0/seats/1/position", json!({"x": 1}), "zones[0].rows[0].seats[1].position"),
        ("/zones/0/rows/0/row_number", json!("a\u{7}"), "zones[0].rows[0].row_number"),
        ("/zones/0/name", json!("x".repeat(201)), "zones[0].name"),
        ("/zones/0/rows", json!([]), "zones"),
        ("/categories/0/name", json!("Loge"), "categories[0].name"),
        ("/zones", json!({}), "zones"),
    ];
    for (pointer, value, at) in cases {
        let mut bad = good();
        *bad.pointer_mut(pointer).unwrap() = value;
        let wrong = imported(&bad).unwrap_err();
        assert_eq!(wrong.at, at, "{pointer}: {}", wrong.problem);
    }
    let twice = file(json!([
        zone("Saal", json!([row("1", 0, 0, seats("1", 1..=3, "Rang"))])),
        zone("Saal", json!([row("1", 0, 0, seats("2", 1..=3, "Rang"))]))
    ]));
    assert_eq!(imported(&twice).unwrap_err().at, "zones[1].name");
    let long = file(json!([zone("S", json!([row("1", 0, 0, seats("1", 1..=501, "Rang"))]))]));
    assert_eq!(imported(&long).unwrap_err().at, "zones[0].rows[0]");
    let dense = file(json!([zone("S", json!([row("1", 0, 0, seats("1", 1..=129, "Rang"))]))]));
    assert_eq!(imported(&dense).unwrap_err().at, "zones[0].rows[0]");
    for text in ["", "[]", "{", "null", "{} {}", "\u{0}"] {
        let wrong = import(text.as_bytes(), &Wishes::default(), &CLASSES);
        assert!(wrong.is_err(), "{text}");
    }
}

#[test]
fn a_category_can_be_a_class_with_another_name() {
    let rows = json!([row("1", 0, 0, seats("1", 1..=3, "Rang"))]);
    let text = file(json!([zone("Saal", rows)])).to_string();
    let classes = |classes: &[(&str, u16)]| {
        let classes = classes.iter().map(|(name, class)| ((*name).to_owned(), *class)).collect();
        import(text.as_bytes(), &Wishes { classes, ..Wishes::default() }, &["One", "Other"])
    };
    let plan = classes(&[("Parkett", 0), ("Rang", 1)]).unwrap().plan;
    assert_eq!(plan.sections[0].class, ClassId(1));
    assert_eq!(classes(&[("Parkett", 0)]).unwrap_err().at, "categories[1].name");
    assert_eq!(classes(&[("Parkett", 0), ("Rang", 2)]).unwrap_err().at, "categories[1].name");
    assert_eq!(classes(&[("Loge", 0)]).unwrap_err().at, "classes.Loge");
}

/// Of which category, and where.
type AnySeat = (usize, i32, i32);
/// Its number, and who is in it.
type AnyRow = (u8, Vec<AnySeat>);

/// A file of rows that repeat numbers, change category and go anywhere.
fn any_file() -> impl Strategy<Value = Value> {
    let seat = (0..2usize, -200i32..200, -20i32..20);
    let rows = vec((0..4u8, vec(seat, 0..12)), 0..6);
    vec(rows, 1..4).prop_map(|zones| {
        let mut guid = 0;
        let zone_of = |(z, rows): (usize, Vec<AnyRow>)| {
            let row_of = |(number, seats): AnyRow| {
                let seat_of = |(category, x, y): AnySeat| {
                    guid += 1;
                    let category = ["Parkett", "Rang"][category];
                    json!({"seat_guid": guid.to_string(), "seat_number": guid.to_string(),
                        "position": {"x": x, "y": y}, "category": category})
                };
                let seats = seats.into_iter().map(seat_of).collect();
                row(&number.to_string(), 0, 0, seats)
            };
            zone(&format!("Z{z}"), rows.into_iter().map(row_of).collect())
        };
        file(zones.into_iter().enumerate().map(zone_of).collect())
    })
}

proptest! {
    /// Every seat is there afterwards, under its number, and an event can be sold with the plan.
    #[test]
    fn no_seat_is_lost(file in any_file()) {
        let in_file: BTreeSet<String> = file["zones"].as_array().unwrap().iter()
            .flat_map(|zone| zone["rows"].as_array().unwrap())
            .flat_map(|row| row["seats"].as_array().unwrap())
            .map(|seat| seat["seat_number"].as_str().unwrap().to_owned())
            .collect();
        let Imported { plan, moved_cm_max } = match imported(&file) {
            Ok(imported) => imported,
            Err(wrong) => {
                prop_assert!(in_file.is_empty() || wrong.problem.contains("straight"), "{wrong:?}");
                return Ok(());
            }
        };
        let mut in_plan = BTreeSet::new();
        for row in plan.sections.iter().flat_map(|section| &section.rows) {
            match &row.numbering {
                Numbering::Labels(labels) => in_plan.extend(labels.iter().cloned()),
                Numbering::Sequence { first, step } => {
                    let numbers = (0..row.seats.cast_signed()).map(|at| first + step * at);
                    in_plan.extend(numbers.map(|number| number.to_string()));
                }
            }
        }
        prop_assert_eq!(in_plan, in_file);
        prop_assert!(moved_cm_max <= MOVED_CM_MAX);
        prop_assert!(is_sold(&plan));
    }

    /// Whatever is sent, there is an answer.
    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(import(&bytes, &Wishes::default(), &CLASSES).is_err());
    }
}
