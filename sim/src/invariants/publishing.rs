//! An event that has an id of its own is published once, however often and however late somebody
//! asks for it: what is asked for under an id defines that event and no other, and whoever is told
//! that it is defined is told the same each time. An id is given to nobody twice.
//!
//! Why: a publisher that crashed does not know whether it had published, and its key is forgotten
//! after a day. A second event of the same concert sells every seat twice.
//!
//! Source: "exactly once" by state rather than by a memory of requests: a write that is
//! conditional on what it would overwrite.

use std::collections::BTreeMap;

use onsale_core::command::Command;
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::reply::Reply;
use onsale_core::waitroom::Commitment;
use onsale_engine::Answer;

use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen, Token};

/// See the module.
#[derive(Default)]
pub(crate) struct Publishing {
    /// Under which id something was asked for, by the place of its first fact.
    asked: BTreeMap<(PartitionId, u64), EventId>,
    asked_by: BTreeMap<Token, EventId>,
    /// Ids that were reserved, each with its fact.
    reserved: BTreeMap<EventId, u64>,
    told: BTreeMap<EventId, Commitment>,
}

impl Publishing {
    fn written(&mut self, partition: PartitionId, first: u64, decision: &Decision) -> Verdict {
        let asked = self.asked.remove(&(partition, first));
        for (number, fact) in (first..).zip(&decision.facts) {
            match fact {
                Fact::EventReserved(fact) => {
                    self.reserved.insert(fact.event, number);
                }
                Fact::EventDefined(fact) => {
                    let own = self.reserved.contains_key(&fact.event).then_some(fact.event);
                    if asked != own {
                        return Err(format!(
                            "asked for was {asked:?}, defined is {}, reserved is {own:?}",
                            fact.event
                        ));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answered(&mut self, token: Token, answer: &Answer) -> Verdict {
        let asked = self.asked_by.remove(&token);
        let Answer::Reply(Reply::EventDefined { event, commitment }) = answer else {
            return Ok(());
        };
        if asked.is_some_and(|asked| asked != *event) {
            return Err(format!("asked for was {asked:?}, told is {event}"));
        }
        let first = self.told.entry(*event).or_insert(*commitment);
        if first == commitment {
            return Ok(());
        }
        Err(format!("{event} was said to be committed to {first}, and is now to {commitment}"))
    }
}

impl Invariant for Publishing {
    fn name(&self) -> &'static str {
        "publishing"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        match *seen {
            Seen::Executed { partition, token, request, before, after, .. } => {
                if let Command::DefineEvent { event: Some(event), .. } = request.command {
                    self.asked_by.insert(token, event);
                    if after > before {
                        self.asked.insert((partition, before + 1), event);
                    }
                }
            }
            Seen::Written { partition, first, decision } => {
                return self.written(partition, first, decision);
            }
            Seen::Answered { token, answer: Ok(answer), .. } => {
                return self.answered(token, answer);
            }
            Seen::Started { partition, state, .. } => {
                let last = state.applied();
                self.asked.retain(|(of, _), _| *of != partition);
                let is_lost =
                    |event: &EventId, fact: u64| event.partition() == partition && fact > last;
                self.reserved.retain(|event, fact| !is_lost(event, *fact));
            }
            Seen::Died { .. } => self.asked_by.clear(),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Request};
    use onsale_core::fact::{EventDefined, EventReserved};
    use onsale_core::spec::EventSpec;
    use onsale_core::waitroom::LotterySeed;

    use super::super::fixture::*;
    use super::*;

    fn id(index: u32) -> EventId {
        EventId::new(PARTITION, index).unwrap()
    }

    fn spec() -> Box<EventSpec> {
        Box::new(EventSpec::parse(draft()).unwrap())
    }

    fn defined(index: u32) -> Fact {
        EventDefined { event: id(index), spec: spec(), seed: LotterySeed([1; 32]) }.into()
    }

    fn is_told(bench: &mut Bench<Publishing>, token: Token, index: u32, seed: u8) -> Verdict {
        let commitment = LotterySeed([seed; 32]).commitment();
        let reply = Reply::EventDefined { event: id(index), commitment };
        bench.answers(token, &Ok(Answer::Reply(reply)))
    }

    /// A history in which the id 1 was reserved.
    fn bench() -> Bench<Publishing> {
        let mut bench = Bench::new(Publishing::default());
        bench.happens([EventReserved { event: id(1) }.into()]).unwrap();
        bench
    }

    /// Somebody asks for the event 1 to be defined, which leads to so many facts.
    fn asks(bench: &mut Bench<Publishing>, facts: u64) -> Token {
        let (spec, seed) = (spec(), LotterySeed([1; 32]));
        let command = Command::DefineEvent { event: Some(id(1)), spec, seed };
        let before = bench.state.applied();
        bench.executes(&Request::new(Actor::Operator, command), before, before + facts)
    }

    #[test]
    fn an_event_that_is_published_twice_and_told_the_same_is_fine() {
        let mut bench = bench();
        let first = asks(&mut bench, 1);
        bench.happens([defined(1)]).unwrap();
        is_told(&mut bench, first, 1, 1).unwrap();
        bench.start().unwrap();
        let again = asks(&mut bench, 0);
        is_told(&mut bench, again, 1, 1).unwrap();
        bench.happens([defined(2)]).unwrap();
    }

    #[test]
    fn a_second_event_for_one_id_is_caught() {
        let mut bench = bench();
        asks(&mut bench, 1);
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [defined(2)]).unwrap_err().contains("defined is"));
        let again = asks(&mut bench, 0);
        assert!(is_told(&mut bench, again, 2, 1).unwrap_err().contains("told is"));
    }

    #[test]
    fn an_id_that_was_somebody_elses_is_caught() {
        let mut bench = bench();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [defined(1)]).unwrap_err().contains("asked for was None"));
    }

    #[test]
    fn another_lottery_for_the_same_event_is_caught() {
        let mut bench = bench();
        for (seed, is_fine) in [(1, true), (2, false)] {
            let token = asks(&mut bench, 0);
            assert_eq!(is_told(&mut bench, token, 1, seed).is_ok(), is_fine);
        }
    }
}
