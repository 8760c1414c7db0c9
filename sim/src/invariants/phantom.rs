//! Nothing comes from nowhere: a process begins with exactly the decisions that were written up to
//! some whole decision; facts are numbered without a gap and go on where they were; and every
//! decision follows from a request that was executed at that very place, or from time passing,
//! which leads to a few kinds of facts only.
//!
//! Why: a recovery that reads what a torn write left behind sells seats that nobody asked for.
//!
//! Source: "no phantom": the second half of a register's durability check (nothing is read that was
//! never written). That the recovered state is also equal byte for byte is `replay`'s.

use std::collections::BTreeMap;

use onsale_core::command::Command;
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::PartitionId;
use onsale_core::order::OrderEnd;
use onsale_core::payment::RefundCause;
use onsale_core::waitroom::EndReason;

use super::books::Shared;
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// See the module.
pub(crate) struct Phantom {
    books: Shared,
    next: BTreeMap<PartitionId, u64>,
    /// What was executed and not written yet, by the place of its first fact.
    causes: BTreeMap<(PartitionId, u64), Cause>,
}

struct Cause {
    last: u64,
    /// Whether its first fact is of a kind that the command leads to.
    fits: fn(&Fact) -> bool,
    /// The command's name.
    name: &'static str,
}

impl Phantom {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, next: BTreeMap::new(), causes: BTreeMap::new() }
    }

    fn written(&mut self, partition: PartitionId, first: u64, decision: &Decision) -> Verdict {
        let next = self.next.entry(partition).or_insert(1);
        let last = first + decision.facts.len() as u64 - 1;
        if first != *next {
            return Err(format!("fact {first} is written where {next} is next"));
        }
        *next = last + 1;
        let Some(begins) = decision.facts.first() else {
            return Err(format!("a decision without a fact is written at {first}"));
        };
        match self.causes.remove(&(partition, first)) {
            Some(cause) if cause.last != last => Err(format!(
                "{} led to facts {first} to {}, written are those to {last}",
                cause.name, cause.last
            )),
            Some(cause) if !(cause.fits)(begins) => {
                Err(format!("{} led to fact {first}: {begins:?}", cause.name))
            }
            Some(_) => Ok(()),
            None if decision.facts.iter().all(comes_with_time) => Ok(()),
            None => Err(format!("nobody asked for fact {first}: {decision:?}")),
        }
    }
}

impl Invariant for Phantom {
    fn name(&self) -> &'static str {
        "phantom"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Executed { partition, before, after, request, .. } if after > before => {
                let (name, fits) = leads_to(&request.command);
                self.causes.insert((partition, before + 1), Cause { last: after, fits, name });
                Ok(())
            }
            Seen::Written { partition, first, decision } => {
                self.written(partition, first, decision)
            }
            Seen::Started { partition, state, .. } => {
                let written = books.partition(partition).map_or(0, |book| book.written);
                self.next.insert(partition, state.applied() + 1);
                self.causes.retain(|(of, _), _| *of != partition);
                if written == state.applied() {
                    Ok(())
                } else {
                    Err(format!(
                        "partition {} begins with fact {}, and the last whole decision up to \
                         there that was written ends with {written}",
                        partition.number(),
                        state.applied()
                    ))
                }
            }
            _ => Ok(()),
        }
    }
}

/// What a command's decision begins with.
fn leads_to(command: &Command) -> (&'static str, fn(&Fact) -> bool) {
    match command {
        Command::Advance => ("Advance", comes_with_time),
        Command::BlockSeats { .. } => ("BlockSeats", |fact| matches!(fact, Fact::SeatsBlocked(_))),
        Command::CancelEvent(_) => ("CancelEvent", |fact| matches!(fact, Fact::EventCancelled(_))),
        Command::CancelOrder(_) => (
            "CancelOrder",
            |fact| matches!(fact, Fact::OrderEnded(fact) if fact.end == OrderEnd::Cancelled),
        ),
        Command::ChangeEvent { .. } => {
            ("ChangeEvent", |fact| matches!(fact, Fact::EventChanged(_)))
        }
        Command::DecideDispute { .. } => {
            ("DecideDispute", |fact| matches!(fact, Fact::DisputeDecided(_)))
        }
        Command::DefineEvent { .. } => {
            ("DefineEvent", |fact| matches!(fact, Fact::EventDefined(_)))
        }
        Command::DropPlace(_) => ("DropPlace", comes_with_time),
        Command::JoinWaitroom { .. } => {
            ("JoinWaitroom", |fact| matches!(fact, Fact::WaitroomJoined(_)))
        }
        Command::LeaveWaitroom(_) => (
            "LeaveWaitroom",
            |fact| matches!(fact, Fact::PlaceEnded(fact) if fact.reason == EndReason::Left),
        ),
        Command::OpenEvent(_) => ("OpenEvent", |fact| matches!(fact, Fact::EventOpened(_))),
        Command::PlaceOrder { .. } => ("PlaceOrder", |fact| matches!(fact, Fact::OrderPlaced(_))),
        Command::RecordDispute(_) => ("RecordDispute", |fact| {
            matches!(
                fact,
                Fact::DisputeOpened(_) | Fact::DisputeClosed(_) | Fact::DisputeStrayed(_)
            )
        }),
        Command::RecordIntent { .. } => ("RecordIntent", |fact| match fact {
            Fact::IntentReady(_) => true,
            Fact::OrderEnded(fact) => fact.end == OrderEnd::IntentRefused,
            _ => false,
        }),
        Command::RecordPayment(_) => ("RecordPayment", |fact| match fact {
            Fact::PaymentCaptured(_) | Fact::PaymentStarted(_) | Fact::PaymentStrayed(_) => true,
            Fact::OrderEnded(fact) => fact.end == OrderEnd::Declined,
            _ => false,
        }),
        Command::RecordRefund { .. } => {
            ("RecordRefund", |fact| matches!(fact, Fact::RefundDone(_) | Fact::RefundRefused(_)))
        }
        Command::RefundOrder { .. } => (
            "RefundOrder",
            |fact| matches!(fact, Fact::RefundWanted(fact) if fact.cause == RefundCause::Asked),
        ),
        Command::ReleaseHold(_) => {
            ("ReleaseHold", |fact| matches!(fact, Fact::HoldReleased(fact) if !fact.expired))
        }
        Command::ReserveEvent => ("ReserveEvent", |fact| matches!(fact, Fact::EventReserved(_))),
        Command::SettleRefund { .. } => {
            ("SettleRefund", |fact| matches!(fact, Fact::RefundRetried(_) | Fact::RefundSettled(_)))
        }
        Command::SteerWaitroom { .. } => {
            ("SteerWaitroom", |fact| matches!(fact, Fact::WaitroomSteered(_)))
        }
        Command::TakeHold { .. } => ("TakeHold", |fact| matches!(fact, Fact::HoldTaken(_))),
    }
}

