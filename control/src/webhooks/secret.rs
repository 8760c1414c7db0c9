//! What requests to an endpoint are signed with, as its receiver is told it.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::secret::random;

/// `whsec_` and the base64 of 32 random bytes, as Standard Webhooks has it. It has to be kept as it
/// is: whoever signs needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    pub(super) fn random() -> Self {
        Self(format!("whsec_{}", BASE64_STANDARD.encode(random::<32>())))
    }

    /// One that is kept.
    pub(super) fn kept(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the receiver and for whoever signs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Secret {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_none_shows() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), "whsec_".len() + 44);
        assert_eq!(format!("{one:?}"), "Secret(..)");
    }
}
