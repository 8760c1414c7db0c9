//! **Nobody starves.** While an event is open, drawn and not paused, and there is a slot and stock
//! for whoever is first in line, they are let in as soon as the rate allows it: within the time in
//! which the rate earns one person. Until then the server must want to be woken. When all is over
//! nobody stands in a line that could move.
//!
//! Why: a queue that forgets to wake up looks, from outside, like one that is long.
//!
//! It is judged when a partition rests with everything durable, by the facts; from the server's
//! state only the number of the last fact is taken.
//!
//! Source: mission, area 1 ("no-shows free their slot at once"); the liveness phase of the
//! simulator of `TigerBeetle` (`docs/internals/vopr.md`).

use onsale_core::id::{EventId, PartitionId};
use onsale_core::query::Phase;
use onsale_core::time::{Span, Time};

use super::{Invariant, Verdict};
use crate::model::follow::Followed;
use crate::model::{Event, Model};
use crate::seen::{Micros, Seen};

/// How often a partition may say that it is not done, in one millisecond and without a new fact.
const SPINS_MAX: u32 = 1_000;

/// Watches the first in each line.
pub(crate) struct Starvation {
    follower: Followed,
    /// Who could be let in: first in line, under which rate, since when.
    could: Vec<(EventId, u32, u32, Time)>,
    /// Where each partition was when it last was not done, and how often.
    spins: Vec<(PartitionId, u64, Time, u32)>,
}

impl Starvation {
    /// `follower` may be shared with who sees everything earlier.
    pub(crate) fn new(follower: Followed) -> Self {
        Self { follower, could: vec![], spins: vec![] }
    }
}

impl Invariant for Starvation {
    fn name(&self) -> &'static str {
        "starvation"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        self.follower.borrow_mut().see(seen, |_, _, _| Ok(()))?;
        match *seen {
            Seen::Started { partition, .. } => {
                self.could.retain(|(event, ..)| event.partition() != partition);
                self.spins.retain(|(id, ..)| *id != partition);
                Ok(())
            }
            Seen::Rested { partition, now, state, wake_at, .. } => {
                self.spun(partition, state.applied(), now, wake_at)?;
                self.rested(partition, state.applied(), now, wake_at)
            }
            Seen::Settled { .. } => self.settled(),
            _ => Ok(()),
        }
    }
}

impl Starvation {
    fn spun(
        &mut self,
        partition: PartitionId,
        applied: u64,
        now: Time,
        wake_at: Option<Time>,
    ) -> Verdict {
        let known = self.spins.iter().position(|(id, ..)| *id == partition);
        if wake_at.is_none_or(|at| at > now) {
            known.map(|index| self.spins.swap_remove(index));
            return Ok(());
        }
        let Some(index) = known else {
            self.spins.push((partition, applied, now, 0));
            return Ok(());
        };
        let (_, at_fact, at, spins) = &mut self.spins[index];
        *spins = if (*at_fact, *at) == (applied, now) { *spins + 1 } else { 0 };
        (*at_fact, *at) = (applied, now);
        if *spins > SPINS_MAX {
            return Err(format!("{partition:?} is not done and gets nothing done"));
        }
        Ok(())
    }

    fn rested(
        &mut self,
        partition: PartitionId,
        applied: u64,
        now: Time,
        wake_at: Option<Time>,
    ) -> Verdict {
        let follower = self.follower.borrow_mut();
        let Some(model) = follower.model(partition).filter(|model| model.applied == applied) else {
            return Ok(());
        };
        for event in model.events() {
            let known = self.could.iter().position(|(id, ..)| *id == event.id);
            let Some(first) = could_come(event) else {
                known.map(|index| self.could.swap_remove(index));
                continue;
            };
            let rate = event.rate.per_minute();
            let same = known.filter(|&index| self.could[index].1 == first);
            let same = same.filter(|&index| self.could[index].2 == rate);
            let since = same.map_or(now, |index| self.could[index].3);
            if same.is_none() {
                known.map(|index| self.could.swap_remove(index));
                self.could.push((event.id, first, rate, now));
            }
            let due = since + Span::from_ms(60_000_u64.div_ceil(u64::from(rate)));
            let who = event.places[first as usize].person;
            let Some(wake_at) = wake_at else {
                return Err(format!("{who} could come in, and nobody will ever wake up to it"));
            };
            if now > due && wake_at > now {
                return Err(format!("{who} could come in since {} and does not", since.as_ms()));
            }
        }
        Ok(())
    }

