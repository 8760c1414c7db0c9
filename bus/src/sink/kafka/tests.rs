//! Those that need a Kafka are run by `cargo xtask kafka`, which installs one.

use std::num::NonZero;
use std::time::Duration;

use onsale_core::id::{EventId, PartitionId};
use onsale_testbed::{GuardedKafka, Kafka};
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use serde_json::Value;

use super::*;
use crate::sink::testing::{event, events};
use crate::topic::Topic;

const TOPIC: &str = "sale.inventory-events";

fn settings(brokers: Vec<String>) -> KafkaSettings {
    let settings = KafkaSettings {
        brokers,
        prefix: "sale.".to_owned(),
        timeout: Duration::from_secs(1),
        create: Some(NewTopics { partitions: 3, replication: 1 }),
        tls: None,
        login: None,
    };
    settings.checked().unwrap()
}

fn sink(kafka: &Kafka) -> KafkaTopics {
    KafkaTopics::new(settings(vec![kafka.address()]))
}

/// Events of different kinds and keys, as they might be.
fn mixed(count: u64) -> Vec<Event> {
    let id = |number| EventId::new(PartitionId::FIRST, number).unwrap();
    let change = |(number, event): (u32, Event)| Event {
        topic: Topic::ALL[number as usize % Topic::ALL.len()],
        key: id(number % 5),
        ..event
    };
    (0..).zip(events(count)).map(change).collect()
}

/// What is in the partitions of a topic.
async fn stored(kafka: &Kafka, topic: &str) -> BTreeMap<i32, Vec<Record>> {
    let client = ClientBuilder::new(vec![kafka.address()]).build().await.unwrap();
    let topics = client.list_topics().await.unwrap();
    let mut stored = BTreeMap::new();
    for partition in topics.into_iter().find(|it| it.name == topic).unwrap().partitions {
        let handling = UnknownTopicHandling::Retry;
        let reader = client.partition_client(topic, partition, handling).await.unwrap();
        stored.insert(partition, read(&reader).await);
    }
    stored
}

async fn read(reader: &PartitionClient) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        let next = i64::try_from(records.len()).unwrap();
        let (more, _) = reader.fetch_records(next, 1..1_000_000, 100).await.unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more.into_iter().map(|more| more.record));
    }
}

fn values(records: &[Record]) -> Vec<String> {
    let value = |record: &Record| String::from_utf8(record.value.clone().unwrap()).unwrap();
    records.iter().map(value).collect()
}

#[tokio::test]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn events_are_in_their_topic_under_their_key_in_order() {
    let kafka = Kafka::start().unwrap();
    // More than one batch.
    let all = mixed(1_200);
    sink(&kafka).deliver(&all).await.unwrap();
    for topic in Topic::ALL {
        let partitions = stored(&kafka, &format!("sale.{topic}")).await;
        assert_eq!(partitions.len(), 3);
        for (partition, records) in partitions {
            let key = |event: &Event| event.key.to_string().into_bytes();
            let three = NonZero::new(3).unwrap();
            let is_here = |event: &&Event| {
                event.topic == topic && murmur2::partition(&key(event), three) == partition
            };
            let expected: Vec<_> = all.iter().filter(is_here).collect();
            let json: Vec<_> = expected.iter().map(|event| event.json.clone()).collect();
            assert_eq!(values(&records), json, "{topic} {partition}");
            for (record, event) in records.iter().zip(expected) {
                assert_eq!(record.key, Some(key(event)));
                assert!(
                    record.headers["content-type"].starts_with(b"application/cloudevents+json")
                );
            }
        }
    }
}

#[tokio::test]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn one_that_goes_and_comes_back_gets_what_it_missed() {
    let mut kafka = Kafka::start().unwrap();
    let mut sink = sink(&kafka);
    sink.deliver(&events(2)).await.unwrap();
    kafka.kill();
    let error = sink.deliver(&[event(3)]).await.unwrap_err();
    assert!(matches!(error, SinkError::Temporary { delivered: 0, .. }), "{error:?}");
    kafka.start_again().unwrap();
    sink.deliver(&[event(3)]).await.unwrap();
    let all =
        |stored: BTreeMap<i32, Vec<Record>>| stored.into_values().flatten().collect::<Vec<_>>();
    let seen = values(&all(stored(&kafka, TOPIC).await));
    assert_eq!(seen, [event(3).json], "this one keeps nothing");
    kafka.freeze();
    assert!(sink.deliver(&[event(4)]).await.is_err(), "it answers nothing");
    kafka.thaw();
    sink.deliver(&[event(4)]).await.unwrap();
    let mut seen = values(&all(stored(&kafka, TOPIC).await));
    seen.dedup();
    assert_eq!(seen, [event(3).json, event(4).json]);
}

#[tokio::test]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn a_topic_that_we_may_not_make_is_made_by_kafka() {
    let kafka = Kafka::start().unwrap();
    let settings = KafkaSettings { create: None, ..settings(vec![kafka.address()]) };
    KafkaTopics::new(settings).deliver(&events(3)).await.unwrap();
    let seen = stored(&kafka, TOPIC).await;
    let records: usize = seen.values().map(Vec::len).sum();
    assert_eq!(records, 3);
}

