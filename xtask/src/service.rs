//! A program that runs beside the measures: its log is kept, and it ends when it is dropped, or
//! when this program dies.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Failure, Outcome, Process, program};

/// Long enough for a slow machine to recover nothing.
const START_WITHIN: Duration = Duration::from_secs(30);
/// A server that has not ended by then after it was asked to is killed.
const END_WITHIN: Duration = Duration::from_secs(30);
/// So much of a log says why.
const TAIL_LINES: usize = 15;

/// A program that runs beside the measures.
pub struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
    ends_by: Signal,
}

/// Describes a program that is told to end should this one die.
pub fn dependent() -> Process {
    program("setpriv").args(&["--pdeathsig", "TERM"])
}

/// Describes one that, besides, may use one processor only, or several (`0,1`).
pub fn pinned(cores: &str) -> Process {
    dependent().args(&["taskset", "-c", cores])
}

impl Service {
    /// Starts it; its log goes to `log`.
    pub fn start(name: &'static str, process: Process, log: &Path) -> Outcome<Self> {
        let file = File::create(log)
            .map_err(|error| Failure(format!("{} cannot be written: {error}", log.display())))?;
        let child = process.start(file)?;
        Ok(Self { name, child, log: log.to_owned(), ends_by: Signal::TERM })
    }

    /// Ends it by another signal than SIGTERM.
    pub fn ends_by(mut self, signal: Signal) -> Self {
        self.ends_by = signal;
        self
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` finds in its log what it looks for; fails, with the end of the log, if
    /// it ends before or does not get there.
    pub fn wait_until<T>(&mut self, mut ready: impl FnMut(&str) -> Option<T>) -> Outcome<T> {
        let begun = Instant::now();
        loop {
            let ended = self.child.try_wait().ok().flatten();
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(status) = ended {
                return Err(self.failed(&format!("ended ({status})"), &log));
            }
            if let Some(found) = ready(&log) {
                return Ok(found);
            }
            if begun.elapsed() > START_WITHIN {
                return Err(self.failed("is not ready after 30 s", &log));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn failed(&self, how: &str, log: &str) -> Failure {
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n  ");
        Failure(format!("{} {how}; its log ends with\n  {tail}", self.name))
    }

    fn has_ended_within(&mut self, at_most: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < at_most {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whatever fails here: the process is gone, or is killed.
        let _ = kill_process(Pid::from_child(&self.child), self.ends_by);
        if !self.has_ended_within(END_WITHIN) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::test_kill_process;

    fn shell(script: &str, log: &Path) -> Service {
        Service::start("the peer", program("sh").args(&["-c", script]), log).unwrap()
    }

    #[test]
    fn a_peer_that_fails_to_start_is_reported_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let script = "seq 100; echo 'port taken' >&2; exit 3";
        let mut peer = shell(script, &folder.path().join("log"));
        let failure = peer.wait_until(|_| None::<()>).unwrap_err().0;
        assert!(failure.starts_with("the peer ended (exit status: 3)"), "{failure}");
        assert!(failure.ends_with("  100\n  port taken"), "{failure}");
        assert!(!failure.contains(" 80\n"), "{failure}");
    }

    #[test]
    fn what_a_log_says_is_found_and_the_peer_ends_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let mut peer = shell("echo ready at 17; exec sleep 600", &folder.path().join("log"));
        let port = peer.wait_until(|log| log.strip_prefix("ready at ").map(str::to_owned));
        assert_eq!(port.unwrap().trim(), "17");
        let process = Pid::from_child(&peer.child);
        assert!(test_kill_process(process).is_ok());
        drop(peer);
        assert!(test_kill_process(process).is_err());
    }
}
