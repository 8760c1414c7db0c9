//! What is measured of each partition. One core writes, whoever scrapes reads: no lock, and no
//! counter that two cores write to.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio::sync::Notify;

/// The gauges of one partition.
#[derive(Debug, Default)]
pub struct Gauges {
    applied: AtomicU64,
    durable: AtomicU64,
    depths: [AtomicU64; 4],
    /// Whether somebody waits for the durable number to rise.
    is_awaited: AtomicBool,
    risen: Notify,
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
        self.set_durable(durable);
        for (gauge, depth) in self.depths.iter().zip(depths) {
            gauge.store(depth as u64, Relaxed);
        }
    }

    /// Nobody but the core that owns the partition writes it, so it may look at what it wrote.
    fn set_durable(&self, durable: u64) {
        if self.durable.load(Relaxed) == durable {
            return;
        }
        // In one order with the waiter's: either it sees this number, or it is seen to wait.
        self.durable.store(durable, SeqCst);
        if self.is_awaited.load(SeqCst) {
            self.is_awaited.store(false, SeqCst);
            self.risen.notify_waiters();
        }
    }

    /// The number of the last durable fact.
    pub fn durable(&self) -> u64 {
        self.durable.load(SeqCst)
    }

    /// Waits until facts behind `fact` are durable.
    pub async fn durable_past(&self, fact: u64) {
        loop {
            // Whoever has this is woken, if they await it yet or not.
            let risen = self.risen.notified();
            self.is_awaited.store(true, SeqCst);
            if self.durable() > fact {
                return;
            }
            risen.await;
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
