//! `PayPal`'s adapter against its simulation: real HTTP, an RSA key, and what goes wrong.

use http::StatusCode;
use onsale_core::command::{PaymentNotice, PaymentOutcome};
use onsale_net::provider::installation::Installation;
use onsale_net::provider::paypal::{Paypal, PaypalSettings};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::SignatureError;
use onsale_net::provider::{
    AskError, IntentPage, NoticeError, PaymentProvider, Question, RefundReceipt, Said,
};
use onsale_provider_sim::credentials::{PAYPAL_CLIENT_ID, PAYPAL_SECRET, PAYPAL_WEBHOOK_ID};

use crate::simulator::{Simulator, captured, order, query, refund, says, silent_api};

pub fn settings(simulator: &Simulator) -> PaypalSettings {
    PaypalSettings {
        api: simulator.api("paypal"),
        client_id: PAYPAL_CLIENT_ID.into(),
        client_secret: Secret::new(PAYPAL_SECRET),
        webhook_ids: vec![Secret::new(PAYPAL_WEBHOOK_ID)].into(),
        return_url: "https://tickets.example/return".into(),
        installation: Installation::of(1),
    }
}

async fn start() -> (Simulator, Paypal) {
    let simulator = Simulator::start().await;
    let paypal = Paypal::new(settings(&simulator), simulator.clock());
    (simulator, paypal)
}

async fn page(simulator: &Simulator, paypal: &Paypal, number: u32) -> IntentPage {
    paypal.create_intent(&simulator.wish(number, 5_000, "EUR")).await.unwrap()
}

/// What there is to know when nobody waits for the money any more.
async fn look(paypal: &Paypal, number: u32, reference: &str) -> Vec<PaymentNotice> {
    let (order, reference) = (order(number), reference.to_owned());
    paypal.query(&Question { order, reference, is_wanted: false }).await.unwrap()
}

/// Has an order paid, and returns the capture's name.
async fn paid(simulator: &Simulator, paypal: &Paypal, number: u32) -> String {
    let page = page(simulator, paypal, number).await;
    simulator.act("paypal", &page.reference, "pay").await;
    let found = query(paypal, number, &page.reference).await;
    let name = found[0].payment.clone();
    assert_eq!(found, [captured("paypal", number, &name, 5_000, "EUR")]);
    name
}

fn ask(number: u32, reference: &str) -> Vec<Said> {
    vec![Said::Ask { order: order(number), reference: reference.to_owned() }]
}

#[tokio::test]
async fn the_money_is_taken_when_the_buyer_has_said_yes() {
    let (mut simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 0).await;
    let (status, html) = simulator.open(&page.url).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("5000 EUR"), "{html}");
    assert_eq!(query(&paypal, 0, &page.reference).await, [], "the buyer has not said anything");

    simulator.act("paypal", &page.reference, "pay").await;
    assert_eq!(simulator.sums("paypal", "EUR").await, (0, 0), "nothing is taken by itself");
    let notice = simulator.caught().await;
    assert_eq!(notice.verify(&paypal, simulator.now()), Ok(ask(0, &page.reference)));

    let found = query(&paypal, 0, &page.reference).await;
    let name = found[0].payment.clone();
    assert_eq!(found, [captured("paypal", 0, &name, 5_000, "EUR")]);
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 0));
    let notice = simulator.caught().await;
    assert_eq!(notice.verify(&paypal, simulator.now()), Ok(ask(0, &page.reference)));
    assert_eq!(query(&paypal, 0, &page.reference).await, found, "it is taken once");
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 0));
}

#[tokio::test]
async fn a_buyer_who_says_yes_too_late_pays_nothing() {
    let (simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 0).await;
    assert_eq!(paypal.close_intent(order(0), &page.reference).await, Ok(()));
    simulator.act("paypal", &page.reference, "pay").await;
    assert_eq!(look(&paypal, 0, &page.reference).await, []);
    assert_eq!(simulator.sums("paypal", "EUR").await, (0, 0));
}

#[tokio::test]
async fn a_bank_that_says_no_ends_the_order() {
    let (simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 0).await;
    simulator.act("paypal", &page.reference, "decline").await;
    let declined = says("paypal", 0, &page.reference, PaymentOutcome::Declined);
    assert_eq!(query(&paypal, 0, &page.reference).await, [declined]);
    assert_eq!(simulator.sums("paypal", "EUR").await, (0, 0));
}

#[tokio::test]
async fn a_buyer_who_goes_away_may_come_back() {
    let (simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 0).await;
    simulator.act("paypal", &page.reference, "cancel").await;
    assert_eq!(query(&paypal, 0, &page.reference).await, []);
    simulator.act("paypal", &page.reference, "pay").await;
    assert_eq!(query(&paypal, 0, &page.reference).await.len(), 1);
}

