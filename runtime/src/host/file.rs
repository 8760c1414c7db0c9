//! What both hosts do alike with journal files. Blocking: for threads that may block.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, OFlags, fadvise};

/// Offsets and lengths of durable writes are multiples of this: the page size, and at least the
/// logical block of every disk direct IO is used on.
pub const BLOCK_BYTES: usize = 4096;

/// How much of a new file is made durable at a time. A disk that flushes makes every write that
/// comes meanwhile wait until it is done: for a whole segment that is tens of milliseconds, which
/// the slowest hundredth of all buyers would feel; for a piece it is less than one.
const PIECE_BYTES: u64 = 256 << 10;

/// Creates `path` holding `bytes` zeros, all of it durable, in place of what a crash left there.
/// The zeros are really written: on a merely allocated file every first write would also have to
/// commit the file system's own journal.
pub(super) fn prezero(path: &Path, bytes: u64) -> io::Result<()> {
    if !bytes.is_multiple_of(BLOCK_BYTES as u64) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the size of a journal file must be a multiple of {BLOCK_BYTES}: {bytes}"),
        ));
    }
    let unfinished = unfinished(path);
    let mut file = File::create(&unfinished)?;
    write_zeros(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_parent(path)
}

/// Makes durable what an earlier process may have left in a cache.
pub(super) fn settle(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()?;
    sync_parent(path)
}

/// Opens for durable writes: `O_DSYNC` always, `O_DIRECT` if asked for.
pub(super) fn open_durable(path: &Path, direct: bool) -> io::Result<File> {
    let direct = if direct { OFlags::DIRECT } else { OFlags::empty() };
    OpenOptions::new().write(true).custom_flags(flag_bits(OFlags::DSYNC | direct)).open(path)
}

/// The flags as the C type that `open` options take.
pub(super) fn flag_bits(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// Refuses what direct IO would refuse, on every file system alike.
pub(super) fn check_aligned(offset: u64, length: usize) -> io::Result<()> {
    let block = BLOCK_BYTES as u64;
    if offset.is_multiple_of(block) && length.is_multiple_of(BLOCK_BYTES) && length > 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("a durable write covers whole blocks of {block}, not {length} at {offset}"),
    ))
}

/// A write that stopped short: what is on disk is unknown.
pub(super) fn check_complete(written: usize, length: usize, offset: u64) -> io::Result<()> {
    if written == length {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::WriteZero,
        format!("wrote {written} of {length} bytes at {offset}: is the disk full?"),
    ))
}

/// Beside the file, so that the rename stays within one file system.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// A piece at a time: see [`PIECE_BYTES`]. What is written later goes past the page cache, so no
/// zero need stay there.
fn write_zeros(file: &mut File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; PIECE_BYTES.min(bytes) as usize];
    let mut offset = 0;
    while offset < bytes {
        let piece = PIECE_BYTES.min(bytes - offset);
        file.write_all(&zeros[..piece as usize])?;
        file.sync_data()?;
        fadvise(&*file, offset, NonZeroU64::new(piece), Advice::DontNeed)?;
        offset += piece;
    }
    Ok(())
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
