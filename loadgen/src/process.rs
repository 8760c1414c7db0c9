//! What a process uses, read from /proc: the generator's own, to know whether it was what was
//! measured, and the server's, where it runs on this machine.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;
use thiserror::Error;

use crate::outcome::{Generator, ServerUse};

/// A thread that is busier than this is a bottleneck.
const BUSY: f64 = 0.9;
/// Whoever is later than this does not offer the load that was asked for.
const LATE_US: u64 = 10_000;

/// Which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// This one.
    Own,
    /// Another, by its id.
    Other(u32),
}

/// A process cannot be watched.
#[derive(Debug, Error)]
#[error("process {id} cannot be watched ({source}): is it running, and on this machine?")]
pub struct ProcessError {
    id: u32,
    source: io::Error,
}

/// What a process uses from its start to its stop.
#[derive(Debug)]
pub struct Meter {
    folder: PathBuf,
    begun: Instant,
    threads: HashMap<u32, Thread>,
    written_bytes: u64,
    disks_ms: BTreeMap<String, u64>,
    memory_before_bytes: u64,
    memory_max_bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Thread {
    name: String,
    /// Its processor time so far, in clock ticks.
    ticks: u64,
}

impl Meter {
    /// Begins to watch.
    pub fn start(process: Process) -> Result<Self, ProcessError> {
        let id = match process {
            Process::Own => std::process::id(),
            Process::Other(id) => id,
        };
        let folder = PathBuf::from(format!("/proc/{id}"));
        let failed = |source| ProcessError { id, source };
        let threads = threads(&folder).map_err(failed)?;
        let memory_before_bytes = memory_bytes(&folder);
        let mut meter = Self {
            begun: Instant::now(),
            threads,
            written_bytes: written_bytes(&folder),
            disks_ms: disks_ms(),
            memory_before_bytes,
            memory_max_bytes: memory_before_bytes,
            folder,
        };
        meter.sample();
        Ok(meter)
    }

    /// Looks at the memory: to be called now and then, so that its highest is seen. Returns what is
    /// resident now, in bytes.
    pub fn sample(&mut self) -> u64 {
        let now = memory_bytes(&self.folder);
        self.memory_max_bytes = self.memory_max_bytes.max(now);
        now
    }

    /// What was used. A process that has ended meanwhile counts as having done nothing since.
    pub fn stop(mut self) -> ServerUse {
        self.sample();
        let elapsed_s = self.begun.elapsed().as_secs_f64().max(1e-3);
        let mut after = threads(&self.folder).unwrap_or_default();
        for (id, thread) in &mut after {
            let before = self.threads.get(id).map_or(0, |before| before.ticks);
            thread.ticks = thread.ticks.saturating_sub(before);
        }
        let busiest = after.values().map(|thread| thread.ticks).max().unwrap_or(0);
        let all: u64 = after.values().map(|thread| thread.ticks).sum();
        let mut threads_cpu = BTreeMap::new();
        for Thread { name, ticks } in after.into_values() {
            *threads_cpu.entry(name).or_default() += seconds(ticks) / elapsed_s;
        }
        let disk_busy_ms = busiest_ms(&self.disks_ms, &disks_ms());
        ServerUse {
            busiest_thread_cpu: seconds(busiest) / elapsed_s,
            cpu_cores: seconds(all) / elapsed_s,
            threads_cpu,
            memory_before_bytes: self.memory_before_bytes,
            memory_max_bytes: self.memory_max_bytes,
            written_bytes: written_bytes(&self.folder).saturating_sub(self.written_bytes),
            disk_busy: disk_busy_ms.map(|ms| Duration::from_millis(ms).as_secs_f64() / elapsed_s),
        }
    }

    /// What the generator itself used, and whether its figures are to be doubted.
    pub fn stop_own(mut self, lateness_p99_us: u64) -> Generator {
        let memory_bytes = self.sample();
        let used = self.stop();
        Generator {
            busiest_thread_cpu: used.busiest_thread_cpu,
            cpu_cores: used.cpu_cores,
            lateness_p99_us,
            memory_bytes,
            doubts: doubts(used.busiest_thread_cpu, lateness_p99_us),
        }
    }
}

fn doubts(busiest_thread_cpu: f64, lateness_p99_us: u64) -> Vec<String> {
    let mut doubts = Vec::new();
    if busiest_thread_cpu > BUSY {
        doubts.push(format!(
            "the generator's busiest thread used {:.0} % of a core: it may be what was measured; \
             give it more threads, on cores that the server does not use",
            busiest_thread_cpu * 100.0
        ));
    }
    if lateness_p99_us > LATE_US {
        doubts.push(format!(
            "one request in a hundred was sent {} ms late or more: the load offered was not the \
             load asked for; use a lower rate, or more threads and cores",
            lateness_p99_us / 1_000
        ));
    }
    doubts
}

fn seconds(ticks: u64) -> f64 {
    Duration::from_millis(ticks * 1_000 / clock_ticks_per_second().max(1)).as_secs_f64()
}

/// The threads of a process, by id.
fn threads(folder: &Path) -> io::Result<HashMap<u32, Thread>> {
    let mut threads = HashMap::new();
    for entry in fs::read_dir(folder.join("task"))? {
        let entry = entry?;
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        // A thread may end between being listed and being read.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let (Some(id), Some(thread)) = (id, thread(&stat)) {
            threads.insert(id, thread);
        }
    }
    Ok(threads)
}

