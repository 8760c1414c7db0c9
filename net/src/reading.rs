//! How the read models are asked: as of when an answer is, how long somebody waits for what has
//! just happened, and how much of it goes on at one time.
//!
//! The sale is always a moment ahead of them. Whoever has just bought may say how long they would
//! wait (`catch_up_ms`): then everything that was durable when they asked is in the answer, unless
//! that takes too long. Either way the answer says as of when it is.

use std::sync::Arc;
use std::time::Duration;

use onsale_control::Control;
use onsale_control::database::StoreError;
use onsale_control::reading::Asked;
use onsale_core::id::EventId;
use onsale_core::time::{Span, Time};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::api::edge::Edge;
use crate::dto::in_query;
use crate::problem::{Problem, catalog};

/// The longest that anybody waits, in milliseconds.
const CATCH_UP_MS_MAX: u16 = 5_000;

/// An export takes about as long.
const EXPORT_RETRY_AFTER_S: u32 = 10;

/// How far behind the read models may be, and how much is asked of them at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingLimits {
    /// From so far behind on, `/readyz` says so.
    pub behind: Span,
    /// The most requests that wait for them to catch up; others are answered as things are.
    pub waits: usize,
    /// The most exports under way.
    pub exports: usize,
}

/// What is left of the limits. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct ReadingRoom {
    pub(crate) behind: Span,
    waits: Arc<Semaphore>,
    exports: Arc<Semaphore>,
}

impl ReadingRoom {
    pub(crate) fn new(limits: ReadingLimits) -> Self {
        let ReadingLimits { behind, waits, exports } = limits;
        let room = |places| Arc::new(Semaphore::new(places));
        Self { behind, waits: room(waits), exports: room(exports) }
    }

    /// A place for an export, for as long as it is under way.
    pub(crate) fn export(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.exports).try_acquire_owned().map_err(|_| {
            let detail = "as many exports are under way as there may be";
            Problem::new(&catalog::OVERLOADED, detail).retry_after(EXPORT_RETRY_AFTER_S)
        })
    }
}

/// How long somebody would wait for what has just happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatchUp(Duration);

impl CatchUp {
    /// Not at all.
    pub(crate) const NONE: Self = Self(Duration::ZERO);

    /// As it was asked for.
    pub(crate) fn parse(asked_ms: Option<u16>) -> Result<Self, Problem> {
        let asked_ms = asked_ms.unwrap_or_default();
        if asked_ms > CATCH_UP_MS_MAX {
            return in_query("catch_up_ms", Err(format!("must be at most {CATCH_UP_MS_MAX}")));
        }
        Ok(Self(Duration::from_millis(asked_ms.into())))
    }

    /// Waits, if there is a place to wait in.
    async fn wait(self, control: &Control, room: &ReadingRoom, event: Option<EventId>) {
        if self.0.is_zero() {
            return;
        }
        let Ok(_place) = room.waits.try_acquire() else { return };
        // Whatever is still missing then, the answer says so.
        let _ = timeout(self.0, control.progress.caught_up(event.map(EventId::partition))).await;
    }
}

/// Reads something about an event, or about all, as of now.
pub(crate) async fn read<T, F>(
    edge: &Edge,
    event: Option<EventId>,
    catch_up: CatchUp,
    work: impl FnOnce(Control, Asked) -> F + Send + 'static,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
    T: Send + 'static,
{
    let (now, room): (Time, _) = (edge.now(), edge.reading()?.clone());
    let read = async move |control: Control| {
        let asked = Asked::now(&control.progress, now, event);
        catch_up.wait(&control, &room, event).await;
        work(control, asked).await
    };
    edge.backstage(read).await
}
