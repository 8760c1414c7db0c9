//! `ZaloPay`'s adapter against the simulator.

use http::StatusCode;
use onsale_core::command::PaymentOutcome;
use onsale_core::time::Span;
use onsale_net::provider::api::ApiUrl;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::SignatureError;
use onsale_net::provider::zalopay::{NAME, Zalopay, ZalopaySettings};
use onsale_net::provider::{
    AskError, IntentPage, NoticeError, PaymentProvider, Question, RefundReceipt,
};
use onsale_provider_sim::credentials;

use crate::simulator::{
    Simulator, captured, is_temporary, order, payment, query, refund, says, silent_api,
};

/// The day in the names that the simulator's time gives: [`crate::simulator::START`] in Vietnam.
const DAY: &str = "270115";

struct Shop {
    sim: Simulator,
    zalopay: Zalopay,
}

impl Shop {
    async fn open() -> Self {
        let sim = Simulator::start().await;
        let zalopay = Zalopay::new(settings(sim.api(NAME)), sim.clock());
        Self { sim, zalopay }
    }

    /// A page for 50000 dong.
    async fn page(&self, number: u32) -> IntentPage {
        let wish = self.sim.wish(number, 50_000, "VND");
        self.zalopay.create_intent(&wish).await.unwrap()
    }

    /// A page that was paid; returns the name of the payment.
    async fn paid(&mut self, number: u32) -> String {
        let page = self.page(number).await;
        assert_eq!(self.act(&page, "pay").await, StatusCode::OK);
        let notice = self.sim.caught().await;
        payment(notice.verify(&self.zalopay, self.sim.now()).unwrap()).payment
    }

    async fn act(&self, page: &IntentPage, act: &str) -> StatusCode {
        self.sim.act(NAME, &page.reference, act).await
    }

    async fn close(&self, number: u32, page: &IntentPage) -> Result<(), AskError> {
        self.zalopay.close_intent(order(number), &page.reference).await
    }

    async fn sums(&self) -> (u64, u64) {
        self.sim.sums(NAME, "VND").await
    }
}

pub fn settings(api: ApiUrl) -> ZalopaySettings {
    ZalopaySettings {
        api,
        app_id: credentials::ZALOPAY_APP_ID as u32,
        key1: Secret::new(credentials::ZALOPAY_KEY1),
        key2s: vec![Secret::new(credentials::ZALOPAY_KEY2)].into(),
        callback_url: None,
        return_url: "https://tickets.example/thanks".into(),
        installation: Installation::of(1),
    }
}

#[tokio::test]
async fn a_payment_is_told_and_found_by_asking() {
    let mut shop = Shop::open().await;
    let page = shop.page(1).await;
    assert!(page.reference.starts_with(&format!("{DAY}_")), "{}", page.reference);
    let (status, text) = shop.sim.open(&page.url).await;
    assert!(status.is_success() && text.contains("50000 VND"), "{text}");
    assert_eq!(query(&shop.zalopay, 1, &page.reference).await, []);
    assert_eq!(shop.act(&page, "pay").await, StatusCode::OK);

    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.zalopay, shop.sim.now()).unwrap());
    assert_eq!(told, captured(NAME, 1, &told.payment, 50_000, "VND"));
    assert!(told.payment.starts_with(DAY) && told.payment.len() == 15, "{}", told.payment);
    assert_eq!(query(&shop.zalopay, 1, &page.reference).await, [told]);
    assert_eq!(shop.sums().await, (50_000, 0));
}

#[tokio::test]
async fn an_order_whose_page_was_lost_is_made_anew() {
    let mut shop = Shop::open().await;
    let wish = shop.sim.wish(1, 50_000, "VND");
    shop.sim.fault(NAME, "lost").await;
    assert!(is_temporary(&shop.zalopay.create_intent(&wish).await));
    let page = shop.page(1).await;
    assert_eq!(shop.act(&page, "pay").await, StatusCode::OK);
    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.zalopay, shop.sim.now()).unwrap());
    assert_eq!(told.order, order(1));
    assert_eq!(query(&shop.zalopay, 1, &page.reference).await, [told]);
    // The same name at the same second: another comes with the time.
    assert!(is_temporary(&shop.zalopay.create_intent(&wish).await));
    shop.sim.advance(Span::from_secs(1));
    assert_ne!(shop.page(1).await.reference, page.reference);
}

