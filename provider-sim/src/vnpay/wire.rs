//! Fields as `VNPay` signs them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::credentials::VNPAY_HASH_SECRET;
use crate::sign::hmac_sha512;

/// The name of the signature.
pub(super) const HASH: &str = "vnp_SecureHash";

/// Fields by name, all of them text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// These, but for those that are empty.
    pub(super) fn new<K: Into<String>>(pairs: impl IntoIterator<Item = (K, String)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Those of a query, if this merchant signed it.
    pub(super) fn of_query(text: &str) -> Option<Self> {
        let pairs = form_urlencoded::parse(text.as_bytes()).into_owned();
        let mut fields = Self::new(pairs);
        let hash = fields.0.remove(HASH)?;
        fields.0.remove("vnp_SecureHashType");
        let expected = hmac_sha512(VNPAY_HASH_SECRET, fields.query().as_bytes());
        (hash.eq_ignore_ascii_case(&expected)).then_some(fields)
    }

    /// Those of an object of JSON.
    pub(super) fn of_json(object: Map<String, Value>) -> Self {
        let text = |value| match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        Self::new(object.into_iter().map(|(name, value)| (name, text(value))))
    }

    /// A field, or nothing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// As a query with a signature.
    pub(super) fn signed_query(&self, key: &str) -> String {
        let query = self.query();
        let hash = hmac_sha512(key, query.as_bytes());
        format!("{query}&{HASH}={hash}")
    }

    /// As JSON, with a signature over the values of `signed`.
    pub(super) fn signed_json(&self, signed: &[&str]) -> Value {
        let hash = self.hash(signed);
        let pairs = self.0.iter().map(|(name, value)| (name.clone(), Value::from(value.clone())));
        Value::Object(pairs.chain([(HASH.to_owned(), Value::from(hash))]).collect())
    }

    /// The signature over the values of `signed`, in that order.
    pub(super) fn hash(&self, signed: &[&str]) -> String {
        let values: Vec<&str> = signed.iter().map(|name| self.get(name)).collect();
        hmac_sha512(VNPAY_HASH_SECRET, values.join("|").as_bytes())
    }

    /// Sorted by name, encoded as a form.
    fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_signed() {
        let pairs =
            [("vnp_B", "a b&c".to_owned()), ("vnp_A", "1".into()), ("vnp_C", String::new())];
        let fields = Fields::new(pairs);
        let query = fields.signed_query(VNPAY_HASH_SECRET);
        assert!(query.starts_with("vnp_A=1&vnp_B=a+b%26c&vnp_SecureHash="), "{query}");
        assert_eq!(Fields::of_query(&query), Some(fields.clone()));
        assert_eq!(Fields::of_query(&query.replacen("A=1", "A=2", 1)), None);
        assert_eq!(Fields::of_query(&fields.signed_query("another")), None);
    }
}
