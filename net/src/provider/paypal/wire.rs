//! `PayPal`'s JSON, as far as it matters here.
//!
//! Source: the `OpenAPI` documents in paypal/paypal-rest-api-specifications: Orders 2.13, Payments
//! 2.9.

use std::fmt;

use onsale_core::command::{PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use serde::Deserialize;
use thiserror::Error;

use super::money::Money;
use crate::provider::AskError;
use crate::provider::api::{Said, temporary};

/// A name that `PayPal` gave to an order, a capture or a refund: capital letters and digits, so it
/// can stand in a path as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(String);

/// A text that `PayPal` gives to nothing.
#[derive(Debug, Error)]
#[error("not a name that PayPal gives: capital letters and digits, 36 at most")]
pub(super) struct NotAName;

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if is_plain && (1..=36).contains(&text.len()) { Ok(Self(text)) } else { Err(NotAName) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order at `PayPal`, which is what an intent is here.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: Name,
    pub(super) status: OrderStatus,
    #[serde(default)]
    purchase_units: Vec<Unit>,
    #[serde(default)]
    links: Vec<Link>,
}

/// How an order stands at `PayPal`. What is not here leaves nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum OrderStatus {
    /// The buyer said yes: now it is up to us.
    #[serde(rename = "APPROVED")]
    Approved,
    #[serde(other)]
    Other,
}

/// What is bought with an order: one thing, here.
#[derive(Debug, Deserialize)]
struct Unit {
    custom_id: Option<String>,
    #[serde(default)]
    payments: Payments,
}

#[derive(Debug, Default, Deserialize)]
struct Payments {
    #[serde(default)]
    captures: Vec<Capture>,
}

