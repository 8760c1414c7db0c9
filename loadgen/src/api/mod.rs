//! The public API as a client knows it: which requests there are, and of the answers what somebody
//! reads.
//!
//! Deliberately absent: everything that nobody here looks at. Unknown members are ignored, as a
//! client of an API that grows should.

mod house;
mod shapes;

use std::time::Duration;

use serde_json::{Value, json};

pub use self::house::house;
pub use self::shapes::*;
use crate::http::Request;
use crate::measure::StepKind;
use crate::mix::Sight;

/// How long an answer is waited for that is not held back.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The kinds of requests that people make, measured each on its own, in the order of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their requests, below, say what they are")]
pub enum Call {
    Session,
    Join,
    Poll,
    Listen,
    Look,
    Hold,
    Order,
    Show,
    Pay,
    Release,
}

impl Call {
    /// All of them: a call's position is its number.
    pub const KINDS: [StepKind; 10] = [
        StepKind { name: "session", is_held_back: false },
        StepKind { name: "join", is_held_back: false },
        StepKind { name: "poll", is_held_back: false },
        StepKind { name: "listen", is_held_back: true },
        StepKind { name: "look", is_held_back: false },
        StepKind { name: "hold", is_held_back: false },
        StepKind { name: "order", is_held_back: false },
        StepKind { name: "show", is_held_back: false },
        StepKind { name: "pay", is_held_back: false },
        StepKind { name: "release", is_held_back: false },
    ];
}

/// Open a guest session.
pub fn open_session(email: &str) -> Request {
    post("/api/v1/sessions".into(), &json!({ "email": email }))
}

/// Join the waitroom.
pub fn join(event: &str, party: u32) -> Request {
    post(format!("/api/v1/events/{event}/waitroom"), &json!({ "party": party }))
}

/// Ask how far a place is.
pub fn poll(place: &str) -> Request {
    get(format!("/api/v1/places/{place}"))
}

/// Wait until a place is no more as it was.
pub fn listen_to_place(place: &str, seen: &str, wait: Duration) -> Request {
    held_back(&format!("/api/v1/places/{place}"), seen, wait)
}

/// Give up a place.
pub fn leave(place: &str) -> Request {
    Request { method: "DELETE", ..get(format!("/api/v1/places/{place}")) }
}

/// Look at an event.
pub fn look(event: &str, at: Sight) -> Request {
    let what = match at {
        Sight::Event => "",
        Sight::Availability => "/availability",
        Sight::Chart => "/seats/chart",
        Sight::Seats => "/seats",
    };
    get(format!("/api/v1/events/{event}{what}"))
}

/// Take a hold.
pub fn hold(event: &str, wish: &Value) -> Request {
    post(format!("/api/v1/events/{event}/holds"), &json!({ "wishes": [wish] }))
}

/// Give a hold back.
pub fn release(hold: &str) -> Request {
    Request { method: "DELETE", ..get(format!("/api/v1/holds/{hold}")) }
}

/// Make a hold an order.
pub fn order(hold: &str, accept_other_seats: bool) -> Request {
    let body =
        json!({ "hold": hold, "provider": "sandbox", "accept_other_seats": accept_other_seats });
    post("/api/v1/orders".into(), &body)
}

/// Show an order.
pub fn show(order: &str) -> Request {
    get(format!("/api/v1/orders/{order}"))
}

/// Wait until an order is no more as it was.
pub fn listen_to_order(order: &str, seen: &str, wait: Duration) -> Request {
    held_back(&format!("/api/v1/orders/{order}"), seen, wait)
}

/// Pay at the sandbox's page. Only the path counts: the page is on the server that is loaded.
pub fn pay(url: &str, behaviour: &str) -> Request {
    let path = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest.find('/').map_or("/", |slash| &rest[slash..]));
    post(path.into(), &json!({ "behaviour": behaviour }))
}

/// Define an event.
pub fn define_event(definition: &Value) -> Request {
    post("/api/v1/events".into(), definition)
}

/// Open an event.
pub fn open_event(event: &str) -> Request {
    Request { method: "POST", ..get(format!("/api/v1/events/{event}/open")) }
}

/// Check the books of an event.
pub fn audit(event: &str) -> Request {
    get(format!("/api/v1/events/{event}/audit"))
}

fn get(path: String) -> Request {
    // The sandbox's page is for people otherwise.
    let headers = vec![("Accept", "application/json".into())];
    Request { method: "GET", path, headers, body: Vec::new(), timeout: TIMEOUT }
}

fn post(path: String, body: &Value) -> Request {
    Request { method: "POST", body: body.to_string().into_bytes(), ..get(path) }
}

fn held_back(path: &str, seen: &str, wait: Duration) -> Request {
    let path = format!("{path}?wait_ms={}&seen={seen}", wait.as_millis());
    Request { timeout: wait + TIMEOUT, ..get(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_goes_to_the_server_that_is_loaded() {
        for url in ["https://tickets.example.org/sandbox/pay/pi_1", "/sandbox/pay/pi_1"] {
            assert_eq!(pay(url, "pay").path, "/sandbox/pay/pi_1");
        }
    }

    #[test]
    fn a_call_is_measured_under_its_own_name() {
        assert_eq!(Call::KINDS[Call::Session as usize].name, "session");
        assert_eq!(Call::KINDS[Call::Listen as usize].name, "listen");
        assert_eq!(Call::KINDS[Call::Release as usize].name, "release");
        assert_eq!(Call::KINDS.len(), Call::Release as usize + 1);
    }
}
