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

/// What can be seen of an order, and of the stock.
async fn sight(scene: &Scene, order: &str) -> (Vec<u8>, Vec<u8>) {
    let event = scene.event().await;
    let order = scene.operate(Call::get(format!("/api/v1/orders/{order}"))).await;
    let stock = scene.operate(Call::get(format!("/api/v1/events/{event}/seats"))).await;
    (order.body.to_vec(), stock.body.to_vec())
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
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(2).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            let reference = page.rsplit('/').next().unwrap().to_owned();
            let (clock, payment) = (clock(), format!("pay_{order}"));
            let now = || Time::from_ms(clock.now_ms());
            let captured = |at| scene.bank.webhook(NoticeKind::Captured, &payment, &reference, at);
            let before = sight(&scene, &order).await;

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
                assert_eq!(sight(&scene, &order).await, before, "{what}");
            }
            let mut nobody = captured(now());
            nobody.path = "/api/v1/webhooks/nobody".into();
            assert_eq!(deliver(&nobody).await.code().as_deref(), Some("not_found"));
            assert_eq!(sight(&scene, &order).await, before, "nobody's");

            ada.pay(&page, "pay").await;
            assert_eq!(ada.end(&order).await, "COMPLETED");
        });
    });
}

#[test]
fn what_is_told_again_or_in_the_wrong_order_is_taken_and_changes_nothing() {
    play("what_is_told_again", House::default(), 0..4, |stage| {
        let scene = stage.scene().clone();
        scene.bank.behave(|script| script.webhooks = 2);
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(2).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            let reference = page.rsplit('/').next().unwrap().to_owned();
            ada.pay(&page, "pay").await;
            assert_eq!(ada.end(&order).await, "COMPLETED");
            sleep(Duration::from_secs(2)).await;
            let (clock, payment) = (clock(), format!("pay_{order}"));
            let before = sight(&scene, &order).await;
            // A news from before the payment, late; and the payment's own, again and again.
            for kind in [NoticeKind::Captured, NoticeKind::Started, NoticeKind::Declined] {
                for name in [&payment, &format!("{payment}_0")] {
                    if kind == NoticeKind::Captured && *name != payment {
                        continue;
                    }
                    for _ in 0..2 {
                        let now = Time::from_ms(clock.now_ms());
                        let call = scene.bank.webhook(kind, name, &reference, now);
                        let taken = deliver(&call).await;
                        assert_eq!(taken.status, 200, "{kind:?}: or it is sent for ever");
                        assert_eq!(taken.json()["received"], true);
                        assert_eq!(sight(&scene, &order).await, before, "{kind:?} {name}");
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
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(1).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            let reference = page.rsplit('/').next().unwrap();
            let payment = format!("pay_{order}");
            let mut body = scene.bank.body(NoticeKind::Captured, &payment, reference);
            body.data.amount_minor = Amount::from_minor(1);
            let now = Time::from_ms(clock().now_ms());
            scene.bank.take(reference, 1);
            assert_eq!(deliver(&scene.bank.signed(&body, now)).await.status, 200);
            let shown = scene.operate(Call::get(format!("/api/v1/orders/{order}"))).await.json();
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
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(1 + scene.below(3) as u32).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            ada.pay(&page, "pay").await;
            scene.nap(60).await;
            scene.crash_server();
            scene.nap(1_500).await;
            scene.start_server();
            assert_eq!(ada.end(&order).await, "COMPLETED");
        });
    });
}

#[test]
fn half_a_webhook_is_none() {
    play("half_a_webhook", House::default(), 0..2, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(1).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            let reference = page.rsplit('/').next().unwrap();
            let payment = format!("pay_{order}");
            let now = Time::from_ms(clock().now_ms());
            let bytes = scene.bank.webhook(NoticeKind::Captured, &payment, reference, now).wire();
            let before = sight(&scene, &order).await;
            for cut in (0..bytes.len()).step_by(13).chain([bytes.len() - 1]) {
                let mut stream = connect("server").await.unwrap();
                stream.write_all(&bytes[..cut]).await.unwrap();
                drop(stream);
            }
            sleep(Duration::from_secs(1)).await;
            assert_eq!(sight(&scene, &order).await, before);
        });
    });
}
