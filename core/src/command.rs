//! What somebody asks. A command may be refused and is never logged: what it led to is.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{EventId, HoldId, OrderId, PersonId, PlaceId, TicketId};
use crate::inventory::seating::SeatIndex;
use crate::money::{Amount, Currency};
use crate::payment::DisputeEnd;
use crate::spec::{Change, ClassId, EventSpec};
use crate::trace::TraceId;
use crate::waitroom::LotterySeed;

/// A command, who gives it, and the key under which its answer is kept.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// Set where a repeated request must get the first one's answer.
    pub key: Option<IdempotencyKey>,
    /// The trace that whoever asks has begun: written down with what it leads to, and nothing else.
    pub trace: Option<TraceId>,
    /// What is asked.
    pub command: Command,
}

impl Request {
    /// A request of `actor` whose answer need not be kept, and which is of no trace.
    pub const fn new(actor: Actor, command: Command) -> Self {
        Self { actor, key: None, trace: None, command }
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A buyer: sees and moves what is theirs.
    Person(PersonId),
    /// Whoever runs the event: sees and moves everything.
    Operator,
    /// The server itself: timers, results of effects, verified notices of payment providers.
    System,
}

impl Actor {
    /// Whether this actor may see and move what belongs to `owner`.
    pub fn may_act_for(self, owner: PersonId) -> bool {
        match self {
            Self::Person(person) => person == owner,
            Self::Operator | Self::System => true,
        }
    }
}

/// The key of a request that must take effect once, both halves digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// Of who asked, for what, and the key they chose.
    pub key: u128,
    /// Of the request's content: the same key with another content is refused.
    pub fingerprint: u128,
}

/// What can be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// Do what is due: expire, draw, admit, go on with a cancellation. The driver gives it whenever
    /// [`crate::Partition::next_due`] has come.
    Advance,
    /// Block seats that are free, or give blocked ones free.
    BlockSeats {
        /// Of which event.
        event: EventId,
        /// Which seats.
        seats: Vec<SeatIndex>,
        /// Whether to block them, or to give them free.
        block: bool,
    },
    /// Call the event off and refund everybody.
    CancelEvent(EventId),
    /// The buyer does not want the order any more.
    CancelOrder(OrderId),
    /// Change an event that is defined, be it open or not.
    ChangeEvent {
        /// Which event.
        event: EventId,
        /// What to change.
        change: Change,
    },
    /// Say what becomes of the tickets of a payment that a bank asks back.
    DecideDispute {
        /// Of which order.
        order: OrderId,
        /// Which of its disputes, from 0.
        dispute: u32,
        /// What becomes of them.
        decision: DisputeDecision,
    },
    /// Say what is sold at an event. It can be seen by its operator only, until it is opened.
    ///
    /// An event with an id of its own may be defined any number of times: the first one counts,
    /// another like it is answered the same, for ever, and one that differs is refused.
    DefineEvent {
        /// An id that was reserved; without one the event is given the next.
        event: Option<EventId>,
        /// What is to be sold.
        spec: Box<EventSpec>,
        /// What its lottery will be drawn with. From a source of entropy that nobody can foresee.
        seed: LotterySeed,
    },
    /// Somebody in the waitroom has shown no sign of life for too long.
    DropPlace(PlaceId),
    /// Queue for an event.
    JoinWaitroom {
        /// Which event.
        event: EventId,
        /// For how many tickets.
        party: u32,
    },
    /// Give up one's place.
    LeaveWaitroom(PlaceId),
    /// Let the world see the event and its waitroom begin.
    OpenEvent(EventId),
    /// Make a hold an order and ask for the money.
    PlaceOrder {
        /// What to buy.
        hold: HoldId,
        /// Who takes the money.
        provider: Provider,
        /// Whether equal or better seats will do, if the money comes late and these are gone.
        accept_other_seats: bool,
    },
    /// How a provider says that a dispute stands, when asked: the last answer counts, so answers
    /// come in the order of the questions.
    RecordDispute(Box<DisputeNotice>),
    /// What came of asking a provider for a payment page.
    RecordIntent {
        /// For which order.
        order: OrderId,
        /// What came of it.
        outcome: IntentOutcome,
    },
    /// What a provider says about a payment: verified, but in any order and any number of times.
    RecordPayment(PaymentNotice),
    /// What came of asking a provider for a refund.
    RecordRefund {
        /// Of which order.
        order: OrderId,
        /// Which of its refunds, from 0.
        refund: u32,
        /// Which attempt at it, from 0.
        attempt: u32,
        /// What came of it.
        outcome: RefundOutcome,
    },
    /// Give money back and take tickets for it.
    RefundOrder {
        /// Of which order.
        order: OrderId,
        /// The tickets that become void; `None` for all that are valid.
        tickets: Option<Vec<TicketId>>,
    },
    /// Give a hold back.
    ReleaseHold(HoldId),
    /// Take an id for an event that will be defined later. Until then nobody sees it.
    ReserveEvent,
    /// Say what becomes of a refund that its provider will not make, or does not come to make.
    SettleRefund {
        /// Of which order.
        order: OrderId,
        /// Which of its refunds, from 0.
        refund: u32,
        /// What becomes of it.
        how: RefundSettlement,
    },
    /// Change how people are let in.
    SteerWaitroom {
        /// Of which event.
        event: EventId,
        /// What to change.
        steer: Steer,
    },
    /// Take stock for a while, all of it or nothing.
    TakeHold {
        /// Of which event.
        event: EventId,
        /// The admission, where the event has a waitroom.
        place: Option<PlaceId>,
        /// What is wanted, one wish for a class.
        wishes: Vec<Wish>,
    },
}

