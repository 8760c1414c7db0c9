//! Payments that buyers, or their banks, ask back of `PayPal`.
//!
//! A dispute keeps its name for the life of its transaction: one that is resolved may be opened
//! again, by an appeal or by the buyer's bank, and have another outcome.
//!
//! Sources: the `OpenAPI` document of Disputes v1 in paypal/paypal-rest-api-specifications, and the
//! questions and answers about disputes at developer.paypal.com. That the seller's name of a
//! transaction is that of the capture is unconfirmed; a dispute of which the
//! capture is not found is left to `PayPal`'s own pages, and logged.

use onsale_core::command::{DisputeNotice, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use serde::Deserialize;

use super::money::Money;
use super::wire::Name;
use crate::provider::AskError;
use crate::provider::api::temporary;
use crate::provider::installation::Installation;
use crate::provider::notice::word;

/// A dispute.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    #[serde(rename = "dispute_id")]
    id: String,
    reason: Option<String>,
    status: String,
    #[serde(rename = "dispute_amount")]
    amount: Money,
    #[serde(rename = "dispute_outcome")]
    outcome: Option<Outcome>,
    #[serde(default)]
    disputed_transactions: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    outcome_code: Option<String>,
    amount_refunded: Option<Money>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    seller_transaction_id: Option<Name>,
}

/// What was paid, as far as a dispute about it wants to know.
#[derive(Debug, Deserialize)]
pub(super) struct Paid {
    custom_id: Option<String>,
}

impl Paid {
    /// The order that it was for, if it is one of ours.
    pub(super) fn order(&self, installation: &Installation) -> Option<OrderId> {
        installation.order_named(self.custom_id.as_deref()?).ok()
    }
}

/// Whether `PayPal` could have given this name to a dispute, so that it can stand in a path.
pub(super) fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=255).contains(&text.len()) && text.bytes().all(is_plain)
}

impl Dispute {
    /// The capture that it is about.
    pub(super) fn capture(&self) -> Option<&Name> {
        self.disputed_transactions.first()?.seller_transaction_id.as_ref()
    }

    /// What it says about the money of `order`.
    pub(super) fn notice(&self, order: OrderId, payment: &Name) -> Result<DisputeNotice, AskError> {
        let (amount, currency) = self.read(&self.amount)?;
        Ok(DisputeNotice {
            provider: Provider(super::NAME.into()),
            order,
            payment: payment.to_string(),
            dispute: self.id.clone(),
            amount,
            currency,
            reason: word(self.reason.as_deref()),
            end: self.end()?,
        })
    }

    /// How it ended, if it did. One without a decision (`NONE`) ended because another of the same
    /// transaction was decided on: its money stays, and the other one says the rest. What is not
    /// known yet is open: somebody looks at it.
    fn end(&self) -> Result<Option<DisputeEnd>, AskError> {
        let outcome = self.outcome.as_ref().filter(|_| self.status == "RESOLVED");
        let Some(outcome) = outcome else { return Ok(None) };
        Ok(match outcome.outcome_code.as_deref() {
            Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED") => {
                let money = outcome.amount_refunded.as_ref().unwrap_or(&self.amount);
                let (amount, currency) = self.read(money)?;
                Some(DisputeEnd::Lost { amount, currency })
            }
            Some(
                "RESOLVED_SELLER_FAVOUR"
                | "RESOLVED_WITH_PAYOUT"
                | "CANCELED_BY_BUYER"
                | "DENIED"
                | "NONE",
            ) => Some(DisputeEnd::Won),
            _ => None,
        })
    }

    fn read(&self, money: &Money) -> Result<(Amount, Currency), AskError> {
        let unreadable = || temporary(format!("{} has the amount {money:?}", self.id));
        money.read().ok_or_else(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn dispute(status: &str, outcome: &Value) -> Dispute {
        let dispute = json!({
            "dispute_id": "PP-D-4012", "reason": "UNAUTHORISED", "status": status,
            "dispute_amount": { "currency_code": "EUR", "value": "50.00" },
            "dispute_outcome": outcome,
            "disputed_transactions": [{ "seller_transaction_id": "3C679366HH908993F" }],
        });
        serde_json::from_value(dispute).unwrap()
    }

    fn end(status: &str, outcome: &Value) -> Option<DisputeEnd> {
        let dispute = dispute(status, outcome);
        let payment = dispute.capture().unwrap();
        let notice = dispute.notice("ord_0000400000003".parse().unwrap(), payment).unwrap();
        let names = (notice.payment.as_str(), notice.dispute.as_str());
        assert_eq!(names, ("3C679366HH908993F", "PP-D-4012"));
        assert_eq!((notice.amount.as_minor(), notice.reason.as_str()), (5_000, "UNAUTHORISED"));
        notice.end
    }

    #[test]
    fn it_says_whose_the_money_is() {
        assert_eq!(end("UNDER_REVIEW", &json!(null)), None);
        assert_eq!(end("RESOLVED", &json!({ "outcome_code": "SOMETHING_NEW" })), None);
        let won = "RESOLVED_SELLER_FAVOUR RESOLVED_WITH_PAYOUT CANCELED_BY_BUYER DENIED NONE";
        for won in won.split(' ') {
            assert_eq!(end("RESOLVED", &json!({ "outcome_code": won })), Some(DisputeEnd::Won));
        }
        let lost = |minor| {
            let (amount, currency) = (Amount::from_minor(minor), "EUR".parse().unwrap());
            Some(DisputeEnd::Lost { amount, currency })
        };
        let whole = json!({ "outcome_code": "RESOLVED_BUYER_FAVOUR" });
        assert_eq!(end("RESOLVED", &whole), lost(5_000));
        assert_eq!(end("RESOLVED", &json!({ "outcome_code": "ACCEPTED" })), lost(5_000));
        assert_eq!(end("OPEN", &whole), None, "it is taken up again");
        let money = json!({ "currency_code": "EUR", "value": "20.00" });
        let part = json!({ "outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": money });
        assert_eq!(end("RESOLVED", &part), lost(2_000));
    }

    #[test]
    fn money_of_another_installation_is_for_no_order_here() {
        let order: OrderId = "ord_0000400000003".parse().unwrap();
        let (here, there) = (Installation::of(1), Installation::of(2));
        let of = |custom_id: &str| Paid { custom_id: Some(custom_id.to_owned()) }.order(&here);
        assert_eq!(of(&here.name_of(order)), Some(order));
        for name in [there.name_of(order), order.to_string(), "17".to_owned()] {
            assert_eq!(of(&name), None, "{name}");
        }
    }

    #[test]
    fn a_name_can_stand_in_a_path() {
        assert!(is_name("PP-D-4012") && is_name("PP-000-000-651-454"));
        for wrong in ["", "../x", "PP D", "PP?x=1"] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
