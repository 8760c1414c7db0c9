//! The state at one fact, so that a restart need not replay everything.
//!
//! ```text
//!  0 magic      8     16 journal id  u128   40 time ms        i64   56 SHA-256 of the payload  32
//!  8 version    u32   32 fact        u64    48 payload bytes  u64   88 chain  u32   92 crc  u32
//! 12 partition  u32                                                 96 payload
//! ```
//!
//! The file is called after its fact. A snapshot is also a witness: it is only taken of facts that
//! are durable, so a journal that ends before its snapshot is damaged.
//!
//! Deliberately absent: what the payload means, and when to take one.

use std::io;

use sha2::{Digest, Sha256};

use crate::directory::Directory;
use crate::fields::Fields;
use crate::journal::{Chain, FactNumber, Identity, JournalId};

/// The version this program writes, and the only one it reads.
pub const SNAPSHOT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"ONSALESS";
const HEADER_BYTES: usize = 96;
const CRC_AT: usize = HEADER_BYTES - 4;
const FACT_DIGITS: usize = 20;
const SUFFIX: &str = ".snapshot";

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// Whose state it is.
    pub identity: Identity,
    /// The last fact in the state: a durable one.
    pub fact: FactNumber,
    /// The chain after that fact.
    pub chain: Chain,
    /// When it was taken, in milliseconds since 1970.
    pub time_ms: i64,
}

/// The SHA-256 of a state.
pub type StateHash = [u8; 32];

/// A snapshot whose hash is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What it is of.
    pub header: SnapshotHeader,
    /// The hash of the payload.
    pub state_hash: StateHash,
    /// The state.
    pub payload: Vec<u8>,
}

/// Why a snapshot file is not used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is not what was written.
    #[error("{file} is damaged: remove it, and check the disk")]
    Damaged {
        /// The file.
        file: String,
    },
    /// The operating system could not read or write it.
    #[error("cannot access {file}: {source}. Check permissions, space and the disk")]
    Io {
        /// The file, or the directory when it could not be listed.
        file: String,
        /// What it said.
        source: io::Error,
    },
    /// A newer program wrote it.
    #[error(
        "{file} has format version {found}, this program reads version {SNAPSHOT_VERSION}: start \
         the program that wrote it, or a newer one"
    )]
    UnknownVersion {
        /// The file.
        file: String,
        /// Its version.
        found: u32,
    },
}

/// The newest good snapshot, and the newer ones that are not: to be reported, never passed over
/// in silence.
#[derive(Debug, Default)]
pub struct Newest {
    /// The snapshot to start from, if any.
    pub snapshot: Option<Snapshot>,
    /// Why newer ones were not used, newest first.
    pub rejected: Vec<SnapshotError>,
}

/// Writes a snapshot, durably and atomically. Answers the hash of the state.
pub fn save(
    directory: &mut impl Directory,
    header: &SnapshotHeader,
    payload: &[u8],
) -> Result<StateHash, SnapshotError> {
    let state_hash = Sha256::digest(payload).into();
    let encoded = encode(header, payload.len(), &state_hash);
    let file = file_name(header.fact);
    directory
        .write_atomically(&file, &[&encoded, payload])
        .map_err(|source| SnapshotError::Io { file, source })?;
    Ok(state_hash)
}

/// Finds the newest snapshot that is sound.
pub fn load_newest(directory: &impl Directory) -> Result<Newest, SnapshotError> {
    let mut newest = Newest::default();
    for fact in snapshot_facts(directory)?.into_iter().rev() {
        match load(directory, fact) {
            Ok(snapshot) => {
                newest.snapshot = Some(snapshot);
                break;
            }
            Err(error) => newest.rejected.push(error),
        }
    }
    Ok(newest)
}

/// Reads and verifies the snapshot of one fact.
pub fn load(directory: &impl Directory, fact: FactNumber) -> Result<Snapshot, SnapshotError> {
    let file = file_name(fact);
    let mut bytes = match directory.read(&file, 0..u64::MAX) {
        Ok(bytes) => bytes,
        Err(source) => return Err(SnapshotError::Io { file, source }),
    };
    if let Some(found) = version(&bytes).filter(|&version| version != SNAPSHOT_VERSION) {
        return Err(SnapshotError::UnknownVersion { file, found });
    }
    let Some((header, payload_bytes, state_hash)) = decode(&bytes) else {
        return Err(SnapshotError::Damaged { file });
    };
    let payload = bytes.split_off(HEADER_BYTES);
    let is_sound = header.fact == fact
        && payload.len() as u64 == payload_bytes
        && Sha256::digest(&payload)[..] == state_hash;
    if !is_sound {
        return Err(SnapshotError::Damaged { file });
    }
    Ok(Snapshot { header, state_hash, payload })
}

/// The facts of which there are snapshots, oldest first; whether they are sound is not looked at.
pub fn snapshot_facts(directory: &impl Directory) -> Result<Vec<FactNumber>, SnapshotError> {
    let listed = directory.list();
    let entries =
        listed.map_err(|source| SnapshotError::Io { file: "the snapshots".to_owned(), source })?;
    Ok(entries.iter().filter_map(|entry| fact_of_file(&entry.name)).collect())
}

/// `00000000000000000042.snapshot`: names sort as the facts do.
pub fn file_name(fact: FactNumber) -> String {
    format!("{:0FACT_DIGITS$}{SUFFIX}", fact.get())
}

fn fact_of_file(name: &str) -> Option<FactNumber> {
    let digits = name.strip_suffix(SUFFIX)?;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() != FACT_DIGITS || !all_digits {
        return None;
    }
    // The very last number has no next, and no journal gets there.
    digits.parse().ok().filter(|&fact| fact < u64::MAX).map(FactNumber::new)
}

fn encode(header: &SnapshotHeader, payload_bytes: usize, hash: &StateHash) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&SNAPSHOT_VERSION.to_le_bytes());
    out.extend_from_slice(&header.identity.partition.to_le_bytes());
    out.extend_from_slice(&header.identity.journal.0.to_le_bytes());
    out.extend_from_slice(&header.fact.get().to_le_bytes());
    out.extend_from_slice(&header.time_ms.to_le_bytes());
    out.extend_from_slice(&(payload_bytes as u64).to_le_bytes());
    out.extend_from_slice(hash);
    out.extend_from_slice(&header.chain.0.to_le_bytes());
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// The version of a header whose CRC is right.
fn version(bytes: &[u8]) -> Option<u32> {
    let (content, rest) = bytes.split_at_checked(CRC_AT)?;
    if Fields(rest).u32()? != crc32c::crc32c(content) {
        return None;
    }
    let mut fields = Fields(content);
    (fields.array()? == MAGIC).then(|| fields.u32()).flatten()
}

fn decode(bytes: &[u8]) -> Option<(SnapshotHeader, u64, StateHash)> {
    version(bytes)?;
    let mut fields = Fields(&bytes[MAGIC.len() + 4..]);
    let identity = Identity { partition: fields.u32()?, journal: JournalId(fields.u128()?) };
    let fact = FactNumber::new(fields.u64()?);
    let time_ms = i64::from_le_bytes(fields.array()?);
    let payload_bytes = fields.u64()?;
    let state_hash = fields.array()?;
    let chain = Chain(fields.u32()?);
    Some((SnapshotHeader { identity, fact, chain, time_ms }, payload_bytes, state_hash))
}
