//! Who is still there. Signs of life are no facts: a million people give one every few seconds, and
//! all that matters is when one of them stops.
//!
//! So this is volatile: never written, not part of the state that facts rebuild. After a restart
//! everyone counts as seen at the restart ([`Presence::restarted`]). A sign of life is O(1); each
//! place has one deadline in a tree, which is moved only when it fires, O(log n) about once per
//! period of presence and not per sign of life.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::time::{Span, Time};

/// Watches over the places of one waitroom, by number.
#[derive(Clone, Debug)]
pub struct Presence {
    /// How long a place is kept after a sign of life.
    kept_for: Span,
    /// How soon somebody who was let in must show up.
    claim_within: Span,
    watched: Vec<Option<Watch>>,
    /// One entry per watched place: when it is looked at next.
    armed: BTreeSet<(Time, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    /// Without a further sign of life it is over then.
    due: Time,
    /// Its entry in `armed`; never after `due`.
    armed: Time,
}

impl Presence {
    /// Watches over nobody yet. A place is kept for `presence` after a sign of life, a slot for
    /// `claim` after admission.
    pub const fn new(presence: Span, claim: Span) -> Self {
        let (kept_for, claim_within) = (presence, claim);
        Self { kept_for, claim_within, watched: Vec::new(), armed: BTreeSet::new() }
    }

    /// Watches over the `live` places, all of them seen `now`.
    pub fn restarted(
        presence: Span,
        claim: Span,
        live: impl IntoIterator<Item = u32>,
        now: Time,
    ) -> Self {
        let mut all = Self::new(presence, claim);
        for number in live {
            all.seen(number, now);
        }
        all
    }

    /// A sign of life: somebody came, asked, acted. It never shortens what was granted before.
    pub fn seen(&mut self, number: u32, now: Time) {
        let granted = self.watched.get(number as usize).copied().flatten().map(|watch| watch.due);
        let due = now + self.kept_for;
        self.expect(number, granted.map_or(due, |granted| granted.max(due)));
    }

    /// Somebody was let in and must now show up soon: the next sign of life has to come within
    /// `claim` of `admitted_at`.
    pub fn expect_claim(&mut self, number: u32, admitted_at: Time) {
        self.expect(number, admitted_at + self.claim_within);
    }

    /// The place has ended; nothing is expected of it any more.
    pub fn forget(&mut self, number: u32) {
        if let Some(watch) = self.watched.get_mut(number as usize).and_then(Option::take) {
            self.armed.remove(&(watch.armed, number));
        }
    }

    /// When [`Self::due`] is to be called next: never later than somebody falls due, sometimes
    /// earlier.
    pub fn next_due(&self) -> Option<Time> {
        self.armed.first().map(|&(at, _)| at)
    }

    /// The places that were silent for too long, which are forgotten with this: end them. Looks at
    /// no more than `max` deadlines; while [`Self::next_due`] is not in the future there are more,
    /// even if none was due among these.
    pub fn due(&mut self, now: Time, max: usize) -> Vec<u32> {
        let mut silent = Vec::new();
        for _ in 0..max {
            let Some(&(at, number)) = self.armed.first() else { break };
            if at > now {
                break;
            }
            self.armed.pop_first();
            let slot = &mut self.watched[number as usize];
            if let Some(watch) = slot
                && watch.due > now
            {
                watch.armed = watch.due;
                self.armed.insert((watch.due, number));
            } else {
                *slot = None;
                silent.push(number);
            }
        }
        silent
    }

    fn expect(&mut self, number: u32, due: Time) {
        let index = number as usize;
        if index >= self.watched.len() {
            self.watched.resize(index + 1, None);
        }
        match &mut self.watched[index] {
            Some(watch) if watch.armed <= due => watch.due = due,
            slot => {
                if let Some(watch) = slot {
                    self.armed.remove(&(watch.armed, number));
                }
                *slot = Some(Watch { due, armed: due });
                self.armed.insert((due, number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::vec;
    use proptest::prelude::*;

    const PRESENCE: Span = Span::from_ms(300);
    const CLAIM: Span = Span::from_ms(60);

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn who_polls_stays_and_who_stops_goes() {
        let mut presence = Presence::new(PRESENCE, CLAIM);
        presence.seen(0, at(0));
        presence.seen(1, at(0));
        for ms in (0..=1_000).step_by(20) {
            presence.seen(0, at(ms));
            let expected: Vec<u32> = if ms == 300 { vec![1] } else { Vec::new() };
            assert_eq!(presence.due(at(ms), 10), expected, "at {ms} ms");
        }
        assert_eq!(presence.due(at(1_299), 10), Vec::<u32>::new());
        assert_eq!(presence.due(at(1_300), 10), vec![0]);
        assert_eq!(presence.next_due(), None);
    }

    #[test]
    fn who_was_let_in_and_does_not_show_up_loses_the_slot_soon() {
        let mut presence = Presence::new(PRESENCE, CLAIM);
        for number in 0..2 {
            presence.seen(number, at(0));
            presence.expect_claim(number, at(10));
        }
        presence.seen(0, at(69));
        assert_eq!(presence.next_due(), Some(at(70)));
        assert_eq!(presence.due(at(70), 10), vec![1]);
        assert_eq!(presence.due(at(369), 10), vec![0]);
    }

    #[test]
    fn looking_does_not_shorten_a_claim() {
        let mut presence = Presence::new(CLAIM, PRESENCE);
        presence.expect_claim(0, at(0));
        presence.seen(0, at(10));
        assert_eq!(presence.due(at(299), 10), Vec::<u32>::new());
        assert_eq!(presence.due(at(300), 10), vec![0]);
    }

    #[test]
    fn a_call_looks_at_no_more_than_it_was_allowed_to() {
        let mut presence = Presence::restarted(PRESENCE, CLAIM, 0..100, at(0));
        (0..90).for_each(|number| presence.seen(number, at(1)));
        let mut silent = Vec::new();
        let mut calls = 0;
        while presence.next_due().is_some_and(|due| due <= at(300)) {
            silent.extend(presence.due(at(300), 7));
            calls += 1;
        }
        assert_eq!(silent, (90..100).collect::<Vec<_>>());
        assert_eq!(calls, 100usize.div_ceil(7));
    }

    proptest! {
        #[test]
        fn exactly_the_silent_are_due(
            steps in prop::collection::vec((0u64..100, 0u32..8, 0u8..10), 1..200),
        ) {
            let mut presence = Presence::new(PRESENCE, CLAIM);
            let mut naive = BTreeMap::new();
            let mut now = at(0);
            for (pause, number, what) in steps {
                now = now + Span::from_ms(pause);
                let mut expected: Vec<u32> =
                    naive.iter().filter(|&(_, &due)| due <= now).map(|(&n, _)| n).collect();
                naive.retain(|_, due| *due > now);
                let mut silent = presence.due(now, 100);
                silent.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(silent, expected);
                match what {
                    0 => {
                        presence.forget(number);
                        naive.remove(&number);
                    }
                    1 | 2 => {
                        presence.expect_claim(number, now);
                        naive.insert(number, now + CLAIM);
                    }
                    _ => {
                        presence.seen(number, now);
                        let due = naive.entry(number).or_insert(now + PRESENCE);
                        *due = (*due).max(now + PRESENCE);
                    }
                }
                prop_assert!(presence.armed.len() == naive.len(), "one deadline per place");
                prop_assert!(presence.next_due() <= naive.values().min().copied());
            }
        }
    }
}
