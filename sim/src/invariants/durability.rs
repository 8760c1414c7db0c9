//! Acknowledged means durable: when an answer leaves the server, everything that it depends on is
//! on the disk by the disk's own account, at that very moment. An answer depends on everything that
//! was applied when it was made, a refusal too: what refused it may be lost. What somebody waited
//! for shows something that is durable. An effect leaves after the fact behind it. And a process
//! that begins knows everything that ever was acknowledged or durable.
//!
//! Why: whoever was told that they have a ticket has one, though the power fails the next moment.
//!
//! Source: ADR 0002; "no acknowledged write is lost" is the final check of every Jepsen register,
//! and the parking of replies is the condition of openraft's `pending_responds`.

use std::collections::BTreeMap;

use onsale_core::call::CallError;
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::waitroom::PlaceState;
use onsale_engine::Answer;

use super::books::{Books, Face, PartitionBook, RefundBook, Shared};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen, Token, Told};

/// See the module.
pub(crate) struct Durability {
    books: Shared,
    /// For each copy that is not answered: the last fact that its answer depends on.
    needs: BTreeMap<Token, u64>,
    /// For each partition, the last fact that nobody may take away any more.
    floors: BTreeMap<PartitionId, u64>,
}

impl Durability {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, needs: BTreeMap::new(), floors: BTreeMap::new() }
    }

    fn raise(&mut self, partition: PartitionId, fact: u64) {
        let floor = self.floors.entry(partition).or_default();
        *floor = (*floor).max(fact);
    }
}

impl Invariant for Durability {
    fn name(&self) -> &'static str {
        "durability"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Executed { token, after, .. } => {
                self.needs.insert(token, after);
            }
            Seen::Looked { token, applied, .. } => {
                self.needs.insert(token, applied);
            }
            Seen::Durable { partition, up_to } => self.raise(partition, up_to),
            Seen::Answered { partition, token, answer, .. } => {
                let need = self.needs.remove(&token);
                if depends_on_nothing(answer) {
                    return Ok(());
                }
                let Some(need) = need else {
                    return Err(format!("{token:?} is answered and was not asked: {answer:?}"));
                };
                let book = books.partition(partition);
                check_answer(need, answer, &books, book)?;
                self.raise(partition, need);
            }
            Seen::Wanted { partition, effect } => {
                let durable = books.partition(partition).map_or(0, |book| book.durable);
                return check_effect(&books, durable, effect);
            }
            Seen::Started { partition, state, .. } => {
                let floor = self.floors.get(&partition).copied().unwrap_or(0);
                if state.applied() < floor {
                    return Err(format!(
                        "partition {} begins with fact {}, and fact {floor} was durable or \
                         acknowledged",
                        partition.number(),
                        state.applied()
                    ));
                }
            }
            Seen::Died { .. } => self.needs.clear(),
            _ => {}
        }
        Ok(())
    }
}

/// What is said without having looked at the state.
fn depends_on_nothing(answer: &Told) -> bool {
    matches!(
        answer,
        Err(CallError::Overloaded { .. } | CallError::Stopped | CallError::NoSuchPartition)
    )
}

fn check_answer(need: u64, answer: &Told, books: &Books, book: Option<&PartitionBook>) -> Verdict {
    let durable = book.map_or(0, |book| book.durable);
    if need > durable {
        return Err(format!("an answer depends on fact {need}, durable is {durable}: {answer:?}"));
    }
    let is_shown = match answer {
        Ok(Answer::View(View::Order(view))) => {
            let face = Face::of(view);
            let order = books.order(view.order);
            order.is_some_and(|order| has_face(&order.faces, durable, &face))
        }
        Ok(Answer::View(View::Place(view))) => {
            let event = books.event(view.place.event);
            let place = event.and_then(|event| event.places.get(view.place.number as usize));
            place.is_some_and(|place| has_face(&place.faces, durable, &state_name(view.state)))
        }
        _ => true,
    };
    if is_shown {
        Ok(())
    } else {
        Err(format!("no fact up to {durable}, which is durable, says this: {answer:?}"))
    }
}

