//! What is in a journal, and what is wrong with it.

use onsale_core::Partition;
use onsale_core::id::PartitionId;
use onsale_engine::snapshots;
use onsale_storage::directory::Directory;
use onsale_storage::journal::{BLOCK_BYTES, FactNumber};
use onsale_storage::snapshot;
use sha2::{Digest, Sha256};

use crate::support::{FACTS, Place, SELLING, Sold, TRACE};

const BLOCK: u64 = BLOCK_BYTES as u64;

fn state_hash(partition: &Partition) -> String {
    let hash = Sha256::digest(partition.to_bytes());
    let halves = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| char::from_digit(half.into(), 16).unwrap()).collect()
}

fn take_snapshot(sold: &Sold, fact: u64) {
    let (last, keep_from) = (FactNumber::new(fact), FactNumber::MAX);
    snapshots::make(&mut sold.files.clone(), SELLING, last, keep_from).unwrap();
}

fn newest_segment(sold: &Sold) -> String {
    let names = sold.files.list().unwrap().into_iter().map(|entry| entry.name);
    let used = names.filter(|name| name.ends_with(".segment"));
    // The very last was prepared and has nothing in it yet.
    let used = used.filter(|name| sold.files.read(name, 0..8).unwrap() != [0; 8]);
    used.max().unwrap()
}

#[test]
fn inspect_shows_segments_and_snapshots() {
    let sold = Sold::new();
    take_snapshot(&sold, 10);
    let outcome = sold.place.onsale(&["journal", "inspect"]);
    let lines: Vec<_> = outcome.succeeds().lines().collect();
    assert_eq!(lines[0], "partition 0: sound, no journal");
    assert!(lines[1].starts_with(&format!("partition 1: sound, {FACTS} facts, journal ")));
    let first: Vec<_> = lines[3].split_whitespace().collect();
    assert_eq!(first[..4], ["0000000001.segment", "1", "to", "3"]);
    assert_eq!(first[7..], [&*(4 * BLOCK).to_string(), &*(4 * BLOCK).to_string()]);
    assert!(outcome.out.contains("00000000000000000010.snapshot at 2027-01-15T08:00:01.953Z"));
}

#[test]
fn verify_replays_everything_and_compares_with_snapshots() {
    let sold = Sold::new();
    take_snapshot(&sold, 10);
    let outcome = sold.place.onsale(&["journal", "verify"]);
    let hash = state_hash(&sold.partition);
    let expected = format!("partition 1: sound, {FACTS} facts, 1 snapshots compared, state {hash}");
    assert_eq!(outcome.succeeds().lines().nth(1), Some(&*expected));
}

#[test]
fn a_journal_whose_beginning_was_removed_is_replayed_from_a_snapshot() {
    let sold = Sold::new();
    take_snapshot(&sold, 8);
    take_snapshot(&sold, 14);
    assert!(!sold.files.path().join("0000000001.segment").exists(), "nothing was removed");
    let outcome = sold.place.onsale(&["journal", "replay", "--partition", "1"]);
    let hash = state_hash(&sold.partition);
    assert!(outcome.succeeds().contains("snapshot of fact 14: the same state"));
    assert!(outcome.out.contains(&format!("state after fact {FACTS}: {hash}")));
}

#[test]
fn replay_prints_facts_and_the_state_but_no_secret() {
    let sold = Sold::new();
    take_snapshot(&sold, 10);
    let outcome = sold.place.onsale(&["journal", "replay"]);
    let lines: Vec<_> = outcome.succeeds().lines().collect();
    let first = lines.iter().position(|line| *line == "partition 1").unwrap() + 1;
    assert!(lines[first].starts_with("1 2027-01-15T08:00:00.000Z EventDefined {"));
    assert!(lines[first].contains("LotterySeed(..)"));
    let event = sold.event;
    let opened =
        format!("2 2027-01-15T08:00:00.217Z EventOpened {{ event: {event} }} trace={TRACE}");
    assert_eq!(lines[first + 1], opened);
    assert!(lines[first + 2].starts_with("3 2027-01-15T08:00:00.434Z HoldTaken { hold: hld_"));
    assert_eq!(
        lines[lines.len() - 2..],
        [
            format!("state after fact {FACTS}: {}", state_hash(&sold.partition)),
            "snapshot of fact 10: the same state".to_owned()
        ]
    );
    assert!(!outcome.out.contains("171") && !outcome.out.contains("abab"));
}

