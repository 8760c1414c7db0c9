//! What happened. Facts are numbered per partition, logged, never refused and never changed: they
//! are the write-ahead log, the history of every saga and the source of everything derived.
//!
//! No personal data here, ever: ids only. How facts become bytes is in `codec.rs`.

mod codec;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::command::{IdempotencyKey, Provider, Steer};
use crate::hold::Line;
use crate::id::{EventId, HoldId, OrderId, PersonId, PlaceId};
use crate::inventory::seating::SeatIndex;
use crate::money::{Amount, Currency};
use crate::order::OrderEnd;
use crate::payment::{DisputeEnd, RefundCause};
use crate::reply::Reply;
use crate::spec::{Change, EventSpec};
use crate::time::Time;
use crate::waitroom::{EndReason, LotterySeed};

pub use self::codec::{Decision, DecodeError};

/// Declares the facts: their kind numbers (for ever), names and content. A changed content is a new
/// fact with a new number; the old one stays readable for as long as a journal may hold it.
macro_rules! facts {
    ($($(#[$doc:meta])* $kind:literal $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        /// Something that happened.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Fact {
            $($(#[$doc])* $name($name),)*
        }

        impl Fact {
            /// The number of its kind in the journal.
            pub const fn kind(&self) -> u8 {
                match self { $(Self::$name(_) => $kind,)* }
            }

            /// The name of its kind.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)* }
            }

            fn encode_content(&self, out: Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
                match self { $(Self::$name(content) => postcard::to_extend(content, out),)* }
            }

            fn decode_content(kind: u8, bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
                match kind {
                    $($kind => postcard::take_from_bytes(bytes)
                        .map(|(content, rest)| (Self::$name(content), rest))
                        .map_err(|_| DecodeError::Content { kind }),)*
                    _ => Err(DecodeError::Kind { kind }),
                }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl From<$name> for Fact {
                fn from(content: $name) -> Self {
                    Self::$name(content)
                }
            }
        )*
    };
}

facts! {
    /// An event was created.
    1 EventDefined {
        /// The new event.
        event: EventId,
        /// What is to be sold.
        spec: Box<EventSpec>,
        /// What its lottery is drawn with: secret until the draw, whatever reads the facts.
        seed: LotterySeed,
    }
    /// The world may see the event.
    2 EventOpened {
        /// Which event.
        event: EventId,
    }
    /// The event was called off.
    3 EventCancelled {
        /// Which event.
        event: EventId,
    }
    /// Seats were blocked, or given free.
    4 SeatsBlocked {
        /// Of which event.
        event: EventId,
        /// Which seats.
        seats: Vec<SeatIndex>,
        /// Whether they are blocked now, or free.
        block: bool,
    }
    /// An id was taken for an event that will be defined later.
    5 EventReserved {
        /// The id.
        event: EventId,
    }
    /// The event was changed after it was defined.
    6 EventChanged {
        /// Which event.
        event: EventId,
        /// What was changed.
        change: Change,
    }
    /// Somebody queued.
    10 WaitroomJoined {
        /// The new place.
        place: PlaceId,
        /// Whose it is.
        person: PersonId,
        /// For how many tickets.
        party: u32,
    }
    /// The lottery was drawn: who came before stands in its order, who comes later behind.
    11 LotteryDrawn {
        /// Of which event.
        event: EventId,
    }
    /// Somebody was let in.
    12 PlaceAdmitted {
        /// Which place.
        place: PlaceId,
        /// Until when.
        until: Time,
    }
    /// Somebody is not in the waitroom any more.
    13 PlaceEnded {
        /// Which place.
        place: PlaceId,
        /// Why.
        reason: EndReason,
    }
    /// How people are let in was changed.
    14 WaitroomSteered {
        /// Of which event.
        event: EventId,
        /// What was changed.
        steer: Steer,
    }
    /// Stock was taken for a while.
    20 HoldTaken {
        /// The new hold.
        hold: HoldId,
        /// Whose it is.
        person: PersonId,
        /// The admission that it was taken with.
        place: Option<PlaceId>,
        /// What was taken, at which price.
        lines: Vec<Line>,
        /// Until when.
        until: Time,
    }
    /// Stock went back.
    21 HoldReleased {
        /// Which hold.
        hold: HoldId,
        /// Whether its time was over; else its buyer gave it back, its visit ended, or the event
        /// was cancelled.
        expired: bool,
    }
    /// A hold became an order.
    30 OrderPlaced {
        /// The new order.
        order: OrderId,
        /// The hold that it was.
        hold: HoldId,
        /// Who takes the money.
        provider: Provider,
        /// Until when it must be paid.
        until: Time,
        /// Whether equal or better seats will do if the money comes late.
        accept_other_seats: bool,
    }
    /// The buyer can pay.
    31 IntentReady {
        /// For which order.
        order: OrderId,
        /// The provider's name for it.
        reference: String,
        /// Where the buyer pays.
        url: String,
    }
    /// The buyer has done their part and the provider's answer is awaited.
    32 PaymentStarted {
        /// For which order.
        order: OrderId,
        /// Until when the order waits now.
        until: Time,
    }
    /// Money came.
    33 PaymentCaptured {
        /// For which order.
        order: OrderId,
        /// The provider's name for the payment.
        payment: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    }
    /// The order is paid (or free) and its tickets are issued.
    34 OrderCompleted {
        /// Which order.
        order: OrderId,
        /// The number of its first ticket; the others follow.
        first_ticket: u32,
    }
    /// The order came to nothing and its stock went back.
    35 OrderEnded {
        /// Which order.
        order: OrderId,
        /// How.
        end: OrderEnd,
    }
    /// Money came after the order's end, and there was stock for it again.
    36 OrderRevived {
        /// Which order.
        order: OrderId,
        /// What it has now.
        lines: Vec<Line>,
    }
    /// Money must go back; the tickets that it was paid for are void.
    40 RefundWanted {
        /// Of which order.
        order: OrderId,
        /// Which of its payments, from 0, in the order they came.
        capture: u32,
        /// How much, in that payment's currency.
        amount: Amount,
        /// The tickets that are void now: bit `i` is the order's `i`-th ticket.
        tickets: u32,
        /// Why.
        cause: RefundCause,
    }
    /// Money is on its way back: the provider says so. Of what was settled by hand it is the second
    /// time.
    41 RefundDone {
        /// Of which order.
        order: OrderId,
        /// Which of its refunds, from 0.
        refund: u32,
        /// The provider's name for it.
        reference: String,
    }
    /// The provider will not give money back: somebody has to look into it.
    42 RefundRefused {
        /// Of which order.
        order: OrderId,
        /// Which of its refunds, from 0.
        refund: u32,
        /// The provider's words.
        reason: String,
    }
    /// Money came for no order that there is: reported, never dropped.
    43 PaymentStrayed {
        /// From which provider.
        provider: Provider,
        /// The order that it claims to be for.
        claimed: OrderId,
        /// The provider's name for the payment.
        payment: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    }
    /// A provider that would not give money back is asked once more.
    44 RefundRetried {
        /// Of which order.
        order: OrderId,
        /// Which of its refunds, from 0.
        refund: u32,
        /// Which attempt this is: 1 is the first after the one that was made by itself.
        attempt: u32,
    }
    /// Money that the provider would not give back, or did not come to give back, went back another
    /// way: an operator vouches.
    45 RefundSettled {
        /// Of which order.
        order: OrderId,
        /// Which of its refunds, from 0.
        refund: u32,
        /// By what it can be found, such as the number of a bank transfer.
        reference: String,
    }
    /// A buyer's bank asks money back. What is asked back is not refunded meanwhile. It may come
    /// again for a dispute that has ended: the bank has taken it up again.
    46 DisputeOpened {
        /// Of which order.
        order: OrderId,
        /// The provider's name for the dispute.
        dispute: String,
        /// The provider's name for the payment, which may be told of later.
        payment: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
        /// Why, in a word of the provider's.
        reason: String,
    }
    /// It is known whose the money is that a bank asked back. The tickets stay as they are. It may
    /// come again for the same dispute: the bank has decided otherwise.
    47 DisputeClosed {
        /// Of which order.
        order: OrderId,
        /// Which of its disputes, from 0.
        dispute: u32,
        /// Whose it is.
        end: DisputeEnd,
    }
    /// A bank asks money back that was for no order that there is: reported, never dropped.
    48 DisputeStrayed {
        /// From which provider.
        provider: Provider,
        /// The order that it claims to be for.
        claimed: OrderId,
        /// The provider's name for the dispute.
        dispute: String,
        /// The provider's name for the payment.
        payment: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    }
    /// An operator decided what becomes of the tickets of a payment that a bank asks back.
    49 DisputeDecided {
        /// Of which order.
        order: OrderId,
        /// Which of its disputes, from 0.
        dispute: u32,
        /// The tickets that are void now: bit `i` is the order's `i`-th ticket. None if they stay
        /// valid.
        tickets: u32,
    }
    /// An answer is kept for whoever asks the same again.
    50 Answered {
        /// Under which key.
        key: IdempotencyKey,
        /// What was answered.
        reply: Reply,
    }
}

/// What a fact is about: who waits for news of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An order.
    Order(OrderId),
    /// A place in a waitroom.
    Place(PlaceId),
}

impl Fact {
    /// What somebody may be waiting for to change by this fact.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::PlaceAdmitted(fact) => Some(Subject::Place(fact.place)),
            Self::PlaceEnded(fact) => Some(Subject::Place(fact.place)),
            Self::IntentReady(fact) => Some(Subject::Order(fact.order)),
            Self::PaymentStarted(fact) => Some(Subject::Order(fact.order)),
            Self::PaymentCaptured(fact) => Some(Subject::Order(fact.order)),
            Self::OrderCompleted(fact) => Some(Subject::Order(fact.order)),
            Self::OrderEnded(fact) => Some(Subject::Order(fact.order)),
            Self::OrderRevived(fact) => Some(Subject::Order(fact.order)),
            Self::RefundWanted(fact) => Some(Subject::Order(fact.order)),
            Self::RefundDone(fact) => Some(Subject::Order(fact.order)),
            Self::RefundRefused(fact) => Some(Subject::Order(fact.order)),
            Self::RefundRetried(fact) => Some(Subject::Order(fact.order)),
            Self::RefundSettled(fact) => Some(Subject::Order(fact.order)),
            Self::DisputeOpened(fact) => Some(Subject::Order(fact.order)),
            Self::DisputeClosed(fact) => Some(Subject::Order(fact.order)),
            Self::DisputeDecided(fact) => Some(Subject::Order(fact.order)),
            _ => None,
        }
    }
}

