//! Letters as files: for trying things out, and where something else takes them from there. Each is
//! there whole or not at all, and only its owner reads it: there is a token in it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use futures_util::future::BoxFuture;
use onsale_control::accounts::letters::Letter;
use onsale_control::accounts::letters::deliver::{Courier, CourierError};
use tokio::task::spawn_blocking;

use super::Sender;

/// Puts letters into a directory, one file each: `<id>.eml`.
#[derive(Clone, Debug)]
pub struct LetterFiles {
    sender: Sender,
    directory: PathBuf,
}

impl LetterFiles {
    /// Into this directory, which is made when the first letter comes.
    pub fn new(sender: Sender, directory: PathBuf) -> Self {
        Self { sender, directory }
    }
}

impl Courier for LetterFiles {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), CourierError>> {
        Box::pin(async move {
            let content = self.sender.message(letter)?.formatted();
            let (directory, id) = (self.directory.clone(), letter.id);
            let path = directory.join(format!("{id}.eml"));
            let written = spawn_blocking({
                let path = path.clone();
                move || write(&directory, &path, &content)
            });
            let unavailable = |error: String| CourierError::Unavailable(error);
            written
                .await
                .map_err(|error| unavailable(error.to_string()))?
                .map_err(|error| unavailable(format!("{}: {error}", path.display())))?;
            tracing::info!(letter = %id, path = %path.display(), "a letter was written");
            Ok(())
        })
    }
}

fn write(directory: &PathBuf, path: &PathBuf, content: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let unfinished = path.with_extension("unfinished");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::tests::letter;
    use super::*;

    #[tokio::test]
    async fn a_letter_is_a_file_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("letters");
        let sender = Sender::parse("tickets@example.org").unwrap();
        let files = LetterFiles::new(sender, directory.clone());
        let letter = letter("ada@example.org", "Onsale");
        files.deliver(&letter).await.unwrap();
        files.deliver(&letter).await.unwrap();
        let all: Vec<_> = fs::read_dir(&directory).unwrap().map(Result::unwrap).collect();
        assert_eq!(all.len(), 1, "again is the same");
        assert_eq!(all[0].file_name().to_str().unwrap(), format!("{}.eml", letter.id));
        assert_eq!(all[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(all[0].path()).unwrap().contains("To: ada@example.org\r\n"));
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_is_tried_again() {
        let sender = Sender::parse("tickets@example.org").unwrap();
        let files = LetterFiles::new(sender, "/proc/nowhere".into());
        let outcome = files.deliver(&letter("ada@example.org", "Onsale")).await;
        assert!(matches!(outcome, Err(CourierError::Unavailable(_))), "{outcome:?}");
    }
}
