//! What must be true of every run, one file for each claim. An invariant sees what a bystander sees
//! ([`crate::seen`]) and shares nothing with the code it judges but the words: facts, commands,
//! replies.

mod books;
mod conservation;
mod exclusivity;
#[cfg(test)]
mod fixture;

use self::books::Shared;
use self::conservation::Conservation;
use self::exclusivity::Exclusivity;
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
    vec![
        Box::new(Conservation::new(books.clone())),
        Box::new(Exclusivity::new(books)),
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
