//! The server is killed under load, again and again. What it acknowledged is there afterwards, no
//! seat is anybody else's, what was never answered is answered when it is asked again, once and
//! for all, and in the end the books are right. The invariants that judge simulated clients judge
//! these.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use onsale_tests::{Operator, Recorder, Server, Shopper, small_house};
use serde_json::Value;
use tokio::task::JoinSet;

const KILLS: usize = 20;
const BUYERS: usize = 6;

/// What was acknowledged, by everybody.
#[derive(Default)]
struct Acknowledged {
    /// The seats of each order that was placed.
    placed: Mutex<BTreeMap<String, Vec<u64>>>,
    /// The tickets of each order that was completed.
    completed: Mutex<BTreeMap<String, Value>>,
    count: AtomicU64,
    recorder: Recorder,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_twenty_kills() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]).expect("it starts");
    let operator = Operator::new(&server.base, server.operator_token());
    let event = operator.open(&small_house(200)).await;
    let acknowledged = Arc::new(Acknowledged::default());

    let (mut server, mut asked_again) = (Some(server), 0);
    for kill in 0..KILLS {
        let running = server.take().expect("it was started again");
        storm(running, &event, &acknowledged, kill).await;
        let restarted = Server::start(data.path(), &[]).expect("it starts again");
        let operator = Operator::new(&restarted.base, restarted.operator_token());
        check(&operator, &acknowledged).await;
        asked_again += ask_again(&restarted.base, &acknowledged.recorder).await;
        server = Some(restarted);
    }

    let server = server.expect("it was started again");
    let operator = Operator::new(&server.base, server.operator_token());
    let books = operator.settled(&event).await;
    assert_eq!(books["seats_sold_twice"], 0, "{books}");
    assert!(books["holds"] == true, "{books}");
    let completed = acknowledged.completed.lock().unwrap().len();
    assert!(completed >= KILLS, "the load was real: {completed} orders were completed");
    assert!(asked_again > 0, "somebody was left without an answer");
    acknowledged.recorder.judge().unwrap();
}

/// Whoever was left without an answer asks again under the same key, and once more: there is one
/// answer now, whether the kill came before or after it was decided.
async fn ask_again(base: &str, recorder: &Recorder) -> usize {
    let (http, wishes) = (reqwest::Client::new(), recorder.take_unanswered());
    for wish in &wishes {
        let first = recorder.ask(&http, base, wish).await.expect("the server is there");
        let second = recorder.ask(&http, base, wish).await.expect("the server is there");
        if first.status.is_success() {
            assert_eq!((first.status, first.body), (second.status, second.body), "{wish:?}");
        }
    }
    wishes.len()
}

/// Buyers buy until enough was acknowledged since the last kill; then the server is killed.
async fn storm(server: Server, event: &str, acknowledged: &Arc<Acknowledged>, kill: usize) {
    let base = server.base.clone();
    let goal = acknowledged.count.load(Ordering::Relaxed) + 8 + kill as u64 % 5;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut buyers = JoinSet::new();
    for buyer in 0..BUYERS {
        let (base, event) = (base.clone(), event.to_owned());
        let (acknowledged, is_over) = (Arc::clone(acknowledged), Arc::clone(&is_over));
        buyers.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let count = 1 + (buyer as u32 % 3);
                let _ = buy(&base, &event, count, &acknowledged).await;
            }
        });
    }
    while acknowledged.count.load(Ordering::Relaxed) < goal {
        tokio::task::yield_now().await;
    }
    server.kill();
    is_over.store(true, Ordering::Relaxed);
    buyers.join_all().await;
}

/// One purchase; whatever the server says is written down at once.
async fn buy(base: &str, event: &str, count: u32, acknowledged: &Acknowledged) -> Option<()> {
    let shopper = Shopper::recorded(base, &acknowledged.recorder).await?;
    let hold = shopper.hold(event, 0, count).await?;
    let placed = shopper.order(hold.text("id")?).await?;
    let id = placed.text("id")?.to_owned();
    let seats = placed.body["lines"][0]["seats"].as_array()?;
    let seats = seats.iter().filter_map(Value::as_u64).collect();
    acknowledged.placed.lock().unwrap().insert(id.clone(), seats);
    acknowledged.count.fetch_add(1, Ordering::Relaxed);
    let ended = shopper.pay(&id).await?;
    if ended.text("status")? == "COMPLETED" {
        acknowledged.completed.lock().unwrap().insert(id, ended.body["tickets"].clone());
        acknowledged.count.fetch_add(1, Ordering::Relaxed);
    }
    Some(())
}

async fn check(operator: &Operator, acknowledged: &Acknowledged) {
    let placed = acknowledged.placed.lock().unwrap().clone();
    let completed = acknowledged.completed.lock().unwrap().clone();
    let mut owner = BTreeMap::new();
    for (id, seats) in &placed {
        let order = operator.order(id).await;
        assert_eq!(order.status, 200, "an acknowledged order is gone: {id}");
        let shown = order.body["lines"][0]["seats"].as_array().unwrap().clone();
        let shown: Vec<_> = shown.iter().filter_map(Value::as_u64).collect();
        assert_eq!(&shown, seats, "order {id} has other seats than were acknowledged");
        for seat in seats {
            let other = owner.insert(*seat, id);
            assert_eq!(other, None, "seat {seat} was acknowledged to two orders");
        }
    }
    for (id, tickets) in &completed {
        let order = operator.order(id).await;
        assert_eq!(order.text("status"), Some("COMPLETED"), "{id}");
        assert_eq!(&order.body["tickets"], tickets, "{id}");
    }
}
