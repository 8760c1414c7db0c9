//! A request's body that must keep coming.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::rt::{Sleep, Timer};

use crate::host::{Host, HostTimer};

/// Slower than any connection that still works; at this rate the smallest bodies take seconds.
const BYTES_PER_S_MIN: u64 = 512;

/// A body with a limit on how long each piece of it may take, and on how slow all of it may be.
pub(in crate::host) struct PatientBody<H: Host> {
    body: Incoming,
    timer: HostTimer<H>,
    limit: Duration,
    received_bytes: u64,
    /// When it was first waited for.
    began: Option<Instant>,
    /// Until when the next piece must have come, if it is waited for.
    waiting: Option<Pin<Box<dyn Sleep>>>,
}

impl<H: Host> PatientBody<H> {
    pub(in crate::host) fn new(body: Incoming, timer: HostTimer<H>, limit: Duration) -> Self {
        Self { body, timer, limit, received_bytes: 0, began: None, waiting: None }
    }
}

// Nothing in it is pinned in place: hyper's body is not, and its sleeps are boxed.
impl<H: Host> Unpin for PatientBody<H> {}

impl<H: Host> Body for PatientBody<H> {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            self.received_bytes += data.map_or(0, |data| data.len() as u64);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Self { timer, limit, received_bytes, began, waiting, .. } = &mut *self;
        let waiting = waiting.get_or_insert_with(|| {
            let now = timer.now();
            let began = *began.get_or_insert(now);
            timer.sleep_until(deadline(began, now, *received_bytes, *limit))
        });
        waiting.as_mut().poll(context).map(|()| {
            let reason = "the rest of the body did not come in time";
            Some(Err(io::Error::new(io::ErrorKind::TimedOut, reason).into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Until when the next piece must have come. A client that sends a byte whenever its time is almost
/// up runs out of it all the same.
fn deadline(began: Instant, now: Instant, received_bytes: u64, limit: Duration) -> Instant {
    let all = Duration::from_millis(received_bytes.saturating_mul(1_000) / BYTES_PER_S_MIN);
    (now + limit).min(began + limit + all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_at_a_time_does_not_last_for_ever() {
        let limit = Duration::from_secs(10);
        let began = Instant::now();
        let (mut now, mut bytes) = (began, 0);
        while deadline(began, now, bytes, limit) > now {
            now += Duration::from_secs(9);
            bytes += 1;
        }
        assert!(bytes <= 3, "{bytes} bytes in {:?}", now - began);
    }

    #[test]
    fn a_slow_line_that_keeps_sending_gets_the_time_it_needs_but_no_credit() {
        let limit = Duration::from_secs(10);
        let began = Instant::now();
        let hour = began + Duration::from_secs(3_600);
        let sent = 1024 * 3_600;
        assert_eq!(deadline(began, hour, sent, limit), hour + limit);
    }
}
