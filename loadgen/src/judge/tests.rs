//! Honest sales and crooked ones.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::api::{Payment, Seat, Ticket};

fn event(capacity: u32) -> Event {
    serde_json::from_value(json!({
        "id": "evt_1", "phase": "OPEN", "seats": 0, "waitroom": null,
        "classes": [{ "id": 0 }, { "id": 1 }],
        "quotas": [{ "name": "House", "capacity": capacity, "classes": [0, 1] }],
        "limits": { "per_buyer": 8, "per_hold": 8 },
        "terms": { "hold_ms": 60_000, "order_ms": 60_000 },
    }))
    .unwrap()
}

fn audit(change: &Value) -> Audit {
    let mut books = json!({
        "holds": true, "refunding_minor": 0, "tickets": 2, "seats_sold_twice": 0,
        "stock": [{ "name": "House", "capacity": 10, "sold": 2 }],
    });
    let members = books.as_object_mut().unwrap();
    members.extend(change.as_object().unwrap().clone());
    serde_json::from_value(books).unwrap()
}

fn line(seats: &[u32]) -> Line {
    Line { class: 0, count: seats.len() as u32, seats: seats.to_vec() }
}

fn told(number: u64, seats: &[u32]) -> Acknowledged {
    Acknowledged {
        id: format!("ord_{number}"),
        who: number,
        token: Arc::from("token"),
        lines: vec![line(seats)],
        total_minor: 5_000,
        accept_other_seats: false,
        completed: Some((2_000, seats.iter().map(|seat| format!("tkt_{seat}")).collect())),
    }
}

fn shown(seats: &[u32]) -> Order {
    let ticket = |&index: &u32| Ticket {
        id: format!("tkt_{index}"),
        class: 0,
        seat: Some(Seat { index }),
        valid: true,
    };
    Order {
        status: "COMPLETED".into(),
        lines: vec![line(seats)],
        total_minor: 5_000,
        payment: Payment { url: None },
        tickets: seats.iter().map(ticket).collect(),
        version: "1".into(),
    }
}

fn claim(who: u64, seats: &[u32], from_us: u64, until_us: u64) -> Claim {
    Claim { who, by: format!("hld_{who}"), seats: seats.to_vec(), from_us, until_us }
}

fn verdict(evidence: &Evidence, readings: &[Reading]) -> Vec<String> {
    verdict_with(evidence, readings, None)
}

fn verdict_with(evidence: &Evidence, readings: &[Reading], audit: Option<&Audit>) -> Vec<String> {
    let (event, refusals) = (event(10), BTreeMap::new());
    let refusals = &refusals;
    judge(&Case { event: &event, is_ours: true, evidence, readings, audit, refusals })
}

#[test]
fn an_honest_sale_has_nothing_to_say_for_itself() {
    let evidence = Evidence {
        claims: vec![claim(1, &[3, 4], 0, 1_000), claim(2, &[3, 4], 1_000, 2_000)],
        orders: vec![told(1, &[1, 2])],
        ..Evidence::default()
    };
    let readings = [Ok((9_000, shown(&[1, 2])))];
    let books = audit(&json!({}));
    assert_eq!(verdict_with(&evidence, &readings, Some(&books)), Vec::<String>::new());
}

#[test]
fn an_acknowledged_order_must_be_there_and_say_the_same() {
    let evidence = Evidence { orders: vec![told(1, &[1, 2])], ..Evidence::default() };
    let says = |reading: Reading, words: &str| {
        let found = verdict(&evidence, &[reading]);
        assert!(
            found.iter().any(|line| line.contains("ord_1") && line.contains(words)),
            "{found:?}"
        );
    };
    says(Err("404 not_found".into()), "cannot be read (404 not_found)");
    says(Ok((9, Order { total_minor: 1, ..shown(&[1, 2]) })), "at 5000 minor units and now says 1");
    says(Ok((9, shown(&[1]))), "tickets that were acknowledged");
    says(Ok((9, shown(&[1, 7]))), "seats that were acknowledged");
    says(
        Ok((9, Order { status: "EXPIRED".into(), ..shown(&[1, 2]) })),
        "completed and is now EXPIRED",
    );
    says(Ok((9, Order { tickets: vec![], ..shown(&[1, 2]) })), "has 0");
    says(Ok((9, Order { tickets: vec![], ..shown(&[1, 2]) })), "had ticket tkt_1");
}