impl Fact {
    /// The event that it is about; `None` for what concerns a partition as a whole.
    pub fn event(&self) -> Option<EventId> {
        Some(match self {
            Self::EventDefined(fact) => fact.event,
            Self::EventOpened(fact) => fact.event,
            Self::EventCancelled(fact) => fact.event,
            Self::SeatsBlocked(fact) => fact.event,
            Self::EventReserved(fact) => fact.event,
            Self::EventChanged(fact) => fact.event,
            Self::WaitroomJoined(fact) => fact.place.event,
            Self::LotteryDrawn(fact) => fact.event,
            Self::PlaceAdmitted(fact) => fact.place.event,
            Self::PlaceEnded(fact) => fact.place.event,
            Self::WaitroomSteered(fact) => fact.event,
            Self::HoldTaken(fact) => fact.hold.event,
            Self::HoldReleased(fact) => fact.hold.event,
            Self::OrderPlaced(fact) => fact.order.event,
            Self::IntentReady(fact) => fact.order.event,
            Self::PaymentStarted(fact) => fact.order.event,
            Self::PaymentCaptured(fact) => fact.order.event,
            Self::OrderCompleted(fact) => fact.order.event,
            Self::OrderEnded(fact) => fact.order.event,
            Self::OrderRevived(fact) => fact.order.event,
            Self::RefundWanted(fact) => fact.order.event,
            Self::RefundDone(fact) => fact.order.event,
            Self::RefundRefused(fact) => fact.order.event,
            Self::RefundRetried(fact) => fact.order.event,
            Self::RefundSettled(fact) => fact.order.event,
            Self::DisputeOpened(fact) => fact.order.event,
            Self::DisputeClosed(fact) => fact.order.event,
            Self::DisputeDecided(fact) => fact.order.event,
            Self::PaymentStrayed(_) | Self::DisputeStrayed(_) | Self::Answered(_) => return None,
        })
    }
}
