//! Snapshots, what they are good for, and what they make superfluous.

use onsale_storage::directory::{Directory, FileDirectory, MemoryDirectory};
use onsale_storage::journal::{BLOCK_BYTES, Bookmark, FactNumber, Follower, Start, prune};
use onsale_storage::snapshot::{self, SnapshotError, SnapshotHeader};

use crate::support::{Counted, IDENTITY, PARTITION, Shell, recover, small_config};

/// Appends and takes a snapshot after each fact in `at`.
fn journal_with_snapshots(at: &[u64]) -> Shell {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    for number in 1..=20 {
        shell.append(&[number; 50], 1).unwrap();
        shell.complete_all();
        if at.contains(&u64::from(number)) {
            let (fact, chain) = (shell.writer.durable(), shell.writer.chain());
            let header = SnapshotHeader { identity: IDENTITY, fact, chain, time_ms: 99 };
            snapshot::save(&mut shell.disk, &header, &[number]).unwrap();
        }
    }
    shell
}

#[test]
fn a_snapshot_and_the_tail_give_what_a_full_replay_gives() {
    for at in 1..=20 {
        let shell = journal_with_snapshots(&[at]);
        let found = snapshot::load_newest(&shell.disk).unwrap().snapshot.unwrap();
        assert_eq!((found.header.fact.get(), found.header.time_ms), (at, 99));
        assert_eq!(found.payload, [at as u8]);
        let (all, from_start) = recover(&shell.disk, Start::FirstFact).unwrap();
        let (rest, from_snapshot) = recover(&shell.disk, Start::Snapshot(&found.header)).unwrap();
        assert_eq!(rest, all[at as usize..]);
        assert_eq!(from_snapshot.tail, from_start.tail);
    }
}

#[test]
fn old_segments_cost_a_start_no_more_than_their_headers() {
    let shell = journal_with_snapshots(&[20]);
    let segments = shell.disk.list().unwrap().len() - 1;
    assert!(segments > 6, "{segments}");
    let found = snapshot::load_newest(&shell.disk).unwrap().snapshot.unwrap();
    let counted = Counted::new(&shell.disk);
    recover(&counted, Start::Snapshot(&found.header)).unwrap();
    // Beside the one that ends behind the snapshot, the one that is prepared.
    let most = (segments * BLOCK_BYTES) as u64 + 2 * small_config().segment_bytes;
    assert!(counted.read_bytes.get() <= most, "{} bytes", counted.read_bytes.get());
}

#[test]
fn a_damaged_snapshot_is_reported_and_the_one_before_is_used() {
    let shell = journal_with_snapshots(&[5, 12]);
    let name = snapshot::file_name(FactNumber::new(12));
    let length = shell.disk.read(&name, 0..u64::MAX).unwrap().len();
    for position in 0..length {
        let mut disk = shell.disk.clone();
        disk.content_mut(&name).unwrap()[position] ^= 4;
        let newest = snapshot::load_newest(&disk).unwrap();
        assert_eq!(newest.snapshot.unwrap().header.fact, FactNumber::new(5), "byte {position}");
        let [SnapshotError::Damaged { file }] = &newest.rejected[..] else {
            panic!("byte {position}: {:?}", newest.rejected);
        };
        assert_eq!(*file, name);
    }
}

#[test]
fn pruning_keeps_two_sound_snapshots_and_the_segments_behind_the_older() {
    let mut shell = journal_with_snapshots(&[4, 9, 14, 19]);
    let damaged = FactNumber::new(14);
    shell.disk.content_mut(&snapshot::file_name(damaged)).unwrap()[50] ^= 1;
    let removed = prune(&mut shell.disk, PARTITION, FactNumber::MAX).unwrap();
    assert_eq!(removed.snapshots, [FactNumber::new(4)]);
    let removed_segments: Vec<_> = removed.segments.iter().map(|index| index.get()).collect();
    // Three facts a segment: facts 1 to 9 lie in the first three.
    assert_eq!(removed_segments, [1, 2, 3]);

    shell.disk.content_mut(&snapshot::file_name(FactNumber::new(19))).unwrap()[50] ^= 1;
    let newest = snapshot::load_newest(&shell.disk).unwrap();
    assert_eq!(newest.rejected.len(), 2);
    let header = newest.snapshot.unwrap().header;
    assert_eq!(header.fact, FactNumber::new(9));
    assert_eq!(recover(&shell.disk, Start::Snapshot(&header)).unwrap().0.len(), 11);
    assert!(recover(&shell.disk, Start::FirstFact).is_err());
}

#[test]
fn what_somebody_still_follows_is_not_pruned() {
    for keep_from in 0..22 {
        let mut shell = journal_with_snapshots(&[14, 19]);
        let keep_from = FactNumber::new(keep_from);
        prune(&mut shell.disk, PARTITION, keep_from).unwrap();
        let fact = keep_from.previous();
        let mut follower = Follower::new(PARTITION, Bookmark { fact, chain: None });
        let mut followed = 0;
        while let Ok(Some(_)) = follower.next(&shell.disk, FactNumber::new(20)) {
            followed += 1;
        }
        assert_eq!(followed, 20 - fact.get(), "from {keep_from} on");
    }
}

#[test]
fn one_snapshot_makes_nothing_superfluous() {
    let mut shell = journal_with_snapshots(&[19]);
    let before = shell.disk.clone();
    prune(&mut shell.disk, PARTITION, FactNumber::MAX).unwrap();
    assert_eq!(shell.disk, before);
}

#[test]
fn the_file_system_keeps_the_same_files() {
    let root = tempfile::tempdir().unwrap();
    let mut files = FileDirectory::open(root.path().join("partition-7")).unwrap();
    let shell = journal_with_snapshots(&[5, 12]);
    for entry in shell.disk.list().unwrap() {
        let content = shell.disk.read(&entry.name, 0..u64::MAX).unwrap();
        files.write_atomically(&entry.name, &[&content]).unwrap();
    }
    let found = snapshot::load_newest(&files).unwrap().snapshot.unwrap();
    let in_memory = recover(&shell.disk, Start::Snapshot(&found.header)).unwrap();
    assert_eq!(recover(&files, Start::Snapshot(&found.header)).unwrap(), in_memory);
    let mut memory: MemoryDirectory = shell.disk;
    let removed = prune(&mut files, PARTITION, FactNumber::MAX).unwrap();
    assert_eq!(removed, prune(&mut memory, PARTITION, FactNumber::MAX).unwrap());
    assert_eq!(files.list().unwrap(), memory.list().unwrap());
}
