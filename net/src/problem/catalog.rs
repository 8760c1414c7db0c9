//! Every way the API says no: codes, statuses, and what a caller can do. The one place where a
//! refusal of the rules or a failure on the way becomes an HTTP answer. `docs/errors.md` is this
//! table; a test keeps the two together.

use axum::http::StatusCode;
use onsale_control::access::Action;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::refusal::Refusal;
use serde_json::{Value, json};

use super::Problem;
use crate::dto::At;
use crate::port::CallError;

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its stable name; its `type` is `/problems/<code>`.
    pub code: &'static str,
    /// The HTTP status it is answered with.
    pub status: StatusCode,
    /// The same for every occurrence.
    pub title: &'static str,
    /// What the caller can do.
    pub advice: &'static str,
}

/// Declares the kinds, sorted by code.
macro_rules! kinds {
    ($($name:ident $code:literal $status:ident $title:literal $advice:literal)*) => {
        $(#[doc = $title] pub static $name: Kind = Kind {
            code: $code, status: StatusCode::$status, title: $title, advice: $advice,
        };)*

        /// Every kind there is, by code.
        pub static KINDS: &[&Kind] = &[$(&$name,)*];
    };
}

kinds! {
    ACCOUNT_ONLY "account_only" FORBIDDEN "Only an account can do this"
        "Sign in and use the `access_token`: a guest's or the operator's does not do."
    ADMISSION_REQUIRED "admission_required" FORBIDDEN "You have not been let in"
        "Join the waitroom; when your place is ADMITTED, send its `checkout_token`."
    ALL_HELD "all_held" CONFLICT "Everything left is held by others"
        "Try again in a moment: holds expire. `left` says how many can be had now."
    ALREADY_REGISTERED "already_registered" CONFLICT "The guest has an account already"
        "Sign in to it, or ask without the guest's token."
    APPROVAL_NEEDED "approval_needed" CONFLICT "An admin has to approve the event"
        "Ask an admin to approve it; then publish it again."
    BELOW_SOLD "below_sold" CONFLICT "More is held and sold than there would be"
        "Leave room for `least` tickets at least."
    BEYOND_OWN_ROLE "beyond_own_role" FORBIDDEN "Nobody gives or takes more than they have"
        "Ask somebody whose role may do all that this one may."
    BODY_TOO_LARGE "body_too_large" PAYLOAD_TOO_LARGE "The body is too large"
        "Send at most `limit` bytes."
    BODY_TOO_SLOW "body_too_slow" REQUEST_TIMEOUT "The body came too slowly"
        "Send it again, faster."
    BUYER_ONLY "buyer_only" FORBIDDEN "Only a buyer can do this"
        "Open a session and use its `access_token`."
    CHECKOUT_TOKEN_EXPIRED "checkout_token_expired" FORBIDDEN "The visit is over"
        "Queue again."
    CHECKOUT_TOKEN_INVALID "checkout_token_invalid" FORBIDDEN "The Checkout-Token is none of ours"
        "Send the `checkout_token` of your place unchanged."
    CHECKOUT_TOKEN_MISMATCH "checkout_token_mismatch" FORBIDDEN "The Checkout-Token is for another"
        "It is bound to one person and one event: use the one of your own place there."
    COMPANION_ALONE "companion_alone" CONFLICT "A companion seat needs an accessible one"
        "Take an accessible seat with it. `seats` names the companion seats."
    CONTROL_UNAVAILABLE "control_unavailable" SERVICE_UNAVAILABLE "Only the sale goes on right now"
        "Accounts, catalogue and histories are away: ask again after `retry_after_s` seconds."
    DEFINED_ALREADY "defined_already" CONFLICT "The event is defined already, and otherwise"
        "Ask for each change by itself."
    DISPUTED "disputed" CONFLICT "A bank has the payment or asks for it"
        "See the disputes of the event: the refund waits until they are closed."
    DOORS_CLOSED "doors_closed" CONFLICT "The waitroom is not open yet"
        "Come back at `doors_at`."
    EMAIL_TAKEN "email_taken" CONFLICT "Another account has the address"
        "Sign in to that one, or use another address."
    EVENT_CANCELLED "event_cancelled" CONFLICT "The event was cancelled"
        "Nothing is sold any more; whatever was paid is refunded."
    FORBIDDEN "forbidden" FORBIDDEN "You may not do this"
        "docs/access.md says who may do this `action`; an admin of the event can give you a role."
    FULL "full" CONFLICT "There is no room for another one"
        "Nothing to be done by the caller."
    HOLD_GONE "hold_gone" GONE "The hold is no more"
        "It expired, was given back or is an order. Take a new one."
    IDEMPOTENCY_KEY_INVALID "idempotency_key_invalid" BAD_REQUEST "The Idempotency-Key is malformed"
        "Send it once: 1 to 255 visible ASCII characters, quoted or bare. A UUID is best."
    IDEMPOTENCY_KEY_REQUIRED "idempotency_key_required" BAD_REQUEST "An Idempotency-Key is required"
        "Send a new key with each new request, the same key with each repetition."
    IDENTITY_TAKEN "identity_taken" CONFLICT "It opens another account"
        "Sign in to that one by it, and unlink it there first."
    IF_MATCH_REQUIRED "if_match_required" PRECONDITION_REQUIRED "Say which version you have seen"
        "Send its `ETag` in the header If-Match, so that nobody's change is overwritten unseen."
    IMAGE_TOO_LARGE "image_too_large" UNPROCESSABLE_ENTITY "The picture has too many pixels"
        "Make it smaller: `max` is the longest edge, in pixels."
    IN_USE "in_use" CONFLICT "Something else needs it"
        "Remove what uses it first."
    INCOMPLETE "incomplete" CONFLICT "The event has not all it needs"
        "`errors` names each place where something is missing or wrong."
    INTERNAL_ERROR "internal_error" INTERNAL_SERVER_ERROR "A fault of ours"
        "Ask again with the same Idempotency-Key; tell the operator the `instance`."
    INVALID_BODY "invalid_body" BAD_REQUEST "The body says something impossible"
        "`errors` names each place and what is wrong there."
    INVALID_PARAMETER "invalid_parameter" BAD_REQUEST "A part of the address or a header is wrong"
        "`errors` names each place and what is wrong there."
    KEY_REUSED "key_reused" UNPROCESSABLE_ENTITY "The Idempotency-Key was used for another request"
        "Use a new key for a new request."
    LAST_ADMIN "last_admin" CONFLICT "This is the last admin"
        "Make somebody else an admin first."
    LAST_WAY_IN "last_way_in" CONFLICT "There would be no way to sign in"
        "Choose a password first."
    LEAVES_ORPHAN "leaves_orphan" CONFLICT "The choice leaves a single seat alone"
        "Choose the seats next to it, or others. `seats` names those left alone."
    LIMIT_REACHED "limit_reached" CONFLICT "The limit for one buyer is reached"
        "`limit` is how many one buyer may have, `has` how many you have."
    LINK_INVALID "link_invalid" GONE "The link is not good any more"
        "It was used, has expired, or was never sent. Ask for another letter."
    MALFORMED "malformed" BAD_REQUEST "The request makes no sense"
        "Read `detail`."
    MALFORMED_JSON "malformed_json" BAD_REQUEST "The body is no JSON"
        "`detail` names the line and column."
    METHOD_NOT_ALLOWED "method_not_allowed" METHOD_NOT_ALLOWED "There is no such method here"
        "`Allow` lists those there are."
    MODELS_BEHIND "models_behind" SERVICE_UNAVAILABLE "This is not known here yet"
        "The sale is ahead of what is read here: ask again after `retry_after_s` seconds."
    NAME_TAKEN "name_taken" CONFLICT "Another one is called that"
        "Choose another name."
    NO_DRAFT "no_draft" CONFLICT "Only a draft can be thrown away"
        "Send the event back to be worked on first, or cancel it."
    NO_IMAGE "no_image" UNSUPPORTED_MEDIA_TYPE "This is no picture"
        "Send a PNG, JPEG or WebP."
    NO_NEIGHBOURS "no_neighbours" CONFLICT "No neighbouring seats are left"
        "Ask for fewer, or allow to split."
    NO_SUCH_ROUTE "no_such_route" NOT_FOUND "There is nothing at this address"
        "See /api/docs."
    NO_WAITROOM "no_waitroom" CONFLICT "The event has no waitroom"
        "Take a hold right away."
    NOT_CONFIGURED "not_configured" CONFLICT "The event is not configured"
        "Configure it first."
    NOT_FOUND "not_found" NOT_FOUND "There is no such thing"
        "Check the id. What belongs to somebody else is not found either."
    NOT_IN_THAT_STATE "not_in_that_state" CONFLICT "The order's state forbids it"
        "Look at the order. `order_status` is its state."
    NOT_ON_SALE "not_on_sale" CONFLICT "The ticket class is not on sale now"
        "Come back between `opens_at` and `closes_at`."
    OPEN_ALREADY "open_already" CONFLICT "The event is open already"
        "Nothing to be done."
    ORDERED_ALREADY "ordered_already" CONFLICT "The admission was used for an order"
        "See that `order`, or queue again."
    ORIGIN_NOT_ALLOWED "origin_not_allowed" FORBIDDEN "Pages of this origin may not ask"
        "Ask the operator to allow the page's origin, or ask from a server."
    OVERLOADED "overloaded" SERVICE_UNAVAILABLE "Too busy right now"
        "Nothing was done. Try again after `retry_after_s` seconds."
    PASSWORD_REQUIRED "password_required" FORBIDDEN "This needs the account's password"
        "Send it with the request."
    PASSWORD_WEAK "password_weak" BAD_REQUEST "The password is too easily guessed"
        "Choose another. `reasons` says why: a few words that do not belong together do well."
    PASSWORD_WRONG "password_wrong" FORBIDDEN "The password is wrong"
        "Send the account's password as it is now."
    PROVIDER_AWAY "provider_away" SERVICE_UNAVAILABLE "The sign-in provider does not answer"
        "Sign in another way, or begin again after `retry_after_s` seconds."
    PROVIDER_REFUSED "provider_refused" UNAUTHORIZED "The provider does not vouch for this sign-in"
        "Begin another visit. If that does not help, tell the operator the `instance`."
    PROVIDER_UNAVAILABLE "provider_unavailable" SERVICE_UNAVAILABLE "The payment provider is away"
        "Choose another of `providers`, or ask again after `retry_after_s` seconds."
    PUBLISHED_ALREADY "published_already" CONFLICT "The event is published"
        "This cannot be changed any more. Stock, prices and sale windows are changed in the sale."
    RATE_LIMITED "rate_limited" TOO_MANY_REQUESTS "Too many requests"
        "Nothing was done. Wait `retry_after_s` seconds; `violated_policies` names the limit."
    REFRESH_TOKEN_INVALID "refresh_token_invalid" UNAUTHORIZED "The session cannot be renewed"
        "It has ended, or was never there: sign in again."
    REFRESH_TOKEN_REUSED "refresh_token_reused" UNAUTHORIZED "The refresh token was used before"
        "Somebody has a copy, so the session was ended: sign in again."
    REFUND_UNDER_WAY "refund_under_way" CONFLICT "The provider is being asked for the refund"
        "Wait. Once it is a stuck effect, have it asked for at once, or settle it by hand."
    SEATS_BLOCKED "seats_blocked" CONFLICT "Some of the seats are not for sale"
        "Choose others. `seats` names them."
    SEATS_TAKEN "seats_taken" CONFLICT "Some of the seats are taken"
        "Choose others. `seats` names them."
    SESSION_ENDED "session_ended" UNAUTHORIZED "The session has ended"
        "Somebody has signed out, or changed the password: sign in again."
    SIGN_IN_AGAIN "sign_in_again" FORBIDDEN "Signing in was too long ago"
        "Sign in again, and ask within ten minutes."
    SIGN_IN_FAILED "sign_in_failed" UNAUTHORIZED "The address or the password is wrong"
        "Or the address is not confirmed yet: see your letters, or choose another password."
    SOLD_OUT "sold_out" CONFLICT "Sold out"
        "What was asked for is paid for and gone. `left` says how many can be had."
    STOPPING "stopping" SERVICE_UNAVAILABLE "The server is going down"
        "It may or may not have been done: ask again with the same Idempotency-Key."
    TOKEN_EXPIRED "token_expired" UNAUTHORIZED "The access token has expired"
        "Renew it (`/api/v1/sign-in/refresh`), or open a new session as a guest."
    TOKEN_INVALID "token_invalid" UNAUTHORIZED "The access token is none of ours"
        "Send the `access_token` of a session unchanged, or the operator token."
    TOKEN_REQUIRED "token_required" UNAUTHORIZED "An access token is required"
        "Send `Authorization: Bearer <token>`."
    TOO_MANY_ENDPOINTS "too_many_endpoints" CONFLICT "There is no room for another endpoint"
        "Remove a webhook endpoint first: there may be `limit` of them."
    TOO_MANY_GUESSES "too_many_guesses" TOO_MANY_REQUESTS "Too many passwords were wrong"
        "Try again after `retry_after_s` seconds, or choose another password by letter."
    TOO_MANY_HEADERS "too_many_headers" REQUEST_HEADER_FIELDS_TOO_LARGE "Too many headers"
        "Send at most `limit` headers."
    UNKNOWN_PROVIDER "unknown_provider" BAD_REQUEST "There is no such payment provider"
        "`providers` lists those there are."
    UNKNOWN_SEATS "unknown_seats" BAD_REQUEST "Some of the seats do not exist in this class"
        "See the event's chart. `seats` names them."
    UNKNOWN_VERSION "unknown_version" NOT_FOUND "There is no such version of the API"
        "`versions` lists those there are."
    UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body must be JSON"
        "Send `Content-Type: application/json`."
    URI_TOO_LONG "uri_too_long" URI_TOO_LONG "The address is too long"
        "Send at most `limit` bytes of path and parameters."
    VERSION_STALE "version_stale" PRECONDITION_FAILED "It was changed meanwhile"
        "Read it again and decide anew; its tag is now `etag`."
    VISIT_OVER "visit_over" GONE "The visit to the provider is over"
        "Begin another: each is good once, for ten minutes, with its own `visit` and `state`."
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let detail = error.to_string();
        match error {
            CallError::Refused(refusal) => refusal.into(),
            CallError::NoSuchPartition => Self::new(&NOT_FOUND, "there is no such thing"),
            CallError::Overloaded { retry_after_s } => {
                Self::new(&OVERLOADED, detail).retry_after(retry_after_s)
            }
            CallError::Stopped => Self::new(&STOPPING, detail).retry_after(STOPPED_RETRY_AFTER_S),
        }
    }
}

