//! Damaged files: either all that a watermark vouches for is read, or damage is reported.

use onsale_storage::directory::{Directory, MemoryDirectory};
use onsale_storage::journal::{
    BLOCK_BYTES, Damage, FactNumber, JournalConfig, RecoverError, Start, Tail, inspect,
};
use onsale_storage::snapshot::{self, SnapshotHeader};

use crate::support::{Decision, IDENTITY, PARTITION, Random, Shell, recover, small_config};

/// A log in one segment of 64 KiB, what is in it, and what its own watermarks vouch for.
struct Log {
    disk: MemoryDirectory,
    bytes: Vec<u8>,
    decisions: Vec<Decision>,
    batches: Vec<BatchExtent>,
}

/// The part of a batch that its CRC covers.
struct BatchExtent {
    start: usize,
    end: usize,
    durable: FactNumber,
    last_fact: FactNumber,
}

const NAME: &str = "0000000001.segment";
const LOG_BYTES: usize = 64 << 10;

fn random_log(seed: u64) -> Log {
    let mut random = Random(seed);
    let config = JournalConfig { segment_bytes: LOG_BYTES as u64, ..small_config() };
    let mut shell = Shell::new_journal(config);
    let mut decisions = Vec::new();
    while shell.disk.list().unwrap().len() < 2 && decisions.len() < 24 {
        let size = if random.chance(5) { random.below(9000) } else { random.below(300) };
        let payload = random.bytes(size);
        let last_fact = shell.append(&payload, 1 + random.below(3) as u32).unwrap();
        decisions.push(Decision { last_fact, payload });
        while !shell.pending.is_empty() && random.chance(2) {
            let chosen = random.below(shell.pending.len());
            shell.complete(chosen);
        }
        if random.chance(8) {
            shell.complete_all();
            shell.idle();
        }
    }
    shell.complete_all();
    let bytes = shell.disk.read(NAME, 0..u64::MAX).unwrap();
    let mut disk = MemoryDirectory::new();
    disk.put(NAME, bytes.clone());
    let (decisions_read, _) = recover(&disk, Start::FirstFact).unwrap();
    decisions.truncate(decisions_read.len());
    assert_eq!(decisions_read, decisions);
    let batches = batch_extents(&bytes);
    Log { disk, bytes, decisions, batches }
}

/// Found by the documented layout, not by the code under test.
fn batch_extents(bytes: &[u8]) -> Vec<BatchExtent> {
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let mut batches = Vec::new();
    let mut start = BLOCK_BYTES;
    while start < bytes.len() && bytes[start..].starts_with(b"ONSALEJB") {
        let end = start + 72 + number(start + 56) as usize;
        let next = end.next_multiple_of(BLOCK_BYTES);
        let durable = FactNumber::new(number(start + 48));
        let last_fact = if next < bytes.len() && bytes[next..].starts_with(b"ONSALEJB") {
            FactNumber::new(number(next + 40) - 1)
        } else {
            FactNumber::new(u64::MAX)
        };
        batches.push(BatchExtent { start, end, durable, last_fact });
        start = next;
    }
    batches
}

