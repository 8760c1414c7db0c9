//! Resident memory of connections that wait for news.

use std::thread;

use crate::bench::Bench;
use crate::bench::load::{Load, Seen};
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::{Failure, Outcome};

const MOST_BYTES: f64 = 12.0 * 1_024.0;

/// Measures it for each number of connections.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    bench.scale.idle.into_iter().map(|connections| row(bench, connections)).collect()
}

fn row(bench: &Bench, connections: u32) -> Outcome<Row> {
    // At a trial's scale, too, the larger number is spread: that is to be tried as well.
    let is_larger = connections == bench.scale.idle[1];
    let servers = if is_larger { bench.scale.idle_servers } else { 1 };
    let label = format!("memory for each of {connections} that wait");
    let mut memory = Series::new(label, "bytes");
    for round in 0..bench.scale.rounds {
        let held = hold(bench, servers, connections / servers)?;
        let gained: u64 = held.iter().map(Seen::memory_gained_bytes).sum();
        let waiting: u64 = held.iter().map(Seen::connections).sum();
        bench.add(round, &mut memory, gained as f64 / waiting.max(1) as f64);
    }
    let what = format!("resident memory for each of {connections} idle waiting connections");
    let name = format!("idle-{connections}");
    let row = Row::absolute(&name, &what, Target::AtMost(MOST_BYTES), memory);
    let each = connections / servers;
    let spread = format!(
        "{connections} are {servers} servers with {each} each: a process may not have more files \
         open here."
    );
    let bound = "`bounds.mailbox` is 20,000 instead of 4,096: all of them ask in the same moment.";
    Ok(row.note((servers > 1).then_some(spread)).note([bound.to_owned()]))
}

/// So many servers at once, each with so many that wait.
fn hold(bench: &Bench, servers: u32, each: u32) -> Outcome<Vec<Seen>> {
    let servers: Outcome<Vec<_>> = (0..servers).map(|_| bench.server_for_a_crowd()).collect();
    let servers = servers?;
    let load = &Load::of(bench, "idle", each);
    thread::scope(|scope| {
        let loads: Vec<_> = servers
            .iter()
            .map(|server| scope.spawn(move || load.hold_open(bench, server)))
            .collect();
        let lost = || Failure("a load generator was lost".to_owned());
        loads.into_iter().map(|load| load.join().map_err(|_| lost())?).collect()
    })
}
