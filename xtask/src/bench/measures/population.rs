//! Whether it gets slower where there is more: people in the queue, orders, seats.

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::Outcome;

const TARGET: Target = Target::AtLeast(0.85);
/// The generator goes on to the next house when so much of one is sold.
const SOLD_PERCENT: u64 = 95;

/// Looks at one's own place in a long queue beside those in a short one.
pub fn queue(bench: &Bench) -> Outcome<Vec<Row>> {
    let series = |queued| Series::new(format!("looks at one's place, {queued} queued"), "looks/s");
    let [mut short, mut long] = bench.scale.queue.map(series);
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        for (queued, series) in bench.scale.queue.into_iter().zip([&mut short, &mut long]) {
            let load = Load::of(bench, "status", bench.scale.many).with("--queue", &queued);
            let seen = load.run(bench, &bench.server()?)?;
            bench.add(round, series, seen.per_s("status"));
            notes.extend(seen.doubts());
        }
    }
    let [few, many] = bench.scale.queue;
    let what = format!("throughput with {many} in the queue ÷ with {few}");
    Ok(vec![Row::ratio("queue", &what, TARGET, long, short).note(notes)])
}

/// The last purchases of a long run beside the first ones: it is one event that they fill.
pub fn orders(bench: &Bench) -> Outcome<Vec<Row>> {
    let orders = bench.scale.orders;
    let mut first = Series::new("purchases of the first seconds", "requests/s");
    let mut last = Series::new(format!("purchases after {orders} orders"), "requests/s");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let connections = bench.scale.many;
        // One guest for each connection: all but the first purchases begin with a session, the
        // early ones like the late ones.
        let load = Load::of(bench, "purchase", connections).with("--buyers", &connections);
        let seen = load.turns(orders).run(bench, &bench.server()?)?;
        let [early, late] = seen.first_and_last_per_s();
        bench.add(round, &mut first, early);
        bench.add(round, &mut last, late);
        notes.extend(seen.doubts());
    }
    let what = format!("throughput of purchases with {orders} orders ÷ at the beginning");
    Ok(vec![Row::ratio("orders", &what, TARGET, last, first).note(notes)])
}

/// Holds of the best two seats in a large house beside those in small ones.
pub fn seats(bench: &Bench) -> Outcome<Vec<Row>> {
    let series = |seats| Series::new(format!("best two seats, of {seats}"), "holds/s");
    let [mut small, mut large] = bench.scale.seats.map(series);
    let mut notes = Vec::new();
    let connections = bench.scale.few;
    let turns = bench.scale.seats[1] / 2;
    for round in 0..bench.scale.rounds {
        for (seats, series) in bench.scale.seats.into_iter().zip([&mut small, &mut large]) {
            let load = Load::of(bench, "hold-seats", connections)
                .with("--event-size", &seats)
                .with("--events", &houses(seats, turns, connections))
                .turns(turns);
            let seen = load.run(bench, &bench.server()?)?;
            bench.add(round, series, seen.per_s("hold"));
            notes.extend(seen.doubts());
        }
    }
    let [few, many] = bench.scale.seats;
    let what = format!("throughput in a house of {many} seats ÷ of {few}");
    Ok(vec![Row::ratio("seats", &what, TARGET, large, small).note(notes)])
}

/// How many houses are sold by so many holds of two seats; half as many again, because not every
/// connection is equally fast.
fn houses(seats: u64, turns: u64, connections: u32) -> u64 {
    let of_a_connection = seats * SOLD_PERCENT / 100 / 2 / u64::from(connections);
    let holds = of_a_connection.max(1) * u64::from(connections);
    turns * 3 / 2 / holds + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_enough_houses_for_all_holds_and_some_to_spare() {
        assert_eq!(houses(200_000, 100_000, 64), 2);
        // 448 holds each.
        assert_eq!(houses(1_000, 100_000, 64), 335);
    }
}
