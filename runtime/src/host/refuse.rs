//! Turning a connection away so that its client hears why.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use hyper::rt::{Read, ReadBuf, Write};

use super::Host;

/// No work was begun, so a client may come again; the pause keeps the crowd from coming at once.
const RESPONSE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n\
    content-length: 0\r\nconnection: close\r\n\r\n";

/// How long a client may take to hear it.
const LINGER: Duration = Duration::from_secs(1);

/// Answers 503 without reading the request, then waits (a second at most) for the client to hang
/// up: closing with its request unread would reset the connection and take the answer with it.
pub(super) async fn refuse<H: Host>(host: H, mut stream: impl Read + Write + Unpin) {
    ::tokio::select! {
        biased;
        // The client is gone or was told; neither is news.
        _ = answer_and_drain(&mut stream) => {}
        () = host.sleep(LINGER) => {}
    }
}

async fn answer_and_drain(stream: &mut (impl Read + Write + Unpin)) -> io::Result<()> {
    let mut rest = RESPONSE;
    while !rest.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, rest)).await?;
        rest = &rest[written..];
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await?;
    let mut ignored = [0; 1024];
    loop {
        let mut buffer = ReadBuf::new(&mut ignored);
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, buffer.unfilled())).await?;
        if buffer.filled().is_empty() {
            return Ok(());
        }
    }
}
