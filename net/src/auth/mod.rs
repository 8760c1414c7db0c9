//! Who calls: extractors that a handler names in its arguments, and the tokens behind them.

pub mod cache;
pub mod keys;
pub mod token;

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use onsale_control::accounts::session::ended::Void;
use onsale_control::id::SessionId;
use onsale_core::command::Actor;
use onsale_core::id::{EventId, PersonId, PlaceId};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use self::cache::TokenDigest;
use self::token::{Access, Checkout, TokenError};
use crate::api::edge::Edge;
use crate::problem::{Problem, catalog};

/// Where a checkout token is sent.
pub const CHECKOUT_TOKEN: HeaderName = HeaderName::from_static("checkout-token");

/// Who calls: taken as `Option<Principal>`, for it may be nobody. A token that is no good is
/// refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Somebody who has signed in to their account.
    Account {
        /// Who.
        person: PersonId,
        /// Where.
        session: SessionId,
    },
    /// Somebody with no more than a guest's token.
    Guest {
        /// Who.
        person: PersonId,
    },
    /// Whoever has the operator token.
    Operator,
}

impl Principal {
    /// As the rules call them.
    pub const fn actor(&self) -> Actor {
        match self {
            Self::Account { person, .. } | Self::Guest { person } => Actor::Person(*person),
            Self::Operator => Actor::Operator,
        }
    }

    /// Who it is, if it is a person.
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Account { person, .. } | Self::Guest { person } => Some(*person),
            Self::Operator => None,
        }
    }
}

/// A person with an access token, guest or not.
pub struct Buyer(pub PersonId);

impl Buyer {
    /// As the rules call them.
    pub const fn actor(&self) -> Actor {
        Actor::Person(self.0)
    }
}

impl OptionalFromRequestParts<Edge> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Option<Self>, Problem> {
        identify(&parts.headers, edge)
    }
}

impl FromRequestParts<Edge> for Buyer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let principal = identify(&parts.headers, edge)?.ok_or_else(Problem::token_required)?;
        principal.person().map(Self).ok_or_else(Problem::buyer_only)
    }
}

/// Who a request says it comes from, if it says so.
pub(crate) fn identify(headers: &HeaderMap, edge: &Edge) -> Result<Option<Principal>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // Whoever reads the first and whoever reads the last would not mean the same person.
        return Err(refused(TokenError::Invalid));
    }
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token = match text {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(refused(TokenError::Invalid)),
    };
    let digest: TokenDigest = Sha256::digest(token).into();
    if digest.ct_eq(edge.operator()).into() {
        return Ok(Some(Principal::Operator));
    }
    let now = edge.now();
    let verify = || edge.keys().verify_access(token, now);
    let access = edge.access_tokens().get_or_verify(digest, now, verify).map_err(refused)?;
    let Access { person, session, expires_at } = access;
    let principal = match session.map(|session| (session, edge.void(session, expires_at))) {
        None => Principal::Guest { person },
        Some((session, None)) => Principal::Account { person, session },
        Some((_, Some(Void::Ended))) => return Err(refused(TokenError::Ended)),
        Some((_, Some(Void::Outdated))) => return Err(refused(TokenError::Expired)),
    };
    edge.gateway().spend_of_person(person, now)?;
    Ok(Some(principal))
}

fn refused(error: TokenError) -> Problem {
    let kind = match error {
        TokenError::Ended => &catalog::SESSION_ENDED,
        TokenError::Expired => &catalog::TOKEN_EXPIRED,
        TokenError::Invalid => &catalog::TOKEN_INVALID,
    };
    Problem::new(kind, error.to_string())
}

/// The checkout token that came with a request, if one did.
pub struct CheckoutToken(Option<HeaderValue>);

impl FromRequestParts<Edge> for CheckoutToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Edge) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(CHECKOUT_TOKEN).cloned()))
    }
}

impl CheckoutToken {
    /// The place in the waitroom that it stands for; `None` without one.
    pub fn place(
        &self,
        edge: &Edge,
        person: PersonId,
        event: EventId,
    ) -> Result<Option<PlaceId>, Problem> {
        let Some(value) = &self.0 else { return Ok(None) };
        let checkout = verified(value.to_str().unwrap_or_default(), edge)?;
        if checkout.person != person || checkout.event != event {
            let detail = "this Checkout-Token is for another person or another event";
            return Err(Problem::new(&catalog::CHECKOUT_TOKEN_MISMATCH, detail));
        }
        Ok(Some(checkout.place))
    }
}

fn verified(token: &str, edge: &Edge) -> Result<Checkout, Problem> {
    let digest: TokenDigest = Sha256::digest(token).into();
    let now = edge.now();
    let verify = || edge.keys().verify_checkout(token, now);
    edge.checkout_tokens().get_or_verify(digest, now, verify).map_err(|error| {
        let kind = match error {
            TokenError::Invalid => &catalog::CHECKOUT_TOKEN_INVALID,
            TokenError::Ended | TokenError::Expired => &catalog::CHECKOUT_TOKEN_EXPIRED,
        };
        Problem::new(kind, error.to_string())
    })
}

/// A new access token. What this core has signed it need not verify.
pub fn new_access_token(
    edge: &Edge,
    access: Access,
    email: Option<&str>,
) -> Result<String, Problem> {
    let token = edge.keys().access(access, email, edge.now()).ok_or_else(unsigned)?;
    edge.access_tokens().put(Sha256::digest(&token).into(), access);
    Ok(token)
}

/// A new checkout token, likewise.
pub fn new_checkout_token(edge: &Edge, checkout: Checkout) -> Result<String, Problem> {
    let token = edge.keys().checkout(checkout, edge.now()).ok_or_else(unsigned)?;
    edge.checkout_tokens().put(Sha256::digest(&token).into(), checkout);
    Ok(token)
}

fn unsigned() -> Problem {
    Problem::internal("the token cannot be signed")
}
