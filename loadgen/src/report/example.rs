//! A report as tests want one: a minute at 1,840 people a second, with a stall in the middle.

use crate::measure::{StepHistograms, StepKind};
use crate::outcome::{Description, Generator, Outcome, Second, ServerUse, Totals};
use crate::report::histogram_log::Tagged;
use crate::report::{Report, latencies};

const SECONDS: u64 = 60;
const RATE: u64 = 1_840;

/// The report and its latencies.
pub(crate) fn report() -> (Report, Vec<Tagged>) {
    let steps = steps();
    let outcome = Outcome {
        run: Description {
            target: "http://127.0.0.1:8080".to_owned(),
            model: "open".to_owned(),
            workload: "on-sale <night>".to_owned(),
            arrivals: "constant 1840/s for 60 s".to_owned(),
            seed: 7,
            started_at_unix_ms: 1_777_627_800_000,
            duration_ms: SECONDS * 1_000,
            threads: 1,
        },
        totals: totals(),
        steps: steps.iter().map(StepHistograms::outcome).collect(),
        refusals: [("sold_out".to_owned(), 4_310), ("overloaded".to_owned(), 120)].into(),
        failures: [("timed_out".to_owned(), 12), ("reset".to_owned(), 3)].into(),
        series: (0..SECONDS).map(second).collect(),
        generator: Generator {
            busiest_thread_cpu: 0.41,
            cpu_cores: 0.41,
            lateness_p99_us: 310,
            memory_bytes: 96 << 20,
            doubts: Vec::new(),
        },
        server: Some(ServerUse {
            busiest_thread_cpu: 0.93,
            cpu_cores: 1.31,
            threads_cpu: [("core-0".to_owned(), 0.93), ("slow".to_owned(), 0.38)].into(),
            memory_before_bytes: 80 << 20,
            memory_max_bytes: 210 << 20,
            written_bytes: 95 << 20,
            disk_busy: Some(0.07),
        }),
        violations: Vec::new(),
    };
    (Report::new(outcome, &steps, None), latencies(&steps))
}

fn totals() -> Totals {
    Totals {
        arrived: RATE * SECONDS,
        finished: 45_000,
        left: 60_000,
        requests: 441_600,
        succeeded: 437_155,
        refused: 4_430,
        failed: 15,
        held_tickets: 52_100,
        sold_tickets: 49_870,
        sent_bytes: 140 << 20,
        received_bytes: 310 << 20,
        connections_max: 9_120,
    }
}

fn steps() -> Vec<StepHistograms> {
    let kinds = [("join", false, 900), ("poll", true, 5_000), ("hold", false, 2_100)];
    let steps = kinds.map(|(name, is_held_back, typical_us)| {
        let mut step = StepHistograms::new(StepKind { name, is_held_back });
        step.requests = 20_000;
        step.succeeded = 19_500;
        for index in 1..=20_000_u64 {
            // One in `rest` is slower by a factor of its square root.
            let rest = 20_000 / index;
            let us = typical_us * (3 + rest.isqrt()) / 4 + index % 97;
            step.raw.record(us).unwrap();
            step.corrected.record(us + us * rest.isqrt() / 12).unwrap();
        }
        step
    });
    steps.to_vec()
}

fn second(at_s: u64) -> Second {
    let is_stalled = (28..31).contains(&at_s);
    let wave = at_s * 37 % 50;
    let succeeded = if is_stalled { 3_100 } else { 7_250 + wave };
    Second {
        at_s,
        arrived: RATE - 25 + wave,
        requests: 7_360 + wave,
        succeeded,
        refused: if is_stalled { 1_300 } else { at_s.saturating_sub(45) * 8 },
        failed: if is_stalled { 5 } else { 0 },
        p50_us: if is_stalled { 48_000 } else { 1_900 + wave * 4 },
        p99_us: if is_stalled { 612_000 } else { 11_000 + wave * 90 },
        connections: 400 + at_s * 145,
        queued: Some((at_s * 900).min(26_000)),
        held: Some((at_s * 60).min(2_230)),
        sold: Some((at_s * 850).min(49_870)),
        lateness_us: 200 + wave * 3,
    }
}
