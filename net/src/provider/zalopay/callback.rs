//! `ZaloPay`'s callback: `{data, mac, type}`, where `data` is JSON in a string and `mac` signs that
//! string byte for byte. It comes for successful payments only.
//!
//! Source: "Callback API" at docs.zalopay.vn. No time is signed, so an old one can be sent again:
//! it says the same again.

use onsale_core::command::{PaymentNotice, PaymentOutcome, Provider};
use onsale_core::money::Amount;
use serde::Deserialize;

use super::{Number, ZalopaySettings};
use crate::provider::signature::SignatureError;
use crate::provider::{NoticeError, vietnam};

/// What comes in. `type` is not signed, so it is not read: what is no payment has other fields.
#[derive(Deserialize)]
struct Envelope {
    data: String,
    mac: String,
}

/// What is signed. Fields that are not here are of no interest.
#[derive(Deserialize)]
struct Data {
    app_id: u64,
    app_trans_id: String,
    amount: u64,
    zp_trans_id: Number,
}

/// Reads what `ZaloPay` sent, and nothing else.
pub(super) fn read(settings: &ZalopaySettings, body: &[u8]) -> Result<PaymentNotice, NoticeError> {
    let envelope: Envelope = serde_json::from_slice(body)
        .map_err(|_| NoticeError::Signature(SignatureError::Missing))?;
    let data = envelope.data.as_bytes();
    if !settings.key2s.current().iter().any(|key| key.is_hmac_sha256_hex(data, &envelope.mac)) {
        return Err(SignatureError::Wrong.into());
    }
    let data: Data = serde_json::from_slice(data)
        .map_err(|fault| NoticeError::Malformed(format!("{fault}: {}", envelope.data)))?;
    if data.app_id != u64::from(settings.app_id) {
        return Err(NoticeError::Foreign(format!("of app {}", data.app_id)));
    }
    let order = settings
        .order_of(&data.app_trans_id)
        .ok_or_else(|| NoticeError::Foreign(format!("app_trans_id {}", data.app_trans_id)))?;
    let (amount, currency) = (Amount::from_minor(data.amount), vietnam::dong());
    let outcome = PaymentOutcome::Captured { amount, currency };
    let payment = data.zp_trans_id.text();
    Ok(PaymentNotice { provider: Provider(super::NAME.into()), order, payment, outcome })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::secret::Secret;
    use crate::provider::zalopay::tests::settings;
    use serde_json::json;

    /// A callback with this data, signed with this key.
    fn body(data: &str, key: &str) -> Vec<u8> {
        let mac = Secret::new(key).hmac_sha256_hex(data.as_bytes());
        json!({ "data": data, "mac": mac, "type": 1 }).to_string().into_bytes()
    }

    fn data(app_id: u32, app_trans_id: &str) -> String {
        json!({
            "app_id": app_id,
            "app_trans_id": app_trans_id,
            "app_time": 1_716_257_871_703_u64,
            "app_user": "ord_0000400000003",
            "amount": 50_000,
            "embed_data": "{}",
            "item": "[]",
            "zp_trans_id": 240_521_000_000_001_u64,
            "channel": 38,
        })
        .to_string()
    }

    const NAME: &str = "240521_0000400000003acsqawqy";
    /// The same order of another installation.
    const OTHERS: &str = "240521_00004000000039shky5ws";

    fn check(body: &[u8]) -> Result<PaymentNotice, NoticeError> {
        read(&settings(), body)
    }

    #[test]
    fn a_callback_is_a_payment() {
        for (key, name) in [("key2", NAME), ("old_key2", "240521_0000400000003acsqawqy_091751")] {
            let notice = check(&body(&data(2_554, name), key)).unwrap();
            assert_eq!(notice.order.to_string(), "ord_0000400000003");
            assert_eq!(notice.payment, "240521000000001");
            let (amount, currency) = (Amount::from_minor(50_000), vietnam::dong());
            assert_eq!(notice.outcome, PaymentOutcome::Captured { amount, currency });
        }
        let text = data(2_554, NAME).replace("240521000000001", "\"240521000000001\"");
        assert_eq!(check(&body(&text, "key2")).unwrap().payment, "240521000000001");
    }

    #[test]
    fn the_signature_is_over_the_string_as_it_came() {
        // Computed with other tools: there is no published vector.
        let data = concat!(
            r#"{"app_id":2554,"app_trans_id":"240521_0001","app_time":1716257871703,"#,
            r#""app_user":"user123","amount":50000,"embed_data":"{}","item":"[]","#,
            r#""zp_trans_id":240521000000001,"server_time":1716257890000,"channel":38,"#,
            r#""merchant_user_id":"abc","user_fee_amount":0,"discount_amount":0}"#,
        );
        let mac = "994350450ad906a05e3c71265f6b9c626dcfef04c8e1f0a0381e2affeceb3a19";
        assert!(Secret::new("zlp_test_key2").is_hmac_sha256_hex(data.as_bytes(), mac));
        let spaced = data.replacen(':', ": ", 1);
        assert!(!Secret::new("zlp_test_key2").is_hmac_sha256_hex(spaced.as_bytes(), mac));
    }

    #[test]
    fn what_zalopay_did_not_sign_is_not_believed() {
        let good = String::from_utf8(body(&data(2_554, NAME), "key2")).unwrap();
        for wrong in [
            body(&data(2_554, NAME), "key1"),
            good.replacen("50000", "50001", 1).into_bytes(),
            json!({ "data": data(2_554, NAME), "mac": "" }).to_string().into_bytes(),
        ] {
            assert_eq!(check(&wrong), Err(SignatureError::Wrong.into()));
        }
        for missing in ["", "[]", "{}", r#"{"data":{},"mac":"00"}"#] {
            assert_eq!(check(missing.as_bytes()), Err(SignatureError::Missing.into()));
        }
    }

    #[test]
    fn what_is_signed_may_still_be_for_somebody_else_or_nonsense() {
        for (app_id, name) in
            [(2_553, NAME), (2_554, "240521_0001"), (2_554, "240521"), (2_554, OTHERS)]
        {
            let refusal = check(&body(&data(app_id, name), "key2"));
            assert!(matches!(refusal, Err(NoticeError::Foreign(_))), "{app_id} {name}");
        }
        let negative = data(2_554, NAME).replace("50000", "-1");
        for malformed in ["{}", "no JSON", negative.as_str()] {
            let refusal = check(&body(malformed, "key2"));
            assert!(matches!(refusal, Err(NoticeError::Malformed(_))), "{malformed}");
        }
    }
}
