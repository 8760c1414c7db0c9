//! How many facts a second a core publishes, beside how many a core makes that sells: whether the
//! bus keeps up on less than it takes to sell.
//!
//! A run of purchases leaves a journal; then the same server starts again with a sink, which gets
//! all of it. Both are divided by the processor time of the threads that did it, so that neither
//! waiting for a disk nor giving way to others counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use onsale_testbed::find_redis;

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::peers::Redis;
use crate::bench::record::{Row, Target};
use crate::bench::scrape::Scrape;
use crate::bench::statistics::Series;
use crate::process::{Failure, Outcome};
use crate::server::Server;

/// It keeps up.
const TARGET: Target = Target::AtLeast(1.0);

/// The threads that sell on the only core, and those that publish.
const SELLING: &str = "core-0";
const PUBLISHING: &str = "bus";

/// Less cannot be told from nothing: the kernel counts in hundredths of a second.
const CPU_LEAST: Duration = Duration::from_millis(10);

const PUBLISHED_WITHIN: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where facts are published to.
struct Sink {
    name: &'static str,
    about: &'static str,
    /// What stands below `[[bus]]` and its name.
    to: String,
    facts: Series,
}

/// Measures it for each kind of sink.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    find_redis()?;
    // On the other core: what it does with the events is not the publisher's work.
    let redis = Redis::start(&bench.scratch.path().join("streams"), &bench.cores.load)?;
    let lines = bench.scratch.path().join("events.ndjson");
    let mut sinks = [lines_of_json(&lines), streams(&redis)];
    let mut made = Series::new("facts that a core makes, selling", "facts/s");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let sale = Sale::take_place(bench)?;
        notes.extend(sale.doubts);
        bench.add(round, &mut made, sale.facts_per_s);
        let mut server = sale.server;
        for sink in &mut sinks {
            server = bench.again_with(server, &sink.settings())?;
            let per_s = published_per_s(&server, sale.facts)?;
            bench.add(round, &mut sink.facts, per_s);
        }
        drop(server);
        redis.forget_all()?;
        // There is none if everything went to the other sinks.
        let _ = fs::remove_file(&lines);
    }
    notes.push(format!(
        "For each second of processor time: of thread `{SELLING}`, and of all threads \
         `{PUBLISHING}`. {} purchases are published; Redis keeps them with appendfsync always.",
        bench.scale.published
    ));
    let rows = sinks.into_iter().map(|Sink { name, about, facts, .. }| {
        let what =
            format!("facts that a core publishes, {about} ÷ facts that a selling core makes");
        let name = format!("publish-{name}");
        Row::ratio(&name, &what, TARGET, facts, made.clone()).note(notes.clone())
    });
    Ok(rows.collect())
}

fn lines_of_json(path: &Path) -> Sink {
    let to = format!("[bus.to.ndjson]\npath = \"{}\"\n", path.display());
    Sink::new("lines", "lines of JSON", to)
}

fn streams(redis: &Redis) -> Sink {
    let to = format!("[bus.to.redis]\nurl = \"{}\"\n", redis.url());
    Sink::new("streams", "Redis streams", to)
}

impl Sink {
    fn new(name: &'static str, about: &'static str, to: String) -> Self {
        let facts = Series::new(format!("facts that a core publishes, {about}"), "facts/s");
        Self { name, about, to, facts }
    }

    fn settings(&self) -> String {
        format!("[[bus]]\nname = \"{}\"\n{}", self.name, self.to)
    }
}

/// What leaves a journal.
struct Sale {
    server: Server,
    facts: f64,
    facts_per_s: f64,
    doubts: Vec<String>,
}

impl Sale {
    fn take_place(bench: &Bench) -> Outcome<Self> {
        let (server, count) = (bench.server()?, bench.scale.published);
        let load = Load::of(bench, "purchase", bench.scale.few).with("--buyers", &count);
        let seen = load.turns(count).run(bench, &server)?;
        let facts = Scrape::of(&server)?.sum("partition_facts_durable_total");
        let facts_per_s = facts / seen.thread_time(SELLING).max(CPU_LEAST).as_secs_f64();
        Ok(Self { facts, facts_per_s, doubts: seen.doubts().collect(), server })
    }
}

/// Waits until its only sink has everything.
fn published_per_s(server: &Server, facts: f64) -> Outcome<f64> {
    let (begun, mut used) = (Instant::now(), Used::default());
    loop {
        let scrape = Scrape::of(server)?;
        used.look(server.id(), PUBLISHING);
        let (done, behind) = (scrape.sum("bus_facts_total"), scrape.sum("bus_facts_behind"));
        if done >= facts && behind < 1.0 {
            return Ok(done / used.total()?.max(CPU_LEAST).as_secs_f64());
        }
        if scrape.sum("bus_stopped") > 0.0 || begun.elapsed() > PUBLISHED_WITHIN {
            return Err(Failure(format!("of {facts} facts {done} were published, and no more")));
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// The processor time of threads, as it was seen last: some end before the others.
#[derive(Default)]
struct Used(BTreeMap<OsString, Duration>);

impl Used {
    /// Looks at the threads of this name.
    fn look(&mut self, process: u32, name: &str) {
        let threads = fs::read_dir(format!("/proc/{process}/task"));
        for thread in threads.into_iter().flatten().flatten() {
            let read = |file| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
            if read("comm").trim() == name
                && let Some(used) = on_a_processor(&read("schedstat"))
            {
                self.0.insert(thread.file_name(), used);
            }
        }
    }

    fn total(&self) -> Outcome<Duration> {
        let total: Duration = self.0.values().sum();
        let unknown = || Failure("the kernel does not say how long threads have run".to_owned());
        (!total.is_zero()).then_some(total).ok_or_else(unknown)
    }
}

/// How long a thread has run, out of its `schedstat`.
fn on_a_processor(schedstat: &str) -> Option<Duration> {
    let ns = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_a_name_are_added_up_and_none_is_a_failure() {
        let mut used = Used::default();
        used.look(std::process::id(), "no thread is called so");
        assert!(used.total().unwrap_err().0.contains("kernel"));
        used.0.insert("1".into(), on_a_processor("42469 7 1\n").unwrap());
        used.0.insert("2".into(), on_a_processor("1 0 0\n").unwrap());
        assert_eq!(used.total().unwrap(), Duration::from_nanos(42_470));
        assert_eq!(on_a_processor(""), None);
    }

    #[test]
    fn a_sink_is_a_part_of_a_configuration() {
        let sink = lines_of_json(Path::new("/tmp/events.ndjson"));
        let settings: toml::Table = toml::from_str(&sink.settings()).unwrap();
        assert_eq!(settings["bus"][0]["to"]["ndjson"]["path"].as_str(), Some("/tmp/events.ndjson"));
    }
}
