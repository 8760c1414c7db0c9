//! In the waitroom: joining, waiting to be let in, giving up.

use std::time::Duration;

use serde::de::IgnoredAny;

use super::asking::Answer;
use super::{Leaves, Person};
use crate::api::{self, Call, Joined, Place};
use crate::mix::By;

/// How long one look waits for news: below the 25 s that the API allows.
const NEWS: Duration = Duration::from_secs(20);
/// For an answer that does not say when to ask again.
const POLL_AFTER: Duration = Duration::from_secs(1);

impl Person {
    /// Joins; nothing where there is no waitroom.
    pub(super) async fn join(&mut self) -> Result<(), Leaves> {
        let event = &self.crowd.scene.event;
        if event.waitroom.is_none() {
            return Ok(());
        }
        let request = api::join(&event.id, self.party);
        match self.ask_once::<Joined>(Call::Join, request).await? {
            Answer::Good(joined, _) => self.has.place = Some(joined.id),
            Answer::Refused(problem) => return Err(Leaves::refused(&problem)),
        }
        Ok(())
    }

    /// Waits to be let in; whoever joined nothing is.
    pub(super) async fn wait(&mut self, by: By) -> Result<(), Leaves> {
        let Some(place) = self.has.place.clone() else { return Ok(()) };
        let mut seen: Option<String> = None;
        loop {
            let shown: Place = match (by, &seen) {
                (By::Listen, Some(seen)) => {
                    let request = api::listen_to_place(&place, seen, self.patience(NEWS));
                    self.wish(Call::Listen, request).await?
                }
                _ => self.wish(Call::Poll, api::poll(&place)).await?,
            };
            match shown.state.as_str() {
                "ADMITTED" => {
                    self.has.checkout = shown.checkout_token;
                    return Ok(());
                }
                "QUEUED" if shown.sold_out => return Err(Leaves::SoldOut),
                "QUEUED" => {}
                _ => {
                    self.has.place = None;
                    return Err(Leaves::EmptyHanded);
                }
            }
            let after = shown.poll_after_ms.map_or(POLL_AFTER, Duration::from_millis);
            // A long poll has waited already.
            self.think(if by == By::Poll && !self.hammers { after } else { Duration::ZERO })?;
            seen = Some(shown.version);
        }
    }

    /// Gives up for good. Whoever gives back tells the server; others just close the window.
    pub(super) async fn abandon(&mut self, gives_back: bool) -> Result<(), Leaves> {
        if !gives_back {
            return Err(Leaves::ByChoice);
        }
        if let Some((hold, claim)) = self.has.hold.take() {
            self.doubt(claim);
            // Refused or not: they go.
            let _: Answer<IgnoredAny> = self.ask(Call::Release, api::release(&hold)).await?;
        }
        self.go_home().await;
        Err(Leaves::ByChoice)
    }

    /// Makes room for the next in line.
    pub(super) async fn go_home(&mut self) {
        let Some(place) = self.has.place.take() else { return };
        // Whatever comes of it: they are gone.
        let _: Result<Answer<IgnoredAny>, _> = self.ask(Call::Release, api::leave(&place)).await;
    }
}
