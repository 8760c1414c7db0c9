//! Requests that come in pieces, or not whole, and readers who do not read.

use std::time::Duration;

use onsale_sim_wire::http::{Call, connect};
use onsale_sim_wire::person::Person;
use onsale_sim_wire::stage::{House, Scene, play};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// How many seats are not free.
async fn taken(scene: &Scene) -> u64 {
    let event = scene.event().await;
    let shown = scene.operate(Call::get(format!("/api/v1/events/{event}/availability"))).await;
    let class = shown.json()["classes"][0].clone();
    class["held"].as_u64().unwrap() + class["sold"].as_u64().unwrap()
}

#[test]
fn a_request_that_is_cut_off_anywhere_does_nothing() {
    play("a_request_that_is_cut_off", House::default(), 0..2, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let bytes = ada.wish_hold(1).await.wire();
            for cut in 0..bytes.len() {
                let mut stream = connect("server").await.unwrap();
                stream.write_all(&bytes[..cut]).await.unwrap();
                stream.shutdown().await.unwrap();
                let mut said = Vec::new();
                let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut said)).await;
                let closed = read.unwrap_or_else(|_| panic!("cut at {cut}: not closed"));
                assert!(closed.is_ok(), "cut at {cut}: {closed:?}");
                assert!(!said.starts_with(b"HTTP/1.1 2"), "cut at {cut}: a success");
            }
            assert_eq!(taken(&scene).await, 0, "nothing was done");

            // The whole of it, in pieces.
            let mut stream = connect("server").await.unwrap();
            for piece in bytes.chunks(7) {
                stream.write_all(piece).await.unwrap();
                scene.nap(20).await;
            }
            let mut said = [0; 12];
            stream.read_exact(&mut said).await.unwrap();
            assert_eq!(&said, b"HTTP/1.1 201");
            assert_eq!(taken(&scene).await, 1);
        });
    });
}

#[test]
fn a_request_that_never_ends_is_given_up() {
    play("a_request_that_never_ends", House::default(), 0..2, |stage| {
        stage.client("ada", |scene| async move {
            let mut ada = Person::arrive(&scene, "ada").await;
            let bytes = ada.wish_hold(1).await.wire();
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
            for cut in [0, 1, 20, head, head + 3, head + 4, head + 9, bytes.len() - 1] {
                let mut stream = connect("server").await.unwrap();
                stream.write_all(&bytes[..cut]).await.unwrap();
                let mut said = Vec::new();
                let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
                assert!(read.is_ok(), "cut at {cut}: still waiting");
                assert!(!said.starts_with(b"HTTP/1.1 2"), "cut at {cut}: a success");
            }
            assert_eq!(taken(&scene).await, 0, "nothing was done");
        });
    });
}

#[test]
fn who_does_not_read_is_held_back_and_holds_up_nobody() {
    play("who_does_not_read", House::default(), 0..2, |stage| {
        stage.client("sloth", |scene| async move {
            scene.event().await;
            let call = Call::get("/api/openapi.json").wire();
            let mut stream = connect("server").await.unwrap();
            let mut asked = 0;
            // It stops when the server takes no more of what it cannot answer.
            while timeout(Duration::from_secs(2), stream.write_all(&call)).await.is_ok() {
                asked += 1;
                assert!(asked < 10_000, "the server takes everything and answers nothing");
            }
            assert!(asked > 10, "{asked}");
            // Whoever reads at last finds every answer, one after the other, each whole.
            let (mut answers, mut bytes) = (0, Vec::new());
            while answers < asked {
                let mut some = vec![0; 65_536];
                let read = timeout(Duration::from_secs(10), stream.read(&mut some)).await;
                let count = read.expect("the answers come").unwrap();
                assert!(count > 0, "closed after {answers} of {asked}");
                bytes.extend_from_slice(&some[..count]);
                while let Some(length) = whole_answer(&bytes) {
                    assert!(bytes.starts_with(b"HTTP/1.1 200"), "answer {answers}");
                    bytes.drain(..length);
                    answers += 1;
                }
            }
        });
        stage.client("ada", |scene| async move {
            sleep(Duration::from_millis(500)).await;
            for round in 0..5 {
                let mut ada = Person::arrive(&scene, &format!("ada{round}")).await;
                let begun = tokio::time::Instant::now();
                assert_eq!(ada.buy(1).await.unwrap().1, "COMPLETED");
                let took = begun.elapsed();
                assert!(took < Duration::from_secs(4), "held up: {took:?} of virtual time");
            }
        });
    });
}

/// The length of the answer that `bytes` begin with, if it is there whole.
fn whole_answer(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let whole = head + length.parse::<usize>().unwrap();
    (bytes.len() >= whole).then_some(whole)
}
