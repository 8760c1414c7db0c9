//! What was tried lately at each endpoint: gathered in memory, and written to the database once a
//! second. It is for whoever looks why nothing arrives. Nothing depends on it, so nothing waits for
//! it: while the database is away it is lost.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onsale_control::database::Database;
use onsale_control::id::WebhookId;
use onsale_control::webhooks::delivery::{self, Delivery, KEPT};
use tokio::time::sleep;

/// How often they are written.
const WRITE_EVERY: Duration = Duration::from_secs(1);

type Tried = BTreeMap<WebhookId, VecDeque<Delivery>>;

/// Attempts that are not written yet, at most as many of each endpoint as are kept. A cheap handle.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Arc<Mutex<Tried>>);

impl Notes {
    /// Notes an attempt.
    pub(super) fn add(&self, endpoint: WebhookId, delivery: Delivery) {
        let mut all = self.lock();
        let tried = all.entry(endpoint).or_default();
        if tried.len() == KEPT {
            tried.pop_front();
        }
        tried.push_back(delivery);
    }

    /// Writes what there is, for as long as it is polled.
    pub(super) async fn keep(self, database: Database) {
        loop {
            sleep(WRITE_EVERY).await;
            let taken = mem::take(&mut *self.lock());
            for (endpoint, tried) in taken {
                let written = delivery::note(&database, endpoint, &Vec::from(tried)).await;
                if let Err(error) = written {
                    tracing::debug!(%endpoint, %error, "what was tried is not written down");
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tried> {
        // Nothing panics while it is held, and notes that are half changed are still notes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::time::{Span, Time};

    use super::*;

    #[test]
    fn the_newest_are_kept() {
        let (notes, endpoint) = (Notes::default(), WebhookId::random());
        for number in 0..=KEPT {
            notes.add(
                endpoint,
                Delivery {
                    event: number.to_string(),
                    kind: "onsale.order.placed.v1".to_owned(),
                    attempt: 1,
                    status: Some(200),
                    failure: None,
                    took: Span::from_ms(1),
                    at: Time::ZERO,
                },
            );
        }
        let tried = notes.lock().remove(&endpoint).unwrap();
        assert_eq!((tried.len(), tried[0].event.as_str()), (KEPT, "1"));
    }
}
