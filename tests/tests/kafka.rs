//! Facts in Kafka, of a server that is killed under load and a Kafka that stands still, or one that
//! asks who one is: a consumer that others have written holds what the journal holds, each at
//! least once, in order.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, fs};

use onsale_testbed::{GuardedKafka, KAFKA_PYTHON_VARIABLE, Kafka};
use onsale_tests::{Operator, Server, buying_storm, club, facts, small_house};
use serde_json::{Value, json};

const KILLS: usize = 8;
const BUYERS: usize = 4;
/// So many purchases, and the server is killed.
const ENOUGH: u64 = 8;
const PARTITIONS: u64 = 3;
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

const CONSUMER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka_consumer.py");

/// A consumer, and what it has found in each partition.
struct Consumer {
    child: Child,
    lines: BufReader<ChildStdout>,
    streams: BTreeMap<(String, u64), Vec<Value>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn whatever_is_killed_a_consumer_of_kafka_holds_every_fact_in_order() {
    let kafka = Kafka::start().unwrap();
    let place = tempfile::tempdir().unwrap();
    let (data, config) = (place.path().join("data"), place.path().join("onsale.toml"));
    fs::write(&config, settings(&kafka.address())).unwrap();
    let arguments = ["--config", config.to_str().unwrap()];
    let start = || Server::start(&data, &arguments).expect("it starts");

    let mut server = start();
    let operator = Operator::new(&server.base, server.operator_token());
    let events = [operator.open(&small_house(200)).await, operator.open(&club(2_000)).await];
    for kill in 0..KILLS {
        // It stands still for a whole life of the server now and then.
        if kill % 3 == 1 {
            kafka.freeze();
        }
        buying_storm(server, BUYERS, ENOUGH, &events).await;
        kafka.thaw();
        server = start();
    }
    server.kill();
    let expected = facts::published(&data);
    assert!(expected.len() > KILLS * 20, "the load was real: {}", expected.len());

    let server = start();
    let mut consumer = Consumer::start(&json!({ "bootstrap_servers": kafka.address() }));
    // As long as the runner is patient.
    while !facts::are_held(&expected, &consumer.read_on()) {}
    assert!(server.stop().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a Kafka: cargo xtask kafka"]
async fn a_kafka_that_asks_who_we_are_holds_every_fact_too() {
    let kafka = GuardedKafka::start().unwrap();
    let (user, password) = kafka.login();
    let place = tempfile::tempdir().unwrap();
    let (data, config) = (place.path().join("data"), place.path().join("onsale.toml"));
    let guarded = format!(
        "{}tls = true\nca = {:?}\n\
         login = {{ mechanism = \"scram-sha-512\", user = {user:?}, password = {password:?} }}\n",
        settings(&kafka.address()),
        kafka.authority()
    );
    fs::write(&config, guarded).unwrap();
    let start = || Server::start(&data, &["--config", config.to_str().unwrap()]).unwrap();

    let server = start();
    let operator = Operator::new(&server.base, server.operator_token());
    let events = [operator.open(&small_house(200)).await];
    buying_storm(server, BUYERS, ENOUGH, &events).await;
    let expected = facts::published(&data);

    let server = start();
    let mut consumer = Consumer::start(&json!({
        "bootstrap_servers": kafka.address(),
        "security_protocol": "SASL_SSL",
        "ssl_cafile": kafka.authority(),
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": user,
        "sasl_plain_password": password,
    }));
    while !facts::are_held(&expected, &consumer.read_on()) {}
    assert!(server.stop().status.success());
}

fn settings(address: &str) -> String {
    format!(
        "[[bus]]\nname = \"kafka\"\n[bus.to.kafka]\nbrokers = [\"{address}\"]\nprefix = \"sale.\"\n\
         timeout_ms = 500\ncreate = {{ partitions = {PARTITIONS}, replication = 1 }}\n"
    )
}

impl Consumer {
    fn start(settings: &Value) -> Self {
        let python = env::var(KAFKA_PYTHON_VARIABLE).expect("it needs a Kafka: cargo xtask kafka");
        // Nobody has to queue here.
        let topics = ["inventory-events", "order-events", "payment-events"];
        let mut child = Command::new(python)
            .args([CONSUMER, &settings.to_string()])
            .args(topics.map(|topic| format!("sale.{topic}")))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, streams: BTreeMap::new() }
    }

    /// Waits for more records; answers all so far, each partition from its first record on.
    fn read_on(&mut self) -> Vec<Vec<Value>> {
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            assert!(line.ends_with('\n'), "the consumer ended");
            if line == "\n" {
                return self.streams.values().cloned().collect();
            }
            let record: Value = serde_json::from_str(&line).unwrap();
            let topic = record["topic"].as_str().unwrap().to_owned();
            let place = (topic, record["partition"].as_u64().unwrap());
            self.streams.entry(place).or_default().push(event(&record));
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Fails only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The event that a record holds, which is as the binding of CloudEvents has it, and where other
/// producers would have put it.
fn event(record: &Value) -> Value {
    let event: Value = serde_json::from_str(record["value"].as_str().unwrap()).unwrap();
    assert_eq!(record["headers"], json!([["content-type", CONTENT_TYPE]]));
    assert_eq!(record["key"], event["partitionkey"]);
    assert_eq!(record["topic"], format!("sale.{}", event["topic"].as_str().unwrap()));
    assert_eq!(record["partitions"], PARTITIONS);
    assert_eq!(record["partition"], record["expected_partition"], "{record}");
    event
}
