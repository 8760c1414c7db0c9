//! Where the programs of the services are, installing Debian's packages where we may.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::service::ServiceError;

/// Debian keeps each version's server programs here, not in the `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// What a version must have: the server is compared with ours by pgbench, too.
const COMPLETE: [&str; 4] = ["initdb", "postgres", "psql", "pgbench"];

/// Where PostgreSQL's programs are.
#[derive(Clone, Debug)]
pub struct PgPrograms {
    folder: PathBuf,
}

impl PgPrograms {
    /// The path of one of them.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }
}

/// PostgreSQL, the newest there is.
///
/// # Errors
/// If it is missing and cannot be installed.
pub fn find_postgres() -> Result<PgPrograms, ServiceError> {
    let find = || postgres_in(Path::new(DEBIAN)).or_else(|| in_path("initdb"));
    if find().is_none() {
        install("PostgreSQL", "postgresql")?;
    }
    let missing = ServiceError::Missing { name: "PostgreSQL", package: "postgresql" };
    find().map(|folder| PgPrograms { folder }).ok_or(missing)
}

/// Redis, and what measures it: that they can be run.
///
/// # Errors
/// If they are missing and cannot be installed.
pub fn find_redis() -> Result<(), ServiceError> {
    let programs = ["redis-server", "redis-benchmark"];
    ensure(|| programs.iter().all(|name| in_path(name).is_some()), "Redis", "redis-server")
}

/// A program whose package is called as it is.
///
/// # Errors
/// If it is missing and cannot be installed.
pub fn find_program(name: &'static str) -> Result<(), ServiceError> {
    ensure(|| in_path(name).is_some(), name, name)
}

/// Python 3 and its virtual environments: that they can be had.
///
/// # Errors
/// If they are missing and cannot be installed.
pub fn find_python() -> Result<(), ServiceError> {
    let is_there = || {
        let mut python = Command::new("python3");
        python.args(["-c", "import ensurepip, venv"]).stderr(Stdio::null());
        python.status().is_ok_and(|status| status.success())
    };
    ensure(is_there, "Python", "python3-venv")
}

/// Whether this program may do everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn postgres_in(versions: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(versions).ok()?.flatten();
    let complete = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let folder = version.path().join("bin");
        let is_complete = COMPLETE.iter().all(|name| folder.join(name).exists());
        is_complete.then_some((number, folder))
    });
    complete.max().map(|(_, folder)| folder)
}

/// Installs what is not there.
fn ensure(
    is_there: impl Fn() -> bool,
    name: &'static str,
    package: &'static str,
) -> Result<(), ServiceError> {
    if !is_there() {
        install(name, package)?;
    }
    if is_there() { Ok(()) } else { Err(ServiceError::Missing { name, package }) }
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join(name).is_file())
}

fn install(name: &'static str, package: &'static str) -> Result<(), ServiceError> {
    if !is_root() || in_path("apt-get").is_none() {
        return Err(ServiceError::Missing { name, package });
    }
    eprintln!("{name} is missing; installing Debian's {package}");
    apt(name, &["update", "-qq"])?;
    apt(name, &["install", "-y", "-qq", "--no-install-recommends", package])
}

fn apt(name: &'static str, arguments: &[&str]) -> Result<(), ServiceError> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    // Whatever is still missing is reported by whoever looks next.
    command.status().map(|_| ()).map_err(|source| ServiceError::Start { name, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_complete_version_is_taken() {
        let versions = tempfile::tempdir().unwrap();
        for (version, programs) in [
            ("9", &["initdb", "postgres", "psql", "pgbench"][..]),
            ("15", &["initdb", "postgres", "psql", "pgbench"]),
            ("16", &["initdb"]),
            ("17", &["initdb", "postgres", "psql"]),
            ("18", &["initdb", "postgres", "pgbench"]),
            ("common", &["initdb", "postgres", "psql", "pgbench"]),
        ] {
            let folder = versions.path().join(version).join("bin");
            fs::create_dir_all(&folder).unwrap();
            for program in programs {
                fs::write(folder.join(program), "").unwrap();
            }
        }
        assert_eq!(postgres_in(versions.path()), Some(versions.path().join("15/bin")));
        assert_eq!(postgres_in(Path::new("/nowhere")), None);
    }
}