/// A restart takes about as long.
const STOPPED_RETRY_AFTER_S: u32 = 5;

impl Problem {
    /// Nobody has said who they are.
    pub(crate) fn token_required() -> Self {
        Self::new(&TOKEN_REQUIRED, "send `Authorization: Bearer <token>`")
    }

    /// The operator token is nobody who could buy.
    pub(crate) fn buyer_only() -> Self {
        Self::new(&BUYER_ONLY, "this needs a buyer's access token")
    }

    /// Whoever asks may be somebody, and has no account.
    pub(crate) fn account_only() -> Self {
        Self::new(&ACCOUNT_ONLY, "this needs the access token of an account: sign in")
    }

    /// They know of it and may not do this to it.
    pub(crate) fn forbidden(action: Action) -> Self {
        let detail = format!("your roles do not allow this: {}", action.what());
        Self::new(&FORBIDDEN, detail).member("action", action.name())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (kind, members) = of_refusal(&refusal);
        debug_assert!(kind.code == refusal.code() || refusal == Refusal::OperatorOnly);
        members.into_iter().fold(Self::new(kind, refusal.to_string()), |problem, (name, value)| {
            problem.member(name, value)
        })
    }
}

type Members = Vec<(&'static str, Value)>;

/// What a refusal is outside, and what it carries.
fn of_refusal(refusal: &Refusal) -> (&'static Kind, Members) {
    let none = Vec::new;
    match refusal {
        Refusal::AdmissionRequired => (&ADMISSION_REQUIRED, none()),
        Refusal::AllHeld { class, left } => (&ALL_HELD, short(class.0, *left)),
        Refusal::BelowSold { quota, least } => {
            (&BELOW_SOLD, vec![("quota", json!(quota.0)), ("least", json!(least))])
        }
        Refusal::CompanionAlone { seats } => (&COMPANION_ALONE, named(seats)),
        Refusal::DefinedAlready => (&DEFINED_ALREADY, none()),
        Refusal::Disputed => (&DISPUTED, none()),
        Refusal::DoorsClosed { doors_at } => {
            (&DOORS_CLOSED, vec![("doors_at", json!(At(*doors_at)))])
        }
        Refusal::EventCancelled => (&EVENT_CANCELLED, none()),
        Refusal::Full(thing) => (&FULL, vec![("what", json!(thing.name()))]),
        Refusal::HoldGone => (&HOLD_GONE, none()),
        Refusal::KeyReused => (&KEY_REUSED, none()),
        Refusal::LeavesOrphan { seats } => (&LEAVES_ORPHAN, named(seats)),
        Refusal::LimitReached { limit, has } => {
            (&LIMIT_REACHED, vec![("limit", json!(limit)), ("has", json!(has))])
        }
        Refusal::Malformed(_) => (&MALFORMED, none()),
        Refusal::NoNeighbours { count } => (&NO_NEIGHBOURS, vec![("count", json!(count))]),
        Refusal::NotFound(thing) => (&NOT_FOUND, vec![("what", json!(thing.name()))]),
        Refusal::NotInThatState { status } => {
            (&NOT_IN_THAT_STATE, vec![("order_status", json!(status))])
        }
        Refusal::NotOnSale { class, opens_at, closes_at } => {
            let window = [("opens_at", json!(At(*opens_at))), ("closes_at", json!(At(*closes_at)))];
            (&NOT_ON_SALE, [("class", json!(class.0))].into_iter().chain(window).collect())
        }
        Refusal::NoWaitroom => (&NO_WAITROOM, none()),
        Refusal::OpenAlready => (&OPEN_ALREADY, none()),
        Refusal::OperatorOnly => (&FORBIDDEN, none()),
        Refusal::OrderedAlready { order } => {
            (&ORDERED_ALREADY, vec![("order", json!(order.to_string()))])
        }
        Refusal::RefundUnderWay => (&REFUND_UNDER_WAY, none()),
        Refusal::SeatsBlocked { seats } => (&SEATS_BLOCKED, named(seats)),
        Refusal::SeatsTaken { seats } => (&SEATS_TAKEN, named(seats)),
        Refusal::SoldOut { class, left } => (&SOLD_OUT, short(class.0, *left)),
        Refusal::UnknownSeats { seats } => (&UNKNOWN_SEATS, named(seats)),
    }
}

fn named(seats: &[SeatIndex]) -> Members {
    vec![("seats", seats.iter().map(|seat| seat.0).collect())]
}

fn short(class: u16, left: u32) -> Members {
    vec![("class", json!(class)), ("left", json!(left))]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_refusal_has_a_kind_and_every_code_is_there_once() {
        let codes: BTreeSet<_> = KINDS.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), KINDS.len());
        let missing: Vec<_> = Refusal::CODES.iter().filter(|code| !codes.contains(*code)).collect();
        // Outside there are more roles than that of an operator.
        assert_eq!(missing, [&Refusal::OperatorOnly.code()]);
    }

    /// The table for people says what the table for the program says.
    #[test]
    fn the_documentation_has_exactly_these_codes() {
        let row = |kind: &&Kind| {
            let status = kind.status.as_u16();
            format!("| `{}` | {status} | {} | {} |", kind.code, kind.title, kind.advice)
        };
        let expected: Vec<_> = KINDS.iter().map(row).collect();
        let written = include_str!("../../../docs/errors.md");
        let rows: Vec<_> = written.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            expected,
            "docs/errors.md should have these rows:\n{}",
            expected.join("\n")
        );
    }
}
