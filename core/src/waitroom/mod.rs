//! How people are let in: a pre-queue, a lottery at the opening, and a line in order of arrival
//! behind it.
//!
//! ```text
//! joined --> pre-queue --drawn--> line --admitted--> inside --ended--> over
//!                |                 ^ |
//!                | joined after ---+ |    whoever waits may also end: left, abandoned
//! ```
//!
//! A [`Waitroom`] is asked (`&self`, with `now`), the caller writes down what follows as facts, and
//! tells it those facts (`&mut self`, named after what happened). Facts alone make its state; the
//! counts, the line and the index of people are derived from the `Record`, which is all that a
//! snapshot holds.
//!
//! Deliberately absent: who may join, the dates of the event, when to draw, the seed's origin,
//! tokens for those inside. Signs of life are in [`Presence`], which is no part of the state.

mod estimate;
mod line;
mod lottery;
mod place;
mod presence;
mod rate;
#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::PersonId;
use crate::spec::WaitroomSpec;
use crate::time::{Span, Time};

use self::estimate::Pace;
use self::line::Line;
use self::place::Tally;
use self::rate::Rate;

pub use self::lottery::{Commitment, LotterySeed, Reveal, RevealedSeed};
pub use self::place::{EndReason, Place, PlaceState};
pub use self::presence::Presence;

/// The waitroom of one event. Places are numbered densely from 0 in order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waitroom {
    record: Record,
    derived: Derived,
}

/// What the facts have made: the whole of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    seed: LotterySeed,
    slots: u32,
    paused: bool,
    rate: Rate,
    pace: Pace,
    places: Vec<Place>,
    draw: Option<Draw>,
}

/// That the lottery was drawn, and among whom. The order follows from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Draw {
    at: Time,
    participants: u32,
    withdrawn: Vec<u32>,
}

/// What makes questions cheap; it can be computed from the `Record` at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Derived {
    tally: Tally,
    /// The live place of everybody who has one.
    place_of: BTreeMap<PersonId, u32>,
    /// Empty before the draw.
    line: Line,
}

/// Questions.
impl Waitroom {
    /// An empty waitroom, before the lottery.
    ///
    /// # Panics
    /// If the rate is zero, which no checked [`WaitroomSpec`] has.
    pub fn new(spec: WaitroomSpec, seed: LotterySeed) -> Self {
        let record = Record {
            seed,
            slots: spec.slots,
            paused: false,
            rate: Rate::new(spec.rate_per_minute),
            pace: Pace::default(),
            places: Vec::new(),
            draw: None,
        };
        Self { record, derived: Derived::default() }
    }

    /// The promise to draw with a certain seed; to be published before anybody comes.
    pub fn commitment(&self) -> Commitment {
        self.record.seed.commitment()
    }

    /// What anyone needs to compute the order of the lottery again; `None` before the draw.
    pub fn reveal(&self) -> Option<Reveal> {
        self.record.draw.as_ref().map(|draw| Reveal {
            commitment: self.commitment(),
            seed: RevealedSeed(self.record.seed.0),
            drawn_at: draw.at,
            participants: draw.participants,
            withdrawn: draw.withdrawn.clone(),
        })
    }

    /// Whether the lottery was drawn. Only then is there a line.
    pub fn is_drawn(&self) -> bool {
        self.record.draw.is_some()
    }

    /// The place with this number, be it over or not.
    pub fn place(&self, number: u32) -> Option<&Place> {
        self.record.places.get(number as usize)
    }

    /// The number of the place that somebody has now.
    pub fn live_place_of(&self, person: PersonId) -> Option<u32> {
        self.derived.place_of.get(&person).copied()
    }