fn comes_with_time(fact: &Fact) -> bool {
    match fact {
        Fact::HoldReleased(_) | Fact::LotteryDrawn(_) | Fact::PlaceAdmitted(_) => true,
        Fact::OrderEnded(fact) => {
            matches!(fact.end, OrderEnd::Expired | OrderEnd::EventCancelled)
        }
        Fact::PlaceEnded(fact) => {
            matches!(fact.reason, EndReason::Expired | EndReason::Abandoned)
        }
        Fact::RefundWanted(fact) => fact.cause == RefundCause::EventCancelled,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Request};

    use super::super::fixture::*;
    use super::*;

    /// A history in which everything was asked for.
    fn bench() -> Bench<Phantom> {
        let mut phantom = Phantom::new(Shared::default());
        let start = Seen::Started { partition: PARTITION, state: &empty(), snapshot: 0 };
        phantom.see(Micros(0), &start).unwrap();
        let cause = Cause { last: 2, fits: |_| true, name: "the beginning" };
        phantom.causes.insert((PARTITION, 1), cause);
        Bench::begun(phantom)
    }

    fn empty() -> onsale_core::Partition {
        onsale_core::Partition::new(PARTITION)
    }

    fn take() -> Request {
        let command = Command::TakeHold { event: event(), place: None, wishes: vec![] };
        Request::new(Actor::Person(person(0)), command)
    }

    #[test]
    fn what_was_asked_for_and_what_time_brings_is_fine() {
        let mut bench = bench();
        bench.executes(&take(), 2, 3);
        bench.happens([taken(0, standing(1))]).unwrap();
        bench.happens([released(0, true)]).unwrap();
        let recovered = bench.state.clone();
        bench.executes(&take(), 4, 5);
        bench.happens([taken(1, standing(1))]).unwrap();
        bench.dies().unwrap();
        bench.start_with(&recovered).unwrap();
        bench.state = recovered;
        bench.executes(&take(), 4, 5);
        bench.happens([taken(1, standing(1))]).unwrap();
    }

    #[test]
    fn a_gap_and_a_repetition_are_caught() {
        let mut bench = bench();
        assert!(bench.writes(4, [released(0, true)]).unwrap_err().contains("3 is next"));
        assert!(bench.writes(2, [released(0, true)]).unwrap_err().contains("3 is next"));
    }

    #[test]
    fn a_fact_that_nobody_asked_for_is_caught() {
        let mut bench = bench();
        assert!(bench.writes(3, [taken(0, standing(1))]).unwrap_err().contains("nobody asked"));
    }

    #[test]
    fn a_fact_that_the_command_does_not_lead_to_is_caught() {
        let mut bench = bench();
        bench.executes(&take(), 2, 3);
        assert!(bench.writes(3, [released(0, true)]).unwrap_err().contains("TakeHold led to"));
    }

    #[test]
    fn a_decision_that_is_longer_than_it_was_is_caught() {
        let mut bench = bench();
        bench.executes(&take(), 2, 3);
        let wrong = bench.writes(3, [taken(0, standing(1)), released(0, false)]);
        assert!(wrong.unwrap_err().contains("those to 4"));
    }

    #[test]
    fn half_a_decision_and_one_that_was_not_written_are_caught() {
        for (kept, is_fine) in [(2, true), (3, false), (4, true), (5, false)] {
            let mut bench = bench();
            bench.executes(&take(), 2, 4);
            let mut recovered = bench.state.clone();
            bench.happens([taken(0, standing(1)), released(0, false)]).unwrap();
            let facts = [taken(0, standing(1)), released(0, false), taken(1, standing(1))];
            for (number, fact) in (3..=kept).zip(&facts) {
                recovered.evolve(number, NOW, fact);
            }
            assert_eq!(bench.start_with(&recovered).is_ok(), is_fine, "{kept}");
        }
    }
}
