//! Every kind of fact as it is published. The facts are those of the core's golden files: one of
//! each kind and shape.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use onsale_core::fact::{PaymentCaptured, RefundWanted};
use onsale_core::id::PersonId;
use onsale_core::money::Amount;
use onsale_core::payment::RefundCause;
use serde_json::{Value, json};

use super::*;

const JOURNAL: u128 = 0xabc;

fn golden() -> Vec<Decision> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/golden");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| Decision::decode(&fs::read(file).unwrap()).unwrap()).collect()
}

fn partition() -> PartitionId {
    PartitionId::new(4_095).unwrap()
}

/// All of them, after one another; with the facts that they are of.
fn all() -> Vec<(Fact, Option<Event>)> {
    let mut mapper = Mapper::new(JOURNAL, partition(), Currencies::default());
    let (mut all, mut next) = (Vec::new(), 1);
    for decision in golden() {
        let events = mapper.events(next, &decision).unwrap();
        for (number, fact) in (next..).zip(decision.facts) {
            all.push((fact, events.iter().find(|event| event.fact == number).cloned()));
            next = number + 1;
        }
    }
    all
}

fn parsed(event: &Event) -> Value {
    serde_json::from_str(&event.json).unwrap()
}

#[test]
fn every_kind_of_fact_is_published_but_those_that_say_nothing_new() {
    let all = all();
    let kept: BTreeSet<_> =
        all.iter().filter(|(_, event)| event.is_none()).map(|(fact, _)| fact.name()).collect();
    assert_eq!(kept, BTreeSet::from(["Answered", "EventReserved"]));
    let published: BTreeSet<_> = all.iter().filter_map(|(_, e)| Some(e.as_ref()?.kind)).collect();
    assert_eq!(published, TYPES.iter().map(|known| known.name).collect(), "and every type occurs");
    for (fact, event) in &all {
        let Some(event) = event else { continue };
        let is_on = TYPES.iter().find(|known| known.name == event.kind).unwrap().topic;
        assert_eq!(event.topic, is_on, "{}", fact.name());
        if let Some(about) = fact.event() {
            assert_eq!(event.key, about, "{}", fact.name());
        }
    }
}

#[test]
fn each_is_a_cloud_event_on_one_line() {
    let mut ids = BTreeSet::new();
    for (number, (fact, event)) in (1u64..).zip(all()) {
        let Some(event) = event else { continue };
        let json = parsed(&event);
        assert!(!event.json.contains('\n'));
        assert_eq!(json["specversion"], "1.0");
        assert_eq!(json["id"], format!("{JOURNAL:032x}-4095-{number}"), "{}", fact.name());
        assert_eq!(json["source"], format!("/onsale/journals/{JOURNAL:032x}"));
        assert_eq!(json["type"], event.kind);
        assert_eq!(json["time"], "2027-01-15T08:00:00.123Z");
        assert_eq!(json["datacontenttype"], "application/json");
        assert_eq!(json["partitionkey"], event.key.to_string());
        assert_eq!(json["sequence"], format!("{number:020}"));
        assert_eq!(json["topic"], event.topic.name());
        assert!(json["data"].is_object());
        assert!(ids.insert(event.id));
        let subject = json["subject"].as_str().unwrap();
        let prefix = match (&fact, fact.subject()) {
            (Fact::HoldTaken(_) | Fact::HoldReleased(_), _) => "hld_",
            (Fact::OrderPlaced(_) | Fact::PaymentStrayed(_) | Fact::DisputeStrayed(_), _)
            | (_, Some(onsale_core::fact::Subject::Order(_))) => "ord_",
            (Fact::WaitroomJoined(_), _) | (_, Some(_)) => "plc_",
            _ => "evt_",
        };
        assert!(subject.starts_with(prefix), "{subject} of {}", fact.name());
    }
}

#[test]
fn what_is_said_of_a_hold() {
    let (_, event) = all().into_iter().find(|(fact, _)| fact.name() == "HoldTaken").unwrap();
    let data = &parsed(&event.unwrap())["data"];
    let price = |minor: u64| json!({ "amount_minor": minor, "currency": "EUR" });
    let person = PersonId::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    assert_eq!(data["person"], person.to_string());
    assert_eq!(data.get("place"), None, "it was taken without one");
    assert_eq!(data["total"], price(3 * 2_500 + 2 * 1_000_000_000_000));
    let seats = json!({
        "class": 199, "count": 2, "price": price(1_000_000_000_000), "seats": [7, 1_999_999]
    });
    assert_eq!(data["lines"][1], seats);
    assert_eq!(data["until"], "2027-01-15T08:10:00.123Z");
}

#[test]
fn nothing_secret_and_nothing_for_the_buyer_alone_is_published() {
    let whole: String = all().into_iter().filter_map(|(_, event)| Some(event?.json)).collect();
    // Where the buyer pays, what the provider says in words, and the seed of a lottery.
    for hidden in ["https://pay.example", "card closed", "seed", "[7,7,7"] {
        assert!(!whole.contains(hidden), "{hidden}");
    }
}

#[test]
fn a_refund_is_in_the_currency_that_was_paid() {
    let event = EventId::new(partition(), 0).unwrap();
    let order = OrderId::new(event, 1);
    let mut currencies = Currencies::default();
    currencies.learn(event, "EUR".parse().unwrap());
    let mut mapper = Mapper::new(JOURNAL, partition(), currencies);
    let amount = Amount::from_minor(100);
    let captured =
        PaymentCaptured { order, payment: "p".into(), amount, currency: "USD".parse().unwrap() };
    let refund =
        RefundWanted { order, capture: 0, amount, tickets: 5, cause: RefundCause::Mismatch };
    let at = Time::from_ms(1);
    let wrong = vec![captured.into(), refund.clone().into()];
    let events = mapper.events(1, &Decision { at, trace: None, facts: wrong }).unwrap();
    let data = &parsed(&events[1])["data"];
    assert_eq!(data["amount"], json!({ "amount_minor": 100, "currency": "USD" }));
    assert_eq!(data["void_tickets"], json!([0, 2]));
    let alone = Decision { at, trace: None, facts: vec![refund.into()] };
    let data = &parsed(&mapper.events(3, &alone).unwrap()[0])["data"];
    assert_eq!(data["amount"]["currency"], "EUR", "it paid for tickets");
}

#[test]
fn a_price_of_an_event_that_nobody_knows_is_not_made_up() {
    let mut mapper = Mapper::new(JOURNAL, partition(), Currencies::default());
    let taken = golden().into_iter().find(|decision| decision.facts[0].name() == "HoldTaken");
    let taken = taken.unwrap();
    let event = taken.facts[0].event().unwrap();
    assert_eq!(mapper.events(9, &taken), Err(MapError::Undefined { fact: 9, event }));
}
