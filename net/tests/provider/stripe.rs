//! Stripe's adapter against Stripe, simulated.

use http::StatusCode;
use onsale_core::command::PaymentOutcome;
use onsale_core::time::Span;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::SignatureError;
use onsale_net::provider::stripe::{Flow, NAME, Stripe, StripeSettings};
use onsale_net::provider::{AskError, IntentPage, IntentWish, NoticeError, PaymentProvider};
use onsale_provider_sim::credentials::{STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET};
use serde_json::Value;

use crate::simulator::{
    Simulator, captured, only, order, payment, query, refund, says, silent_api,
};

const RETURN_URL: &str = "https://tickets.example/return";

pub fn settings(simulator: &Simulator, flow: Flow) -> StripeSettings {
    StripeSettings {
        api: simulator.api(NAME),
        secret_key: Secret::new(STRIPE_SECRET_KEY),
        webhook_secrets: vec![Secret::new(STRIPE_WEBHOOK_SECRET)].into(),
        return_url: RETURN_URL.into(),
        installation: Installation::of(1),
        flow,
    }
}

async fn start(flow: Flow) -> (Simulator, Stripe) {
    let simulator = Simulator::start().await;
    let stripe = Stripe::new(settings(&simulator, flow), simulator.clock());
    (simulator, stripe)
}

/// An order of 50 euros with a page on which it can be paid.
async fn page(simulator: &Simulator, stripe: &Stripe) -> IntentPage {
    stripe.create_intent(&simulator.wish(1, 5_000, "EUR")).await.unwrap()
}

/// The page, paid, and the payment's name.
async fn paid(simulator: &mut Simulator, stripe: &Stripe) -> (IntentPage, String) {
    let page = page(simulator, stripe).await;
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let said = simulator.caught().await.verify(stripe, simulator.now()).unwrap();
    simulator.all_caught(NAME).await;
    (page, payment(said).payment)
}

#[tokio::test]
async fn a_buyer_pays_on_stripes_page_and_gets_money_back() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    let (status, shown) = simulator.open(&page.url).await;
    assert!(status.is_success() && shown.contains("5000 EUR"), "{shown}");
    assert_eq!(query(&stripe, 1, &page.reference).await, []);

    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let mut told = Vec::new();
    for notice in simulator.all_caught(NAME).await {
        told.push(payment(notice.verify(&stripe, simulator.now()).unwrap()));
    }
    let name = told[0].payment.clone();
    let expected = captured(NAME, 1, &name, 5_000, "EUR");
    assert_eq!(told, [expected.clone(), expected.clone()], "session and intent tell the same");
    assert_eq!(only(query(&stripe, 1, &page.reference).await), expected);
    assert_eq!(simulator.sums(NAME, "EUR").await, (5_000, 0));

    let part = refund(1, 0, &name, 2_000, "EUR");
    let receipt = stripe.refund(&part).await.unwrap();
    assert!(!receipt.is_pending);
    assert_eq!(stripe.refund(&part).await.unwrap(), receipt, "once");
    assert_eq!(stripe.query_refund(&part, &receipt.reference).await.unwrap(), receipt);
    assert_eq!(simulator.sums(NAME, "EUR").await, (5_000, 2_000));
    stripe.refund(&refund(1, 1, &name, 3_000, "EUR")).await.unwrap();
    assert_eq!(simulator.sums(NAME, "EUR").await, (5_000, 5_000));
    let more = stripe.refund(&refund(1, 2, &name, 1, "EUR")).await;
    assert!(matches!(more, Err(AskError::Refused(_))), "{more:?}");
    let refunds = simulator.all_caught(NAME).await;
    assert_eq!(refunds.len(), 2);
    for notice in refunds {
        assert_eq!(notice.verify(&stripe, simulator.now()), Ok(Vec::new()));
    }
}

#[tokio::test]
async fn a_dispute_is_known_by_name_and_asked_about() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let (page, name) = paid(&mut simulator, &stripe).await;
    simulator.disputes(&stripe, &page.reference, &name).await;
    simulator.command(&format!("{NAME}/disputes/{}/lost", page.reference)).await;
    let refused = stripe.refund(&refund(1, 0, &name, 5_000, "EUR")).await;
    assert!(matches!(refused, Err(AskError::Refused(_))), "{refused:?}");
    let unknown = stripe.query_dispute("dp_unknown").await;
    assert!(matches!(unknown, Err(AskError::Refused(_))), "{unknown:?}");
}

