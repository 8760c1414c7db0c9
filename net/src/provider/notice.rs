//! What providers send by themselves: as it came in, what it says once it is believed, and what
//! they must be answered.

use http::HeaderMap;
use onsale_core::command::PaymentNotice;
use onsale_core::id::OrderId;
use thiserror::Error;

use super::signature::SignatureError;

/// A notice as it came in: nothing parsed, nothing believed.
#[derive(Clone, Copy)]
pub struct RawNotice<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// What stood behind the `?`, byte for byte, or nothing.
    pub query: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl<'a> RawNotice<'a> {
    /// A header without which it is not signed.
    ///
    /// # Errors
    /// If it is not there, or is no text.
    pub(super) fn header(&self, name: &str) -> Result<&'a str, SignatureError> {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(SignatureError::Missing)
    }
}

/// What a notice says that is the provider's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// All that there is to know about a payment.
    Payment(PaymentNotice),
    /// The same from a provider whose names of orders bear no mark: it may be another
    /// installation's. It counts if the order is here and is to be paid at this provider.
    PaymentIfOrdered(PaymentNotice),
    /// That something happened to an intent. It proves too little, or says too little, to be
    /// believed: the provider is asked.
    Ask {
        /// For which order.
        order: OrderId,
        /// The provider's name for the intent.
        reference: String,
    },
    /// That something happened to the dispute with this name. The notice may be older than another
    /// that came before it: the provider is asked.
    AskDispute(String),
}

/// A word of a provider's, such as its reason for a dispute: no longer than a word may be.
pub(super) fn word(text: Option<&str>) -> String {
    text.unwrap_or_default().chars().filter(|c| !c.is_control()).take(WORD_CHARS_MAX).collect()
}

/// The longest word, in characters.
const WORD_CHARS_MAX: usize = 64;

/// Why a notice is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoticeError {
    /// It is not the provider's, or too old.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is the provider's, but not what its documentation says.
    #[error("the notice cannot be read: {0}")]
    Malformed(String),
    /// It is the provider's, but for no order that could be one of this server's.
    #[error("the notice is for no order of this server: {0}")]
    Foreign(String),
}

impl From<serde_json::Error> for NoticeError {
    fn from(fault: serde_json::Error) -> Self {
        Self::Malformed(fault.to_string())
    }
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It is in the journal, or says nothing new.
    Recorded,
    /// It is not believed.
    NotBelieved(&'a NoticeError),
    /// It cannot be recorded now: the provider is to send it again.
    NotNow,
}

/// What a provider must be answered, with status 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeAnswer {
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

impl NoticeAnswer {
    /// An answer of JSON.
    pub const fn json(body: &'static str) -> Self {
        Self { content_type: "application/json", body }
    }
}
