//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): what the client
//! chose, and the digests that the rules keep an answer under.

use axum::http::{HeaderMap, HeaderName};
use onsale_core::command::Actor;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use crate::problem::{Problem, catalog};

/// Its name.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const KEY_CHARS_MAX: usize = 255;

/// What the client chose: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKey(String);

/// For the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described: the value is read by `client_key`")]
pub struct IdempotencyHeader {
    /// Makes the request safe to repeat. Choose a new key for each new request (a UUID is best),
    /// quoted or bare, 1 to 255 visible ASCII characters. The same key with the same content within
    /// 24 hours gets the first answer again, byte for byte, even after a crash; with another
    /// content 422 `key_reused`. Keys of different callers and different routes do not meet.
    #[param(
        rename = "Idempotency-Key",
        pattern = r#"^([!#-~]{1,255}|"([!#-\[\]-~]|\\["\\]){1,255}")$"#,
        example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""
    )]
    idempotency_key: String,
}

/// The key that came with a request.
pub fn client_key(headers: &HeaderMap) -> Result<ClientKey, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        let detail = "send the header Idempotency-Key: a new one for each new request";
        return Err(Problem::new(&catalog::IDEMPOTENCY_KEY_REQUIRED, detail));
    };
    let key = value.to_str().ok().and_then(unquote).filter(|_| values.next().is_none());
    key.map(ClientKey).ok_or_else(|| {
        let detail = "send one key: 1 to 255 visible ASCII characters, quoted or bare";
        Problem::new(&catalog::IDEMPOTENCY_KEY_INVALID, detail)
    })
}

/// Of who asked, for what (`POST /path`), and the key they chose.
pub fn digest(actor: Actor, method: &str, route: &str, key: &ClientKey) -> u128 {
    let principal = match actor {
        Actor::Person(person) => person.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::System => "system".to_owned(),
    };
    let route = [method.as_bytes(), b" ", route.as_bytes()];
    short_hash(&[&[principal.as_bytes()], &route, &[key.0.as_bytes()]])
}

/// Of what was asked: where, and with which bytes.
pub fn fingerprint(path: &str, body: &[u8]) -> u128 {
    short_hash(&[&[path.as_bytes()], &[body]])
}

/// The first 16 bytes of SHA-256 over the parts, each behind its length so that none runs into the
/// next. A part may come in pieces.
fn short_hash(parts: &[&[&[u8]]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        let length: usize = part.iter().map(|piece| piece.len()).sum();
        hash.update((length as u64).to_be_bytes());
        for piece in *part {
            hash.update(piece);
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    u128::from_be_bytes(*digest.first_chunk().expect("16 bytes of 32"))
}

/// The value of a structured-field string (RFC 9651), or of bare text without quotes in it.
fn unquote(text: &str) -> Option<String> {
    let text = text.trim();
    let mut value = String::new();
    match text.strip_prefix('"') {
        None if text.contains('"') => return None,
        None => value.push_str(text),
        Some(rest) => {
            let mut chars = rest.strip_suffix('"')?.chars();
            while let Some(char) = chars.next() {
                match char {
                    '"' => return None,
                    '\\' => value.push(chars.next().filter(|&char| char == '"' || char == '\\')?),
                    char => value.push(char),
                }
            }
        }
    }
    let is_visible = value.chars().all(|char| char.is_ascii_graphic());
    (is_visible && (1..=KEY_CHARS_MAX).contains(&value.len())).then_some(value)
}

#[cfg(test)]
mod tests {
    use onsale_core::id::PersonId;

    use super::*;

    #[test]
    fn a_key_is_the_same_quoted_or_bare() {
        assert_eq!(unquote("\"abc-1\""), unquote("abc-1"));
        assert_eq!(unquote(r#""a\"b\\c""#).as_deref(), Some(r#"a"b\c"#));
        assert_eq!(unquote(&"k".repeat(255)).map(|key| key.len()), Some(255));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        for wrong in ["", "\"\"", "a b", "\"abc", "abc\"", r#""a\c""#, r#""a"b""#, "ä", &long] {
            assert_eq!(unquote(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_of_different_callers_and_routes_do_not_meet() {
        let key = ClientKey("k".to_owned());
        let ada = Actor::Person(PersonId::from_u128(1));
        let bob = Actor::Person(PersonId::from_u128(2));
        let digests = [
            digest(ada, "POST", "/a", &key),
            digest(bob, "POST", "/a", &key),
            digest(ada, "POST", "/b", &key),
            digest(ada, "POST", "/", &ClientKey("ak".to_owned())),
        ];
        for (i, one) in digests.iter().enumerate() {
            assert!(!digests[i + 1..].contains(one));
        }
    }
}