#[tokio::test]
async fn money_that_takes_a_while_comes_or_does_not() {
    let (mut simulator, paypal) = start().await;
    for (number, answer, outcome) in
        [(0, "pay", None), (1, "decline", Some(PaymentOutcome::Declined))]
    {
        let page = page(&simulator, &paypal, number).await;
        simulator.act("paypal", &page.reference, "start").await;
        let found = query(&paypal, number, &page.reference).await;
        let name = found[0].payment.clone();
        assert_eq!(found, [says("paypal", number, &name, PaymentOutcome::Started)]);
        // Whatever became of the order meanwhile.
        simulator.act("paypal", &page.reference, answer).await;
        let expected = match outcome {
            None => captured("paypal", number, &name, 5_000, "EUR"),
            Some(outcome) => says("paypal", number, &name, outcome),
        };
        assert_eq!(look(&paypal, number, &page.reference).await, [expected]);
        for notice in simulator.all_caught("paypal").await {
            let said = notice.verify(&paypal, simulator.now());
            assert_eq!(said, Ok(ask(number, &page.reference)));
        }
    }
}

#[tokio::test]
async fn a_forged_notice_is_known_for_one_once_the_certificate_is() {
    let (mut simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 0).await;
    simulator.act("paypal", &page.reference, "pay?notices=forged").await;
    let forged = simulator.caught().await;
    // Nobody can say yet; and to ask does no harm.
    assert_eq!(forged.verify(&paypal, simulator.now()), Ok(ask(0, &page.reference)));
    assert_eq!(query(&paypal, 0, &page.reference).await, []);
    assert_eq!(simulator.sums("paypal", "EUR").await, (0, 0));

    let wrong = Err(NoticeError::Signature(SignatureError::Wrong));
    assert_eq!(forged.verify(&paypal, simulator.now()), wrong);
    simulator.act("paypal", &page.reference, "pay?notices=twice").await;
    for _ in 0..2 {
        let notice = simulator.caught().await;
        assert_eq!(notice.verify(&paypal, simulator.now()), Ok(ask(0, &page.reference)));
        let elsewhere = PaypalSettings { webhook_ids: Vec::new().into(), ..settings(&simulator) };
        let elsewhere = Paypal::new(elsewhere, simulator.clock());
        assert!(notice.verify(&elsewhere, simulator.now()).is_ok(), "unknown there");
    }
}

#[tokio::test]
async fn what_a_notice_claims_is_not_what_counts() {
    let (mut simulator, paypal) = start().await;
    let first = page(&simulator, &paypal, 0).await;
    let second = page(&simulator, &paypal, 1).await;
    simulator.act("paypal", &first.reference, "start").await;
    query(&paypal, 0, &first.reference).await;
    simulator.act("paypal", &first.reference, "pay?notices=wrong_amount").await;
    let found = query(&paypal, 0, &first.reference).await;
    assert_eq!(found, [captured("paypal", 0, &found[0].payment, 5_000, "EUR")]);
    simulator.all_caught("paypal").await;

    // One order's money is not another's, whoever says so.
    let question = Question { order: order(1), reference: first.reference, is_wanted: true };
    let asked = paypal.query(&question).await;
    assert!(matches!(asked, Err(AskError::Refused(_))), "{asked:?}");
    assert_eq!(query(&paypal, 1, &second.reference).await, []);
}

#[tokio::test]
async fn a_page_and_its_money_are_the_same_however_often_they_are_asked_for() {
    let (simulator, paypal) = start().await;
    let first = page(&simulator, &paypal, 0).await;
    assert_eq!(page(&simulator, &paypal, 0).await, first);
    simulator.fault("paypal", "lost").await;
    let wish = simulator.wish(1, 5_000, "EUR");
    assert!(matches!(paypal.create_intent(&wish).await, Err(AskError::Temporary(_))));
    paypal.create_intent(&wish).await.unwrap();
    assert_eq!(simulator.books("paypal").await["intents"].as_array().unwrap().len(), 2);

    simulator.act("paypal", &first.reference, "pay").await;
    let (once, again) =
        tokio::join!(query(&paypal, 0, &first.reference), query(&paypal, 0, &first.reference));
    assert_eq!(once, again);
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 0));
}

#[tokio::test]
async fn money_goes_back_once_for_each_wish_and_not_more_than_came() {
    let (simulator, paypal) = start().await;
    let name = paid(&simulator, &paypal, 0).await;
    let part = refund(0, 0, &name, 2_000, "EUR");
    let done = paypal.refund(&part).await.unwrap();
    assert!(!done.is_pending);
    assert_eq!(paypal.refund(&part).await, Ok(done));
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 2_000));
    let too_much = paypal.refund(&refund(0, 1, &name, 3_001, "EUR")).await;
    assert!(matches!(too_much, Err(AskError::Refused(_))), "{too_much:?}");
    paypal.refund(&refund(0, 2, &name, 3_000, "EUR")).await.unwrap();
    let nothing_left = paypal.refund(&refund(0, 3, &name, 1, "EUR")).await;
    assert!(matches!(nothing_left, Err(AskError::Refused(_))), "{nothing_left:?}");
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 5_000));
    let other = paypal.refund(&refund(0, 4, "3C679366HH908993F", 1, "EUR")).await;
    assert!(matches!(other, Err(AskError::Refused(_))), "{other:?}");
}

