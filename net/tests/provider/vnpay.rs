//! `VNPay`'s adapter against the simulator.

use http::StatusCode;
use onsale_core::command::PaymentOutcome;
use onsale_core::time::Span;
use onsale_net::provider::api::ApiUrl;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::secret::Secret;
use onsale_net::provider::signature::SignatureError;
use onsale_net::provider::vnpay::{NAME, Vnpay, VnpaySettings};
use onsale_net::provider::{AskError, IntentPage, NoticeError, PaymentProvider, RefundReceipt};
use onsale_provider_sim::credentials;

use crate::simulator::{
    Simulator, captured, is_temporary, payment, query, refund, says, silent_api,
};

struct Shop {
    sim: Simulator,
    vnpay: Vnpay,
}

impl Shop {
    async fn open() -> Self {
        let sim = Simulator::start().await;
        let vnpay = Vnpay::new(settings(&sim.api(NAME)), sim.clock());
        Self { sim, vnpay }
    }

    /// A page for 10000 dong that its buyer has opened.
    async fn page(&self, number: u32) -> IntentPage {
        let page = self.vnpay.create_intent(&self.sim.wish(number, 10_000, "VND")).await.unwrap();
        let (status, location) = self.sim.open(&page.url).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, text) = self.sim.open(&location).await;
        assert!(status.is_success() && text.contains("10000 VND"), "{text}");
        page
    }

    /// A page that was paid; returns the name of the payment.
    async fn paid(&mut self, number: u32) -> String {
        let page = self.page(number).await;
        assert_eq!(self.sim.act(NAME, &page.reference, "pay").await, StatusCode::OK);
        let notice = self.sim.caught().await;
        payment(notice.verify(&self.vnpay, self.sim.now()).unwrap()).payment
    }

    async fn sums(&self) -> (u64, u64) {
        self.sim.sums(NAME, "VND").await
    }
}

pub fn settings(api: &ApiUrl) -> VnpaySettings {
    let at = |path: &str| ApiUrl::parse(&format!("{}{path}", api.as_str())).unwrap();
    VnpaySettings {
        page: at("/paymentv2/vpcpay.html"),
        api: at("/merchant_webapi/api/transaction"),
        tmn_code: credentials::VNPAY_TMN_CODE.into(),
        hash_secret: Secret::new(credentials::VNPAY_HASH_SECRET),
        notice_secrets: vec![Secret::new(credentials::VNPAY_HASH_SECRET)].into(),
        return_url: "https://tickets.example/thanks".into(),
        installation: Installation::of(1),
        ip: [127, 0, 0, 1].into(),
    }
}

#[tokio::test]
async fn a_payment_is_told_and_found_by_asking() {
    let mut shop = Shop::open().await;
    let page = shop.vnpay.create_intent(&shop.sim.wish(1, 10_000, "VND")).await.unwrap();
    assert_eq!(query(&shop.vnpay, 1, &page.reference).await, [], "nobody was there");
    let page = shop.page(1).await;
    assert_eq!(query(&shop.vnpay, 1, &page.reference).await, [], "nobody has paid");
    assert_eq!(shop.sim.act(NAME, &page.reference, "pay").await, StatusCode::OK);

    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.vnpay, shop.sim.now()).unwrap());
    assert!(told.payment.starts_with(&format!("{}/14", page.reference)), "{}", told.payment);
    assert_eq!(told, captured(NAME, 1, &told.payment, 10_000, "VND"));
    assert_eq!(query(&shop.vnpay, 1, &page.reference).await, [told]);
    assert_eq!(shop.sums().await, (10_000, 0));
}

#[tokio::test]
async fn a_wish_has_one_page_at_one_time() {
    let shop = Shop::open().await;
    let [first, second] = [shop.page(1).await, shop.page(1).await];
    assert_eq!(first, second);
    let books = shop.sim.books(NAME).await;
    assert_eq!(books["intents"].as_array().unwrap().len(), 1);
    assert_eq!(
        books["intents"][0]["expires_s"],
        (shop.sim.now() + Span::from_mins(15)).as_ms() / 1_000
    );
}