    fn settled(&self) -> Verdict {
        let follower = self.follower.borrow_mut();
        let events = follower.models().flat_map(Model::events);
        let left: Vec<_> =
            events.filter_map(|event| Some((event.id, could_come(event)?))).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("still in line at the end: {left:?}")) }
    }
}

/// The first in line, if nothing but the rate is in the way.
fn could_come(event: &Event) -> Option<u32> {
    let goes_on = event.phase == Phase::Open && event.is_drawn && !event.is_paused;
    let first = *event.line.first().filter(|_| goes_on)?;
    let has_slot = (event.inside().count() as u32) < event.slots;
    let place = event.places.get(first as usize)?;
    (has_slot && event.serves(place.party)).then_some(first)
}

#[cfg(test)]
mod tests {
    use onsale_core::command::Steer;
    use onsale_core::waitroom::EndReason;

    use super::*;
    use crate::invariants::crowd::Crowd;

    fn crowd(stock: u32) -> Crowd<Starvation> {
        Crowd::drawn(Starvation::new(Followed::default()), stock, 600, 5)
    }

    #[test]
    fn a_line_that_moves_or_cannot_is_right() {
        let mut crowd = crowd(2);
        crowd.rests(Some(crowd.ms)).unwrap();
        crowd.admit(1).unwrap();
        crowd.admit(0).unwrap();
        crowd.ms += 50_000;
        crowd.rests(None).unwrap();
        crowd.see(&Seen::Settled { states: &[] }).unwrap();
    }

    #[test]
    fn to_sleep_for_ever_beside_a_free_slot_is_caught() {
        let mut crowd = crowd(9);
        crowd.admit(1).unwrap();
        crowd.rests(None).unwrap_err();
    }

    #[test]
    fn to_sleep_longer_than_the_rate_is_caught() {
        let mut crowd = crowd(9);
        crowd.admit(1).unwrap();
        crowd.admit(0).unwrap();
        crowd.rests(None).unwrap();
        crowd.end(0, EndReason::Left).unwrap();
        crowd.rests(Some(crowd.ms + 100)).unwrap();
        crowd.ms += 100;
        crowd.rests(Some(crowd.ms + 9)).unwrap();
        crowd.ms += 1;
        crowd.rests(Some(crowd.ms)).unwrap();
        crowd.rests(Some(crowd.ms + 9)).unwrap_err();
    }

    #[test]
    fn a_pause_and_a_restart_begin_anew() {
        let mut crowd = crowd(9);
        crowd.rests(Some(crowd.ms)).unwrap();
        crowd.steer(Steer::Pause).unwrap();
        crowd.ms += 5_000;
        crowd.rests(None).unwrap();
        crowd.steer(Steer::Resume).unwrap();
        crowd.rests(Some(crowd.ms + 5)).unwrap();
        crowd.starts().unwrap();
        crowd.ms += 5_000;
        crowd.rests(Some(crowd.ms + 5)).unwrap();
    }

    #[test]
    fn to_be_busy_for_ever_is_caught() {
        let mut crowd = crowd(1);
        crowd.admit(1).unwrap();
        let spins = (0..=SPINS_MAX + 1).map(|_| crowd.rests(Some(crowd.ms)));
        assert!({ spins }.any(|verdict| verdict.is_err()));
    }

    #[test]
    fn somebody_left_in_a_line_that_could_move_is_caught() {
        let mut crowd = crowd(9);
        crowd.see(&Seen::Settled { states: &[] }).unwrap_err();
    }
}
