//! Who somebody is and what they will do: decided from the seed before they come.

use std::time::Duration;

use super::ROUNDS_MAX;
use crate::dice::Dice;
use crate::mix::{Action, By, Choice, Mix, Persona, Sight, Step};

/// A person, before they come.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast<'a> {
    /// Their kind.
    pub persona: &'a Persona,
    /// How many tickets they want.
    pub party: u32,
    /// What they will do if nothing stops them, each after a time to think.
    pub deeds: Vec<(Duration, Deed)>,
    /// After how long they try again if they get nothing.
    pub comes_back: Option<Duration>,
    /// For what is decided on the spot.
    pub dice: Dice,
}

/// An action without ifs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Joins the waitroom, if there is one.
    Join,
    /// Waits to be let in.
    Wait(By),
    /// Looks at something.
    Look(Sight),
    /// Takes a hold.
    Hold {
        /// How it says what it wants.
        choice: Choice,
        /// How often it tries others when some are taken.
        attempts: u32,
        /// Whether seats apart will do.
        may_split: bool,
    },
    /// Gives up.
    Abandon {
        /// Whether what they have is given back.
        gives_back: bool,
    },
    /// Makes the hold an order.
    Order {
        /// Whether other seats will do.
        accept_other_seats: bool,
    },
    /// Pays, and the sandbox behaves so.
    Pay(String),
    /// Waits for the end of the order.
    Confirm,
}

/// The person with this number, in one of their rounds: the first is 0, and there are at most 256.
pub fn cast(mix: &Mix, seed: u64, number: u64, round: u64) -> Cast<'_> {
    let stream = |round| Dice::new(seed, number * ROUNDS_MAX + round);
    // Whoever comes back is still the same.
    let mut birth = stream(0);
    let persona = mix.pick(&mut birth);
    let party = *persona.party.pick(&mut birth);
    let mut dice = if round == 0 { birth } else { stream(round) };
    let deeds = persona.script.iter().filter_map(|step| deed(step, &mut dice)).collect();
    let comes_back = persona.comes_back.as_ref().and_then(|back| {
        let (happens, after) = (dice.happens(back.chance), back.after.draw(&mut dice));
        happens.then_some(after)
    });
    Cast { persona, party, deeds, comes_back, dice }
}

/// What becomes of a step; `None` if it does not happen this time.
fn deed(step: &Step, dice: &mut Dice) -> Option<(Duration, Deed)> {
    let think = step.think.draw(dice);
    let mut happens = |chance: f64| dice.happens(chance);
    let deed = match &step.action {
        Action::Join => Deed::Join,
        Action::Wait(by) => Deed::Wait(*by),
        Action::Look(sight, chance) => happens(*chance).then_some(Deed::Look(*sight))?,
        Action::Hold { choice, attempts, may_split } => {
            Deed::Hold { choice: *choice, attempts: *attempts, may_split: *may_split }
        }
        Action::Abandon { chance, gives_back } => {
            happens(*chance).then_some(Deed::Abandon { gives_back: *gives_back })?
        }
        Action::Order { accept_other_seats } => {
            Deed::Order { accept_other_seats: *accept_other_seats }
        }
        Action::Pay(behaviours) => Deed::Pay(behaviours.pick(dice).clone()),
        Action::Confirm => Deed::Confirm,
    };
    Some((think, deed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a person: kind, party, deeds, and when they come back.
    type Planned = (String, u32, Vec<(Duration, Deed)>, Option<Duration>);

    fn plan(seed: u64) -> Vec<Planned> {
        let mix = Mix::embedded("crowd").unwrap();
        let rounds = (0..300).flat_map(|number| [(number, 0), (number, 1)]);
        let plan = rounds.map(|(number, round)| {
            let cast = cast(&mix, seed, number, round);
            (cast.persona.name.clone(), cast.party, cast.deeds, cast.comes_back)
        });
        plan.collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_people_scripts_and_think_times_and_another_one_others() {
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn whoever_comes_back_is_the_same_person_with_other_thoughts() {
        for pair in plan(5).chunks(2) {
            assert_eq!((&pair[0].0, pair[0].1), (&pair[1].0, pair[1].1));
        }
        assert!(plan(5).chunks(2).any(|pair| pair[0].2 != pair[1].2));
    }

    #[test]
    fn personas_come_as_often_as_their_weights_say() {
        let plan = plan(3);
        let decided = plan.iter().filter(|person| person.0 == "decided").count();
        assert!((370..470).contains(&decided), "{decided} of 600 at a weight of 70 %");
        let gave_up = plan.iter().filter(|person| {
            person.2.iter().any(|(_, deed)| matches!(deed, Deed::Abandon { gives_back: true }))
        });
        let browsing = plan.iter().filter(|person| person.0 == "browsing").count();
        let share = gave_up.count() * 100 / browsing;
        assert!((8..35).contains(&share), "{share} of 100 at a chance of 20 %");
    }
}
