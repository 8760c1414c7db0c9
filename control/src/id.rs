//! Ids of what the control plane knows: drawn at random, so that nothing follows from one to the
//! next. As text a prefix and 26 digits, like the ids of people.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use onsale_core::id::{IdError, base32};
use onsale_core::time::Time;

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
    /// Where somebody lives.
    AddressId "adr_";
    /// Something that was done.
    AuditEntryId "aud_";
    /// A kind of event.
    CategoryId "cat_";
    /// A letter in the outbox.
    LetterId "let_";
    /// Who sells tickets.
    OrganiserId "org_";
    /// A wish to have an account.
    RegistrationId "reg_";
    /// A device that somebody has signed in on.
    SessionId "ses_";
    /// Where events take place.
    VenueId "ven_";
    /// Where facts are sent.
    WebhookId "whk_";
}

impl AuditEntryId {
    /// After every other.
    pub(crate) const LAST: Self = Self(NonZero::<u128>::MAX);

    /// That of the next entry, written at this time: later ones are larger, and those that one
    /// process writes in the same millisecond keep their order. 48 bits of time, 32 of order, 48
    /// drawn at random.
    pub(crate) fn next(at: Time) -> Self {
        static ORDER: AtomicU32 = AtomicU32::new(0);
        let order = u128::from(ORDER.fetch_add(1, Ordering::Relaxed));
        let drawn = u128::from(u64::from_be_bytes(crate::secret::random()) >> 16);
        let id = (u128::from(at.as_ms()) << 80) | (order << 48) | drawn;
        Self(NonZero::new(id).unwrap_or(NonZero::<u128>::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_the_order_in_which_they_were_written() {
        let at = Time::from_ms;
        let ids = [at(1), at(1), at(1), at(2)].map(|at| AuditEntryId::next(at).to_string());
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids[3] < AuditEntryId::LAST.to_string());
    }

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