#[test]
fn replay_prints_only_what_was_asked_for() {
    let sold = Sold::new();
    let facts = |arguments: &[&str]| {
        let outcome = sold.place.onsale(&[&["journal", "replay"], arguments].concat());
        let numbers = outcome.succeeds().lines().map(|line| line.split(' ').next().unwrap());
        numbers.filter_map(|number| number.parse::<u64>().ok()).collect::<Vec<_>>()
    };
    assert_eq!(facts(&["--from", "5", "--count", "3"]), [5, 6, 7]);
    assert_eq!(facts(&["--from", "21"]), [21, 22]);
    assert!(facts(&["--partition", "0"]).is_empty());
    let event = sold.event.to_string();
    assert_eq!(facts(&["--event", &event, "--count", "2"]), [1, 2]);
    let other = onsale_core::id::EventId::new(PartitionId::new(1).unwrap(), 1).unwrap();
    assert!(facts(&["--event", &other.to_string()]).is_empty());
    let outcome = sold.place.onsale(&["journal", "verify", "--partition", "2"]);
    outcome.refuses(2, &["no partition 2", "the last of this data directory is 1"]);
    assert_eq!(sold.place.onsale(&["journal", "replay", "--event", "ord_1"]).code, Some(2));
}

#[test]
fn damage_is_found_and_located_by_every_command() {
    let sold = Sold::new();
    // Facts 7 to 9 are in it, each in a block of its own behind the header.
    sold.overwrite("0000000003.segment", 2 * BLOCK + 100, b"!");
    let place = format!("partition 1: 0000000003.segment is damaged at byte {}", 2 * BLOCK);
    for command in ["inspect", "verify", "replay"] {
        let outcome = sold.place.onsale(&["journal", command]);
        outcome.refuses(1, &[&place, "fact 8", "restore 0000000003.segment"]);
        assert!(outcome.out.contains(&place), "{outcome:?}");
    }
    let replay = sold.place.onsale(&["journal", "replay", "--partition", "1"]);
    assert!(replay.out.contains("\n7 2027-"), "facts before the damage are shown: {replay:?}");
    assert!(!replay.out.contains("\n8 2027-") && !replay.out.contains("state after"));
    // Partitions are apart.
    sold.place.onsale(&["journal", "verify", "--partition", "0"]).succeeds();
}

#[test]
fn a_torn_tail_is_shown_and_is_no_damage() {
    let sold = Sold::new();
    let segment = newest_segment(&sold);
    sold.overwrite(&segment, BLOCK + 100, b"!");
    let outcome = sold.place.onsale(&["journal", "inspect", "--partition", "1"]);
    let torn = format!("torn tail: {segment} at byte {BLOCK}, where fact {FACTS} would begin");
    assert!(outcome.succeeds().contains(&torn), "{outcome:?}");
}

#[test]
fn a_snapshot_of_another_state_is_found() {
    let sold = Sold::new();
    take_snapshot(&sold, 10);
    let mut files = sold.files.clone();
    let sound = snapshot::load(&files, FactNumber::new(10)).unwrap();
    // Intact in itself, so only a replay can tell.
    snapshot::save(&mut files, &sound.header, &sold.partition.to_bytes()).unwrap();
    sold.place.onsale(&["journal", "inspect"]).succeeds();
    let outcome = sold.place.onsale(&["journal", "verify"]);
    outcome.refuses(1, &["partition 1: 00000000000000000010.snapshot does not hold", "remove it"]);
}

#[test]
fn a_damaged_snapshot_is_found() {
    let sold = Sold::new();
    take_snapshot(&sold, 10);
    sold.overwrite("00000000000000000010.snapshot", 120, b"!");
    let outcome = sold.place.onsale(&["journal", "inspect"]);
    outcome.refuses(1, &["partition 1: 00000000000000000010.snapshot is damaged"]);
}

#[test]
fn a_directory_that_is_gone_is_not_made_again() {
    let sold = Sold::new();
    std::fs::remove_dir_all(sold.files.path()).unwrap();
    sold.place.onsale(&["journal", "verify"]).refuses(1, &["partitions/0001 is missing"]);
    assert!(!sold.files.path().exists());
}

#[test]
fn check_and_version_need_no_data_directory() {
    let place = Place::new();
    assert!(place.onsale(&["check", "--host", "tokio"]).succeeds().contains("io_uring "));
    let version = format!("onsale {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(place.onsale(&["--version"]).succeeds(), version);
    assert!(!place.path("onsale-data").exists());
}
