//! The payment provider: a machine of its own with books of its own, reached over the network only.
//! It misbehaves as its [`Script`] says. Its books are on paper: no crash loses them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::time::Time;
use onsale_net::provider::sandbox::ledger::{IntentId, NoticeKind};
use onsale_net::provider::sandbox::webhook::{Body, Data, SIGNATURE_HEADER};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::sign;
use onsale_runtime::host::Clock;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use crate::host::clock;
use crate::http::{Call, send};

/// Where webhooks go.
pub const WEBHOOK_PATH: &str = "/api/v1/webhooks/sandbox";

/// How long after a webhook that was not taken it is sent again.
const AGAIN: Duration = Duration::from_millis(700);

/// How the bank behaves.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// So many requests for an intent, or for a refund, are answered 503 first.
    pub failures: u32,
    /// So many after that are done and never answered.
    pub silences: u32,
    /// The buyer's card is known: money is taken while the intent is being made.
    pub captures_at_once: bool,
    /// How long the answer to a request for an intent takes.
    pub reply_after: Duration,
    /// How long the money takes after the buyer has paid.
    pub capture_after: Duration,
    /// How often each webhook is sent.
    pub webhooks: u32,
}

/// Money that was taken.
#[derive(Clone, Debug)]
pub struct Capture {
    /// For which order.
    pub order: OrderId,
    /// Its name.
    pub payment: String,
    /// How much, in minor units.
    pub amount_minor: u64,
}

/// Money that was given back.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The key under which it was asked for.
    pub key: String,
    /// Which capture it is of.
    pub payment: String,
    /// How much, in minor units.
    pub amount_minor: u64,
}

/// A wish to be paid.
#[derive(Clone, Debug)]
pub struct Intent {
    /// For which order.
    pub order: OrderId,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// How often it was asked for.
    pub asked: u32,
}

/// The books.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Everything that can be paid, by its name.
    pub intents: BTreeMap<String, Intent>,
    /// Everything that was paid, in order.
    pub captures: Vec<Capture>,
    /// Everything that was given back, in order.
    pub refunds: Vec<Refund>,
    /// Payments that are being taken, and webhooks that still have to arrive.
    pub under_way: u32,
    /// How often a refund was asked for.
    pub refunds_asked: u32,
}

/// The bank. A handle: books and script are shared by all of them.
#[derive(Clone)]
pub struct Bank {
    secret: Secret,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    books: Books,
    script: Script,
}

impl Bank {
    /// A bank that signs with `secret`, without customers.
    pub fn new(secret: Secret) -> Self {
        let script = Script { webhooks: 1, ..Script::default() };
        Self { secret, inner: Arc::new(Mutex::new(Inner { books: Books::default(), script })) }
    }

    /// The books as they are.
    pub fn books(&self) -> Books {
        self.lock().books.clone()
    }

    /// Changes how the bank behaves from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.lock().script);
    }

    /// What a webhook about an intent says, and its signature as of `at`.
    pub fn webhook(&self, kind: NoticeKind, payment: &str, reference: &str, at: Time) -> Call {
        let body = self.body(kind, payment, reference);
        self.signed(&body, at)
    }

    /// Any body, signed as of `at`.
    pub fn signed(&self, body: &Body, at: Time) -> Call {
        let value = serde_json::to_value(body).expect("a body of texts and numbers");
        let call = Call::post(WEBHOOK_PATH, &value);
        let signature = sign(&self.secret, at, &call.body);
        call.header(SIGNATURE_HEADER, signature)
    }

    /// What there is to say of an intent.
    pub fn body(&self, kind: NoticeKind, payment: &str, reference: &str) -> Body {
        let intent = self.lock().books.intents[reference].clone();
        let data = Data {
            intent: IntentId(reference.to_owned()),
            order: intent.order,
            payment: payment.to_owned(),
            amount_minor: intent.amount,
            currency: intent.currency,
        };
        Body { id: format!("ntc_{payment}"), kind, created: 0, data }
    }

    /// What the bank's machine serves.
    pub fn routes(&self) -> Router {
        let clock = clock();
        Router::new()
            .route("/intents", post(open))
            .route("/intents/{reference}", get(query))
            .route("/refunds", post(refund))
            .route("/pay/{reference}", post(pay))
            .with_state(Desk { bank: self.clone(), clock })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this request fails, or is done in silence, as the script has it.
    fn mishap(&self) -> (bool, bool) {
        let script = &mut self.lock().script;
        if script.failures > 0 {
            script.failures -= 1;
            return (true, false);
        }
        let is_silent = script.silences > 0;
        script.silences -= u32::from(is_silent);
        (false, is_silent)
    }
}

/// The bank at its own machine.
#[derive(Clone)]
struct Desk {
    bank: Bank,
    clock: Clock,
}

#[derive(Deserialize)]
struct OpenWish {
    id: String,
    order: String,
    amount_minor: Amount,
    currency: String,
}

#[derive(Deserialize)]
struct RefundWish {
    id: String,
    payment: String,
    amount_minor: u64,
}

#[derive(Deserialize)]
struct PayWish {
    behaviour: String,
}

