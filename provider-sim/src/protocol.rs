//! What a provider's module brings along: its API, how it names payments, how its notices look and
//! what it wants to hear in answer to them.
//!
//! The generic side (`buyer.rs`, [`crate::notify`]) lets buyers act and delivers notices; it
//! asks the protocol only for what differs. The usual way from a payment to its notice:
//!
//! ```text
//! POST /sim/stripe/cs_1/pay -> Protocol::act changes the books and says What happened
//!                           -> a News for each What
//!                           -> Protocol::notices words and signs it (raw HTTP requests)
//!                           -> notify sends each until Protocol::is_accepted
//! ```
//!
//! What happens in the API itself (a refund, a capture, a cancellation) is told with
//! [`World::tell`].

use std::sync::Arc;

use axum::Router;
use http::{Method, StatusCode};
use serde::Deserialize;

use crate::World;
use crate::books::{ActError, Books, Capture, Dispute, Intent, Refund};
use crate::{payos, paypal, razorpay, stripe, vnpay, zalopay};

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Checkout Sessions and Payment Intents.
    Stripe,
    /// Payment Links.
    Razorpay,
    /// Orders, v2.
    Paypal,
    /// Payment requests.
    Payos,
    /// 2.1.0.
    Vnpay,
    /// `OpenAPI` v2.
    Zalopay,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Stripe, Self::Razorpay, Self::Paypal, Self::Payos, Self::Vnpay, Self::Zalopay];

    /// Its name in paths: `/<name>` is its API, notices go to `<base>/<name>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Razorpay => "razorpay",
            Self::Paypal => "paypal",
            Self::Payos => "payos",
            Self::Vnpay => "vnpay",
            Self::Zalopay => "zalopay",
        }
    }

    /// The provider of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.name() == name)
    }

    /// Its module.
    pub fn protocol(self) -> &'static dyn Protocol {
        match self {
            Self::Stripe => &stripe::Stripe,
            Self::Razorpay => &razorpay::Razorpay,
            Self::Paypal => &paypal::Paypal,
            Self::Payos => &payos::Payos,
            Self::Vnpay => &vnpay::Vnpay,
            Self::Zalopay => &zalopay::Zalopay,
        }
    }
}

/// What differs between providers. A module has one type without fields that implements this; all
/// state is in the [`World`].
pub trait Protocol: Sync {
    /// The API, as it is below the provider's host: mounted at `/<name>`. The pay page
    /// (`/<name>/pay/{reference}`) is there already.
    fn routes(&self, world: Arc<World>) -> Router;

    /// The name of the payment that comes for an intent. `serial` was not used before.
    fn payment_name(&self, intent: &Intent, serial: u64) -> String;

    /// The name of a dispute about a payment. `serial` was not used before.
    fn dispute_name(&self, serial: u64) -> String {
        format!("dp_{serial}")
    }

    /// Does in the books what a buyer does, and says what happened: for each of it there are
    /// notices. A provider that takes the money in two steps, or lets a declined buyer try no more,
    /// says so here.
    fn act(&self, books: &mut Books, wish: &ActWish<'_>) -> Result<Vec<What>, ActError> {
        wish.usual(self, books, Declined::TriesAgain)
    }

    /// The notices that tell the news, signed. With `is_forged`, somebody else made them, who knows
    /// everything but the key. None if the provider does not tell such news. Asked again for each
    /// attempt: as many, with the same names, signed anew.
    fn notices(&self, world: &World, news: &News, is_forged: bool) -> Vec<Notice>;

    /// Whether the provider is content with what its notice was answered.
    fn is_accepted(&self, status: StatusCode, _body: &[u8]) -> bool {
        status.is_success()
    }

    /// How often it sends a notice that is not accepted, at most.
    fn attempts_max(&self) -> u32 {
        15
    }

    /// Where the buyer goes after this act, if the merchant said it. The order of the parameters
    /// and their signature are the provider's.
    fn return_url(&self, world: &World, intent: &Intent, act: Act) -> Option<String>;
}

