//! Everybody comes at once: all buyers are there before the doors open, and none waits for another.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::buyer::{Buyer, Ending};
use super::client::{Client, ClientError};
use super::events::DemoEvents;
use super::progress;

/// How many buyers there are, and how they decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    pub(super) buyers: u32,
    pub(super) seed: u64,
}

impl Crowd {
    /// Lets everybody live through the sale, and shows how it goes.
    pub(super) async fn storm(
        self,
        client: &Client,
        events: &DemoEvents,
    ) -> Result<(), ClientError> {
        println!("{} buyers storm the events (seed {})", self.buyers, self.seed);
        let mut buyers = JoinSet::new();
        for number in 0..self.buyers {
            let (client, events) = (client.clone(), events.clone());
            buyers.spawn(async move {
                Buyer::new(&client, &events, self.seed, u64::from(number)).live().await
            });
        }
        let mut endings = BTreeMap::<&str, u32>::new();
        let mut progress = progress::Progress::new(client, events);
        loop {
            tokio::select! {
                ended = buyers.join_next() => match ended {
                    Some(ended) => count(&mut endings, ended.unwrap_or(Ending::Lost)),
                    None => break,
                },
                () = progress.next_line() => progress.show(buyers.len()).await?,
            }
        }
        progress.show(0).await?;
        progress.finish();
        let told: Vec<_> = endings.iter().map(|(what, count)| format!("{count} {what}")).collect();
        println!("\nThe crowd: {}", told.join(", "));
        Ok(())
    }
}

fn count(endings: &mut BTreeMap<&str, u32>, ending: Ending) {
    let what = match ending {
        Ending::Bought(_) => "bought",
        Ending::SoldOut => "found nothing left",
        Ending::Abandoned => "changed their mind",
        Ending::NotPaid => "did not pay",
        Ending::Refused => "were refused",
        Ending::Lost => "got no answer",
    };
    *endings.entry(what).or_default() += 1;
}