/// Money that was taken, or was to be.
#[derive(Debug, Deserialize)]
struct Capture {
    id: Name,
    status: CaptureStatus,
    amount: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum CaptureStatus {
    Completed,
    Declined,
    Failed,
    PartiallyRefunded,
    Pending,
    Refunded,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
struct Link {
    href: String,
    rel: String,
}

impl Order {
    /// What it was made for, in our words.
    pub(super) fn custom_id(&self) -> Option<&str> {
        self.purchase_units.first()?.custom_id.as_deref()
    }

    /// Where the buyer says yes. The second name is the one of orders without a payment source.
    pub(super) fn page(&self) -> Option<&str> {
        let mut links = self.links.iter();
        let page = links.find(|link| link.rel == "payer-action" || link.rel == "approve");
        page.map(|link| link.href.as_str())
    }

    /// What there is to say about its money.
    pub(super) fn notices(&self, order: OrderId) -> Result<Vec<PaymentNotice>, AskError> {
        let captures = self.purchase_units.iter().flat_map(|unit| &unit.payments.captures);
        let notices = captures.map(|capture| {
            let outcome = capture.outcome()?;
            Ok(outcome.map(|outcome| notice(order, &capture.id, outcome)))
        });
        notices.filter_map(Result::transpose).collect()
    }
}

impl Capture {
    fn outcome(&self) -> Result<Option<PaymentOutcome>, AskError> {
        Ok(match self.status {
            CaptureStatus::Completed
            | CaptureStatus::PartiallyRefunded
            | CaptureStatus::Refunded => {
                let unreadable =
                    || temporary(format!("{} has the amount {:?}", self.id, self.amount));
                let (amount, currency) = self.amount.read().ok_or_else(unreadable)?;
                Some(PaymentOutcome::Captured { amount, currency })
            }
            CaptureStatus::Pending => Some(PaymentOutcome::Started),
            CaptureStatus::Declined | CaptureStatus::Failed => Some(PaymentOutcome::Declined),
            CaptureStatus::Unknown => None,
        })
    }
}

/// What happened to an order's money, by `PayPal`'s name for it.
pub(super) fn notice(order: OrderId, payment: &Name, outcome: PaymentOutcome) -> PaymentNotice {
    let provider = Provider(super::NAME.into());
    PaymentNotice { provider, order, payment: payment.to_string(), outcome }
}

/// Money that goes back.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: Name,
    pub(super) status: RefundStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RefundStatus {
    Cancelled,
    Completed,
    Failed,
    Pending,
}

/// Why something was not done.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    issue: String,
}

/// `PayPal`'s word for why it did not do what it was asked; empty if it has none.
pub(super) fn issue(said: &Said) -> String {
    let problem: Problem = said.json().unwrap_or_default();
    problem.details.into_iter().next().map(|detail| detail.issue).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn order() -> OrderId {
        "ord_0000400000003".parse().unwrap()
    }

    fn with_captures(captures: &Value) -> Order {
        let order = json!({
            "id": "5O190127TN364715T", "status": "COMPLETED", "intent": "CAPTURE",
            "purchase_units": [{
                "reference_id": "default", "custom_id": order().to_string(),
                "payments": { "captures": captures },
            }],
            "links": [],
        });
        serde_json::from_value(order).unwrap()
    }

    fn outcome(status: &str, value: &str) -> Result<Vec<PaymentOutcome>, AskError> {
        let amount = json!({ "currency_code": "EUR", "value": value });
        let captures = json!([{ "id": "3C679366HH908993F", "status": status, "amount": amount }]);
        let notices = with_captures(&captures).notices(order())?;
        Ok(notices.into_iter().map(|notice| notice.outcome).collect())
    }

    #[test]
    fn what_was_taken_stays_taken_when_it_goes_back() {
        let (amount, currency) = (onsale_core::money::Amount::from_minor(5_000), "EUR");
        let currency = currency.parse().unwrap();
        let captured = PaymentOutcome::Captured { amount, currency };
        for status in ["COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"] {
            assert_eq!(outcome(status, "50.00"), Ok(vec![captured]), "{status}");
        }
        assert!(matches!(outcome("COMPLETED", "fifty"), Err(AskError::Temporary(_))));
    }

    #[test]
    fn what_was_not_taken_says_how_it_stands() {
        assert_eq!(outcome("PENDING", "50.00"), Ok(vec![PaymentOutcome::Started]));
        assert_eq!(outcome("DECLINED", "50.00"), Ok(vec![PaymentOutcome::Declined]));
        assert_eq!(outcome("FAILED", "50.00"), Ok(vec![PaymentOutcome::Declined]));
        assert_eq!(outcome("SOMETHING_NEW", "50.00"), Ok(vec![]));
        assert_eq!(with_captures(&json!([])).notices(order()), Ok(vec![]));
    }

    #[test]
    fn several_captures_are_several_payments() {
        let capture = |id: &str| {
            let amount = json!({ "currency_code": "EUR", "value": "50.00" });
            json!({ "id": id, "status": "COMPLETED", "amount": amount, "final_capture": true })
        };
        let seen = with_captures(&json!([capture("1A"), capture("2B")]));
        let notices = seen.notices(order()).unwrap();
        assert_eq!(
            notices.iter().map(|each| each.payment.as_str()).collect::<Vec<_>>(),
            ["1A", "2B"]
        );
        assert_eq!(seen.custom_id(), Some("ord_0000400000003"));
    }

    #[test]
    fn a_name_can_stand_in_a_path() {
        let name = |text: &str| Name::try_from(text.to_owned());
        assert_eq!(name("5O190127TN364715T").unwrap().to_string(), "5O190127TN364715T");
        let long = "A".repeat(37);
        for wrong in ["", "../x", "A/capture", "A?b", "a", "Ä", "A B", &long] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_page_is_where_the_payer_acts() {
        let links = json!([
            { "href": "https://api-m.paypal.com/v2/checkout/orders/A", "rel": "self" },
            { "href": "https://www.paypal.com/checkoutnow?token=A", "rel": "payer-action" },
        ]);
        let made = json!({ "id": "A", "status": "PAYER_ACTION_REQUIRED", "links": links });
        let made: Order = serde_json::from_value(made).unwrap();
        assert_eq!(made.page(), Some("https://www.paypal.com/checkoutnow?token=A"));
        assert_eq!(made.status, OrderStatus::Other);
        assert_eq!(made.custom_id(), None);
    }
}
