//! What can go wrong, as data. What of it is in a plan is drawn in `faults`; what it does is in the
//! world.

use serde::{Deserialize, Serialize};

use super::Quarrel;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When.
    pub at_ms: u64,
    /// What.
    pub kind: FaultKind,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// Power is lost: of what was being written, any set of blocks has arrived.
    PowerLoss {
        /// How long the machine stays down.
        down_ms: u64,
    },
    /// The process is killed: the machine finishes what it was writing.
    Kill {
        /// How long it stays down.
        down_ms: u64,
    },
    /// As [`FaultKind::PowerLoss`], at the `operation`-th disk operation after `at_ms`.
    PowerLossAtWrite {
        /// Which disk operation.
        operation: u64,
        /// How long the machine stays down.
        down_ms: u64,
    },
    /// The next `times` starts are cut short during recovery.
    RecoveryCrashes {
        /// How many.
        times: u32,
        /// After how many file operations each.
        operations: u64,
    },
    /// The process is asked to end and ends in order.
    Stop {
        /// How long it stays down.
        down_ms: u64,
    },
    /// The whole process stands still.
    Pause {
        /// How long.
        for_ms: u64,
    },
    /// A journal write fails: the process must end.
    WriteError {
        /// How long the process stays down.
        down_ms: u64,
    },
    /// There is no room for a new segment: the process must end.
    DiskFull {
        /// How long the process stays down.
        down_ms: u64,
    },
    /// The disk answers nothing for a while.
    DiskStall {
        /// How long.
        for_ms: u64,
    },
    /// At the next start, files of the journal are damaged where they bear witness to it: it must
    /// be refused, or nothing be lost. Then the disk is repaired.
    Damage(Damage),
    /// At the next start two partitions have each other's files: it must be refused.
    SwapPartitions,
    /// Making a snapshot is cut short by a power loss after so many file operations.
    SnapshotCrash {
        /// How many file operations are done.
        operations: u64,
        /// How long the machine stays down.
        down_ms: u64,
    },
    /// The wall clock is set; what runs does not notice, the next start does.
    ClockJump {
        /// By how much, forward or back.
        by_ms: i64,
    },
    /// Some of the messages between buyers and server are lost.
    Loss {
        /// How many of a thousand.
        per_mille: u64,
        /// How long it lasts.
        for_ms: u64,
    },
    /// Some requests arrive twice.
    Duplicates {
        /// How many of a thousand.
        per_mille: u64,
        /// How long it lasts.
        for_ms: u64,
    },
    /// Messages take much longer, each its own time: they overtake one another.
    Clog {
        /// The longest they take.
        up_to_ms: u64,
        /// How long it lasts.
        for_ms: u64,
    },
    /// Some buyers cannot reach the server, or the server cannot reach them.
    Partition {
        /// Each of how many buyers: 1 is everybody.
        one_in: u64,
        /// Which way nothing passes.
        direction: Direction,
        /// How long it lasts.
        for_ms: u64,
    },
    /// Every connection is reset: requests under way are lost, or their answers are.
    Reset,
    /// The payment provider cannot be reached.
    ProviderDown {
        /// How long.
        for_ms: u64,
    },
    /// The payment provider does what it is asked and answers with an error, or does not and
    /// answers with an error.
    ProviderErrors {
        /// How many of a thousand.
        per_mille: u64,
        /// How long it lasts.
        for_ms: u64,
    },
    /// The payment provider refuses to open pages to pay on.
    IntentsRefused {
        /// How long it lasts.
        for_ms: u64,
    },
    /// The payment provider refuses to give money back, and what it has said of a refund it says
    /// again under the same id, for ever.
    RefundsRefused {
        /// How long it lasts.
        for_ms: u64,
    },
    /// The payment provider takes refunds on and makes up its mind later: until then it says
    /// neither yes nor no.
    RefundsPending {
        /// Whether those that it has taken on come to nothing in the end.
        fails: bool,
        /// How long it lasts.
        for_ms: u64,
    },
    /// A part of the payment provider cannot be reached.
    PartlyDown {
        /// Which.
        service: Service,
        /// How long it lasts.
        for_ms: u64,
    },
    /// The payment provider, asked, knows nothing yet of payments that it has taken.
    QueriesBlind {
        /// How long it lasts.
        for_ms: u64,
    },
    /// Notices of payments never come, and are not sent again.
    NoticesNever {
        /// How long it lasts.
        for_ms: u64,
    },
    /// Notices of payments are lost.
    NoticesLost {
        /// How many of a thousand.
        per_mille: u64,
        /// How long it lasts.
        for_ms: u64,
    },
    /// Notices of payments come several times.
    NoticesRepeated {
        /// How often.
        times: u32,
        /// How long it lasts.
        for_ms: u64,
    },
    /// Notices of payments take long, each its own time: they overtake one another.
    NoticesLate {
        /// The longest they take.
        up_to_ms: u64,
        /// How long it lasts.
        for_ms: u64,
    },
    /// A notice of a payment for an order that there is not, or from another provider.
    StrayNotice {
        /// What it is said to be for: an order number, of the event or of none.
        order: u32,
        /// Which of the plan's events; one beyond them is none.
        event: usize,
        /// Whether the payment is by a provider that the order did not choose.
        other_provider: bool,
    },
    /// A bank asks a payment back, and decides on it.
    Disputed(Quarrel),
}

/// What a payment provider does for a shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// Opens pages to pay on.
    #[default]
    Pages,
    /// Gives money back.
    Refunds,
    /// Says what became of payments.
    Queries,
}

/// Which way nothing passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// From buyers to the server.
    In,
    /// From the server to buyers.
    Out,
    /// Neither way.
    Both,
}

/// How files are damaged while the server is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Damage {
    /// One bit of a written block flips.
    BitRot,
    /// A written block reads as zeros: it never arrived.
    LostWrite,
    /// A written block has the content of another.
    Misdirected,
    /// A segment is shorter than it was.
    Truncated,
    /// A segment is gone.
    Missing,
    /// The newest snapshot has a flipped bit.
    SnapshotRot,
    /// A file cannot be read.
    ReadError,
}
