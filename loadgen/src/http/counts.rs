//! What the connections of one thread sent, received and have open.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counts of one client. Written by its thread alone, read by anybody at any time.
#[derive(Debug, Default)]
pub struct Counts {
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
    open: AtomicU64,
    open_max: AtomicU64,
    opened: AtomicU64,
    repeated: AtomicU64,
}

impl Counts {
    /// Bytes sent since the start, heads included.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Relaxed)
    }

    /// Bytes received since the start, heads included.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Relaxed)
    }

    /// Connections open now.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// The most connections that were open at once.
    pub fn open_max(&self) -> u64 {
        self.open_max.load(Relaxed)
    }

    /// Connections opened since the start.
    pub fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    /// Requests sent a second time because a connection that was used again had been closed.
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Relaxed)
    }

    pub(super) fn sent(&self, bytes: usize) {
        add(&self.sent_bytes, bytes as u64);
    }

    pub(super) fn received(&self, bytes: usize) {
        add(&self.received_bytes, bytes as u64);
    }

    pub(super) fn open_one(&self) {
        add(&self.opened, 1);
        add(&self.open, 1);
        self.open_max.fetch_max(self.open(), Relaxed);
    }

    pub(super) fn close_one(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    pub(super) fn repeat_one(&self) {
        add(&self.repeated, 1);
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Relaxed);
}
