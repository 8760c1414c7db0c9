//! What must be true of every run, one file for each claim. An invariant sees what a bystander sees
//! ([`crate::seen`]) and shares nothing with the code it judges but the words: facts, commands,
//! replies.

mod admission;
mod books;
mod compensation;
mod conservation;
mod counter;
#[cfg(test)]
mod crowd;
mod depths;
mod durability;
mod exclusivity;
mod expiry;
#[cfg(test)]
mod fixture;
mod following;
mod idempotency;
mod linearizability;
pub(crate) mod liveness;
mod lottery;
mod money;
mod phantom;
mod presence;
mod price;
mod publishing;
mod queue_order;
mod register;
mod replay;
mod replies;
mod starvation;

use self::admission::Admission;
use self::books::Shared;
use self::compensation::Compensation;
use self::conservation::Conservation;
use self::depths::Depths;
use self::durability::Durability;
use self::exclusivity::Exclusivity;
use self::expiry::Expiry;
use self::following::Following;
use self::idempotency::Idempotency;
use self::linearizability::Linearizability;
use self::liveness::Liveness;
use self::lottery::Lottery;
use self::money::Money;
use self::phantom::Phantom;
use self::presence::Presence;
use self::price::Price;
use self::publishing::Publishing;
use self::queue_order::QueueOrder;
use self::replay::Replay;
use self::replies::Replies;
use self::starvation::Starvation;
use crate::model::follow::Followed;
use crate::seen::{Micros, Seen};

/// What an invariant says of one more thing seen: fine, or what is violated and how.
pub type Verdict = Result<(), String>;

/// A claim about every run.
pub trait Invariant {
    /// Its name, that of its file.
    fn name(&self) -> &'static str;

    /// Looks at one more thing.
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Verdict;
}

/// All of them, fresh.
pub fn all() -> Vec<Box<dyn Invariant>> {
    let books = Shared::default();
    let line = Followed::default();
    vec![
        Box::new(Conservation::new(books.clone())),
        Box::new(Exclusivity::new(books.clone())),
        Box::new(Durability::new(books.clone())),
        Box::new(Phantom::new(books.clone())),
        Box::new(Replay::new(books.clone())),
        Box::new(Following::new(books.clone())),
        Box::new(Idempotency::default()),
        Box::new(Money::new(books.clone())),
        Box::new(Compensation::new(books.clone())),
        Box::new(Price::new(books.clone())),
        Box::new(Expiry::new(books.clone())),
        Box::new(Depths::new(books.clone())),
        Box::new(Liveness::new(books)),
        Box::new(Linearizability::default()),
        Box::new(Replies::default()),
        Box::new(QueueOrder::default()),
        // The one that moves the models comes before the one that reads them.
        Box::new(Admission::new(line.clone())),
        Box::new(Starvation::new(line)),
        Box::new(Lottery::default()),
        Box::new(Presence::default()),
        Box::new(Publishing::default()),
    ]
}

/// Those that ask nothing but whether the rules were kept.
#[cfg(test)]
pub(crate) fn of_the_rules() -> Vec<Box<dyn Invariant>> {
    let line = Followed::default();
    vec![
        Box::new(Replies::default()),
        Box::new(QueueOrder::default()),
        Box::new(Admission::new(line.clone())),
        Box::new(Starvation::new(line)),
        Box::new(Lottery::default()),
    ]
}

/// A claim that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's name.
    pub invariant: &'static str,
    /// When.
    pub at: Micros,
    /// What is wrong.
    pub what: String,
}
