//! What clients were told binds: a key gets one answer however often it is asked under, an order
//! that was acknowledged is never gone, and one that had tickets never becomes one that had none.
//!
//! Why: whoever gets no answer asks again, and whoever got one relies on it, whatever crashes in
//! between. It needs no look into the server, so a real one is judged by it as a simulated one is;
//! what clients were told of seats is judged by the simulator's `linearizability`.
//!
//! Source: draft-ietf-httpapi-idempotency-key-header; docs/adr/0002-acknowledge-after-durable.md.

use std::collections::BTreeMap;

use onsale_core::call::CallError;
use onsale_core::command::Request;
use onsale_core::id::OrderId;
use onsale_core::order::OrderStatus;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_engine::Answer;
use onsale_sim::invariants::{Invariant, Verdict};
use onsale_sim::seen::{Ask, Micros, Op, Seen, Told};

/// See the module.
#[derive(Default)]
pub struct Promises {
    open: BTreeMap<Op, Open>,
    keys: BTreeMap<u128, Key>,
    /// Orders that were acknowledged, and whether they were shown with tickets.
    orders: BTreeMap<OrderId, bool>,
}

/// Something that was asked.
enum Open {
    Execute(Request),
    /// A look at an order, with what was known of it then: whether it had tickets.
    Order(OrderId, Option<bool>),
}

/// What is known of a key.
#[derive(Default)]
struct Key {
    /// The contents that were asked for under it.
    asked: Vec<u128>,
    /// The content that was answered, and how.
    answered: Option<(u128, Reply)>,
}

impl Promises {
    fn asked(&mut self, op: Op, ask: &Ask<'_>) {
        let open = match *ask {
            Ask::Look(_, Query::Order(order)) => {
                Open::Order(order, self.orders.get(&order).copied())
            }
            Ask::Look(..) => return,
            Ask::Execute(request) => {
                if let Some(key) = request.key {
                    self.keys.entry(key.key).or_default().asked.push(key.fingerprint);
                }
                Open::Execute(request.clone())
            }
        };
        self.open.insert(op, open);
    }

    fn told(&mut self, op: Op, told: &Told) -> Verdict {
        match self.open.remove(&op) {
            Some(Open::Execute(request)) => {
                if let Ok(Answer::Reply(Reply::OrderPlaced { order, .. })) = told {
                    self.orders.entry(*order).or_default();
                }
                self.check_key(&request, told)
            }
            Some(Open::Order(order, known)) => self.check_order(order, known, told),
            None => Ok(()),
        }
    }

    fn check_key(&mut self, request: &Request, told: &Told) -> Verdict {
        let Some(given) = request.key else { return Ok(()) };
        let key = self.keys.entry(given.key).or_default();
        match (told, &key.answered) {
            (Err(CallError::Refused(Refusal::KeyReused)), _) => {
                let was_reused = key.asked.iter().any(|content| *content != given.fingerprint);
                let wrong = || format!("refused as key_reused, and it never was: {request:?}");
                if was_reused { Ok(()) } else { Err(wrong()) }
            }
            (Ok(Answer::Reply(reply)), Some((content, kept))) => {
                let is_same = *content == given.fingerprint && kept == reply;
                let wrong = || format!("one key is answered {kept:?} and {reply:?}");
                if is_same { Ok(()) } else { Err(wrong()) }
            }
            (Ok(Answer::Reply(reply)), None) => {
                key.answered = Some((given.fingerprint, reply.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_order(&mut self, order: OrderId, known: Option<bool>, told: &Told) -> Verdict {
        use OrderStatus::{Completed, PartiallyRefunded, Refunded};
        match (told, known) {
            (Err(CallError::Refused(Refusal::NotFound(_))), Some(_)) => {
                Err(format!("{order} was acknowledged and is gone"))
            }
            (Ok(Answer::View(View::Order(view))), _) => {
                let had = matches!(view.status, Completed | PartiallyRefunded | Refunded);
                if known == Some(true) && !had {
                    return Err(format!("{order} had tickets and is {}", view.status.name()));
                }
                *self.orders.entry(order).or_default() |= had;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Invariant for Promises {
    fn name(&self) -> &'static str {
        "promises"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked { op, ask } => {
                self.asked(*op, ask);
                Ok(())
            }
            Seen::Told { op, answer } => self.told(*op, answer),
            Seen::GaveUp { op } => {
                self.open.remove(op);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Command, IdempotencyKey};
    use onsale_core::id::{EventId, PartitionId, PersonId};
    use onsale_core::refusal::Thing;

    use super::*;

    fn order(number: u32) -> OrderId {
        OrderId::new(EventId::new(PartitionId::FIRST, 0).expect("the first"), number)
    }

    /// Somebody asks under a key and is told this.
    fn asks(promises: &mut Promises, key: u128, fingerprint: u128, told: &Told) -> Verdict {
        let actor = Actor::Person(PersonId::from_u128(1));
        let command = Command::CancelOrder(order(0));
        let key = Some(IdempotencyKey { key, fingerprint });
        let ask = Ask::Execute(&Request { key, ..Request::new(actor, command) });
        promises.see(Micros(0), &Seen::Asked { op: Op(0), ask })?;
        promises.see(Micros(1), &Seen::Told { op: Op(0), answer: told })
    }

    fn looks(promises: &mut Promises, told: &Told) -> Verdict {
        let ask = Ask::Look(Actor::Operator, Query::Order(order(0)));
        promises.see(Micros(2), &Seen::Asked { op: Op(1), ask })?;
        promises.see(Micros(3), &Seen::Told { op: Op(1), answer: told })
    }

    #[expect(clippy::unnecessary_wraps, reason = "a success among answers that may be refusals")]
    fn refunding(number: u32) -> Told {
        let currency = "EUR".parse().expect("a currency");
        let amount = onsale_core::money::Amount::ZERO;
        Ok(Answer::Reply(Reply::Refunding { order: order(number), amount, currency }))
    }

    fn reused() -> Told {
        Err(CallError::Refused(Refusal::KeyReused))
    }

    #[test]
    fn two_answers_under_one_key_are_caught() {
        let mut promises = Promises::default();
        asks(&mut promises, 1, 1, &refunding(0)).expect("the first");
        asks(&mut promises, 1, 1, &refunding(0)).expect("the same");
        asks(&mut promises, 1, 2, &reused()).expect("another content");
        assert!(asks(&mut promises, 1, 1, &refunding(1)).is_err(), "another answer");
        assert!(asks(&mut promises, 1, 2, &refunding(0)).is_err(), "to another content");
    }

    #[test]
    fn a_key_that_is_called_reused_and_is_not_is_caught() {
        let mut promises = Promises::default();
        assert!(asks(&mut promises, 1, 1, &reused()).is_err());
    }

    #[test]
    fn an_order_that_is_gone_or_has_lost_its_tickets_is_caught() {
        let gone = Err(CallError::Refused(Refusal::NotFound(Thing::Order)));
        let mut promises = Promises::default();
        looks(&mut promises, &gone).expect("it was never acknowledged");
        promises.orders.insert(order(0), false);
        assert!(looks(&mut promises, &gone).expect_err("a violation").contains("gone"));
    }
}
