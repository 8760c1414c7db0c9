//! The machine's wall clock may stand behind the journals: it was set back, or had been wrong when
//! they were written. The sale goes on all the same, and nobody loses anything by it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use onsale_core::command::{Actor, Command, PaymentNotice, PaymentOutcome, Provider, Request};
use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::time::Time;
use onsale_engine::recover::recover;
use onsale_engine::{Bounds, Engine};
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{JournalConfig, JournalId, Request as DiskRequest};
use onsale_tests::{Operator, Server, Shopper, club};
use reqwest::Method;
use serde_json::{Value, json};

/// What the engine is told when the disk has done what it asked for.
type Done = Box<dyn FnOnce(&mut Engine<()>)>;

/// 2100-01-01, 00:00 UTC.
const IN_FUTURE: Time = Time::from_ms(4_102_444_800_000);

#[tokio::test]
async fn an_order_expires_although_the_clock_stands_behind_the_journal() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]).expect("it starts");
    let operator = Operator::new(&server.base, server.operator_token());
    let mut definition = club(10);
    definition["classes"][0]["window"]["closes_at"] = json!("2200-01-01T00:00:00.000Z");
    definition["terms"] = json!({ "order_ms": 300 });
    let event = operator.open(&definition).await;
    assert!(server.stop().status.success());
    write_a_fact_in_the_future(data.path(), event.parse::<EventId>().unwrap().partition());

    let server = Server::start(data.path(), &[]).expect("it starts again");
    let shopper = Shopper::new(&server.base).await.unwrap();
    let hold = shopper.hold(&event, 0, 1).await.unwrap();
    let placed = shopper.order(hold.text("id").expect("a hold")).await.unwrap();
    let order = shopper.end_of(placed.text("id").expect("an order")).await.unwrap();
    assert_eq!(order.text("status"), Some("EXPIRED"), "{order:?}");
}

#[tokio::test]
async fn whoever_waits_keeps_the_place_although_another_partition_is_ahead_of_the_clock() {
    let data = tempfile::tempdir().unwrap();
    let one_core = ["--cores", "1"];
    let server = Server::start(data.path(), &one_core).expect("it starts");
    let last = last_partition(data.path());
    let operator = Operator::new(&server.base, server.operator_token());
    let event = open_outside(last, &operator, &waitroom_of_the_far_future()).await;
    let shopper = Shopper::new(&server.base).await.unwrap();
    let join = format!("/api/v1/events/{event}/waitroom");
    let joined = shopper.ask(Method::POST, &join, Some(&json!({ "party": 1 }))).await.unwrap();
    assert!(joined.status.is_success(), "{joined:?}");
    assert!(server.stop().status.success());
    write_a_fact_in_the_future(data.path(), last);

    let server = Server::start(data.path(), &one_core).expect("it starts again");
    let shopper = Shopper::new(&server.base).await.unwrap();
    let path = format!("/api/v1/events/{event}");
    let shown = shopper.ask(Method::GET, &path, None).await.unwrap();
    assert_eq!(shown.body["waitroom"]["waiting"], 1, "{shown:?}");
}

/// A club whose doors are open, and that lets nobody in before [`IN_FUTURE`]. Whoever is silent for
/// a minute loses the place.
fn waitroom_of_the_far_future() -> Value {
    let mut definition = club(10);
    definition["classes"][0]["window"]["closes_at"] = json!("2200-01-01T00:00:00.000Z");
    definition["waitroom"] = json!({
        "doors_at": "2020-01-01T00:00:00.000Z",
        "opens_at": "2150-01-01T00:00:00.000Z",
        "presence_ms": 60_000
    });
    definition
}

/// The one that is recovered last.
fn last_partition(data: &Path) -> PartitionId {
    let count = std::fs::read_dir(data.join("partitions")).unwrap().count();
    PartitionId::new(u16::try_from(count - 1).unwrap()).unwrap()
}

/// An event's partition is chosen at random.
async fn open_outside(partition: PartitionId, operator: &Operator, definition: &Value) -> String {
    loop {
        let event = operator.open(definition).await;
        if event.parse::<EventId>().unwrap().partition() != partition {
            return event;
        }
    }
}

/// As a server would have whose clock was wrong: money for an order that there is not.
fn write_a_fact_in_the_future(data: &Path, id: PartitionId) {
    let directory = &data.join(format!("partitions/{:04}", id.number()));
    let recovered = recover(directory, id, JournalId(0)).expect("it is sound");
    let config = JournalConfig { segment_bytes: 1 << 20, ..JournalConfig::default() };
    let bounds = Bounds { parked_max: 10, watches_max: 10 };
    let mut engine =
        Engine::new(recovered.partition, &recovered.tail, config, bounds, IN_FUTURE).unwrap();
    let notice = PaymentNotice {
        provider: Provider("sandbox".to_owned()),
        order: OrderId::new(EventId::new(id, EventId::PER_PARTITION_MAX - 1).unwrap(), 0),
        payment: "stray".to_owned(),
        outcome: PaymentOutcome::Captured {
            amount: Amount::from_minor(100),
            currency: "EUR".parse().unwrap(),
        },
    };
    let request = Request::new(Actor::System, Command::RecordPayment(notice));
    engine.execute(IN_FUTURE, &request, ());
    let mut files = FileDirectory::open(directory).unwrap();
    loop {
        let done: Done = match engine.poll_disk() {
            Some(DiskRequest::CreateSegment { index, bytes }) => {
                files.create_zeroed(&index.file_name(), bytes).unwrap();
                Box::new(move |engine| engine.segment_created(index))
            }
            Some(DiskRequest::Write { id, segment, offset, bytes }) => {
                let path = directory.join(segment.file_name());
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.write_all_at(bytes, offset).unwrap();
                Box::new(move |engine| engine.written(id))
            }
            None => break,
        };
        done(&mut engine);
    }
    assert!(engine.is_settled(), "the fact is durable");
}
