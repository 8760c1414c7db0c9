//! No seat was two people's at once.
//!
//! Somebody certainly has a seat from the moment they were told so until the earliest moment at
//! which they may have lost it. Where two such spans overlap, a seat was given twice, whatever
//! happened on the way.

use std::collections::BTreeMap;

use super::Case;

/// Somebody had a seat.
#[derive(Clone, Copy)]
struct Span<'a> {
    seat: u32,
    from_us: u64,
    until_us: u64,
    who: u64,
    by: &'a str,
}

/// What to say of seats that were two people's at once.
pub(super) fn had_by_two(case: &Case<'_>) -> Vec<String> {
    let mut spans: Vec<Span<'_>> = held(case).chain(sold(case)).collect();
    spans.retain(|span| span.from_us < span.until_us);
    spans.sort_by_key(|span| (span.seat, span.from_us));
    // Of each seat the one who has it longest, of those that had it so far.
    let mut owners = BTreeMap::<u32, Span<'_>>::new();
    let mut violations = Vec::new();
    for span in spans {
        let Some(owner) = owners.get(&span.seat).copied() else {
            owners.insert(span.seat, span);
            continue;
        };
        if span.who != owner.who && span.from_us < owner.until_us {
            violations.push(format!(
                "seat {} was acknowledged to person {} ({}) and to person {} ({}) at once",
                span.seat, owner.who, owner.by, span.who, span.by
            ));
        }
        if span.until_us > owner.until_us {
            owners.insert(span.seat, span);
        }
    }
    violations
}

fn held<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Span<'a>> {
    case.evidence.claims.iter().flat_map(|claim| {
        claim.seats.iter().map(|&seat| Span {
            seat,
            from_us: claim.from_us,
            until_us: claim.until_us,
            who: claim.who,
            by: &claim.by,
        })
    })
}

/// Whoever has a valid ticket at the end has had its seat since the order was shown as completed.
fn sold<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Span<'a>> {
    let pairs = case.evidence.orders.iter().zip(case.readings);
    let read = pairs.filter_map(|(told, reading)| Some((told, reading.as_ref().ok()?)));
    read.flat_map(|(told, (read_us, shown))| {
        let from_us = told.completed.as_ref().map_or(*read_us, |(completed_us, _)| *completed_us);
        let valid = shown.tickets.iter().filter(|ticket| ticket.valid);
        let seats = valid.filter_map(|ticket| ticket.seat);
        seats.map(move |seat| Span {
            seat: seat.index,
            from_us,
            until_us: u64::MAX,
            who: told.who,
            by: &told.id,
        })
    })
}
