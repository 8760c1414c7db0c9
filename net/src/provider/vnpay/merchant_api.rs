//! `VNPay`'s API for merchants: one address, JSON both ways, both ways signed.
//!
//! Source: "Truy vấn và hoàn tiền" at sandbox.vnpayment.vn/apis/docs/truy-van-hoan-tien.

use std::collections::BTreeMap;
use std::sync::Arc;

use onsale_core::time::Time;
use serde_json::{Map, Value};

use super::VnpaySettings;
use super::reference::{PaymentName, TxnRef};
use super::signing::{HASH, joined};
use super::transaction::hundredths;
use crate::entropy::{Entropy, OsEntropy};
use crate::provider::api::{Api, temporary};
use crate::provider::secret::{Secret, hex};
use crate::provider::{AskError, RefundWish, vietnam};

/// `vnp_Version`.
pub(super) const VERSION: &str = "2.1.0";
/// What stands before the number of an attempt, in names that may have letters and digits only.
const ATTEMPT_MARK: char = 'A';
/// `vnp_CreateBy`: who wants a refund.
const CREATED_BY: &str = "onsale";
/// `vnp_TransactionType` of a refund of all the money.
const FULL_REFUND: &str = "02";
/// `vnp_TransactionType` of a refund of some of it.
const PARTIAL_REFUND: &str = "03";

/// What is signed of an answer to a question, in this order. What is missing counts as empty.
const QUERY_REPLY: &[&str] = &[
    "vnp_ResponseId",
    "vnp_Command",
    "vnp_ResponseCode",
    "vnp_Message",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_BankCode",
    "vnp_PayDate",
    "vnp_TransactionNo",
    "vnp_TransactionType",
    "vnp_TransactionStatus",
    "vnp_OrderInfo",
    "vnp_PromotionCode",
    "vnp_PromotionAmount",
];
/// An answer about a refund is signed without the promotion. (The npm library `vnpay` divides the
/// amount by 100 before it hashes it. That is its own way: the documentation names the field.)
const REFUND_REPLY: &[&str] = QUERY_REPLY.split_at(13).0;

/// The API.
pub(super) struct MerchantApi {
    api: Api,
    settings: Arc<VnpaySettings>,
}

impl MerchantApi {
    pub(super) fn new(settings: Arc<VnpaySettings>) -> Self {
        Self { api: Api::new(settings.api.clone()), settings }
    }

    /// Asks what became of a transaction (`querydr`); of a refund, if its number is given.
    pub(super) async fn query(
        &self,
        intent: &TxnRef,
        refund: Option<&str>,
        now: Time,
    ) -> Result<Reply, AskError> {
        let fields = [
            ("vnp_RequestId", question_id()?),
            ("vnp_Version", VERSION.into()),
            ("vnp_Command", "querydr".into()),
            ("vnp_TmnCode", self.settings.tmn_code.clone()),
            ("vnp_TxnRef", intent.to_string()),
            ("vnp_TransactionDate", intent.created.clone()),
            ("vnp_CreateDate", vietnam::stamp(now)),
            ("vnp_IpAddr", self.settings.ip.to_string()),
            ("vnp_OrderInfo", format!("Query {}", intent.name)),
        ];
        let mut body = signed(&self.settings.hash_secret, &fields);
        // Of a question it is not signed.
        body.extend(refund.map(|number| ("vnp_TransactionNo".to_owned(), number.into())));
        self.send(&body, QUERY_REPLY).await
    }

    /// Asks for a refund. `VNPay` takes one request id once a day.
    pub(super) async fn refund(
        &self,
        payment: &PaymentName,
        wish: &RefundWish,
        now: Time,
    ) -> Result<Reply, AskError> {
        let kind = if payment.is_all(wish.amount) { FULL_REFUND } else { PARTIAL_REFUND };
        let amount = hundredths(wish.amount)?;
        let fields = [
            ("vnp_RequestId", refund_id(payment, wish)),
            ("vnp_Version", VERSION.into()),
            ("vnp_Command", "refund".into()),
            ("vnp_TmnCode", self.settings.tmn_code.clone()),
            ("vnp_TransactionType", kind.into()),
            ("vnp_TxnRef", payment.intent.to_string()),
            ("vnp_Amount", amount),
            ("vnp_TransactionNo", payment.transaction.clone()),
            ("vnp_TransactionDate", payment.intent.created.clone()),
            ("vnp_CreateBy", CREATED_BY.into()),
            ("vnp_CreateDate", vietnam::stamp(now)),
            ("vnp_IpAddr", self.settings.ip.to_string()),
            ("vnp_OrderInfo", refund_info(payment, wish)),
        ];
        self.send(&signed(&self.settings.hash_secret, &fields), REFUND_REPLY).await
    }

