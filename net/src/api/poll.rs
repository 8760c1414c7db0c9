//! When somebody who waits should ask again: soon near the head of the line, seldom far behind, and
//! not all at the same moment.

use onsale_core::id::PlaceId;
use onsale_core::query::PlaceView;
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::PlaceState;

/// Somebody inside is shopping: only to see that the visit is over.
const INSIDE_MS: u64 = 15_000;
/// Before the lottery everybody waits for one moment.
const SOONEST_MS: u64 = 1_000;
/// Well below the shortest time that a place is usually kept without a sign of life.
const LATEST_MS: u64 = 60_000;

/// How long until the next look, in milliseconds; `None` if nothing will change any more.
pub(super) fn poll_after_ms(place: &PlaceView, now: Time) -> Option<u64> {
    let ms = match place.state {
        PlaceState::Admitted { .. } => INSIDE_MS,
        PlaceState::Queued => {
            // Half of the wait that is left: the admission is noticed soon after it comes, in a
            // line that takes seconds as in one that takes hours.
            let left = match place.ahead {
                None => place.opens_at.since(now),
                Some(_) => place.estimate.unwrap_or(Span::from_ms(LATEST_MS)),
            };
            // An estimate may be far too long while nobody has noticed that they are inside yet.
            let latest_ms = match place.ahead {
                Some(0..500) => SOONEST_MS,
                Some(500..5_000) => 5_000,
                Some(5_000..50_000) => 20_000,
                _ => LATEST_MS,
            };
            (left.as_ms() / 2).clamp(SOONEST_MS, latest_ms)
        }
        _ => return None,
    };
    Some(ms * spread_percent(place.place) / 100)
}

/// 80 to 120, the same for the same place.
fn spread_percent(place: PlaceId) -> u64 {
    // Fibonacci hashing: neighbours in the line are far apart.
    let hash = u64::from(place.number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    80 + (hash >> 32) % 41
}

#[cfg(test)]
mod tests {
    use onsale_core::id::{EventId, PartitionId};

    use super::*;

    fn place(number: u32, estimate_s: u64, state: PlaceState) -> PlaceView {
        let event = EventId::new(PartitionId::new(0).unwrap(), 0).unwrap();
        PlaceView {
            place: PlaceId::new(event, number),
            party: 2,
            state,
            joined_at: Time::ZERO,
            ahead: Some(60_000),
            estimate: Some(Span::from_secs(estimate_s)),
            waiting: 0,
            opens_at: Time::from_ms(600_000),
            paused: false,
            sold_out: false,
        }
    }

    #[test]
    fn soon_where_it_goes_fast_seldom_where_it_takes_long_at_the_end_never() {
        let after = |estimate_s| {
            poll_after_ms(&place(7, estimate_s, PlaceState::Queued), Time::ZERO).unwrap()
        };
        assert!(after(1) < after(60));
        assert!(after(60) < after(600));
        assert!(after(1_000_000) <= LATEST_MS * 12 / 10, "the place is kept by asking");
        let left = place(7, 60, PlaceState::Left { at: Time::ZERO });
        assert_eq!(poll_after_ms(&left, Time::ZERO), None);
    }

    #[test]
    fn a_crowd_is_spread_evenly() {
        let mut tenths = [0; 10];
        for number in 0..10_000 {
            let view = place(number, 60, PlaceState::Queued);
            let ms = poll_after_ms(&view, Time::ZERO).unwrap();
            tenths[((ms - 24_000) * 10 / 12_001) as usize] += 1;
        }
        assert!(tenths.iter().all(|&tenth| (500..1_500).contains(&tenth)), "{tenths:?}");
    }
}
