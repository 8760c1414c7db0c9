//! An answer that must be read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Sleep, Timer, Write};

use crate::host::{Host, HostTimer};

/// A connection with a limit on how long it may take no byte that is to be written. An idle one, or
/// one that waits for its answer, has nothing to be written and costs no timer.
pub(in crate::host) struct PatientStream<S, H: Host> {
    stream: S,
    timer: HostTimer<H>,
    limit: Duration,
    /// Until when a byte must have been taken, if one is to be.
    waiting: Option<Pin<Box<dyn Sleep>>>,
}

impl<S, H: Host> PatientStream<S, H> {
    pub(in crate::host) fn new(stream: S, timer: HostTimer<H>, limit: Duration) -> Self {
        Self { stream, timer, limit, waiting: None }
    }

    /// What came of an attempt, or the end of the client's time.
    fn bound<T>(
        &mut self,
        attempt: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if attempt.is_ready() {
            self.waiting = None;
            return attempt;
        }
        let Self { timer, limit, waiting, .. } = self;
        let waiting = waiting.get_or_insert_with(|| timer.sleep(*limit));
        waiting.as_mut().poll(context).map(|()| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer"))
        })
    }
}

impl<S: Read + Unpin, H: Host> Read for PatientStream<S, H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin, H: Host> Write for PatientStream<S, H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bound(attempt, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.bound(attempt, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_flush(context);
        self.bound(attempt, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_shutdown(context);
        self.bound(attempt, context)
    }
}
