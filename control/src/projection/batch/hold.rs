//! Carts, and the seats in them.

use std::fmt::Display;

use onsale_core::fact::{HoldReleased, HoldTaken};
use onsale_core::hold::Line;
use onsale_core::id::EventId;

use super::{Batch, Mark};
use crate::projection::rows::{Hold, Seat, SeatState};

impl Batch {
    pub(super) fn hold_taken(&mut self, mark: Mark, fact: &HoldTaken) {
        let HoldTaken { hold, person, lines, until, .. } = fact;
        let event = hold.event;
        let row = Hold {
            hold: *hold,
            event,
            person: *person,
            taken_at: mark.at,
            ends_at: *until,
            lines: lines.clone(),
        };
        self.holds.put(*hold, row);
        self.held(event, lines, 1);
        self.seat(event, lines, SeatState::Held, hold);
        self.totals(event).holds_taken += 1;
    }

    pub(super) fn hold_released(&mut self, fact: &HoldReleased) -> Option<()> {
        let hold = self.holds.take(fact.hold)?;
        self.held(hold.event, &hold.lines, -1);
        self.unseat(hold.event, &hold.lines);
        let totals = self.totals(hold.event);
        if fact.expired {
            totals.holds_expired += 1;
        } else {
            totals.holds_released += 1;
        }
        Some(())
    }

    /// The seats of some lines are somebody's now.
    pub(super) fn seat(
        &mut self,
        event: EventId,
        lines: &[Line],
        state: SeatState,
        holder: &impl Display,
    ) {
        for (class, _, seat) in Line::each(lines) {
            let Some(seat) = seat else { continue };
            let holder = Some(holder.to_string());
            self.seats.insert((event, seat), Some(Seat { event, seat, class, state, holder }));
        }
    }

    /// The seats of some lines are free now.
    fn unseat(&mut self, event: EventId, lines: &[Line]) {
        self.seats
            .extend(lines.iter().flat_map(|line| &line.seats).map(|&seat| ((event, seat), None)));
    }
}
