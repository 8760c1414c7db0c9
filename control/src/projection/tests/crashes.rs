//! Whoever takes facts in may be gone at any moment: nothing is lost, and nothing counts twice.

use std::pin::pin;
use std::task::Poll;

use std::future::{Future, poll_fn};

use super::*;
use crate::projection::Projected;

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

databases! {
    async fn a_crash_at_any_step_leaves_all_of_a_batch_or_nothing(database: TestDatabase) {
        let other = TestDatabase::sqlite().await;
        let sale = sales(40..41).next().unwrap();
        let mut crashes = 0;
        for decisions in sale.decisions.chunks(40) {
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
                let now = checkpoint(&database, sale.partition, JOURNAL).await.unwrap();
                if now != from {
                    // It was told to keep the changes, and did, and nobody was there to hear it.
                    break;
                }
                assert_eq!(dump(&database).await, before);
            }
            let last = decisions.last().unwrap();
            let fact = last.first + last.decision.facts.len() as u64 - 1;
            let now = checkpoint(&database, sale.partition, JOURNAL).await.unwrap();
            assert_eq!(now.fact, fact);
            assert!(done.is_none_or(|Projected { checkpoint, .. }| checkpoint == now));
        }
        project_all(&other, &sale, 1_000).await;
        assert_eq!(dump(&database).await, dump(&other).await);
        assert!(crashes > 10, "only {crashes} crashes");
    }
}
