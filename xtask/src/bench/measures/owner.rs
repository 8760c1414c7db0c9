//! How much of its time the core that owns one hot event spends on a hold when it does everything,
//! and when the other core reads requests and writes answers for it. The server has both cores both
//! times; what differs is whose port the load goes to.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::{Failure, Outcome};
use crate::server::Server;

/// How many cores the server has here.
const CORES: usize = 2;

/// Measures it.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    let mut alone = Series::new("owner's time for a hold, it does everything", "us");
    let mut helped = Series::new("owner's time for a hold, the other core parses", "us");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        for (core, series) in [("owner", &mut alone), ("other", &mut helped)] {
            let server = bench.server_on_both()?;
            let load = Load::of(bench, "hold", bench.scale.many).with("--core", &core);
            let seen = load.run(bench, &server)?;
            let used = seen.thread_time(&format!("core-{}", owner(&server)?));
            let holds = seen.succeeded("hold").max(1) as f64;
            bench.add(round, series, used.as_secs_f64() * 1e6 / holds);
            notes.extend(seen.doubts());
        }
    }
    let what = "owning core's time for a durable hold when the other parses ÷ when it does all";
    Ok(vec![Row::ratio("owner", what, Target::AtMost(0.5), helped, alone).note(notes)])
}

/// The core of the partition in which most happened: there was one hot event.
fn owner(server: &Server) -> Outcome<usize> {
    let cannot = |error| Failure(format!("{}/metrics: {error}", server.url()));
    let address = server.url().trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).map_err(cannot)?;
    let request = "GET /metrics HTTP/1.1\r\nHost: onsale\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).map_err(cannot)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).map_err(cannot)?;
    let busiest = busiest_partition(&answer);
    // Partitions are dealt out to cores one after the other.
    busiest
        .map(|partition| partition % CORES)
        .ok_or_else(|| Failure(format!("nothing happened in any partition:\n{answer}")))
}

fn busiest_partition(metrics: &str) -> Option<usize> {
    let facts: BTreeMap<usize, u64> = metrics
        .lines()
        .filter_map(|line| {
            let rest = line.strip_prefix("partition_facts_total{partition=\"")?;
            let (partition, count) = rest.split_once("\"} ")?;
            Some((partition.parse().ok()?, count.trim().parse().ok()?))
        })
        .collect();
    facts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .max_by_key(|(_, count)| *count)
        .map(|(p, _)| p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hot_partition_is_the_one_with_most_facts() {
        let metrics = "HTTP/1.1 200 OK\r\n\r\n# TYPE partition_facts counter\n\
                       partition_facts_total{partition=\"0\"} 2\n\
                       partition_facts_total{partition=\"3\"} 90210\n\
                       partition_facts_total{partition=\"7\"} 0\n\
                       partition_facts_durable_total{partition=\"5\"} 999999\n";
        assert_eq!(busiest_partition(metrics), Some(3));
        assert_eq!(busiest_partition("partition_facts_total{partition=\"0\"} 0\n"), None);
    }
}