fn has_face<T: PartialEq>(faces: &[(u64, T)], durable: u64, face: &T) -> bool {
    faces.iter().any(|(fact, other)| *fact <= durable && other == face)
}

const fn state_name(state: PlaceState) -> &'static str {
    match state {
        PlaceState::Queued => "queued",
        PlaceState::Admitted { .. } => "admitted",
        PlaceState::Completed { .. } => "completed",
        PlaceState::Expired { .. } => "expired",
        PlaceState::Left { .. } => "left",
        PlaceState::Abandoned { .. } => "abandoned",
    }
}

fn check_effect(books: &Books, durable: u64, effect: &Effect) -> Verdict {
    let Some(order) = books.order(effect.order) else {
        return Err(format!("an effect for an order that no fact knows: {effect:?}"));
    };
    let (fact, minor, wanted) = match &effect.kind {
        EffectKind::CreateIntent { amount, .. } => (order.placed, order.total(), amount.as_minor()),
        EffectKind::Refund { refund, attempt, amount, payment, .. } => {
            let Some(refund) = order.refunds.get(*refund as usize) else {
                return Err(format!("an effect for a refund that no fact knows: {effect:?}"));
            };
            let capture = order.captures.get(refund.capture);
            if capture.is_none_or(|capture| capture.payment != *payment) {
                return Err(format!("a refund of another payment: {effect:?}"));
            }
            let Some(fact) = attempt_wanted(refund, *attempt) else {
                return Err(format!("an attempt that no fact knows: {effect:?}"));
            };
            (fact, refund.amount, amount.as_minor())
        }
    };
    if fact > durable {
        return Err(format!("fact {fact} is not durable ({durable} is): {effect:?}"));
    }
    if minor != wanted {
        return Err(format!("fact {fact} is about {minor}: {effect:?}"));
    }
    Ok(())
}

