//! Connections: opened when first used, kept, and opened again when the server has closed them.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::deadline::Deadline;
use super::encode::{Encoded, encode};
use super::intake::{Intake, Reply};
use super::{Counts, Failure, Request, Response};
use crate::sources::Sources;
use crate::target::Target;

const BUFFER_BYTES: usize = 64 * 1024;

thread_local! {
    /// What comes in lies here while it is judged: one for all connections of a thread, so that
    /// waiting costs no memory.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER_BYTES].into_boxed_slice());
}

/// What the connections of one thread have in common. A cheap handle.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    target: Target,
    sources: Sources,
    counts: Counts,
}

impl Client {
    /// A client of `target` whose connections come from `sources`.
    pub fn new(target: Target, sources: Sources) -> Self {
        Self(Arc::new(Shared { target, sources, counts: Counts::default() }))
    }

    /// A connection, not open yet.
    pub fn connection(&self) -> Connection {
        let client = self.clone();
        Connection { client, stream: None, deadline: Deadline::new(), is_waiting: false }
    }

    /// What its connections sent, received and have open.
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// Whom its connections go to.
    pub fn target(&self) -> &Target {
        &self.0.target
    }
}

/// One person's connection: opened by the first request, and again whenever it was closed.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    stream: Option<TcpStream>,
    deadline: Deadline,
    /// Whether an answer is still to come: left behind by whoever stopped waiting for it.
    is_waiting: bool,
}

/// An attempt that failed.
struct Lost {
    failure: Failure,
    /// Whether the server may not even have read the request: nothing of an answer came.
    is_silent: bool,
}

