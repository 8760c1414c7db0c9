//! Who waits, who is inside, who is gone.

use onsale_core::id::PersonId;
use onsale_core::time::Time;

use super::{Naive, Verdict};

#[derive(Clone, Debug)]
pub struct Place {
    pub person: PersonId,
    pub party: u32,
    pub whereabouts: Where,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Waiting,
    Inside { until: Time },
    Gone(End),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Completed,
    Expired,
    Left,
    Abandoned,
}

impl Naive {
    pub fn join(&mut self, person: PersonId, party: u32) -> Verdict {
        self.must_be_open()?;
        let waitroom = self.draft.waitroom.ok_or("no_waitroom")?;
        if self.now < waitroom.doors_at {
            return Err("doors_closed");
        }
        let has_one = |place: &Place| place.person == person && place.is_live();
        if self.places.iter().any(has_one) {
            return Ok(());
        }
        if party == 0 {
            return Err("malformed");
        }
        if party > self.draft.limits.per_hold {
            return Err("limit_reached");
        }
        if self.drawn {
            self.line.push(self.places.len());
        }
        self.places.push(Place { person, party, whereabouts: Where::Waiting });
        Ok(())
    }

    pub fn leave(&mut self, person: PersonId, number: usize) -> Verdict {
        let place = self.places.get(number).filter(|place| place.person == person);
        if place.ok_or("not_found")?.is_live() {
            self.end_place(number, End::Left);
        }
        Ok(())
    }

    pub fn drop_place(&mut self, number: usize) -> Verdict {
        let place = self.places.get(number).ok_or("not_found")?;
        if place.is_live() && !self.has_ordered(number) {
            self.end_place(number, End::Abandoned);
        }
        Ok(())
    }

    pub fn has_ordered(&self, place: usize) -> bool {
        self.orders.iter().any(|order| order.place == Some(place))
    }

    pub fn visit_until(&self, place: usize) -> Time {
        match self.places.get(place).map(|place| place.whereabouts) {
            Some(Where::Inside { until }) => until,
            _ => Time::MAX,
        }
    }

    pub fn end_visit(&mut self, place: Option<usize>, end: End) {
        if let Some(place) = place
            && matches!(self.places[place].whereabouts, Where::Inside { .. })
        {
            self.end_place(place, end);
        }
    }

    pub fn end_place(&mut self, number: usize, end: End) {
        self.places[number].whereabouts = Where::Gone(end);
        self.line.retain(|waiting| *waiting != number);
        for hold in &mut self.holds {
            if hold.as_ref().is_some_and(|hold| hold.place == Some(number)) {
                *hold = None;
            }
        }
    }

    pub fn draws_now(&self) -> bool {
        let opens = self.draft.waitroom.is_some_and(|waitroom| waitroom.opens_at <= self.now);
        opens && !self.drawn && !self.cancelled
    }

    pub fn draw(&mut self, lottery: &[u32]) {
        self.drawn = true;
        self.line = lottery.iter().map(|number| *number as usize).collect();
        let mut sorted = self.line.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, self.waiting(), "the lottery is among those who wait");
    }

    pub fn waiting(&self) -> Vec<usize> {
        let numbered = self.places.iter().enumerate();
        numbered.filter(|(_, place)| place.whereabouts == Where::Waiting).map(|(i, _)| i).collect()
    }

    pub fn inside(&self) -> Vec<usize> {
        let is_inside = |place: &Place| matches!(place.whereabouts, Where::Inside { .. });
        let numbered = self.places.iter().enumerate();
        numbered.filter(|(_, place)| is_inside(place)).map(|(i, _)| i).collect()
    }

    /// Lets the first in line in, if there is a slot and stock that nobody was promised.
    pub fn admit_next(&mut self) -> bool {
        let Some(&first) = self.line.first() else { return false };
        if !self.drawn || self.cancelled || self.paused {
            return false;
        }
        let (inside, stock) = (self.inside(), self.sellable());
        let holds = |place: usize| self.holds.iter().flatten().any(|h| h.place == Some(place));
        let empty_handed = inside.iter().filter(|&&i| !holds(i) && !self.has_ordered(i));
        let promised: u32 = empty_handed.map(|&place| self.places[place].party).sum();
        let served = promised + self.places[first].party <= stock || (promised == 0 && stock > 0);
        if inside.len() >= self.slots as usize || !served {
            return false;
        }
        let visit = self.draft.waitroom.expect("there is a line").visit;
        self.places[first].whereabouts = Where::Inside { until: self.now + visit };
        self.line.remove(0);
        true
    }
}

impl Place {
    pub fn is_live(&self) -> bool {
        !matches!(self.whereabouts, Where::Gone(_))
    }
}