#[test]
fn other_seats_will_do_for_whoever_accepts_them() {
    let mut order = told(1, &[1, 2]);
    order.accept_other_seats = true;
    order.completed = None;
    let evidence = Evidence { orders: vec![order], ..Evidence::default() };
    assert!(verdict(&evidence, &[Ok((9, shown(&[5, 6])))]).is_empty());
}

#[test]
fn a_seat_is_never_two_peoples_at_once() {
    let both = |first: Claim, second: Claim| {
        let evidence = Evidence { claims: vec![first, second], ..Evidence::default() };
        verdict(&evidence, &[])
    };
    let found = both(claim(1, &[3], 0, 5_000), claim(2, &[3], 4_000, 9_000));
    assert!(found.len() == 1 && found[0].contains("seat 3"), "{found:?}");
    assert!(found[0].contains("hld_1") && found[0].contains("hld_2"), "{found:?}");
    assert!(both(claim(1, &[3], 0, 5_000), claim(2, &[3], 5_000, 9_000)).is_empty());
    assert!(both(claim(1, &[3], 0, 5_000), claim(2, &[4], 0, 5_000)).is_empty());
    assert!(both(claim(1, &[3], 0, 5_000), claim(1, &[3], 1, 9_000)).is_empty());
    assert!(both(claim(1, &[3], 0, 5_000), claim(2, &[3], 4_000, 0)).is_empty(), "never certain");

    let sold_twice = Evidence {
        orders: vec![told(1, &[1, 2]), told(2, &[2, 3])],
        claims: vec![claim(3, &[1], 2_500, 3_000)],
        ..Evidence::default()
    };
    let found = verdict(&sold_twice, &[Ok((9_000, shown(&[1, 2]))), Ok((9_000, shown(&[2, 3])))]);
    assert!(found.iter().any(|line| line.contains("seat 2 ")), "sold twice: {found:?}");
    assert!(found.iter().any(|line| line.contains("seat 1 ")), "held after it was sold: {found:?}");
}

#[test]
fn no_more_is_sold_than_there_is() {
    let seats: Vec<u32> = (0..11).collect();
    let evidence = Evidence { orders: vec![told(1, &seats)], ..Evidence::default() };
    let found = verdict(&evidence, &[Ok((9, shown(&seats)))]);
    assert!(found.len() == 1 && found[0].contains("11 tickets of `House`"), "{found:?}");
}

#[test]
fn the_books_must_balance_and_agree_with_what_was_acknowledged() {
    let evidence = Evidence { orders: vec![told(1, &[1, 2])], ..Evidence::default() };
    let readings = [Ok((9, shown(&[1, 2])))];
    let found = |change: Value| verdict_with(&evidence, &readings, Some(&audit(&change)));
    assert!(found(json!({ "holds": false }))[0].contains("do not balance"));
    assert!(found(json!({ "holds": false, "refunding_minor": 5 })).is_empty(), "not yet");
    assert!(found(json!({ "seats_sold_twice": 1 }))[0].contains("1 seats sold twice"));
    let over = json!({ "stock": [{ "name": "House", "capacity": 10, "sold": 11 }] });
    assert!(found(over)[0].contains("11 of `House`"));
    assert!(found(json!({ "tickets": 1 }))[0].contains("2 valid tickets, its books 1"));
    assert!(found(json!({ "tickets": 3 }))[0].contains("2 valid tickets, its books 3"));

    // Whoever was cut off may have bought.
    let cut = Evidence { unanswered_orders: 1, ..evidence.clone() };
    assert!(verdict_with(&cut, &readings, Some(&audit(&json!({ "tickets": 3 })))).is_empty());
}

#[test]
fn what_is_in_no_documentation_is_told() {
    let refusals = BTreeMap::from([("sold_out".to_owned(), 9), ("out_of_luck".to_owned(), 3)]);
    let (event, evidence) = (event(10), Evidence::default());
    let (readings, audit) = (&[], None);
    let found = judge(&Case {
        event: &event,
        is_ours: true,
        evidence: &evidence,
        readings,
        audit,
        refusals: &refusals,
    });
    assert!(found.len() == 1 && found[0].contains("`out_of_luck`"), "{found:?}");
}
