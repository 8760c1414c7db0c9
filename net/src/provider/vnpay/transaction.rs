//! What `VNPay` says of a transaction, in a notice or when it is asked.
//!
//! Source: "Bảng mã lỗi" of the guide to PAY, and of `querydr` and `refund`, at
//! sandbox.vnpayment.vn/apis/docs.

use onsale_core::command::{PaymentNotice, PaymentOutcome, Provider};
use onsale_core::money::Amount;

use super::reference::PaymentName;
use crate::provider::api::refused;
use crate::provider::{AskError, RefundReceipt, vietnam};

/// `VNPay` counts hundredths of a dong, which nobody can pay with.
const PER_DONG: u32 = 100;
/// `vnp_Amount` has at most twelve digits.
const HUNDREDTHS_MAX: Amount = Amount::from_minor(999_999_999_999);

/// `vnp_ResponseCode` and `vnp_TransactionStatus`: it went well.
pub(super) const OK: &str = "00";
/// `vnp_TransactionStatus`: the buyer is not done.
const INCOMPLETE: &str = "01";
/// `vnp_TransactionStatus`: something failed.
const FAILED: &str = "02";
/// `vnp_TransactionStatus` of a refund: `VNPay` works on it.
const REFUND_UNDER_WAY: &str = "05";
/// `vnp_TransactionStatus` of a refund: the bank works on it.
const REFUND_AT_BANK: &str = "06";
/// `vnp_ResponseCode` and `vnp_TransactionStatus`: the money was taken, and looks like fraud. The
/// seller accepts it or gives it back in `VNPay`'s portal.
const SUSPICIOUS: &str = "07";
/// `vnp_TransactionStatus` of a refund: it was rejected.
const REFUND_REJECTED: &str = "09";

/// The amount as `vnp_Amount`.
pub(super) fn hundredths(dong: Amount) -> Result<String, AskError> {
    let amount = dong.checked_mul(PER_DONG).filter(|amount| *amount <= HUNDREDTHS_MAX);
    let amount = amount.ok_or_else(|| refused("VNPay takes no amount of that many digits"))?;
    Ok(amount.as_minor().to_string())
}

/// `vnp_Amount` in dong.
pub(super) fn dong_of(text: &str) -> Option<Amount> {
    let hundredths: u64 = text.parse().ok()?;
    let unit = u64::from(PER_DONG);
    hundredths.is_multiple_of(unit).then(|| Amount::from_minor(hundredths / unit))
}

/// What there is to say about a payment with these codes: nothing while it is open.
pub(super) fn notice(
    payment: &PaymentName,
    amount: Amount,
    response: &str,
    status: &str,
) -> Option<PaymentNotice> {
    let outcome = match (response, status) {
        (OK, OK) => PaymentOutcome::Captured { amount, currency: vietnam::dong() },
        (_, INCOMPLETE | REFUND_UNDER_WAY | REFUND_AT_BANK | REFUND_REJECTED) => return None,
        (SUSPICIOUS, OK) | (_, SUSPICIOUS) => PaymentOutcome::Started,
        _ => PaymentOutcome::Declined,
    };
    let (order, payment) = (payment.intent.order, payment.to_string());
    Some(PaymentNotice { provider: Provider(super::NAME.into()), order, payment, outcome })
}

/// What a refund with this status has come to. At the bank it may still be rejected.
pub(super) fn receipt(reference: String, status: &str) -> Result<RefundReceipt, AskError> {
    match status {
        OK => Ok(RefundReceipt::done(reference)),
        FAILED | REFUND_REJECTED => {
            Err(refused(format!("VNPay rejected the refund {reference}: status {status}")))
        }
        _ => Ok(RefundReceipt::pending(reference)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::installation::Installation;
    use crate::provider::vnpay::reference::TxnRef;

    fn outcome(response: &str, status: &str) -> Option<PaymentOutcome> {
        let order = "ord_0000400000003".parse().unwrap();
        let amount = Amount::from_minor(10_000);
        let here = Installation::of(1);
        let intent = TxnRef::new(&here, order, "20240521091751".into(), amount);
        let payment = PaymentName::new(intent, "14422574").unwrap();
        let said = notice(&payment, amount, response, status)?;
        assert_eq!((said.order, said.payment), (order, payment.to_string()));
        Some(said.outcome)
    }

    #[test]
    fn only_two_zeros_are_money() {
        let (amount, currency) = (Amount::from_minor(10_000), vietnam::dong());
        assert_eq!(outcome("00", "00"), Some(PaymentOutcome::Captured { amount, currency }));
        for (response, status) in
            [("24", "02"), ("11", "02"), ("00", "02"), ("51", "00"), ("00", "04"), ("00", "")]
        {
            let said = outcome(response, status);
            assert_eq!(said, Some(PaymentOutcome::Declined), "{response} {status}");
        }
    }

    #[test]
    fn what_is_open_says_nothing_and_what_is_suspicious_waits() {
        for status in ["01", "05", "06", "09"] {
            assert_eq!(outcome("00", status), None, "{status}");
        }
        for (response, status) in [("07", "07"), ("00", "07"), ("07", "00")] {
            assert_eq!(outcome(response, status), Some(PaymentOutcome::Started));
        }
    }

    #[test]
    fn amounts_are_whole_dong() {
        assert_eq!(hundredths(Amount::from_minor(10_000)), Ok("1000000".into()));
        assert!(hundredths(Amount::from_minor(9_999_999_999)).is_ok());
        assert!(hundredths(Amount::from_minor(10_000_000_000)).is_err());
        assert!(hundredths(Amount::from_minor(u64::MAX)).is_err());
        assert_eq!(dong_of("1000000"), Some(Amount::from_minor(10_000)));
        assert_eq!(dong_of("0"), Some(Amount::ZERO));
        for wrong in ["", "1000050", "-100", "100.00", "99999999999999999999"] {
            assert_eq!(dong_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_refund_is_done_when_the_bank_is() {
        let of = |status| receipt("r".into(), status);
        assert_eq!(of("00"), Ok(RefundReceipt::done("r")));
        for status in ["05", "06", "01", ""] {
            assert_eq!(of(status), Ok(RefundReceipt::pending("r")), "{status}");
        }
        for status in ["02", "09"] {
            assert!(matches!(of(status), Err(AskError::Refused(_))), "{status}");
        }
    }
}
