//! The closed model: so many connections, each of which sends its next request when the answer to
//! the last one is there. For comparing servers with each other, and a server with itself.
//!
//! What is asked is a [`Scenario`]. What it needs is prepared before anything is measured: the
//! operator defines and opens an event of its own for the run, guests open their sessions, and each
//! guest is seen once by the server on the connection that will use them, because a real buyer has
//! joined and polled before they buy, so their token has been verified. Buyers take turns, so the
//! next request always is another buyer's; where a run is longer than there are buyers they come
//! again, with new keys.
//!
//! With a rate, requests are due at fixed intervals and go by whichever connection is free: latency
//! then counts from when they were due (corrected) and from when they were sent (raw). An answer of
//! 503 is a refusal and not repeated.
//!
//! Deliberately absent: think times and schedules of people who do not wait for the server, which
//! are the open model's.

mod buyers;
mod conductor;
mod crews;
mod desk;
mod hold;
mod pace;
mod person;
mod plan;
mod purchase;
mod read;
mod seen;
mod stage;
mod thread;
mod tokens;
mod worker;

pub use self::conductor::{Finished, Progress, run};
pub use self::plan::{ClosedError, Core, Length, Plan, Scenario};
