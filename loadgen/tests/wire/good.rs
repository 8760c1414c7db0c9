//! Servers that do what HTTP says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use onsale_loadgen::http::{Failure, Request};
use tokio::time::timeout;

use super::server::{answer, client, connection, json, patient, serve};

#[tokio::test]
async fn one_connection_serves_request_after_request() {
    let connections = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&connections);
    let target = serve(move |mut peer| {
        let connection = seen.fetch_add(1, Relaxed);
        while let Some(asked) = peer.next() {
            peer.say(json(200, &format!("{connection} {} {}", asked.line, asked.body)).as_bytes());
        }
    });
    let client = client(&target);
    let mut connection = client.connection();
    for _ in 0..3 {
        let request = Request { body: b"{}".to_vec(), ..patient("POST") };
        let response = connection.send(&request).await.unwrap();
        assert_eq!((response.status, &response.body[..]), (200, &b"0 post /healthz {}"[..]));
    }
    assert_eq!(connections.load(Relaxed), 1);
    let counts = client.counts();
    assert_eq!((counts.open(), counts.opened(), counts.repeated()), (1, 1, 0));
    assert!(counts.sent_bytes() > 0 && counts.received_bytes() > 0);
    drop(connection);
    assert_eq!((counts.open(), counts.open_max()), (0, 1));
}

#[tokio::test]
async fn bodies_come_in_every_way_that_there_is_and_the_connection_stays_usable() {
    let target = answer(|asked| match asked.line.split(' ').next() {
        Some("head") => "HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n".to_owned(),
        Some("delete") => "HTTP/1.1 204 X\r\n\r\n".to_owned(),
        Some("put") => {
            let chunked = "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
            format!("HTTP/1.1 200 X\r\n{chunked}")
        }
        Some("post") => format!("HTTP/1.1 100 Continue\r\n\r\n{}", json(201, "made")),
        _ => json(200, &"x".repeat(3_000_000)),
    });
    let mut connection = connection(&target);
    for _ in 0..2 {
        for (method, status, body) in
            [("HEAD", 200, ""), ("DELETE", 204, ""), ("PUT", 200, "abcde"), ("POST", 201, "made")]
        {
            let response = connection.send(&patient(method)).await.unwrap();
            assert_eq!((response.status, &response.body[..]), (status, body.as_bytes()));
        }
        let large = connection.send(&patient("GET")).await.unwrap();
        assert_eq!(large.body.len(), 3_000_000);
    }
}

#[tokio::test]
async fn a_connection_that_the_server_will_close_is_not_used_again() {
    let client = client(&serve(|mut peer| {
        peer.next();
        peer.say(b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
        peer.linger();
    }));
    let mut connection = client.connection();
    for _ in 0..3 {
        assert_eq!(connection.send(&patient("POST")).await.unwrap().body, b"ok");
        assert_eq!(client.counts().open(), 0);
    }
    assert_eq!((client.counts().opened(), client.counts().repeated()), (3, 0));
}

/// The server has read the second request of a connection when it closes: only what does no harm
/// twice may be sent again.
#[tokio::test]
async fn a_request_that_a_used_connection_lost_is_repeated_only_if_that_is_safe() {
    let requests = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&requests);
    let target = serve(move |mut peer| {
        while peer.next().is_some() {
            let number = seen.fetch_add(1, Relaxed);
            if number % 2 == 1 {
                return;
            }
            peer.say(json(200, "ok").as_bytes());
        }
    });
    let keyed = Request {
        headers: vec![("idempotency-key", "k".to_owned())],
        body: b"{}".to_vec(),
        ..patient("POST")
    };
    for (request, repeated) in [(patient("GET"), true), (keyed, true), (patient("POST"), false)] {
        requests.store(0, Relaxed);
        let client = client(&target);
        let mut connection = client.connection();
        connection.send(&patient("GET")).await.unwrap();
        let outcome = connection.send(&request).await;
        if repeated {
            assert_eq!(outcome.unwrap().status, 200);
        } else {
            assert!(matches!(outcome, Err(Failure::Closed | Failure::Reset)), "{outcome:?}");
        }
        assert_eq!(requests.load(Relaxed), 2 + u32::from(repeated));
        assert_eq!(client.counts().repeated(), u64::from(repeated));
    }
}

#[tokio::test]
async fn whoever_stops_waiting_does_not_get_that_answer_to_the_next_request() {
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let target = serve(move |mut peer| {
        while let Some(asked) = peer.next() {
            if asked.line.starts_with("put") {
                let _ = wait.lock().unwrap().recv();
            }
            peer.say(json(200, &asked.line).as_bytes());
        }
    });
    let client = client(&target);
    let mut connection = client.connection();
    connection.send(&patient("GET")).await.unwrap();
    let waiting = timeout(Duration::from_millis(50), connection.send(&patient("PUT"))).await;
    assert!(waiting.is_err());
    assert_eq!(client.counts().open(), 1);
    drop(go_on);
    assert_eq!(connection.send(&patient("GET")).await.unwrap().body, b"get /healthz");
    assert_eq!(client.counts().opened(), 2);
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back() {
    let target =
        answer(|_| "HTTP/1.1 503 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_owned());
    let response = connection(&target).send(&patient("GET")).await.unwrap();
    assert_eq!((response.status, response.retry_after_s), (503, Some(7)));
}