#[tokio::test]
async fn money_goes_back_in_parts_and_each_part_once() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let first = refund(1, 0, &name, 4_000, "VND");
    let receipt = shop.vnpay.refund(&first).await.unwrap();
    assert!(!receipt.is_pending);
    assert_eq!(shop.vnpay.refund(&first).await, Ok(receipt), "asked for again");
    assert_eq!(shop.sums().await, (10_000, 4_000));

    let too_much = refund(1, 1, &name, 6_001, "VND");
    assert!(matches!(shop.vnpay.refund(&too_much).await, Err(AskError::Refused(_))));
    let rest = refund(1, 2, &name, 6_000, "VND");
    assert!(!shop.vnpay.refund(&rest).await.unwrap().is_pending);
    assert_eq!(shop.sums().await, (10_000, 10_000));
}

#[tokio::test]
async fn a_refund_takes_its_time() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    shop.sim.refunds(NAME, "pending").await;
    let first = refund(1, 0, &name, 4_000, "VND");
    let receipt = shop.vnpay.refund(&first).await.unwrap();
    let number = receipt.reference.clone();
    assert_eq!(receipt, RefundReceipt::pending(&number));
    assert_eq!(shop.vnpay.query_refund(&first, &number).await, Ok(receipt.clone()));
    assert_eq!(shop.vnpay.refund(&first).await, Ok(receipt), "it is the same one");

    let second = refund(1, 1, &name, 6_000, "VND");
    let waiting = shop.vnpay.refund(&second).await.unwrap();
    assert!(waiting.is_pending, "one after the other");
    assert_eq!(shop.sums().await, (10_000, 4_000));
    shop.sim.command(&format!("{NAME}/refunds/{number}/done")).await;
    let done = RefundReceipt::done(&number);
    assert_eq!(shop.vnpay.query_refund(&first, &number).await, Ok(done.clone()));

    let later = shop.vnpay.query_refund(&second, &waiting.reference).await;
    assert_eq!(later, Ok(waiting.clone()), "its id was taken today");
    shop.sim.advance(Span::from_mins(24 * 60));
    let number = shop.vnpay.query_refund(&second, &waiting.reference).await.unwrap().reference;
    assert_ne!(number, waiting.reference);
    assert_eq!(shop.vnpay.query_refund(&first, &done.reference).await, Ok(done));
    shop.sim.command(&format!("{NAME}/refunds/{number}/failed")).await;
    let rejected = shop.vnpay.query_refund(&second, &number).await;
    assert!(matches!(rejected, Err(AskError::Refused(_))), "{rejected:?}");
    assert_eq!(shop.sums().await, (10_000, 4_000));
}

#[tokio::test]
async fn all_of_the_money_is_one_refund() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let all = refund(1, 0, &name, 10_000, "VND");
    let (one, other) = tokio::join!(shop.vnpay.refund(&all), shop.vnpay.refund(&all));
    let reference = one.or(other).unwrap().reference;
    let receipt = shop.vnpay.query_refund(&all, &reference).await.unwrap();
    assert!(!receipt.is_pending);
    shop.sim.advance(Span::from_mins(24 * 60));
    assert_eq!(shop.vnpay.refund(&all).await, Ok(receipt), "the next day");
    assert_eq!(shop.sums().await, (10_000, 10_000));
}

#[tokio::test]
async fn what_was_not_paid_is_told_and_cannot_be_paid_any_more() {
    let mut shop = Shop::open().await;
    for (number, act) in [(1, "decline"), (2, "cancel"), (3, "expire")] {
        let page = shop.page(number).await;
        assert_eq!(shop.sim.act(NAME, &page.reference, act).await, StatusCode::OK, "{act}");
        let notice = shop.sim.caught().await;
        let told = payment(notice.verify(&shop.vnpay, shop.sim.now()).unwrap());
        let name = format!("{}/0", page.reference);
        assert_eq!(told, says(NAME, number, &name, PaymentOutcome::Declined), "{act}");
        assert_eq!(query(&shop.vnpay, number, &page.reference).await, [told], "{act}");
        let again = shop.sim.act(NAME, &page.reference, "pay").await;
        assert_eq!(again, StatusCode::CONFLICT, "{act}");
    }
    let page = shop.page(4).await;
    shop.sim.advance(Span::from_mins(15));
    assert_eq!(shop.sim.act(NAME, &page.reference, "pay").await, StatusCode::CONFLICT);
    let (_, location) = shop.sim.open(&page.url).await;
    assert!(!location.contains("Error"), "a page that is known is shown: {location}");
    assert_eq!(shop.sums().await, (0, 0));
}

