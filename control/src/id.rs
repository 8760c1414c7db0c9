//! Ids of what the control plane knows: drawn at random, so that nothing follows from one to the
//! next. As text a prefix and 26 digits, like the ids of people.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use onsale_core::id::{IdError, base32};

/// How many digits 128 bits take.
const DIGITS: usize = 26;

/// Declares ids that are drawn at random. None is zero, so that an absent one takes no room.
macro_rules! random_ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZero<u128>);

        impl $name {
            /// A new one.
            pub fn random() -> Self {
                let drawn = NonZero::new(u128::from_be_bytes(crate::secret::random()));
                Self(drawn.unwrap_or(NonZero::<u128>::MIN))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                base32::write(f, self.0.get(), DIGITS)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits =
                    text.strip_prefix($prefix).ok_or(IdError::Prefix { expected: $prefix })?;
                let value = NonZero::new(base32::read(digits, DIGITS)?);
                value.map(Self).ok_or(IdError::Digits)
            }
        }
    )* };
}

random_ids! {
    /// A kind of event.
    CategoryId "cat_";
    /// A device that somebody has signed in on.
    SessionId "ses_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_written_and_no_two_are_alike() {
        let (one, other) = (CategoryId::random(), CategoryId::random());
        assert_ne!(one, other);
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(one.to_string().len(), 4 + DIGITS);
        let zero = format!("cat_{}", "0".repeat(DIGITS));
        assert_eq!(zero.parse::<CategoryId>(), Err(IdError::Digits));
    }
}
