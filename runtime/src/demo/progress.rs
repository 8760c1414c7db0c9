//! How the sale goes, one line a second: on a terminal the line is written over.

use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::client::{Client, ClientError};
use super::events::DemoEvents;

const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Progress {
    client: Client,
    events: DemoEvents,
    begun: Instant,
    ticks: Interval,
    is_terminal: bool,
    all: Histogram<u64>,
}

impl Progress {
    pub(super) fn new(client: &Client, events: &DemoEvents) -> Self {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        println!(
            "{:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>9}",
            "time", "buyers", "queue", "inside", "held", "sold", "requests", "p50", "p99"
        );
        Self {
            client: client.clone(),
            events: events.clone(),
            begun: Instant::now(),
            ticks,
            is_terminal: stdout().is_terminal(),
            all: client.take_latencies(),
        }
    }

    /// Completes when the next line is due.
    pub(super) async fn next_line(&mut self) {
        self.ticks.tick().await;
    }

    /// Writes a line.
    pub(super) async fn show(&mut self, buyers: usize) -> Result<(), ClientError> {
        let arena = self.look(&format!("/api/v1/events/{}", self.events.arena)).await?;
        let (mut held, mut sold) = (0, 0);
        for event in [&self.events.arena, &self.events.club] {
            let availability = self.look(&format!("/api/v1/events/{event}/availability")).await?;
            for class in availability["classes"].as_array().into_iter().flatten() {
                held += class["held"].as_u64().unwrap_or(0);
                sold += class["sold"].as_u64().unwrap_or(0);
            }
        }
        let latencies = self.client.take_latencies();
        // Both were made with the same bounds.
        let _ = self.all.add(&latencies);
        let line = format!(
            "{:>5}s {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>9}",
            self.begun.elapsed().as_secs(),
            buyers,
            arena["waitroom"]["waiting"].as_u64().unwrap_or(0),
            arena["waitroom"]["inside"].as_u64().unwrap_or(0),
            held,
            sold,
            latencies.len(),
            ms(&latencies, 0.5),
            ms(&latencies, 0.99),
        );
        if self.is_terminal {
            print!("\r{line}");
            // Only a terminal that went away refuses.
            let _ = stdout().flush();
        } else {
            println!("{line}");
        }
        Ok(())
    }

    /// Ends the line and says how it was altogether.
    pub(super) fn finish(&self) {
        println!(
            "\n{} requests in {} s, p50 {}, p99 {} (the crowd and the server share this \
             machine)",
            self.all.len(),
            self.begun.elapsed().as_secs(),
            ms(&self.all, 0.5),
            ms(&self.all, 0.99),
        );
    }

    async fn look(&self, path: &str) -> Result<Value, ClientError> {
        self.client.operate(Method::GET, path, None, None).await
    }
}

fn ms(latencies: &Histogram<u64>, quantile: f64) -> String {
    let tenths = latencies.value_at_quantile(quantile).div_ceil(100);
    format!("{}.{} ms", tenths / 10, tenths % 10)
}
