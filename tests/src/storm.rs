//! Buyers at work, and a server that is killed under them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::task::JoinSet;

use crate::server::Server;
use crate::shopper::Shopper;

/// So many buyers act again and again, until it has come to something often enough; then the server
/// is killed. `act` is told which buyer it is and how often they have acted before, and answers
/// whether it came to anything.
pub async fn storm<A>(
    server: Server,
    buyers: usize,
    enough: u64,
    act: impl Fn(usize, usize) -> A + Send + Sync + 'static,
) where
    A: Future<Output = bool> + Send + 'static,
{
    let act = Arc::new(act);
    let (served, is_over) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let mut acting = JoinSet::new();
    for buyer in 0..buyers {
        let act = Arc::clone(&act);
        let (served, is_over) = (Arc::clone(&served), Arc::clone(&is_over));
        acting.spawn(async move {
            for turn in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                if act(buyer, turn).await {
                    served.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    while served.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
    server.kill();
    is_over.store(true, Ordering::Relaxed);
    acting.join_all().await;
}

/// A storm of buyers who pay for tickets of these events.
pub async fn buying_storm(server: Server, buyers: usize, enough: u64, events: &[String]) {
    let (base, events) = (server.base.clone(), events.to_owned());
    let buy = move |buyer: usize, _| {
        let (base, event) = (base.clone(), events[buyer % events.len()].clone());
        async move {
            let Some(shopper) = Shopper::new(&base).await else { return false };
            shopper.buy(&event, 0, 1 + buyer as u32 % 3).await.is_some()
        }
    };
    storm(server, buyers, enough, buy).await;
}