    /// The numbers of all places that are not over, rising; O(n), for a restart.
    pub fn live_places(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.record.places).filter(|(_, place)| place.state.is_live()).map(|(n, _)| n)
    }

    /// The number that the next newcomer's place will have.
    pub fn next_number(&self) -> u32 {
        self.record.places.len() as u32
    }

    /// How many people are still waiting ahead of this place; `None` before the draw and for a
    /// place that is not waiting. O(log n).
    pub fn ahead(&self, number: u32) -> Option<u32> {
        (self.is_drawn() && self.is_queued(number)).then(|| self.derived.line.ahead(number))
    }

    /// How many people are waiting, before the draw or after it.
    pub fn waiting(&self) -> u32 {
        self.derived.tally.waiting
    }

    /// How many people are inside. More than [`Self::slots`] only after these were made fewer.
    pub fn inside(&self) -> u32 {
        self.derived.tally.inside
    }

    /// Tickets promised: the parties of those who are inside and hold nothing yet.
    pub fn promised(&self) -> u32 {
        u32::try_from(self.derived.tally.promised).unwrap_or(u32::MAX)
    }

    /// How many people may be inside at once.
    pub fn slots(&self) -> u32 {
        self.record.slots
    }

    /// How many people are let in per minute at most.
    pub fn rate_per_minute(&self) -> u32 {
        self.record.rate.per_minute()
    }

    /// Whether nobody is let in for now.
    pub fn is_paused(&self) -> bool {
        self.record.paused
    }

    /// How long it will take until this place is admitted, judged by the latest admissions and
    /// never less than the rate allows; `None` when [`Self::ahead`] is, and in a pause.
    pub fn estimate(&self, now: Time, number: u32) -> Option<Span> {
        let ahead = self.ahead(number).filter(|_| !self.record.paused)?;
        let people = u64::from(ahead) + 1;
        let observed = self.record.pace.time_for(now, people);
        Some(observed.max(self.record.rate.time_for(now, people)))
    }

    /// The places to admit now, first in line first, at most `max`: as many as slots, rate and
    /// stock allow. `stock` counts the tickets that are neither held nor sold nor blocked; what is
    /// promised is taken off here. If nothing is promised the first in line comes in for as little
    /// as one ticket, whatever their party: nobody waits for ever, and nobody is overtaken.
    pub fn admissible(&self, now: Time, stock: u32, max: usize) -> Vec<u32> {
        let free = self.free_slots().min(self.record.rate.ready(now));
        let mut promised = self.derived.tally.promised;
        let mut places = Vec::new();
        for ahead in 0..free {
            if places.len() == max {
                break;
            }
            let Some(number) = self.derived.line.nth(ahead) else { break };
            let party = self.record.places[number as usize].party;
            if !is_served(promised, party, stock) {
                break;
            }
            promised += u64::from(party);
            places.push(number);
        }
        places
    }

    /// When [`Self::admissible`] will have somebody, if the rate is all that is in the way, `now`
    /// if nothing is; `None` if something must happen first: a draw, an arrival, a slot, stock.
    pub fn next_admission_at(&self, now: Time, stock: u32) -> Option<Time> {
        let head = self.derived.line.nth(0).filter(|_| self.free_slots() > 0)?;
        let party = self.record.places[head as usize].party;
        is_served(self.derived.tally.promised, party, stock)
            .then(|| now + self.record.rate.time_for(now, 1))
    }

    /// How many more people there is room for; none in a pause.
    fn free_slots(&self) -> u32 {
        if self.record.paused { 0 } else { self.record.slots.saturating_sub(self.inside()) }
    }

    fn is_queued(&self, number: u32) -> bool {
        self.place(number).is_some_and(|place| place.state == PlaceState::Queued)
    }
}

/// Facts. Each was allowed by a question before it was written, so none is refused; what could not
/// have happened panics, for then the state is not the one the fact was decided on.
impl Waitroom {
    /// Somebody came for `party` tickets. Returns the number of their place: the one that they have
    /// already, unchanged, or else a new one.
    ///
    /// # Panics
    /// If `party` is zero.
    pub fn joined(&mut self, at: Time, person: PersonId, party: u32) -> u32 {
        assert!(party > 0, "a party is of at least 1");
        if let Some(number) = self.live_place_of(person) {
            return number;
        }
        let number = self.next_number();
        let place = Place { person, party, joined_at: at, state: PlaceState::Queued };
        if self.waiting() == 0 {
            self.record.pace.began(at);
        }
        self.record.places.push(place);
        self.derived.tally.put(&place);
        self.derived.place_of.insert(person, number);
        if self.is_drawn() {
            self.derived.line.append(number);
        }
        number
    }

    /// The lottery was drawn among everybody who is waiting. O(n).
    ///
    /// # Panics
    /// If it was drawn before.
    pub fn drawn(&mut self, at: Time) {
        assert!(!self.is_drawn(), "the lottery is drawn once");
        let participants = self.next_number();
        let withdrawn = (0..participants).filter(|&number| !self.is_queued(number)).collect();
        let draw = Draw { at, participants, withdrawn };
        self.derived.line = draw.line(&self.record.seed);
        self.record.draw = Some(draw);
        self.record.pace.began(at);
    }

