//! What our server says about itself at `/metrics`.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::process::{Failure, Outcome};
use crate::server::Server;

const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: onsale\r\nConnection: close\r\n\r\n";

/// All that it says at one moment.
pub struct Scrape(String);

impl Scrape {
    /// Asks it.
    pub fn of(server: &Server) -> Outcome<Self> {
        let cannot = |error| Failure(format!("{}/metrics: {error}", server.url()));
        let address = server.url().trim_start_matches("http://");
        let mut connection = TcpStream::connect(address).map_err(cannot)?;
        connection.write_all(REQUEST).map_err(cannot)?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).map_err(cannot)?;
        Ok(Self(answer))
    }

    /// The values of a name, each with its labels: `partition="0"`.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?.strip_prefix('{')?;
            let (labels, value) = rest.rsplit_once("} ")?;
            Some((labels, value.trim().parse().ok()?))
        })
    }

    /// The values of a name together.
    pub fn sum(&self, name: &str) -> f64 {
        self.values(name).map(|(_, value)| value).sum()
    }

    /// So much of a histogram of seconds is at most this, in microseconds; counted is what has all
    /// of these labels. Within a bucket everything is spread evenly.
    pub fn quantile_us(&self, histogram: &str, labels: &[&str], quantile: f64) -> Outcome<f64> {
        let mut buckets = BTreeMap::<u64, f64>::new();
        for (of, count) in self.values(&format!("{histogram}_bucket")) {
            let bound = of.split(',').find_map(|label| label.strip_prefix("le=\""));
            let bound = bound.and_then(|bound| bound.trim_end_matches('"').parse::<f64>().ok());
            if let Some(bound_s) = bound.filter(|_| labels.iter().all(|label| of.contains(label))) {
                *buckets.entry((bound_s * 1e6).round() as u64).or_default() += count;
            }
        }
        let nothing = || Failure(format!("{histogram} has nothing of {labels:?}:\n{}", self.0));
        quantile_of(&buckets, quantile).ok_or_else(nothing)
    }
}

/// Of buckets that each hold all that is at most their bound.
fn quantile_of(buckets: &BTreeMap<u64, f64>, quantile: f64) -> Option<f64> {
    let (_, all) = buckets.last_key_value().filter(|(_, all)| **all > 0.0)?;
    let wanted = all * quantile;
    let (mut from, mut below) = (0, 0.0);
    for (&bound, &count) in buckets {
        if count >= wanted && count > below {
            // Of what took longer than any bound nothing else is known.
            let width = if bound == u64::MAX { 0 } else { bound - from };
            return Some(from as f64 + width as f64 * (wanted - below) / (count - below));
        }
        (from, below) = (bound, count);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Scrape {
        /// As if a server had said this.
        pub fn said(text: &str) -> Self {
            Self(text.to_owned())
        }
    }

    fn said() -> Scrape {
        let text = "HTTP/1.1 200 OK\r\n\r\n# TYPE took_seconds histogram\n\
                    took_seconds_bucket{le=\"0.001\",method=\"POST\",route=\"/a/{id}/b\"} 40\n\
                    took_seconds_bucket{le=\"0.002\",method=\"POST\",route=\"/a/{id}/b\"} 90\n\
                    took_seconds_bucket{le=\"+Inf\",method=\"POST\",route=\"/a/{id}/b\"} 100\n\
                    took_seconds_bucket{le=\"0.001\",method=\"GET\",route=\"/a/{id}/b\"} 9999\n\
                    facts_total{partition=\"0\"} 2\nfacts_total{partition=\"3\"} 90210\n\
                    facts_total_of_others{partition=\"3\"} 1\n";
        Scrape::said(text)
    }

    #[test]
    fn values_of_a_name_are_found_and_added() {
        let said = said();
        let values: Vec<_> = said.values("facts_total").map(|(of, _)| of).collect();
        assert_eq!(values, ["partition=\"0\"", "partition=\"3\""]);
        assert_eq!((said.sum("facts_total") as u64, said.sum("nothing") as u64), (90_212, 0));
    }

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let quantile = |quantile| {
            let labels = ["method=\"POST\"", "route=\"/a/{id}/b\""];
            said().quantile_us("took_seconds", &labels, quantile).unwrap() as u64
        };
        assert_eq!([0.2, 0.4, 0.65, 0.9, 0.99].map(quantile), [500, 1_000, 1_500, 2_000, 2_000]);
    }

    #[test]
    fn of_nothing_there_is_no_quantile() {
        let failure = said().quantile_us("took_seconds", &["route=\"/c\""], 0.5).unwrap_err();
        assert!(failure.0.contains("/c"), "{failure}");
        assert_eq!(quantile_of(&BTreeMap::from([(1_000, 0.0)]), 0.5), None);
    }
}
