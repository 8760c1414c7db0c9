//! Answers that are lost on their way, and what asking again brings.

use std::time::Duration;

use onsale_sim_wire::http::{Answer, Line};
use onsale_sim_wire::person::Person;
use onsale_sim_wire::stage::{House, Scene, play};
use tokio::time::sleep;
use turmoil::{partition_oneway, repair_oneway};

/// What must be the same when something is asked again. The request's own id is not.
fn content(answer: &Answer) -> (u16, Option<String>, Vec<u8>) {
    let location = answer.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status.as_u16(), location, answer.body.to_vec())
}

/// Asks for something while no answer can come through. The seed says whether the server is also
/// crashed before it is asked again.
async fn lose_the_answer(scene: &Scene, person: &mut Person, call: &onsale_sim_wire::http::Call) {
    partition_oneway("server", "ada");
    assert_eq!(person.ask(call).await, None, "no answer comes through");
    if scene.below(2) == 0 {
        scene.crash_server();
        scene.nap(3_000).await;
        scene.start_server();
    }
    repair_oneway("server", "ada");
}

#[test]
fn who_lost_the_answer_asks_again_and_gets_the_same_bytes() {
    play("who_lost_the_answer", House::default(), 0..12, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let wish = ada.wish_hold(2).await;
            lose_the_answer(&scene, &mut ada, &wish).await;
            let hold = ada.insist(&wish).await;
            assert_eq!(hold.status, 201, "{hold:?}");
            assert_eq!(content(&ada.insist(&wish).await), content(&hold));

            let wish = ada.wish_order(&hold.text("id"));
            lose_the_answer(&scene, &mut ada, &wish).await;
            let order = ada.insist(&wish).await;
            assert_eq!(order.status, 201, "{order:?}");
            let page = ada.page(&order.text("id")).await.unwrap();
            ada.pay(&page, "pay").await;
            assert_eq!(ada.end(&order.text("id")).await, "COMPLETED");
            // What has happened since does not change what was answered.
            assert_eq!(content(&ada.insist(&wish).await), content(&order));
            assert_eq!(scene.bank.books().intents.len(), 1, "it was one order");
        });
    });
}

#[test]
fn a_key_is_for_one_request() {
    play("a_key_is_for_one_request", House::default(), 0..2, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let wish = ada.wish_hold(2).await;
            lose_the_answer(&scene, &mut ada, &wish).await;
            let mut other = ada.wish_hold(3).await;
            other.headers.clone_from(&wish.headers);
            let refused = ada.insist(&other).await;
            assert_eq!(refused.code().as_deref(), Some("key_reused"), "{refused:?}");
        });
    });
}

#[test]
fn a_kept_connection_ends_with_the_server_and_a_new_one_finds_everything() {
    play("a_kept_connection_ends", House::default(), 0..8, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let mut line = Line::open("server").await.unwrap();
            let wish = ada.wish_hold(1).await;
            let hold = line.send(&wish).await.unwrap();
            let look = ada.wish_look("ord_0000000000000");
            assert_eq!(line.send(&look).await.unwrap().status, 404, "the connection was kept");

            scene.crash_server();
            scene.nap(50).await;
            let while_down = line.send(&look.clone().patient(Duration::ZERO)).await;
            scene.start_server();
            sleep(Duration::from_millis(500)).await;
            assert_eq!(while_down, None, "nobody answered");
            assert_eq!(line.send(&look).await, None, "the old connection is of no more use");

            let order = ada.wish_order(&hold.text("id"));
            assert_eq!(ada.insist(&order).await.status, 201, "what was acknowledged is there");
        });
    });
}

/// The server dies in the very moment in which the answer arrives.
#[test]
fn what_was_answered_was_durable_before() {
    play("what_was_answered_was_durable", House::default(), 0..6, |stage| {
        stage.client("ada", |scene| async move {
            for round in 0..3 {
                let mut ada = Person::arrive(&scene, &format!("ada{round}")).await;
                let wish = ada.wish_hold(1).await;
                let hold = ada.insist(&wish).await;
                crash(&scene).await;
                let wish = ada.wish_order(&hold.text("id"));
                let order = ada.insist(&wish).await;
                assert_eq!(order.status, 201, "the hold was acknowledged: {order:?}");
                crash(&scene).await;
                let look = ada.wish_look(&order.text("id"));
                let shown = ada.insist(&look).await;
                assert_eq!(shown.status, 200, "the order was acknowledged: {shown:?}");
                let page = ada.page(&order.text("id")).await.unwrap();
                ada.pay(&page, "pay").await;
                assert_eq!(ada.end(&order.text("id")).await, "COMPLETED");
                crash(&scene).await;
                assert_eq!(ada.insist(&look).await.text("status"), "COMPLETED");
            }
        });
    });
}

async fn crash(scene: &Scene) {
    scene.crash_server();
    scene.nap(100).await;
    scene.start_server();
}

/// The simulation itself: without this no seed could be seen again.
#[test]
fn the_same_seed_is_the_same_evening() {
    let evening = |seed| {
        let trace = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let kept = trace.clone();
        play("the_same_seed", House { seats: 20, ..House::default() }, seed..seed + 1, |stage| {
            let scene = stage.scene().clone();
            for name in ["ada", "bob", "cyd"] {
                stage.client(name, move |scene| async move {
                    for round in 0..6 {
                        let mut person = Person::arrive(&scene, &format!("{name}{round}")).await;
                        if round == 3 && name == "bob" {
                            scene.crash_server();
                            scene.nap(500).await;
                            scene.start_server();
                        }
                        person.buy(1 + round % 2).await;
                    }
                });
            }
            let kept = kept.clone();
            stage.at_end(move || *kept.borrow_mut() = scene.trace());
        });
        trace.take()
    };
    for seed in 0..3 {
        let (one, other) = (evening(seed), evening(seed));
        assert!(one.len() > 50, "something happened");
        for (line, again) in one.iter().zip(&other) {
            assert_eq!(line, again, "seed {seed}");
        }
        assert_eq!(one.len(), other.len());
    }
}
