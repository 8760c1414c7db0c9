//! Any bytes as what clients and payment providers send: bodies, ids, tokens, signatures. Parsing
//! answers, it never panics; an event that parses can be sold, whatever its numbers.
//!
//! The first byte chooses what the others are.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use onsale_core::Partition;
use onsale_core::command::{Actor, Command, DisputeDecision, Request};
use onsale_core::fact::Decision;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId, PlaceId, TicketId};
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use onsale_core::waitroom::LotterySeed;
use onsale_net::auth::keys::{KeyFile, TokenKeys, new_signing_key};
use onsale_net::dto::change::ClassChange;
use onsale_net::dto::dispute::DecideDispute;
use onsale_net::dto::event::EventDefinition;
use onsale_net::dto::hold::TakeHold;
use onsale_net::dto::order::{PlaceOrder, RefundOrder};
use onsale_net::dto::refund::SettleRefund;
use onsale_net::dto::session::OpenSession;
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature;

/// Seats of a plan that is built: a larger one is only parsed.
const SEATS_MAX: u32 = 20_000;

static KEYS: LazyLock<TokenKeys> = LazyLock::new(|| {
    let pkcs8 = new_signing_key(&[7; 32]).expect("any 32 bytes make a key");
    TokenKeys::of(&[KeyFile { created_at: Time::ZERO, pkcs8 }]).expect("a key that was just made")
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    match choice % 6 {
        0 => define(bytes),
        1 => {
            if let Ok(wishes) = serde_json::from_slice::<TakeHold>(bytes) {
                let _ = wishes.parse();
            }
        }
        2 => {
            let _ = serde_json::from_slice::<PlaceOrder>(bytes);
            let _ = serde_json::from_slice::<RefundOrder>(bytes);
            let _ = serde_json::from_slice::<OpenSession>(bytes);
            if let Ok(settle) = serde_json::from_slice::<SettleRefund>(bytes) {
                let _ = settle.parse();
            }
            if let Ok(decide) = serde_json::from_slice::<DecideDispute>(bytes) {
                let _ = DisputeDecision::from(decide.tickets);
            }
            if let Ok(change) = serde_json::from_slice::<ClassChange>(bytes) {
                let _ = change.of(ClassId(0));
            }
        }
        3 => ids(text),
        4 => {
            let _ = KEYS.verify_access(text, Time::ZERO);
            let _ = KEYS.verify_checkout(text, Time::ZERO);
            let _ = signature::verify(&Secret::new("secret"), text, bytes, Time::ZERO);
        }
        _ => {
            if let Ok(decision) = Decision::decode(bytes) {
                assert_eq!(Decision::decode(&decision.encode(Vec::new())), Ok(decision));
            }
        }
    }
});

/// An event that was accepted is defined and opened, and its state survives being written down.
fn define(bytes: &[u8]) {
    let Ok(definition) = serde_json::from_slice::<EventDefinition>(bytes) else { return };
    let Ok(spec) = definition.parse() else { return };
    let sections = spec.plan.iter().flat_map(|plan| &plan.sections);
    let seats: u32 = sections.flat_map(|section| &section.rows).map(|row| row.seats).sum();
    if seats > SEATS_MAX {
        return;
    }
    let mut partition = Partition::new(PartitionId::new(0).expect("there is a partition 0"));
    let (spec, seed) = (Box::new(spec), LotterySeed([0; 32]));
    let command = Command::DefineEvent { event: None, spec, seed };
    let request = Request::new(Actor::Operator, command);
    let (facts, _) = partition.decide(Time::ZERO, &request).expect("an operator may define");
    for fact in &facts {
        partition.evolve(partition.applied() + 1, Time::ZERO, fact);
    }
    let read = Partition::from_bytes(&partition.to_bytes()).expect("it was just written");
    assert_eq!(read.to_bytes(), partition.to_bytes());
}

/// What is read as an id is written as it was read.
fn ids(text: &str) {
    fn check<T: std::str::FromStr + ToString>(text: &str) {
        if let Ok(id) = text.parse::<T>() {
            assert_eq!(id.to_string(), text);
        }
    }
    check::<EventId>(text);
    check::<HoldId>(text);
    check::<OrderId>(text);
    check::<PersonId>(text);
    check::<PlaceId>(text);
    check::<TicketId>(text);
}
