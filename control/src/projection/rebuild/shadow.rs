//! Where new read models are made: beside the others, where nobody looks.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::RebuildError;
use crate::database::{Database, DatabaseSettings};

/// The schema of PostgreSQL.
const SCHEMA: &str = "rebuilt";

/// Room for new read models.
#[derive(Debug)]
pub(super) enum Shadow {
    /// A file of SQLite.
    File(PathBuf),
    /// A schema of PostgreSQL.
    Schema,
}

impl Shadow {
    /// Beside this database.
    pub(super) fn of(settings: &DatabaseSettings) -> Self {
        let beside = |file: PathBuf| Self::File(with_end(&file, ".rebuilt"));
        settings.sqlite_file().map_or(Self::Schema, beside)
    }

    /// Makes room, and opens it. What is there is removed.
    pub(super) async fn open(
        &self,
        live: &Database,
        settings: &DatabaseSettings,
    ) -> Result<Database, RebuildError> {
        self.remove(live).await?;
        match self {
            Self::File(file) => {
                let url = DatabaseSettings::sqlite(file).url;
                Ok(Database::open(&DatabaseSettings { url, ..settings.clone() })?)
            }
            Self::Schema => {
                live.change(sqlx::query(CREATE_SCHEMA)).await?;
                Ok(Database::open_in(settings, SCHEMA)?)
            }
        }
    }

    /// Removes what is there.
    pub(super) async fn remove(&self, live: &Database) -> Result<(), RebuildError> {
        match self {
            Self::File(file) => remove(file).map_err(RebuildError::Leftover),
            Self::Schema => {
                live.change(sqlx::query(DROP_SCHEMA)).await?;
                Ok(())
            }
        }
    }
}

/// A database of SQLite is up to three files.
fn remove(file: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        match fs::remove_file(with_end(file, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// The schema is that of [`SCHEMA`].
const CREATE_SCHEMA: &str = "CREATE SCHEMA rebuilt";
const DROP_SCHEMA: &str = "DROP SCHEMA IF EXISTS rebuilt CASCADE";
