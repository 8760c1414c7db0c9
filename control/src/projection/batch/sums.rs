//! What is added up as facts go by.

use onsale_core::fact::PlaceEnded;
use onsale_core::hold::Line;
use onsale_core::id::EventId;
use onsale_core::money::Amount;
use onsale_core::spec::ClassId;
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::EndReason;

use super::Batch;
use crate::projection::rows::{ClassCounts, Quarter, Totals};

/// How long what is sold is counted together: zones differ by a multiple of it.
pub(crate) const QUARTER: Span = Span::from_mins(15);

impl Batch {
    pub(super) fn totals(&mut self, event: EventId) -> &mut Totals {
        self.totals.entry(event).or_insert(Totals::nothing(event))
    }

    pub(super) fn counts(&mut self, event: EventId, class: ClassId) -> &mut ClassCounts {
        self.counts.entry((event, class)).or_insert(ClassCounts::nothing(event, class))
    }

    pub(super) fn quarter(&mut self, event: EventId, class: ClassId, at: Time) -> &mut Quarter {
        let quarter = at.as_ms() / QUARTER.as_ms();
        let nothing = Quarter::nothing(event, class, quarter);
        self.quarters.entry((event, class, quarter)).or_insert(nothing)
    }

    /// So many more of each line's class are held: fewer, if negative.
    pub(super) fn held(&mut self, event: EventId, lines: &[Line], sign: i64) {
        for line in lines {
            self.counts(event, line.class).held += sign * i64::from(line.count);
        }
    }

    pub(super) fn place_ended(&mut self, fact: &PlaceEnded) {
        let totals = self.totals(fact.place.event);
        *match fact.reason {
            EndReason::Completed => &mut totals.places_completed,
            EndReason::Expired => &mut totals.places_expired,
            EndReason::Left => &mut totals.places_left,
            EndReason::Abandoned => &mut totals.places_abandoned,
        } += 1;
    }
}

/// An amount as it is added up. A provider that reports impossible money must not make a sum that
/// no column can hold: ten times the dearest order that there can be counts as no more than that.
pub(super) fn money(amount: Amount) -> i64 {
    const MAX: i64 = 160 * Amount::MAX_PRICE.as_minor().cast_signed();
    i64::try_from(amount.as_minor()).map_or(MAX, |minor| minor.min(MAX))
}

/// A sum that stops at the largest amount: only a provider that reports impossible money gets
/// there.
pub(super) fn sum(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::from_minor(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_money_is_added_up_without_overflow() {
        assert_eq!(money(Amount::from_minor(8_900)), 8_900);
        let absurd = money(Amount::from_minor(u64::MAX));
        assert!(absurd.checked_mul(50_000).is_some(), "{absurd}");
    }
}