    /// The first in line was let in, for a visit that ends at `until` at the latest.
    ///
    /// # Panics
    /// If the place is not in the line.
    pub fn admitted(&mut self, at: Time, number: u32, until: Time) {
        assert!(self.ahead(number).is_some(), "place {number} is not in the line");
        debug_assert_eq!(self.ahead(number), Some(0), "place {number} overtakes");
        self.derived.line.remove(number);
        self.record.rate.spend(at);
        self.record.pace.admitted(at);
        self.change(number, PlaceState::Admitted { at, until, provided: false });
    }

    /// Somebody inside holds stock now: nothing is promised to them any more. Does nothing if they
    /// are not inside.
    pub fn provided(&mut self, number: u32) {
        self.provide(number, true);
    }

    /// Somebody inside holds nothing any more: their party is promised to them again. Does nothing
    /// if they are not inside.
    pub fn unprovided(&mut self, number: u32) {
        self.provide(number, false);
    }

    /// A place is over; if it was inside, its slot is free at once.
    ///
    /// # Panics
    /// If it was over before.
    pub fn ended(&mut self, at: Time, number: u32, reason: EndReason) {
        let place = self.record.places[number as usize];
        assert!(place.state.is_live(), "place {number} is over already");
        if self.ahead(number).is_some() {
            self.derived.line.remove(number);
        }
        self.derived.place_of.remove(&place.person);
        self.change(number, reason.state(at));
    }

    /// Nobody is let in until [`Self::resumed`]. Who is inside stays, who comes may queue.
    pub fn paused(&mut self) {
        self.record.paused = true;
    }

    /// A pause is over.
    pub fn resumed(&mut self, at: Time) {
        self.record.paused = false;
        self.record.pace.began(at);
    }

    /// Slots or rate were changed; `None` leaves them. Nobody is put out: with more people inside
    /// than slots, nobody is let in until enough have gone. A new rate brings no new burst.
    ///
    /// # Panics
    /// If the rate is zero.
    pub fn resized(&mut self, at: Time, slots: Option<u32>, rate_per_minute: Option<u32>) {
        if let Some(slots) = slots {
            self.record.slots = slots;
        }
        if let Some(per_minute) = rate_per_minute {
            self.record.rate.change(at, per_minute);
        }
    }

    fn provide(&mut self, number: u32, held: bool) {
        if let PlaceState::Admitted { at, until, .. } = self.record.places[number as usize].state {
            self.change(number, PlaceState::Admitted { at, until, provided: held });
        }
    }

    fn change(&mut self, number: u32, state: PlaceState) {
        let place = &mut self.record.places[number as usize];
        self.derived.tally.take(place);
        place.state = state;
        self.derived.tally.put(place);
    }
}

/// Whether `stock` serves one more party beyond what is promised; the first party may be larger
/// than the stock, as long as there is any.
fn is_served(promised: u64, party: u32, stock: u32) -> bool {
    promised + u64::from(party) <= u64::from(stock) || (promised == 0 && stock > 0)
}

impl Draw {
    fn line(&self, seed: &LotterySeed) -> Line {
        Line::new(lottery::order(seed, self.participants, &self.withdrawn), self.participants)
    }
}

impl From<&Record> for Derived {
    fn from(record: &Record) -> Self {
        let numbered = || (0..).zip(&record.places);
        let live = numbered().filter(|(_, place)| place.state.is_live());
        let mut derived = Self {
            tally: Tally::default(),
            place_of: live.map(|(number, place)| (place.person, number)).collect(),
            line: Line::default(),
        };
        record.places.iter().for_each(|place| derived.tally.put(place));
        if let Some(draw) = &record.draw {
            derived.line = draw.line(&record.seed);
            for (number, place) in numbered() {
                if number >= draw.participants {
                    derived.line.append(number);
                }
                let withdrew = draw.withdrawn.binary_search(&number).is_ok();
                if place.state != PlaceState::Queued && !withdrew {
                    derived.line.remove(number);
                }
            }
        }
        derived
    }
}

/// Writes the `Record` and nothing else: the same facts give the same bytes.
impl Serialize for Waitroom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Waitroom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = Record::deserialize(deserializer)?;
        Ok(Self { derived: Derived::from(&record), record })
    }
}
