//! A private PostgreSQL. Nothing in it need survive: it never waits for the disk.

use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::{env, fs};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, test_kill_process};
use tempfile::TempDir;

use crate::free_port;
use crate::packages::{PgPrograms, find_postgres, is_root};
use crate::service::{START_WITHIN, Service, ServiceError, dependent, temporary_folder};

/// Names a server that is there already, as a URL without a database at its end:
/// `postgres://postgres@127.0.0.1:5432`. `cargo xtask test` starts one for all tests. Not `ONSALE_...`:
/// servers that tests start would take it for a part of their configuration.
pub const POSTGRES_VARIABLE: &str = "TESTBED_POSTGRES";

/// How the name of every server's folder begins.
const PREFIX: &str = "onsale-postgres";

/// Who it runs as where this program is root, because it refuses to be.
const USER: &str = "postgres";

/// How often it is tried to start one again after a crash: the last of the old one may linger.
const ATTEMPTS: u32 = 20;

/// A private PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    service: Option<Service>,
    programs: PgPrograms,
    folder: TempDir,
    port: u16,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        let programs = find_postgres()?;
        remove_abandoned(&env::temp_dir());
        let folder = owned_folder()?;
        let mut postgres = Self { service: None, programs, folder, port: free_port()? };
        let mut initdb = Command::new("setpriv");
        initdb.args(user()).arg(postgres.programs.path("initdb"));
        initdb.args(["--pgdata", &postgres.data(), "--username", USER, "--auth", "trust"]);
        initdb.args(["--encoding", "UTF8", "--locale", "C", "--no-sync"]);
        run("initdb", initdb, &postgres.folder.path().join("initdb.log"))?;
        postgres.service = Some(postgres.serve()?);
        Ok(postgres)
    }

    /// Its URL, without a database at the end.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would. Its clients find nobody, until it is started again.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            service.kill();
        }
    }

    /// Starts it at the same port, with what it knew, after it was killed.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_again(&mut self) -> Result<(), ServiceError> {
        let mut service = self.serve();
        for _ in 1..ATTEMPTS {
            service = service.or_else(|_| self.serve());
        }
        self.service = Some(service?);
        Ok(())
    }

    fn serve(&self) -> Result<Service, ServiceError> {
        let folder = self.folder.path();
        let mut server = dependent(&self.programs.path("postgres"), &user());
        server.args(["-D", &self.data(), "-p", &self.port.to_string()]);
        server.args(["-c", "listen_addresses=127.0.0.1"]);
        server.args(["-c", &format!("unix_socket_directories={}", folder.display())]);
        for setting in ["fsync=off", "full_page_writes=off", "max_connections=400"] {
            server.args(["-c", setting]);
        }
        let service = Service::start("PostgreSQL", server, &folder.join("log"))?;
        // Fast shutdown: does not wait for clients.
        let mut service = service.ends_by(Signal::INT);
        service.wait_until(|log| log.contains("ready to accept connections"))?;
        Ok(service)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_string_lossy().into_owned()
    }
}

/// The URL of a PostgreSQL for tests that leave it as it is but for databases of their own: the
/// one that [`POSTGRES_VARIABLE`] names, or one that this process starts for all of its tests.
///
/// # Panics
/// If there is none.
pub fn postgres_url() -> String {
    static OURS: LazyLock<Mutex<Option<Postgres>>> = LazyLock::new(Mutex::default);
    env::var(POSTGRES_VARIABLE).unwrap_or_else(|_| {
        let mut ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || Postgres::start().unwrap_or_else(|error| panic!("{error}"));
        ours.get_or_insert_with(start).url()
    })
}

/// Removes what processes left that ended without dropping their server: folders that are old and
/// in which none runs.
fn remove_abandoned(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for path in ours.map(|entry| entry.path()) {
        let made = fs::metadata(path.join("data/PG_VERSION")).and_then(|file| file.modified());
        let age = made.ok().and_then(|made| made.elapsed().ok()).unwrap_or_default();
        if age > START_WITHIN && !is_served(&path) {
            // Somebody else may be at it, too.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Whether a server runs in this folder.
fn is_served(folder: &Path) -> bool {
    let lock = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    let server = lock.lines().next().and_then(|line| line.parse().ok()).and_then(Pid::from_raw);
    server.is_some_and(|server| test_kill_process(server) != Err(Errno::SRCH))
}

/// A folder of the user that it runs as.
fn owned_folder() -> Result<TempDir, ServiceError> {
    let folder = temporary_folder(PREFIX)?;
    if is_root() {
        let path = folder.path().to_owned();
        let mut chown = Command::new("chown");
        chown.arg(USER).arg(&path);
        chown.status().map_err(|source| ServiceError::Start { name: "chown", source })?;
    }
    Ok(folder)
}

/// Options of setpriv(1): as the user that PostgreSQL wants, where this program is root.
fn user() -> Vec<&'static str> {
    if is_root() {
        vec!["--reuid=postgres", "--regid=postgres", "--init-groups"]
    } else {
        Vec::new()
    }
}

fn run(name: &'static str, mut command: Command, log: &Path) -> Result<(), ServiceError> {
    let output = command.output().map_err(|source| ServiceError::Start { name, source })?;
    let told = [output.stdout, output.stderr].concat();
    fs::write(log, &told).map_err(|source| ServiceError::File { path: log.to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let (how, tail) = (format!("failed ({})", output.status), String::from_utf8_lossy(&told));
    Err(ServiceError::Failed { name, how, tail: tail.into_owned() })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, age: Duration, pid: &str| {
            let data = folder.path().join(name).join("data");
            fs::create_dir_all(&data).unwrap();
            fs::write(data.join("postmaster.pid"), format!("{pid}\n")).unwrap();
            let version = fs::File::create(data.join("PG_VERSION")).unwrap();
            version.set_modified(SystemTime::now() - age).unwrap();
        };
        // One above the highest number that Linux gives to a process.
        let (nobody, us) = ("4194305", std::process::id().to_string());
        make("onsale-postgres-dead", 2 * START_WITHIN, nobody);
        make("onsale-postgres-alive", 2 * START_WITHIN, &us);
        make("onsale-postgres-starting", Duration::ZERO, nobody);
        make("somebody-elses", 2 * START_WITHIN, nobody);
        remove_abandoned(folder.path());
        assert!(!folder.path().join("onsale-postgres-dead").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_private_server_answers_until_it_is_killed_and_when_it_is_back() {
        let mut postgres = Postgres::start().unwrap();
        let port = postgres.port;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        // An SSLRequest (protocol, section 55.7): the answer is one byte.
        stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).unwrap();
        let mut answer = [0];
        stream.read_exact(&mut answer).unwrap();
        assert!(b"NS".contains(&answer[0]));
        drop(stream);
        postgres.kill();
        // What it has begun last may hold the port for a moment longer.
        while TcpStream::connect(("127.0.0.1", port)).is_ok() {}
        postgres.start_again().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    }
}
