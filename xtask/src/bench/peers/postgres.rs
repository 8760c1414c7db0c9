//! PostgreSQL with its own settings of durability (`fsync` and `synchronous_commit` on), one hot
//! row, and pgbench with prepared statements.

use std::fs;
use std::path::{Path, PathBuf};

use onsale_testbed::{PgPrograms, free_port, is_root};
use rustix::process::Signal;

use super::TICKETS;
use crate::process::{Failure, Outcome, Process, program};
use crate::service::{Service, pinned};

/// Who it runs as where this program is root, because it refuses to be.
const USER: &str = "postgres";

/// A way to make the reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Lock the row, look, change it, remember the hold: one transaction, five round trips.
    ForUpdate,
    /// One statement.
    SingleStatement,
}

impl Script {
    /// In a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::ForUpdate => "`FOR UPDATE`",
            Self::SingleStatement => "single statement",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::ForUpdate => include_str!("for_update.sql"),
            Self::SingleStatement => include_str!("single_statement.sql"),
        }
    }
}

/// A private PostgreSQL with the schema and one event.
pub struct Postgres {
    _service: Service,
    programs: PgPrograms,
    folder: PathBuf,
    port: String,
}

impl Postgres {
    /// Starts one in `folder`, which must not exist, on these cores.
    pub fn start(programs: PgPrograms, folder: &Path, cores: &str) -> Outcome<Self> {
        let port = free_port()?.to_string();
        make_folder(folder)?;
        let data = folder.join("data").to_string_lossy().into_owned();
        let initdb = programs.path("initdb");
        as_user(program("setpriv"))
            .args(&[&initdb, "--pgdata", &data, "--username", USER])
            .args(&["--auth", "trust", "--locale", "C", "--no-sync"])
            .read()?;
        let server = as_user(program("setpriv"))
            .args(&["--pdeathsig", "TERM", "taskset", "-c", cores, &programs.path("postgres")])
            .args(&["-D", &data, "-p", &port, "-c", "listen_addresses=127.0.0.1"])
            .args(&["-c", &format!("unix_socket_directories={}", folder.display())]);
        let service = Service::start("PostgreSQL", server, &folder.join("log"))?;
        // Fast shutdown: does not wait for clients.
        let mut service = service.ends_by(Signal::INT);
        service.wait_until(|log| log.contains("ready to accept connections").then_some(()))?;
        let postgres = Self { _service: service, programs, folder: folder.to_owned(), port };
        postgres.query(include_str!("schema.sql"))?;
        postgres.query(&format!("INSERT INTO stock VALUES (1, {TICKETS})"))?;
        Ok(postgres)
    }

    /// Its version: `15.18`.
    pub fn version(&self) -> Outcome<String> {
        let text = self.query("SHOW server_version")?;
        Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// Reservations a second by so many clients.
    pub fn holds_per_s(
        &self,
        script: Script,
        clients: u32,
        seconds: u32,
        cores: &str,
    ) -> Outcome<f64> {
        let file = self.folder.join("script.sql");
        fs::write(&file, script.text())
            .map_err(|error| Failure(format!("{} cannot be written: {error}", file.display())))?;
        let before = self.holds()?;
        let report = self
            .client(pinned(cores), "pgbench")
            .args(&["-n", "-M", "prepared", "-j", "1", "-c", &clients.to_string()])
            .args(&["-T", &seconds.to_string(), "-f"])
            .path_arg(&file)
            .args(&[USER])
            .read()?;
        let Report { done, per_s } = Report::read(&report)?;
        let found = self.holds()? - before;
        if found < done || !self.is_balanced()? {
            return Err(Failure(format!("PostgreSQL says {done} holds and has {found}")));
        }
        Ok(per_s)
    }

    fn holds(&self) -> Outcome<u64> {
        let text = self.query("SELECT count(*) FROM holds")?;
        text.trim().parse().map_err(|_| Failure(format!("PostgreSQL counts {text:?} holds")))
    }

    /// Whether every ticket that is gone is in a hold.
    fn is_balanced(&self) -> Outcome<bool> {
        let query =
            format!("SELECT {TICKETS} - available = (SELECT count(*) FROM holds) FROM stock");
        Ok(self.query(&query)?.trim() == "t")
    }

    fn query(&self, sql: &str) -> Outcome<String> {
        self.client(program("env"), "psql").args(&["-d", USER, "-qAtc", sql]).read()
    }

    fn client(&self, start: Process, name: &str) -> Process {
        start.args(&[&self.programs.path(name), "-h", "127.0.0.1", "-p", &self.port, "-U", USER])
    }
}

/// What pgbench found.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Report {
    done: u64,
    per_s: f64,
}

impl Report {
    fn read(text: &str) -> Outcome<Self> {
        let number = |before: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(before))?;
            rest.split([' ', '/']).next()?.parse::<f64>().ok()
        };
        let done = number("number of transactions actually processed: ");
        let failed = number("number of failed transactions: ").unwrap_or(0.0);
        match (done, number("tps = ")) {
            (Some(done), Some(per_s)) if done > 0.0 && failed == 0.0 => {
                Ok(Self { done: done as u64, per_s })
            }
            _ => Err(Failure(format!("pgbench did not do what it should:\n{text}"))),
        }
    }
}

/// Runs what follows as the user that PostgreSQL wants, where this program is root.
fn as_user(setpriv: Process) -> Process {
    if !is_root() {
        return setpriv;
    }
    let (user, group) = (format!("--reuid={USER}"), format!("--regid={USER}"));
    setpriv.args(&[&user, &group, "--init-groups"])
}

fn make_folder(folder: &Path) -> Outcome {
    fs::create_dir(folder)
        .map_err(|error| Failure(format!("{} cannot be created: {error}", folder.display())))?;
    if is_root() {
        program("chown").args(&[USER]).path_arg(folder).read()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As pgbench 15 said it.
    const SAID: &str = "pgbench (15.18 (Debian 15.18-0+deb12u1))
transaction type: ss.sql
scaling factor: 1
query mode: prepared
number of clients: 16
number of threads: 1
maximum number of tries: 1
duration: 3 s
number of transactions actually processed: 5495
number of failed transactions: 0 (0.000%)
latency average = 8.748 ms
initial connection time = 38.653 ms
tps = 1829.085218 (without initial connection time)
";

    #[test]
    fn what_pgbench_says_is_read() {
        let report = Report::read(SAID).unwrap();
        assert_eq!(report, Report { done: 5_495, per_s: 1_829.085_218 });
    }

    #[test]
    fn reservations_that_failed_do_not_count_as_fast_ones() {
        let failed = SAID.replace("failed transactions: 0", "failed transactions: 12");
        assert!(Report::read(&failed).unwrap_err().0.contains("transactions: 12"));
        let nothing = SAID.replace("processed: 5495", "processed: 0");
        assert!(Report::read(&nothing).is_err());
        assert!(Report::read("pgbench: error: connection refused").is_err());
    }
}
