//! Giving money back. A refund is a transaction of its own at `VNPay`, with its own number; one
//! after the other is made of a payment, and most take days.
//!
//! `VNPay` takes one request id once a day, and whoever asks again is told that there was a refund
//! (94), not which. So a question comes before each wish, and a wish that met another refund is
//! made again later. That a question without a number tells of the latest refund, and repeats its
//! `vnp_OrderInfo` as the answer to the wish does, is unconfirmed. Where it does not, a part whose
//! answer was lost stays pending that day, and is made again the next: somebody has to look.

use super::Vnpay;
use super::merchant_api::{Reply, refund_id, refund_info};
use super::reference::{PaymentName, is_number};
use super::transaction::{OK, receipt};
use crate::provider::api::{refused, temporary};
use crate::provider::{AskError, RefundReceipt, RefundWish};

/// `vnp_ResponseCode`: a refund of this transaction was asked for before, and is under way.
const ALREADY_ASKED: &str = "94";
/// `vnp_ResponseCode`s that somebody mends: a wrong terminal, a wrong signature, `VNPay`'s trouble.
const PASSING: [&str; 4] = ["02", "97", "98", "99"];

impl Vnpay {
    /// Asks for a refund, unless it was asked for before.
    pub(super) async fn give_back(&self, wish: &RefundWish) -> Result<RefundReceipt, AskError> {
        let payment = self.payment_of(wish)?;
        if let Some(receipt) = self.find_refund(&payment, wish, None).await? {
            return Ok(receipt);
        }
        let reply = self.api.refund(&payment, wish, (self.clock)()).await?;
        match reply.code() {
            OK => receipt(number_of(&reply, &payment, wish), reply.get("vnp_TransactionStatus")),
            ALREADY_ASKED => Ok(RefundReceipt::pending(refund_id(&payment, wish))),
            code if PASSING.contains(&code) => Err(temporary(reply.words())),
            _ => Err(refused(reply.words())),
        }
    }

    /// Asks what became of the refund with this number. One that has only our name met another.
    pub(super) async fn ask_refund(
        &self,
        wish: &RefundWish,
        number: &str,
    ) -> Result<RefundReceipt, AskError> {
        if !is_number(number) {
            return self.give_back(wish).await;
        }
        let found = self.find_refund(&self.payment_of(wish)?, wish, Some(number)).await?;
        Ok(found.unwrap_or_else(|| RefundReceipt::pending(number)))
    }

    /// What became of a refund, if `VNPay` tells of it.
    async fn find_refund(
        &self,
        payment: &PaymentName,
        wish: &RefundWish,
        number: Option<&str>,
    ) -> Result<Option<RefundReceipt>, AskError> {
        let reply = self.api.query(&payment.intent, number, (self.clock)()).await?;
        if reply.code() != OK {
            return Err(temporary(reply.words()));
        }
        let is_this_one = payment.is_all(wish.amount)
            || reply.get("vnp_OrderInfo") == refund_info(payment, wish)
            || number == Some(reply.get("vnp_TransactionNo"));
        if !reply.is_of_refund() || !is_this_one {
            return Ok(None);
        }
        receipt(number_of(&reply, payment, wish), reply.get("vnp_TransactionStatus")).map(Some)
    }

    fn payment_of(&self, wish: &RefundWish) -> Result<PaymentName, AskError> {
        let payment = PaymentName::parse(&self.settings.installation, &wish.payment);
        payment.ok_or_else(|| refused("no name of a payment at VNPay"))
    }
}

/// `VNPay`'s number for a refund, or ours for the request.
fn number_of(reply: &Reply, payment: &PaymentName, wish: &RefundWish) -> String {
    match reply.get("vnp_TransactionNo") {
        "" | "0" => refund_id(payment, wish),
        number => number.to_owned(),
    }
}
