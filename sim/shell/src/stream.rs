//! A simulated TCP stream that sends a packet only if there is something in it.
//!
//! madsim's own sends an empty one whenever it is flushed. Whoever hears an empty packet looks
//! whether there is something to do, and flushes: two idle peers would talk for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use madsim::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream.
pub struct SimStream {
    inner: TcpStream,
    is_empty: bool,
}

impl SimStream {
    /// Over a stream that nothing was written to.
    pub fn new(inner: TcpStream) -> Self {
        Self { inner, is_empty: true }
    }
}

impl AsyncRead for SimStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for SimStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_empty &= bytes.is_empty();
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_empty {
            return Poll::Ready(Ok(()));
        }
        self.is_empty = true;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
