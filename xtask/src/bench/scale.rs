//! How much is measured: enough to mean something, or just enough to see that everything works.

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How often ours and a peer take turns.
    pub rounds: usize,
    /// How long each turn takes.
    pub seconds: u32,
    /// A few connections.
    pub few: u32,
    /// Many connections.
    pub many: u32,
    /// How many clients PostgreSQL gets, one number after the other.
    pub postgres_clients: [u32; 2],
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
        few: 64,
        many: 1_000,
        postgres_clients: [16, 64],
        idle: [10_000, 50_000],
        idle_servers: 3,
    };

    /// Everything happens once.
    pub const QUICK: Self = Self {
        rounds: 1,
        seconds: 1,
        few: 4,
        many: 16,
        postgres_clients: [2, 4],
        idle: [20, 60],
        idle_servers: 3,
    };
}