    async fn send(&self, body: &Map<String, Value>, reply: &[&str]) -> Result<Reply, AskError> {
        let said = self.api.post_json("", &[], body).await?;
        let secrets = self.settings.notice_secrets.current();
        Reply::verified(said.success()?, reply, &*secrets)
    }
}

/// `vnp_RequestId` of a refund: the same for the same wish, letters and digits only, at most 32. So
/// ten are left for the number: an order has few refunds, for it has few tickets.
pub(super) fn refund_id(payment: &PaymentName, wish: &RefundWish) -> String {
    format!("{}R{}", payment.intent.name, wish.number(ATTEMPT_MARK))
}

/// `vnp_OrderInfo` of a refund, which `VNPay` repeats.
pub(super) fn refund_info(payment: &PaymentName, wish: &RefundWish) -> String {
    format!("Refund {} {}", payment.intent.name, wish.number(ATTEMPT_MARK))
}

/// `vnp_RequestId` of a question: another for each of a day.
fn question_id() -> Result<String, AskError> {
    let mut bytes = [0; 16];
    OsEntropy.fill(&mut bytes).map_err(|fault| temporary(fault.to_string()))?;
    Ok(hex(&bytes))
}

/// The fields with the signature of their values in this order.
fn signed(secret: &Secret, fields: &[(&'static str, String)]) -> Map<String, Value> {
    let hash = secret.hmac_sha512_hex(joined(fields.iter().map(|(_, value)| value)).as_bytes());
    let all = fields.iter().cloned().chain([(HASH, hash)]);
    all.map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// An answer that `VNPay` signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply(BTreeMap<String, String>);

impl Reply {
    /// The answer in `fields`, of which those in `signed` are signed. One that is not, such as that
    /// to a question with a wrong signature, may be another the next time.
    fn verified<'a>(
        fields: Map<String, Value>,
        signed: &[&str],
        secrets: impl IntoIterator<Item = &'a Secret>,
    ) -> Result<Self, AskError> {
        let all = Self(fields.into_iter().map(|(name, value)| (name, text(value))).collect());
        let message = joined(signed.iter().map(|name| all.get(name)));
        let hash = all.get(HASH);
        if secrets.into_iter().any(|secret| secret.is_hmac_sha512_hex(message.as_bytes(), hash)) {
            let mut reply = all;
            reply.0.retain(|name, _| signed.contains(&name.as_str()));
            return Ok(reply);
        }
        let (code, words) = (all.get("vnp_ResponseCode"), all.get("vnp_Message"));
        Err(temporary(format!("an answer without VNPay's signature: {code} {words}")))
    }

    /// A field, or nothing where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// `vnp_ResponseCode`: what became of the question.
    pub(super) fn code(&self) -> &str {
        self.get("vnp_ResponseCode")
    }

    /// Whether it is about a refund rather than the payment.
    pub(super) fn is_of_refund(&self) -> bool {
        [FULL_REFUND, PARTIAL_REFUND].contains(&self.get("vnp_TransactionType"))
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        format!("VNPay says {}: {}", self.code(), self.get("vnp_Message"))
    }
}

/// A value as it is signed.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::installation::Installation;
    use serde_json::json;

    fn secret() -> Secret {
        Secret::new("test_secret")
    }

    fn hash_of(fields: &[(&'static str, &str)]) -> Value {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        signed(&secret(), &fields)[HASH].clone()
    }

    #[test]
    fn questions_are_signed_as_the_public_library_signs_them() {
        // What npm vnpay 2.5.0 sends.
        let query = [
            ("vnp_RequestId", "REQUEST123456"),
            ("vnp_Version", "2.1.0"),
            ("vnp_Command", "querydr"),
            ("vnp_TmnCode", "TEST_TMN_CODE"),
            ("vnp_TxnRef", "TXN123456789"),
            ("vnp_TransactionDate", "20231221103000"),
            ("vnp_CreateDate", "20231221103000"),
            ("vnp_IpAddr", "127.0.0.1"),
            ("vnp_OrderInfo", "Test order query"),
        ];
        assert_eq!(
            hash_of(&query),
            "ac23f7e0db3fc8bc6dc83350725b891aa921ec7a83d1a370978d314457eeda17\
             6ff26a87bd4e13dc896c24890238b29fadf033080a07aa52abafa830cd2eb565"
        );
        let refund = [
            ("vnp_RequestId", "REFUND123456"),
            ("vnp_Version", "2.1.0"),
            ("vnp_Command", "refund"),
            ("vnp_TmnCode", "TEST_TMN_CODE"),
            ("vnp_TransactionType", "02"),
            ("vnp_TxnRef", "TXN123456789"),
            ("vnp_Amount", "1000000"),
            ("vnp_TransactionNo", "14422574"),
            ("vnp_TransactionDate", "20231221103000"),
            ("vnp_CreateBy", "merchant_user"),
            ("vnp_CreateDate", "20231221103000"),
            ("vnp_IpAddr", "127.0.0.1"),
            ("vnp_OrderInfo", "Test refund order"),
        ];
        assert_eq!(
            hash_of(&refund),
            "1b0d3f82bc64cda12af250a284e72895b965ad745fef5a5b4f2b0ab50142e008\
             9598fd9fd28e73d1c4ede96932996c3b08b4e9ab8a02fa5e88ecc555afba9a33"
        );
    }

    fn reply() -> Map<String, Value> {
        let message = "r1|querydr|00|Success|TMN|ref|1000000||||01|00|info||";
        let hash = secret().hmac_sha512_hex(message.as_bytes());
        let fields = json!({
            "vnp_ResponseId": "r1",
            "vnp_Command": "querydr",
            "vnp_ResponseCode": "00",
            "vnp_Message": "Success",
            "vnp_TmnCode": "TMN",
            "vnp_TxnRef": "ref",
            "vnp_Amount": 1_000_000,
            "vnp_BankCode": null,
            "vnp_TransactionType": "01",
            "vnp_TransactionStatus": "00",
            "vnp_OrderInfo": "info",
            "vnp_SecureHash": hash,
            "vnp_Unsigned": "x",
        });
        fields.as_object().unwrap().clone()
    }

    #[test]
    fn a_refund_that_is_asked_for_again_has_names_of_its_own() {
        let wish = RefundWish {
            order: "ord_0000400000003".parse().unwrap(),
            refund: 2,
            attempt: 0,
            payment: String::new(),
            amount: onsale_core::money::Amount::from_minor(1),
            currency: vietnam::dong(),
        };
        let again = RefundWish { attempt: 1, ..wish.clone() };
        let payment = "0000400000003acsqawqy202405210917511500000/14422574";
        let payment = PaymentName::parse(&Installation::of(1), payment).unwrap();
        assert_eq!(refund_id(&payment, &wish), "0000400000003acsqawqyR2");
        assert_eq!(refund_id(&payment, &again), "0000400000003acsqawqyR2A1");
        assert_eq!(refund_info(&payment, &again), "Refund 0000400000003acsqawqy 2A1");
        let longest = RefundWish { refund: 99_999, attempt: 9_999, ..wish };
        assert_eq!(refund_id(&payment, &longest).len(), 32);
    }

    #[test]
    fn an_answer_says_what_is_signed_of_it() {
        let read = Reply::verified(reply(), QUERY_REPLY, [&secret()]).unwrap();
        assert_eq!((read.code(), read.get("vnp_Amount")), ("00", "1000000"));
        assert_eq!((read.get("vnp_BankCode"), read.get("vnp_Unsigned")), ("", ""));
        assert!(!read.is_of_refund());
    }

    #[test]
    fn an_answer_that_was_changed_or_not_signed_is_none() {
        let check = |fields, secret| Reply::verified(fields, QUERY_REPLY, [&secret]);
        for name in ["vnp_Amount", "vnp_TransactionStatus", "vnp_PromotionCode", HASH] {
            let mut changed = reply();
            changed.insert(name.into(), "1".into());
            let refusal = check(changed, secret()).unwrap_err();
            assert!(matches!(refusal, AskError::Temporary(_)), "{name}");
        }
        let mut unsigned = reply();
        unsigned.remove(HASH);
        assert!(check(unsigned, secret()).is_err());
        assert!(check(reply(), Secret::new("another")).is_err());
        assert!(Reply::verified(reply(), REFUND_REPLY, [&secret()]).is_err(), "another kind");
    }
}
