//! Razorpay's adapter against Razorpay, simulated.

use http::StatusCode;
use onsale_core::command::PaymentOutcome;
use onsale_core::time::Span;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::razorpay::{NAME, Razorpay, RazorpaySettings};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::SignatureError;
use onsale_net::provider::{AskError, IntentPage, NoticeError, PaymentProvider, Question};
use onsale_provider_sim::credentials::{
    RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET, RAZORPAY_WEBHOOK_SECRET,
};
use serde_json::Value;

use crate::simulator::{
    Simulator, captured, only, order, payment, query, refund, says, silent_api,
};

pub fn settings(simulator: &Simulator) -> RazorpaySettings {
    RazorpaySettings {
        api: simulator.api("razorpay/v1"),
        key_id: RAZORPAY_KEY_ID.into(),
        key_secret: Secret::new(RAZORPAY_KEY_SECRET),
        webhook_secrets: vec![Secret::new(RAZORPAY_WEBHOOK_SECRET)].into(),
        return_url: "https://tickets.example/return".into(),
        installation: Installation::of(1),
    }
}

async fn start() -> (Simulator, Razorpay) {
    let simulator = Simulator::start().await;
    let razorpay = Razorpay::new(settings(&simulator), simulator.clock());
    (simulator, razorpay)
}

/// An order of 50 rupees with a page on which it can be paid.
async fn page(simulator: &Simulator, razorpay: &Razorpay) -> IntentPage {
    razorpay.create_intent(&simulator.wish(1, 5_000, "INR")).await.unwrap()
}

/// The page, paid, and the payment's name.
async fn paid(simulator: &mut Simulator, razorpay: &Razorpay) -> (IntentPage, String) {
    let page = page(simulator, razorpay).await;
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let said = simulator.caught().await.verify(razorpay, simulator.now()).unwrap();
    simulator.all_caught(NAME).await;
    (page, payment(said).payment)
}

#[tokio::test]
async fn a_buyer_pays_by_a_link_and_gets_money_back() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    let (status, shown) = simulator.open(&page.url).await;
    assert!(status.is_success() && shown.contains("5000 INR"), "{shown}");
    assert_eq!(query(&razorpay, 1, &page.reference).await, []);

    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let mut told = Vec::new();
    for notice in simulator.all_caught(NAME).await {
        told.push(payment(notice.verify(&razorpay, simulator.now()).unwrap()));
    }
    let name = told[0].payment.clone();
    let expected = captured(NAME, 1, &name, 5_000, "INR");
    assert_eq!(told, [expected.clone(), expected.clone()], "link and payment tell the same");
    assert_eq!(only(query(&razorpay, 1, &page.reference).await), expected);

    let part = refund(1, 0, &name, 2_000, "INR");
    let receipt = razorpay.refund(&part).await.unwrap();
    assert!(!receipt.is_pending);
    assert_eq!(razorpay.refund(&part).await.unwrap(), receipt, "once");
    assert_eq!(razorpay.query_refund(&part, &receipt.reference).await.unwrap(), receipt);
    razorpay.refund(&refund(1, 1, &name, 3_000, "INR")).await.unwrap();
    assert_eq!(simulator.sums(NAME, "INR").await, (5_000, 5_000));
    let more = razorpay.refund(&refund(1, 2, &name, 1, "INR")).await;
    assert!(matches!(more, Err(AskError::Refused(_))), "{more:?}");
    let refunds = simulator.all_caught(NAME).await;
    assert_eq!(refunds.len(), 2);
    for notice in refunds {
        assert_eq!(notice.verify(&razorpay, simulator.now()), Ok(Vec::new()));
    }
    assert_eq!(query(&razorpay, 1, &page.reference).await, [expected], "it had come");
}

#[tokio::test]
async fn an_order_has_one_link_however_often_it_is_asked_for() {
    let (simulator, razorpay) = start().await;
    let wish = simulator.wish(1, 5_000, "INR");
    for fault in ["lost", "error", "garbage"] {
        simulator.fault(NAME, fault).await;
        let failed = razorpay.create_intent(&wish).await;
        assert!(matches!(failed, Err(AskError::Temporary(_))), "{fault}: {failed:?}");
    }
    let page = razorpay.create_intent(&wish).await.unwrap();
    simulator.advance(Span::from_mins(10));
    assert_eq!(razorpay.create_intent(&wish).await.unwrap(), page);
    let books = simulator.books(NAME).await;
    assert_eq!(books["intents"].as_array().unwrap().len(), 1);
    let intent = &books["intents"][0];
    assert_eq!(intent["reference"], Value::from(page.reference));
    let name = Installation::of(1).name_of(order(1));
    assert_eq!(intent["details"]["reference_id"], name);
    let back = format!("https://tickets.example/return?order={}", order(1));
    assert_eq!(intent["details"]["callback_url"], back);
    assert_eq!(intent["expires_s"], wish.until.as_ms() / 1_000 + 60, "sixteen minutes at least");
}

