//! The machine's wall clock may stand behind the journals: it was set back, or had been wrong when
//! they were written. The sale goes on all the same.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use onsale_core::command::{Actor, Command, Request};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::time::Time;
use onsale_core::waitroom::LotterySeed;
use onsale_engine::recover::recover;
use onsale_engine::{Bounds, Engine};
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{JournalConfig, JournalId, Request as DiskRequest};
use onsale_tests::{Operator, Server, Shopper, club};
use serde_json::json;

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
    let partition = event.parse::<EventId>().unwrap().partition();
    let directory = data.path().join(format!("partitions/{:04}", partition.number()));
    write_a_fact_in_the_future(&directory, partition);

    let server = Server::start(data.path(), &[]).expect("it starts again");
    let shopper = Shopper::new(&server.base).await.unwrap();
    let hold = shopper.hold(&event, 0, 1).await.unwrap();
    let placed = shopper.order(hold.text("id").expect("a hold")).await.unwrap();
    let order = shopper.end_of(placed.text("id").expect("an order")).await.unwrap();
    assert_eq!(order.text("status"), Some("EXPIRED"), "{order:?}");
}

/// As a server would have whose clock was wrong.
fn write_a_fact_in_the_future(directory: &Path, id: PartitionId) {
    let recovered = recover(directory, id, JournalId(0)).expect("it is sound");
    let config = JournalConfig { segment_bytes: 1 << 20, ..JournalConfig::default() };
    let bounds = Bounds { parked_max: 10, watches_max: 10 };
    let mut engine =
        Engine::new(recovered.partition, &recovered.tail, config, bounds, IN_FUTURE).unwrap();
    let define_again = Command::DefineEvent {
        spec: Box::new(engine.partition().sales()[0].spec().clone()),
        seed: LotterySeed([7; 32]),
    };
    engine.execute(IN_FUTURE, &Request::new(Actor::Operator, define_again), ());
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