/// The fact that wants this attempt at a refund.
fn attempt_wanted(refund: &RefundBook, attempt: u32) -> Option<u64> {
    let Some(retry) = attempt.checked_sub(1) else { return Some(refund.fact) };
    refund.retries.get(retry as usize).copied()
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Command, Provider, Request};
    use onsale_core::money::Amount;
    use onsale_core::order::OrderEnd;
    use onsale_core::payment::RefundCause;
    use onsale_core::query::Query;
    use onsale_core::refusal::Refusal;
    use onsale_core::reply::Reply;

    use super::super::fixture::*;
    use super::*;
    use crate::seen::Op;

    fn bench() -> Bench<Durability> {
        Bench::new(Durability::new(Shared::default()))
    }

    fn request() -> Request {
        Request::new(Actor::System, Command::Advance)
    }

    fn look(bench: &mut Bench<Durability>, applied: u64) -> Token {
        let query = Query::Order(order(0));
        let (token, op, now, actor) = (Token(900), Op(9), NOW, Actor::Operator);
        let (partition, wait_until) = (PARTITION, Some(NOW + HOLD));
        let seen = Seen::Looked { partition, token, op, now, actor, query, wait_until, applied };
        bench.see(&seen).unwrap();
        token
    }

    #[expect(clippy::unnecessary_wraps, reason = "what is told may be a refusal")]
    fn view(bench: &Bench<Durability>) -> Told {
        let view = bench.state.query(NOW, Actor::Operator, Query::Order(order(0)));
        Ok(Answer::View(view.unwrap()))
    }

    fn wants_intent(minor: u64) -> Effect {
        let kind = EffectKind::CreateIntent {
            amount: Amount::from_minor(minor),
            currency: euro(),
            until: NOW,
        };
        Effect { order: order(0), provider: Provider("sandbox".into()), kind }
    }

    fn wants_refund(payment: &str, attempt: u32) -> Effect {
        let kind = EffectKind::Refund {
            refund: 0,
            attempt,
            payment: payment.into(),
            amount: Amount::from_minor(500),
            currency: euro(),
        };
        Effect { kind, ..wants_intent(500) }
    }

    #[test]
    fn answers_that_wait_for_the_disk_are_fine() {
        let mut bench = bench();
        let token = bench.executes(&request(), 2, 4);
        bench.happens([taken(0, standing(1)), placed(0, 0)]).unwrap();
        bench.synced().unwrap();
        bench.answers(token, &Ok(Answer::Reply(Reply::Done))).unwrap();
        let effect = wants_intent(500);
        bench.see(&Seen::Wanted { partition: PARTITION, effect: &effect }).unwrap();
        let token = look(&mut bench, 4);
        bench.happens([captured(0, "a", 500), completed(0, 0)]).unwrap();
        bench.synced().unwrap();
        let shown = view(&bench);
        bench.answers(token, &shown).unwrap();
        bench.dies().unwrap();
        bench.start().unwrap();
    }

    #[test]
    fn an_answer_before_the_disk_is_caught_and_so_is_a_refusal() {
        let mut bench = bench();
        let token = bench.executes(&request(), 2, 3);
        let refused = bench.executes(&request(), 3, 3);
        bench.happens([taken(0, standing(1))]).unwrap();
        let overloaded = Err(CallError::Overloaded { retry_after_s: 1 });
        assert!(bench.answers(token, &Ok(Answer::Reply(Reply::Done))).is_err());
        assert!(bench.answers(refused, &Err(Refusal::HoldGone.into())).is_err());
        let shed = bench.executes(&request(), 3, 3);
        bench.answers(shed, &overloaded).unwrap();
    }

    #[test]
    fn an_answer_to_nothing_and_a_second_answer_are_caught() {
        let mut bench = bench();
        let token = bench.executes(&request(), 2, 2);
        bench.answers(token, &Ok(Answer::Reply(Reply::Done))).unwrap();
        assert!(bench.answers(token, &Ok(Answer::Reply(Reply::Done))).is_err());
    }

    #[test]
    fn a_watch_that_shows_what_is_not_durable_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1)), placed(0, 0)]).unwrap();
        bench.synced().unwrap();
        let token = look(&mut bench, 4);
        bench.happens([ended(0, OrderEnd::Expired)]).unwrap();
        let shown = view(&bench);
        assert!(bench.answers(token, &shown).unwrap_err().contains("no fact up to 4"));
    }

    #[test]
    fn an_effect_before_its_fact_or_of_another_amount_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1)), placed(0, 0)]).unwrap();
        let effect = wants_intent(500);
        let early = bench.see(&Seen::Wanted { partition: PARTITION, effect: &effect });
        assert!(early.unwrap_err().contains("not durable"));
        bench.synced().unwrap();
        let effect = wants_intent(400);
        let wrong = bench.see(&Seen::Wanted { partition: PARTITION, effect: &effect });
        assert!(wrong.unwrap_err().contains("about 500"));
    }

    #[test]
    fn a_refund_of_another_payment_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1)), placed(0, 0)]).unwrap();
        bench.happens([captured(0, "a", 500), completed(0, 0)]).unwrap();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked)]).unwrap();
        bench.synced().unwrap();
        for (payment, is_fine) in [("a", true), ("b", false)] {
            let effect = wants_refund(payment, 0);
            let verdict = bench.see(&Seen::Wanted { partition: PARTITION, effect: &effect });
            assert_eq!(verdict.is_ok(), is_fine);
        }
    }

    #[test]
    fn an_attempt_that_nobody_wanted_or_that_is_not_durable_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1)), placed(0, 0)]).unwrap();
        bench.happens([captured(0, "a", 500), completed(0, 0)]).unwrap();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked), refused(0, 0)]).unwrap();
        bench.synced().unwrap();
        let effect = wants_refund("a", 1);
        let wanted = Seen::Wanted { partition: PARTITION, effect: &effect };
        assert!(bench.see(&wanted).unwrap_err().contains("no fact knows"));
        bench.happens([retried(0, 0, 1)]).unwrap();
        assert!(bench.see(&wanted).unwrap_err().contains("not durable"));
        bench.synced().unwrap();
        bench.see(&wanted).unwrap();
    }

    #[test]
    fn a_process_that_begins_with_less_than_was_durable_is_caught() {
        let mut bench = bench();
        let before = bench.state.clone();
        bench.happens([taken(0, standing(1))]).unwrap();
        bench.synced().unwrap();
        bench.dies().unwrap();
        assert!(bench.start_with(&before).is_err());
    }
}