#[tokio::test]
async fn a_refund_that_was_done_and_not_heard_of_is_done_once() {
    let (simulator, paypal) = start().await;
    let name = paid(&simulator, &paypal, 0).await;
    let wish = refund(0, 0, &name, 5_000, "EUR");
    simulator.fault("paypal", "lost").await;
    assert!(matches!(paypal.refund(&wish).await, Err(AskError::Temporary(_))));
    assert!(!paypal.refund(&wish).await.unwrap().is_pending);
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 5_000));
}

#[tokio::test]
async fn a_refund_may_take_a_while_and_fail() {
    let (simulator, paypal) = start().await;
    let name = paid(&simulator, &paypal, 0).await;
    simulator.refunds("paypal", "pending").await;
    for (number, settled) in [(0, "done"), (1, "failed")] {
        let wish = refund(0, number, &name, 2_000, "EUR");
        let RefundReceipt { reference, is_pending } = paypal.refund(&wish).await.unwrap();
        assert!(is_pending);
        assert!(paypal.query_refund(&wish, &reference).await.unwrap().is_pending);
        simulator.command(&format!("paypal/refunds/{reference}/{settled}")).await;
        let receipt = paypal.query_refund(&wish, &reference).await;
        match settled {
            "done" => assert_eq!(receipt, Ok(RefundReceipt::done(reference))),
            _ => assert!(matches!(receipt, Err(AskError::Refused(_))), "{receipt:?}"),
        }
    }
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 2_000));
}

#[tokio::test]
async fn amounts_without_decimals_go_there_and_back() {
    let (simulator, paypal) = start().await;
    for (number, minor, currency) in [(0, 1_250, "JPY"), (1, 125_000, "HUF"), (2, 5, "USD")] {
        let wish = simulator.wish(number, minor, currency);
        let page = paypal.create_intent(&wish).await.unwrap();
        simulator.act("paypal", &page.reference, "pay").await;
        let found = query(&paypal, number, &page.reference).await;
        assert_eq!(found, [captured("paypal", number, &found[0].payment, minor, currency)]);
        paypal.refund(&refund(number, 0, &found[0].payment, minor, currency)).await.unwrap();
        assert_eq!(simulator.sums("paypal", currency).await, (minor, minor));
    }
    let dong = paypal.create_intent(&simulator.wish(3, 50_000, "VND")).await;
    assert!(matches!(dong, Err(AskError::Refused(_))), "{dong:?}");
}

#[tokio::test]
async fn an_api_that_fails_is_asked_again() {
    let (simulator, paypal) = start().await;
    let open = page(&simulator, &paypal, 0).await;
    let (order, reference) = (order(0), open.reference);
    let question = Question { order, reference, is_wanted: true };
    for fault in ["error", "garbage"] {
        simulator.fault("paypal", fault).await;
        let made = paypal.create_intent(&simulator.wish(1, 5_000, "EUR")).await;
        assert!(matches!(made, Err(AskError::Temporary(_))), "{fault}: {made:?}");
        simulator.fault("paypal", fault).await;
        let asked = paypal.query(&question).await;
        assert!(matches!(asked, Err(AskError::Temporary(_))), "{fault}: {asked:?}");
    }
    let silent = PaypalSettings { api: silent_api().await, ..settings(&simulator) };
    let silent = Paypal::new(silent, simulator.clock());
    let made = silent.create_intent(&simulator.wish(1, 5_000, "EUR")).await;
    assert!(matches!(made, Err(AskError::Temporary(_))), "{made:?}");
    let stranger = PaypalSettings { client_secret: Secret::new("another"), ..settings(&simulator) };
    let stranger = Paypal::new(stranger, simulator.clock());
    let made = stranger.create_intent(&simulator.wish(1, 5_000, "EUR")).await;
    assert!(matches!(made, Err(AskError::Temporary(_))), "{made:?}");
}

#[tokio::test]
async fn a_notice_that_never_comes_is_found_by_asking() {
    let (mut simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 0).await;
    simulator.act("paypal", &page.reference, "pay?notices=never").await;
    assert!(simulator.all_caught("paypal").await.is_empty());
    let found = query(&paypal, 0, &page.reference).await;
    assert_eq!(found, [captured("paypal", 0, &found[0].payment, 5_000, "EUR")]);
    assert_eq!(look(&paypal, 0, &page.reference).await, found);
    assert_eq!(simulator.sums("paypal", "EUR").await, (5_000, 0));
}

#[tokio::test]
async fn a_dispute_is_known_by_name_and_asked_about() {
    let (mut simulator, paypal) = start().await;
    let page = page(&simulator, &paypal, 1).await;
    simulator.act("paypal", &page.reference, "pay").await;
    let name = query(&paypal, 1, &page.reference).await[0].payment.clone();
    simulator.all_caught("paypal").await;
    simulator.disputes(&paypal, &page.reference, &name).await;
    simulator.command(&format!("paypal/disputes/{}/lost", page.reference)).await;
    let refused = paypal.refund(&refund(1, 0, &name, 5_000, "EUR")).await;
    assert!(matches!(refused, Err(AskError::Refused(_))), "{refused:?}");
}
