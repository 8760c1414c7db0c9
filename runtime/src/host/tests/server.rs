//! A server on its own core, and clients that are plain blocking sockets.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

use super::TestHost;
use crate::host::serve::{ConnectionCounts, Drained, Limits, serve};
use crate::host::{Listener, RunError};

/// Long enough never to be reached by a test that passes.
pub(super) const FOREVER: Duration = Duration::from_secs(60);

pub(super) const ROOMY: Limits = Limits {
    connections_max: 1_000,
    drain_timeout: FOREVER,
    head_bytes_max: 16 << 10,
    header_read_timeout: FOREVER,
    write_timeout: FOREVER,
};

/// A running server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) counts: Arc<ConnectionCounts>,
    drain: oneshot::Sender<()>,
    thread: JoinHandle<Result<Vec<Drained>, RunError>>,
}

impl Server {
    pub(super) fn start<H: TestHost>(router: Router, limits: Limits) -> Self {
        let counts = Arc::new(ConnectionCounts::default());
        let (drain, draining) = oneshot::channel();
        let (bound, address) = mpsc::channel();
        let thread = {
            let counts = Arc::clone(&counts);
            let draining = once(draining);
            thread::spawn(move || {
                H::run(1, move |_, host: H| {
                    let (bound, counts, router) = (bound.clone(), counts.clone(), router.clone());
                    let draining = take(&draining);
                    async move {
                        let listener = host.listen((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
                        bound.send(listener.local_addr().unwrap()).unwrap();
                        let drained = async { drop(draining.await) };
                        serve(host, listener, router, limits, counts, drained).await
                    }
                })
            })
        };
        Self { address: address.recv().unwrap(), counts, drain, thread }
    }

    pub(super) fn connect(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// Begins to drain; the handle gives how it ended.
    pub(super) fn drain(self) -> JoinHandle<Result<Vec<Drained>, RunError>> {
        self.drain.send(()).unwrap();
        self.thread
    }

    pub(super) fn stop(self) -> Drained {
        self.drain().join().unwrap().unwrap()[0]
    }
}

/// A value for the one core that will take it, where bodies must be cloneable.
pub(super) fn once<T>(value: T) -> Arc<Mutex<Option<T>>> {
    Arc::new(Mutex::new(Some(value)))
}

pub(super) fn take<T>(once: &Mutex<Option<T>>) -> T {
    once.lock().unwrap().take().unwrap()
}

/// A connection of a client.
pub(super) struct Client(TcpStream);

/// An answer, as far as tests look at it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Client {
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(FOREVER))?;
        Ok(Self(stream))
    }

    pub(super) fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).unwrap();
    }

    pub(super) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"))
    }

    pub(super) fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    /// In one write: a request in pieces waits for delayed acknowledgements.
    fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.0.write_all(request.as_bytes())?;
        self.answer()
    }

    /// The next answer, whose body must have a length.
    pub(super) fn answer(&mut self) -> io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        self.0.read_exact(&mut body)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, head, body: String::from_utf8(body).unwrap() })
    }

    /// Whether an answer, or the end, has come.
    pub(super) fn has_answer(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let looked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).unwrap();
        looked.is_ok()
    }

    /// What still comes until the server closes.
    pub(super) fn rest(&mut self) -> io::Result<String> {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest)?;
        Ok(rest)
    }
}
