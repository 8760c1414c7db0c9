//! Forms (`application/x-www-form-urlencoded`), also with names like `a[b][0]`, and queries.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A form, or a query. Of fields with the same name, the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form; everything is one.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Reads what stood behind the `?`, if anything did.
    pub fn of_query(query: Option<String>) -> Self {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    /// The field of this name, if it is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The field of this name as a whole number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// All fields, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The fields `group[…]`, by what stands in the brackets.
    pub fn group(&self, group: &str) -> Map<String, Value> {
        let inner = |name: &str| {
            let rest = name.strip_prefix(group)?.strip_prefix('[')?;
            rest.strip_suffix(']').map(str::to_owned)
        };
        let fields = self.0.iter();
        fields.filter_map(|(name, value)| Some((inner(name)?, value.as_str().into()))).collect()
    }
}

/// The address with this query, behind what stands in its own.
pub fn with_query(url: &str, query: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_names_with_brackets() {
        let form = Form::parse(b"mode=payment&metadata%5Border%5D=ord_1&metadata[a]=b+c&n=12&e=");
        assert_eq!(form.get("mode"), Some("payment"));
        assert_eq!((form.number("n"), form.number("mode"), form.get("e")), (Some(12), None, None));
        let metadata = Value::Object(form.group("metadata"));
        assert_eq!(metadata, serde_json::json!({ "order": "ord_1", "a": "b c" }));
    }
}
