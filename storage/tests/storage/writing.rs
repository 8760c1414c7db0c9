//! What the writer promises to the shell.

use std::num::NonZeroU32;

use onsale_storage::directory::{Directory, MemoryDirectory};
use onsale_storage::journal::{
    AppendError, BLOCK_BYTES, ConfigError, FactNumber, JournalConfig, Request, Start, Tail, Writer,
};
use proptest::prelude::*;

use crate::support::{Decision, IDENTITY, Pending, Shell, recover, small_config};

fn opened(config: JournalConfig) -> Shell {
    let mut shell = Shell::new_journal(config);
    shell.complete_all();
    shell
}

proptest! {
    #[test]
    fn what_is_appended_is_recovered(
        sizes in proptest::collection::vec((0_usize..5000, 1_u32..5), 0..40),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 1..100),
    ) {
        let mut shell = Shell::new_journal(small_config());
        let mut order = order.iter().cycle();
        let mut appended = Vec::new();
        for (size, facts) in sizes {
            let payload = vec![size as u8; size];
            while let Err(error) = shell.append(&payload, facts) {
                prop_assert!(matches!(error, AppendError::Full { .. }), "{}", error);
                shell.complete(order.next().unwrap().index(shell.pending.len()));
            }
            appended.push(Decision { last_fact: shell.writer.appended(), payload });
        }
        shell.complete_all();
        prop_assert_eq!(shell.writer.durable(), shell.writer.appended());
        let (decisions, recovered) = recover(&shell.disk, Start::FirstFact).unwrap();
        prop_assert_eq!(decisions, appended);
        let tail = recovered.tail.unwrap();
        let writer = &shell.writer;
        prop_assert_eq!((tail.last_fact, tail.chain), (writer.durable(), writer.chain()));
    }
}

#[test]
fn only_the_contiguous_prefix_counts_as_durable() {
    let mut shell = opened(JournalConfig { segment_bytes: 1 << 20, ..small_config() });
    for _ in 0..3 {
        shell.append(b"fact", 1).unwrap();
    }
    assert_eq!(shell.writer.in_flight(), 3);
    shell.complete(2);
    assert_eq!(shell.writer.durable().get(), 0);
    shell.complete(0);
    assert_eq!(shell.writer.durable().get(), 1);
    shell.complete(0);
    assert_eq!(shell.writer.durable().get(), 3);
}

#[test]
fn what_queues_while_all_writes_are_under_way_goes_out_together() {
    let mut shell = opened(JournalConfig { segment_bytes: 1 << 20, ..small_config() });
    for _ in 0..30 {
        shell.append(b"fact", 1).unwrap();
    }
    assert_eq!(shell.writer.in_flight(), 4);
    assert!(shell.writer.queued_bytes() > 0);
    shell.complete(0);
    assert_eq!((shell.writer.in_flight(), shell.writer.queued_bytes()), (4, 0));
    shell.complete_all();
    assert_eq!(shell.writer.durable().get(), 30);
}

#[test]
fn no_block_is_written_twice_and_writes_stay_in_their_bounds() {
    let mut shell = opened(small_config());
    let mut written = std::collections::BTreeSet::new();
    for number in 0..200_usize {
        shell.append(&vec![1; number * 37 % 9000], 1).unwrap();
        for pending in &shell.pending {
            if let Pending::Write { segment, offset, bytes, id } = pending {
                let blocks = *offset / 4096..(*offset + bytes.len() as u64) / 4096;
                assert!(blocks.end <= 4 && bytes.len() <= 3 * BLOCK_BYTES);
                for block in blocks {
                    written.insert((*segment, block, *id));
                }
            }
        }
        shell.complete_all();
    }
    let blocks: std::collections::BTreeSet<_> =
        written.iter().map(|(segment, block, _)| (segment, block)).collect();
    assert_eq!(blocks.len(), written.len());
}

#[test]
fn a_full_queue_refuses_and_takes_nothing() {
    let config = JournalConfig { batch_bytes_max: 4096, queued_bytes_max: 4096, ..small_config() };
    // Nothing can go out before the first segment is there.
    let mut shell = Shell::new_journal(config);
    shell.append(&[0; 4000], 1).unwrap();
    let full = AppendError::Full { queued_bytes: 4024 };
    assert_eq!(shell.append(&[0; 100], 1), Err(full));
    assert_eq!((shell.writer.appended().get(), shell.writer.queued_bytes()), (1, 4024));
    shell.complete_all();
    assert_eq!(shell.append(&[0; 100], 1), Ok(FactNumber::new(2)));
}

#[test]
fn the_largest_record_fits_and_a_larger_one_is_refused() {
    let mut shell = opened(small_config());
    let bytes_max = 3 * BLOCK_BYTES - 72;
    let payload = vec![7; bytes_max - 24];
    let refused = AppendError::TooLarge { bytes: bytes_max + 1, bytes_max };
    assert_eq!(shell.append(&[&payload[..], &[7]].concat(), 1), Err(refused));
    shell.append(&payload, 1).unwrap();
    shell.append(b"behind it", 1).unwrap();
    shell.complete_all();
    let (decisions, _) = recover(&shell.disk, Start::FirstFact).unwrap();
    assert_eq!((decisions.len(), &decisions[0].payload), (2, &payload));
}

