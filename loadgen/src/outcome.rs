//! What a run found: plain data, made by whoever ran it, shown by `report`, kept as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a run found, complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was run.
    pub run: Description,
    /// Sums over the whole run.
    pub totals: Totals,
    /// By step of a persona (`join`, `poll`, `hold`, `order`, ...), in the order of a purchase.
    pub steps: Vec<StepOutcome>,
    /// Refusals by the problem's code.
    pub refusals: BTreeMap<String, u64>,
    /// Requests without an answer that could be understood, by kind: `refused`, `reset`,
    /// `closed`, `timed_out`, `garbage`, `redirected`, ...
    pub failures: BTreeMap<String, u64>,
    /// How it went, second by second.
    pub series: Vec<Second>,
    /// What the generator itself used.
    pub generator: Generator,
    /// What the server used, where its process could be watched.
    pub server: Option<ServerUse>,
    /// What must not have happened, and did: a run with any is wrong, however fast.
    pub violations: Vec<String>,
}

/// What was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Where: `http://127.0.0.1:8080`.
    pub target: String,
    /// `open` (arrivals by a schedule) or `closed` (so many at a time).
    pub model: String,
    /// What people or connections did: the name of the mix or of the scenario.
    pub workload: String,
    /// When they came, as it was given: `constant 500/s for 30 s`.
    pub arrivals: String,
    /// What chance was drawn from.
    pub seed: u64,
    /// When it began, in milliseconds since 1970.
    pub started_at_unix_ms: u64,
    /// How long was measured.
    pub duration_ms: u64,
    /// The generator's threads.
    pub threads: u32,
}

/// Sums over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// People who came.
    pub arrived: u64,
    /// People who did all that they wanted.
    pub finished: u64,
    /// People who left before: out of patience, or because nothing was left.
    pub left: u64,
    /// Requests sent.
    pub requests: u64,
    /// Answers of 2xx and 3xx as the step expects them.
    pub succeeded: u64,
    /// Answers with a problem document.
    pub refused: u64,
    /// Requests without an answer that could be understood.
    pub failed: u64,
    /// Tickets in holds that were acknowledged.
    pub held_tickets: u64,
    /// Tickets that were bought.
    pub sold_tickets: u64,
    /// Bytes sent, HTTP heads included.
    pub sent_bytes: u64,
    /// Bytes received, HTTP heads included.
    pub received_bytes: u64,
    /// The most connections open at once.
    pub connections_max: u64,
}

/// One step of a persona, over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Which.
    pub name: String,
    /// Requests sent for it.
    pub requests: u64,
    /// Of these, answered as wished.
    pub succeeded: u64,
    /// From the moment the request was meant to be sent: what people felt.
    pub corrected: Percentiles,
    /// From the moment it was sent: what the server did.
    pub raw: Percentiles,
}

/// Of one histogram. All zero if nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many were recorded.
    pub count: u64,
    /// Half were faster.
    pub p50_us: u64,
    /// Nine of ten were faster.
    pub p90_us: u64,
    /// 99 of 100 were faster.
    pub p99_us: u64,
    /// 999 of 1,000 were faster.
    pub p999_us: u64,
    /// The slowest.
    pub max_us: u64,
    /// On average.
    pub mean_us: u64,
}

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// Which, from 0.
    pub at_s: u64,
    /// People who were meant to come in it.
    pub arrived: u64,
    /// Requests sent.
    pub requests: u64,
    /// Answered as wished.
    pub succeeded: u64,
    /// Answered with a problem document.
    pub refused: u64,
    /// Not answered.
    pub failed: u64,
    /// Latency from the intended start, all steps together.
    pub p50_us: u64,
    /// Likewise.
    pub p99_us: u64,
    /// Connections open at its end.
    pub connections: u64,
    /// People in waitrooms at its end, as the event says; `None` where it was not asked.
    pub queued: Option<u64>,
    /// Tickets held at its end, as the event says.
    pub held: Option<u64>,
    /// Tickets sold at its end, as the event says.
    pub sold: Option<u64>,
    /// How late the generator was at worst, with what it meant to send.
    pub lateness_us: u64,
}

/// What the generator itself used: whether it is the generator that was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// Of its busiest thread: 1.0 is a whole core.
    pub busiest_thread_cpu: f64,
    /// Of all its threads together, in cores.
    pub cpu_cores: f64,
    /// How late it sent what was due, 99th percentile.
    pub lateness_p99_us: u64,
    /// Resident memory at the end.
    pub memory_bytes: u64,
    /// Why its figures are to be doubted: it was the bottleneck. Empty if it was not.
    pub doubts: Vec<String>,
}

/// What the server's process used, from /proc.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerUse {
    /// Of its busiest thread: 1.0 is a whole core.
    pub busiest_thread_cpu: f64,
    /// Of all its threads together, in cores.
    pub cpu_cores: f64,
    /// Of its threads by name, those of one name together, in cores.
    #[serde(default)]
    pub threads_cpu: BTreeMap<String, f64>,
    /// Resident memory before.
    pub memory_before_bytes: u64,
    /// Resident memory at its highest.
    pub memory_max_bytes: u64,
    /// Written to disk, as the process asked for it.
    pub written_bytes: u64,
    /// The share of the run in which the machine's busiest disk had work, whoever's it was;
    /// `None` where the kernel does not say.
    pub disk_busy: Option<f64>,
}

impl ServerUse {
    /// As it looks to one who began to watch when the process had so much resident memory. A
    /// process may have returned some since: that was its highest, then.
    #[must_use]
    pub fn since(self, memory_before_bytes: u64) -> Self {
        let memory_max_bytes = self.memory_max_bytes.max(memory_before_bytes);
        Self { memory_before_bytes, memory_max_bytes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_returned_memory_had_its_most_before() {
        let used =
            ServerUse { memory_before_bytes: 4, memory_max_bytes: 4, ..ServerUse::default() };
        let since = used.since(9);
        assert_eq!((since.memory_before_bytes, since.memory_max_bytes), (9, 9));
    }
}
