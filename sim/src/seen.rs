//! What a bystander sees of a run: everything that buyers, the server, the disk and the payment
//! provider do, in order. The invariants judge by this alone.
//!
//! What comes from the client's side (`Asked`, `Told`, `GaveUp`) has the same form when a real
//! server is watched over HTTP, so the same invariants judge that.

use std::fmt;

use onsale_core::Partition;
use onsale_core::call::CallError;
use onsale_core::command::{Actor, Request};
use onsale_core::effect::Effect;
use onsale_core::fact::Decision;
use onsale_core::id::{OrderId, PartitionId};
use onsale_core::money::{Amount, Currency};
use onsale_core::query::Query;
use onsale_core::time::Time;
use onsale_engine::{Answer, Bounds};

/// Virtual time: microseconds since the world began. It never goes back and no clock shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub u64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6}.{:03} ms", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Something that somebody asks, however often it has to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Op(pub u64);

/// One copy of it that reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// To have something done.
    Execute(&'a Request),
    /// To be shown something.
    Look(Actor, Query),
}

/// What an answer is.
pub type Told = Result<Answer, CallError>;

/// How the server came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Power was lost: what was being written may be there in part.
    PowerLoss,
    /// It was killed.
    Killed,
    /// It ended because its journal could not be written.
    DiskFailed,
    /// It ended in order: everything it had taken is durable.
    Stopped,
}

/// What can be seen.
#[derive(Debug)]
pub enum Seen<'a> {
    /// Somebody asks something, for the first time.
    Asked {
        /// What is asked, however often it is sent.
        op: Op,
        /// What.
        ask: Ask<'a>,
    },
    /// An answer reached whoever asked. Later copies of it are not shown.
    Told {
        /// To what.
        op: Op,
        /// The answer. [`CallError::Stopped`] leaves open whether it was done.
        answer: &'a Told,
    },
    /// Whoever asked will never know.
    GaveUp {
        /// What.
        op: Op,
    },
    /// A process began: a partition was recovered, or began.
    Started {
        /// Which.
        partition: PartitionId,
        /// As it was recovered.
        state: &'a Partition,
        /// The fact of the snapshot that it started from; 0 without one.
        snapshot: u64,
    },
    /// A partition would not start. The files had been tampered with, or read errors occurred.
    Refused {
        /// Which.
        partition: PartitionId,
        /// Why, in its own words.
        reason: &'a str,
    },
    /// The server decided on a request, or refused it; what it says is not known yet.
    Executed {
        /// Which partition.
        partition: PartitionId,
        /// Which copy of the request.
        token: Token,
        /// Of which request; `None` if it is the server's own (an effect's outcome, a notice).
        op: Option<Op>,
        /// The server's time.
        now: Time,
        /// What was asked.
        request: &'a Request,
        /// The last fact before.
        before: u64,
        /// The last fact after.
        after: u64,
    },
    /// The server looked something up, to be told now or when it has changed.
    Looked {
        /// Which partition.
        partition: PartitionId,
        /// Which copy of the question.
        token: Token,
        /// Of which question.
        op: Op,
        /// The server's time.
        now: Time,
        /// Who asked.
        actor: Actor,
        /// What.
        query: Query,
        /// Until when it may wait for a change.
        wait_until: Option<Time>,
        /// The last fact that it can show.
        applied: u64,
    },
    /// A decision was handed to the disk. In order, each once; read from the journal's bytes.
    Written {
        /// Which partition.
        partition: PartitionId,
        /// Its first fact.
        first: u64,
        /// What was decided.
        decision: &'a Decision,
    },
    /// The disk has everything up to a fact, by its own account: power loss cannot take it away.
    Durable {
        /// Which partition.
        partition: PartitionId,
        /// Up to and with which fact.
        up_to: u64,
    },
    /// Somebody who follows the facts of a partition has taken in a decision for good.
    Followed {
        /// Which partition.
        partition: PartitionId,
        /// Its first fact.
        first: u64,
        /// What was decided.
        decision: &'a Decision,
    },
    /// An answer left the server, for somebody who may not be there any more.
    Answered {
        /// Which partition.
        partition: PartitionId,
        /// To which copy.
        token: Token,
        /// Of what; `None` if it was the server's own.
        op: Option<Op>,
        /// What.
        answer: &'a Told,
    },
    /// The server wants something of the payment provider.
    Wanted {
        /// Which partition.
        partition: PartitionId,
        /// What.
        effect: &'a Effect,
    },
    /// A partition has had its turn and waits.
    Rested {
        /// Which.
        partition: PartitionId,
        /// The server's time.
        now: Time,
        /// Its state, with facts that may not be durable.
        state: &'a Partition,
        /// Parked answers, watches, queued bytes, writes in flight.
        depths: [usize; 4],
        /// Messages in both lanes of the mailbox.
        mailbox: usize,
        /// The bounds it was given.
        bounds: Bounds,
        /// When it wants to be woken.
        wake_at: Option<Time>,
    },
    /// The server came to an end, all of its partitions.
    Died {
        /// How.
        how: Death,
    },
    /// The provider took money.
    Captured {
        /// The order it was asked for.
        order: OrderId,
        /// The provider's name for the payment.
        payment: &'a str,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
    /// The provider gave money back.
    PaidBack {
        /// For which order.
        order: OrderId,
        /// Which of the order's refunds.
        refund: u32,
        /// Of which payment.
        payment: &'a str,
        /// How much.
        amount: Amount,
    },
    /// A bank took money back through the provider.
    ChargedBack {
        /// For which order.
        order: OrderId,
        /// The provider's name for the dispute.
        dispute: &'a str,
        /// Of which payment.
        payment: &'a str,
        /// How much.
        amount: Amount,
    },
    /// A bank has decided otherwise, or thinks it over: what it took back is there again.
    ChargeReturned {
        /// For which order.
        order: OrderId,
        /// The provider's name for the dispute.
        dispute: &'a str,
    },
    /// Something went wrong, as the plan has it.
    Fault {
        /// What, as in [`crate::sometimes`].
        name: &'static str,
    },
    /// Everything has healed; from now on the sale must come to its end by itself.
    Healed,
    /// The run is over and everything should be.
    Settled {
        /// The state of every partition.
        states: &'a [&'a Partition],
    },
}
