//! What a person at a connection has at hand: the connection, a place to write requests, and the
//! notes that are taken of what came.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::ClosedError;
use super::seen::Seen;
use super::stage::Stage;
use crate::http::{Connection, Encoded, Failure, Reply};
use crate::measure::{Recorder, Timing, Verdict};

/// What one thread knows of its run.
pub(super) struct Notes {
    pub(super) recorder: RefCell<Recorder>,
    pub(super) seen: RefCell<Seen>,
    /// How late the generator was with what was due, where a connection was free for it.
    pub(super) lateness: RefCell<Histogram<u64>>,
    /// From when on it counts; `None` while that is not known.
    pub(super) from: Cell<Option<Instant>>,
    /// Connections that were given up.
    pub(super) given_up: Cell<u64>,
}

impl Notes {
    /// Whether what is sent at this time counts.
    pub(super) fn counts(&self, sent: Instant) -> bool {
        self.from.get().is_some_and(|from| sent >= from)
    }
}

/// A connection and whoever uses it.
pub(super) struct Desk {
    pub(super) connection: Connection,
    pub(super) notes: Rc<Notes>,
    pub(super) stage: Arc<Stage>,
    /// The name of this desk in this run: the beginning of its keys.
    pub(super) name: String,
    pub(super) host: Arc<str>,
    pub(super) timeout: Duration,
    /// Keys made so far.
    pub(super) keys: u64,
    pub(super) buffer: Vec<u8>,
}

/// A request, before it is bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    /// In pieces, so that nothing has to be put together twice.
    pub(super) path: &'a [&'a str],
    pub(super) token: Option<&'a str>,
    pub(super) checkout: Option<&'a str>,
    /// Whether it carries an `Idempotency-Key`, a new one.
    pub(super) is_keyed: bool,
    /// JSON.
    pub(super) body: &'a [u8],
    /// How much longer than usual its answer may take.
    pub(super) more_time: Duration,
}

/// Why a turn did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// The server said no.
    Refused,
    /// There was no answer that could be understood.
    Failed,
}

