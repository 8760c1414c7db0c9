//! Snapshots are made while the server sells, and a restart begins with one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use onsale_tests::{Operator, Server, Shopper, binary, club};

/// Enough for many snapshots at one every thirty facts.
const PURCHASES_MAX: usize = 300;

#[tokio::test]
async fn a_restart_begins_with_the_snapshot_that_was_made_while_selling() {
    let data = tempfile::tempdir().unwrap();
    let often = [("ONSALE_SNAPSHOTS__EVERY_FACTS", "30")];
    let server = Server::start_with(data.path(), &[], &often).expect("it starts");
    let operator = Operator::new(&server.base, server.operator_token());
    let event = operator.open(&club(1_000)).await;
    let mut bought = Vec::new();
    while snapshots(data.path()).len() < 2 {
        assert!(bought.len() < PURCHASES_MAX, "no snapshots after {} purchases", bought.len());
        let shopper = Shopper::new(&server.base).await.expect("the server is there");
        bought.push(shopper.buy(&event, 0, 1).await.expect("the server is there").body);
    }
    assert!(server.stop().status.success());

    let output = Command::new(binary())
        .args(["journal", "verify", "--data"])
        .arg(data.path())
        .current_dir(data.path())
        .output()
        .expect("the binary can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the snapshots are what the facts say: {said}");

    let server = Server::start(data.path(), &[]).expect("it starts again");
    let numbers = numbers(&server.greeting, "recovered");
    assert!(numbers[1] < numbers[0], "not all was replayed: {}", server.greeting);
    let operator = Operator::new(&server.base, server.operator_token());
    for order in &bought {
        let shown = operator.order(order["id"].as_str().unwrap()).await;
        assert_eq!(shown.body["tickets"], order["tickets"]);
    }
    assert!(operator.audit(&event).await["holds"] == true);
}

fn snapshots(data: &Path) -> Vec<PathBuf> {
    let files_in = |folder: PathBuf| {
        let entries = fs::read_dir(folder).expect("the server created it");
        entries.map(|entry| entry.expect("it can be listed").path())
    };
    let all = files_in(data.join("partitions")).flat_map(files_in);
    all.filter(|path| path.extension().is_some_and(|ending| ending == "snapshot")).collect()
}

/// The numbers in the line that begins with `word`.
fn numbers(text: &str, word: &str) -> Vec<u64> {
    let line = text.lines().find(|line| line.trim_start().starts_with(word)).expect("a line");
    line.split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}
