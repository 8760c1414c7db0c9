//! **Whoever is there keeps their place.** Nobody is dropped as silent within the event's span of
//! presence after their last sign of life, nor, once let in, within the span of a claim after that.
//! Signs of life are: coming, looking at one's own place, taking stock with it. After a restart
//! everybody counts as seen at the restart.
//!
//! Why: a buyer who polls faithfully and is thrown out has lost the sale to a timer.
//!
//! Signs of life are no facts, so this is judged by what the server was asked; of a drop, only once
//! it is durable. When exactly a process began is reckoned back from the first time that it showed,
//! a little early rather than late.
//!
//! Source: mission, area 1, "a place is kept 5 minutes after the last sign of life"; `Presence` in
//! core and `Presences` in engine say the same of restarts.

use onsale_core::command::{Actor, Command};
use onsale_core::fact::Fact;
use onsale_core::id::{EventId, PartitionId, PersonId, PlaceId};
use onsale_core::query::Query;
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::EndReason;

use super::{Invariant, Verdict};
use crate::model::follow::{Step, Steps};
use crate::seen::{Micros, Seen};

/// When a process began is known to so much.
const UNSURE: Span = Span::from_ms(2);

/// Signs of life and their absence.
#[derive(Default)]
pub(crate) struct Presence {
    steps: Steps<Move>,
    rooms: Vec<Room>,
    restarts: Vec<Restart>,
}

enum Move {
    Defined(Span, Span),
    Joined(PersonId),
    Admitted(u32),
    Dropped(u32),
}

struct Room {
    event: EventId,
    presence: Span,
    claim: Span,
    owners: Vec<PersonId>,
    /// When somebody was let in, by place: the fact and its time.
    admitted: Vec<(u32, u64, Time)>,
    /// When somebody came, by place.
    joined: Vec<(u64, Time)>,
    /// By whom and with which place, after which fact, when.
    signs: Vec<Sign>,
}

#[derive(Clone, Copy)]
struct Sign {
    person: PersonId,
    place: u32,
    fact: u64,
    at: Time,
}

/// A process began with a fact.
struct Restart {
    partition: PartitionId,
    fact: u64,
    /// By the world's clock.
    when: Micros,
    /// By its own, once it has shown it.
    at: Option<Time>,
}

impl Invariant for Presence {
    fn name(&self) -> &'static str {
        "presence"
    }

    fn see(&mut self, when: Micros, seen: &Seen<'_>) -> Verdict {
        match *seen {
            Seen::Executed { partition, now, request, before, .. } => {
                self.show_clock(partition, when, now);
                if let (Actor::Person(person), Command::TakeHold { place: Some(place), .. }) =
                    (request.actor, &request.command)
                {
                    self.sign(*place, person, before, now);
                }
            }
            Seen::Looked { partition, now, actor, query, applied, .. } => {
                self.show_clock(partition, when, now);
                if let (Actor::Person(person), Query::Place(place)) = (actor, query) {
                    self.sign(place, person, applied, now);
                }
            }
            Seen::Rested { partition, now, .. } => self.show_clock(partition, when, now),
            _ => {}
        }
        for step in self.steps.see(seen, pick) {
            self.step(&step)?;
        }
        if let Seen::Started { partition, state, .. } = *seen {
            self.start(partition, when, state.applied());
        }
        Ok(())
    }
}

fn pick(fact: &Fact) -> Option<Move> {
    Some(match fact {
        Fact::EventDefined(fact) => {
            let waitroom = fact.spec.waitroom?;
            Move::Defined(waitroom.presence, waitroom.claim)
        }
        Fact::WaitroomJoined(fact) => Move::Joined(fact.person),
        Fact::PlaceAdmitted(fact) => Move::Admitted(fact.place.number),
        Fact::PlaceEnded(fact) if fact.reason == EndReason::Abandoned => {
            Move::Dropped(fact.place.number)
        }
        _ => return None,
    })
}

impl Presence {
    fn start(&mut self, partition: PartitionId, when: Micros, fact: u64) {
        self.restarts.retain(|restart| restart.partition != partition);
        self.restarts.push(Restart { partition, fact, when, at: None });
        let own = self.rooms.iter_mut().filter(|room| room.event.partition() == partition);
        own.for_each(|room| room.signs.clear());
    }

    fn show_clock(&mut self, partition: PartitionId, when: Micros, now: Time) {
        let restart = self.restarts.iter_mut().find(|restart| restart.partition == partition);
        if let Some(restart) = restart.filter(|restart| restart.at.is_none()) {
            let since = Span::from_ms((when.0 - restart.when.0) / 1_000);
            restart.at = Some(now - since - UNSURE);
        }
    }

    fn sign(&mut self, place: PlaceId, person: PersonId, fact: u64, at: Time) {
        if let Some(room) = self.rooms.iter_mut().find(|room| room.event == place.event) {
            room.signs.push(Sign { person, place: place.number, fact, at });
        }
    }

    fn step(&mut self, step: &Step<Move>) -> Verdict {
        if let Move::Defined(presence, claim) = step.what {
            self.rooms.push(Room::new(step.event, presence, claim));
        }
        let Some(room) = self.rooms.iter_mut().find(|room| room.event == step.event) else {
            return Err(format!("{} was never defined", step.event));
        };
        match step.what {
            Move::Defined(..) => {}
            Move::Joined(person) => {
                room.owners.push(person);
                room.joined.push((step.number, step.at));
            }
            Move::Admitted(number) => room.admitted.push((number, step.number, step.at)),
            Move::Dropped(number) => {
                let partition = step.event.partition();
                let restart = self.restarts.iter().find(|r| r.partition == partition);
                return room.dropped(number, step, restart);
            }
        }
        Ok(())
    }
}

