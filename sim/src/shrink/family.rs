//! Which part of the world a fault befalls: a failure that needs no fault of a family is easier to
//! understand.

use crate::plan::FaultKind;

/// A part of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The process and the power.
    Process,
    /// The disk and what is on it.
    Disk,
    /// The wall clock.
    Clock,
    /// What is between buyers and server.
    Network,
    /// The payment provider and what is between it and the server.
    Provider,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Process, Self::Disk, Self::Clock, Self::Network, Self::Provider];
}

/// The family of a fault.
pub const fn family(kind: &FaultKind) -> Family {
    match kind {
        FaultKind::PowerLoss { .. }
        | FaultKind::PowerLossAtWrite { .. }
        | FaultKind::Kill { .. }
        | FaultKind::RecoveryCrashes { .. }
        | FaultKind::Stop { .. }
        | FaultKind::Pause { .. } => Family::Process,
        FaultKind::WriteError { .. }
        | FaultKind::DiskFull { .. }
        | FaultKind::DiskStall { .. }
        | FaultKind::Damage(_)
        | FaultKind::SwapPartitions
        | FaultKind::SnapshotCrash { .. } => Family::Disk,
        FaultKind::ClockJump { .. } => Family::Clock,
        FaultKind::Loss { .. }
        | FaultKind::Duplicates { .. }
        | FaultKind::Clog { .. }
        | FaultKind::Partition { .. }
        | FaultKind::Reset => Family::Network,
        FaultKind::ProviderDown { .. }
        | FaultKind::ProviderErrors { .. }
        | FaultKind::IntentsRefused { .. }
        | FaultKind::RefundsRefused { .. }
        | FaultKind::RefundsPending { .. }
        | FaultKind::PartlyDown { .. }
        | FaultKind::QueriesBlind { .. }
        | FaultKind::NoticesNever { .. }
        | FaultKind::NoticesLost { .. }
        | FaultKind::NoticesRepeated { .. }
        | FaultKind::NoticesLate { .. }
        | FaultKind::StrayNotice { .. }
        | FaultKind::Disputed(_) => Family::Provider,
    }
}
