//! A program that runs beside the tests: its log is kept, and it ends when it is dropped, or when
//! this program dies.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use thiserror::Error;

/// Long enough for a slow machine to recover nothing.
pub(crate) const START_WITHIN: Duration = Duration::from_secs(30);
/// A server that has not ended by then after it was asked to is killed.
const END_WITHIN: Duration = Duration::from_secs(30);
/// So much of a log says why.
const TAIL_LINES: usize = 15;

/// Why a service is not there.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// A file or folder of it cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not installed, and we may not install it.
    #[error(
        "{name} is not installed, and only root can install it, on Debian: apt-get install \
         {package}"
    )]
    Missing {
        /// What is missing.
        name: &'static str,
        /// Debian's package.
        package: &'static str,
    },
    /// It is not installed, and a command of ours does that.
    #[error("no {name} is installed: run the tests that need one by `{command}`")]
    Elsewhere {
        /// What is missing.
        name: &'static str,
        /// Which command.
        command: &'static str,
    },
    /// It cannot be started.
    #[error("{name} cannot be started: {source}")]
    Start {
        /// What.
        name: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// It ended, or is not ready in time.
    #[error("{name} {how}; its log ends with\n  {tail}")]
    Failed {
        /// What.
        name: &'static str,
        /// What became of it.
        how: String,
        /// The end of its log.
        tail: String,
    },
}

/// A program that runs beside the tests.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
    ends_by: Signal,
}

/// A program that is told to end should this one die.
pub(crate) fn dependent(program: &str, privileges: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(privileges).args(["--pdeathsig", "TERM", program]);
    command
}

/// A folder for what a program writes. Its name begins like this.
pub(crate) fn temporary_folder(prefix: &str) -> Result<TempDir, ServiceError> {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir();
    folder.map_err(|source| ServiceError::File { path: env::temp_dir(), source })
}

impl Service {
    /// Starts it; its log goes to `log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(
        name: &'static str,
        mut command: Command,
        log: &Path,
    ) -> Result<Self, ServiceError> {
        let failed = |source| ServiceError::File { path: log.to_owned(), source };
        let file = File::create(log).map_err(failed)?;
        command.stdout(file.try_clone().map_err(failed)?).stderr(file);
        let child = spawn(command).map_err(|source| ServiceError::Start { name, source })?;
        Ok(Self { name, child, log: log.to_owned(), ends_by: Signal::TERM })
    }

    /// Ends it by another signal than SIGTERM.
    #[must_use]
    pub fn ends_by(mut self, signal: Signal) -> Self {
        self.ends_by = signal;
        self
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        // Fails only if it has ended.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        // Fails only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until `ready` finds in its log what it looks for.
    ///
    /// # Errors
    /// With the end of the log, if it ends before or does not get there.
    pub fn wait_until(&mut self, ready: impl Fn(&str) -> bool) -> Result<(), ServiceError> {
        let begun = Instant::now();
        loop {
            let ended = self.child.try_wait().ok().flatten();
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(status) = ended {
                return Err(self.failed(format!("ended ({status})"), &log));
            }
            if ready(&log) {
                return Ok(());
            }
            if begun.elapsed() > START_WITHIN {
                return Err(self.failed("is not ready after 30 s".to_owned(), &log));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn failed(&self, how: String, log: &str) -> ServiceError {
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n  ");
        ServiceError::Failed { name: self.name, how, tail }
    }

    fn has_ended_within(&mut self, at_most: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < at_most {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whatever fails here: the process is gone, or is killed.
        let _ = kill_process(Pid::from_child(&self.child), self.ends_by);
        if !self.has_ended_within(END_WITHIN) {
            self.kill();
        }
    }
}

/// Starts a child from a thread that never ends: the kernel tells a child of its parent's death
/// when the thread that started it ends, and that of a test may end first.
fn spawn(mut command: Command) -> io::Result<Child> {
    let (done, started) = sync_channel(1);
    thread::Builder::new().name("parent".to_owned()).spawn(move || {
        // Whoever waits below is there.
        let _ = done.send(command.spawn());
        loop {
            thread::park();
        }
    })?;
    started.recv().map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::test_kill_process;

    fn shell(script: &str, log: &Path) -> Service {
        let mut command = dependent("sh", &[]);
        command.args(["-c", script]);
        Service::start("the peer", command, log).unwrap()
    }

    #[test]
    fn a_service_that_fails_to_start_is_reported_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let script = "seq 100; echo 'port taken' >&2; exit 3";
        let mut peer = shell(script, &folder.path().join("log"));
        let failure = peer.wait_until(|_| false).unwrap_err().to_string();
        assert!(failure.starts_with("the peer ended (exit status: 3)"), "{failure}");
        assert!(failure.ends_with("  100\n  port taken"), "{failure}");
        assert!(!failure.contains(" 80\n"), "{failure}");
    }

    #[test]
    fn a_service_outlives_the_thread_that_started_it_and_ends_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let started = thread::spawn(move || shell("echo ready; exec sleep 600", &log));
        let mut peer = started.join().unwrap();
        peer.wait_until(|log| log.contains("ready")).unwrap();
        let process = Pid::from_child(&peer.child);
        assert!(test_kill_process(process).is_ok());
        drop(peer);
        assert!(test_kill_process(process).is_err());
    }
}
