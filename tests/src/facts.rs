//! Which facts are for others, by the journal, and whether a consumer holds them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::server::binary;

/// A fact: its partition and its number.
pub type Fact = (u64, u64);

/// Kinds of facts that say nothing new: they are not published.
const NOT_FOR_OTHERS: [&str; 2] = ["Answered", "EventReserved"];

/// The journals of a server that is down, as its binary shows them.
///
/// # Panics
/// If they cannot be read.
pub fn replay(data: &Path) -> String {
    let replay = Command::new(binary()).args(["journal", "replay", "--data"]).arg(data).output();
    let replay = replay.expect("the binary can be run");
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    String::from_utf8(replay.stdout).expect("it is text")
}

/// What is in the journals of a server that is down, and for others.
///
/// # Panics
/// If they cannot be read.
pub fn published(data: &Path) -> BTreeSet<Fact> {
    let (mut facts, mut partition) = (BTreeSet::<Fact>::new(), None::<u64>);
    for line in replay(data).lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["partition", number, ..] => partition = number.parse().ok(),
            [number, _, kind, ..] if !NOT_FOR_OTHERS.contains(&kind) => {
                let number = number.parse().ok();
                facts.extend(number.and_then(|number| Some((partition?, number))));
            }
            _ => {}
        }
    }
    facts
}

/// Whether all that is expected is in these streams. Each is in order for each event of the sale,
/// apart from what comes again.
///
/// # Panics
/// If it is not in order, or there is what the journal does not have.
pub fn are_held(expected: &BTreeSet<Fact>, streams: &[Vec<Value>]) -> bool {
    let mut held = BTreeSet::new();
    for stream in streams {
        let mut last = BTreeMap::new();
        for event in stream {
            let fact = fact_of(event);
            if held.insert(fact) {
                let key = event["partitionkey"].as_str().expect("it has a key");
                let before = last.insert(key, fact.1);
                assert!(before < Some(fact.1), "{before:?} comes before {event}");
            }
        }
    }
    let made_up: Vec<_> =
        held.difference(expected).filter(|fact| is_old(expected, **fact)).collect();
    let newest = expected.last();
    assert!(made_up.is_empty(), "not in the journal: {made_up:?}, whose newest is {newest:?}");
    held.is_superset(expected)
}

/// Whether the journal had got so far when it was looked at.
fn is_old(expected: &BTreeSet<Fact>, (partition, number): Fact) -> bool {
    expected.range((partition, number)..(partition + 1, 0)).next().is_some()
}

/// An id is the journal's, the partition and the number.
fn fact_of(event: &Value) -> Fact {
    let id = event["id"].as_str().expect("it has an id");
    let numbers = id.split_once('-').and_then(|(_, fact)| fact.split_once('-'));
    let fact = numbers
        .and_then(|(partition, number)| Some((partition.parse().ok()?, number.parse().ok()?)));
    fact.unwrap_or_else(|| panic!("{id} is no id"))
}
