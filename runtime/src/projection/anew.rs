//! Read models of a partition from its first fact on, into a database that has none.

use onsale_control::database::Database;
use onsale_control::projection::{Checkpoint, Journal, project};

use super::{Halt, bookmark, numbered};
use crate::facts::{End, Facts};

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anew {
    /// How many facts were taken in.
    pub facts: u64,
    /// How many rows were written or removed.
    pub rows: u64,
}

/// Takes in all facts that are durable, so many at once.
pub async fn anew(
    database: &Database,
    facts: &Facts,
    journal: Journal,
    facts_max: u64,
) -> Result<Anew, Halt> {
    let mut from = Checkpoint::beginning(facts.id, journal);
    let mut following = facts.follow(0, bookmark(&from))?;
    let mut made = Anew::default();
    loop {
        let found = following.read(facts_max).await?;
        following = found.following;
        let projected = project(database, &from, &numbered(found.decisions)).await?;
        made = Anew { facts: made.facts + projected.facts, rows: made.rows + projected.rows };
        from = projected.checkpoint;
        match found.end {
            End::Full => {}
            End::Over => return Ok(made),
            End::Unreadable(error) => return Err(error.into()),
        }
    }
}