#[tokio::test]
async fn whoever_comes_too_late_sees_no_page() {
    let shop = Shop::open().await;
    let page = shop.vnpay.create_intent(&shop.sim.wish(1, 10_000, "VND")).await.unwrap();
    shop.sim.advance(Span::from_mins(15));
    let (_, location) = shop.sim.open(&page.url).await;
    assert!(location.ends_with("Error.html?code=15"), "{location}");
}

#[tokio::test]
async fn money_on_its_way_comes_after_the_end() {
    let mut shop = Shop::open().await;
    let page = shop.page(1).await;
    assert_eq!(shop.sim.act(NAME, &page.reference, "start").await, StatusCode::OK);
    assert_eq!(query(&shop.vnpay, 1, &page.reference).await, []);
    shop.sim.advance(Span::from_mins(20));
    assert_eq!(shop.sim.act(NAME, &page.reference, "pay").await, StatusCode::OK);
    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.vnpay, shop.sim.now()).unwrap());
    assert_eq!(told, captured(NAME, 1, &told.payment, 10_000, "VND"));
}

#[tokio::test]
async fn notices_come_twice_forged_or_with_another_amount() {
    let mut shop = Shop::open().await;
    let page = shop.page(1).await;
    shop.sim.act(NAME, &page.reference, "pay?notices=forged").await;
    let forged = shop.sim.caught().await.verify(&shop.vnpay, shop.sim.now());
    assert_eq!(forged, Err(NoticeError::Signature(SignatureError::Wrong)));
    assert_eq!(shop.sums().await, (0, 0));

    shop.sim.act(NAME, &page.reference, "pay?notices=twice").await;
    let mut told = Vec::new();
    for notice in shop.sim.all_caught(NAME).await {
        told.push(payment(notice.verify(&shop.vnpay, shop.sim.now()).unwrap()));
    }
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);

    let page = shop.page(2).await;
    shop.sim.act(NAME, &page.reference, "pay?notices=wrong_amount").await;
    let notice = shop.sim.caught().await;
    let told = payment(notice.verify(&shop.vnpay, shop.sim.now()).unwrap());
    assert_eq!(told, captured(NAME, 2, &told.payment, 9_999, "VND"));
}

#[tokio::test]
async fn what_vnpay_does_not_answer_passes() {
    let mut shop = Shop::open().await;
    let name = shop.paid(1).await;
    let question = onsale_net::provider::Question {
        order: crate::simulator::order(1),
        reference: name.split_once('/').unwrap().0.to_owned(),
        is_wanted: true,
    };
    for fault in ["error", "garbage"] {
        shop.sim.fault(NAME, fault).await;
        assert!(is_temporary(&shop.vnpay.query(&question).await), "{fault}");
        shop.sim.fault(NAME, fault).await;
        let wish = refund(1, 0, &name, 10_000, "VND");
        assert!(is_temporary(&shop.vnpay.refund(&wish).await), "{fault}");
    }
    assert_eq!(shop.sums().await, (10_000, 0));

    let silent = Vnpay::new(settings(&silent_api().await), shop.sim.clock());
    assert!(is_temporary(&silent.query(&question).await));
    let stranger =
        VnpaySettings { hash_secret: Secret::new("another"), ..settings(&shop.sim.api(NAME)) };
    let stranger = Vnpay::new(stranger, shop.sim.clock());
    assert!(is_temporary(&stranger.query(&question).await), "somebody mends the key");
}
