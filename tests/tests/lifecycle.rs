//! Starting and stopping the real binary.

use std::fs;
use std::path::{Path, PathBuf};

use onsale_tests::{Operator, Server, Shopper, club};

#[tokio::test]
async fn a_purchase_works_on_either_host_and_outlives_a_restart() {
    for host in ["glommio", "tokio"] {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(data.path(), &["--host", host]).expect("it starts");
        let operator = Operator::new(&server.base, server.operator_token());
        let event = operator.open(&club(10)).await;
        let shopper = Shopper::new(&server.base).await.unwrap();
        let bought = shopper.buy(&event, 0, 2).await.expect("the server is there");
        assert_eq!(bought.text("status"), Some("COMPLETED"), "{host}: {bought:?}");

        let ended = server.stop();
        assert!(ended.status.success(), "{host}: {ended:?}");
        let server = Server::start(data.path(), &["--host", host]).expect("it starts again");
        let operator = Operator::new(&server.base, server.operator_token());
        let order = operator.order(bought.text("id").unwrap()).await;
        assert_eq!(order.body["tickets"], bought.body["tickets"], "{host}");
        assert!(operator.audit(&event).await["holds"] == true, "{host}");
    }
}

#[tokio::test]
async fn requests_that_run_when_the_server_is_told_to_stop_are_answered() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]).expect("it starts");
    let operator = Operator::new(&server.base, server.operator_token());
    let event = operator.open(&club(10)).await;
    let shopper = Shopper::new(&server.base).await.unwrap();
    let hold = shopper.hold(&event, 0, 1).await.unwrap();
    let placed = shopper.order(hold.text("id").unwrap()).await.unwrap();
    let paid = shopper.pay(placed.text("id").unwrap());
    // The payment is under way: its long poll and its webhook run into the drain.
    let (_, ended) = tokio::join!(paid, async {
        server.terminate();
        tokio::task::spawn_blocking(move || server.wait()).await.unwrap()
    });
    assert!(ended.status.success(), "{ended:?}");
    let server = Server::start(data.path(), &[]).expect("it starts again");
    let operator = Operator::new(&server.base, server.operator_token());
    let order = operator.order(placed.text("id").unwrap()).await;
    assert_eq!(order.status, 200, "what was acknowledged is there");
}

#[test]
fn a_second_server_on_the_same_data_refuses_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let _first = Server::start(data.path(), &[]).expect("it starts");
    let ended = Server::start(data.path(), &[]).err().expect("one server at a time");
    assert!(!ended.status.success());
    let path = data.path().display().to_string();
    assert!(ended.errors.contains(&path), "{}", ended.errors);
}

#[tokio::test]
async fn a_server_starts_again_at_once_on_the_port_that_it_had() {
    for host in ["glommio", "tokio"] {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(data.path(), &["--host", host]).expect("it starts");
        let address = server.base.trim_start_matches("http://").to_owned();
        // The drain closes this connection from the server's side, where it lingers.
        let shopper = Shopper::new(&server.base).await.expect("the server is there");
        assert!(server.stop().status.success());
        let again = Server::start(data.path(), &["--host", host, "--listen", &address]);
        assert!(again.is_ok(), "{host}: {:?}", again.err());
        drop(shopper);
    }
}

#[tokio::test]
async fn an_event_is_sold_at_the_port_that_it_names_as_its_cores_own() {
    for host in ["glommio", "tokio"] {
        let data = tempfile::tempdir().unwrap();
        let own_ports = [("ONSALE_LISTEN_PER_CORE", "0")];
        let server = Server::start_with(data.path(), &["--host", host], &own_ports);
        let server = server.expect("it starts");
        let operator = Operator::new(&server.base, server.operator_token());
        let event = operator.open(&club(10)).await;
        let port = &operator.event(&event).await["direct_port"];
        let direct = format!("http://127.0.0.1:{port}");
        assert_ne!(direct, server.base, "{host}: cores have ports of their own");
        assert!(server.greeting.contains(&direct), "{host}: {port} is not in {}", server.greeting);
        let shopper = Shopper::new(&direct).await.expect("its core listens there");
        let bought = shopper.buy(&event, 0, 2).await.expect("its core sells it");
        assert_eq!(bought.text("status"), Some("COMPLETED"), "{host}: {bought:?}");
        assert!(server.stop().status.success(), "{host}: both ports are drained");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let ended = Server::start(data.path(), &["--listen", &address]).err();
    let ended = ended.expect("the port is taken");
    assert!(ended.errors.contains(&address), "{}", ended.errors);
}

#[tokio::test]
async fn damage_before_the_last_acknowledged_fact_is_refused_and_located() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]).expect("it starts");
    let operator = Operator::new(&server.base, server.operator_token());
    let event = operator.open(&club(10)).await;
    let shopper = Shopper::new(&server.base).await.unwrap();
    shopper.buy(&event, 0, 1).await.expect("the server is there");
    assert!(server.stop().status.success());

    let segment = longest_segment(data.path());
    let mut bytes = fs::read(&segment).unwrap();
    // The first batch behind the header block, beyond its own header.
    bytes[4_096 + 200] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let ended = Server::start(data.path(), &[]).err().expect("it does not start");
    let name = segment.file_name().unwrap().to_str().unwrap();
    assert!(ended.errors.contains(name), "it says where: {}", ended.errors);
}

/// The segment that facts were written to: the one with most behind its header.
fn longest_segment(data: &Path) -> PathBuf {
    let files_in = |folder: PathBuf| {
        let entries = fs::read_dir(folder).expect("the server created it");
        entries.map(|entry| entry.expect("it can be listed").path())
    };
    let used = |path: &PathBuf| {
        let bytes = fs::read(path).expect("it can be read");
        bytes.iter().skip(4_096).filter(|byte| **byte != 0).count()
    };
    files_in(data.join("partitions")).flat_map(files_in).max_by_key(used).expect("a segment")
}
