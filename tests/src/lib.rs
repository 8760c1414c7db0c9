//! Black-box tests of the real binary: what they share.
//!
//! A [`Server`] is a process with a data directory of its own, on a port that the system chose; a
//! [`Shopper`] is a buyer with an HTTP client; a [`History`] is what clients asked and were told,
//! to be judged by invariants (`sim/wire` has its clients judged in the same way). A [`Desk`] is
//! whoever runs the catalogue. A [`Shop`] is paid at six providers, whose [`books`] are compared
//! with the server's; [`Sinks`] get what is published, which is compared with the [`facts`] of its
//! journal. A [`storm()`] is buyers under whom the server is killed. Deliberately absent: any look
//! into the server. The tests themselves are in `tests/`, one subject a file.

mod bank;
pub mod books;
mod desk;
pub mod facts;
mod history;
mod hook;
mod promises;
mod reading;
mod recorder;
mod server;
mod shop;
mod shopper;
mod sinks;
mod storm;

pub use self::bank::{Bank, PROVIDERS};
pub use self::desk::{Desk, draft_path};
pub use self::history::{Call, History};
pub use self::hook::webhook_signature;
pub use self::recorder::{Recorder, Wish};
pub use self::server::{Ended, Server, binary};
pub use self::shop::{PATIENT_MS, Placed, Shop, house, selling};
pub use self::shopper::{Answer, Operator, Shopper, club, small_house};
pub use self::sinks::Sinks;
pub use self::storm::{buying_storm, storm};