impl Desk {
    /// Sends a request of a step, and takes note of how it ends. `read` says what the answer means,
    /// or by which code it refuses.
    pub(super) async fn ask<T>(
        &mut self,
        step: usize,
        due: Instant,
        ask: Ask<'_>,
        read: impl FnOnce(Reply<'_>) -> Result<T, String>,
    ) -> Result<T, Setback> {
        self.write(&ask);
        let request = encoded(&self.buffer, &ask, self.timeout);
        let sent = Instant::now();
        let answer = self.connection.exchange(request, read).await;
        let timing = Timing { due, sent, ended: Instant::now() };
        let verdict = match &answer {
            Ok(Ok(_)) => Verdict::Succeeded,
            Ok(Err(code)) => Verdict::Refused(code),
            Err(failure) => Verdict::Failed(*failure),
        };
        if self.notes.counts(sent) {
            self.notes.recorder.borrow_mut().ended(step, timing, verdict);
        }
        answer.map_err(|_| Setback::Failed)?.map_err(|_| Setback::Refused)
    }

    /// Sends a request before anything is measured; any answer but success is an error.
    pub(super) async fn prepare<T>(
        &mut self,
        what: &'static str,
        ask: Ask<'_>,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, ClosedError> {
        self.write(&ask);
        let request = encoded(&self.buffer, &ask, self.timeout);
        let answer = self.connection.exchange(request, |reply| {
            let read = if reply.status < 300 { read(reply.body) } else { None };
            let said = || String::from_utf8_lossy(reply.body).chars().take(400).collect();
            read.ok_or_else(|| ClosedError::Unprepared { what, status: reply.status, said: said() })
        });
        answer.await.map_err(|failure| ClosedError::Unreachable { what, failure })?
    }

    /// Opens the connection, as everybody does before the measuring.
    pub(super) async fn open(&mut self) -> Result<(), ClosedError> {
        let opened = self.connection.open(self.timeout).await;
        opened.map_err(|failure| ClosedError::Unreachable { what: "a connection", failure })
    }

    /// Notes a hold that was acknowledged.
    pub(super) fn held(&self, event: usize, id: &str, tickets: u64, sent: Instant) {
        self.notes.seen.borrow_mut().hold(event, id, tickets);
        if self.notes.counts(sent) {
            self.notes.recorder.borrow_mut().held(tickets);
        }
    }

    fn write(&mut self, ask: &Ask<'_>) {
        let into = &mut self.buffer;
        into.clear();
        let mut put = |parts: &[&str]| {
            for part in parts {
                into.extend_from_slice(part.as_bytes());
            }
        };
        put(&[ask.method, " "]);
        put(ask.path);
        put(&[" HTTP/1.1\r\nhost: ", &self.host, "\r\n"]);
        if let Some(token) = ask.token {
            put(&["authorization: Bearer ", token, "\r\n"]);
        }
        if let Some(token) = ask.checkout {
            put(&["checkout-token: ", token, "\r\n"]);
        }
        if ask.is_keyed {
            self.keys += 1;
            put(&["idempotency-key: ", &self.name]);
            // Writing to memory does not fail.
            let _ = write!(into, "-{}\r\n", self.keys);
        }
        if !ask.body.is_empty() {
            into.extend_from_slice(
                b"content-type: application/json\r\naccept: application/json\r\n",
            );
        }
        if ask.method != "GET" {
            let _ = write!(into, "content-length: {}\r\n", ask.body.len());
        }
        into.extend_from_slice(b"\r\n");
        into.extend_from_slice(ask.body);
    }
}

fn encoded<'a>(bytes: &'a [u8], ask: &Ask<'_>, timeout: Duration) -> Encoded<'a> {
    let is_repeatable = ask.method == "GET" || ask.is_keyed;
    Encoded { bytes, is_head: false, is_repeatable, timeout: timeout + ask.more_time }
}

/// The body of an answer with this status, or the code of its refusal.
pub(super) fn expect(reply: Reply<'_>, status: u16) -> Result<&[u8], String> {
    if reply.status == status {
        return Ok(reply.body);
    }
    let code = text(reply.body, "code").map(str::to_owned);
    Err(code.unwrap_or_else(|| format!("status_{}", reply.status)))
}

/// The first text member of this name in a JSON document, as it is written there. It is found
/// without understanding the rest: for what is read with every answer.
pub(super) fn text<'a>(body: &'a [u8], member: &str) -> Option<&'a str> {
    let name = member.as_bytes();
    let is_here = |at: &usize| {
        let rest = &body[*at + 1..];
        rest.starts_with(name) && rest[name.len()..].starts_with(b"\":\"")
    };
    let quotes = (0..body.len()).filter(|&at| body[at] == b'"');
    let begin = quotes.into_iter().find(is_here)? + name.len() + 4;
    let length = body[begin..].iter().position(|&byte| byte == b'"')?;
    str::from_utf8(&body[begin..begin + length]).ok()
}

/// What an answer that should have been understood counts as.
pub(super) fn not_understood() -> String {
    format!("answer_{}", Failure::Garbage.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_wherever_it_stands() {
        let body = br#"{"id":"hld_1","event":"evt_1","lines":[],"code":"x"}"#;
        assert_eq!(text(body, "id"), Some("hld_1"));
        assert_eq!(text(body, "code"), Some("x"));
        for (member, body) in [("d", &body[..]), ("id", b"{\"id\":\"hld"), ("id", b"\""), ("", b"")]
        {
            assert_eq!(text(body, member), None);
        }
    }

    #[test]
    fn a_refusal_is_known_by_its_code_and_else_by_its_status() {
        let reply = |status, body| Reply { status, retry_after_s: None, body };
        assert_eq!(expect(reply(201, b"x"), 201), Ok(&b"x"[..]));
        assert_eq!(expect(reply(409, br#"{"code":"sold_out"}"#), 201), Err("sold_out".to_owned()));
        assert_eq!(expect(reply(500, b"oops"), 201), Err("status_500".to_owned()));
    }
}
