//! payOS's JSON, as far as it matters here. Source: the types of its node SDK 2.0.5.

use onsale_core::command::{PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::code::OrderCode;
use crate::provider::vietnam::dong;

/// The code of success, in answers and in notices.
pub(super) const SUCCESS: &str = "00";

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) code: String,
    pub(super) desc: Option<String>,
    pub(super) data: Option<Map<String, Value>>,
    pub(super) signature: Option<String>,
}

/// The wish for a page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewLink<'a> {
    pub(super) order_code: OrderCode,
    pub(super) amount: u64,
    pub(super) description: &'a str,
    pub(super) cancel_url: &'a str,
    pub(super) return_url: &'a str,
    /// In Unix seconds.
    pub(super) expired_at: u64,
    pub(super) signature: String,
}

impl NewLink<'_> {
    /// The text that is signed of it: these fields, and no others.
    pub(super) fn signed_text(&self) -> String {
        let Self { order_code, amount, description, cancel_url, return_url, .. } = self;
        let code = order_code.number();
        format!(
            "amount={amount}&cancelUrl={cancel_url}&description={description}&orderCode={code}\
             &returnUrl={return_url}"
        )
    }
}

/// A page that was made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewPage {
    pub(super) payment_link_id: String,
    pub(super) checkout_url: String,
}

/// Everything that payOS knows about an order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) order_code: OrderCode,
    pub(super) amount: u64,
    pub(super) status: Status,
    #[serde(default)]
    transactions: Vec<Transfer>,
}

/// How an order stands at payOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Cancelled,
    Expired,
    Failed,
    Paid,
    Pending,
    Processing,
    Underpaid,
    #[serde(other)]
    Unknown,
}

impl Status {
    /// Whether payOS may still take a transfer for it.
    pub(super) fn is_open(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Expired | Self::Failed | Self::Paid)
    }
}

/// Money that came to the merchant's account.
#[derive(Debug, Deserialize)]
struct Transfer {
    reference: String,
    amount: u64,
}

impl Link {
    /// Whether one can pay on it, and nobody has tried.
    pub(super) fn is_untouched(&self) -> bool {
        self.status == Status::Pending && self.transactions.is_empty()
    }

    /// What its notices say, or would have said: every transfer is a payment of its own, whatever
    /// was asked for. That the buyer gave up is told by no notice.
    pub(super) fn notices(&self, order: OrderId) -> Vec<PaymentNotice> {
        let came = |transfer: &Transfer| captured(order, &transfer.reference, transfer.amount);
        let notices: Vec<PaymentNotice> = self.transactions.iter().map(came).collect();
        let outcome = match self.status {
            _ if !notices.is_empty() => return notices,
            Status::Cancelled | Status::Failed => PaymentOutcome::Declined,
            // Unconfirmed: payOS does not document more of it than its name.
            Status::Processing => PaymentOutcome::Started,
            _ => return notices,
        };
        vec![notice(order, &self.id, outcome)]
    }
}

/// That money came.
pub(super) fn captured(order: OrderId, reference: &str, dong_amount: u64) -> PaymentNotice {
    let amount = Amount::from_minor(dong_amount);
    notice(order, reference, PaymentOutcome::Captured { amount, currency: dong() })
}

fn notice(order: OrderId, payment: &str, outcome: PaymentOutcome) -> PaymentNotice {
    let provider = Provider(super::NAME.into());
    PaymentNotice { provider, order, payment: payment.into(), outcome }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::secret::Secret;

    const ORDER: &str = "ord_0000400000003";

    fn link(status: &str, transfers: &[(&str, u64)]) -> Vec<PaymentNotice> {
        let order: OrderId = ORDER.parse().unwrap();
        let transaction = |each: &(&str, u64)| json!({ "reference": each.0, "amount": each.1 });
        let link = json!({
            "id": "plink", "orderCode": 17, "amount": 5_000, "amountPaid": 0,
            "status": status, "createdAt": "2025-12-12T09:00:00+07:00", "canceledAt": null,
            "transactions": transfers.iter().map(transaction).collect::<Vec<_>>(),
        });
        serde_json::from_value::<Link>(link).unwrap().notices(order)
    }

    fn outcomes(status: &str) -> Vec<PaymentOutcome> {
        link(status, &[]).into_iter().map(|notice| notice.outcome).collect()
    }

    #[test]
    fn every_transfer_is_a_payment_of_its_own() {
        let order: OrderId = ORDER.parse().unwrap();
        let came = link("UNDERPAID", &[("FT1", 2_000), ("FT2", 1_000)]);
        assert_eq!(came, [captured(order, "FT1", 2_000), captured(order, "FT2", 1_000)]);
        let late = link("CANCELLED", &[("FT1", 5_000)]);
        assert_eq!(late, [captured(order, "FT1", 5_000)], "money is money");
        assert_eq!(link("PAID", &[("FT1", 5_000)]).len(), 1);
    }

    #[test]
    fn without_a_transfer_the_status_speaks() {
        assert_eq!(outcomes("CANCELLED"), [PaymentOutcome::Declined]);
        assert_eq!(outcomes("FAILED"), [PaymentOutcome::Declined]);
        assert_eq!(outcomes("PROCESSING"), [PaymentOutcome::Started]);
        for nothing in ["PENDING", "EXPIRED", "SOMETHING_NEW"] {
            assert_eq!(outcomes(nothing), [], "{nothing}");
        }
    }

    #[test]
    fn a_wish_is_signed_as_the_sdk_does_it() {
        let order_code: OrderCode = serde_json::from_value(json!(1)).unwrap();
        let (cancel_url, return_url) = ("https://a.vn/c?x=1&y=é", "https://a.vn/r");
        let wish = NewLink {
            order_code,
            amount: 2_000,
            description: "VE0",
            cancel_url,
            return_url,
            expired_at: 1,
            signature: String::new(),
        };
        let expected = "amount=2000&cancelUrl=https://a.vn/c?x=1&y=é&description=VE0&orderCode=1\
                        &returnUrl=https://a.vn/r";
        assert_eq!(wish.signed_text(), expected);
        let signature = Secret::new("key").hmac_sha256_hex(expected.as_bytes());
        let sent = serde_json::to_value(NewLink { signature, ..wish }).unwrap();
        assert_eq!(sent["orderCode"], 1);
        assert_eq!(sent["expiredAt"], 1);
        assert_eq!(sent["signature"].as_str().unwrap().len(), 64);
    }
}
