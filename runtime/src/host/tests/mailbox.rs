//! A request that arrives on one core and is answered by another.

use std::net::Ipv4Addr;
use std::sync::{Arc, mpsc as blocking};
use std::thread;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use tokio::sync::{mpsc, oneshot};

use super::server::{Client, ROOMY, once, take};
use super::{TestHost, on_both_hosts};
use crate::host::serve::{ConnectionCounts, Drained, serve};
use crate::host::{Listener, RunError};

on_both_hosts!(
    a_client_that_left_does_not_disturb_the_others,
    a_full_mailbox_answers_503_at_once,
    no_wake_up_is_lost_when_many_wait,
    no_wake_up_is_lost_when_both_cores_park,
);

type Command = (u64, oneshot::Sender<u64>);

fn double(command: Command) {
    // The asker may have left.
    let _ = command.1.send(command.0 * 2);
}

async fn ask(
    State(mailbox): State<mpsc::Sender<Command>>,
    Path(number): Path<u64>,
) -> Result<String, StatusCode> {
    let (reply, answer) = oneshot::channel();
    mailbox.try_send((number, reply)).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let doubled = answer.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(doubled.to_string())
}

/// Core 0 serves, core 1 answers once `open` says so; the body of the test talks to the address.
fn with_two_cores<H: TestHost>(
    capacity: usize,
    test: impl FnOnce(std::net::SocketAddr, oneshot::Sender<()>),
) {
    let (mailbox, inbox) = mpsc::channel::<Command>(capacity);
    let (open, opened) = oneshot::channel();
    let (drain, draining) = oneshot::channel::<()>();
    let (bound, address) = blocking::channel();
    let (mailbox, inbox, opened, draining) =
        (once(mailbox), once(inbox), once(opened), once(draining));
    let cores: thread::JoinHandle<Result<Vec<Drained>, RunError>> = thread::spawn(move || {
        H::run(2, move |core, host: H| {
            let (mailbox, inbox) = (mailbox.clone(), inbox.clone());
            let (opened, draining, bound) = (opened.clone(), draining.clone(), bound.clone());
            async move {
                if core == 1 {
                    let (mut inbox, opened) = (take(&inbox), take(&opened));
                    drop(opened.await);
                    while let Some(command) = inbox.recv().await {
                        double(command);
                    }
                    return Drained::Clean;
                }
                let listener = host.listen((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                let (mailbox, draining) = (take(&mailbox), take(&draining));
                let router = Router::new().route("/{number}", post(ask)).with_state(mailbox);
                let counts = Arc::new(ConnectionCounts::default());
                serve(host, listener, router, ROOMY, counts, async { drop(draining.await) }).await
            }
        })
    });
    test(address.recv().unwrap(), open);
    drop(drain);
    assert_eq!(cores.join().unwrap().unwrap(), [Drained::Clean, Drained::Clean]);
}

fn ask_in_turn(address: std::net::SocketAddr, numbers: std::ops::Range<u64>) {
    let mut client = Client::connect(address).unwrap();
    for number in numbers {
        let answer = client.post(&format!("/{number}"), "").unwrap();
        assert_eq!((answer.status, answer.body), (200, (number * 2).to_string()));
    }
}

fn no_wake_up_is_lost_when_both_cores_park<H: TestHost>() {
    // One client that waits for each answer: both executors are idle before every hop.
    with_two_cores::<H>(1, |address, open| {
        open.send(()).unwrap();
        ask_in_turn(address, 0..3_000);
    });
}

fn no_wake_up_is_lost_when_many_wait<H: TestHost>() {
    with_two_cores::<H>(64, |address, open| {
        open.send(()).unwrap();
        thread::scope(|scope| {
            for client in 0..16 {
                scope.spawn(move || ask_in_turn(address, client * 1_000..client * 1_000 + 500));
            }
        });
    });
}

fn a_full_mailbox_answers_503_at_once<H: TestHost>() {
    with_two_cores::<H>(1, |address, open| {
        let mut clients: Vec<_> = (0..2).map(|_| Client::connect(address).unwrap()).collect();
        for client in &mut clients {
            client.send("POST /21 HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n");
        }
        // Nobody empties the mailbox yet: one request is in it, the other cannot be.
        let (refused, waiting) = clients.split_at_mut(1);
        let (refused, waiting) = first_answered(&mut refused[0], &mut waiting[0]);
        assert_eq!(refused.answer().unwrap().status, 503);
        open.send(()).unwrap();
        assert_eq!(waiting.answer().unwrap().body, "42");
    });
}

/// The client that has an answer, and the other.
fn first_answered<'a>(
    one: &'a mut Client,
    two: &'a mut Client,
) -> (&'a mut Client, &'a mut Client) {
    loop {
        if one.has_answer() {
            return (one, two);
        }
        if two.has_answer() {
            return (two, one);
        }
        thread::yield_now();
    }
}

fn a_client_that_left_does_not_disturb_the_others<H: TestHost>() {
    with_two_cores::<H>(1_024, |address, open| {
        for _ in 0..500 {
            let mut leaver = Client::connect(address).unwrap();
            leaver.send("POST /1 HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n");
        }
        open.send(()).unwrap();
        ask_in_turn(address, 0..500);
    });
}
