//! A key takes effect once: the same key with the same content gets the same reply whenever it gets
//! one, across duplicates, retries and crashes, for as long as answers are kept, and nothing
//! happens a second time; with another content it is refused as `key_reused`. And a refusal, under
//! a key or without, changes nothing.
//!
//! Why: whoever gets no answer asks again. A slow page and an active pay button charged four times
//! in an earlier system.
//!
//! Source: draft-ietf-httpapi-idempotency-key-header and Stripe's rules for idempotent requests,
//! but for refusals, which are decided anew here.

use std::collections::BTreeMap;

use onsale_core::call::CallError;
use onsale_core::command::IdempotencyKey;
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::PartitionId;
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::time::{Span, Time};
use onsale_engine::Answer;

use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen, Token, Told};

/// How long an answer is kept.
const KEPT: Span = Span::from_mins(24 * 60);

/// See the module.
#[derive(Default)]
pub(crate) struct Idempotency {
    kept: BTreeMap<(PartitionId, u128), Kept>,
    /// For each partition, the latest time that it has seen.
    last: BTreeMap<PartitionId, Time>,
    asked: BTreeMap<Token, Asked>,
}

/// What took effect under a key.
struct Kept {
    fingerprint: u128,
    at: Time,
    /// The last fact of the decision.
    fact: u64,
    /// Known once it is written.
    reply: Option<Reply>,
}

struct Asked {
    changed: bool,
    key: Option<u128>,
    expects: Expects,
}

#[derive(Clone, Copy, PartialEq)]
enum Expects {
    /// The key is new, or there is none.
    Anything,
    /// The reply that is kept.
    TheSame,
    /// The key was another request's.
    Reused,
}

impl Idempotency {
    fn executed(
        &mut self,
        partition: PartitionId,
        key: Option<IdempotencyKey>,
        now: Time,
        (before, after): (u64, u64),
    ) -> Result<Expects, String> {
        let last = self.last.entry(partition).or_default();
        let now = now.max(*last);
        let changed = after > before;
        if changed {
            *last = now;
        }
        let Some(key) = key else { return Ok(Expects::Anything) };
        let found = self.kept.get(&(partition, key.key)).filter(|kept| now < kept.at + KEPT);
        let expects = match found {
            None => Expects::Anything,
            Some(kept) if kept.fingerprint == key.fingerprint => Expects::TheSame,
            Some(_) => Expects::Reused,
        };
        if let Some(kept) = found.filter(|_| changed) {
            return Err(format!(
                "key {:x} took effect with fact {} and again with {after}",
                key.key, kept.fact
            ));
        }
        if changed {
            let kept = Kept { fingerprint: key.fingerprint, at: now, fact: after, reply: None };
            self.kept.insert((partition, key.key), kept);
        }
        Ok(expects)
    }

    fn written(&mut self, partition: PartitionId, first: u64, decision: &Decision) {
        for (number, fact) in (first..).zip(&decision.facts) {
            let Fact::Answered(fact) = fact else { continue };
            let kept = self.kept.entry((partition, fact.key.key)).or_insert_with(|| Kept {
                fingerprint: fact.key.fingerprint,
                at: decision.at,
                fact: number,
                reply: None,
            });
            if kept.fact == number {
                kept.reply = Some(fact.reply.clone());
            }
        }
    }

