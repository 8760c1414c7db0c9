//! How long it takes from a provider's notice of money to the completed order on disk, beside a
//! durable hold in the same moments: half as many purchases are made as can be.
//!
//! Both times are the server's own, from a request's head to its answer, which leaves when the disk
//! has it: what the network and the load generator add is in neither.

use super::latency::highest;
use crate::bench::Bench;
use crate::bench::load::{Load, Seen};
use crate::bench::record::{Row, Target};
use crate::bench::scrape::Scrape;
use crate::bench::statistics::Series;
use crate::process::Outcome;

/// A notice is a decision and a write, as a hold is; both are known as well as buckets tell.
const TARGET: Target = Target::AtMost(1.5);

const QUANTILES: [(&str, f64); 2] = [("p50", 0.5), ("p99", 0.99)];

/// Measures it.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    let purchases = Series::new("full purchases, as many as can be", "purchases/s");
    let (highest, half) = highest(bench, "purchase", purchases, Seen::finished_per_s)?;
    let mut pairs = QUANTILES.map(|(name, _)| {
        let notices = format!("notice to completed order, {name} at {half} purchases/s");
        let holds = format!("durable hold, {name} at {half} purchases/s");
        [Series::new(notices, "us"), Series::new(holds, "us")]
    });
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let server = bench.server()?;
        let load = Load::of(bench, "purchase", bench.scale.many).with("--rate", &half);
        notes.extend(load.run(bench, &server)?.doubts());
        let scrape = Scrape::of(&server)?;
        for ([notices, holds], (_, quantile)) in pairs.iter_mut().zip(QUANTILES) {
            bench.add(round, notices, notices_us(&scrape, quantile)?);
            bench.add(round, holds, holds_us(&scrape, quantile)?);
        }
    }
    notes.push(
        "Of the server's histograms `provider_notice_duration_seconds` and \
         `http_request_duration_seconds`, what came while the load began included."
            .to_owned(),
    );
    let rows = pairs.into_iter().zip(QUANTILES).map(|([notices, holds], (name, _))| {
        let what = format!("{name} from a notice to the completed order ÷ {name} of durable holds");
        let row = Row::ratio(&format!("notice-{name}"), &what, TARGET, notices, holds);
        row.with([highest.clone()]).note(notes.clone())
    });
    Ok(rows.collect())
}

fn notices_us(scrape: &Scrape, quantile: f64) -> Outcome<f64> {
    let labels = ["provider=\"sandbox\""];
    scrape.quantile_us("provider_notice_duration_seconds", &labels, quantile)
}

fn holds_us(scrape: &Scrape, quantile: f64) -> Outcome<f64> {
    let labels = ["method=\"POST\"", "route=\"/api/v1/events/{id}/holds\""];
    scrape.quantile_us("http_request_duration_seconds", &labels, quantile)
}
