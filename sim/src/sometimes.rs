//! What a batch of runs must have reached at least once: every fault, every refusal, every kind of
//! fact, every way to compensate. A green run shows that nothing bad was seen; these counters show
//! that there was something to see.
//!
//! Two things there are and are not required, because a run cannot reach them:
//! - `refusal:full` needs 2^20 events in one partition;
//! - `NoSuchPartition` is said before a partition is asked.

use std::collections::BTreeMap;

use onsale_core::fact::Fact;

/// Names of the faults, counted when one took effect.
pub mod fault {
    macro_rules! names {
        ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
            $($(#[$doc])* pub const $name: &str = $text;)*
            /// All of them.
            pub const ALL: &[&str] = &[$($name,)*];
        };
    }

    names! {
        /// Power was lost while something was being written.
        POWER_LOSS = "power_loss",
        /// Power was lost at a chosen disk operation.
        POWER_LOSS_AT_WRITE = "power_loss_at_write",
        /// The process was killed.
        KILL = "kill",
        /// It was asked to end and ended in order.
        STOP = "stop",
        /// It stood still.
        PAUSE = "pause",
        /// A start was cut short during recovery.
        RECOVERY_CRASHES = "recovery_crashes",
        /// The making of a snapshot was cut short.
        SNAPSHOT_CRASH = "snapshot_crash",
        /// A crash left something behind the journal's end, and a start went on before it.
        TORN_TAIL = "torn_tail",
        /// A journal write failed.
        WRITE_ERROR = "write_error",
        /// There was no room for a new segment.
        DISK_FULL = "disk_full",
        /// The disk answered nothing for a while.
        DISK_STALL = "disk_stall",
        /// One bit of a written block had flipped.
        DAMAGE_BIT_ROT = "damage_bit_rot",
        /// A written block read as zeros.
        DAMAGE_LOST_WRITE = "damage_lost_write",
        /// A written block had the content of another.
        DAMAGE_MISDIRECTED = "damage_misdirected",
        /// A segment was shorter than it had been.
        DAMAGE_TRUNCATED = "damage_truncated",
        /// A segment was gone.
        DAMAGE_MISSING = "damage_missing",
        /// The newest snapshot had a flipped bit.
        DAMAGE_SNAPSHOT_ROT = "damage_snapshot_rot",
        /// A file could not be read.
        DAMAGE_READ_ERROR = "damage_read_error",
        /// A start was refused because of any of these.
        DAMAGE_REFUSED = "damage_refused",
        /// A start went on, though a file was damaged: nothing of it was needed.
        DAMAGE_SURVIVED = "damage_survived",
        /// A snapshot could not be used and the one before it was, or none.
        SNAPSHOT_REJECTED = "snapshot_rejected",
        /// A start went on from a snapshot.
        START_FROM_SNAPSHOT = "start_from_snapshot",
        /// Of what was being written when power was lost, only a part arrived.
        WRITES_TORN = "writes_torn",
        /// A mailbox had no room.
        MAILBOX_FULL = "mailbox_full",
        /// Two partitions had each other's files.
        SWAP_PARTITIONS = "swap_partitions",
        /// The wall clock went forward.
        CLOCK_JUMP_FORWARD = "clock_jump_forward",
        /// The wall clock went back.
        CLOCK_JUMP_BACK = "clock_jump_back",
        /// A message was lost.
        LOSS = "loss",
        /// A request arrived twice.
        DUPLICATES = "duplicates",
        /// Messages took much longer than usual.
        CLOG = "clog",
        /// A message could not pass between a buyer and the server.
        PARTITION = "partition",
        /// Every connection was reset.
        RESET = "reset",
        /// The payment provider could not be reached.
        PROVIDER_DOWN = "provider_down",
        /// It answered with an error, whether or not it had done what was asked.
        PROVIDER_ERRORS = "provider_errors",
        /// It refused to open a page.
        INTENTS_REFUSED = "intents_refused",
        /// It refused to give money back.
        REFUNDS_REFUSED = "refunds_refused",
        /// It took a refund on and had not made up its mind when it was asked again.
        REFUNDS_PENDING = "refunds_pending",
        /// A refund that it had taken on came to nothing.
        REFUNDS_FAILED_LATER = "refunds_failed_later",
        /// A part of it could not be reached.
        PROVIDER_PARTLY_DOWN = "provider_partly_down",
        /// Asked, it knew nothing yet of a payment that it had taken.
        QUERIES_BLIND = "queries_blind",
        /// A notice was never sent.
        NOTICES_NEVER = "notices_never",
        /// A notice was lost.
        NOTICES_LOST = "notices_lost",
        /// A notice came several times.
        NOTICES_REPEATED = "notices_repeated",
        /// A notice took long.
        NOTICES_LATE = "notices_late",
        /// A notice came for an order that there is not, or from another provider.
        STRAY_NOTICE = "stray_notice",
        /// A bank asked a payment back.
        DISPUTES = "disputes",
        /// A bank took up again what it had decided.
        DISPUTES_AGAIN = "disputes_again",
    }
}

/// Kinds of facts: counted under their own names.
const FACTS: &[&str] = &[
    "EventDefined",
    "EventOpened",
    "EventCancelled",
    "SeatsBlocked",
    "EventReserved",
    "EventChanged",
    "WaitroomJoined",
    "LotteryDrawn",
    "PlaceAdmitted",
    "PlaceEnded",
    "WaitroomSteered",
    "HoldTaken",
    "HoldReleased",
    "OrderPlaced",
    "IntentReady",
    "PaymentStarted",
    "PaymentCaptured",
    "OrderCompleted",
    "OrderEnded",
    "OrderRevived",
    "RefundWanted",
    "RefundDone",
    "RefundRefused",
    "RefundRetried",
    "RefundSettled",
    "PaymentStrayed",
    "DisputeOpened",
    "DisputeClosed",
    "DisputeStrayed",
    "DisputeDecided",
    "Answered",
];

/// Each refusal's name, in the order of `Refusal::CODES`.
pub(crate) const REFUSALS: &[&str] = &[
    "refusal:admission_required",
    "refusal:all_held",
    "refusal:below_sold",
    "refusal:companion_alone",
    "refusal:defined_already",
    "refusal:disputed",
    "refusal:doors_closed",
    "refusal:event_cancelled",
    "refusal:full",
    "refusal:hold_gone",
    "refusal:key_reused",
    "refusal:leaves_orphan",
    "refusal:limit_reached",
    "refusal:malformed",
    "refusal:no_neighbours",
    "refusal:no_waitroom",
    "refusal:not_found",
    "refusal:not_in_that_state",
    "refusal:not_on_sale",
    "refusal:open_already",
    "refusal:operator_only",
    "refusal:ordered_already",
    "refusal:refund_under_way",
    "refusal:seats_blocked",
    "refusal:seats_taken",
    "refusal:sold_out",
    "refusal:unknown_seats",
];

/// How orders end, why places do, why money goes back, and what else must be seen.
const WAYS: &[&str] = &[
    "order:cancelled",
    "order:event_cancelled",
    "order:declined",
    "order:intent_refused",
    "order:mismatch",
    "order:expired",
    "place:completed",
    "place:expired",
    "place:left",
    "place:abandoned",
    "refund:asked",
    "refund:duplicate",
    "refund:event_cancelled",
    "refund:late",
    "refund:mismatch",
    "refund:disputed",
    "refund:twice",
    "late_payment",
    "paid_too_much_or_little",
    "paid_twice",
    "reconciled",
    "hold:expired",
    "price:older",
    "published:again",
    "followed:resumed",
    "answer:overloaded",
    "answer:stopped",
    "start:lost_facts",
];

/// Everything that a batch must reach.
pub const REQUIRED: &[&[&str]] = &[fault::ALL, FACTS, REFUSALS, WAYS];

/// What of [`REQUIRED`] no run can reach; the module says why.
const UNREACHABLE: &[&str] = &["refusal:full"];

/// What a batch should have reached and did not.
pub fn missing(reached: &Sometimes) -> Vec<&'static str> {
    let required = REQUIRED.iter().copied().flatten().copied();
    required.filter(|name| !UNREACHABLE.contains(name) && reached.count(name) == 0).collect()
}

