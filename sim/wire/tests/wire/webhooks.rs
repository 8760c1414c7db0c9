//! What comes to the webhook's route: from the bank, from forgers, twice, in the wrong order, and
//! just before a crash.

use std::time::Duration;

use onsale_core::money::Amount;
use onsale_core::time::{Span, Time};
use onsale_net::provider::sandbox::ledger::NoticeKind;
use onsale_net::provider::sandbox::webhook::SIGNATURE_HEADER;
use onsale_sim_wire::host::clock;
use onsale_sim_wire::http::{Answer, Call, connect, send};
use onsale_sim_wire::person::Person;
use onsale_sim_wire::stage::{House, Scene, play};
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

/// Somebody who is about to pay.
struct Buyer {
    person: Person,
    order: String,
    /// Where to pay.
    page: String,
    /// The bank's name for what is asked for there.
    reference: String,
}

impl Buyer {
    /// Orders so many tickets and has come to the page.
    async fn about_to_pay(scene: &Scene, count: u32) -> Self {
        let mut person = Person::arrive(scene, "ada").await;
        let order = person.place(count).await.unwrap();
        let page = person.page(&order).await.unwrap();
        let reference = page.rsplit('/').next().unwrap().to_owned();
        Self { person, order, page, reference }
    }

    /// What the bank calls the payment, once it is made.
    fn payment(&self) -> String {
        format!("pay_{}", self.order)
    }

    async fn pay(&mut self) {
        self.person.pay(&self.page, "pay").await;
    }

    /// The status of the order when it waits for nothing any more.
    async fn end(&mut self) -> String {
        self.person.end(&self.order).await
    }

    /// What can be seen of the order, and of the stock.
    async fn sight(&self, scene: &Scene) -> (Vec<u8>, Vec<u8>) {
        let event = scene.event().await;
        let order = scene.operate(Call::get(format!("/api/v1/orders/{}", self.order))).await;
        let stock = scene.operate(Call::get(format!("/api/v1/events/{event}/seats"))).await;
        (order.body.to_vec(), stock.body.to_vec())
    }
}

async fn deliver(call: &Call) -> Answer {
    send("server", call).await.expect("it is answered")
}

fn unsigned(mut call: Call) -> Call {
    call.headers.retain(|(name, _)| *name != SIGNATURE_HEADER);
    call
}

#[test]
fn what_is_forged_stale_or_changed_is_refused_and_changes_nothing() {
    play("what_is_forged", House::default(), 0..3, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Buyer::about_to_pay(&scene, 2).await;
            let (clock, payment) = (clock(), ada.payment());
            let now = || Time::from_ms(clock.now_ms());
            let captured =
                |at| scene.bank.webhook(NoticeKind::Captured, &payment, &ada.reference, at);
            let before = ada.sight(&scene).await;

            let mut changed = captured(now());
            changed.body =
                String::from_utf8(changed.body).unwrap().replace("10000", "10001").into();
            let mut respaced = captured(now());
            respaced.body.push(b' ');
            let other_time = captured(now() - Span::from_secs(5));
            let moved = {
                let said = other_time.headers.last().unwrap().1.clone();
                let (_, digest) = said.split_once(',').unwrap();
                let moved = format!("t={},{digest}", now().as_ms() / 1_000);
                unsigned(other_time).header(SIGNATURE_HEADER, moved)
            };
            let guess = format!("t={},v1={}", now().as_ms() / 1_000, "0".repeat(64));
            let forgeries = [
                ("unsigned", unsigned(captured(now()))),
                ("guessed", unsigned(captured(now())).header(SIGNATURE_HEADER, guess)),
                ("stale", captured(now() - Span::from_secs(302))),
                ("from the future", captured(now() + Span::from_secs(302))),
                ("changed", changed),
                ("respaced", respaced),
                ("moved in time", moved),
            ];
            for (what, call) in forgeries {
                let refused = deliver(&call).await;
                assert_eq!(refused.status, 400, "{what}: {refused:?}");
                assert_eq!(refused.code().as_deref(), Some("malformed"), "{what}: {refused:?}");
                assert_eq!(ada.sight(&scene).await, before, "{what}");
            }
            let mut nobody = captured(now());
            nobody.path = "/api/v1/webhooks/nobody".into();
            assert_eq!(deliver(&nobody).await.code().as_deref(), Some("not_found"));
            assert_eq!(ada.sight(&scene).await, before, "nobody's");

            ada.pay().await;
            assert_eq!(ada.end().await, "COMPLETED");
        });
    });
}

