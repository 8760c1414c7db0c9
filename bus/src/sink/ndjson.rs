//! A file, or the standard output: one event a line.
//!
//! A file that a crash left with half a line is cut back to the last whole one: that event is
//! delivered again. One that was moved away is left alone, and a new one is begun.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;

use super::{Sink, SinkError};
use crate::event::Event;

/// How much of the end of a file is looked at together.
const PIECE: u64 = 64 * 1024;

/// Events as lines. A cheap handle: all of its clones write to the same place, whole lines each.
#[derive(Clone, Debug)]
pub struct Ndjson(Arc<Mutex<Output>>);

#[derive(Debug)]
enum Output {
    Standard,
    File { path: PathBuf, open: Option<File> },
}

impl Ndjson {
    /// The standard output.
    pub fn standard() -> Self {
        Self(Arc::new(Mutex::new(Output::Standard)))
    }

    /// A file, which is opened once there is something to write.
    pub fn file(path: PathBuf) -> Self {
        Self(Arc::new(Mutex::new(Output::File { path, open: None })))
    }

    /// Does something that takes time with the output.
    async fn with(
        &self,
        work: impl FnOnce(&mut Output) -> io::Result<()> + Send + 'static,
    ) -> Result<(), SinkError> {
        let output = Arc::clone(&self.0);
        let done = spawn_blocking(move || {
            // Whoever panicked has left whole lines, or half a one that is cut off.
            work(&mut output.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let done = done.await.map_err(|error| SinkError::temporary(0, &error))?;
        done.map_err(|error| SinkError::temporary(0, &error))
    }
}

impl Sink for Ndjson {
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        let lines = events.iter().flat_map(|event| [event.json.as_str(), "\n"]).collect::<String>();
        self.with(move |output| output.write(lines.as_bytes())).boxed()
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        self.with(Output::settle).boxed()
    }
}

impl Output {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard => {
                let mut out = io::stdout().lock();
                out.write_all(lines)?;
                out.flush()
            }
            Self::File { path, open } => {
                let mut file = match open.take() {
                    Some(file) if is_still_at(&file, path) => file,
                    _ => open_whole(path)?,
                };
                // If it fails the file is opened anew, and half a line is cut off.
                file.write_all(lines)?;
                *open = Some(file);
                Ok(())
            }
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        match self {
            Self::File { open: Some(file), .. } => file.sync_data(),
            Self::File { open: None, .. } | Self::Standard => Ok(()),
        }
    }
}

/// Whether this is still what the path names.
fn is_still_at(file: &File, path: &Path) -> bool {
    let place = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let (ours, named) = (file.metadata().map(place), path.metadata().map(place));
    matches!((ours, named), (Ok(ours), Ok(named)) if ours == named)
}

/// Opens a file at its end, without half a line there.
fn open_whole(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        let whole = whole_lines(&file, metadata.len())?;
        if whole < metadata.len() {
            file.set_len(whole)?;
        }
    }
    Ok(file)
}

/// How many of the first `length` bytes are whole lines.
fn whole_lines(file: &File, length: u64) -> io::Result<u64> {
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        let mut piece = vec![0; (end - start) as usize];
        file.read_exact_at(&mut piece, start)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::sink::testing::event;

    fn lines(path: &Path) -> Vec<String> {
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn each_event_is_a_line_and_half_a_one_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let mut sink = Ndjson::file(path.clone());
        sink.deliver(&[event(1), event(2)]).await.unwrap();
        sink.settle().await.unwrap();
        assert_eq!(lines(&path), [event(1).json, event(2).json]);
        // As a crash in the middle of a long write leaves it.
        let half = vec![b'x'; 3 * PIECE as usize + 5];
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&half).unwrap();
        let mut again = Ndjson::file(path.clone());
        again.deliver(&[event(3)]).await.unwrap();
        assert_eq!(lines(&path), [1, 2, 3].map(|number| event(number).json));
    }

    #[tokio::test]
    async fn a_file_that_is_moved_away_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("events"), folder.path().join("events.1"));
        let mut sink = Ndjson::file(path.clone());
        sink.deliver(&[event(1)]).await.unwrap();
        fs::rename(&path, &old).unwrap();
        sink.clone().deliver(&[event(2)]).await.unwrap();
        sink.deliver(&[event(3)]).await.unwrap();
        assert_eq!(lines(&old), [event(1).json]);
        assert_eq!(lines(&path), [event(2).json, event(3).json]);
    }

    #[tokio::test]
    async fn a_place_that_is_not_there_yet_may_be_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mounted/events");
        let mut sink = Ndjson::file(path.clone());
        let error = sink.deliver(&[event(1)]).await.unwrap_err();
        assert!(matches!(error, SinkError::Temporary { delivered: 0, .. }), "{error:?}");
        fs::create_dir(folder.path().join("mounted")).unwrap();
        sink.deliver(&[event(1)]).await.unwrap();
        assert_eq!(lines(&path).len(), 1);
    }
}
