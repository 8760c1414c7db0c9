//! Where a sink begins whose cursor is not there yet.

use onsale_bus::event::Currencies;
use onsale_control::database::Database;
use onsale_control::webhooks::feed;
use onsale_core::time::Time;
use onsale_storage::journal::{Bookmark, FollowError};

use super::{Cursor, FACTS_MAX, Halt};
use crate::facts::{End, Facts, FactsError, Followed};

/// Where a sink begins.
#[derive(Clone, Debug)]
pub enum Beginning {
    /// Before the first fact. If it was removed, nothing is delivered.
    First,
    /// Before what has happened since then, as far as it is there. This database knows what events
    /// are sold in whose definition was removed: read models have taken in all that was.
    Since(Time, Database),
}

impl Beginning {
    /// Looks for it, as the `follower`-th of those who follow these facts.
    pub(super) async fn find(&self, facts: &Facts, follower: usize) -> Result<Cursor, Halt> {
        let Self::Since(since, database) = self else { return Ok(Cursor::beginning()) };
        match pass_over(Cursor::beginning(), *since, facts, follower).await {
            Err(Halt::Facts(FactsError::Journal(FollowError::Pruned { oldest, .. }))) => {
                let mut currencies = Currencies::default();
                for (event, currency) in feed::currencies(database, facts.id).await? {
                    currencies.learn(event, currency);
                }
                let bookmark = Bookmark { fact: oldest.previous(), chain: None };
                let from = Cursor { bookmark, currencies };
                pass_over(from, *since, facts, follower).await
            }
            found => found,
        }
    }
}

/// Goes on from a cursor to what has happened since then, and learns on the way what events are
/// sold in. The facts say when they happened, and nothing else does: so all of them are read.
async fn pass_over(
    mut cursor: Cursor,
    since: Time,
    facts: &Facts,
    follower: usize,
) -> Result<Cursor, Halt> {
    let mut following = facts.follow(follower, cursor.bookmark)?;
    loop {
        let read = following.read(FACTS_MAX).await?;
        following = read.following;
        for Followed { decision, bookmark, .. } in &read.decisions {
            if decision.at >= since {
                return Ok(cursor);
            }
            cursor.currencies.learn_from(decision);
            cursor.bookmark = *bookmark;
        }
        match read.end {
            End::Full => {}
            End::Over => return Ok(cursor),
            End::Unreadable(error) => return Err(error.into()),
        }
    }
}
