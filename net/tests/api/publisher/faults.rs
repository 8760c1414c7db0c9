//! Whatever happens between database and partition, an event is for sale once.

use std::time::Duration;

use onsale_control::catalogue::event::lifecycle;
use onsale_control::catalogue::event::status::Status;
use onsale_control::database::DatabaseSettings;
use onsale_core::query::Phase;
use onsale_testbed::Postgres;

use super::stage::{Silent, Stage, publish, reserve, settled};
use crate::access::people::operator;

#[tokio::test]
async fn a_published_event_is_defined_and_opened_once() {
    let stage = Stage::new().await;
    let id = reserve(&stage.memory).await;
    publish(&stage.control.database, id).await;
    let event = stage.settled(id).await;
    assert_eq!((event.status, stage.phase(id).await), (Status::Published, Some(Phase::Open)));
    assert_eq!(stage.facts(), 3, "reserved, defined, opened");
}

/// A publisher is ended before and after each of its steps; the next one finishes the work.
#[tokio::test]
async fn whenever_a_publisher_is_ended_the_event_is_for_sale_once() {
    for at in 0..2 {
        for is_done in [false, true] {
            let stage = Stage::new().await;
            let id = reserve(&stage.memory).await;
            publish(&stage.control.database, id).await;
            end_at(&stage, at, is_done).await;
            assert_eq!(stage.facts(), 1 + u64::from(at) + u64::from(is_done));
            let event = stage.settled(id).await;
            assert_eq!(event.status, Status::Published);
            assert_eq!(stage.phase(id).await, Some(Phase::Open), "ended at {at}, {is_done}");
            assert_eq!(stage.facts(), 3, "ended at {at}, {is_done}");
        }
    }
}

/// The same for one that is called off before anybody heard of it.
#[tokio::test]
async fn whenever_a_publisher_is_ended_what_is_called_off_is_called_off() {
    for at in 0..2 {
        for is_done in [false, true] {
            let stage = Stage::new().await;
            let id = reserve(&stage.memory).await;
            let event = publish(&stage.control.database, id).await;
            let database = &stage.control.database;
            lifecycle::cancel(database, &operator(), id, event.version).await.unwrap();
            end_at(&stage, at, is_done).await;
            assert_eq!(stage.settled(id).await.status, Status::Cancelled);
            assert_eq!(stage.phase(id).await, Some(Phase::Cancelled), "ended at {at}, {is_done}");
        }
    }
}

/// Somebody is slow: the event is called off between what they tell the partition.
#[tokio::test]
async fn what_is_called_off_meanwhile_is_not_opened_by_a_late_publisher() {
    let stage = Stage::new().await;
    let database = &stage.control.database;
    let id = reserve(&stage.memory).await;
    let event = publish(database, id).await;
    let way = Silent::new(&stage.memory, 0, false);
    let late = stage.publisher(way.clone());
    way.waits.notified().await;
    lifecycle::cancel(database, &operator(), id, event.version).await.unwrap();
    assert_eq!(stage.settled(id).await.status, Status::Cancelled);
    // Now the late one is heard, and has an answer.
    way.answers.notify_one();
    way.told(2).await;
    assert_eq!(stage.phase(id).await, Some(Phase::Cancelled));
    late.abort();
}

#[tokio::test]
async fn with_the_database_gone_and_back_nothing_is_told_twice() {
    let mut postgres = Postgres::start().unwrap();
    let settings = DatabaseSettings {
        acquire_timeout: Duration::from_secs(1),
        ..DatabaseSettings::of(format!("{}/postgres", postgres.url()))
    };
    let stage = Stage::with(&settings).await;
    let id = reserve(&stage.memory).await;
    publish(&stage.control.database, id).await;
    // The partition has opened it, and nobody could write that down.
    let way = Silent::new(&stage.memory, 1, true);
    let publisher = stage.publisher(way.clone());
    way.waits.notified().await;
    postgres.kill();
    publisher.abort();
    let publisher = stage.publisher(stage.memory.clone());
    postgres.start_again().unwrap();
    let event = settled(&stage.control.database, id).await;
    publisher.abort();
    assert_eq!((event.status, stage.phase(id).await), (Status::Published, Some(Phase::Open)));
    assert_eq!(stage.facts(), 3, "reserved, defined, opened");
}

/// Runs a publisher up to the `at`-th time that it asks a partition for something, and ends it.
async fn end_at(stage: &Stage, at: u32, is_done: bool) {
    let way = Silent::new(&stage.memory, at, is_done);
    let publisher = stage.publisher(way.clone());
    way.waits.notified().await;
    publisher.abort();
    let _ = publisher.await;
}
