//! Money that comes when the order is over already.

use std::time::Duration;

use onsale_sim_wire::http::Call;
use onsale_sim_wire::person::Person;
use onsale_sim_wire::stage::{House, play};
use tokio::time::sleep;

/// An order lives eight seconds here.
const BRIEF: House = House { seats: 10, hold_ms: 8_000, order_ms: 8_000 };

/// Ada pays in time, the bank takes the money when her order is over. Nobody else wants her seats
/// in even seeds; in odd ones all of them are sold by then.
#[test]
fn money_that_comes_late_brings_the_seats_back_or_goes_back() {
    play("money_that_comes_late", BRIEF, 0..12, |stage| {
        let scene = stage.scene().clone();
        let is_wanted = scene.seed % 2 == 1;
        stage.client("ada", move |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(4).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            scene.bank.behave(|script| script.capture_after = Duration::from_secs(16));
            ada.pay(&page, "pay").await;
            sleep(Duration::from_millis(200)).await;
            scene.bank.behave(|script| script.capture_after = Duration::ZERO);
            assert_eq!(ada.end(&order).await, "EXPIRED");
            if is_wanted {
                let mut bob = Person::arrive(&scene, "bob").await;
                assert_eq!(bob.buy(5).await.unwrap().1, "COMPLETED");
                let mut cyd = Person::arrive(&scene, "cyd").await;
                assert_eq!(cyd.buy(5).await.unwrap().1, "COMPLETED");
            }
            if scene.below(2) == 0 {
                scene.crash_server();
                scene.nap(10_000).await;
                scene.start_server();
            }
            loop {
                let shown =
                    scene.operate(Call::get(format!("/api/v1/orders/{order}"))).await.json();
                let is_back = shown["refunds"][0]["state"] == "DONE";
                if shown["status"] == "COMPLETED" || is_back {
                    assert_eq!(is_back, is_wanted, "{shown}");
                    let cause = is_wanted.then_some("LATE");
                    assert_eq!(shown["refunds"][0]["cause"].as_str(), cause, "{shown}");
                    break;
                }
                sleep(Duration::from_millis(500)).await;
            }
        });
    });
}

#[test]
fn money_for_a_cancelled_order_brings_its_seats_or_goes_back() {
    play("money_for_a_cancelled_order", House::default(), 0..6, |stage| {
        let scene = stage.scene().clone();
        scene.bank.behave(|script| script.capture_after = Duration::from_secs(2));
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(4).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            ada.pay(&page, "pay").await;
            scene.nap(2_200).await;
            let cancel = ada.wish_cancel(&order);
            let answer = ada.insist(&cancel).await;
            // The money may have been first.
            assert!([204, 409].contains(&answer.status.as_u16()), "{answer:?}");
            loop {
                let shown =
                    scene.operate(Call::get(format!("/api/v1/orders/{order}"))).await.json();
                if shown["status"] == "COMPLETED" || shown["refunds"][0]["state"] == "DONE" {
                    break;
                }
                sleep(Duration::from_millis(500)).await;
            }
        });
    });
}

#[test]
fn a_declined_card_gives_the_seats_back() {
    play("a_declined_card", House { seats: 10, ..House::default() }, 0..4, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let order = ada.place(8).await.unwrap();
            let page = ada.page(&order).await.unwrap();
            ada.pay(&page, "decline").await;
            assert_eq!(ada.end(&order).await, "FAILED");
            let mut bob = Person::arrive(&scene, "bob").await;
            assert_eq!(bob.buy(8).await.unwrap().1, "COMPLETED", "the seats are free again");
        });
    });
}
