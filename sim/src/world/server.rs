//! The server: one process with all partitions, driven turn by turn as the shell of
//! `onsale-runtime` drives them, but by hand.

use std::collections::VecDeque;

use onsale_core::Partition;
use onsale_core::call::Look;
use onsale_core::command::Request;
use onsale_core::id::PartitionId;
use onsale_core::time::Time;
use onsale_engine::recover::{Recovered, RecoveryCause, recover_from};
use onsale_engine::{Bounds, Engine};
use onsale_storage::directory::Directory;
use onsale_storage::journal::{JournalConfig, JournalId, SegmentIndex};

use super::disk::Disk;
use crate::plan::{BEGIN, Setup};
use crate::seen::{Micros, Op, Token};

/// What a partition is sent.
pub(super) enum Message {
    Execute(Request),
    Look(Look),
}

/// A message in a mailbox, and who sent it.
pub(super) struct Mail {
    pub(super) token: Token,
    pub(super) op: Option<Op>,
    pub(super) message: Message,
}

/// One partition while a process runs.
pub(super) struct Shell {
    pub(super) engine: Engine<Token>,
    /// Completions and compensations.
    pub(super) urgent: VecDeque<Mail>,
    /// New arrivals.
    pub(super) arrivals: VecDeque<Mail>,
    /// When its next turn is, if one is arranged.
    pub(super) turn_at: Option<Micros>,
    /// The last fact that a snapshot was made of, or asked for.
    pub(super) snapshot: u64,
    /// When the last one that was asked for is made.
    pub(super) snapshot_at: Micros,
    /// The segment that is being created.
    pub(super) creating: Option<(SegmentIndex, u64)>,
}

/// The running process.
pub(super) struct Process {
    /// What the wall clock showed beyond the world's own time when it began.
    clock_ahead_ms: i64,
    pub(super) shells: Vec<Shell>,
    pub(super) paused_until: Micros,
    /// It was asked to end and takes no more.
    pub(super) is_stopping: bool,
}

/// The machine: what outlives a process.
pub(super) struct Machine {
    pub(super) setup: Setup,
    pub(super) disks: Vec<Disk>,
    pub(super) process: Option<Process>,
    /// Rises with every start and every end: what belongs to an earlier life is dropped.
    pub(super) life: u32,
    /// How far the wall clock was set forward or back.
    pub(super) clock_ahead_ms: i64,
    /// The disk answers nothing before.
    pub(super) stalled_until: Micros,
}

/// What a start found in one partition.
pub(super) struct Found {
    pub(super) snapshot: u64,
    pub(super) torn: bool,
    pub(super) rejected: usize,
}

impl Machine {
    pub(super) fn new(setup: Setup) -> Self {
        let disks = (0..setup.partitions).map(|_| Disk::default()).collect();
        Self { setup, disks, process: None, life: 0, clock_ahead_ms: 0, stalled_until: Micros(0) }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds { parked_max: self.setup.parked_max, watches_max: self.setup.watches_max }
    }

    /// Begins a process on what the disks hold. `cut_after` ends it after so many file operations.
    pub(super) fn start(
        &mut self,
        now: Micros,
        cut_after: Option<u64>,
    ) -> Result<Vec<Found>, (PartitionId, RecoveryCause)> {
        let mut recovered = Vec::with_capacity(self.disks.len());
        for (number, disk) in (0u16..).zip(&mut self.disks) {
            let id = PartitionId::new(number).expect("a plan has few partitions");
            let journal = JournalId(0x0515_0000 | u128::from(number));
            let files = disk.reading(cut_after);
            recovered.push(recover_from(&files, id, journal).map_err(|cause| (id, cause))?);
        }
        // Time goes on where the journals left off, wherever the wall clock stands.
        let last = recovered.iter().map(|one| one.partition.last_time()).max();
        let wall = clock(now, self.clock_ahead_ms);
        let behind_ms = last.unwrap_or_default().since(wall).as_ms();
        let clock_ahead_ms = self.clock_ahead_ms.saturating_add_unsigned(behind_ms);
        let clock = clock(now, clock_ahead_ms);
        let found = recovered.iter().map(Found::of).collect();
        let (setup, bounds) = (self.setup, self.bounds());
        let shells = recovered
            .into_iter()
            .zip(&mut self.disks)
            .map(|(one, disk)| Shell::new(one, disk, &setup, bounds, clock))
            .collect();
        self.life += 1;
        self.process =
            Some(Process { clock_ahead_ms, shells, paused_until: now, is_stopping: false });
        Ok(found)
    }

    /// What time the process believes it is.
    pub(super) fn clock(&self, now: Micros) -> Time {
        clock(now, self.process.as_ref().map_or(0, |process| process.clock_ahead_ms))
    }
}

fn clock(now: Micros, ahead_ms: i64) -> Time {
    let elapsed_ms = BEGIN.as_ms() + now.0 / 1_000;
    Time::from_ms(elapsed_ms.saturating_add_signed(ahead_ms))
}

impl Found {
    fn of(recovered: &Recovered) -> Self {
        Self {
            snapshot: recovered.snapshot,
            torn: recovered.torn.is_some(),
            rejected: recovered.rejected.len(),
        }
    }
}

impl Shell {
    fn new(
        recovered: Recovered,
        disk: &mut Disk,
        setup: &Setup,
        bounds: Bounds,
        clock: Time,
    ) -> Self {
        disk.begin(recovered.partition.applied());
        let config = JournalConfig {
            segment_bytes: setup.segment_bytes,
            batch_bytes_max: setup.batch_bytes_max,
            writes_in_flight: setup.writes_in_flight,
            queued_bytes_max: setup.queued_bytes_max,
        };
        let snapshot = recovered.snapshot;
        let engine = Engine::new(recovered.partition, &recovered.tail, config, bounds, clock);
        Self {
            engine: engine.expect("plans have sound journal bounds"),
            urgent: VecDeque::new(),
            arrivals: VecDeque::new(),
            turn_at: None,
            snapshot,
            snapshot_at: Micros(0),
            creating: None,
        }
    }

    pub(super) fn state(&self) -> &Partition {
        self.engine.partition()
    }

    pub(super) fn mailbox(&self) -> usize {
        self.urgent.len() + self.arrivals.len()
    }
}

/// Whether the directory has a journal of this partition at all.
pub(super) fn has_journal(files: &impl Directory) -> bool {
    files.list().is_ok_and(|entries| entries.iter().any(|entry| entry.name.ends_with(".segment")))
}