#[test]
fn a_flipped_bit_is_damage_if_vouched_for_and_a_torn_tail_if_not() {
    for seed in 0..2 {
        let mut random = Random(seed);
        let mut log = random_log(seed);
        let (mut damaged, mut torn) = (0, 0);
        for position in 0..LOG_BYTES {
            let bit = 1 << random.below(8);
            log.disk.content_mut(NAME).unwrap()[position] ^= bit;
            let context = format!("seed {seed}, byte {position}, bit {bit}");
            match recover(&log.disk, Start::FirstFact) {
                Ok((decisions, recovered)) => {
                    assert!(log.decisions.starts_with(&decisions), "{context}");
                    assert!(!log.must_refuse_flip(position), "{context} went unnoticed");
                    torn += u32::from(recovered.torn.is_some());
                }
                Err(RecoverError::Damaged { .. }) => {
                    assert!(log.must_refuse_flip(position), "{context}: a false alarm");
                    damaged += 1;
                }
                Err(error) => panic!("{context}: {error}"),
            }
            log.disk.content_mut(NAME).unwrap()[position] ^= bit;
        }
        assert!(damaged > 0 && torn > 0, "seed {seed}: both verdicts must occur");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_damage() {
    for seed in 0..2 {
        let mut log = random_log(seed);
        for length in 0..LOG_BYTES {
            log.disk.put(NAME, log.bytes[..length].to_vec());
            let outcome = recover(&log.disk, Start::FirstFact);
            match outcome {
                // Nothing is left that could tell it from a file that was just being created.
                Ok((decisions, _)) => assert!(length == 0 && decisions.is_empty(), "{length}"),
                Err(RecoverError::Damaged { .. }) => {}
                Err(error) => panic!("seed {seed}, length {length}: {error}"),
            }
        }
    }
}

#[test]
fn a_log_that_stops_anywhere_is_a_prefix() {
    for seed in 0..1 {
        let mut log = random_log(seed);
        // Beyond the header: the disk wrote a prefix, the rest of the file is still zeros.
        for length in BLOCK_BYTES..LOG_BYTES {
            let mut bytes = log.bytes[..length].to_vec();
            bytes.resize(LOG_BYTES, 0);
            log.disk.put(NAME, bytes);
            let (decisions, recovered) = recover(&log.disk, Start::FirstFact).unwrap();
            assert!(log.decisions.starts_with(&decisions), "seed {seed}, length {length}");
            let vouched = log.batches.iter().filter(|batch| batch.end <= length);
            let vouched = vouched.map(|batch| batch.durable).max().unwrap_or_default();
            let last_fact = recovered.tail.unwrap().last_fact;
            assert!(last_fact >= vouched, "seed {seed}, length {length}");
        }
    }
}

impl Log {
    /// A flip in the header, or in a batch that starts before what another batch vouches for.
    fn must_refuse_flip(&self, position: usize) -> bool {
        let hit = self.batches.iter().find(|batch| (batch.start..batch.end).contains(&position));
        let Some(hit) = hit else { return position < BLOCK_BYTES };
        let before = self.batches.iter().rev().find(|batch| batch.start < hit.start);
        let next_fact = before.map_or(FactNumber::FIRST, |before| before.last_fact.next());
        let later = self.batches.iter().filter(|batch| batch.start > hit.start);
        later.into_iter().any(|batch| batch.durable >= next_fact)
    }
}

#[test]
fn a_seal_turns_damage_to_the_last_acknowledged_record_from_torn_into_loud() {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    shell.append(b"acknowledged", 1).unwrap();
    shell.complete_all();
    let damage = |disk: &MemoryDirectory| {
        let mut disk = disk.clone();
        disk.content_mut(NAME).unwrap()[BLOCK_BYTES + 100] ^= 1;
        recover(&disk, Start::FirstFact)
    };

    let (decisions, recovered) = damage(&shell.disk).unwrap();
    assert!(decisions.is_empty());
    let torn = recovered.torn.unwrap();
    assert_eq!((torn.offset, torn.first_lost), (BLOCK_BYTES as u64, FactNumber::FIRST));

    shell.idle();
    let error = damage(&shell.disk).unwrap_err();
    let text = error.to_string();
    let RecoverError::Damaged { file, offset, fact, damage } = error else { panic!("{error}") };
    assert_eq!((&file[..], offset, fact), (NAME, BLOCK_BYTES as u64, FactNumber::FIRST));
    assert_eq!(damage, Damage::DurableLost { durable: FactNumber::FIRST });
    for part in [NAME, "byte 4096", "fact 1", "restore", "backup"] {
        assert!(text.contains(part), "{part:?} is missing in {text:?}");
    }
}

/// A journal of several segments with one decision per batch.
fn long_journal() -> (Shell, Vec<Decision>) {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    let mut decisions = Vec::new();
    for number in 0..10 {
        let payload = vec![number; 100];
        let last_fact = shell.append(&payload, 2).unwrap();
        decisions.push(Decision { last_fact, payload });
        shell.complete_all();
    }
    (shell, decisions)
}

#[test]
fn a_flipped_bit_in_an_older_segment_is_always_damage() {
    let (mut shell, _) = long_journal();
    let file = shell.disk.content_mut("0000000002.segment").unwrap();
    let used: Vec<usize> = (0..file.len()).filter(|&at| file[at] != 0).collect();
    for position in used {
        shell.disk.content_mut("0000000002.segment").unwrap()[position] ^= 0x40;
        let outcome = recover(&shell.disk, Start::FirstFact);
        assert!(matches!(outcome, Err(RecoverError::Damaged { .. })), "byte {position}");
        shell.disk.content_mut("0000000002.segment").unwrap()[position] ^= 0x40;
    }
    recover(&shell.disk, Start::FirstFact).unwrap();
}

#[test]
fn a_missing_or_foreign_segment_is_named() {
    let (shell, _) = long_journal();
    let refusal = |change: &dyn Fn(&mut MemoryDirectory)| {
        let mut disk = shell.disk.clone();
        change(&mut disk);
        recover(&disk, Start::FirstFact).unwrap_err()
    };
    let only_one_in_use = refusal(&|disk| {
        *disk = MemoryDirectory::new();
        disk.create_zeroed("0000000002.segment", 16 << 10).unwrap();
    });
    let RecoverError::MissingSegment { file } = only_one_in_use else { panic!("not missed") };
    assert_eq!(file, "0000000001.segment");
    let missing = refusal(&|disk| disk.remove("0000000002.segment").unwrap());
    assert!(
        matches!(&missing, RecoverError::MissingSegment { file } if file == "0000000002.segment")
    );
    let first = refusal(&|disk| disk.remove(NAME).unwrap());
    let RecoverError::MissingFacts { first, last } = first else { panic!("{first}") };
    assert_eq!((first.get(), last.get()), (1, 6));

    let mut foreign = IDENTITY;
    foreign.journal.0 += 1;
    let mut other = Shell::new(small_config(), &Tail::new_journal(foreign), MemoryDirectory::new());
    other.complete_all();
    let foreign_segment = other.disk.read(NAME, 0..u64::MAX).unwrap();
    let mixed = refusal(&|disk| disk.put(NAME, foreign_segment.clone()));
    assert!(matches!(mixed, RecoverError::ForeignJournal { .. }), "{mixed}");
    let moved = refusal(&|disk| {
        let content = disk.read("0000000002.segment", 0..u64::MAX).unwrap();
        disk.put("0000000003.segment", content);
    });
    assert!(matches!(moved, RecoverError::Damaged { damage: Damage::Inconsistent, .. }), "{moved}");
}

#[test]
fn another_partition_is_refused_and_so_is_a_newer_version() {
    let (mut shell, _) = long_journal();
    let Err(error) =
        onsale_storage::journal::Recovery::open(&shell.disk, PARTITION + 1, Start::FirstFact)
    else {
        panic!("a foreign partition was opened");
    };
    assert!(matches!(error, RecoverError::ForeignPartition { found: PARTITION, .. }), "{error}");

    let block = &mut shell.disk.content_mut(NAME).unwrap()[..BLOCK_BYTES];
    block[8..12].copy_from_slice(&9_u32.to_le_bytes());
    let crc = crc32c::crc32c(&block[..BLOCK_BYTES - 4]);
    block[BLOCK_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    let error = recover(&shell.disk, Start::FirstFact).unwrap_err();
    assert!(matches!(error, RecoverError::UnknownVersion { found: 9, .. }), "{error}");
    assert!(error.to_string().contains("reads version 1"));
}

#[test]
fn a_segment_that_never_came_into_use_is_no_damage_unless_it_is_cut_short() {
    let (shell, decisions) = long_journal();
    // Created ahead of need, so without a header yet.
    let last = shell.disk.list().unwrap().last().unwrap().name.clone();
    assert_eq!(recover(&shell.disk, Start::FirstFact).unwrap().0, decisions);
    for length in [0, 100, BLOCK_BYTES - 1] {
        let mut disk = shell.disk.clone();
        disk.put(&last, vec![0; length]);
        let error = recover(&disk, Start::FirstFact).unwrap_err();
        let RecoverError::Damaged { file, damage, .. } = error else { panic!("{error}") };
        assert_eq!((file, damage), (last.clone(), Damage::Header));
    }
}

#[test]
fn a_journal_that_ends_before_its_snapshot_is_damaged() {
    let (shell, _) = long_journal();
    let (fact, chain) = (FactNumber::new(22), shell.writer.chain());
    let header = SnapshotHeader { identity: IDENTITY, fact, chain, time_ms: 0 };
    let error = recover(&shell.disk, Start::Snapshot(&header)).unwrap_err();
    let ahead = Damage::SnapshotAhead { snapshot: fact };
    assert!(matches!(error, RecoverError::Damaged { damage, .. } if damage == ahead), "{error}");

    for fact in [19, 18] {
        // In the middle of a decision, and at its end with another chain.
        let header = SnapshotHeader { fact: FactNumber::new(fact), ..header };
        let error = recover(&shell.disk, Start::Snapshot(&header)).unwrap_err();
        assert!(matches!(error, RecoverError::SnapshotMismatch { .. }), "{error}");
    }
}

#[test]
fn an_inspection_tells_what_is_there_and_what_is_broken() {
    let (mut shell, decisions) = long_journal();
    shell.idle();
    let (fact, chain) = (shell.writer.durable(), shell.writer.chain());
    let header = SnapshotHeader { identity: IDENTITY, fact, chain, time_ms: 5 };
    snapshot::save(&mut shell.disk, &header, b"state").unwrap();
    let sound = inspect(&shell.disk, PARTITION).unwrap();
    assert!(sound.is_sound(), "{sound:?}");
    assert_eq!((sound.identity, sound.last_fact()), (Some(IDENTITY), fact));
    assert_eq!(sound.segments.iter().map(|one| one.decisions).sum::<u64>(), 10);
    assert_eq!(sound.segments.iter().map(|one| one.seals).sum::<u64>(), 1);
    assert_eq!(sound.snapshots[0].content.as_ref().unwrap().0, header);

    shell.disk.content_mut("0000000002.segment").unwrap()[BLOCK_BYTES + 80] ^= 1;
    shell.disk.content_mut(&snapshot::file_name(fact)).unwrap()[100] ^= 1;
    let broken = inspect(&shell.disk, PARTITION).unwrap();
    assert!(!broken.is_sound());
    assert!(matches!(broken.damage, Some(RecoverError::Damaged { .. })));
    assert_eq!(broken.last_fact(), decisions[2].last_fact);
    assert!(broken.snapshots[0].content.is_err());
}
