//! The end of a request's patience, cheap to move: while answers come in time, the runtime's timer
//! is touched once in a timeout and not once in a request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

use super::Failure;

/// When the request under way is given up.
#[derive(Debug)]
pub(super) struct Deadline {
    at: Instant,
    /// Set for that time or an earlier one.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(super) fn new() -> Self {
        Self { at: Instant::now(), timer: None }
    }

    pub(super) fn set(&mut self, at: Instant) {
        self.at = at;
    }

    /// What came, or that it did not come in time.
    pub(super) fn bound<T>(
        &mut self,
        context: &mut Context<'_>,
        came: Poll<Result<T, Failure>>,
    ) -> Poll<Result<T, Failure>> {
        match came {
            Poll::Pending => self.poll(context).map(|()| Err(Failure::TimedOut)),
            Poll::Ready(came) => Poll::Ready(came),
        }
    }

    /// Ready when the time has come.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let at = self.at;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        ready!(timer.as_mut().poll(context));
        if timer.deadline() < at {
            // It was set for a request that is long answered.
            timer.as_mut().reset(at);
            ready!(timer.as_mut().poll(context));
        }
        Poll::Ready(())
    }
}