/// A way through the door of a Kafka.
fn guarded(kafka: &GuardedKafka, mechanism: Mechanism) -> KafkaSettings {
    let (user, password) = kafka.login();
    KafkaSettings {
        tls: Some(Authorities::File(kafka.authority())),
        login: Some(Login { mechanism, user: user.into(), password: password.into() }),
        ..settings(vec![kafka.address()])
    }
}

#[tokio::test]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn one_that_asks_who_we_are_believes_each_proof() {
    let kafka = GuardedKafka::start().unwrap();
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512] {
        let mut sink = KafkaTopics::new(guarded(&kafka, mechanism));
        sink.deliver(&events(3)).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn one_that_does_not_know_us_or_that_we_do_not_know_gets_nothing() {
    let (kafka, other) = (GuardedKafka::start().unwrap(), GuardedKafka::start().unwrap());
    let right = |mechanism| guarded(&kafka, mechanism);
    let with_password = |mechanism| {
        let login =
            right(mechanism).login.map(|login| Login { password: "a guess".into(), ..login });
        KafkaSettings { login, ..right(mechanism) }
    };
    let with_authority =
        |authority| KafkaSettings { tls: Some(authority), ..right(Mechanism::ScramSha512) };
    for (wrong, said) in [
        (with_password(Mechanism::Plain), "SaslAuthenticationFailed"),
        (with_password(Mechanism::ScramSha256), "SaslAuthenticationFailed"),
        (with_password(Mechanism::ScramSha512), "SaslAuthenticationFailed"),
        (KafkaSettings { login: None, ..right(Mechanism::ScramSha512) }, ""),
        (KafkaSettings { tls: None, ..right(Mechanism::ScramSha512) }, ""),
        (with_authority(Authorities::File(other.authority())), "certificate"),
        (with_authority(Authorities::Public), "certificate"),
    ] {
        let error = KafkaTopics::new(wrong).deliver(&events(1)).await.unwrap_err();
        assert!(matches!(error, SinkError::Temporary { delivered: 0, .. }), "{error:?}");
        assert!(error.to_string().contains(said), "{error}, not {said}");
    }
}

#[tokio::test]
async fn one_that_is_not_there_is_asked_again() {
    let port = onsale_testbed::free_port().unwrap();
    let settings = KafkaSettings {
        timeout: Duration::from_millis(200),
        ..settings(vec![format!("127.0.0.1:{port}")])
    };
    let error = KafkaTopics::new(settings).deliver(&events(2)).await.unwrap_err();
    assert!(matches!(error, SinkError::Temporary { delivered: 0, .. }), "{error:?}");
}

#[tokio::test]
async fn certificates_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let mut settings = settings(vec!["127.0.0.1:9".to_owned()]);
    settings.tls = Some(Authorities::File(path.clone()));
    let mut sink = KafkaTopics::new(settings);
    let missing = sink.deliver(&events(1)).await.unwrap_err().to_string();
    assert!(missing.starts_with(&path.display().to_string()), "{missing}");
    std::fs::write(&path, "nothing\n").unwrap();
    let empty = sink.deliver(&events(1)).await.unwrap_err().to_string();
    assert!(empty.ends_with("no certificate is in it"), "{empty}");
}

#[test]
fn what_is_there_of_a_batch_that_failed_is_not_put_there_again() {
    let events = events(6);
    let mut sink = KafkaTopics::new(settings(vec!["127.0.0.1:9".to_owned()]));
    let failed = || Err(KafkaError::Timeout(Duration::from_secs(1)));
    let part = |topic, at: &[usize]| ((topic, 0), at.to_vec());
    let parts = Parts::from([
        part(Topic::Inventory, &[0, 3]),
        part(Topic::Order, &[1, 4]),
        part(Topic::Payment, &[2, 5]),
    ]);
    let failure = sink.judge(&events, &parts, vec![Ok(()), failed(), Ok(())]).unwrap_err();
    assert_eq!(failure.first, 1, "the one before need not be delivered again");
    let ahead = [2, 3, 5].map(|at: usize| events[at].id.clone());
    assert_eq!(sink.ahead, BTreeSet::from(ahead.clone()));
    // What is left of it, behind the first that is delivered.
    let parts = Parts::from([part(Topic::Order, &[0, 3])]);
    sink.judge(&events[1..], &parts, vec![failed()]).unwrap_err();
    assert_eq!(sink.ahead, BTreeSet::from(ahead), "it is remembered until all is there");
    sink.judge(&events[1..], &parts, vec![Ok(())]).unwrap();
    assert!(sink.ahead.is_empty());
}

#[test]
fn a_batch_is_no_larger_than_a_broker_takes() {
    let of_bytes = |bytes| Event { json: "x".repeat(bytes), ..event(1) };
    assert_eq!(batch(&events(600)).len(), EVENTS_MAX);
    let large = vec![of_bytes(BYTES_MAX / 2), of_bytes(BYTES_MAX / 2), of_bytes(1)];
    assert_eq!(batch(&large).len(), 2);
    assert_eq!(batch(&[of_bytes(BYTES_MAX + 1), of_bytes(1)]).len(), 1, "one at least");
}

#[test]
fn a_record_is_the_cloud_event_as_it_is() {
    let event = event(7);
    let record = record(&event, now());
    let value: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
    assert_eq!(value["id"], event.id);
    assert_eq!(value["partitionkey"].as_str().unwrap().as_bytes(), record.key.unwrap());
    assert_eq!(record.headers.len(), 1);
}
