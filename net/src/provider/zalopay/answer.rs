//! What `ZaloPay` answers: a code, a finer code, and words; the status is 200 whatever happens.
//!
//! Source: "Status Codes" at docs.zalopay.vn.

use onsale_core::command::PaymentOutcome;
use onsale_core::money::Amount;
use serde::Deserialize;

use super::Number;
use crate::provider::api::{refused, temporary};
use crate::provider::{AskError, RefundReceipt, vietnam};

/// `return_code`: it is done.
const SUCCESS: i64 = 1;
/// `return_code`: it will not be done, or was not; the finer code says why.
const FAIL: i64 = 2;
/// `return_code`: it is not done yet.
const PROCESSING: i64 = 3;

/// `sub_return_code`: there is an order of that name.
const DUPLICATE_ORDER: i64 = -68;
/// `sub_return_code`: the order's time is over.
const EXPIRED: i64 = -54;
/// `sub_return_code`: a refund of that name was asked for before.
const DUPLICATE_REFUND: i64 = -23;
/// `sub_return_code`: a refund's name begins with the wrong day. In older lists of codes only; what
/// day is right, and whether it still matters, is unconfirmed.
const WRONG_REFUND_DAY: i64 = -25;
/// `sub_return_code`: `ZaloPay` knows nothing of that name.
const NOT_FOUND: i64 = -101;
/// Codes of either kind that somebody mends or that pass: a wrong app, a wrong signature, too many
/// questions, `ZaloPay`'s trouble, maintenance.
const PASSING: std::ops::RangeInclusive<i64> = -999..=-402;

/// Whatever may stand in an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    return_code: i64,
    return_message: String,
    sub_return_code: i64,
    sub_return_message: String,
    /// Where an order is paid.
    pub(super) order_url: Option<String>,
    /// What was paid, in dong.
    amount: Option<u64>,
    /// The payment.
    zp_trans_id: Option<Number>,
}

impl Answer {
    /// Whether an order of that name is there already.
    pub(super) fn is_duplicate_order(&self) -> bool {
        self.sub_return_code == DUPLICATE_ORDER
    }

    /// Whether a refund was not made for the day in its name.
    pub(super) fn is_wrong_refund_day(&self) -> bool {
        self.sub_return_code == WRONG_REFUND_DAY
    }

    /// Whether there is nothing of that name.
    pub(super) fn is_not_found(&self) -> bool {
        self.return_code == FAIL && self.sub_return_code == NOT_FOUND
    }

    /// The address of the page of an order that was made.
    pub(super) fn page(self) -> Result<String, AskError> {
        match self.order_url {
            Some(url) if self.return_code == SUCCESS => Ok(url),
            // The next attempt goes by another name.
            _ if self.return_code == SUCCESS || self.is_duplicate_order() => {
                Err(temporary(self.words()))
            }
            _ => Err(self.failure()),
        }
    }

    /// The payment of the order `name`, with what became of it.
    ///
    /// A failure says nothing of the order: the buyer may try again until the time is over.
    pub(super) fn payment(self, name: &str) -> Result<Option<(String, PaymentOutcome)>, AskError> {
        match (self.return_code, self.sub_return_code) {
            (SUCCESS, _) => {
                let unreadable = || temporary("ZaloPay names no payment or no amount");
                let payment = self.zp_trans_id.ok_or_else(unreadable)?.text();
                let amount = Amount::from_minor(self.amount.ok_or_else(unreadable)?);
                let currency = vietnam::dong();
                Ok(Some((payment, PaymentOutcome::Captured { amount, currency })))
            }
            (FAIL, EXPIRED) => Ok(Some((name.to_owned(), PaymentOutcome::Declined))),
            _ if self.is_passing() => Err(temporary(self.words())),
            _ => Ok(None),
        }
    }

    /// What a cancellation came to. One that is refused was paid or is over already.
    pub(super) fn cancelled(self) -> Result<(), AskError> {
        if self.is_passing() { Err(temporary(self.words())) } else { Ok(()) }
    }