impl Room {
    fn new(event: EventId, presence: Span, claim: Span) -> Self {
        let (owners, admitted, joined, signs) = (vec![], vec![], vec![], vec![]);
        Self { event, presence, claim, owners, admitted, joined, signs }
    }

    /// The newest of everything that keeps a place says until when it is kept.
    fn dropped(&self, number: u32, drop: &Step<Move>, restart: Option<&Restart>) -> Verdict {
        let (Some(owner), Some(joined)) =
            (self.owners.get(number as usize), self.joined.get(number as usize))
        else {
            return Err(format!("place {number} was dropped before anybody had it"));
        };
        let mut newest = ((joined.0, 0), Some(joined.1 + self.presence));
        let mut consider = |order: (u64, u8), until: Option<Time>| {
            if order >= newest.0 && order.0 < drop.number {
                newest = (order, until);
            }
        };
        for (_, fact, at) in self.admitted.iter().filter(|(place, ..)| *place == number) {
            consider((*fact, 0), Some(*at + self.claim));
        }
        if let Some(restart) = restart {
            consider((restart.fact, 1), restart.at.map(|at| at + self.presence));
        }
        let own = self.signs.iter().filter(|s| s.place == number && s.person == *owner);
        // A sign of life never shortens what was granted before.
        let kept = own.filter(|sign| (sign.fact, 2) >= newest.0 && sign.fact < drop.number);
        let kept = kept.map(|sign| sign.at + self.presence);
        match newest.1.into_iter().chain(kept).max() {
            Some(until) if drop.at < until => {
                let (at, until) = (drop.at.as_ms(), until.as_ms());
                Err(format!("place {number} was dropped at {at}, is kept until {until}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Choice, Request, Wish};
    use onsale_core::spec::ClassId;

    use super::*;
    use crate::invariants::crowd::{CLAIM, Crowd, PARTITION, PRESENCE, event, person, place};
    use crate::seen::{Op, Token};

    fn drawn() -> Crowd<Presence> {
        Crowd::drawn(Presence::default(), 9, 600, 5)
    }

    fn looks(crowd: &mut Crowd<Presence>, who: u32, number: u32) {
        let (partition, token, op, now) = (PARTITION, Token(3), Op(3), crowd.now());
        let (actor, query) = (Actor::Person(person(who)), Query::Place(place(number)));
        let (applied, wait_until) = (crowd.facts, None);
        let seen = Seen::Looked { partition, token, op, now, actor, query, wait_until, applied };
        crowd.see(&seen).unwrap();
    }

    fn takes(crowd: &mut Crowd<Presence>, number: u32) {
        let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(1) }];
        let command = Command::TakeHold { event: event(), place: Some(place(number)), wishes };
        let request = &Request::new(Actor::Person(person(number)), command);
        let (partition, token, op, now) = (PARTITION, Token(4), Some(Op(4)), crowd.now());
        let (before, after) = (crowd.facts, crowd.facts);
        let seen = Seen::Executed { partition, token, op, now, request, before, after };
        crowd.see(&seen).unwrap();
    }

    fn drops(crowd: &mut Crowd<Presence>, number: u32) -> Verdict {
        crowd.end(number, EndReason::Abandoned)
    }

    #[test]
    fn who_is_silent_for_long_is_dropped() {
        let mut crowd = drawn();
        looks(&mut crowd, 2, 2);
        crowd.ms += PRESENCE;
        drops(&mut crowd, 2).unwrap();
        drops(&mut crowd, 3).unwrap();
    }

    #[test]
    fn dropping_who_looks_or_acts_is_caught() {
        for sign in [|crowd: &mut _| looks(crowd, 2, 2), |crowd: &mut _| takes(crowd, 2)] {
            let mut crowd = drawn();
            crowd.ms += PRESENCE - 1;
            sign(&mut crowd);
            crowd.ms += PRESENCE - 1;
            drops(&mut crowd, 2).unwrap_err();
        }
    }

    #[test]
    fn somebody_elses_look_is_no_sign_of_life() {
        let mut crowd = drawn();
        crowd.ms += PRESENCE;
        looks(&mut crowd, 4, 2);
        drops(&mut crowd, 2).unwrap();
    }

    #[test]
    fn who_is_let_in_must_claim_it_and_has_the_time_to() {
        let mut crowd = drawn();
        crowd.admit(1).unwrap();
        crowd.ms += CLAIM - 1;
        drops(&mut crowd, 1).unwrap_err();
        let mut crowd = drawn();
        crowd.admit(1).unwrap();
        crowd.ms += CLAIM;
        drops(&mut crowd, 1).unwrap();
        let mut crowd = drawn();
        crowd.admit(1).unwrap();
        looks(&mut crowd, 1, 1);
        crowd.ms += CLAIM;
        drops(&mut crowd, 1).unwrap_err();
    }

    #[test]
    fn after_a_restart_everybody_counts_as_seen() {
        let mut crowd = drawn();
        crowd.ms += PRESENCE - 1;
        crowd.starts().unwrap();
        crowd.rests(None).unwrap();
        crowd.ms += PRESENCE - 10;
        drops(&mut crowd, 2).unwrap_err();
        let mut crowd = drawn();
        crowd.starts().unwrap();
        crowd.rests(None).unwrap();
        crowd.ms += PRESENCE;
        drops(&mut crowd, 2).unwrap();
    }
}
