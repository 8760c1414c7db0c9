//! A run as data: the house, the crowd, what the operators do and what goes wrong, all of it
//! written down before the first event. What is left to chance (how long a packet takes) is drawn
//! from [`Plan::noise`], a stream for each concern and each buyer. So a part of a plan can be taken
//! out and the rest stays as it was: that is what makes shrinking work.
//!
//! A plan is saved as JSON. Fields added later get defaults, so that old plans stay readable.

mod act;
mod crowd;
mod fault;
mod faults;
pub(crate) mod house;
mod quarrel;
mod swarm;

use onsale_core::command::Wish;
use onsale_core::spec::Draft;
use onsale_core::time::Time;
use serde::{Deserialize, Serialize};

pub use self::act::Act;
pub use self::fault::{Damage, Direction, Fault, FaultKind, Service};
pub use self::quarrel::{Again, Quarrel};
pub use self::swarm::swarm;

/// When every simulated world begins, by its wall clock.
pub const BEGIN: Time = Time::from_ms(1_800_000_000_000);

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// What everything that the plan does not say is drawn from.
    pub noise: u64,
    /// The machine and its bounds.
    pub setup: Setup,
    /// What is sold.
    pub events: Vec<Event>,
    /// Who buys.
    pub buyers: Vec<Buyer>,
    /// What the operators do.
    pub operations: Vec<Operation>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

/// The machine and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// How many partitions there are.
    pub partitions: u16,
    /// Bytes of a journal segment.
    pub segment_bytes: u64,
    /// Most bytes of one journal write.
    pub batch_bytes_max: usize,
    /// Most journal writes under way.
    pub writes_in_flight: usize,
    /// Most bytes that wait for a journal write.
    pub queued_bytes_max: usize,
    /// Most answers that wait for the disk.
    pub parked_max: usize,
    /// Most questions that wait for a change.
    pub watches_max: usize,
    /// Room in each lane of a partition's mailbox.
    pub mailbox_room: usize,
    /// Most messages that a partition takes in one turn.
    pub turn_messages: usize,
    /// A snapshot is made after so many facts.
    pub snapshot_every_facts: u64,
    /// How long, on average, whoever follows the facts waits once there are new ones; 0 if nobody
    /// does. What nobody needs is removed.
    pub follow_us: u64,
    /// How long a message takes one way, on average.
    pub network_us: u64,
    /// How long a write takes, on average.
    pub disk_us: u64,
    /// How long the payment provider thinks, on average.
    pub provider_us: u64,
    /// How often the server asks about payments that it has not heard of.
    pub reconcile_ms: u64,
    /// When everything heals and the sale must come to its end.
    pub safety_ms: u64,
}

impl Setup {
    /// How often the server asks, unless a plan says otherwise.
    pub(super) const RECONCILE_MS: u64 = 1_500;
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            partitions: 1,
            segment_bytes: 64 << 10,
            batch_bytes_max: 16 << 10,
            writes_in_flight: 4,
            queued_bytes_max: 256 << 10,
            parked_max: 1_000,
            watches_max: 1_000,
            mailbox_room: 256,
            turn_messages: 256,
            snapshot_every_facts: u64::MAX,
            follow_us: 0,
            network_us: 500,
            disk_us: 100,
            provider_us: 2_000,
            reconcile_ms: Self::RECONCILE_MS,
            safety_ms: 10_000,
        }
    }
}

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// In which partition, from 0.
    pub partition: u16,
    /// What is sold and how.
    pub draft: Draft,
    /// When it is defined, if its id is reserved at the beginning; else it is defined then.
    #[serde(default)]
    pub define_ms: Option<u64>,
    /// When it is opened to the world, at the earliest.
    pub open_ms: u64,
}

/// Somebody in the crowd. Two buyers may be the same person in two browser windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// Which person.
    pub person: u32,
    /// Which of the plan's events they want.
    pub event: usize,
    /// When they come.
    pub arrives_ms: u64,
    /// For how many they queue.
    pub party: u32,
    /// What they want, best first: the next is tried when one is refused.
    pub wishes: Vec<Vec<Wish>>,
    /// What they mean to do.
    pub course: Course,
    /// How they pay.
    pub payment: Payment,
    /// Whether other seats will do if the money comes late.
    pub accept_other_seats: bool,
    /// How they handle their browser.
    pub manner: Manner,
    /// What they try on top of it, and is refused.
    pub mischief: Vec<Mischief>,
}

/// What a buyer means to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Course {
    /// Queue, choose, pay.
    Buy,
    /// As [`Course::Buy`], after giving the first choice back.
    ChooseTwice,
    /// Take a hold and be gone.
    AbandonHold,
    /// Order and be gone.
    AbandonOrder,
    /// Order, then cancel before paying.
    CancelOrder,
    /// Queue, then leave.
    LeaveQueue,
    /// Queue and be gone.
    AbandonQueue,
    /// Buy, then buy again with another hold.
    BuyTwice,
}

/// How a buyer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payment {
    /// After so many milliseconds.
    Pays {
        /// How long they take.
        after_ms: u64,
        /// Whether the provider says so when the buyer has done their part.
        started: bool,
    },
    /// The money is captured this long after the order's time was over.
    Late {
        /// How long after.
        after_ms: u64,
    },
    /// The card is declined.
    Declines {
        /// How long they take.
        after_ms: u64,
    },
    /// Not the amount that was asked for.
    Wrong {
        /// How long they take.
        after_ms: u64,
        /// What they pay, in minor units.
        amount_minor: u64,
    },
    /// Two payments for one order.
    Twice {
        /// How long they take for the first.
        after_ms: u64,
        /// And for the second after it.
        again_ms: u64,
    },
    /// Never.
    Never,
}

/// How a buyer handles their browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// The pause between steps.
    pub think_ms: u64,
    /// How often they look whether something has changed.
    pub poll_ms: u64,
    /// Whether they have the server answer when it has changed, instead of looking often.
    pub waits: bool,
    /// How long they wait for an answer before they ask again under the same key.
    pub patience_ms: u64,
    /// How often they ask the same again before they give up.
    pub attempts: u32,
    /// Whether everything they send is sent twice.
    pub double_clicks: bool,
    /// How often they come back for another try after it came to nothing.
    pub returns: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            think_ms: 20,
            poll_ms: 50,
            waits: false,
            patience_ms: 500,
            attempts: 20,
            double_clicks: false,
            returns: 1,
        }
    }
}

/// What a buyer tries on top, at the step where it fits. All of it must be refused, or do no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mischief {
    /// Takes a hold without having been let in.
    SkipWaitroom,
    /// Orders and releases the hold before their own, which may be another's.
    UseOthersHold,
    /// Looks at the order before their own.
    ReadOthersOrder,
    /// Uses a key again for another request.
    ReuseKey,
    /// Asks for nothing, for too much, and for what there is not.
    AskNonsense,
    /// Cancels an order that is paid.
    CancelPaid,
    /// Opens, cancels and steers events.
    PlayOperator,
    /// Orders the same hold again under another key.
    OrderAgain,
    /// Takes more with an admission that was used.
    HoldAfterOrder,
    /// Joins an event that has no waitroom, and one that there is not.
    JoinWrong,
}

/// Something that an operator does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// When.
    pub at_ms: u64,
    /// To which of the plan's events.
    pub event: usize,
    /// What.
    pub act: Act,
}