#[test]
fn what_is_told_again_or_in_the_wrong_order_is_taken_and_changes_nothing() {
    play("what_is_told_again", House::default(), 0..4, |stage| {
        let scene = stage.scene().clone();
        scene.bank.behave(|script| script.webhooks = 2);
        stage.client("ada", |scene| async move {
            let mut ada = Buyer::about_to_pay(&scene, 2).await;
            ada.pay().await;
            assert_eq!(ada.end().await, "COMPLETED");
            sleep(Duration::from_secs(2)).await;
            let (clock, payment) = (clock(), ada.payment());
            let before = ada.sight(&scene).await;
            // A news from before the payment, late; and the payment's own, again and again.
            for kind in [NoticeKind::Captured, NoticeKind::Started, NoticeKind::Declined] {
                for name in [&payment, &format!("{payment}_0")] {
                    if kind == NoticeKind::Captured && *name != payment {
                        continue;
                    }
                    for _ in 0..2 {
                        let now = Time::from_ms(clock.now_ms());
                        let call = scene.bank.webhook(kind, name, &ada.reference, now);
                        let taken = deliver(&call).await;
                        assert_eq!(taken.status, 200, "{kind:?}: or it is sent for ever");
                        assert_eq!(taken.json()["received"], true);
                        assert_eq!(ada.sight(&scene).await, before, "{kind:?} {name}");
                    }
                }
            }
        });
    });
}

#[test]
fn another_amount_than_was_asked_for_goes_back() {
    play("another_amount", House::default(), 0..2, |stage| {
        stage.client("ada", |scene| async move {
            let ada = Buyer::about_to_pay(&scene, 1).await;
            let mut body = scene.bank.body(NoticeKind::Captured, &ada.payment(), &ada.reference);
            body.data.amount_minor = Amount::from_minor(1);
            let now = Time::from_ms(clock().now_ms());
            scene.bank.take(&ada.reference, 1);
            assert_eq!(deliver(&scene.bank.signed(&body, now)).await.status, 200);
            let shown =
                scene.operate(Call::get(format!("/api/v1/orders/{}", ada.order))).await.json();
            assert_eq!(shown["tickets"].as_array().unwrap().len(), 0, "{shown}");
            assert_eq!(shown["refunds"][0]["cause"], "MISMATCH", "{shown}");
        });
    });
}

#[test]
fn the_payment_may_be_heard_of_before_the_page() {
    play("the_payment_may_be_heard_of_before", House::default(), 0..6, |stage| {
        let scene = stage.scene().clone();
        scene.bank.behave(|script| {
            script.captures_at_once = true;
            script.reply_after = Duration::from_secs(3);
        });
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(2).await.unwrap();
            if scene.seed % 2 == 1 {
                scene.nap(2_000).await;
                scene.crash_server();
                scene.nap(500).await;
                scene.start_server();
            }
            assert_eq!(ada.end(&order).await, "COMPLETED");
            sleep(Duration::from_secs(5)).await;
            assert_eq!(ada.end(&order).await, "COMPLETED", "the page came late and was no news");
            assert_eq!(scene.bank.books().captures.len(), 1);
        });
    });
}

/// The webhook reaches the server, which dies at some moment around writing it down: before, after,
/// or while the answer is on its way. The bank sends it again until it is answered.
#[test]
fn a_crash_around_a_webhook_loses_no_payment() {
    play("a_crash_around_a_webhook", House::default(), 0..12, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Buyer::about_to_pay(&scene, 1 + scene.below(3) as u32).await;
            ada.pay().await;
            scene.nap(60).await;
            scene.crash_server();
            scene.nap(1_500).await;
            scene.start_server();
            assert_eq!(ada.end().await, "COMPLETED");
        });
    });
}

#[test]
fn half_a_webhook_is_none() {
    play("half_a_webhook", House::default(), 0..2, |stage| {
        stage.client("ada", |scene| async move {
            let ada = Buyer::about_to_pay(&scene, 1).await;
            let (payment, now) = (ada.payment(), Time::from_ms(clock().now_ms()));
            let captured = scene.bank.webhook(NoticeKind::Captured, &payment, &ada.reference, now);
            let bytes = captured.wire();
            let before = ada.sight(&scene).await;
            for cut in (0..bytes.len()).step_by(13).chain([bytes.len() - 1]) {
                let mut stream = connect("server").await.unwrap();
                stream.write_all(&bytes[..cut]).await.unwrap();
                drop(stream);
            }
            sleep(Duration::from_secs(1)).await;
            assert_eq!(ada.sight(&scene).await, before);
        });
    });
}