#[tokio::test]
async fn an_order_has_one_page() {
    let (simulator, stripe) = start(Flow::Checkout).await;
    let first = page(&simulator, &stripe).await;
    simulator.advance(Span::from_mins(14));
    let until = simulator.now() + Span::from_mins(1);
    let wish = IntentWish { until, ..simulator.wish(1, 5_000, "EUR") };
    assert_eq!(stripe.create_intent(&wish).await.unwrap(), first);
    let books = simulator.books(NAME).await;
    assert_eq!(books["intents"].as_array().unwrap().len(), 1);
    let intent = &books["intents"][0];
    assert_eq!(intent["expires_s"], wish.until.as_ms() / 1_000 + 31 * 60);
    let name = Installation::of(1).name_of(order(1));
    assert_eq!(intent["details"]["client_reference_id"], name);
    let dearer = IntentWish { until, ..simulator.wish(1, 5_100, "EUR") };
    let refused = stripe.create_intent(&dearer).await;
    assert!(matches!(refused, Err(AskError::Refused(_))), "the key is used: {refused:?}");
}

#[tokio::test]
async fn a_declined_buyer_tries_again_on_the_same_page() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    for act in ["decline", "cancel"] {
        assert_eq!(simulator.act(NAME, &page.reference, act).await, StatusCode::OK);
    }
    for notice in simulator.all_caught(NAME).await {
        assert_eq!(notice.verify(&stripe, simulator.now()), Ok(Vec::new()));
    }
    assert_eq!(query(&stripe, 1, &page.reference).await, []);
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    assert_eq!(query(&stripe, 1, &page.reference).await.len(), 1);
}

#[tokio::test]
async fn a_page_that_is_closed_takes_no_money() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    for _ in 0..2 {
        stripe.close_intent(order(1), &page.reference).await.unwrap();
    }
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::CONFLICT);
    assert_eq!(query(&stripe, 1, &page.reference).await, []);
    for notice in simulator.all_caught(NAME).await {
        assert_eq!(notice.verify(&stripe, simulator.now()), Ok(Vec::new()));
    }
    let unknown = stripe.close_intent(order(1), "cs_unknown").await;
    assert!(matches!(unknown, Err(AskError::Refused(_))), "{unknown:?}");
}

#[tokio::test]
async fn closing_what_is_paid_changes_nothing() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let (page, name) = paid(&mut simulator, &stripe).await;
    stripe.close_intent(order(1), &page.reference).await.unwrap();
    let expected = captured(NAME, 1, &name, 5_000, "EUR");
    assert_eq!(only(query(&stripe, 1, &page.reference).await), expected);
}

#[tokio::test]
async fn money_that_takes_days_is_started_and_comes_after_the_end() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    assert_eq!(simulator.act(NAME, &page.reference, "start").await, StatusCode::OK);
    let said = simulator.caught().await.verify(&stripe, simulator.now()).unwrap();
    let name = payment(said).payment;
    let started = says(NAME, 1, &name, PaymentOutcome::Started);
    assert_eq!(query(&stripe, 1, &page.reference).await, [started]);
    stripe.close_intent(order(1), &page.reference).await.unwrap();
    simulator.advance(Span::from_mins(3 * 24 * 60));
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let expected = captured(NAME, 1, &name, 5_000, "EUR");
    assert_eq!(only(query(&stripe, 1, &page.reference).await), expected);
    let last = simulator.all_caught(NAME).await.pop().unwrap();
    assert_eq!(payment(last.verify(&stripe, simulator.now()).unwrap()), expected);
}

