//! Servers that lie, stall, hang up and talk nonsense: the generator notices and comes to an end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use onsale_loadgen::mix::Mix;
use onsale_loadgen::outcome::Outcome;
use onsale_loadgen::run::{Plan, run};
use onsale_loadgen::schedule::Spacing;
use onsale_loadgen::sources::Sources;
use onsale_loadgen::stop::Stop;
use onsale_loadgen::target::Target;
use serde_json::{Value, json};

/// How many people come to every one of these servers.
const PEOPLE: u64 = 6;

const BUYER: &str = r#"
[[persona]]
name = "buyer"
weight = 1
party = { 2 = 1 }
retries = 3
"#;
const BUYS: &str = r#"{ do = "hold" }, { do = "order" }, { do = "pay" }, { do = "confirm" }"#;
const HOLDS: &str = r#"{ do = "hold" }"#;

/// What was asked.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    key: Option<&'a str>,
}

/// What a server does about it.
enum Does {
    Answers(u16, Value),
    Says(&'static str),
    HangsUp,
    Stalls,
}

type Manners = dyn Fn(&Asked<'_>) -> Does + Send + Sync;

/// Starts a server with such manners, in threads that end with the test, and says where.
fn serve(manners: impl Fn(&Asked<'_>) -> Does + Send + Sync + 'static) -> String {
    let manners: Arc<Manners> = Arc::new(manners);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, manners) = (stream.expect("somebody comes"), Arc::clone(&manners));
            // Whoever hangs up ends the conversation.
            thread::spawn(move || while converse(&stream, &*manners).is_some() {});
        }
    });
    format!("http://{address}")
}

/// One request and its answer; `None` if there will be no other.
fn converse(mut stream: &TcpStream, manners: &Manners) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        let mut pairs = lines.iter().filter_map(|line| line.split_once(": "));
        pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let length = header("content-length").map_or(0, |length| length.parse().expect("a number"));
    reader.read_exact(&mut vec![0; length]).ok()?;
    let mut words = lines[0].split(' ');
    let (method, path) = (words.next()?, words.next()?);
    match manners(&Asked { method, path, key: header("idempotency-key") }) {
        Does::Answers(status, body) => {
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status} Word\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).ok()
        }
        Does::Says(words) => stream.write_all(words.as_bytes()).ok(),
        Does::HangsUp => None,
        Does::Stalls => loop {
            thread::park();
        },
    }
}

fn line() -> Value {
    json!([{ "class": 0, "count": 2, "price_minor": 0, "seats": [0, 1] }])
}

/// What a server says that is friendly, and sells everybody the same two seats.
fn sells_the_same(asked: &Asked<'_>) -> Does {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Relaxed);
    let answer = match (asked.method, asked.path) {
        (_, "/api/v1/events/evt_1") => json!({
            "id": "evt_1", "phase": "OPEN", "seats": 40, "waitroom": null, "quotas": [],
            "classes": [{ "id": 0 }],
            "limits": { "per_buyer": 8, "per_hold": 8 },
            "terms": { "hold_ms": 600_000, "order_ms": 600_000 },
        }),
        (_, "/api/v1/events/evt_1/seats/chart") => {
            json!({ "sections": [{ "class": 0, "rows": [{ "first_seat": 0, "seats": 40 }] }] })
        }
        (_, "/api/v1/events/evt_1/availability") => {
            json!({ "classes": [{ "held": 0, "sold": 0 }] })
        }
        (_, "/api/v1/sessions") => json!({ "access_token": format!("token-{number}") }),
        (_, "/api/v1/events/evt_1/holds") => json!({
            "id": format!("hld_{number}"), "lines": line(), "expires_at": "2100-01-01T00:00:00Z",
        }),
        ("POST", "/api/v1/orders") => json!({
            "id": format!("ord_{number}"), "lines": line(), "total_minor": 0,
            "expires_at": "2100-01-01T00:00:00Z",
        }),
        (_, path) if path.starts_with("/api/v1/orders/") => {
            let ticket = |seat: u32| {
                json!({ "id": format!("tkt_{seat}"), "class": 0, "valid": true,
                    "seat": { "index": seat } })
            };
            json!({
                "status": "COMPLETED", "lines": line(), "total_minor": 0,
                "payment": { "url": null }, "version": "1", "tickets": [ticket(0), ticket(1)],
            })
        }
        (method, path) => panic!("nobody asks for {method} {path}"),
    };
    Does::Answers(200, answer)
}

