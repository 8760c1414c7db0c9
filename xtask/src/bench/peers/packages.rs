//! Where the peers' programs are, installing Debian's packages where we may.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::process::{Failure, Outcome, is_installed, program};

/// Debian keeps each version's server programs here, not in the `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Where PostgreSQL's programs are.
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
pub fn find_postgres() -> Outcome<PgPrograms> {
    let find = || postgres_in(Path::new(DEBIAN)).or_else(|| in_path("initdb"));
    if find().is_none() {
        install("PostgreSQL", "postgresql")?;
    }
    let folder = find().ok_or_else(|| missing("PostgreSQL", "postgresql"))?;
    Ok(PgPrograms { folder })
}

/// Redis: that it can be run.
pub fn find_redis() -> Outcome {
    let is_there =
        || ["redis-server", "redis-benchmark"].iter().all(|name| in_path(name).is_some());
    if !is_there() {
        install("Redis", "redis-server")?;
    }
    if is_there() { Ok(()) } else { Err(missing("Redis", "redis-server")) }
}

/// Whether this program may do everything.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn postgres_in(versions: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(versions).ok()?.flatten();
    let complete = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let folder = version.path().join("bin");
        let is_complete = ["initdb", "postgres", "pgbench"].iter().all(|n| folder.join(n).exists());
        is_complete.then_some((number, folder))
    });
    complete.max().map(|(_, folder)| folder)
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join(name).is_file())
}

fn install(what: &str, package: &str) -> Outcome {
    if !is_root() || !is_installed("apt-get", &["--version"]) {
        return Err(missing(what, package));
    }
    println!("{what} is missing; installing Debian's {package}");
    program("apt-get").args(&["update", "-qq"]).run()?;
    program("apt-get")
        .args(&["install", "-y", "-qq", "--no-install-recommends", package])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
}

fn missing(what: &str, package: &str) -> Failure {
    Failure(format!(
        "{what} is one of the peers, is not installed, and only root can install it, on Debian: \
         apt-get install {package}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_complete_version_is_taken() {
        let versions = tempfile::tempdir().unwrap();
        for (version, programs) in [
            ("9", &["initdb", "postgres", "pgbench"][..]),
            ("15", &["initdb", "postgres", "pgbench"]),
            ("16", &["initdb"]),
            ("common", &["initdb", "postgres", "pgbench"]),
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
