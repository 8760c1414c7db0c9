//! What was acknowledged, and whether all of it can be true.

use std::mem;

/// What one thread was told that it holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The ids of all holds.
    holds: Vec<Id>,
    /// Tickets held, by event.
    tickets: Vec<u64>,
}

/// The bytes of an id; a longer one is cut at the front, where all are alike.
type Id = [u8; 20];

impl Seen {
    /// A hold of an event was acknowledged.
    pub(super) fn hold(&mut self, event: usize, id: &str, tickets: u64) {
        let mut bytes = [0; size_of::<Id>()];
        let end = &id.as_bytes()[id.len().saturating_sub(bytes.len())..];
        bytes[..end.len()].copy_from_slice(end);
        self.holds.push(bytes);
        if self.tickets.len() <= event {
            self.tickets.resize(event + 1, 0);
        }
        self.tickets[event] += tickets;
    }

    /// Adds what another thread was told.
    pub(super) fn merge(&mut self, mut other: Self) {
        self.holds.append(&mut other.holds);
        self.tickets.resize(self.tickets.len().max(other.tickets.len()), 0);
        for (sum, tickets) in self.tickets.iter_mut().zip(mem::take(&mut other.tickets)) {
            *sum += tickets;
        }
    }

    /// Tickets of an event that were acknowledged.
    pub(super) fn tickets(&self, event: usize) -> u64 {
        self.tickets.get(event).copied().unwrap_or(0)
    }

    /// What cannot be true, where each event has so many tickets.
    pub(super) fn violations(&mut self, event_size: u32) -> Vec<String> {
        self.holds.sort_unstable();
        let twice = self.holds.windows(2).filter(|pair| pair[0] == pair[1]);
        let mut violations: Vec<String> = twice
            .take(10)
            .map(|pair| {
                let id = String::from_utf8_lossy(&pair[0]);
                format!("the hold {} was given to two buyers", id.trim_end_matches('\0'))
            })
            .collect();
        for (event, &tickets) in self.tickets.iter().enumerate() {
            if tickets > u64::from(event_size) {
                violations.push(format!(
                    "{tickets} tickets of event {event} of this run were acknowledged, and it has \
                     {event_size}"
                ));
            }
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_that_two_were_given_and_a_ticket_too_many_are_violations() {
        let mut seen = Seen::default();
        let mut other = Seen::default();
        seen.hold(0, "hld_0000400000001", 1);
        seen.hold(0, "hld_0000400000002", 2);
        other.hold(1, "hld_0000800000001", 1);
        seen.merge(other.clone());
        assert_eq!(seen.violations(3), [""; 0]);
        assert_eq!((seen.tickets(0), seen.tickets(1), seen.tickets(2)), (3, 1, 0));
        seen.merge(other);
        let violations = seen.violations(2);
        assert!(violations[0].contains("hld_0000800000001 was given to two"), "{violations:?}");
        assert!(violations[1].contains("3 tickets of event 0"), "{violations:?}");
        assert_eq!(violations.len(), 2);
    }
}
