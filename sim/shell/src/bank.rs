//! A payment provider that is somebody else's machine: its books survive the server, it is slow, it
//! fails now and then, and it tells of a payment until it is heard, sometimes twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use madsim::time::{Instant, sleep};
use onsale_core::command::{PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::{EventId, OrderId};
use onsale_core::money::{Amount, Currency};
use onsale_core::time::Time;
use onsale_net::provider::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Question, RawNotice, RefundReceipt, RefundWish, Said,
};
use serde_json::{Value, json};

use crate::client::{Ask, Client};
use crate::swarm::{chance, up_to_ms};

/// What the server calls it.
pub const NAME: &str = "bank";

/// How often it does not do what it is asked, or does and does not say so.
const FAULT_CHANCE: f64 = 0.1;

/// How often it tells of a payment twice.
const REPEAT_CHANCE: f64 = 0.2;

/// The bank. A cheap handle.
#[derive(Clone, Default)]
pub struct Bank(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    intents: BTreeMap<OrderId, IntentWish>,
    captured: BTreeMap<OrderId, u64>,
    refunded: BTreeMap<String, (OrderId, u64)>,
    payments: u64,
    untold: u64,
}

/// What came and went for one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Money that buyers paid.
    pub captured_minor: u64,
    /// Money that they got back.
    pub refunded_minor: u64,
}

impl Bank {
    /// A buyer pays; the server is told. Nothing happens before the bank knows of the order.
    pub async fn pay(&self, server: SocketAddr, order: OrderId) {
        let Some(notice) = self.capture(order) else { return };
        self.tell(server, notice).await;
        self.books().untold -= 1;
    }

    /// A buyer cannot pay; the server is told.
    pub async fn decline(&self, server: SocketAddr, order: OrderId) {
        self.books().untold += 1;
        let notice = json!({ "order": order.to_string(), "payment": format!("no-{order}") });
        self.tell(server, notice).await;
        self.books().untold -= 1;
    }

    /// Payments that the server has not confirmed yet.
    pub fn untold(&self) -> u64 {
        self.books().untold
    }

    /// What came and went for an event.
    pub fn turnover(&self, event: EventId) -> Turnover {
        let books = self.books();
        let captured = books.captured.iter().filter(|(order, _)| order.event == event);
        let refunded = books.refunded.values().filter(|(order, _)| order.event == event);
        Turnover {
            captured_minor: captured.map(|(_, minor)| minor).sum(),
            refunded_minor: refunded.map(|(_, minor)| minor).sum(),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn capture(&self, order: OrderId) -> Option<Value> {
        let mut books = self.books();
        let wish = books.intents.get(&order)?.clone();
        books.payments += 1;
        books.untold += 1;
        *books.captured.entry(order).or_default() += wish.amount.as_minor();
        Some(json!({
            "order": order.to_string(),
            "payment": format!("pay-{}", books.payments),
            "amount_minor": wish.amount.as_minor(),
            "currency": wish.currency.to_string(),
        }))
    }

    async fn tell(&self, server: SocketAddr, notice: Value) {
        let mut client = Client::new(server, NAME);
        let ask = Ask::post(format!("/api/v1/webhooks/{NAME}"), notice);
        for_ever(&mut client, &ask).await;
        if chance(REPEAT_CHANCE) {
            sleep(up_to_ms(5_000)).await;
            for_ever(&mut client, &ask).await;
        }
    }

    fn refund_once(&self, wish: &RefundWish) {
        let entry = (wish.order, wish.amount.as_minor());
        self.books().refunded.insert(wish.id(), entry);
    }
}

async fn for_ever(client: &mut Client, ask: &Ask) {
    let day = Duration::from_secs(24 * 3_600);
    let answer = client.insist(ask, Instant::now() + day).await.expect("a day is enough");
    assert!(answer.status.is_success(), "the server refuses a notice: {answer:?}");
}

impl PaymentProvider for Bank {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        async move {
            sleep(up_to_ms(500)).await;
            self.books().intents.insert(wish.order, wish.clone());
            maybe_faulty()?;
            sleep(up_to_ms(500)).await;
            let reference = format!("intent-{}", wish.order);
            Ok(IntentPage { url: format!("https://bank.example/{reference}"), reference })
        }
        .boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        async move {
            sleep(up_to_ms(500)).await;
            maybe_faulty()?;
            self.refund_once(wish);
            maybe_faulty()?;
            sleep(up_to_ms(500)).await;
            Ok(RefundReceipt::done(wish.id()))
        }
        .boxed()
    }

    fn query<'a>(&'a self, _: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        // It tells by itself until it is heard.
        async { Ok(Vec::new()) }.boxed()
    }

    fn verify_notice(&self, notice: RawNotice<'_>, _: Time) -> Result<Vec<Said>, NoticeError> {
        let parsed = parse(notice.body).ok_or_else(|| NoticeError::Malformed("no notice".into()));
        parsed.map(|notice| vec![Said::Payment(notice)])
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let answer = NoticeAnswer { content_type: "text/plain", body: "heard" };
        (fate == Fate::Recorded).then_some(answer)
    }
}

fn maybe_faulty() -> Result<(), AskError> {
    if chance(FAULT_CHANCE) { Err(AskError::Temporary("busy".into())) } else { Ok(()) }
}

/// Signatures are not this world's subject: what comes is believed.
fn parse(body: &[u8]) -> Option<PaymentNotice> {
    let notice: Value = serde_json::from_slice(body).ok()?;
    let outcome = match notice["amount_minor"].as_u64() {
        Some(minor) => PaymentOutcome::Captured {
            amount: Amount::from_minor(minor),
            currency: notice["currency"].as_str()?.parse().ok()?,
        },
        None => PaymentOutcome::Declined,
    };
    Some(PaymentNotice {
        provider: Provider(NAME.into()),
        order: notice["order"].as_str()?.parse().ok()?,
        payment: notice["payment"].as_str()?.to_owned(),
        outcome,
    })
}
