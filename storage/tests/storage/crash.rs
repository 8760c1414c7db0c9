//! Crash, recover, go on, crash again: what was acknowledged is always there, nothing is invented.

use onsale_storage::journal::{FactNumber, JournalConfig, Start, Tail, prune};
use onsale_storage::snapshot::{self, SnapshotHeader};

use crate::support::{
    Decision, IDENTITY, PARTITION, Pending, Random, Shell, leave_on_disk, random_config, recover,
    small_config,
};

#[test]
fn everything_acknowledged_survives_any_number_of_crashes() {
    for seed in 0..250 {
        let mut life = Life::new(seed);
        for crash in 0..12 {
            life.live();
            life.crash_and_recover(crash);
        }
    }
}

/// One partition through its crashes. `history` is all that was appended and not lost.
struct Life {
    seed: u64,
    random: Random,
    config: JournalConfig,
    shell: Shell,
    history: Vec<Decision>,
    snapshot: Option<(SnapshotHeader, usize)>,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let config = random_config(&mut random);
        let shell = Shell::new_journal(config);
        Self { seed, random, config, shell, history: Vec::new(), snapshot: None }
    }

    fn live(&mut self) {
        for _ in 0..self.random.below(60) {
            match self.random.below(10) {
                0..5 => self.append(),
                5..9 if !self.shell.pending.is_empty() => {
                    let chosen = self.random.below(self.shell.pending.len());
                    self.shell.complete(chosen);
                }
                5..9 => self.shell.idle(),
                _ if self.random.chance(4) => self.take_snapshot(),
                _ => {
                    self.shell.writer.idle();
                    self.shell.drain();
                }
            }
        }
    }

    fn append(&mut self) {
        let appended = self.shell.append_some(&mut self.random, self.config.segment_bytes);
        self.history.extend(appended);
    }

    fn take_snapshot(&mut self) {
        self.shell.complete_all();
        let writer = &self.shell.writer;
        assert_eq!(writer.durable(), writer.appended(), "seed {}", self.seed);
        let (fact, chain) = (writer.appended(), writer.chain());
        let header = SnapshotHeader { identity: IDENTITY, fact, chain, time_ms: 1 };
        if fact > FactNumber::ZERO {
            snapshot::save(&mut self.shell.disk, &header, b"state").unwrap();
            prune(&mut self.shell.disk, PARTITION, FactNumber::MAX).unwrap();
            self.snapshot = Some((header, self.history.len()));
        }
    }

    fn crash_and_recover(&mut self, crash: u32) {
        let context = format!("seed {}, crash {crash}", self.seed);
        let acknowledged = self.shell.writer.durable();
        let mut disk = std::mem::take(&mut self.shell.disk);
        for pending in std::mem::take(&mut self.shell.pending) {
            leave_on_disk(&mut self.random, &mut disk, &pending);
        }
        let (start, known) = match &self.snapshot {
            Some((header, known)) => (Start::Snapshot(header), *known),
            None => (Start::FirstFact, 0),
        };
        let (decisions, recovered) =
            recover(&disk, start).unwrap_or_else(|error| panic!("{context}: {error}"));
        let survived = known + decisions.len();
        assert!(survived <= self.history.len(), "{context}: facts were invented");
        assert_eq!(decisions[..], self.history[known..survived], "{context}");
        self.history.truncate(survived);
        let tail = recovered.tail.unwrap_or(Tail::new_journal(IDENTITY));
        assert!(tail.last_fact >= acknowledged, "{context}: lost up to {acknowledged}");
        self.shell = Shell::new(self.config, &tail, disk);
    }
}

#[test]
fn a_write_that_lands_after_recovery_does_not_come_back_to_life() {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    shell.append(b"kept", 1).unwrap();
    shell.complete_all();
    shell.append(b"late", 1).unwrap();
    let Some(Pending::Write { segment, offset, bytes, .. }) = shell.pending.pop() else {
        panic!("a write must be under way");
    };

    let (_, recovered) = recover(&shell.disk, Start::FirstFact).unwrap();
    let mut next = Shell::new(small_config(), &recovered.tail.unwrap(), shell.disk);
    next.complete_all();
    next.append(b"new", 1).unwrap();
    next.complete_all();
    next.disk.write_at(&segment.file_name(), offset, &bytes).unwrap();

    let (decisions, _) = recover(&next.disk, Start::FirstFact).unwrap();
    let payloads: Vec<_> = decisions.iter().map(|decision| &decision.payload[..]).collect();
    assert_eq!(payloads, [&b"kept"[..], b"new"]);
}
