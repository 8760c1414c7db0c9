//! What is measured of each partition. One core writes, whoever scrapes reads: no lock, and no
//! counter that two cores write to.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The gauges of one partition.
#[derive(Debug, Default)]
pub struct Gauges {
    applied: AtomicU64,
    durable: AtomicU64,
    depths: [AtomicU64; 4],
}

/// The gauges of one partition at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The number of the last fact.
    pub applied: u64,
    /// The number of the last durable fact.
    pub durable: u64,
    /// Answers that wait for the disk.
    pub parked: u64,
    /// Questions that wait for a change.
    pub watches: u64,
    /// Bytes of facts that no write has taken yet.
    pub queued_bytes: u64,
    /// Writes under way.
    pub writes_in_flight: u64,
}

impl Gauges {
    /// Notes how things are; see [`onsale_engine::Engine::depths`].
    pub fn set(&self, applied: u64, durable: u64, depths: [usize; 4]) {
        self.applied.store(applied, Relaxed);
        self.durable.store(durable, Relaxed);
        for (gauge, depth) in self.depths.iter().zip(depths) {
            gauge.store(depth as u64, Relaxed);
        }
    }

    /// Reads all of them. They are read one after the other, so they may be a moment apart.
    pub fn read(&self) -> Reading {
        let [parked, watches, queued_bytes, writes_in_flight] =
            [0, 1, 2, 3].map(|i: usize| self.depths[i].load(Relaxed));
        Reading {
            applied: self.applied.load(Relaxed),
            durable: self.durable.load(Relaxed),
            parked,
            watches,
            queued_bytes,
            writes_in_flight,
        }
    }
}