    /// What a refund with this name has come to.
    pub(super) fn receipt(self, name: String) -> Result<RefundReceipt, AskError> {
        match (self.return_code, self.sub_return_code) {
            (SUCCESS, _) => Ok(RefundReceipt::done(name)),
            (PROCESSING, _) | (_, DUPLICATE_REFUND) => Ok(RefundReceipt::pending(name)),
            _ => Err(self.failure()),
        }
    }

    /// The error for what does not pass, or does.
    fn failure(&self) -> AskError {
        let words = self.words();
        if self.is_passing() { temporary(words) } else { refused(words) }
    }

    fn is_passing(&self) -> bool {
        [self.return_code, self.sub_return_code].iter().any(|code| PASSING.contains(code))
    }

    fn words(&self) -> String {
        let Self { return_code, return_message, sub_return_code, sub_return_message, .. } = self;
        format!(
            "ZaloPay says {return_code} {return_message}: {sub_return_code} {sub_return_message}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(code: i64, sub: i64) -> Answer {
        let fields = json!({
            "return_code": code,
            "return_message": "words",
            "sub_return_code": sub,
            "order_url": "https://pay.example/1",
            "amount": 50_000,
            "zp_trans_id": 240_521_000_000_001_u64,
        });
        serde_json::from_value(fields).unwrap()
    }

    const NAME: &str = "240521_0000400000003";

    fn is_temporary<T>(result: &Result<T, AskError>) -> bool {
        matches!(result, Err(AskError::Temporary(_)))
    }

    fn is_refused<T>(result: &Result<T, AskError>) -> bool {
        matches!(result, Err(AskError::Refused(_)))
    }

    #[test]
    fn a_page_comes_of_success_only() {
        assert_eq!(answer(1, 1).page(), Ok("https://pay.example/1".into()));
        assert!(is_refused(&answer(2, -401).page()));
        for sub in [-68, -402, -429, -500, -999] {
            assert!(is_temporary(&answer(2, sub).page()), "{sub}");
        }
        assert!(is_temporary(&answer(-500, 0).page()));
        let without_page = Answer { return_code: 1, ..Answer::default() };
        assert!(is_temporary(&without_page.page()));
    }

    #[test]
    fn an_order_is_paid_or_over_or_says_nothing() {
        let (amount, currency) = (Amount::from_minor(50_000), vietnam::dong());
        let paid = ("240521000000001".into(), PaymentOutcome::Captured { amount, currency });
        assert_eq!(answer(1, 1).payment(NAME), Ok(Some(paid)));
        let over = answer(2, -54).payment(NAME).unwrap().unwrap();
        assert_eq!(over, (NAME.into(), PaymentOutcome::Declined));
        for (code, sub) in [(3, 0), (2, -63), (2, -101), (2, -217), (-1_331, 0)] {
            assert_eq!(answer(code, sub).payment(NAME), Ok(None), "{code} {sub}");
        }
        for (code, sub) in [(-500, 0), (2, -402), (-429, -429)] {
            assert!(is_temporary(&answer(code, sub).payment(NAME)), "{code} {sub}");
        }
        let nameless = Answer { return_code: 1, ..Answer::default() };
        assert!(is_temporary(&nameless.payment(NAME)));
    }

    #[test]
    fn a_cancellation_that_comes_too_late_is_no_error() {
        assert_eq!(answer(1, 1).cancelled(), Ok(()));
        assert_eq!(answer(2, -101).cancelled(), Ok(()));
        assert!(is_temporary(&answer(2, -500).cancelled()));
    }

    #[test]
    fn a_refund_is_done_or_under_way_or_refused() {
        let of = |code, sub| answer(code, sub).receipt("r".into());
        assert_eq!(of(1, 1), Ok(RefundReceipt::done("r")));
        for (code, sub) in [(3, 0), (3, -1), (2, -23)] {
            assert_eq!(of(code, sub), Ok(RefundReceipt::pending("r")), "{code} {sub}");
        }
        for sub in [-13, -14, -25, -101, -401] {
            assert!(is_refused(&of(2, sub)), "{sub}");
        }
        assert!(is_temporary(&of(2, -500)));
        assert!(answer(2, -25).is_wrong_refund_day() && answer(2, -101).is_not_found());
    }
}
