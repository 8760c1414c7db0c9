//! A request's body that must keep coming: a client who stops in the middle of one would keep its
//! connection, and with it a place among those that a core takes, for ever.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::rt::{Sleep, Timer};

use super::{Host, HostTimer};

/// A body with a limit on how long each piece of it may take.
pub(super) struct PatientBody<H: Host> {
    body: Incoming,
    timer: HostTimer<H>,
    limit: Duration,
    /// Until when the next piece must have come, if it is waited for.
    waiting: Option<Pin<Box<dyn Sleep>>>,
}

impl<H: Host> PatientBody<H> {
    pub(super) fn new(body: Incoming, timer: HostTimer<H>, limit: Duration) -> Self {
        Self { body, timer, limit, waiting: None }
    }
}

// Nothing in it is pinned in place: hyper's body is not, and its sleeps are boxed.
impl<H: Host> Unpin for PatientBody<H> {}

/// The client has stopped sending.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the body did not come in time")]
pub(super) struct Stalled;

impl<H: Host> Body for PatientBody<H> {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Self { timer, limit, waiting, .. } = &mut *self;
        let waiting = waiting.get_or_insert_with(|| timer.sleep(*limit));
        waiting.as_mut().poll(context).map(|()| Some(Err(Stalled.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