/// What a buyer (or time) does with an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// The buyer does their part; the money takes a while. `pay` or `decline` brings the answer,
    /// even if the intent was closed meanwhile.
    Start,
    /// The money comes.
    Pay,
    /// The bank says no.
    Decline,
    /// The buyer goes away.
    Cancel,
    /// The time is over.
    Expire,
}

impl Act {
    /// What the pay page offers.
    pub const PAGE: [Self; 4] = [Self::Pay, Self::Decline, Self::Cancel, Self::Start];

    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pay => "pay",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
        }
    }
}

/// An act, and upon what.
#[derive(Clone, Copy, Debug)]
pub struct ActWish<'a> {
    /// What is done.
    pub act: Act,
    /// With which intent.
    pub reference: &'a str,
    /// How much is paid, where that is not simply the intent's amount.
    pub amount: Option<u64>,
    /// When.
    pub now_s: u64,
}

/// What a buyer can do whom the bank declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declined {
    /// Try again on the same page.
    TriesAgain,
    /// Nothing: the intent is over.
    IsOver,
}

impl ActWish<'_> {
    /// What most providers do.
    pub fn usual<P: Protocol + ?Sized>(
        &self,
        protocol: &P,
        books: &mut Books,
        declined: Declined,
    ) -> Result<Vec<What>, ActError> {
        let Self { act, reference, amount, now_s } = *self;
        let what = match act {
            Act::Start => books.start(reference, now_s).map(|()| What::Started),
            Act::Pay => {
                let serial = books.next_serial();
                let intent = books.find(reference).ok_or(ActError::NotFound)?;
                let id = protocol.payment_name(intent, serial);
                books.pay(reference, id, amount, now_s).map(What::Captured)
            }
            Act::Decline => {
                let ends = declined == Declined::IsOver;
                books.decline(reference, ends, now_s).map(|()| What::Declined)
            }
            Act::Cancel => books.cancel(reference, now_s).map(|()| What::Cancelled),
            Act::Expire => books.expire(reference).map(|()| What::Expired),
        };
        what.map(|what| vec![what])
    }
}

/// What happened to an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The buyer has done their part.
    Started,
    /// Money came.
    Captured(Capture),
    /// The bank said no.
    Declined,
    /// Nobody wants it any more.
    Cancelled,
    /// Its time is over.
    Expired,
    /// Money goes back; the refund says how it stands.
    Refunded(Refund),
    /// A bank asks money back; the dispute says how it stands.
    Disputed(Dispute),
}

/// Something that happened, to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// A number for the news: the same when it is told again.
    pub serial: u64,
    /// When it happened, in Unix seconds.
    pub at_s: u64,
    /// What happened. An amount in here is what is to be claimed; it may be wrong on purpose.
    pub what: What,
    /// The intent as it is now.
    pub intent: Intent,
}

/// A notice as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where it goes, if the merchant named a place for this intent; else to the configured one.
    pub url: Option<String>,
    /// How.
    pub method: Method,
    /// What stands behind the `?`, encoded already; empty for nothing.
    pub query: String,
    /// With which headers.
    pub headers: Vec<(&'static str, String)>,
    /// With which bytes.
    pub body: Vec<u8>,
}

impl Notice {
    /// A POST of JSON.
    pub fn json(body: Vec<u8>, mut headers: Vec<(&'static str, String)>) -> Self {
        headers.push(("content-type", "application/json".into()));
        Self { url: None, method: Method::POST, query: String::new(), headers, body }
    }

    /// A GET with everything in the query.
    pub fn get(query: String) -> Self {
        Self { url: None, method: Method::GET, query, headers: Vec::new(), body: Vec::new() }
    }
}

/// How notices go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// Not at all.
    #[default]
    Once,
    /// Everything is told twice.
    Twice,
    /// Nothing is told.
    Never,
    /// Nothing happens at the provider. Somebody else says that it did, with another key.
    Forged,
    /// The provider says less than what came.
    WrongAmount,
    /// It is told after a while ([`crate::Config::late_after`]).
    Late,
}
