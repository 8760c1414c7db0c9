//! Running other programs from the workspace's root, showing what is run.
//!
//! The one place that starts a process, so every command is printed as somebody could retype it.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use onsale_testbed::ServiceError;

use crate::workspace;

/// Why a command stopped, in words for the developer who ran it.
#[derive(Debug)]
pub struct Failure(pub String);

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self(error.to_string())
    }
}

/// What every step answers.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Starts to describe a cargo command: the cargo that runs this program.
pub fn cargo(args: &[&str]) -> Process {
    let path = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Process::new(&path, "cargo").args(args)
}

/// Starts to describe any other program, found by `PATH` or by its path.
pub fn program(path: impl AsRef<OsStr>) -> Process {
    let path = path.as_ref();
    Process::new(path, &path.to_string_lossy())
}

/// Whether `name --version` can be run.
pub fn is_installed(name: impl AsRef<OsStr>, version_args: &[&str]) -> bool {
    Command::new(name)
        .args(version_args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status; `None` if it was stopped or killed.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
}

/// A program with its arguments and environment, not yet started.
pub struct Process {
    command: Command,
    shown: String,
}

impl Process {
    fn new(path: &OsStr, shown: &str) -> Self {
        let mut command = Command::new(path);
        command.current_dir(workspace::root());
        Self { command, shown: shown.to_owned() }
    }

    /// Adds arguments.
    pub fn args<A: AsRef<str>>(mut self, args: &[A]) -> Self {
        for arg in args {
            self.command.arg(arg.as_ref());
            self.shown.push(' ');
            self.shown.push_str(arg.as_ref());
        }
        self
    }

    /// Adds an argument that is a path.
    pub fn path_arg(self, path: &Path) -> Self {
        self.args(&[path.to_string_lossy()])
    }

    /// Sets one environment variable for this process alone.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self.shown = format!("{name}='{value}' {}", self.shown);
        self
    }

    /// Runs it, its output going to the terminal.
    pub fn run(mut self) -> Outcome {
        println!("$ {}", self.shown);
        let status = self.command.status().map_err(|error| self.cannot_start(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure(format!("`{}` failed ({status})", self.shown)))
        }
    }

    /// Runs it quietly and returns what it wrote to standard output.
    pub fn read(self) -> Outcome<String> {
        self.read_if(|code| code == 0)
    }

    /// Runs it quietly and returns what it wrote to standard output, if it ends with a code that is
    /// fine.
    pub fn read_if(mut self, is_fine: impl FnOnce(i32) -> bool) -> Outcome<String> {
        let output = self.command.output().map_err(|error| self.cannot_start(&error))?;
        if output.status.code().is_some_and(is_fine) {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            Err(Failure(format!("`{}` failed ({})\n{said}", self.shown, output.status)))
        }
    }

    /// Runs it and returns how it ended and what it wrote to standard output; stops it after
    /// `at_most`.
    pub fn finish_within(mut self, at_most: Duration) -> Outcome<Finished> {
        let begun = Instant::now();
        self.command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = self.command.spawn().map_err(|error| self.cannot_start(&error))?;
        let stdout = child.stdout.take();
        // Read while it runs: a full pipe would stop it for ever.
        let reader = thread::spawn(move || stdout.map(io::read_to_string));
        let lost = |error: io::Error| Failure(format!("`{}` was lost: {error}", self.shown));
        let code = loop {
            if let Some(status) = child.try_wait().map_err(lost)? {
                break status.code();
            }
            if begun.elapsed() > at_most {
                child.kill().map_err(lost)?;
                child.wait().map_err(lost)?;
                break None;
            }
            thread::sleep(Duration::from_millis(20));
        };
        let stdout = reader.join().ok().flatten().and_then(Result::ok).unwrap_or_default();
        Ok(Finished { code, stdout })
    }

    /// Starts it beside this program; all that it says goes to `log`.
    pub fn start(mut self, log: File) -> Outcome<Child> {
        let errors = log
            .try_clone()
            .map_err(|error| Failure(format!("`{}` gets no log: {error}", self.shown)))?;
        self.command.stdin(Stdio::null()).stdout(log).stderr(errors);
        self.command.spawn().map_err(|error| self.cannot_start(&error))
    }

    fn cannot_start(&self, error: &std::io::Error) -> Failure {
        Failure(format!("`{}` cannot be started: {error}", self.shown))
    }
}
