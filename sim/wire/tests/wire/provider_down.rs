//! The bank fails, falls silent, or cannot be reached, in either direction.

use std::time::Duration;

use onsale_sim_wire::http::Call;
use onsale_sim_wire::person::Person;
use onsale_sim_wire::stage::{House, Scene, play};
use tokio::time::sleep;
use turmoil::{partition, partition_oneway, repair, repair_oneway};

#[test]
fn an_intent_is_made_once_however_often_it_must_be_asked_for() {
    play("an_intent_is_made_once", House::default(), 0..8, |stage| {
        let scene = stage.scene().clone();
        let failures = scene.below(4) as u32;
        let silences = scene.below(2) as u32;
        scene.bank.behave(|script| (script.failures, script.silences) = (failures, silences));
        stage.client("ada", move |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(2).await.unwrap();
            if scene.below(2) == 0 {
                scene.nap(1_000).await;
                scene.crash_server();
                scene.nap(500).await;
                scene.start_server();
            }
            let page = ada.page(&order).await.expect("it is asked for until it is there");
            ada.pay(&page, "pay").await;
            assert_eq!(ada.end(&order).await, "COMPLETED");
            let books = scene.bank.books();
            assert_eq!(books.intents.len(), 1, "one order, one intent: {books:?}");
            let asked = books.intents.values().next().unwrap().asked;
            assert!(asked > silences, "it was asked {asked} times");
        });
    });
}

/// One direction is cut while an order is paid, and healed before the order's time is over.
#[test]
fn a_cut_between_server_and_bank_heals_in_either_direction() {
    play("a_cut_between", House::default(), 0..12, |stage| {
        stage.client("ada", |scene| async move {
            let (from, to) = [("server", "bank"), ("bank", "server")][scene.seed as usize % 2];
            let mut ada = Person::arrive(&scene, "ada").await;
            let is_early = scene.below(2) == 0;
            if is_early {
                partition_oneway(from, to);
            }
            let order = ada.place(2).await.unwrap();
            if is_early {
                scene.nap(15_000).await;
                repair_oneway(from, to);
            }
            let page = ada.page(&order).await.expect("there is time enough");
            if !is_early {
                partition_oneway(from, to);
            }
            ada.pay(&page, "pay").await;
            scene.nap(15_000).await;
            repair_oneway(from, to);
            assert_eq!(ada.end(&order).await, "COMPLETED");
            assert_eq!(scene.bank.books().captures.len(), 1);
        });
    });
}

/// The webhook never comes: asking finds the payment.
#[test]
fn a_webhook_that_never_comes_is_asked_for() {
    play("a_webhook_that_never_comes", House::default(), 0..4, |stage| {
        let scene = stage.scene().clone();
        scene.bank.behave(|script| script.webhooks = 0);
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(2).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            ada.pay(&page, "pay").await;
            if scene.seed % 2 == 0 {
                scene.crash_server();
                sleep(Duration::from_secs(1)).await;
                scene.start_server();
            }
            while scene.bank.books().captures.is_empty() {
                sleep(Duration::from_millis(100)).await;
            }
        });
    });
}

/// Takes the operator's refund of an order; answers when the bank has done it.
async fn refund(scene: &Scene, order: &str) {
    let path = format!("/api/v1/orders/{order}/refunds");
    let wish = Call::post(path, &serde_json::json!({ "tickets": "all" })).key("refund");
    let answer = scene.operate(wish).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[test]
fn a_refund_is_asked_for_until_it_is_done_and_done_once() {
    play("a_refund_is_asked_for", House::default(), 0..8, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let (order, end) = ada.buy(3).await.unwrap();
            assert_eq!(end, "COMPLETED");
            let failures = 1 + scene.below(4) as u32;
            scene.bank.behave(|script| (script.failures, script.silences) = (failures, 1));
            let is_cut = scene.below(2) == 0;
            if is_cut {
                partition("server", "bank");
            }
            refund(&scene, &order).await;
            if scene.below(2) == 0 {
                scene.nap(2_000).await;
                scene.crash_server();
                scene.nap(2_000).await;
                scene.start_server();
            }
            if is_cut {
                scene.nap(10_000).await;
                repair("server", "bank");
            }
            loop {
                let shown =
                    scene.operate(Call::get(format!("/api/v1/orders/{order}"))).await.json();
                if shown["refunds"][0]["state"] == "DONE" {
                    assert_eq!(shown["status"], "REFUNDED");
                    break;
                }
                sleep(Duration::from_millis(500)).await;
            }
            let books = scene.bank.books();
            assert!(books.refunds_asked > failures, "{books:?}");
            assert_eq!(books.refunds.len(), 1, "{books:?}");
        });
    });
}
