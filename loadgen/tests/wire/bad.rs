//! Servers that do what they should not: each is told apart, and none holds a request for longer
//! than its timeout.

use onsale_loadgen::http::{Failure, Request};

use super::server::{Peer, connection, nobody, patient, request, serve};

/// A way to be a bad server, and what it must be reported as. The last is whether the server leaves
/// the client waiting, so that only its patience ends it.
pub type Bad = (&'static str, fn(Peer), Failure, bool);

pub const BAD: &[Bad] = &[
    ("never answers", |mut peer| peer.linger(), Failure::TimedOut, true),
    ("resets", |mut peer| peer.read_one_byte(), Failure::Reset, false),
    ("closes without a word", |mut peer| drop(peer.next()), Failure::Closed, false),
    (
        "speaks something else",
        |peer| says(peer, "SSH-2.0-OpenSSH_9.2\r\n"),
        Failure::Garbage,
        false,
    ),
    (
        "redirects",
        |peer| {
            says(
                peer,
                "HTTP/1.1 302 X\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n",
            );
        },
        Failure::Redirected,
        false,
    ),
    ("sends a huge head", |peer| floods(peer, "HTTP/1.1 200 X\r\na: "), Failure::Garbage, false),
    (
        "announces a huge body",
        |peer| says(peer, "HTTP/1.1 200 X\r\ncontent-length: 9000000000\r\n\r\n"),
        Failure::Garbage,
        false,
    ),
    (
        "sends a body without end",
        |peer| floods(peer, "HTTP/1.1 200 X\r\n\r\n"),
        Failure::Garbage,
        false,
    ),
    (
        "sends chunks that are none",
        |peer| says(peer, "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"),
        Failure::Garbage,
        false,
    ),
    (
        "sends more than it announced",
        |peer| says(peer, "HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nabcd"),
        Failure::Garbage,
        false,
    ),
    (
        "announces more than it sends",
        |mut peer| {
            peer.next();
            peer.say(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nabcd");
        },
        Failure::Closed,
        false,
    ),
    (
        "stalls in the middle of a body",
        |peer| says(peer, "HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nabcd"),
        Failure::TimedOut,
        true,
    ),
    ("stalls in the middle of a head", |peer| says(peer, "HTTP/1.1 2"), Failure::TimedOut, true),
];

/// Answers one request, and keeps the connection.
fn says(mut peer: Peer, text: &str) {
    peer.next();
    peer.say(text.as_bytes());
    peer.linger();
}

/// Begins like this and sends more than anybody wants.
fn floods(mut peer: Peer, begin: &str) {
    peer.next();
    peer.say(begin.as_bytes());
    for _ in 0..800 {
        peer.say(&[b'x'; 16 * 1024]);
    }
    peer.linger();
}

#[tokio::test]
async fn every_kind_of_bad_server_is_told_apart() {
    for &(name, handle, failure, waits) in BAD {
        let mut connection = connection(&serve(handle));
        let request = if waits { request("GET") } else { patient("GET") };
        for attempt in 0..2 {
            let outcome = connection.send(&request).await;
            assert_eq!(outcome, Err(failure), "{name}, attempt {attempt}");
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_the_connection_is_refused() {
    let outcome = connection(&nobody()).send(&patient("GET")).await;
    assert_eq!(outcome, Err(Failure::Refused));
}

/// A connection that was never used is not repeated: nobody would know why it failed.
#[tokio::test]
async fn whoever_is_cut_off_at_once_is_not_cut_off_twice() {
    let target = serve(|mut peer| drop(peer.next()));
    let client = super::server::client(&target);
    assert_eq!(client.connection().send(&patient("GET")).await, Err(Failure::Closed));
    assert_eq!((client.counts().opened(), client.counts().repeated()), (1, 0));
}

#[tokio::test]
async fn what_comes_unasked_for_is_garbage_and_the_next_request_has_a_new_connection() {
    let target = serve(|mut peer| {
        while let Some(asked) = peer.next() {
            let more = if asked.line.starts_with("put") { "x" } else { "" };
            peer.say(format!("HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n{more}").as_bytes());
        }
    });
    let mut connection = connection(&target);
    assert_eq!(connection.send(&patient("PUT")).await, Err(Failure::Garbage));
    assert_eq!(connection.send(&patient("GET")).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_large_request_to_a_server_that_does_not_read_ends_in_time() {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let stopped = std::sync::Mutex::new(stopped);
    let target = serve(move |_peer| {
        let _ = stopped.lock().unwrap().recv();
    });
    let large = Request { body: vec![b' '; 32 << 20], ..request("POST") };
    assert_eq!(connection(&target).send(&large).await, Err(Failure::TimedOut));
    drop(stop);
}