impl Connection {
    /// Sends a request and waits for its answer.
    ///
    /// It is sent a second time if the connection had been used before, turns out to be closed
    /// before anything of the answer came, and the request is safe or carries an
    /// `Idempotency-Key`. Whoever stops waiting, by dropping the future, closes the connection for
    /// the next request; until then it stays open.
    pub async fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        let mut bytes = Vec::new();
        encode(request, self.client.target().host(), &mut bytes);
        let owned = |reply: Reply<'_>| Response {
            status: reply.status,
            retry_after_s: reply.retry_after_s,
            body: reply.body.to_vec(),
        };
        self.exchange(Encoded::new(request, &bytes), owned).await
    }

    /// As [`Self::send`], for a request that is already bytes, and without a copy of the answer:
    /// `read` sees it where it lies. `read` must not use another connection.
    pub async fn exchange<T>(
        &mut self,
        request: Encoded<'_>,
        read: impl FnOnce(Reply<'_>) -> T,
    ) -> Result<T, Failure> {
        self.deadline.set(Instant::now() + request.timeout);
        if mem::replace(&mut self.is_waiting, true) {
            // What comes next would be the answer to another request.
            self.close();
        }
        let outcome = self.exchange_now(request, read).await;
        self.is_waiting = false;
        if outcome.is_err() {
            self.close();
        }
        outcome
    }

    async fn exchange_now<T>(
        &mut self,
        request: Encoded<'_>,
        read: impl FnOnce(Reply<'_>) -> T,
    ) -> Result<T, Failure> {
        self.drop_if_closed()?;
        let is_used = self.stream.is_some();
        let mut read = Some(read);
        let outcome = match self.attempt(request, &mut read).await {
            Err(Lost { is_silent: true, failure: Failure::Closed | Failure::Reset })
                if is_used && request.is_repeatable =>
            {
                self.client.counts().repeat_one();
                self.close();
                self.attempt(request, &mut read).await
            }
            outcome => outcome,
        };
        outcome.map_err(|lost| lost.failure)
    }

    /// Opens the connection, if it is not open.
    pub async fn open(&mut self, timeout: Duration) -> Result<(), Failure> {
        self.deadline.set(Instant::now() + timeout);
        self.connect().await
    }

    /// Closes the connection; the next request opens another.
    pub fn close(&mut self) {
        if self.stream.take().is_some() {
            self.client.counts().close_one();
        }
    }

    /// A server may close an idle connection at any time. Where that is known before anything is
    /// sent, any request can go by a new one.
    fn drop_if_closed(&mut self) -> Result<(), Failure> {
        // Asks the system only if the runtime was told that there is something.
        let Some(stream) = &self.stream else { return Ok(()) };
        match stream.try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Ok(1..) => Err(Failure::Garbage),
            Ok(0) | Err(_) => {
                self.close();
                Ok(())
            }
        }
    }

    async fn attempt<T>(
        &mut self,
        request: Encoded<'_>,
        read: &mut Option<impl FnOnce(Reply<'_>) -> T>,
    ) -> Result<T, Lost> {
        let before = |failure| Lost { failure, is_silent: true };
        self.connect().await.map_err(before)?;
        // Just opened.
        let Some(stream) = &mut self.stream else { return Err(before(Failure::Closed)) };
        let Shared { target, counts, .. } = &*self.client.0;
        let deadline = &mut self.deadline;
        // One write, as a rule: whoever splits a small request waits for Nagle and delayed ACKs.
        write_all(stream, request.bytes, deadline, counts).await.map_err(before)?;
        let mut intake = Intake::new(target.host(), request.is_head);
        let mut is_silent = true;
        let outcome = poll_fn(|context| {
            let answer = poll_answer(stream, context, &mut intake, read, counts, &mut is_silent);
            deadline.bound(context, answer)
        });
        let outcome = outcome.await;
        if outcome.is_ok() && !intake.is_kept() {
            self.close();
        }
        outcome.map_err(|failure| Lost { failure, is_silent })
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        if self.stream.is_some() {
            return Ok(());
        }
        let Shared { target, sources, counts } = &*self.client.0;
        // Boxed: it is seldom under way, and would make every waiting connection larger.
        let mut opening = Box::pin(sources.connect(target.address()));
        let deadline = &mut self.deadline;
        let stream = poll_fn(|context| {
            let opened = opening.as_mut().poll(context);
            deadline.bound(context, opened)
        });
        self.stream = Some(stream.await?);
        counts.open_one();
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

async fn write_all(
    stream: &mut TcpStream,
    mut bytes: &[u8],
    deadline: &mut Deadline,
    counts: &Counts,
) -> Result<(), Failure> {
    while !bytes.is_empty() {
        let written = poll_fn(|context| {
            let written = Pin::new(&mut *stream).poll_write(context, bytes);
            deadline.bound(context, written.map_err(|error| broken(&error)))
        });
        let written = written.await?;
        counts.sent(written);
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Reads what is there, until the answer is whole, and lets `read` see it.
fn poll_answer<T>(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    intake: &mut Intake<'_>,
    read: &mut Option<impl FnOnce(Reply<'_>) -> T>,
    counts: &Counts,
    is_silent: &mut bool,
) -> Poll<Result<T, Failure>> {
    BUFFER.with_borrow_mut(|buffer| {
        loop {
            let mut buffer = ReadBuf::new(buffer);
            let came = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
            if let Err(error) = came {
                return Poll::Ready(Err(broken(&error)));
            }
            let fresh = buffer.filled();
            counts.received(fresh.len());
            *is_silent &= fresh.is_empty();
            let reply =
                if fresh.is_empty() { intake.finish().map(Some) } else { intake.feed(fresh) };
            match reply {
                Ok(None) => {}
                Err(failure) => return Poll::Ready(Err(failure)),
                // An answer is read once; who reads it is kept for another attempt until then.
                Ok(Some(reply)) => {
                    let answer = read.take().map(|read| read(reply));
                    return Poll::Ready(answer.ok_or(Failure::Garbage));
                }
            }
        }
    })
}

/// What an error of an open connection means.
fn broken(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::TimedOut => Failure::TimedOut,
        _ => Failure::Reset,
    }
}
