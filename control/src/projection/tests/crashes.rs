//! Whoever takes facts in may be gone at any moment: nothing is lost, and nothing counts twice.

use std::pin::pin;
use std::task::Poll;

use std::future::{Future, poll_fn};

use super::*;
use crate::projection::table::Stored;
use crate::projection::{ProjectError, Projected};

/// Lets a future be polled so many times, then drops it, wherever it is.
async fn crash_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Whether the checkpoint among all rows is another one.
fn moved(rows: &Dump, from: &Checkpoint) -> bool {
    let (_, checkpoints) = rows.iter().find(|(name, _)| *name == Checkpoint::TABLE.name).unwrap();
    checkpoints.first().is_some_and(|row| *row != from.values())
}

databases! {
    async fn a_crash_at_any_step_leaves_all_of_a_batch_or_nothing(database: TestDatabase) {
        let other = TestDatabase::sqlite().await;
        let sale = sales(40..41).next().unwrap();
        let (mut crashes, mut batches) = (0, 0);
        for decisions in sale.decisions.chunks(10) {
            batches += 1;
            let from = checkpoint(&database, sale.partition, JOURNAL).await.unwrap();
            let mut done = None;
            for polls in 1.. {
                let before = dump(&database).await;
                let work = project(&database, &from, decisions);
                if let Some(projected) = crash_after(polls, work).await {
                    done = projected.ok();
                    break;
                }
                crashes += 1;
                let after = dump(&database).await;
                if moved(&after, &from) {
                    // It was told to keep the changes, and did, and nobody was there to hear it.
                    break;
                }
                assert_eq!(after, before);
            }
            let last = decisions.last().unwrap();
            let fact = last.first + last.decision.facts.len() as u64 - 1;
            let now = checkpoint(&database, sale.partition, JOURNAL).await.unwrap();
            assert_eq!(now.fact, fact);
            assert!(done.is_none_or(|Projected { checkpoint, .. }| checkpoint == now));
        }
        project_all(&other, &sale, 1_000).await;
        assert_eq!(dump(&database).await, dump(&other).await);
        // How often it is polled depends on how quick the database is; once is never enough.
        assert!(crashes >= batches, "{crashes} crashes in {batches} batches");
    }

    async fn two_who_take_in_the_same_facts_count_them_once(database: TestDatabase) {
        let other = TestDatabase::sqlite().await;
        let sale = sales(40..41).next().unwrap();
        let mut from = Checkpoint::beginning(sale.partition, JOURNAL);
        for decisions in sale.decisions.chunks(10) {
            let work = || project(&database, &from, decisions);
            let (one, other) = futures_util::join!(work(), work());
            let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
            assert!(matches!(lost, Err(ProjectError::Moved)), "{lost:?}");
            from = won.unwrap().checkpoint;
        }
        project_all(&other, &sale, 1_000).await;
        assert_eq!(dump(&database).await, dump(&other).await);
    }

    async fn what_does_not_go_on_from_what_is_there_changes_nothing(database: TestDatabase) {
        let sale = sales(40..41).next().unwrap();
        let from = Checkpoint::beginning(sale.partition, JOURNAL);
        let (_, later) = sale.decisions.split_at(5);
        let refused = project(&database, &from, later).await;
        assert!(matches!(refused, Err(ProjectError::Contradiction(_))), "{refused:?}");
        assert!(dump(&database).await.iter().all(|(_, rows)| rows.is_empty()));
        project_all(&database, &sale, 1_000).await;
        let stranger = checkpoint(&database, sale.partition, Journal(2)).await;
        assert!(matches!(stranger, Err(ProjectError::OtherJournal { .. })), "{stranger:?}");
    }
}