/// proc(5): user and system time are fields 14 and 15; field 2, a name, may hold anything and ends
/// at the last parenthesis.
fn thread(stat: &str) -> Option<Thread> {
    let (start, rest) = stat.rsplit_once(')')?;
    let name = start.split_once('(')?.1.to_owned();
    let mut fields = rest.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Thread { name, ticks })
}

fn memory_bytes(folder: &Path) -> u64 {
    let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
    number_after(&status, "VmRSS:").unwrap_or(0) * 1024
}

fn written_bytes(folder: &Path) -> u64 {
    let io = fs::read_to_string(folder.join("io")).unwrap_or_default();
    number_after(&io, "\nwrite_bytes:").unwrap_or(0)
}

/// For how long each disk of the machine has had work since it started, in milliseconds; empty
/// where the kernel does not say. Not pressure stall information: a thread that sleeps in a ring
/// counts there as one that waits for a disk.
fn disks_ms() -> BTreeMap<String, u64> {
    let text = fs::read_to_string("/proc/diskstats").unwrap_or_default();
    text.lines().filter_map(disk_ms).collect()
}

/// A line of /proc/diskstats: the device is its third field, `io_ticks` its thirteenth.
fn disk_ms(line: &str) -> Option<(String, u64)> {
    let mut fields = line.split_whitespace();
    let device = fields.nth(2)?;
    Some((device.to_owned(), fields.nth(9)?.parse().ok()?))
}

fn busiest_ms(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Option<u64> {
    let worked = |(device, ms): (&String, &u64)| Some(ms.saturating_sub(*before.get(device)?));
    after.iter().filter_map(worked).max()
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_is_seen_and_memory_too() {
        let mut meter = Meter::start(Process::Own).unwrap();
        let before = meter.sample();
        let block = vec![1_u8; 32 << 20];
        let begun = Instant::now();
        let mut sum = 0_u64;
        while begun.elapsed().as_millis() < 60 {
            sum = block.iter().fold(sum, |sum, &byte| sum.wrapping_add(u64::from(byte)));
        }
        assert_ne!(sum, 0);
        assert!(meter.sample() > before + (16 << 20));
        let used = meter.stop();
        assert!(used.busiest_thread_cpu > 0.0 && used.cpu_cores >= used.busiest_thread_cpu);
        assert!(used.memory_max_bytes > used.memory_before_bytes);
        // This thread has the name of its test, which the system cuts at 15 letters.
        let name =
            |name: &String| std::thread::current().name().is_some_and(|n| n.contains(&**name));
        assert!(used.threads_cpu.iter().any(|(n, cpu)| name(n) && *cpu > 0.0), "{used:?}");
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error_that_says_which() {
        let refused = Meter::start(Process::Other(u32::MAX)).unwrap_err();
        assert!(refused.to_string().contains("process 4294967295"), "{refused}");
    }

    #[test]
    fn the_generator_is_doubted_when_it_was_the_bottleneck() {
        assert!(doubts(0.5, 900).is_empty());
        assert!(doubts(0.95, 900)[0].contains("95 %"));
        assert!(doubts(0.5, 25_000)[0].contains("25 ms"));
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_move_the_fields() {
        let stat = "7 (a) b) S 1 1 1 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 1 1 1";
        assert_eq!(thread(stat), Some(Thread { name: "a) b".to_owned(), ticks: 42 }));
    }

    #[test]
    fn the_busiest_disk_is_the_one_that_worked_longest_meanwhile() {
        let stats = |sda: u64, vda: u64| {
            let line = |device: &str, ms: u64| {
                disk_ms(&format!("   8       0 {device} 9 9 9 9 9 9 9 9 0 {ms} 9 0 0")).unwrap()
            };
            BTreeMap::from([line("sda", sda), line("vda", vda)])
        };
        assert_eq!(busiest_ms(&stats(9_000, 50), &stats(9_100, 450)), Some(400));
        assert_eq!(busiest_ms(&BTreeMap::new(), &BTreeMap::new()), None);
        assert_eq!(disk_ms("8 0 sda 9 9"), None);
    }

    #[test]
    fn the_first_number_after_a_name_is_read() {
        assert_eq!(number_after("rchar: 5\nwrite_bytes: 4096\n", "\nwrite_bytes:"), Some(4096));
        assert_eq!(number_after("VmRSS:\t  12 kB", "VmRSS:"), Some(12));
        assert_eq!(number_after("nothing", "VmRSS:"), None);
    }
}