#[tokio::test]
async fn a_declined_buyer_tries_again_with_the_same_link() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    for act in ["decline", "cancel"] {
        assert_eq!(simulator.act(NAME, &page.reference, act).await, StatusCode::OK);
    }
    for notice in simulator.all_caught(NAME).await {
        assert_eq!(notice.verify(&razorpay, simulator.now()), Ok(Vec::new()));
    }
    assert_eq!(query(&razorpay, 1, &page.reference).await, []);
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    assert_eq!(query(&razorpay, 1, &page.reference).await.len(), 1);
}

#[tokio::test]
async fn a_link_that_is_closed_or_over_takes_no_money() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    for _ in 0..2 {
        razorpay.close_intent(order(1), &page.reference).await.unwrap();
    }
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::CONFLICT);
    let other = razorpay.create_intent(&simulator.wish(2, 5_000, "INR")).await.unwrap();
    simulator.advance(Span::from_mins(16));
    assert_eq!(simulator.act(NAME, &other.reference, "pay").await, StatusCode::CONFLICT);
    razorpay.close_intent(order(2), &other.reference).await.unwrap();
    for notice in simulator.all_caught(NAME).await {
        assert_eq!(notice.verify(&razorpay, simulator.now()), Ok(Vec::new()));
    }
    assert_eq!(simulator.sums(NAME, "INR").await, (0, 0));
}

#[tokio::test]
async fn closing_what_is_paid_changes_nothing() {
    let (mut simulator, razorpay) = start().await;
    let (page, name) = paid(&mut simulator, &razorpay).await;
    razorpay.close_intent(order(1), &page.reference).await.unwrap();
    let expected = captured(NAME, 1, &name, 5_000, "INR");
    assert_eq!(only(query(&razorpay, 1, &page.reference).await), expected);
}

#[tokio::test]
async fn authorized_money_is_taken_while_it_is_wanted() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    simulator.act(NAME, &page.reference, "start").await;
    let said = simulator.caught().await.verify(&razorpay, simulator.now()).unwrap();
    let name = payment(said).payment;
    let started = says(NAME, 1, &name, PaymentOutcome::Started);
    let reference = page.reference.clone();
    let unwanted = Question { order: order(1), reference, is_wanted: false };
    assert_eq!(razorpay.query(&unwanted).await.unwrap(), [started]);
    assert_eq!(simulator.sums(NAME, "INR").await, (0, 0), "not taken");
    let expected = captured(NAME, 1, &name, 5_000, "INR");
    assert_eq!(only(query(&razorpay, 1, &page.reference).await), expected);
    assert_eq!(only(query(&razorpay, 1, &page.reference).await), expected);
    assert_eq!(simulator.sums(NAME, "INR").await, (5_000, 0));
}

#[tokio::test]
async fn authorized_money_may_come_after_the_link_is_closed() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    simulator.act(NAME, &page.reference, "start").await;
    let said = simulator.caught().await.verify(&razorpay, simulator.now()).unwrap();
    let name = payment(said).payment;
    razorpay.close_intent(order(1), &page.reference).await.unwrap();
    simulator.advance(Span::from_mins(3 * 24 * 60));
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let expected = captured(NAME, 1, &name, 5_000, "INR");
    let last = simulator.all_caught(NAME).await.pop().unwrap();
    assert_eq!(payment(last.verify(&razorpay, simulator.now()).unwrap()), expected);
    assert_eq!(only(query(&razorpay, 1, &page.reference).await), expected);
}

#[tokio::test]
async fn what_is_told_twice_or_wrongly_or_never() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    simulator.act(NAME, &page.reference, "pay?notices=twice").await;
    let all = simulator.all_caught(NAME).await;
    assert_eq!(all.len(), 4);
    let mut names = Vec::new();
    for notice in all {
        names.push(payment(notice.verify(&razorpay, simulator.now()).unwrap()).payment);
    }
    names.dedup();
    assert_eq!(names.len(), 1);

    let other = razorpay.create_intent(&simulator.wish(2, 5_000, "INR")).await.unwrap();
    simulator.act(NAME, &other.reference, "pay?notices=wrong_amount").await;
    let wrong = simulator.all_caught(NAME).await.pop().unwrap();
    let wrong = payment(wrong.verify(&razorpay, simulator.now()).unwrap());
    assert_eq!(wrong, captured(NAME, 2, &wrong.payment, 4_999, "INR"));

    let never = razorpay.create_intent(&simulator.wish(3, 5_000, "INR")).await.unwrap();
    simulator.act(NAME, &never.reference, "pay?notices=never").await;
    assert_eq!(simulator.all_caught(NAME).await.len(), 0);
    assert_eq!(query(&razorpay, 3, &never.reference).await.len(), 1, "found by asking");
}

