//! What clients of a real server saw, in the words of the simulator, so that its invariants judge
//! it too: each call over HTTP becomes what was asked, each answer what was told.
//!
//! Deliberately absent: anything that a client cannot see. A call that moves no stock and no money
//! (a session, the pages of a provider) is no part of a history.

use onsale_core::call::CallError;
use onsale_core::command::{Actor, Command, IdempotencyKey, Provider, Request};
use onsale_core::id::{EventId, HoldId, OrderId, PersonId};
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use onsale_engine::Answer;
use onsale_net::dto::hold::TakeHold;
use onsale_net::dto::order::PlaceOrder;
use onsale_sim::invariants::{self, Invariant, Violation};
use onsale_sim::seen::{Ask, Micros, Op, Seen, Told};
use serde_json::Value;

use crate::promises::Promises;
use crate::reading;

/// A call, as its client makes it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// The path; what stands behind a `?` does not matter.
    pub path: &'a str,
    /// Who calls: a person's id as text; nothing for the operator.
    pub person: Option<&'a str>,
    /// The Idempotency-Key, if there is one.
    pub key: Option<&'a str>,
    /// The body's bytes.
    pub body: &'a [u8],
}

/// Everything that was asked and told, in order.
#[derive(Debug, Default)]
pub struct History {
    entries: Vec<(Micros, Entry)>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
enum Asked {
    Execute(Request),
    Look(Actor, Query),
}

#[derive(Debug)]
enum Entry {
    Asked(Op),
    Told(Op, Box<Told>),
    GaveUp(Op),
}

impl History {
    /// Somebody asks something, at a time that never goes back. `None` if it is of no interest.
    /// However often it is sent again, it is asked once.
    pub fn asked(&mut self, at: Micros, call: Call<'_>) -> Option<Op> {
        let asked = Asked::read(call)?;
        let op = Op(self.asked.len() as u64);
        self.asked.push(asked);
        self.entries.push((at, Entry::Asked(op)));
        Some(op)
    }

    /// An answer came.
    ///
    /// # Panics
    /// If it is no answer to what was asked.
    pub fn told(&mut self, at: Micros, op: Op, status: u16, body: &Value) {
        let asked = &self.asked[op.0 as usize];
        let told = match status {
            200..300 => {
                let answer = asked.answer(body);
                Ok(answer.unwrap_or_else(|| panic!("{asked:?} is answered {status} {body}")))
            }
            _ => Err(reading::problem(body)),
        };
        // It leaves open whether anything was done.
        let entry = match told {
            Err(CallError::Stopped) => Entry::GaveUp(op),
            told => Entry::Told(op, Box::new(told)),
        };
        self.entries.push((at, entry));
    }

    /// Whoever asked will not ask again.
    pub fn gave_up(&mut self, at: Micros, op: Op) {
        self.entries.push((at, Entry::GaveUp(op)));
    }

    /// Has everything judged: by the simulator's invariants, of which those that ask for more than
    /// a client sees have nothing to object, and by what binds a server in the eyes of its clients.
    pub fn judge(&self) -> Result<(), Violation> {
        let mut invariants = invariants::all();
        invariants.push(Box::<Promises>::default());
        self.judge_by(&mut invariants)
    }

    fn judge_by(&self, invariants: &mut [Box<dyn Invariant>]) -> Result<(), Violation> {
        let shown = self.entries.iter().map(|(at, entry)| {
            let seen = match entry {
                Entry::Asked(op) => Seen::Asked { op: *op, ask: self.asked[op.0 as usize].shown() },
                Entry::Told(op, answer) => Seen::Told { op: *op, answer },
                Entry::GaveUp(op) => Seen::GaveUp { op: *op },
            };
            (*at, seen)
        });
        let last = self.entries.last().map_or(Micros(0), |(at, _)| *at);
        for (at, seen) in shown.chain([(last, Seen::Settled { states: &[] })]) {
            for invariant in &mut *invariants {
                let name = invariant.name();
                let verdict = invariant.see(at, &seen);
                verdict.map_err(|what| Violation { invariant: name, at, what })?;
            }
        }
        Ok(())
    }
}

impl Asked {
    fn read(call: Call<'_>) -> Option<Self> {
        let actor = match call.person {
            Some(person) => Actor::Person(person.parse::<PersonId>().ok()?),
            None => Actor::Operator,
        };
        let path = call.path.split('?').next()?.strip_prefix("/api/v1/")?;
        let parts: Vec<_> = path.split('/').collect();
        let command = match (call.method, parts.as_slice()) {
            ("GET", ["orders", order]) => {
                return Some(Self::Look(actor, Query::Order(order.parse::<OrderId>().ok()?)));
            }
            ("GET", ["holds", hold]) => {
                return Some(Self::Look(actor, Query::Hold(hold.parse::<HoldId>().ok()?)));
            }
            ("POST", ["events", event, "holds"]) => {
                let event = event.parse::<EventId>().ok()?;
                let wishes = serde_json::from_slice::<TakeHold>(call.body).ok()?.parse().ok()?;
                Command::TakeHold { event, place: None, wishes }
            }
            ("POST", ["orders"]) => {
                let wish: PlaceOrder = serde_json::from_slice(call.body).ok()?;
                let PlaceOrder { hold, provider, accept_other_seats } = wish;
                let (hold, provider) = (hold.0, Provider(provider));
                Command::PlaceOrder { hold, provider, accept_other_seats }
            }
            ("POST", ["orders", order, "cancel"]) => Command::CancelOrder(order.parse().ok()?),
            ("DELETE", ["holds", hold]) => Command::ReleaseHold(hold.parse().ok()?),
            _ => return None,
        };
        let key = call.key.map(|key| IdempotencyKey {
            key: digest(&[
                format!("{actor:?}").as_bytes(),
                format!("{:?}", std::mem::discriminant(&command)).as_bytes(),
                key.as_bytes(),
            ]),
            fingerprint: digest(&[path.as_bytes(), call.body]),
        });
        Some(Self::Execute(Request { key, ..Request::new(actor, command) }))
    }

