//! What a request may ask of the allocator: a bounded number of times, and nothing that grows.
//!
//! A binary of its own, because it counts what the whole process allocates, but for the slow pool:
//! what that does beside the sale, no request waits for. Contains `unsafe`: counting means standing
//! in the allocator's place.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use onsale_net::gateway::limit::{ClassLimits, LimitSettings};
use onsale_runtime::config::Config;
use onsale_runtime::server;
use serde_json::{Value, json};

/// Requests that are counted, one after another: each is a batch of its own.
const REQUESTS: u64 = 500;

/// Allocations of one do-nothing request.
const DO_NOTHING_MAX: u64 = 40;

/// Allocations of one durable hold, its share of the journal's and the shell's work included.
const HOLD_MAX: u64 = 100;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The client's own are not counted.
    static IS_CLIENT: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    // A thread that ends has no such value any more.
    if !IS_CLIENT.try_with(Cell::get).unwrap_or(true) && !is_beside_the_cores() {
        ALLOCATIONS.fetch_add(1, Relaxed);
    }
}

/// Whether this thread is one of the slow pool, of the read models, or of a database of theirs.
fn is_beside_the_cores() -> bool {
    let mut name = [0_u8; 16];
    // SAFETY: the kernel writes a name of at most 16 bytes with its end. Nothing is allocated.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    [b"slow\0".as_slice(), b"models\0", b"sqlx-"].iter().any(|own| name.starts_with(own))
}

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[test]
fn a_request_allocates_a_bounded_number_of_times() {
    IS_CLIENT.set(true);
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        data: data.path().to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        cores: Some(1),
        limits: limits(),
        ..Config::default()
    };
    let (started, start) = mpsc::channel();
    let server = thread::spawn(move || {
        server::run(&config, None, move |startup, stop| started.send((startup, stop)).unwrap())
    });
    let (startup, stop) = start.recv().unwrap();
    let mut client = Client::connect(startup.address);
    let event = client.open_event(startup.operator_token.expose());

    let idle = client.allocations_of(|client, _| client.send("GET", "/healthz", "", "", 200));
    let buyer = client.buyer();
    let path = format!("/api/v1/events/{event}/holds");
    let body = json!({ "wishes": [{ "class": 0, "count": 1 }] }).to_string();
    let hold = client.allocations_of(|client, n| {
        let key = format!("Idempotency-Key: {n}\r\n");
        client.send("POST", &path, &format!("{buyer}{key}"), &body, 201)
    });
    stop.stop();
    server.join().unwrap().unwrap();
    println!("a do-nothing request: {idle} allocations; a durable hold: {hold}");
    assert!(idle <= DO_NOTHING_MAX, "a do-nothing request allocates {idle} times");
    assert!(hold <= HOLD_MAX, "a durable hold allocates {hold} times");
}

/// This client is counted as a stranger is, by address and by person, and never has too much.
fn limits() -> LimitSettings {
    let roomy = ClassLimits {
        address_per_minute: u32::MAX,
        address_burst: u32::MAX,
        person_per_minute: u32::MAX,
        person_burst: u32::MAX,
    };
    LimitSettings {
        trusted_proxies: Vec::new(),
        buy: roomy,
        manage: roomy,
        session: roomy,
        ..LimitSettings::default()
    }
}

/// One keep-alive connection.
struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).expect("the server listens"),
            answer: vec![0; 1 << 16],
        }
    }

    /// The mean over many requests, after some that fill what is filled once.
    fn allocations_of(&mut self, mut request: impl FnMut(&mut Self, u64) -> Value) -> u64 {
        for n in 0..REQUESTS {
            request(self, n);
        }
        let before = ALLOCATIONS.load(Relaxed);
        for n in REQUESTS..2 * REQUESTS {
            request(self, n);
        }
        (ALLOCATIONS.load(Relaxed) - before).div_ceil(REQUESTS)
    }

    fn open_event(&mut self, operator: &str) -> String {
        let window =
            json!({ "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2120-01-01T00:00:00Z" });
        let event = json!({
            "name": "Counted",
            "currency": "EUR",
            "classes": [{ "name": "Standing", "price_minor": 2_500, "window": window }],
            "quotas": [{ "name": "House", "capacity": 1_000_000, "classes": [0] }],
            "limits": { "per_buyer": 1_000_000, "per_hold": 4 }
        });
        let head = |key| format!("Authorization: Bearer {operator}\r\nIdempotency-Key: {key}\r\n");
        let defined = self.send("POST", "/api/v1/events", &head("define"), &event.to_string(), 201);
        let id = defined["id"].as_str().expect("it has an id").to_owned();
        self.send("POST", &format!("/api/v1/events/{id}/open"), &head("open"), "", 204);
        id
    }

    fn buyer(&mut self) -> String {
        let body = json!({ "email": "ada@example.org" }).to_string();
        let session = self.send("POST", "/api/v1/sessions", "", &body, 201);
        format!(
            "Authorization: Bearer {}\r\n",
            session["access_token"].as_str().expect("it has a token")
        )
    }

    fn send(&mut self, method: &str, path: &str, head: &str, body: &str, status: u16) -> Value {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: onsale\r\nContent-Type: application/json\r\n\
             {head}Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).expect("the server reads");
        let answer = self.receive();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").expect("it has a head");
        serde_json::from_str(body).unwrap_or_default()
    }

    /// One whole answer.
    fn receive(&mut self) -> String {
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.answer[length..]).expect("it answers");
            assert!(read > 0, "the server closed the connection");
            length += read;
            let text = String::from_utf8_lossy(&self.answer[..length]);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let declared = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= declared.map_or(0, |declared| declared.parse().expect("a number")) {
                return text.into_owned();
            }
        }
    }
}
