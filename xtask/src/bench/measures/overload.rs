//! What is still sold when ten times as many ask at once as at the highest rate, and what a
//! refusal costs.
//!
//! Ten times the *requests a second* cannot be offered from one processor, which does not even
//! send twice what the server answers. So ten times the connections ask without a pause, and
//! whoever is refused asks again at once: there are always ten times as many requests under way.

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::Outcome;

/// How many times as many.
const TIMES: u32 = 10;

/// Measures it.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    let usual = bench.scale.many;
    let many = usual * TIMES;
    let mut highest = Series::new(format!("durable holds, {usual} connections"), "holds/s");
    let mut overloaded = Series::new(format!("durable holds, {many} connections"), "holds/s");
    let mut refused = Series::new(format!("refusals, {many} connections"), "refusals/s");
    let mut cost = Series::new("server's time for an answer, refusals included", "us");
    let mut memory = Series::new("server's memory, at most", "bytes");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let seen = Load::of(bench, "hold", usual).run(bench, &bench.server()?)?;
        bench.add(round, &mut highest, seen.per_s("hold"));
        let seen = Load::of(bench, "hold", many).run(bench, &bench.server()?)?;
        bench.add(round, &mut overloaded, seen.per_s("hold"));
        bench.add(round, &mut refused, seen.refused_per_s());
        bench.add(round, &mut memory, seen.memory_max_bytes() as f64);
        let time_us = seen.server_time().as_secs_f64() * 1e6;
        bench.add(round, &mut cost, time_us / seen.requests().max(1) as f64);
        notes.extend(seen.doubts());
    }
    notes.push(format!(
        "Ten times the rate cannot be sent from one processor: {many} connections ask without a \
         pause instead of {usual}, and whoever is refused asks again at once."
    ));
    let what = "goodput with ten times as many requests under way ÷ at the highest rate";
    let row = Row::ratio("overload", what, Target::AtLeast(0.9), overloaded, highest);
    Ok(vec![row.with([refused, cost, memory]).note(notes)])
}