#[tokio::test]
async fn money_goes_back_in_parts_and_each_part_once() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let first = refund(1, 0, &name, 20_000, "VND");
    let receipt = shop.zalopay.refund(&first).await.unwrap();
    assert!(!receipt.is_pending && receipt.reference.starts_with(DAY), "{receipt:?}");
    let again = shop.zalopay.refund(&first).await.unwrap();
    assert_eq!(again, RefundReceipt::pending(&receipt.reference), "it is asked about");
    assert_eq!(shop.zalopay.query_refund(&first, &again.reference).await, Ok(receipt));
    assert_eq!(shop.sums().await, (50_000, 20_000));

    let too_much = refund(1, 1, &name, 30_001, "VND");
    assert!(matches!(shop.zalopay.refund(&too_much).await, Err(AskError::Refused(_))));
    let rest = refund(1, 2, &name, 30_000, "VND");
    assert!(!shop.zalopay.refund(&rest).await.unwrap().is_pending);
    assert_eq!(shop.sums().await, (50_000, 50_000));
}

#[tokio::test]
async fn a_refund_is_made_once_on_whatever_day_it_is_asked_for() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let wish = refund(1, 0, &name, 50_000, "VND");
    let a_day = Span::from_mins(24 * 60);
    shop.sim.advance(a_day);
    let receipt = shop.zalopay.refund(&wish).await.unwrap();
    assert!(!receipt.is_pending && receipt.reference.starts_with("270116_"), "{receipt:?}");
    let again = shop.zalopay.refund(&wish).await.unwrap();
    assert_eq!(again, RefundReceipt::pending(&receipt.reference), "on the same day");
    shop.sim.advance(a_day);
    assert_eq!(shop.zalopay.refund(&wish).await, Ok(receipt), "on the next");
    assert_eq!(shop.sums().await, (50_000, 50_000));
}

#[tokio::test]
async fn a_refund_takes_its_time_and_may_fail() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    for (number, end) in [(0, "done"), (1, "failed")] {
        shop.sim.refunds(NAME, "pending").await;
        let wish = refund(1, number, &name, 20_000, "VND");
        let receipt = shop.zalopay.refund(&wish).await.unwrap();
        let reference = receipt.reference.clone();
        assert_eq!(receipt, RefundReceipt::pending(&reference));
        assert_eq!(shop.zalopay.query_refund(&wish, &reference).await, Ok(receipt));
        shop.sim.command(&format!("{NAME}/refunds/{reference}/{end}")).await;
        match shop.zalopay.query_refund(&wish, &reference).await {
            Ok(receipt) => assert_eq!((end, receipt.is_pending), ("done", false)),
            Err(AskError::Refused(_)) => assert_eq!(end, "failed"),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(shop.sums().await, (50_000, 20_000));
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_made_once() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let wish = refund(1, 0, &name, 50_000, "VND");
    shop.sim.fault(NAME, "lost").await;
    assert!(is_temporary(&shop.zalopay.refund(&wish).await));
    let receipt = shop.zalopay.refund(&wish).await.unwrap();
    let done = shop.zalopay.query_refund(&wish, &receipt.reference).await.unwrap();
    assert!(receipt.is_pending && !done.is_pending);
    assert_eq!(shop.sums().await, (50_000, 50_000));
}

#[tokio::test]
async fn a_buyer_may_try_again_until_the_end() {
    let mut shop = Shop::open().await;
    let page = shop.page(1).await;
    assert_eq!(shop.act(&page, "decline").await, StatusCode::OK);
    assert_eq!(query(&shop.zalopay, 1, &page.reference).await, []);
    assert_eq!(shop.act(&page, "expire").await, StatusCode::OK);
    let over = says(NAME, 1, &page.reference, PaymentOutcome::Declined);
    assert_eq!(query(&shop.zalopay, 1, &page.reference).await, [over]);
    assert_eq!(shop.act(&page, "pay").await, StatusCode::CONFLICT);
    assert!(shop.sim.all_caught(NAME).await.is_empty(), "only money is told");
}

#[tokio::test]
async fn a_short_order_is_closed_when_its_time_is_over() {
    let mut shop = Shop::open().await;
    let mut wish = shop.sim.wish(1, 50_000, "VND");
    wish.until = shop.sim.now() + Span::from_mins(2);
    let page = shop.zalopay.create_intent(&wish).await.unwrap();
    shop.sim.advance(Span::from_mins(3));
    for _ in 0..2 {
        assert_eq!(shop.close(1, &page).await, Ok(()));
    }
    assert_eq!(shop.act(&page, "pay").await, StatusCode::CONFLICT);
    assert_eq!(shop.sums().await, (0, 0));

    let page = shop.page(2).await;
    shop.act(&page, "start").await;
    assert_eq!(shop.close(2, &page).await, Ok(()));
    assert_eq!(shop.act(&page, "pay").await, StatusCode::OK, "money on its way");
    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.zalopay, shop.sim.now()).unwrap());
    assert_eq!(told, captured(NAME, 2, &told.payment, 50_000, "VND"));
    assert_eq!(shop.close(2, &page).await, Ok(()), "it is too late, and no error");
}

