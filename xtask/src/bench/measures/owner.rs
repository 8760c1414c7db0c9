//! How much of its time the core that owns one hot event spends on a hold when it does everything,
//! and when the other core reads requests and writes answers for it. The server has both cores both
//! times; what differs is whose port the load goes to.

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::record::{Row, Target};
use crate::bench::scrape::Scrape;
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
    // Partitions are dealt out to cores one after the other.
    busiest_partition(&Scrape::of(server)?).map(|partition| partition % CORES)
}

fn busiest_partition(scrape: &Scrape) -> Outcome<usize> {
    let facts = scrape.values("partition_facts_total").filter(|(_, count)| *count > 0.0);
    let busiest = facts.max_by(|(_, a), (_, b)| a.total_cmp(b));
    let number = busiest.and_then(|(labels, _)| {
        labels.strip_prefix("partition=\"")?.trim_end_matches('"').parse().ok()
    });
    number.ok_or_else(|| Failure("nothing happened in any partition".to_owned()))
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
        assert_eq!(busiest_partition(&Scrape::said(metrics)).unwrap(), 3);
        let idle = Scrape::said("partition_facts_total{partition=\"0\"} 0\n");
        assert!(busiest_partition(&idle).is_err());
    }
}
