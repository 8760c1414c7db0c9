//! What differs from seed to seed besides the order of things: sizes, bounds, and how bad the
//! network and the disk are. Small bounds are likely: they are where the corners are.

use std::time::Duration;

use madsim::rand::{Rng, seq::SliceRandom, thread_rng};
use onsale_engine::Bounds;
use onsale_storage::journal::JournalConfig;

/// The parameters of one world.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// Partitions of the server.
    pub partitions: u16,
    /// Messages that a lane of a mailbox has room for.
    pub room: usize,
    /// Connections that are open at one time at most.
    pub connections_max: u64,
    /// The journal's sizes.
    pub journal: JournalConfig,
    /// The engine's bounds.
    pub bounds: Bounds,
    /// Facts from one snapshot to the next.
    pub snapshot_every: u64,
    /// How long a change of the disk takes at most.
    pub disk_slowest: Duration,
    /// How long a packet takes at most.
    pub network_slowest: Duration,
    /// How many packets are lost.
    pub loss: f64,
    /// Machines that buyers are on.
    pub people: usize,
    /// Purchases that each of them tries.
    pub purchases: usize,
    /// Rows of eight seats in the house.
    pub rows: u32,
}

impl Swarm {
    /// Draws everything.
    pub fn draw() -> Self {
        let batch_bytes_max = pick([4096, 16 << 10, 256 << 10]);
        Self {
            partitions: pick([1, 2, 3]),
            room: pick([1, 4, 1024]),
            connections_max: pick([2, 100]),
            journal: JournalConfig {
                segment_bytes: pick([32 << 10, 64 << 10, 1 << 20]),
                batch_bytes_max,
                writes_in_flight: pick([1, 2, 4]),
                queued_bytes_max: batch_bytes_max.max(pick([4096, 64 << 10])),
            },
            bounds: Bounds { parked_max: pick([1, 8, 1000]), watches_max: pick([1, 1000]) },
            snapshot_every: pick([1, 10, u64::MAX]),
            disk_slowest: Duration::from_millis(pick([2, 10, 50])),
            network_slowest: Duration::from_millis(pick([3, 20, 100])),
            loss: pick([0.0, 0.0, 0.02, 0.1]),
            people: pick([2, 4, 8]),
            purchases: pick([2, 4]),
            rows: pick([1, 2]),
        }
    }
}

fn pick<T: Copy, const N: usize>(values: [T; N]) -> T {
    *values.choose(&mut thread_rng()).expect("an array that is not empty")
}

/// Whether something with this chance happens.
pub fn chance(chance: f64) -> bool {
    thread_rng().gen_bool(chance)
}

/// A span of up to `most_ms`.
pub fn up_to_ms(most_ms: u64) -> Duration {
    Duration::from_millis(thread_rng().gen_range(0..=most_ms))
}
