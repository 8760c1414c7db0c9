//! What events say: a type for each thing that can happen, with a name for ever.
//!
//! A type only ever gains members. Whatever else changes is a new version of it, published besides
//! the old one for as long as somebody reads that.
//!
//! Deliberately absent: seating plans (large; the API has them), where a buyer pays and what
//! a provider says in words (not for everybody), the seed of a lottery (a secret until the draw).

use serde::Serialize;
use utoipa::ToSchema;

use crate::documents::data_schema;
use crate::topic::Topic;

pub use super::shapes::{
    Class, DisputeOutcome, Line, Money, OrderEnd, PlaceEnd, Quota, RefundCause, Waitroom,
};

/// What is known of a type.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    /// Its name, such as `onsale.order.completed.v1`.
    pub name: &'static str,
    /// Where it is published.
    pub topic: Topic,
    /// The JSON Schema of its data.
    pub schema: fn() -> serde_json::Value,
}

/// Declares the types: their names (for ever), topics and members.
macro_rules! types {
    ($($(#[$doc:meta])* $kind:ident $name:literal $topic:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        /// The data of an event.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Data {
            $($(#[$doc])* $kind($kind),)*
        }

        /// All types there are.
        pub const TYPES: &[Type] = &[
            $(Type { name: $name, topic: Topic::$topic, schema: data_schema::<$kind> },)*
        ];

        impl Data {
            /// The name of its type.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)* }
            }

            /// Where it is published.
            pub const fn topic(&self) -> Topic {
                match self { $(Self::$kind(_) => Topic::$topic,)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
            pub struct $kind {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl From<$kind> for Data {
                fn from(data: $kind) -> Self {
                    Self::$kind(data)
                }
            }
        )*
    };
}

types! {
    /// An event was created. It can be seen once it is opened.
    EventDefined "onsale.event.defined.v1" Inventory {
        /// The new event.
        event: String,
        /// What it is called.
        name: String,
        /// What every price of it is in: an ISO 4217 code.
        currency: String,
        /// What is sold.
        classes: Vec<Class>,
        /// How much of it.
        quotas: Vec<Quota>,
        /// How many numbered seats there are.
        seats: u64,
        /// How people are let in, if not all at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        waitroom: Option<Waitroom>,
        /// The most tickets that one buyer may have.
        per_buyer: u32,
        /// The most tickets in one hold.
        per_hold: u32,
    }
    /// The world may see the event.
    EventOpened "onsale.event.opened.v1" Inventory {
        /// Which event.
        event: String,
    }
    /// The event was called off; everybody is refunded.
    EventCancelled "onsale.event.cancelled.v1" Inventory {
        /// Which event.
        event: String,
    }
    /// There is room for more tickets, or for fewer.
    QuotaResized "onsale.quota.resized.v1" Inventory {
        /// Of which event.
        event: String,
        /// Which of its quotas, from 0.
        quota: u16,
        /// How many tickets it has room for now.
        capacity: u32,
    }
    /// Tickets cost something else, for whoever has none yet.
    ClassRepriced "onsale.class.repriced.v1" Inventory {
        /// Of which event.
        event: String,
        /// Which of its classes, from 0.
        class: u16,
        /// What one costs now.
        price: Money,
    }
    /// Tickets are sold at another time.
    ClassRescheduled "onsale.class.rescheduled.v1" Inventory {
        /// Of which event.
        event: String,
        /// Which of its classes, from 0.
        class: u16,
        /// From when on.
        #[schema(format = DateTime)]
        opens_at: String,
        /// Until when.
        #[schema(format = DateTime)]
        closes_at: String,
    }
    /// Seats were taken out of the sale.
    SeatsBlocked "onsale.seats.blocked.v1" Inventory {
        /// Of which event.
        event: String,
        /// Which seats: their places in the order of the seating plan, from 0.
        seats: Vec<u32>,
    }
    /// Seats that were blocked can be bought.
    SeatsUnblocked "onsale.seats.unblocked.v1" Inventory {
        /// Of which event.
        event: String,
        /// Which seats: their places in the order of the seating plan, from 0.
        seats: Vec<u32>,
    }
    /// Stock was taken for a while.
    HoldTaken "onsale.hold.taken.v1" Inventory {
        /// Of which event.
        event: String,
        /// The new hold.
        hold: String,
        /// Whose it is.
        person: String,
        /// The place in the waitroom that it was taken from.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        place: Option<String>,
        /// What was taken.
        lines: Vec<Line>,
        /// What it costs together.
        total: Money,
        /// Until when.
        #[schema(format = DateTime)]
        until: String,
    }
    /// Stock went back.
    HoldReleased "onsale.hold.released.v1" Inventory {
        /// Of which event.
        event: String,
        /// Which hold.
        hold: String,
        /// Whether its time was over; else its buyer gave it back, its visit ended, or the event
        /// was cancelled.
        expired: bool,
    }
    /// Somebody queued.
    PlaceJoined "onsale.place.joined.v1" Queue {
        /// For which event.
        event: String,
        /// The new place.
        place: String,
        /// Whose it is.
        person: String,
        /// For how many tickets.
        party: u32,
    }
    /// The lottery was drawn: who came before stands in its order, who comes later behind.
    LotteryDrawn "onsale.lottery.drawn.v1" Queue {
        /// Of which event.
        event: String,
    }
    /// Somebody was let in.
    PlaceAdmitted "onsale.place.admitted.v1" Queue {
        /// To which event.
        event: String,
        /// Which place.
        place: String,
        /// Until when.
        #[schema(format = DateTime)]
        until: String,
    }
    /// Somebody is not in the waitroom any more.
    PlaceEnded "onsale.place.ended.v1" Queue {
        /// Of which event.
        event: String,
        /// Which place.
        place: String,
        /// Why.
        reason: PlaceEnd,
    }
    /// Nobody is let in for now.
    WaitroomPaused "onsale.waitroom.paused.v1" Queue {
        /// Of which event.
        event: String,
    }
    /// People are let in again.
    WaitroomResumed "onsale.waitroom.resumed.v1" Queue {
        /// Of which event.
        event: String,
    }
    /// More or fewer people are let in. What is absent is as it was.
    WaitroomResized "onsale.waitroom.resized.v1" Queue {
        /// Of which event.
        event: String,
        /// How many people may be inside at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        slots: Option<u32>,
        /// How many people are let in per minute at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        rate_per_minute: Option<u32>,
    }
    /// A hold became an order.
    OrderPlaced "onsale.order.placed.v1" Order {
        /// Of which event.
        event: String,
        /// The new order.
        order: String,
        /// The hold that it was: what is bought, and by whom.
        hold: String,
        /// Who takes the money.
        provider: String,
        /// Until when it must be paid.
        #[schema(format = DateTime)]
        until: String,
        /// Whether equal or better seats will do if the money comes late.
        accept_other_seats: bool,
    }
    /// The order is paid (or free) and its tickets are issued.
    OrderCompleted "onsale.order.completed.v1" Order {
        /// Of which event.
        event: String,
        /// Which order.
        order: String,
        /// Its first ticket; the others have the numbers after it, in the order of its lines.
        first_ticket: String,
    }
    /// The order came to nothing and its stock went back.
    OrderEnded "onsale.order.ended.v1" Order {
        /// Of which event.
        event: String,
        /// Which order.
        order: String,
        /// Why.
        reason: OrderEnd,
    }
    /// Money came after the order's end, and there was stock for it again. It is completed next.
    OrderRevived "onsale.order.revived.v1" Order {
        /// Of which event.
        event: String,
        /// Which order.
        order: String,
        /// What it has now.
        lines: Vec<Line>,
        /// What it costs together.
        total: Money,
    }
    /// The buyer can pay.
    PaymentReady "onsale.payment.ready.v1" Payment {
        /// Of which event.
        event: String,
        /// For which order.
        order: String,
        /// The provider's name for what is to be paid.
        reference: String,
    }
    /// The buyer has done their part and the provider's answer is awaited.
    PaymentStarted "onsale.payment.started.v1" Payment {
        /// Of which event.
        event: String,
        /// For which order.
        order: String,
        /// Until when the order waits now.
        #[schema(format = DateTime)]
        until: String,
    }
    /// Money came.
    PaymentCaptured "onsale.payment.captured.v1" Payment {
        /// Of which event.
        event: String,
        /// For which order.
        order: String,
        /// The provider's name for the payment.
        payment: String,
        /// How much.
        amount: Money,
    }
    /// Money came for no order that there is.
    PaymentStrayed "onsale.payment.strayed.v1" Payment {
        /// From which provider.
        provider: String,
        /// The order that it claims to be for.
        claimed_order: String,
        /// The provider's name for the payment.
        payment: String,
        /// How much.
        amount: Money,
    }
    /// Money must go back; the tickets that it was paid for are void.
    RefundWanted "onsale.refund.wanted.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order. Its refunds are numbered from 0 in the order of these events.
        order: String,
        /// Which of the order's payments, from 0, in the order they came.
        capture: u32,
        /// How much.
        amount: Money,
        /// The tickets that are void now: their places among the order's, from 0.
        void_tickets: Vec<u32>,
        /// Why.
        cause: RefundCause,
    }
    /// Money is on its way back. After `onsale.refund.settled.v1` for the same refund it is the
    /// second time: the provider has given back as well what had gone another way.
    RefundDone "onsale.refund.done.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order.
        order: String,
        /// Which of its refunds, from 0.
        refund: u32,
        /// The provider's name for it.
        reference: String,
    }
    /// The provider will not give money back: somebody has to look into it.
    RefundRefused "onsale.refund.refused.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order.
        order: String,
        /// Which of its refunds, from 0.
        refund: u32,
    }
    /// An operator has the provider asked once more.
    RefundRetried "onsale.refund.retried.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order.
        order: String,
        /// Which of its refunds, from 0.
        refund: u32,
        /// Which attempt this is: 1 is the first that an operator asked for.
        attempt: u32,
    }
    /// Money that the provider would not give back, or did not come to give back, went back another
    /// way: an operator vouches.
    RefundSettled "onsale.refund.settled.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order.
        order: String,
        /// Which of its refunds, from 0.
        refund: u32,
        /// By what it can be found, such as the number of a bank transfer.
        reference: String,
    }
    /// A buyer's bank asks money back. It comes again for a dispute that has ended if the bank
    /// takes it up again: then nobody knows any more whose the money is.
    DisputeOpened "onsale.dispute.opened.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order. Its disputes are numbered from 0 in the order in which they came first.
        order: String,
        /// The provider's name for the dispute: the same when it is taken up again.
        dispute: String,
        /// The provider's name for the payment. It may be told of later.
        payment: String,
        /// How much.
        amount: Money,
    }
    /// It is known whose the money is that a bank asked back. The tickets stay as they are. It
    /// comes again for the same dispute if the bank decides otherwise: what counts is the last one.
    DisputeClosed "onsale.dispute.closed.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order.
        order: String,
        /// Which of its disputes, from 0.
        number: u32,
        /// Whose it is.
        outcome: DisputeOutcome,
        /// How much is gone, if it is lost.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        lost: Option<Money>,
    }
    /// A bank asks money back that was for no order that there is.
    DisputeStrayed "onsale.dispute.strayed.v1" Payment {
        /// From which provider.
        provider: String,
        /// The order that it claims to be for.
        claimed_order: String,
        /// The provider's name for the dispute.
        dispute: String,
        /// The provider's name for the payment.
        payment: String,
        /// How much.
        amount: Money,
    }
    /// An operator decided what becomes of the tickets of a payment that a bank asks back.
    DisputeDecided "onsale.dispute.decided.v1" Payment {
        /// Of which event.
        event: String,
        /// Of which order.
        order: String,
        /// Which of its disputes, from 0.
        number: u32,
        /// The tickets that are void now: their places among the order's, from 0. None if they
        /// stay valid.
        void_tickets: Vec<u32>,
    }
}
