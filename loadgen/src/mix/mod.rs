//! A mix: who comes, how often, and what each kind of person does, from a TOML file.
//!
//! `loadgen/mixes/` has commented ones; `crowd` is what is used where none is named. Deliberately
//! absent: people (`persona` makes them from a mix and a seed), and when they come (`schedule`).

mod event;
mod parse;
mod script;
mod think;
mod wrong;

use std::time::Duration;

pub use self::event::{EventPlan, StockPlan, WaitroomPlan};
pub use self::think::Think;
pub use self::wrong::MixError;
use crate::dice::Dice;

/// The mixes that are part of the program: their names and their text.
pub const EMBEDDED: [(&str, &str); 4] = [
    ("crowd", include_str!("../../mixes/crowd.toml")),
    ("onsale-opening", include_str!("../../mixes/onsale-opening.toml")),
    ("bots", include_str!("../../mixes/bots.toml")),
    ("patient", include_str!("../../mixes/patient.toml")),
];

/// Who comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// As in reports.
    pub name: String,
    /// What to define where no event is given.
    pub event: Option<EventPlan>,
    /// At least one.
    pub personas: Vec<Persona>,
}

/// A kind of person.
#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    /// As in the file.
    pub name: String,
    /// How many of them come, compared with the other weights.
    pub weight: f64,
    /// How many tickets they want.
    pub party: Weighted<u32>,
    /// How long they stay at most.
    pub patience: Duration,
    /// How often they ask again, for the same thing, when they got no answer or the server is busy.
    pub retries: u32,
    /// Whether they ask again at once, whatever the server says of when to.
    pub hammers: bool,
    /// How many sessions they open, one after another, each for the whole script.
    pub sessions: u32,
    /// What they do when they left without tickets.
    pub comes_back: Option<ComesBack>,
    /// What they do. At least one step, and every step is possible after those before it.
    pub script: Vec<Step>,
}

/// Somebody who got nothing tries again from the beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct ComesBack {
    /// The probability.
    pub chance: f64,
    /// After how long.
    pub after: Think,
}

/// One thing after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How long they take before.
    pub think: Think,
    /// What they do then.
    pub action: Action,
}

/// What one can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Joins the waitroom; nothing where there is none.
    Join,
    /// Waits to be let in.
    Wait(By),
    /// Looks at something, with this probability.
    Look(Sight, f64),
    /// Takes a hold.
    Hold {
        /// How it says what it wants.
        choice: Choice,
        /// How often it tries others when some are taken.
        attempts: u32,
        /// Whether seats apart will do.
        may_split: bool,
    },
    /// Gives up, with this probability.
    Abandon {
        /// The probability.
        chance: f64,
        /// Whether they give back what they have, or just close the window.
        gives_back: bool,
    },
    /// Makes the hold an order.
    Order {
        /// Whether other seats will do if the payment is late and these are gone.
        accept_other_seats: bool,
    },
    /// Pays at the sandbox, which behaves as its name says.
    Pay(Weighted<String>),
    /// Waits for the end of the order.
    Confirm,
}

/// How to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Asks when the last answer said to.
    Poll,
    /// Has the answer held back until there is news.
    Listen,
}

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The event.
    Event,
    /// How much there is.
    Availability,
    /// The seating plan.
    Chart,
    /// Which seats are not free.
    Seats,
}

/// How to say what one wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// So many.
    Count,
    /// So many of the best neighbours; as `Count` where there are no seats.
    Best,
    /// Neighbours from the map that look free; as `Count` where there are no seats.
    Seats,
}

/// Some values, each with a weight above 0. At least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted<T>(Vec<(T, f64)>);

impl<T> Weighted<T> {
    /// Always the same.
    pub fn only(value: T) -> Self {
        Self(vec![(value, 1.0)])
    }

    /// `None` without values.
    pub fn new(values: Vec<(T, f64)>) -> Option<Self> {
        (!values.is_empty()).then_some(Self(values))
    }

    /// One of the values.
    pub fn pick(&self, dice: &mut Dice) -> &T {
        &self.0[pick(&self.0, |(_, weight)| *weight, dice)].0
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(value, _)| value)
    }
}

impl Mix {
    /// The mix of the program with this name.
    pub fn embedded(name: &str) -> Option<Self> {
        let (_, text) = EMBEDDED.iter().find(|(known, _)| *known == name)?;
        // A test reads them all.
        Self::parse(name.as_ref(), text).ok()
    }

    /// One of the personas.
    pub fn pick(&self, dice: &mut Dice) -> &Persona {
        &self.personas[pick(&self.personas, |persona| persona.weight, dice)]
    }
}

/// The position of one of `all`.
fn pick<T>(all: &[T], weight: impl Fn(&T) -> f64, dice: &mut Dice) -> usize {
    let mut rest = dice.unit() * all.iter().map(&weight).sum::<f64>();
    let found = all.iter().position(|one| {
        rest -= weight(one);
        rest < 0.0
    });
    // Rounding may leave a little of nothing.
    found.unwrap_or(all.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mix_of_the_program_is_one() {
        for (name, text) in EMBEDDED {
            let mix = Mix::parse(name.as_ref(), text).unwrap_or_else(|error| panic!("{error}"));
            assert!(mix.event.is_some(), "{name} can be run without an event of one's own");
            assert_eq!(Mix::embedded(name), Some(mix));
        }
        assert_eq!(Mix::embedded("nobody"), None);
    }

    #[test]
    fn weights_say_how_often() {
        let weighted = Weighted::new(vec![("a", 3.0), ("b", 1.0)]).unwrap();
        let mut dice = Dice::new(1, 1);
        let some = (0..4_000).filter(|_| *weighted.pick(&mut dice) == "a").count();
        assert!((2_900..3_100).contains(&some), "{some}");
    }
}