    fn answered(&self, partition: PartitionId, asked: &Asked, answer: &Told) -> Verdict {
        let kept = asked.key.and_then(|key| self.kept.get(&(partition, key)));
        match answer {
            Err(error) if asked.changed && *error != CallError::Stopped => {
                Err(format!("it changed something and is answered: {error}"))
            }
            Err(CallError::Refused(Refusal::KeyReused)) if asked.expects != Expects::Reused => {
                Err("refused as key_reused, and the key was not used for anything else".into())
            }
            Err(CallError::Refused(refusal)) if asked.expects == Expects::TheSame => {
                Err(format!("it was done, and asked again it is refused: {refusal}"))
            }
            Err(CallError::Refused(refusal))
                if asked.expects == Expects::Reused && *refusal != Refusal::KeyReused =>
            {
                Err(format!("its key was another's, and it is refused otherwise: {refusal}"))
            }
            Ok(_) if asked.expects == Expects::Reused => {
                Err(format!("its key was another's, and it is answered: {answer:?}"))
            }
            Ok(Answer::Reply(reply)) if asked.changed || asked.expects == Expects::TheSame => {
                match kept.map(|kept| kept.reply.as_ref()) {
                    Some(Some(kept)) if kept != reply => {
                        Err(format!("kept is {kept:?}, answered {reply:?}"))
                    }
                    Some(None) => Err(format!("{reply:?} is answered and was not kept")),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Invariant for Idempotency {
    fn name(&self) -> &'static str {
        "idempotency"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        match *seen {
            Seen::Executed { partition, token, now, request, before, after, .. } => {
                let expects = self.executed(partition, request.key, now, (before, after))?;
                let key = request.key.map(|key| key.key);
                self.asked.insert(token, Asked { changed: after > before, key, expects });
            }
            Seen::Written { partition, first, decision } => {
                self.written(partition, first, decision);
            }
            Seen::Answered { partition, token, answer, .. } => {
                if let Some(asked) = self.asked.remove(&token) {
                    return self.answered(partition, &asked, answer);
                }
            }
            Seen::Started { partition, state, .. } => {
                let last = state.applied();
                self.kept.retain(|(of, _), kept| *of != partition || kept.fact <= last);
                self.last.insert(partition, state.last_time());
            }
            Seen::Died { .. } => self.asked.clear(),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Command, Request};
    use onsale_core::fact::Answered;

    use super::super::fixture::*;
    use super::*;

    fn request(key: u128, fingerprint: u128) -> Request {
        let key = Some(IdempotencyKey { key, fingerprint });
        Request { key, ..Request::new(Actor::System, Command::Advance) }
    }

    fn bench() -> Bench<Idempotency> {
        Bench::new(Idempotency::default())
    }

    #[expect(clippy::unnecessary_wraps, reason = "what is told may be a refusal")]
    fn reply(reply: &Reply) -> Told {
        Ok(Answer::Reply(reply.clone()))
    }

    fn other() -> Reply {
        Reply::Joined { place: onsale_core::id::PlaceId::new(event(), 0), ahead: None }
    }

    /// Takes a hold under key 1.
    fn takes(bench: &mut Bench<Idempotency>) -> Verdict {
        let before = bench.state.applied();
        let token = bench.executes(&request(1, 1), before, before + 2);
        let key = IdempotencyKey { key: 1, fingerprint: 1 };
        let answered = Answered { key, reply: Reply::Done };
        bench.happens([taken(0, standing(1)), answered.into()])?;
        bench.answers(token, &reply(&Reply::Done))
    }

    #[test]
    fn the_same_answer_again_and_a_refusal_of_another_request_are_fine() {
        let mut bench = bench();
        takes(&mut bench).unwrap();
        let again = bench.executes(&request(1, 1), 4, 4);
        bench.answers(again, &reply(&Reply::Done)).unwrap();
        let shed = bench.executes(&request(1, 1), 4, 4);
        bench.answers(shed, &Err(CallError::Overloaded { retry_after_s: 1 })).unwrap();
        bench.start().unwrap();
        let another = bench.executes(&request(1, 2), 4, 4);
        bench.answers(another, &Err(Refusal::KeyReused.into())).unwrap();
    }

    #[test]
    fn what_was_lost_or_is_a_day_old_may_be_done_again() {
        let mut bench = bench();
        let before = bench.state.clone();
        takes(&mut bench).unwrap();
        bench.dies().unwrap();
        bench.start_with(&before).unwrap();
        bench.state = before;
        takes(&mut bench).unwrap();
        bench.now = bench.now + KEPT;
        let token = bench.executes(&request(1, 2), 4, 4);
        bench.answers(token, &reply(&other())).unwrap();
    }

    #[test]
    fn a_second_effect_is_caught() {
        let mut bench = bench();
        takes(&mut bench).unwrap();
        let request = request(1, 1);
        let seen = Seen::Executed {
            partition: PARTITION,
            token: Token(50),
            op: None,
            now: NOW,
            request: &request,
            before: 4,
            after: 5,
        };
        assert!(bench.see(&seen).unwrap_err().contains("again with 5"));
    }

    #[test]
    fn another_answer_is_caught_and_so_is_one_that_was_not_kept() {
        let mut bench = bench();
        takes(&mut bench).unwrap();
        let again = bench.executes(&request(1, 1), 4, 4);
        assert!(bench.answers(again, &reply(&other())).is_err());
        let refused = bench.executes(&request(1, 1), 4, 4);
        assert!(bench.answers(refused, &Err(Refusal::HoldGone.into())).is_err());
        let token = bench.executes(&request(2, 1), 4, 5);
        bench.happens([taken(1, standing(1))]).unwrap();
        assert!(bench.answers(token, &reply(&Reply::Done)).unwrap_err().contains("not kept"));
    }

    #[test]
    fn a_key_that_two_requests_use_is_caught() {
        let mut bench = bench();
        takes(&mut bench).unwrap();
        let another = bench.executes(&request(1, 2), 4, 4);
        assert!(bench.answers(another, &reply(&Reply::Done)).is_err());
        let fresh = bench.executes(&request(3, 1), 4, 4);
        assert!(bench.answers(fresh, &Err(Refusal::KeyReused.into())).is_err());
    }

    #[test]
    fn a_refusal_that_changed_something_is_caught() {
        let mut bench = bench();
        let request = Request::new(Actor::Operator, Command::Advance);
        let token = bench.executes(&request, 2, 3);
        let wrong = bench.answers(token, &Err(Refusal::HoldGone.into()));
        assert!(wrong.unwrap_err().contains("changed something"));
    }
}