/// How often each thing was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sometimes {
    /// Facts by the number of their kind, with its name: they are counted all the time.
    facts: [(&'static str, u64); 64],
    others: BTreeMap<&'static str, u64>,
}

impl Default for Sometimes {
    fn default() -> Self {
        Self { facts: [("", 0); 64], others: BTreeMap::new() }
    }
}

impl Sometimes {
    /// Counts one more.
    pub fn reached(&mut self, name: &'static str) {
        *self.others.entry(name).or_default() += 1;
    }

    /// Counts one more fact of a kind.
    pub fn reached_fact(&mut self, fact: &Fact) {
        let (name, count) = &mut self.facts[usize::from(fact.kind()) % 64];
        *name = fact.name();
        *count += 1;
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.facts.iter_mut().zip(&other.facts).filter(|(_, (_, n))| *n > 0) {
            *own = (other.0, own.1 + other.1);
        }
        for (name, count) in &other.others {
            *self.others.entry(name).or_default() += count;
        }
    }

    /// How often something was reached.
    pub fn count(&self, name: &str) -> u64 {
        let of_facts = self.facts.iter().filter(|(own, _)| *own == name);
        of_facts.map(|(_, count)| count).sum::<u64>() + self.others.get(name).unwrap_or(&0)
    }

    /// Everything that was reached, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let facts = self.facts.iter().filter(|(_, count)| *count > 0).copied();
        facts.chain(self.others.iter().map(|(name, count)| (*name, *count)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use onsale_core::refusal::Refusal;

    use super::*;

    #[test]
    fn every_code_of_a_refusal_has_a_name_here() {
        let named = REFUSALS.iter().map(|name| name.strip_prefix("refusal:").unwrap());
        assert!(named.eq(Refusal::CODES.iter().copied()));
    }

    #[test]
    fn no_name_counts_for_two_things() {
        let all: Vec<_> = REQUIRED.iter().copied().flatten().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn what_was_not_reached_is_missing() {
        let mut reached = Sometimes::default();
        for name in REQUIRED.iter().copied().flatten().filter(|name| **name != fault::KILL) {
            reached.reached(name);
        }
        assert_eq!(missing(&reached), [fault::KILL]);
    }
}