#[tokio::test]
async fn what_somebody_else_says_is_not_believed() {
    let (mut simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    simulator.act(NAME, &page.reference, "pay?notices=forged").await;
    let all = simulator.all_caught(NAME).await;
    assert_eq!(all.len(), 2);
    for notice in all {
        let wrong = NoticeError::Signature(SignatureError::Wrong);
        assert_eq!(notice.verify(&razorpay, simulator.now()), Err(wrong));
    }
    assert_eq!(query(&razorpay, 1, &page.reference).await, []);
    assert_eq!(simulator.sums(NAME, "INR").await, (0, 0));
}

#[tokio::test]
async fn a_refund_that_is_pending_is_asked_about() {
    let (mut simulator, razorpay) = start().await;
    let (_, name) = paid(&mut simulator, &razorpay).await;
    simulator.refunds(NAME, "pending").await;
    let first = refund(1, 0, &name, 2_000, "INR");
    let receipt = razorpay.refund(&first).await.unwrap();
    assert!(receipt.is_pending);
    assert!(razorpay.query_refund(&first, &receipt.reference).await.unwrap().is_pending);
    simulator.command(&format!("{NAME}/refunds/{}/done", receipt.reference)).await;
    assert!(!razorpay.query_refund(&first, &receipt.reference).await.unwrap().is_pending);

    let second = refund(1, 1, &name, 3_000, "INR");
    let receipt = razorpay.refund(&second).await.unwrap();
    simulator.command(&format!("{NAME}/refunds/{}/failed", receipt.reference)).await;
    let failed = razorpay.query_refund(&second, &receipt.reference).await;
    assert!(matches!(failed, Err(AskError::Refused(_))), "{failed:?}");
    assert_eq!(simulator.sums(NAME, "INR").await, (5_000, 2_000));
}

#[tokio::test]
async fn a_refund_is_made_once_even_when_its_answer_and_its_key_are_lost() {
    let (mut simulator, razorpay) = start().await;
    let (_, name) = paid(&mut simulator, &razorpay).await;
    let wish = refund(1, 0, &name, 2_000, "INR");
    simulator.fault(NAME, "lost").await;
    let lost = razorpay.refund(&wish).await;
    assert!(matches!(lost, Err(AskError::Temporary(_))), "{lost:?}");
    let receipt = razorpay.refund(&wish).await.unwrap();
    simulator.command(&format!("{NAME}/forget")).await;
    assert_eq!(razorpay.refund(&wish).await.unwrap(), receipt);
    assert_eq!(simulator.sums(NAME, "INR").await, (5_000, 2_000));
}

#[tokio::test]
async fn what_cannot_be_asked_now_is_asked_later() {
    let (simulator, razorpay) = start().await;
    let page = page(&simulator, &razorpay).await;
    let wish = simulator.wish(2, 5_000, "INR");
    let silent = RazorpaySettings { api: silent_api().await, ..settings(&simulator) };
    let stranger = RazorpaySettings { key_secret: Secret::new("wrong"), ..settings(&simulator) };
    for away in [silent, stranger] {
        let away = Razorpay::new(away, simulator.clock());
        let asked = away.create_intent(&wish).await.map(drop);
        let refunded = away.refund(&refund(1, 0, "pay_1", 1, "INR")).await.map(drop);
        let closed = away.close_intent(order(1), &page.reference).await;
        for result in [asked, refunded, closed] {
            assert!(matches!(result, Err(AskError::Temporary(_))), "{result:?}");
        }
    }
}

#[tokio::test]
async fn a_dispute_is_known_by_name_and_asked_about() {
    let (mut simulator, razorpay) = start().await;
    let (page, name) = paid(&mut simulator, &razorpay).await;
    simulator.disputes(&razorpay, &page.reference, &name).await;
    let unknown = razorpay.query_dispute("disp_unknown").await;
    assert!(matches!(unknown, Err(AskError::Refused(_))), "{unknown:?}");
}
