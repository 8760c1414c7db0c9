//! How much slower the slowest hundredth of durable holds is than that of a route that does
//! nothing, both offered half of what holds can do at most.

use crate::bench::Bench;
use crate::bench::load::{Load, Seen};
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::Outcome;

/// Measures it.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    let connections = bench.scale.many;
    let (highest, half) = highest_holds(bench)?;
    let mut holds = Series::new(format!("durable holds, p99 at {half}/s"), "us");
    let mut nothing = Series::new(format!("do-nothing route, p99 at {half}/s"), "us");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let server = bench.server()?;
        for (scenario, series) in [("healthz", &mut nothing), ("hold", &mut holds)] {
            let seen =
                Load::of(bench, scenario, connections).with("--rate", &half).run(bench, &server)?;
            bench.add(round, series, seen.p99_us(scenario));
            notes.extend(seen.doubts());
        }
    }
    let what = "p99 of durable holds at half of their highest rate ÷ p99 of doing nothing at it";
    let row = Row::ratio("latency", what, Target::AtMost(3.0), holds, nothing);
    Ok(vec![row.with([highest]).note(notes)])
}

/// As many durable holds as can be, and half of that.
pub fn highest_holds(bench: &Bench) -> Outcome<(Series, u64)> {
    let holds = Series::new("durable holds, as many as can be", "holds/s");
    highest(bench, "hold", holds, |seen| seen.per_s("hold"))
}

/// As many turns of a scenario as can be, and half of that.
pub fn highest(
    bench: &Bench,
    scenario: &'static str,
    mut highest: Series,
    per_s: fn(&Seen) -> f64,
) -> Outcome<(Series, u64)> {
    for round in 0..bench.scale.rounds {
        let seen = Load::of(bench, scenario, bench.scale.many).run(bench, &bench.server()?)?;
        bench.add(round, &mut highest, per_s(&seen));
    }
    let half = (highest.median() / 2.0).max(1.0) as u64;
    Ok((highest, half))
}
