//! Ids as text: a prefix that names the kind, and digits.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use onsale_control::id::{
    AddressId, AuditEntryId, CategoryId, OrganiserId, SessionId, VenueId, WebhookId,
};
use onsale_core::id::{EventId, HoldId, IdError, OrderId, PersonId, PlaceId, TicketId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// An id on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id<T>(pub T);

/// The id of an address on the wire.
pub type AddressRef = Id<AddressId>;
/// The id of an entry of the audit log on the wire.
pub type AuditEntryRef = Id<AuditEntryId>;
/// The id of a category on the wire.
pub type CategoryRef = Id<CategoryId>;
/// The id of an event on the wire.
pub type EventRef = Id<EventId>;
/// The id of a hold on the wire.
pub type HoldRef = Id<HoldId>;
/// The id of an order on the wire.
pub type OrderRef = Id<OrderId>;
/// The id of an organiser on the wire.
pub type OrganiserRef = Id<OrganiserId>;
/// The id of a person on the wire.
pub type PersonRef = Id<PersonId>;
/// The id of a place on the wire.
pub type PlaceRef = Id<PlaceId>;
/// The id of a session on the wire.
pub type SessionRef = Id<SessionId>;
/// The id of a ticket on the wire.
pub type TicketRef = Id<TicketId>;
/// The id of a venue on the wire.
pub type VenueRef = Id<VenueId>;
/// The id of a webhook endpoint on the wire.
pub type WebhookRef = Id<WebhookId>;

/// A kind of id.
pub trait IdKind: Copy + Display + FromStr<Err = IdError> {
    /// What it is called in the documentation.
    const NAME: &'static str;
    /// What such an id looks like.
    const EXAMPLE: &'static str;
    /// The shape of its text.
    const PATTERN: &'static str;
}

/// Each with its prefix, its first digit (the others take what bits are left), how many there are
/// besides, and an example.
macro_rules! id_kinds {
    ($($type:ident $prefix:literal $first:literal $others:literal $digits:literal;)*) => {
        $(impl IdKind for $type {
            const NAME: &'static str = stringify!($type);
            const EXAMPLE: &'static str = concat!($prefix, $digits);
            const PATTERN: &'static str =
                concat!("^", $prefix, $first, "[0-9a-hjkmnp-tv-z]{", $others, "}$");
        })*
    };
}

id_kinds! {
    AddressId "adr_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    AuditEntryId "aud_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    CategoryId "cat_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    EventId "evt_" "[0-3]" 6 "0000001";
    HoldId "hld_" "[0-9a-f]" 12 "0000400000003";
    OrderId "ord_" "[0-9a-f]" 12 "0000400000003";
    OrganiserId "org_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    PersonId "per_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    PlaceId "plc_" "[0-9a-f]" 12 "0000400000003";
    SessionId "ses_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    TicketId "tkt_" "[0-9a-f]" 12 "0000400000003";
    VenueId "ven_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
    WebhookId "whk_" "[0-7]" 25 "05bgn2v8j7rq0c4mzt3w9x1hye";
}

impl<T: IdKind> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: IdKind> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl<T: IdKind> PartialSchema for Id<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(T::PATTERN))
            .examples([T::EXAMPLE])
            .into()
    }
}

impl<T: IdKind> ToSchema for Id<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_in_the_documentation_are_ids() {
        fn holds<T: IdKind>() {
            assert_eq!(T::EXAMPLE.parse::<T>().unwrap().to_string(), T::EXAMPLE);
        }
        holds::<AddressId>();
        holds::<AuditEntryId>();
        holds::<CategoryId>();
        holds::<EventId>();
        holds::<HoldId>();
        holds::<OrderId>();
        holds::<OrganiserId>();
        holds::<PersonId>();
        holds::<PlaceId>();
        holds::<SessionId>();
        holds::<TicketId>();
        holds::<VenueId>();
        holds::<WebhookId>();
    }
}