/// Sends people who do this there, and says what came of it.
fn go_to(server: &str, script: &str) -> Outcome {
    let mix = format!("{BUYER}script = [{script}]");
    let plan = |target: Target| {
        Some(Plan {
            sources: Sources::new(&target, 1).ok()?,
            target,
            mix: Mix::parse(Path::new("buyer.toml"), &mix).ok()?,
            schedule: format!("constant:{}/s", PEOPLE * 10).parse().ok()?,
            spacing: Spacing::Even,
            duration: Duration::from_millis(100),
            grace: Duration::from_secs(3),
            seed: 1,
            threads: NonZero::new(2)?,
            event: Some("evt_1".into()),
            operator_token: None,
            server: None,
            stop: Stop::never(),
        })
    };
    let plan = Target::parse(server, false).ok().and_then(plan).expect("it can be done");
    run(&plan, &mut |_| {}).expect("it comes to an end").outcome
}

fn says(outcome: &Outcome, words: &str) -> bool {
    outcome.violations.iter().any(|line| line.contains(words))
}

#[test]
fn a_seat_that_two_people_were_told_they_have_is_found() {
    let outcome = go_to(&serve(sells_the_same), BUYS);
    assert_eq!((outcome.totals.arrived, outcome.totals.finished), (PEOPLE, PEOPLE));
    assert!(says(&outcome, "seat 0 was acknowledged to person"), "{:?}", outcome.violations);
}

#[test]
fn a_seat_that_two_people_hold_is_found_though_nobody_bought() {
    let outcome = go_to(&serve(sells_the_same), HOLDS);
    assert_eq!((outcome.totals.held_tickets, outcome.totals.sold_tickets), (2 * PEOPLE, 0));
    assert!(says(&outcome, "seat 1 was acknowledged to person"), "{:?}", outcome.violations);
}

#[test]
fn a_code_that_is_in_no_documentation_is_found() {
    let outcome = go_to(
        &serve(|asked| match asked.path {
            "/api/v1/events/evt_1/holds" => Does::Answers(409, json!({ "code": "out_of_luck" })),
            _ => sells_the_same(asked),
        }),
        BUYS,
    );
    assert_eq!(outcome.refusals["out_of_luck"], PEOPLE);
    assert!(says(&outcome, "`out_of_luck`"), "{:?}", outcome.violations);
}

#[test]
fn an_order_that_is_forgotten_is_found() {
    let outcome = go_to(
        &serve(|asked| match (asked.method, asked.path) {
            ("GET", path) if path.starts_with("/api/v1/orders/") => {
                Does::Answers(404, json!({ "code": "not_found" }))
            }
            _ => sells_the_same(asked),
        }),
        BUYS,
    );
    assert!(says(&outcome, "cannot be read (404 not_found)"), "{:?}", outcome.violations);
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let keys = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
    let asked_for = Arc::clone(&keys);
    let outcome = go_to(
        &serve(move |asked| match (asked.method, asked.path) {
            ("POST", "/api/v1/orders") => {
                let mut keys = asked_for.lock().unwrap();
                let times = keys.entry(asked.key.expect("an order has a key").into()).or_default();
                *times += 1;
                // Keys are each person's own, so all of theirs are one here.
                if *times <= 2 { Does::HangsUp } else { sells_the_same(asked) }
            }
            _ => sells_the_same(asked),
        }),
        BUYS,
    );
    assert_eq!(outcome.totals.finished, PEOPLE, "{outcome:?}");
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len(), 1, "nobody asked twice under two keys: {keys:?}");
    assert!(*keys.values().next().unwrap() >= PEOPLE as u32 + 2);
}

#[test]
fn a_server_that_hangs_hangs_nobody_and_people_still_come_when_they_meant_to() {
    let outcome = go_to(
        &serve(|asked| match asked.path {
            "/api/v1/sessions" => Does::Stalls,
            _ => sells_the_same(asked),
        }),
        BUYS,
    );
    assert_eq!((outcome.totals.arrived, outcome.totals.left), (PEOPLE, PEOPLE));
    assert_eq!(outcome.totals.connections_max, PEOPLE);
}

#[test]
fn nonsense_and_hanging_up_are_counted_by_kind() {
    let outcome = go_to(
        &serve(|asked| match asked.path {
            "/api/v1/events/evt_1/holds" => Does::Says("I am no HTTP server\r\n\r\n"),
            _ => sells_the_same(asked),
        }),
        BUYS,
    );
    assert!(outcome.failures["garbage"] >= PEOPLE, "{:?}", outcome.failures);
    let outcome = go_to(
        &serve(|asked| match asked.path {
            "/api/v1/events/evt_1/holds" => Does::HangsUp,
            _ => sells_the_same(asked),
        }),
        BUYS,
    );
    assert!(outcome.failures["closed"] >= PEOPLE, "{:?}", outcome.failures);
    assert_eq!(outcome.violations, Vec::<String>::new(), "it lied to nobody");
}
