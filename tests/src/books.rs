//! Whether money is right, by the books of both sides.

use serde_json::Value;

use crate::bank::{Bank, PROVIDERS};
use crate::shopper::Operator;

/// Waits until nothing of an event is open, and compares its books with those of the providers. It
/// is the only one that took this currency.
///
/// # Panics
/// If anything was captured or given back that the other side does not know of, or what was
/// captured and not given back is not the value of the tickets, to the unit.
pub async fn agree(bank: &Bank, operator: &Operator, currency: &str, event: &str) {
    let ours = nothing_is_open(operator, event).await;
    let theirs = bank.books().await;
    let of = PROVIDERS.iter().filter(|(_, taken)| *taken == currency);
    let sums: Vec<_> = of.map(|(name, _)| &theirs[*name]["sums"][currency]).collect();
    let their = |what: &str| sums.iter().map(|sums| sums[what].as_u64().unwrap_or(0)).sum::<u64>();
    let our = |what: &str| ours[what].as_u64().unwrap_or_else(|| panic!("no {what}: {ours}"));
    assert_eq!(our("captured_minor"), their("captured"), "{currency} {ours} {sums:?}");
    assert_eq!(our("refunded_minor"), their("refunded"), "{currency} {ours} {sums:?}");
    let by_hand = refused_minor(operator, event).await;
    let tickets_minor = our("ticket_value_minor");
    for captured in
        [our("captured_minor") - our("refunded_minor"), their("captured") - their("refunded")]
    {
        assert_eq!(captured - by_hand, tickets_minor, "{currency} {ours} {sums:?}");
    }
    assert!(ours["holds"] == true && our("tickets") > 0, "{currency} {ours}");
}

/// The books of an event, once no order and no refund waits for anything.
async fn nothing_is_open(operator: &Operator, event: &str) -> Value {
    loop {
        let books = operator.audit(event).await;
        if books["pending"] == 0 && books["refunding_minor"] == 0 {
            return books;
        }
    }
}

/// What must go back by hand: payOS has no refunds.
async fn refused_minor(operator: &Operator, event: &str) -> u64 {
    let list = operator.get(&format!("/api/v1/events/{event}/refused-refunds")).await;
    let refunds = list.body["refunds"].as_array().unwrap_or_else(|| panic!("{list:?}"));
    assert!(refunds.iter().all(|refund| refund["provider"] == "payos"), "{list:?}");
    refunds.iter().map(|refund| refund["amount_minor"].as_u64().expect("it is a sum")).sum()
}