    fn shown(&self) -> Ask<'_> {
        match self {
            Self::Execute(request) => Ask::Execute(request),
            Self::Look(actor, query) => Ask::Look(*actor, *query),
        }
    }

    /// What a success says.
    fn answer(&self, body: &Value) -> Option<Answer> {
        let reply = match self {
            Self::Look(_, Query::Order(_)) => {
                return Some(Answer::View(View::Order(reading::order(body)?)));
            }
            Self::Look(_, Query::Hold(hold)) => {
                return Some(Answer::View(View::Hold(reading::hold(*hold, body)?)));
            }
            Self::Look(..) => return None,
            Self::Execute(request) => match request.command {
                Command::TakeHold { .. } => {
                    Reply::HoldTaken(reading::hold(reading::text(body, "id")?.parse().ok()?, body)?)
                }
                Command::PlaceOrder { hold, .. } => Reply::OrderPlaced {
                    order: reading::text(body, "id")?.parse().ok()?,
                    hold: reading::hold(hold, body)?,
                    status: reading::status(body)?,
                    until: reading::time(body, "expires_at")?,
                },
                _ => Reply::Done,
            },
        };
        Some(Answer::Reply(reply))
    }
}

/// FNV-1a over the parts, each behind its length: equal for equal parts, and that is all it is for.
fn digest(parts: &[&[u8]]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let lengths = parts.iter().map(|part| (part.len() as u64).to_be_bytes());
    let bytes =
        lengths.zip(parts).flat_map(|(length, part)| length.into_iter().chain(part.to_vec()));
    bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ADA: &str = "per_00000000000000000000000001";

    /// Sees what it is shown, and objects to nothing.
    struct Witness(std::rc::Rc<std::cell::RefCell<Vec<String>>>);

    impl Invariant for Witness {
        fn name(&self) -> &'static str {
            "witness"
        }

        fn see(&mut self, _: Micros, seen: &Seen<'_>) -> onsale_sim::invariants::Verdict {
            self.0.borrow_mut().push(format!("{seen:?}"));
            Ok(())
        }
    }

    fn order(body: &[u8]) -> Call<'_> {
        let path = "/api/v1/orders";
        Call { method: "POST", path, person: Some(ADA), key: Some("k"), body }
    }

    #[test]
    fn what_was_asked_and_told_is_shown_as_the_rules_say_it() {
        let mut history = History::default();
        let body = br#"{"hold": "hld_0000000000000", "provider": "sandbox"}"#;
        let op = history.asked(Micros(1), order(body)).unwrap();
        let gone = json!({ "code": "hold_gone" });
        history.told(Micros(2), op, 410, &gone);
        let other = history.asked(Micros(3), order(body)).unwrap();
        history.told(Micros(4), other, 503, &json!({ "code": "stopping" }));
        let seen = std::rc::Rc::default();
        history.judge_by(&mut [Box::new(Witness(std::rc::Rc::clone(&seen)))]).unwrap();
        let seen = seen.take();
        assert!(seen[0].contains("PlaceOrder") && seen[0].contains(ADA), "{seen:?}");
        assert!(seen[1].contains("HoldGone"), "{seen:?}");
        assert!(seen[3].contains("GaveUp"), "{seen:?}");
    }

    #[test]
    fn a_call_without_stock_or_money_is_no_part_of_it() {
        let mut history = History::default();
        let session = Call { path: "/api/v1/sessions", ..order(b"{}") };
        assert_eq!(history.asked(Micros(0), session), None);
    }

    #[test]
    fn keys_are_equal_where_caller_route_and_key_are_and_prints_where_content_is() {
        let read = |call| match Asked::read(call) {
            Some(Asked::Execute(request)) => request.key.unwrap(),
            other => panic!("{other:?}"),
        };
        let one = read(order(br#"{"hold":"hld_0000000000000","provider":"a"}"#));
        let other = read(order(br#"{"hold":"hld_0000000000000","provider":"b"}"#));
        assert_eq!(one.key, other.key);
        assert_ne!(one.fingerprint, other.fingerprint);
        let key =
            Call { key: Some("l"), ..order(br#"{"hold":"hld_0000000000000","provider":"a"}"#) };
        assert_ne!(read(key).key, one.key);
    }
}