#[tokio::test]
async fn money_that_takes_days_may_not_come() {
    let (simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    simulator.act(NAME, &page.reference, "start").await;
    simulator.act(NAME, &page.reference, "decline").await;
    let notice = only(query(&stripe, 1, &page.reference).await);
    assert_eq!(notice.outcome, PaymentOutcome::Declined);
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_is_told_twice_or_late_or_wrongly_has_one_name() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    simulator.act(NAME, &page.reference, "pay?notices=twice").await;
    let all = simulator.all_caught(NAME).await;
    assert_eq!(all.len(), 4);
    let mut names = Vec::new();
    for notice in all {
        names.push(payment(notice.verify(&stripe, simulator.now()).unwrap()).payment);
    }
    names.dedup();
    assert_eq!(names.len(), 1);

    let other = stripe.create_intent(&simulator.wish(2, 5_000, "EUR")).await.unwrap();
    simulator.act(NAME, &other.reference, "pay?notices=wrong_amount").await;
    let wrong = simulator.all_caught(NAME).await.pop().unwrap();
    let wrong = payment(wrong.verify(&stripe, simulator.now()).unwrap());
    assert_eq!(wrong, captured(NAME, 2, &wrong.payment, 4_999, "EUR"));

    let never = stripe.create_intent(&simulator.wish(3, 5_000, "EUR")).await.unwrap();
    simulator.act(NAME, &never.reference, "pay?notices=never").await;
    assert_eq!(simulator.all_caught(NAME).await.len(), 0);
    assert_eq!(query(&stripe, 3, &never.reference).await.len(), 1, "found by asking");
}

#[tokio::test]
async fn what_somebody_else_says_is_not_believed() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    simulator.act(NAME, &page.reference, "pay?notices=forged").await;
    let all = simulator.all_caught(NAME).await;
    assert_eq!(all.len(), 2);
    for notice in all {
        let wrong = NoticeError::Signature(SignatureError::Wrong);
        assert_eq!(notice.verify(&stripe, simulator.now()), Err(wrong));
    }
    assert_eq!(query(&stripe, 1, &page.reference).await, []);
    assert_eq!(simulator.sums(NAME, "EUR").await, (0, 0));

    simulator.act(NAME, &page.reference, "pay").await;
    let old = simulator.caught().await;
    simulator.advance(Span::from_mins(6));
    let late = NoticeError::Signature(SignatureError::Untimely);
    assert_eq!(old.verify(&stripe, simulator.now()), Err(late));
}

#[tokio::test]
async fn a_refund_that_is_pending_is_asked_about() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let (_, name) = paid(&mut simulator, &stripe).await;
    simulator.refunds(NAME, "pending").await;
    let first = refund(1, 0, &name, 2_000, "EUR");
    let receipt = stripe.refund(&first).await.unwrap();
    assert!(receipt.is_pending);
    assert!(stripe.query_refund(&first, &receipt.reference).await.unwrap().is_pending);
    simulator.command(&format!("{NAME}/refunds/{}/done", receipt.reference)).await;
    assert!(!stripe.query_refund(&first, &receipt.reference).await.unwrap().is_pending);

    let second = refund(1, 1, &name, 3_000, "EUR");
    let receipt = stripe.refund(&second).await.unwrap();
    simulator.command(&format!("{NAME}/refunds/{}/failed", receipt.reference)).await;
    let failed = stripe.query_refund(&second, &receipt.reference).await;
    assert!(matches!(failed, Err(AskError::Refused(_))), "{failed:?}");
    assert_eq!(simulator.sums(NAME, "EUR").await, (5_000, 2_000));
}

#[tokio::test]
async fn a_refund_is_made_once_even_when_stripe_has_forgotten_the_key() {
    let (mut simulator, stripe) = start(Flow::Checkout).await;
    let (_, name) = paid(&mut simulator, &stripe).await;
    simulator.fault(NAME, "lost").await;
    let wish = refund(1, 0, &name, 2_000, "EUR");
    let lost = stripe.refund(&wish).await;
    assert!(matches!(lost, Err(AskError::Temporary(_))), "{lost:?}");
    let receipt = stripe.refund(&wish).await.unwrap();
    simulator.command(&format!("{NAME}/forget")).await;
    assert_eq!(stripe.refund(&wish).await.unwrap(), receipt);
    assert_eq!(simulator.sums(NAME, "EUR").await, (5_000, 2_000));
}

