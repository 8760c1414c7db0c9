//! How `VNPay` signs, with HMAC-SHA512 in lower-case hexadecimal: queries sorted by name, and JSON
//! by the values of some fields in a fixed order.
//!
//! Sources: "Chuyển đổi thuật toán" and "Hướng dẫn tích hợp PAY" at sandbox.vnpayment.vn/apis/docs.

use std::collections::BTreeMap;

use crate::provider::secret::Secret;
use crate::provider::signature::SignatureError;

/// The parameter, and the field, with the signature.
pub(super) const HASH: &str = "vnp_SecureHash";
/// Said by older versions; never signed.
const HASH_TYPE: &str = "vnp_SecureHashType";

/// The parameters of a query that are signed: `VNPay`'s own, as far as they say anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// One with these parameters. Those that are empty are left out, as `VNPay` does.
    pub(super) fn new<K: Into<String>, V: Into<String>>(
        parameters: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = parameters.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(pairs.filter(|(_, value): &(String, String)| !value.is_empty()).collect())
    }

    /// What stood behind the `?`, if it was signed with one of the secrets.
    pub(super) fn verified<'a>(
        text: &str,
        secrets: impl IntoIterator<Item = &'a Secret>,
    ) -> Result<Self, SignatureError> {
        let mut query = Self::new(form_urlencoded::parse(text.as_bytes()));
        query.0.retain(|name, _| name.starts_with("vnp_") && name != HASH_TYPE);
        let hash = query.0.remove(HASH).ok_or(SignatureError::Missing)?;
        let signed = query.text();
        let fits = |secret: &Secret| secret.is_hmac_sha512_hex(signed.as_bytes(), &hash);
        if secrets.into_iter().any(fits) { Ok(query) } else { Err(SignatureError::Wrong) }
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of it with the signature.
    pub(super) fn signed(&self, secret: &Secret) -> String {
        let text = self.text();
        let hash = secret.hmac_sha512_hex(text.as_bytes());
        format!("{text}&{HASH}={hash}")
    }

    /// What is signed: sorted by the bytes of the names, and encoded as forms are.
    fn text(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// What is signed of JSON: the values of the fields in `VNPay`'s order.
pub(super) fn joined<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for (number, value) in values.into_iter().enumerate() {
        if number > 0 {
            text.push('|');
        }
        text.push_str(value.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new("test_secret")
    }

    /// The fixture of the npm library `vnpay`, test/vnpay.test.ts.
    const IPN: &str = "vnp_Amount=1000000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14422574\
        &vnp_CardType=ATM&vnp_OrderInfo=Thanh+toan+don+hang+2024-05-21T02%3A17%3A31.249Z\
        &vnp_PayDate=20240521091806&vnp_ResponseCode=00&vnp_TmnCode=TEST_TMN_CODE\
        &vnp_TransactionNo=14422574&vnp_TransactionStatus=00&vnp_TxnRef=1716257871703";
    const IPN_HASH: &str = "649982421beb422556a1374713c74e58e716ecbd05007c0c0e1f7effdfaf361d\
        bf146889ca446139afe11b9954c4d5c486e99e3b86fcfab6957f29eb0be72895";

    fn check(text: &str) -> Result<Query, SignatureError> {
        Query::verified(text, [&secret()])
    }

    #[test]
    fn a_query_is_signed_as_the_public_library_signs_it() {
        let query = check(&format!("{IPN}&{HASH}={IPN_HASH}")).unwrap();
        let info = "Thanh toan don hang 2024-05-21T02:17:31.249Z";
        assert_eq!(query.get("vnp_OrderInfo"), Some(info));
        assert_eq!(query.signed(&secret()), format!("{IPN}&{HASH}={IPN_HASH}"));
    }

    #[test]
    fn order_and_what_is_not_signed_make_no_difference() {
        let (first, rest) = IPN.split_once('&').unwrap();
        let shuffled = format!("{HASH}={IPN_HASH}&{rest}&{first}");
        let query = check(&shuffled).unwrap();
        for more in ["&vnp_SecureHashType=HMACSHA512", "&vnp_BankCode2=", "&order=1", "&"] {
            assert_eq!(check(&format!("{shuffled}{more}")), Ok(query.clone()), "{more}");
        }
        assert_eq!(query.get(HASH), None);
    }

    #[test]
    fn whatever_is_signed_cannot_be_changed() {
        let good = format!("{IPN}&{HASH}={IPN_HASH}");
        for wrong in [
            good.replacen("vnp_Amount=1000000", "vnp_Amount=1000001", 1),
            good.replacen("vnp_TransactionStatus=00&", "", 1),
            format!("{good}&vnp_Amount=1"),
            format!("{good}&vnp_New=1"),
            good.replacen(IPN_HASH, "00", 1),
            good.replacen(IPN_HASH, "", 1),
        ] {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(check(IPN), Err(SignatureError::Missing));
        assert_eq!(check(""), Err(SignatureError::Missing));
        let other = [Secret::new("another"), Secret::new("")];
        assert_eq!(Query::verified(&good, &other), Err(SignatureError::Wrong));
        assert!(Query::verified(&good, [&other[0], &secret()]).is_ok(), "one of two is enough");
    }

    #[test]
    fn a_page_to_pay_on_is_signed_as_the_public_library_signs_it() {
        // Made with npm vnpay 2.5.0.
        let query = Query::new([
            ("vnp_Version", "2.1.0"),
            ("vnp_Command", "pay"),
            ("vnp_CurrCode", "VND"),
            ("vnp_Locale", "vn"),
            ("vnp_TmnCode", "TEST_TMN_CODE"),
            ("vnp_Amount", "100000"),
            ("vnp_BankCode", "NCB"),
            ("vnp_CreateDate", "20210101070000"),
            ("vnp_ExpireDate", "20210101071500"),
            ("vnp_IpAddr", "127.0.0.1"),
            ("vnp_OrderInfo", "Test order"),
            ("vnp_OrderType", "other"),
            ("vnp_ReturnUrl", "https://example.com/return"),
            ("vnp_TxnRef", "ref1234567"),
            ("vnp_Nothing", ""),
        ]);
        let hash = "1b2b4108cd55e8ff6c2714d954da9dca23530c7c01688d3dcb81f3ec6fc9ee65\
            8f62ade742d01cd4df76dc311550a9444e19158d294ebf03b7b49624d4e27805";
        let signed = query.signed(&secret());
        assert!(signed.ends_with(&format!("&vnp_Version=2.1.0&{HASH}={hash}")), "{signed}");
        assert!(signed.contains("&vnp_ReturnUrl=https%3A%2F%2Fexample.com%2Freturn&"), "{signed}");
    }
}
