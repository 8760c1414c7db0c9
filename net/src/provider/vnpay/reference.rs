//! Our names for payments at `VNPay`. A call about a transaction must name its create date, and a
//! refund whether it is all of the money, so the names hold both: whoever has one needs no look-up.

use std::fmt;

use onsale_core::id::OrderId;
use onsale_core::money::Amount;

use crate::provider::installation::{Installation, NotOurs, PLAIN_CHARS};

/// Of `yyyymmddhhmmss`.
const STAMP_DIGITS: usize = 14;

/// `vnp_TxnRef`: an order's plain name, the create date and the amount in dong; letters and digits
/// only, at most 100 (`VNPay`'s rule).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TxnRef {
    pub(super) order: OrderId,
    /// What the installation calls the order.
    pub(super) name: String,
    /// `vnp_CreateDate`, which is `vnp_TransactionDate` in later calls.
    pub(super) created: String,
    /// What was asked for.
    pub(super) amount: Amount,
}

impl TxnRef {
    pub(super) fn new(
        installation: &Installation,
        order: OrderId,
        created: String,
        amount: Amount,
    ) -> Self {
        Self { order, name: installation.plain_name_of(order), created, amount }
    }

    pub(super) fn parse(installation: &Installation, text: &str) -> Result<Self, NotOurs> {
        let (name, rest) = text.split_at_checked(PLAIN_CHARS).ok_or(NotOurs::Nobodys)?;
        let (created, amount) = rest.split_at_checked(STAMP_DIGITS).ok_or(NotOurs::Nobodys)?;
        if !is_number(created) || !is_number(amount) {
            return Err(NotOurs::Nobodys);
        }
        let amount = Amount::from_minor(amount.parse().map_err(|_| NotOurs::Nobodys)?);
        let order = installation.order_named_plainly(name)?;
        Ok(Self { order, name: name.to_owned(), created: created.to_owned(), amount })
    }
}

impl fmt::Display for TxnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.name, self.created, self.amount.as_minor())
    }
}

/// A payment: `vnp_TxnRef` and `VNPay`'s own number for it, `vnp_TransactionNo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PaymentName {
    pub(super) intent: TxnRef,
    pub(super) transaction: String,
}

impl PaymentName {
    /// `VNPay` gives 0, or nothing, where there is no number, such as for a payment that was called
    /// off.
    pub(super) fn new(intent: TxnRef, transaction: &str) -> Option<Self> {
        let transaction = if transaction.is_empty() { "0" } else { transaction };
        is_number(transaction).then(|| Self { intent, transaction: transaction.to_owned() })
    }

    pub(super) fn parse(installation: &Installation, text: &str) -> Option<Self> {
        let (intent, transaction) = text.split_once('/')?;
        Self::new(TxnRef::parse(installation, intent).ok()?, transaction)
    }

    /// Whether this is all the money.
    pub(super) fn is_all(&self, amount: Amount) -> bool {
        amount == self.intent.amount
    }
}

impl fmt::Display for PaymentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.intent, self.transaction)
    }
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> TxnRef {
        let order = "ord_0000400000003".parse().unwrap();
        let amount = Amount::from_minor(1_500_000);
        TxnRef::new(&here(), order, "20240521091751".into(), amount)
    }

    fn here() -> Installation {
        Installation::of(1)
    }

    #[test]
    fn a_name_says_everything_that_later_calls_need() {
        let text = "0000400000003acsqawqy202405210917511500000";
        assert_eq!(intent().to_string(), text);
        assert_eq!(TxnRef::parse(&here(), text), Ok(intent()));
        let elsewhere = TxnRef::parse(&Installation::of(2), text);
        assert_eq!(elsewhere, Err(NotOurs::OtherInstallations));
        let payment = PaymentName::new(intent(), "14422574").unwrap();
        assert_eq!(payment.to_string(), format!("{text}/14422574"));
        assert_eq!(PaymentName::parse(&here(), &payment.to_string()), Some(payment));
    }

    #[test]
    fn other_texts_are_no_names() {
        for wrong in [
            "",
            "1716257871703",
            "0000400000003202405210917511500000",
            "0000400000003acsqawqy20240521091751",
            "0000400000003acsqawqy2024052109175115000x0",
            "0000400000003acsqawqy202405210917X11500000",
            "O000400000003acsqawqy202405210917511500000",
            "0000400000003acsqawqyé02405210917511500000",
            "0000400000003acsqawqy20240521091751+1500000",
            "0000400000003acsqawqy2024052109175199999999999999999999",
            "00004000000039shky5ws20240521091751",
        ] {
            assert_eq!(TxnRef::parse(&here(), wrong), Err(NotOurs::Nobodys), "{wrong}");
        }
        let text = intent().to_string();
        assert_eq!(PaymentName::new(intent(), "").unwrap().to_string(), format!("{text}/0"));
        for wrong in [text.clone(), format!("{text}/1/2"), format!("{text}/x"), "/1".into()] {
            assert_eq!(PaymentName::parse(&here(), &wrong), None, "{wrong}");
        }
    }
}
