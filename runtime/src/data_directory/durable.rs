//! Small files that are there whole or not at all, and that only their owner reads.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use onsale_storage::directory::FileDirectory;

use super::DataDirectoryError;

const OWNER_ONLY_FILE: u32 = 0o600;
const OWNER_ONLY_DIRECTORY: u32 = 0o700;

/// Creates a directory, durably, that only its owner may enter. One that is there is left as it is.
pub(crate) fn create_private(path: &Path) -> Result<(), DataDirectoryError> {
    let create = || {
        if path.is_dir() {
            return Ok(());
        }
        FileDirectory::open(path)?;
        fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY_DIRECTORY))
    };
    create().map_err(|source| located(path, source))
}

/// Writes a file that survives a crash from the moment this returns, and is not there before.
pub(crate) fn write_durably(
    directory: &Path,
    name: &str,
    content: &[u8],
) -> Result<(), DataDirectoryError> {
    let path = directory.join(name);
    let unfinished = directory.join(format!("{name}.unfinished"));
    let write = || -> io::Result<()> {
        // One that a crash left may have other permissions.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(OWNER_ONLY_FILE).open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|source| located(&path, source))
}

/// The content of a file, or `None` if there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DataDirectoryError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(located(path, source)),
    }
}

/// Bytes that nobody can foresee.
pub(super) fn random<const N: usize>() -> Result<[u8; N], DataDirectoryError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(DataDirectoryError::Entropy)?;
    Ok(bytes)
}

/// Two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn located(path: &Path, source: io::Error) -> DataDirectoryError {
    DataDirectoryError::Io { path: path.to_owned(), source }
}
