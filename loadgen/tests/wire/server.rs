//! Small servers on threads: each connection is given to a function.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use onsale_loadgen::http::{Client, Connection, Request};
use onsale_loadgen::sources::Sources;
use onsale_loadgen::target::Target;

/// A request as a server reads it.
pub struct Asked {
    /// `GET /healthz`.
    pub line: String,
    pub body: String,
}

/// A connection, seen by the server.
pub struct Peer(BufReader<TcpStream>);

impl Peer {
    /// The next request; `None` when the client has closed.
    pub fn next(&mut self) -> Option<Asked> {
        let mut line = String::new();
        let mut length = 0;
        loop {
            let mut header = String::new();
            if self.0.read_line(&mut header).ok()? == 0 {
                return None;
            }
            let header = header.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                header.split(" http/").next().unwrap().clone_into(&mut line);
            } else if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            } else if header.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some(Asked { line, body: String::from_utf8(body).unwrap() })
    }

    /// Says this, if the client still listens.
    pub fn say(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// Waits until the client has closed.
    pub fn linger(&mut self) {
        let _ = self.0.read_to_end(&mut Vec::new());
    }

    /// Reads a little and leaves the rest: to close then is to reset.
    pub fn read_one_byte(&mut self) {
        let _ = self.0.get_mut().read(&mut [0]);
    }
}

/// Serves every connection by `handle`, on a thread of its own.
pub fn serve(handle: impl Fn(Peer) + Send + Sync + 'static) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = target(&listener);
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(Peer(BufReader::new(stream))));
        }
    });
    target
}

/// Answers every request by `answer`, connection after connection.
pub fn answer(answer: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Target {
    serve(move |mut peer| {
        while let Some(asked) = peer.next() {
            peer.say(answer(&asked).as_bytes());
        }
    })
}

pub fn target(listener: &TcpListener) -> Target {
    Target::parse(&format!("http://{}", listener.local_addr().unwrap()), false).unwrap()
}

/// Where nobody listens.
pub fn nobody() -> Target {
    target(&TcpListener::bind("127.0.0.1:0").unwrap())
}

/// An answer with a body of JSON.
pub fn json(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}")
}

pub fn connection(target: &Target) -> Connection {
    client(target).connection()
}

pub fn client(target: &Target) -> Client {
    Client::new(target.clone(), Sources::new(target, 1).unwrap())
}

/// A request that is given up soon.
pub fn request(method: &'static str) -> Request {
    let (path, headers) = ("/healthz".to_owned(), Vec::new());
    Request { method, path, headers, body: Vec::new(), timeout: Duration::from_millis(200) }
}

/// A request that is not given up before the test is.
pub fn patient(method: &'static str) -> Request {
    Request { timeout: Duration::from_secs(60), ..request(method) }
}
