//! One process per data directory.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK_NAME: &str = "LOCK";

/// Held while a process uses a data directory. The operating system lets go of it when the process
/// ends, however that happens; the file itself stays.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process is there.
    #[error(
        "the data directory {} is in use by another process: stop that one, or give this one a \
         directory of its own", directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The lock file cannot be made.
    #[error(
        "cannot lock the data directory {}: {source}. Check its permissions", directory.display()
    )]
    Io {
        /// The directory.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl DirectoryLock {
    /// Takes the lock of an existing directory, or says at once why not.
    pub fn acquire(directory: &Path) -> Result<Self, LockError> {
        let directory = directory.to_owned();
        let path = directory.join(LOCK_NAME);
        let opened = File::options().create(true).truncate(false).write(true).open(path);
        let file = match opened {
            Ok(file) => file,
            Err(source) => return Err(LockError::Io { directory, source }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse { directory }),
            Err(TryLockError::Error(source)) => Err(LockError::Io { directory, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_by_name_until_the_first_lets_go() {
        let root = tempfile::tempdir().unwrap();
        let first = DirectoryLock::acquire(root.path()).unwrap();
        let refused = DirectoryLock::acquire(root.path()).unwrap_err();
        assert!(matches!(refused, LockError::InUse { .. }));
        assert!(refused.to_string().contains(root.path().to_str().unwrap()));
        drop(first);
        DirectoryLock::acquire(root.path()).unwrap();
    }
}