/// What is wanted of one ticket class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which class.
    pub class: ClassId,
    /// How many, or which.
    pub choice: Choice,
}

/// How a buyer chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// So many tickets; of a class of seats, the best neighbours there are.
    Any(u32),
    /// The best neighbours there are.
    Best {
        /// How many.
        count: u32,
        /// Only in this section of the plan.
        section: Option<u16>,
        /// With one seat for a wheelchair user among them.
        accessible: bool,
        /// Whether apart will do, if there are no neighbours left.
        may_split: bool,
    },
    /// These very seats.
    Seats(Vec<SeatIndex>),
}

impl Choice {
    /// How many tickets are wanted.
    pub fn count(&self) -> u32 {
        match self {
            Self::Any(count) | Self::Best { count, .. } => *count,
            Self::Seats(seats) => u32::try_from(seats.len()).unwrap_or(u32::MAX),
        }
    }
}

/// The name of a payment provider, such as `sandbox`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Provider(pub String);

/// What came of asking a provider for a payment page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentOutcome {
    /// The buyer can pay.
    Ready {
        /// The provider's name for it.
        reference: String,
        /// Where the buyer pays.
        url: String,
    },
    /// There will be no such page, however often one asks.
    Refused {
        /// The provider's words.
        reason: String,
    },
}

/// What a provider says about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentNotice {
    /// Which provider.
    pub provider: Provider,
    /// The order that it is for, by the provider's record.
    pub order: OrderId,
    /// The provider's name for the payment: one payment, one name, however often it is told.
    pub payment: String,
    /// What is said.
    pub outcome: PaymentOutcome,
}

/// What can be said about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// The money is here.
    Captured {
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
    /// It will not come.
    Declined,
    /// The buyer has done their part; the answer will come.
    Started,
}

/// What a provider says about a payment that a buyer's bank asks back, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeNotice {
    /// Which provider.
    pub provider: Provider,
    /// The order that the payment was for, by the provider's record.
    pub order: OrderId,
    /// The provider's name for the payment.
    pub payment: String,
    /// The provider's name for the dispute: one dispute, one name, however often it is told.
    pub dispute: String,
    /// How much is asked back.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Why, in a word of the provider's. It is written down for ever: nothing of a person belongs
    /// into it.
    pub reason: String,
    /// How it ended; `None` while it is open, for the first time or again.
    pub end: Option<DisputeEnd>,
}

/// What becomes of the tickets of a payment that a bank asks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeDecision {
    /// They stay valid, although the money is gone.
    KeepTickets,
    /// They let nobody in any more.
    VoidTickets,
}

/// What came of asking a provider for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOutcome {
    /// The money is on its way back.
    Done {
        /// The provider's name for the refund.
        reference: String,
    },
    /// The provider will not, however often one asks: somebody has to look into it.
    Refused {
        /// The provider's words.
        reason: String,
    },
}

/// What becomes of a refund that its provider will not make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundSettlement {
    /// The provider is asked once more, under another key: some repeat under the same one what they
    /// have said before.
    Again,
    /// The money went back another way; whoever says so vouches for it.
    ByHand {
        /// By what it can be found, 1 to [`RefundSettlement::REFERENCE_CHARS_MAX`] characters. It
        /// is written down for ever: nothing of a person belongs into it.
        reference: String,
    },
}

impl RefundSettlement {
    /// The longest reference, in characters.
    pub const REFERENCE_CHARS_MAX: usize = 200;

    /// What is wrong with it, of whatever refund it is.
    pub fn problem(&self) -> Option<&'static str> {
        let Self::ByHand { reference } = self else { return None };
        let is_long = reference.chars().count() > Self::REFERENCE_CHARS_MAX;
        if reference.trim().is_empty() || is_long {
            return Some("a reference must be 1 to 200 characters");
        }
        let has_control = reference.chars().any(char::is_control);
        has_control.then_some("a reference must not hold control characters")
    }
}

/// How letting people in can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Steer {
    /// Let nobody in.
    Pause,
    /// Change the numbers that are set.
    Resize {
        /// How many people may be inside at once.
        slots: Option<u32>,
        /// How many are let in per minute at most.
        rate_per_minute: Option<u32>,
    },
    /// Let people in again.
    Resume,
}