#[tokio::test]
async fn callbacks_come_twice_forged_or_with_another_amount() {
    let mut shop = Shop::open().await;
    let page = shop.page(1).await;
    shop.act(&page, "pay?notices=forged").await;
    let forged = shop.sim.caught().await.verify(&shop.zalopay, shop.sim.now());
    assert_eq!(forged, Err(NoticeError::Signature(SignatureError::Wrong)));
    assert_eq!(shop.sums().await, (0, 0));

    shop.act(&page, "pay?notices=twice").await;
    let mut told = Vec::new();
    for notice in shop.sim.all_caught(NAME).await {
        told.push(payment(notice.verify(&shop.zalopay, shop.sim.now()).unwrap()));
    }
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);

    let page = shop.page(2).await;
    shop.act(&page, "pay?notices=wrong_amount").await;
    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.zalopay, shop.sim.now()).unwrap());
    assert_eq!(told, captured(NAME, 2, &told.payment, 49_999, "VND"));
}

#[tokio::test]
async fn what_zalopay_does_not_answer_passes() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let page = shop.page(2).await;
    let reference = page.reference.clone();
    let question = Question { order: order(2), reference, is_wanted: true };
    let wish = refund(1, 0, &name, 50_000, "VND");
    for fault in ["error", "garbage"] {
        shop.sim.fault(NAME, fault).await;
        assert!(is_temporary(&shop.zalopay.query(&question).await), "{fault}");
        shop.sim.fault(NAME, fault).await;
        assert!(is_temporary(&shop.zalopay.refund(&wish).await), "{fault}");
        shop.sim.fault(NAME, fault).await;
        assert!(is_temporary(&shop.close(2, &page).await), "{fault}");
        shop.sim.fault(NAME, fault).await;
        let another = shop.sim.wish(3, 50_000, "VND");
        assert!(is_temporary(&shop.zalopay.create_intent(&another).await), "{fault}");
    }
    assert_eq!(shop.sums().await, (50_000, 0));

    let silent = Zalopay::new(settings(silent_api().await), shop.sim.clock());
    assert!(is_temporary(&silent.query(&question).await));
    let key1 = Secret::new("another");
    let stranger = ZalopaySettings { key1, ..settings(shop.sim.api(NAME)) };
    let stranger = Zalopay::new(stranger, shop.sim.clock());
    assert!(is_temporary(&stranger.query(&question).await), "somebody mends the key");
}
