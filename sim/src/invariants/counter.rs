//! Counted tickets as one counter with a room: whoever surely has some at one moment must fit in
//! together with all others who surely do. The room is the largest that was ever asked for: when
//! another one took effect, clients cannot tell.

use onsale_core::hold::Line;
use onsale_core::id::EventId;
use onsale_core::spec::EventSpec;

use super::Verdict;
use crate::seen::Micros;

/// The room of one quota.
pub(crate) struct Room {
    capacity: u32,
    classes: Vec<u16>,
}

/// Tickets that are counted: somebody surely has them from one moment to another.
pub(crate) struct Holding {
    pub(crate) counts: Vec<(u16, u32)>,
    pub(crate) from: Micros,
    pub(crate) to: Micros,
    /// It was seen to be over: what comes after is another time.
    pub(crate) is_over: bool,
}

impl Holding {
    pub(crate) fn of(lines: &[Line], from: Micros) -> Self {
        let counts = lines.iter().map(|line| (line.class.0, line.count)).collect();
        Self { counts, from, to: Micros(0), is_over: false }
    }
}

impl Room {
    /// Whether `holdings`, all there are of the event, fit in at every moment; `asked` is the
    /// largest capacity that was asked for since.
    pub(crate) fn check<'a>(
        &self,
        event: EventId,
        asked: u32,
        holdings: impl Iterator<Item = &'a Holding>,
    ) -> Verdict {
        let mut changes = Vec::new();
        for holding in holdings.filter(|holding| holding.from < holding.to) {
            let counts = holding.counts.iter().filter(|(class, _)| self.classes.contains(class));
            let count: i64 = counts.map(|(_, count)| i64::from(*count)).sum();
            changes.extend([(holding.from, count), (holding.to, -count)]);
        }
        // At one moment, what is given back comes before what is taken.
        changes.sort_unstable();
        let capacity = self.capacity.max(asked);
        let mut sum = 0;
        for (at, change) in changes {
            sum += change;
            if sum > i64::from(capacity) {
                return Err(format!("at {at}, {sum} tickets of {event} were had of {capacity}"));
            }
        }
        Ok(())
    }
}

/// The rooms of an event.
pub(crate) fn rooms(spec: &EventSpec) -> Vec<Room> {
    let room = |quota: &onsale_core::spec::Quota| Room {
        capacity: quota.capacity,
        classes: quota.classes.iter().map(|class| class.0).collect(),
    };
    spec.quotas.iter().map(room).collect()
}
