//! How much is measured: enough to mean something, or just enough to see that everything works.

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How often ours and a peer take turns.
    pub rounds: usize,
    /// How long each turn takes.
    pub seconds: u32,
    /// How long the load is there before anything is measured.
    pub warm_up_ms: u32,
    /// How many guests take turns.
    pub buyers: u32,
    /// A few connections.
    pub few: u32,
    /// Many connections.
    pub many: u32,
    /// How many clients PostgreSQL gets, one number after the other.
    pub postgres_clients: [u32; 2],
    /// People in a short queue and in a long one.
    pub queue: [u64; 2],
    /// Orders at the end.
    pub orders: u64,
    /// Purchases whose facts are published.
    pub published: u64,
    /// Seats of a small house and of a large one.
    pub seats: [u64; 2],
    /// Connections that wait: of one server, and of several together.
    pub idle: [u32; 2],
    /// How many servers have the larger number of them together: 20,000 files of a process are a
    /// common limit.
    pub idle_servers: u32,
}

impl Scale {
    /// As in the table of targets.
    pub const FULL: Self = Self {
        rounds: 5,
        seconds: 8,
        warm_up_ms: 2_000,
        buyers: 20_000,
        few: 64,
        many: 1_000,
        postgres_clients: [16, 64],
        queue: [1_000, 1_000_000],
        orders: 1_000_000,
        published: 20_000,
        seats: [1_000, 200_000],
        idle: [10_000, 50_000],
        idle_servers: 3,
    };

    /// Everything happens once.
    pub const QUICK: Self = Self {
        rounds: 1,
        seconds: 1,
        warm_up_ms: 100,
        buyers: 50,
        few: 4,
        many: 16,
        postgres_clients: [2, 4],
        queue: [10, 100],
        orders: 200,
        published: 100,
        seats: [40, 400],
        idle: [20, 60],
        idle_servers: 3,
    };
}