async fn open(State(desk): State<Desk>, Json(wish): Json<OpenWish>) -> Response {
    let (fails, is_silent) = desk.bank.mishap();
    let reference = format!("in_{}", wish.id);
    let (Ok(order), Ok(currency)) = (wish.order.parse(), wish.currency.parse()) else {
        return refused("this order or currency cannot be read");
    };
    let amount = wish.amount_minor;
    let (script, is_new) = {
        let Inner { books, script } = &mut *desk.bank.lock();
        let is_new = !books.intents.contains_key(&reference);
        let fresh = || Intent { order, amount, currency, asked: 0 };
        if !fails {
            books.intents.entry(reference.clone()).or_insert_with(fresh).asked += 1;
        }
        (script.clone(), is_new)
    };
    if fails {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if script.captures_at_once && is_new {
        tokio::spawn(capture(desk, reference.clone()));
    }
    sleep(script.reply_after).await;
    if is_silent {
        return std::future::pending().await;
    }
    let url = format!("http://bank/pay/{reference}");
    Json(json!({ "reference": reference, "url": url })).into_response()
}

async fn query(State(desk): State<Desk>, Path(reference): Path<String>) -> Response {
    let books = desk.bank.books();
    let Some(intent) = books.intents.get(&reference) else { return refused("unknown") };
    let captures = books.captures.iter().filter(|capture| capture.order == intent.order);
    let said =
        captures.map(|capture| desk.bank.body(NoticeKind::Captured, &capture.payment, &reference));
    Json(said.collect::<Vec<_>>()).into_response()
}

async fn refund(State(desk): State<Desk>, Json(wish): Json<RefundWish>) -> Response {
    let (fails, is_silent) = desk.bank.mishap();
    desk.bank.lock().books.refunds_asked += 1;
    if fails {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let RefundWish { id, payment, amount_minor } = wish;
    if let Err(why) = desk.bank.lock().books.give_back(&id, &payment, amount_minor) {
        return refused(why);
    }
    if is_silent {
        return std::future::pending().await;
    }
    Json(json!({ "reference": format!("re_{id}") })).into_response()
}

impl Books {
    /// Once for each key, and never more than came.
    fn give_back(
        &mut self,
        key: &str,
        payment: &str,
        amount_minor: u64,
    ) -> Result<(), &'static str> {
        if let Some(known) = self.refunds.iter().find(|known| known.key == key) {
            let is_same = known.payment == payment && known.amount_minor == amount_minor;
            return if is_same { Ok(()) } else { Err("the key is another refund's") };
        }
        let capture = self.captures.iter().find(|capture| capture.payment == payment);
        let came = capture.map(|capture| capture.amount_minor).ok_or("no such payment")?;
        let of_it = self.refunds.iter().filter(|refund| refund.payment == payment);
        let gone: u64 = of_it.map(|refund| refund.amount_minor).sum();
        if gone + amount_minor > came {
            return Err("more than came cannot go back");
        }
        self.refunds.push(Refund {
            key: key.to_owned(),
            payment: payment.to_owned(),
            amount_minor,
        });
        Ok(())
    }
}

/// The buyer pays; whoever pays again is shown the same.
async fn pay(
    State(desk): State<Desk>,
    Path(reference): Path<String>,
    Json(wish): Json<PayWish>,
) -> Response {
    let Some(intent) = desk.bank.books().intents.get(&reference).cloned() else {
        return refused("there is no such page");
    };
    let payment = format!("pay_{}", intent.order);
    if wish.behaviour == "decline" {
        desk.bank.lock().books.under_way += 1;
        tokio::spawn(deliver(desk, NoticeKind::Declined, format!("{payment}_0"), reference));
        return Json(json!({ "outcome": "declined" })).into_response();
    }
    tokio::spawn(capture(desk, reference));
    Json(json!({ "outcome": "captured" })).into_response()
}

/// Takes the money, once, and says so.
async fn capture(desk: Desk, reference: String) {
    sleep(desk.bank.begin_capture()).await;
    let Some((payment, times)) = desk.bank.end_capture(&reference) else { return };
    for _ in 0..times {
        let (desk, payment, reference) = (desk.clone(), payment.clone(), reference.clone());
        tokio::spawn(deliver(desk, NoticeKind::Captured, payment, reference));
    }
}

impl Bank {
    /// Takes another amount than was asked for, without a word.
    pub fn take(&self, reference: &str, amount_minor: u64) {
        let books = &mut self.lock().books;
        let order = books.intents[reference].order;
        books.captures.push(Capture { order, payment: format!("pay_{order}"), amount_minor });
    }

    /// How long the money takes.
    fn begin_capture(&self) -> Duration {
        let Inner { books, script } = &mut *self.lock();
        books.under_way += 1;
        script.capture_after
    }

    /// The payment's name and how often it is told; `None` if it was taken before.
    fn end_capture(&self, reference: &str) -> Option<(String, u32)> {
        let Inner { books, script } = &mut *self.lock();
        books.under_way -= 1;
        let Intent { order, amount, .. } = books.intents[reference];
        let payment = format!("pay_{order}");
        if books.captures.iter().any(|capture| capture.payment == payment) {
            return None;
        }
        let amount_minor = amount.as_minor();
        books.captures.push(Capture { order, payment: payment.clone(), amount_minor });
        books.under_way += script.webhooks;
        Some((payment, script.webhooks))
    }
}

/// Sends a webhook until it is taken.
async fn deliver(desk: Desk, kind: NoticeKind, payment: String, reference: String) {
    loop {
        let now = Time::from_ms(desk.clock.now_ms());
        let call = desk.bank.webhook(kind, &payment, &reference, now);
        if send("server", &call).await.is_some_and(|answer| answer.status == StatusCode::OK) {
            break;
        }
        sleep(AGAIN).await;
    }
    desk.bank.lock().books.under_way -= 1;
}

fn refused(why: &str) -> Response {
    (StatusCode::CONFLICT, Json(json!({ "why": why }))).into_response()
}
