//! What everybody who asks has in common: a request is sent again under its key until there is an
//! answer or patience runs out.

use onsale_core::call::{Look, Wait};
use onsale_core::command::{Actor, Command, IdempotencyKey, Request};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::query::{Query, View};
use onsale_core::time::{Span, Time};
use onsale_core::trace::TraceId;

use super::server::Message;
use crate::seen::{Ask, Op};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A buyer, by index.
    Buyer(usize),
    /// An operator, about one thing.
    Operator(Errand),
}

/// What an operator wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// Take an id for the event with this index.
    Reserve(usize),
    /// Define the event with this index.
    Define(usize),
    /// Open it.
    Open(usize),
    /// See which refunds are refused, and settle them.
    Settle { by_hand: bool },
    /// See which payments banks ask back, and decide on their tickets.
    Decide { void: bool },
    /// Anything else.
    Other,
}

/// What is asked, ready to be sent any number of times.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    Execute(Request),
    Look { actor: Actor, query: Query, wait_ms: Option<u64>, known: Option<View> },
}

/// A request on its way, with everything to send it again.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) owner: Owner,
    pub(super) asked: Asked,
    /// How often it was sent.
    pub(super) attempts: u32,
    pub(super) attempts_max: u32,
    pub(super) patience_us: u64,
    pub(super) is_over: bool,
}

impl Pending {
    pub(super) fn is_a_buyers(&self) -> bool {
        matches!(self.owner, Owner::Buyer(_))
    }
}

impl Asked {
    /// Something whose answer is kept under the number of the request.
    pub(super) fn keyed(actor: Actor, command: Command, op: Op) -> Self {
        let key = IdempotencyKey { key: u128::from(op.0) + 1, fingerprint: u128::from(op.0) };
        // Every other one is of a trace.
        let trace = TraceId::new(u128::from(op.0 % 2) * u128::from(op.0));
        Self::Execute(Request { actor, key: Some(key), trace, command })
    }

    pub(super) fn shown(&self) -> Ask<'_> {
        match self {
            Self::Execute(request) => Ask::Execute(request),
            Self::Look { actor, query, .. } => Ask::Look(*actor, *query),
        }
    }

    /// One copy of it, as it arrives when the server's clock shows `now`.
    pub(super) fn message(&self, now: Time) -> Message {
        match self {
            Self::Execute(request) => Message::Execute(request.clone()),
            Self::Look { actor, query, wait_ms, known } => {
                let wait = wait_ms.zip(known.clone()).map(|(ms, known)| Wait {
                    until: now + Span::from_ms(ms),
                    old_news: Box::new(move |view| *view == known),
                });
                Message::Look(Look { actor: *actor, query: *query, wait })
            }
        }
    }

    /// The partition that it concerns.
    pub(super) fn partition(&self) -> PartitionId {
        match self {
            Self::Execute(request) => of_command(&request.command),
            Self::Look { query, .. } => {
                query.event().map_or(PartitionId::FIRST, EventId::partition)
            }
        }
    }
}

fn of_command(command: &Command) -> PartitionId {
    let event = match command {
        Command::BlockSeats { event, .. }
        | Command::CancelEvent(event)
        | Command::ChangeEvent { event, .. }
        | Command::DefineEvent { event: Some(event), .. }
        | Command::JoinWaitroom { event, .. }
        | Command::OpenEvent(event)
        | Command::SteerWaitroom { event, .. }
        | Command::TakeHold { event, .. } => *event,
        Command::CancelOrder(order)
        | Command::DecideDispute { order, .. }
        | Command::RecordIntent { order, .. }
        | Command::RecordRefund { order, .. }
        | Command::RefundOrder { order, .. }
        | Command::SettleRefund { order, .. } => order.event,
        Command::DropPlace(place) | Command::LeaveWaitroom(place) => place.event,
        Command::PlaceOrder { hold, .. } | Command::ReleaseHold(hold) => hold.event,
        Command::RecordDispute(notice) => notice.order.event,
        Command::RecordPayment(notice) => notice.order.event,
        Command::Advance | Command::DefineEvent { event: None, .. } | Command::ReserveEvent => {
            return PartitionId::FIRST;
        }
    };
    event.partition()
}
