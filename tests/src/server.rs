//! The server as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};

/// A running server. Dropped, it is killed.
pub struct Server {
    child: Child,
    data: PathBuf,
    /// Where it listens: `http://127.0.0.1:port`.
    pub base: String,
    /// What it said when it started.
    pub greeting: String,
}

/// How a server ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it said on standard error.
    pub errors: String,
}

/// The binary under test: it lies beside the directory of the tests.
///
/// # Panics
/// If it was not built.
pub fn binary() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let target = test.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
    let binary = target.join("onsale");
    let hint = "build it first: cargo build -p onsale-runtime (cargo xtask test does)";
    assert!(binary.exists(), "{} is not there; {hint}", binary.display());
    binary
}

impl Server {
    /// Starts a server on `data` and waits until it listens.
    ///
    /// # Errors
    /// If it ends before: how.
    ///
    /// # Panics
    /// If there is no such binary, or it cannot be run.
    pub fn start(data: &Path, arguments: &[&str]) -> Result<Self, Ended> {
        Self::start_with(data, arguments, &[])
    }

    /// As [`Self::start`], with settings from the environment.
    ///
    /// # Errors
    /// If it ends before: how.
    ///
    /// # Panics
    /// If there is no such binary, or it cannot be run.
    pub fn start_with(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Self, Ended> {
        let address = ["--listen", "127.0.0.1:0"];
        let chooses_address = arguments.contains(&"--listen");
        let mut child = Command::new(binary())
            .args(["serve", "--data"])
            .arg(data)
            .args(address.iter().filter(|_| !chooses_address))
            .args(arguments)
            .env("ONSALE_LOG__FILTER", "warn")
            .env("ONSALE_JOURNAL__SEGMENT_BYTES", "1048576")
            .envs(environment.iter().copied())
            .current_dir(env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        while let Some(Ok(line)) = lines.next() {
            greeting.push_str(&line);
            greeting.push('\n');
            if let Some(rest) = line.trim().strip_prefix("listening") {
                let base = rest.split_whitespace().next().unwrap_or_default().to_owned();
                return Ok(Self { child, data: data.to_owned(), base, greeting });
            }
        }
        Err(Self::ended(child))
    }

    /// What an operator proves themselves with.
    ///
    /// # Panics
    /// If the server keeps none in its data directory.
    pub fn operator_token(&self) -> String {
        let path = self.data.join("keys/operator-token");
        fs::read_to_string(path).expect("a started server has an operator token").trim().to_owned()
    }

    /// Kills it as a loss of power would, without a word.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Tells it to stop, and waits until it has.
    ///
    /// # Panics
    /// If it cannot be told.
    pub fn stop(self) -> Ended {
        self.terminate();
        self.wait()
    }

    /// Tells it to stop.
    ///
    /// # Panics
    /// If it cannot be told.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Tells it to read its configuration again.
    ///
    /// # Panics
    /// If it cannot be told.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it can be told");
    }

    /// Waits until it says this on standard error; the whole line.
    ///
    /// # Panics
    /// If it ends without.
    pub fn until_it_says(&mut self, words: &str) -> String {
        let stderr = self.child.stderr.as_mut().expect("it is piped");
        let (mut line, mut byte) = (Vec::new(), [0]);
        // Byte by byte: what comes after the line is for whoever reads next.
        while stderr.read(&mut byte).expect("it can be read") == 1 {
            if byte != *b"\n" {
                line.extend(byte);
                continue;
            }
            let said = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
            if said.contains(words) {
                return said;
            }
        }
        panic!("it ended and did not say: {words}");
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// If it cannot be waited for.
    pub fn wait(mut self) -> Ended {
        let null = Command::new("true").stdin(Stdio::null()).spawn().expect("true is everywhere");
        Self::ended(std::mem::replace(&mut self.child, null))
    }

    fn ended(mut child: Child) -> Ended {
        let mut errors = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            let _ = stderr.read_to_string(&mut errors);
        }
        Ended { status: child.wait().expect("it ends"), errors }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
