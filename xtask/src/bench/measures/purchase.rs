//! Full purchases (join, poll, hold, order, payment by webhook, ticket) beside holds alone.

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::Outcome;

/// Measures it.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    let connections = bench.scale.many;
    let mut holds = Series::new("durable holds", "holds/s");
    let mut purchases = Series::new("full purchases", "purchases/s");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let seen = Load::of(bench, "hold", connections).run(bench, &bench.server()?)?;
        bench.add(round, &mut holds, seen.per_s("hold"));
        let seen = Load::of(bench, "purchase", connections).run(bench, &bench.server()?)?;
        bench.add(round, &mut purchases, seen.finished_per_s());
        notes.extend(seen.doubts());
    }
    let what = "full purchases ÷ durable holds";
    Ok(vec![Row::ratio("purchase", what, Target::AtLeast(0.15), purchases, holds).note(notes)])
}
