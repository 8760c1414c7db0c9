//! The journal of one partition: every fact, in order, once.
//!
//! ```text
//!   append ─> queue ─> batch ─> Request::Write ─> (shell: disk) ─> written ─> durable()
//!
//!   0000000001.segment            0000000002.segment
//!   ┌────────┬───────┬─────────┐  ┌────────┬───────┬──────┬────────┐
//!   │ header │ batch │ batch   │  │ header │ batch │ seal │ zeros  │    blocks of 4096 bytes
//!   └────────┴───────┴─────────┘  └────────┴───────┴──────┴────────┘
//! ```
//!
//! [`Writer`] writes it, [`Recovery`] reads it at a start, [`Follower`] while it is written.
//!
//! A *record* is one decision: all the facts of one command, or none. A *batch* is one write. The
//! format and every crash window are argued in `docs/adr/0001-journal-format.md`, the promise
//! behind [`Writer::durable`] in `docs/adr/0002-acknowledge-after-durable.md`.
//!
//! Deliberately absent: rewriting a block, truncating a file, retrying a write.

mod config;
mod error;
mod follow;
mod format;
mod inspect;
mod number;
mod queue;
mod reader;
mod recovery;
mod retention;
mod segments;
mod sequence;
mod writer;

pub use config::JournalConfig;
pub use error::{AppendError, ConfigError, Damage, RecoverError};
pub use follow::{Bookmark, FollowError, Follower};
pub use format::{BLOCK_BYTES, FORMAT_VERSION};
pub use inspect::{Inspection, SnapshotSummary, inspect};
pub use number::{Chain, FactNumber, Identity, JournalId, SegmentIndex};
pub use reader::{SegmentSummary, TornTail};
pub use recovery::{Record, Recovered, Recovery, SegmentEnd, Start, Tail};
pub use retention::{Obsolete, PruneError, SegmentStart, obsolete, prune};
pub use writer::{Request, WriteId, Writer};
