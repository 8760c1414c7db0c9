//! Notices of disputes lead to questions: about one dispute one at a time, so that what is written
//! down last is what was asked last.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use futures_util::FutureExt;
use http::{Request, StatusCode};
use onsale_core::command::{Actor, DisputeNotice, PaymentNotice, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use onsale_core::query::{Query, View};
use onsale_core::time::Time;
use onsale_net::port::{Look, Partitions};
use onsale_net::provider::disputes::{self, DisputesConfig};
use onsale_net::provider::metrics::NoticeMetrics;
use onsale_net::provider::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Providers, Question, RawNotice, RefundReceipt, RefundWish, Said, webhook,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::world::{MemoryPort, event, place_order};

/// What a bank says, or nothing while it thinks.
type End = Option<DisputeEnd>;

/// A provider that answers when the test does. The body of its notices is a dispute's name.
struct Bank {
    order: OrderId,
    /// Which dispute it is asked about, and where the answer goes.
    asked: mpsc::UnboundedSender<(String, oneshot::Sender<End>)>,
}

impl Bank {
    async fn answer(&self, dispute: &str) -> Result<Option<DisputeNotice>, AskError> {
        let (answer, answered) = oneshot::channel();
        self.asked.send((dispute.to_owned(), answer)).unwrap();
        let end = answered.await.map_err(|_| AskError::Temporary("no answer".into()))?;
        Ok(Some(DisputeNotice {
            provider: Provider("sandbox".into()),
            order: self.order,
            payment: "pay_1".into(),
            dispute: dispute.to_owned(),
            amount: Amount::from_minor(5_000),
            currency: euro(),
            reason: "fraudulent".into(),
            end,
        }))
    }
}

impl PaymentProvider for Bank {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, _: &'a IntentWish) -> Asking<'a, IntentPage> {
        unreachable!("nobody asks for a page")
    }

    fn query<'a>(&'a self, _: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        unreachable!("nobody asks about an intent")
    }

    fn refund<'a>(&'a self, _: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        unreachable!("nobody asks for a refund")
    }

    fn query_dispute<'a>(&'a self, dispute: &'a str) -> Asking<'a, Option<DisputeNotice>> {
        self.answer(dispute).boxed()
    }

    fn verify_notice(&self, notice: RawNotice<'_>, _: Time) -> Result<Vec<Said>, NoticeError> {
        let name = String::from_utf8(notice.body.to_vec()).unwrap();
        Ok(vec![Said::AskDispute(name)])
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let answer = NoticeAnswer { content_type: "text/plain", body: "" };
        (fate == Fate::Recorded).then_some(answer)
    }
}

/// The server's side, and the questions as they come to the provider.
struct Desk {
    port: MemoryPort,
    order: OrderId,
    router: Router,
    questions: mpsc::UnboundedReceiver<(String, oneshot::Sender<End>)>,
}

impl Desk {
    fn new(config: DisputesConfig) -> Self {
        let (port, _) = MemoryPort::new();
        let order = place_order(&port, event(&port, 5_000), 1, 1);
        let (asked, questions) = mpsc::unbounded_channel();
        let (disputed, disputes) = mpsc::channel(10);
        let bank = Arc::new(Bank { order, asked }) as Arc<dyn PaymentProvider>;
        let providers = Providers::new([bank]).disputes_asked_by(disputed);
        let router = webhook::routes(port.clone(), providers.clone(), &NoticeMetrics::default());
        tokio::spawn(disputes::run(port.clone(), providers, disputes, config));
        Self { port, order, router, questions }
    }

    /// Tells that something happened to a dispute, and goes on. What it is answered.
    fn tell(&self, dispute: &'static str) -> JoinHandle<StatusCode> {
        let request = Request::post("/api/v1/webhooks/sandbox").body(Body::from(dispute)).unwrap();
        let answer = self.router.clone().oneshot(request);
        tokio::spawn(async move { answer.await.unwrap().status() })
    }

    /// The next question, which must be about this dispute.
    async fn asked(&mut self, expected: &str) -> oneshot::Sender<End> {
        let (dispute, answer) = self.questions.recv().await.unwrap();
        assert_eq!(dispute, expected);
        answer
    }

    /// The disputes that are written down and live, and whether they are lost.
    async fn live(&self) -> Vec<(String, bool)> {
        let query = Query::Disputes { event: self.order.event, after: None, orders_max: 9 };
        let look = Look { actor: Actor::Operator, query, wait: None };
        let partition = self.order.event.partition();
        let View::Disputes(live) = self.port.look(partition, look).await.unwrap() else { panic!() };
        live.into_iter().map(|one| (one.dispute, one.is_lost)).collect()
    }
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn open(name: &str) -> (String, bool) {
    (name.to_owned(), false)
}

#[tokio::test(start_paused = true)]
async fn no_question_about_a_dispute_overtakes_another() {
    let mut desk = Desk::new(DisputesConfig::default());
    let first = desk.tell("dp_1");
    let answer = desk.asked("dp_1").await;
    // The bank decides while the first question is on its way.
    let (second, third) = (desk.tell("dp_1"), desk.tell("dp_1"));
    let other = desk.tell("dp_2");
    desk.asked("dp_2").await.send(None).unwrap();
    assert_eq!(other.await.unwrap(), StatusCode::OK, "others need not wait");
    assert!(!second.is_finished());
    answer.send(None).unwrap();
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    assert_eq!(desk.live().await, [open("dp_2"), open("dp_1")]);

    desk.asked("dp_1").await.send(Some(DisputeEnd::Won)).unwrap();
    assert_eq!((second.await.unwrap(), third.await.unwrap()), (StatusCode::OK, StatusCode::OK));
    assert_eq!(desk.live().await, [open("dp_2")], "one question is enough for both");
    let again = desk.tell("dp_1");
    desk.asked("dp_1").await.send(None).unwrap();
    assert_eq!(again.await.unwrap(), StatusCode::OK);
    assert_eq!(desk.live().await, [open("dp_2"), open("dp_1")], "it is taken up again");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_answered_is_told_again() {
    let mut desk = Desk::new(DisputesConfig::default());
    let (first, second) = (desk.tell("dp_1"), desk.tell("dp_1"));
    drop(desk.asked("dp_1").await);
    assert_eq!(first.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    desk.asked("dp_1").await.send(None).unwrap();
    assert_eq!(second.await.unwrap(), StatusCode::OK);
    assert_eq!(desk.live().await, [open("dp_1")]);
}

#[tokio::test(start_paused = true)]
async fn who_finds_too_many_waiting_comes_again() {
    let config = DisputesConfig { waiting_max: 1, ..DisputesConfig::default() };
    let mut desk = Desk::new(config);
    let first = desk.tell("dp_1");
    let answer = desk.asked("dp_1").await;
    let (second, third) = (desk.tell("dp_1"), desk.tell("dp_1"));
    assert_eq!(third.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    answer.send(None).unwrap();
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    desk.asked("dp_1").await.send(None).unwrap();
    assert_eq!(second.await.unwrap(), StatusCode::OK);
}