#[test]
fn a_record_too_long_for_a_hardly_used_segment_goes_to_the_next() {
    let mut shell = opened(JournalConfig { segment_bytes: 1 << 20, ..small_config() });
    for size in [100, 1_000_000, 100, 1_040_000] {
        shell.append(&vec![7; size], 1).unwrap();
        shell.complete_all();
        assert_eq!(shell.writer.durable(), shell.writer.appended(), "{size} bytes");
    }
    assert_eq!(recover(&shell.disk, Start::FirstFact).unwrap().0.len(), 4);
}

#[test]
fn after_a_failure_nothing_is_written_acknowledged_or_taken() {
    // Fail the k-th request, for every k, with the others completing around it.
    for failing in 0..40 {
        let mut shell = Shell::new_journal(small_config());
        let mut answered = 0;
        while answered < failing {
            shell.append(&[1; 3000], 1).unwrap();
            shell.complete(shell.pending.len() - 1);
            answered += 1;
        }
        for _ in 0..3 {
            shell.append(&[2; 3000], 1).unwrap();
        }
        let durable = shell.writer.durable();
        shell.writer.failed();
        shell.pending.remove(failing % shell.pending.len());
        for pending in shell.pending.drain(..) {
            if let Pending::Write { id, .. } = pending {
                shell.writer.written(id);
            }
        }
        shell.writer.idle();
        assert_eq!(shell.writer.poll_request(), None);
        assert_eq!(shell.writer.durable(), durable);
        assert!(shell.writer.is_poisoned());
        assert_eq!(shell.append(b"more", 1), Err(AppendError::Poisoned));
    }
}

#[test]
fn an_idle_journal_is_sealed_once() {
    let mut shell = opened(small_config());
    let blocks_used = |shell: &Shell| {
        let file = shell.disk.read("0000000001.segment", 0..u64::MAX).unwrap();
        file.chunks(BLOCK_BYTES).filter(|block| block.iter().any(|&byte| byte != 0)).count()
    };
    shell.idle();
    assert_eq!(blocks_used(&shell), 1, "there is nothing to seal in a new journal");
    shell.append(b"fact", 1).unwrap();
    shell.idle();
    assert_eq!(blocks_used(&shell), 2, "a fact under way is not sealed");
    for _ in 0..3 {
        shell.idle();
        assert_eq!(blocks_used(&shell), 3);
    }
}

#[test]
fn the_next_segment_is_there_before_it_is_needed() {
    let config = JournalConfig { segment_bytes: 8 * BLOCK_BYTES as u64, ..small_config() };
    let mut shell = opened(config);
    assert_eq!(shell.disk.list().unwrap().len(), 1, "nothing but a header has come");
    shell.append(b"fact", 1).unwrap();
    shell.complete_all();
    assert_eq!(shell.disk.list().unwrap().len(), 2, "a quarter full with its second block");
}

#[test]
fn every_recovery_opens_a_new_segment() {
    let mut disk = MemoryDirectory::new();
    let mut tail = Tail::new_journal(IDENTITY);
    for life in 1..5 {
        let mut shell = Shell::new(small_config(), &tail, disk);
        shell.complete_all();
        disk = shell.disk;
        tail = recover(&disk, Start::FirstFact).unwrap().1.tail.unwrap();
        assert_eq!(tail.end.unwrap().index.get(), life);
    }
}

#[test]
fn nonsense_configurations_are_refused() {
    let refusal = |change: &dyn Fn(&mut JournalConfig)| {
        let mut config = small_config();
        change(&mut config);
        Writer::new(config, &Tail::new_journal(IDENTITY)).err()
    };
    assert_eq!(refusal(&|_| {}), None);
    assert_eq!(
        refusal(&|config| config.segment_bytes = 12288),
        Some(ConfigError::SegmentBytes(12288))
    );
    assert_eq!(
        refusal(&|config| config.segment_bytes = 20000),
        Some(ConfigError::SegmentBytes(20000))
    );
    assert_eq!(
        refusal(&|config| config.batch_bytes_max = 4095),
        Some(ConfigError::BatchBytes(4095))
    );
    assert_eq!(
        refusal(&|config| config.queued_bytes_max = 8191),
        Some(ConfigError::QueuedBytes(8191))
    );
    assert_eq!(refusal(&|config| config.writes_in_flight = 0), Some(ConfigError::WritesInFlight));
}

#[test]
fn the_first_request_creates_the_first_segment() {
    let mut writer = Writer::new(small_config(), &Tail::new_journal(IDENTITY)).unwrap();
    writer.append(b"early", NonZeroU32::MIN).unwrap();
    let Some(Request::CreateSegment { index, bytes }) = writer.poll_request() else {
        panic!("a segment must be created first");
    };
    assert_eq!((&index.file_name()[..], bytes), ("0000000001.segment", 16384));
    assert_eq!(writer.poll_request(), None);
}