#[tokio::test]
async fn a_page_whose_answer_was_lost_is_asked_for_again() {
    let (simulator, stripe) = start(Flow::Checkout).await;
    let wish = simulator.wish(1, 5_000, "EUR");
    for fault in ["lost", "error", "garbage"] {
        simulator.fault(NAME, fault).await;
        let failed = stripe.create_intent(&wish).await;
        assert!(matches!(failed, Err(AskError::Temporary(_))), "{fault}: {failed:?}");
    }
    let page = stripe.create_intent(&wish).await.unwrap();
    let books = simulator.books(NAME).await;
    assert_eq!(books["intents"].as_array().unwrap().len(), 1);
    assert_eq!(books["intents"][0]["reference"], Value::from(page.reference));
}

#[tokio::test]
async fn what_cannot_be_asked_now_is_asked_later() {
    let (simulator, stripe) = start(Flow::Checkout).await;
    let page = page(&simulator, &stripe).await;
    let wish = simulator.wish(2, 5_000, "EUR");
    let silent = StripeSettings { api: silent_api().await, ..settings(&simulator, Flow::Checkout) };
    let silent = Stripe::new(silent, simulator.clock());
    let key = Secret::new("sk_test_wrong");
    let stranger = StripeSettings { secret_key: key, ..settings(&simulator, Flow::Checkout) };
    let stranger = Stripe::new(stranger, simulator.clock());
    for away in [silent, stranger] {
        let asked = away.create_intent(&wish).await.map(drop);
        let refunded = away.refund(&refund(1, 0, "pi_1", 1, "EUR")).await.map(drop);
        let closed = away.close_intent(order(1), &page.reference).await;
        for result in [asked, refunded, closed] {
            assert!(matches!(result, Err(AskError::Temporary(_))), "{result:?}");
        }
    }
}

#[tokio::test]
async fn a_page_of_ones_own_has_a_payment_intent() {
    let (mut simulator, stripe) = start(Flow::PaymentIntents).await;
    let page = page(&simulator, &stripe).await;
    let expected = format!("{RETURN_URL}?order={}&payment_intent={}&", order(1), page.reference);
    assert!(page.url.starts_with(&expected), "{}", page.url);
    assert!(page.url.contains("payment_intent_client_secret=pi_"), "{}", page.url);
    assert_eq!(self::page(&simulator, &stripe).await, page, "once");

    simulator.act(NAME, &page.reference, "pay").await;
    let said = simulator.caught().await.verify(&stripe, simulator.now()).unwrap();
    let expected = captured(NAME, 1, &page.reference, 5_000, "EUR");
    assert_eq!(payment(said), expected);
    assert_eq!(only(query(&stripe, 1, &page.reference).await), expected);
    stripe.close_intent(order(1), &page.reference).await.unwrap();
    stripe.refund(&refund(1, 0, &page.reference, 5_000, "EUR")).await.unwrap();
    assert_eq!(simulator.sums(NAME, "EUR").await, (5_000, 5_000));
}

#[tokio::test]
async fn a_payment_intent_that_is_cancelled_takes_no_money() {
    let (simulator, stripe) = start(Flow::PaymentIntents).await;
    let page = page(&simulator, &stripe).await;
    for _ in 0..2 {
        stripe.close_intent(order(1), &page.reference).await.unwrap();
    }
    assert_eq!(simulator.act(NAME, &page.reference, "pay").await, StatusCode::CONFLICT);
    let notice = only(query(&stripe, 1, &page.reference).await);
    assert_eq!(notice.outcome, PaymentOutcome::Declined);
}

#[tokio::test]
async fn currencies_are_in_stripes_units_there_and_ours_here() {
    let (simulator, stripe) = start(Flow::Checkout).await;
    for (number, minor, currency) in [(1, 50_000, "VND"), (2, 900, "ISK"), (3, 5_120, "KWD")] {
        let wish = simulator.wish(number, minor, currency);
        let page = stripe.create_intent(&wish).await.unwrap();
        simulator.act(NAME, &page.reference, "pay").await;
        let notice = only(query(&stripe, number, &page.reference).await);
        assert_eq!(notice, captured(NAME, number, &notice.payment, minor, currency));
        assert_eq!(simulator.sums(NAME, currency).await, (minor, 0));
    }
    let odd = stripe.create_intent(&simulator.wish(4, 5_124, "KWD")).await;
    assert!(matches!(odd, Err(AskError::Refused(_))), "{odd:?}");
}
