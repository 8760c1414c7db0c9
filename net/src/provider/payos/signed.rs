//! What payOS signs, and how: the fields of an object as `name=value`, by name, joined with `&`,
//! under HMAC-SHA256 with the checksum key. Nothing is URL-encoded; null is nothing; a list is the
//! JSON of its items, their fields by name too.
//!
//! Source: payOS's documentation of webhooks and its node SDK 2.0.5, which must agree with what
//! stands here byte for byte.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::provider::notice_secrets::NoticeSecrets;

/// An object with its signature, as it came in. The rest of what came is not signed.
#[derive(Debug, Deserialize)]
pub(super) struct Signed {
    pub(super) data: Map<String, Value>,
    pub(super) signature: String,
}

impl Signed {
    /// Whether one of these keys signed it.
    pub(super) fn is_by(&self, keys: &NoticeSecrets) -> bool {
        let text = signed_text(&self.data);
        keys.current().iter().any(|key| key.is_hmac_sha256_hex(text.as_bytes(), &self.signature))
    }

    /// What it says.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.data))
    }
}

/// The text that is signed of an object.
fn signed_text(data: &Map<String, Value>) -> String {
    // JSON of one process keeps the order of names, of another sorts them: here it must be sorted.
    let by_name: BTreeMap<&String, &Value> = data.iter().collect();
    let pairs = by_name.into_iter().map(|(name, value)| format!("{name}={}", text(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // So the SDK has it.
        Value::String(text) if text == "null" || text == "undefined" => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(json_by_name).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

/// The JSON of a list's item, its fields by name.
fn json_by_name(item: &Value) -> String {
    let Value::Object(fields) = item else { return item.to_string() };
    let by_name: BTreeMap<&String, &Value> = fields.iter().collect();
    let field =
        |(name, value): (&String, &Value)| format!("{}:{value}", Value::from(name.as_str()));
    let fields: Vec<String> = by_name.into_iter().map(field).collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::secret::Secret;

    fn keys(all: &[&str]) -> NoticeSecrets {
        all.iter().map(|key| Secret::new(*key)).collect::<Vec<_>>().into()
    }

    fn text_of(data: &Value) -> String {
        signed_text(data.as_object().unwrap())
    }

    #[test]
    fn the_signature_is_the_one_that_payos_publishes() {
        // payos.vn/docs/tich-hop-webhook/kiem-tra-du-lieu-voi-signature
        let key = "1a54716c8f0efb2744fb28b6e38b25da7f67a925d98bc1c18bd8faaecadd7675";
        let signed: Signed = serde_json::from_value(sample()).unwrap();
        assert!(signed.is_by(&keys(&[key])));
        assert!(signed.is_by(&keys(&["the next key", key])), "while the key is being changed");
        assert!(!signed.is_by(&keys(&["another key"])));
        let mut altered = sample();
        altered["data"]["amount"] = json!(3_001);
        let altered: Signed = serde_json::from_value(altered).unwrap();
        assert!(!altered.is_by(&keys(&[key])));
    }

    /// The notice on payOS's page.
    fn sample() -> Value {
        json!({
            "code": "00",
            "desc": "success",
            "success": true,
            "data": {
                "orderCode": 123,
                "amount": 3_000,
                "description": "VQRIO123",
                "accountNumber": "12345678",
                "reference": "TF230204212323",
                "transactionDateTime": "2023-02-04 18:25:00",
                "currency": "VND",
                "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18",
                "code": "00",
                "desc": "Thành công",
                "counterAccountBankId": "",
                "counterAccountBankName": "",
                "counterAccountName": "",
                "counterAccountNumber": "",
                "virtualAccountName": "",
                "virtualAccountNumber": "",
            },
            "signature": "412e915d2871504ed31be63c8f62a149a4410d34c4c42affc9006ef9917eaa03",
        })
    }

    #[test]
    fn fields_stand_by_name_and_null_is_nothing() {
        let data = json!({"b": 2, "a": null, "C": "x y&z=ü/", "d": true, "e": "null", "aa": ""});
        assert_eq!(text_of(&data), "C=x y&z=ü/&a=&aa=&b=2&d=true&e=");
    }

    #[test]
    fn a_list_is_json_with_its_items_fields_by_name() {
        let item = json!({"reference": "FT1", "amount": 2_000, "name": null, "memo": "a \"b\""});
        let data = json!({"transactions": [item, {"b": 1, "a": "2"}], "none": []});
        let expected = r#"none=[]&transactions=[{"amount":2000,"memo":"a \"b\"","#.to_owned()
            + r#""name":null,"reference":"FT1"},{"a":"2","b":1}]"#;
        assert_eq!(text_of(&data), expected);
    }
}
