//! payOS's notices: a POST of JSON for every transfer that came, signed in the body.
//!
//! The order's code is all that says which order it is for, so a notice of another installation on
//! the same account can look like one of ours: see `code.rs`.
//!
//! They have no time in what is signed that could be held against a replay; one that comes again
//! names a payment that the rules know.

use onsale_core::command::PaymentNotice;
use serde::Deserialize;

use super::code::{OrderCode, OrderCodes};
use super::signed::Signed;
use super::wire::{SUCCESS, captured};
use crate::provider::NoticeError;
use crate::provider::notice_secrets::NoticeSecrets;
use crate::provider::signature::SignatureError;

/// What a trial has for a memo, signed like a real one: payOS sends it when a webhook is set up,
/// and wants it accepted. No memo of this server begins so. Source: payOS's demo projects; its
/// documentation shows the second. Unconfirmed that there are no others.
const TRIALS: [&str; 2] = ["Ma giao dich thu nghiem", "VQRIO123"];

/// What is signed of a notice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    order_code: OrderCode,
    amount: u64,
    description: String,
    reference: String,
    currency: String,
    code: String,
}

/// Makes sure that the notice is payOS's, and reads it.
pub(super) fn read(
    keys: &NoticeSecrets,
    codes: &OrderCodes,
    body: &[u8],
) -> Result<Option<PaymentNotice>, NoticeError> {
    let signed: Signed = serde_json::from_slice(body).map_err(|_| SignatureError::Missing)?;
    if !signed.is_by(keys) {
        return Err(SignatureError::Wrong.into());
    }
    let data: Data = signed.read()?;
    if TRIALS.contains(&data.description.as_str()) || data.code != SUCCESS {
        return Ok(None);
    }
    if data.currency != "VND" {
        return Err(NoticeError::Malformed(format!("payOS took {}", data.currency)));
    }
    let foreign = || NoticeError::Foreign(data.order_code.number().to_string());
    let order = codes.order_of(data.order_code).ok_or_else(foreign)?;
    Ok(Some(captured(order, &data.reference, data.amount)))
}

#[cfg(test)]
mod tests {
    use onsale_core::id::OrderId;
    use serde_json::{Value, json};

    use super::*;
    use crate::provider::installation::Installation;
    use crate::provider::secret::Secret;

    fn codes() -> OrderCodes {
        OrderCodes::of(&Installation::of(1))
    }

    fn keys() -> NoticeSecrets {
        vec![Secret::new("checksum"), Secret::new("before")].into()
    }

    fn order() -> OrderId {
        "ord_0000400000003".parse().unwrap()
    }

    /// A notice whose data is changed before it is signed with this key.
    fn notice(key: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut data = json!({
            "accountNumber": "0123456789", "amount": 5_000, "code": "00", "currency": "VND",
            "description": "VE3", "desc": "success", "orderCode": codes().code_of(order()),
            "paymentLinkId": "plink", "reference": "FT1", "counterAccountName": null,
            "transactionDateTime": "2025-12-12 09:00:00",
        });
        change(&mut data);
        // By name already, and nothing in it needs more than that.
        let fields = data.as_object().unwrap();
        let mut pairs: Vec<String> = fields.iter().map(|(name, value)| pair(name, value)).collect();
        pairs.sort();
        let signature = Secret::new(key).hmac_sha256_hex(pairs.join("&").as_bytes());
        let body = json!({
            "code": "00", "desc": "success", "success": true, "data": data, "signature": signature,
        });
        serde_json::to_vec_pretty(&body).unwrap()
    }

    fn pair(name: &str, value: &Value) -> String {
        match value {
            Value::Null => format!("{name}="),
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        }
    }

    #[test]
    fn a_transfer_is_money_whatever_was_asked_for() {
        for key in ["checksum", "before"] {
            let body = notice(key, |data| data["amount"] = json!(4_999));
            assert_eq!(read(&keys(), &codes(), &body), Ok(Some(captured(order(), "FT1", 4_999))));
        }
    }

    #[test]
    fn what_is_not_signed_by_payos_is_not_believed() {
        let body = notice("checksum", |_| ());
        let text = String::from_utf8(body).unwrap();
        let wrong = Err(SignatureError::Wrong.into());
        assert_eq!(read(&keys(), &codes(), &notice("somebody's", |_| ())), wrong);
        assert_eq!(read(&keys(), &codes(), text.replace("5000", "50000").as_bytes()), wrong);
        let missing = Err(SignatureError::Missing.into());
        for unsigned in ["", "{}", "[]", r#"{"data":{"orderCode":1},"success":true}"#] {
            assert_eq!(read(&keys(), &codes(), unsigned.as_bytes()), missing, "{unsigned}");
        }
    }

    #[test]
    fn what_is_not_signed_in_it_does_not_count() {
        let body = String::from_utf8(notice("checksum", |_| ())).unwrap();
        let altered = body.replace(r#""success": true"#, r#""success": false"#);
        assert_ne!(altered, body);
        assert_eq!(
            read(&keys(), &codes(), altered.as_bytes()).map(|said| said.is_some()),
            Ok(true)
        );
    }

    #[test]
    fn a_trial_and_what_came_to_nothing_say_nothing() {
        for memo in TRIALS {
            let trial = notice("checksum", |data| data["description"] = json!(memo));
            assert_eq!(read(&keys(), &codes(), &trial), Ok(None), "{memo}");
        }
        let failed = notice("checksum", |data| data["code"] = json!("01"));
        assert_eq!(read(&keys(), &codes(), &failed), Ok(None));
    }

    #[test]
    fn what_is_signed_and_cannot_be_is_said_so() {
        let foreign = notice("checksum", |data| data["orderCode"] = json!(1_u64 << 53));
        let words = "9007199254740992".to_owned();
        assert_eq!(read(&keys(), &codes(), &foreign), Err(NoticeError::Foreign(words)));
        for (name, value) in [
            ("currency", json!("USD")),
            ("amount", json!("5000")),
            ("amount", json!(-1)),
            ("reference", Value::Null),
        ] {
            let body = notice("checksum", |data| data[name] = value.clone());
            let read = read(&keys(), &codes(), &body);
            assert!(matches!(read, Err(NoticeError::Malformed(_))), "{name} {value}: {read:?}");
        }
    }
}
