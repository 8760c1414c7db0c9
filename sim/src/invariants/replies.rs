//! **Every reply is what the rules say**, and so is every fact and everything that is shown.
//!
//! Why: a wrong answer to one buyer is a wrong sale, even where the books balance. The other
//! invariants say what must never be; this one says what must be, for every request.
//!
//! How: a naive model ([`crate::model`]) is moved by durable facts alone. When it has come to the
//! fact on which a request was decided, it says what the request leads to; facts and answer are
//! held against that. What the server decided by itself must be what is due. What a crash took away
//! before it was durable never happened.
//!
//! Source: the "Auditor" of the simulator of `TigerBeetle` (`src/state_machine/auditor.zig`), a
//! second, naive implementation that agrees on every reply; mission, areas 1 and 11.

use std::collections::{BTreeMap, VecDeque};

use onsale_core::call::CallError;
use onsale_core::command::{Actor, Request};
use onsale_core::fact::{Decision, Fact, Subject};
use onsale_core::id::PartitionId;
use onsale_core::query::Query;
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_engine::Answer;

use super::{Invariant, Verdict};
use crate::model::Model;
use crate::model::follow::Written;
use crate::model::legal::is_the_servers;
use crate::model::view::{Shown, Sight, sight};
use crate::seen::{Micros, Seen, Token, Told};

/// A model of every partition, and what was asked there.
#[derive(Default)]
pub(crate) struct Replies(Vec<Lane>);

/// One partition.
struct Lane {
    model: Model,
    written: Written,
    /// What was decided on or shown at facts that the model has not come to, in order.
    ahead: VecDeque<Entry>,
    /// What will be answered; `None` as long as the model cannot say.
    open: BTreeMap<Token, Option<Expected>>,
    /// Those of them who wait for a change.
    watching: Vec<(Token, Subject)>,
}

/// Something asked at one fact, which led to another.
struct Entry {
    token: Token,
    now: Time,
    before: u64,
    after: u64,
    ask: Ask,
}

enum Ask {
    Execute(Request),
    Look { actor: Actor, query: Query, waits: bool },
}

/// What the model says an answer must be.
enum Expected {
    Reply(Result<Reply, &'static str>),
    /// Facts, of which there are none: only that nothing was decided can be said.
    Facts(Vec<Fact>),
    Sight(Shown),
    /// One of these, or what there is now.
    OneOf {
        actor: Actor,
        query: Query,
        shown: Vec<Shown>,
        ahead: Option<u32>,
    },
}

impl Invariant for Replies {
    fn name(&self) -> &'static str {
        "replies"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        match *seen {
            Seen::Written { partition, first, decision } => {
                self.of(partition).written.push(first, decision);
                Ok(())
            }
            Seen::Durable { partition, up_to } => self.of(partition).reach(up_to),
            Seen::Started { partition, state, .. } => self.of(partition).start(state.applied()),
            Seen::Executed { partition, token, now, request, before, after, .. } => {
                let lane = self.of(partition);
                lane.open.insert(token, None);
                if before == after && before == lane.model.applied {
                    lane.expect_reply(token, now, request);
                } else {
                    let ask = Ask::Execute(request.clone());
                    lane.ahead.push_back(Entry { token, now, before, after, ask });
                }
                Ok(())
            }
            Seen::Looked { partition, token, now, actor, query, wait_until, applied, .. } => {
                let lane = self.of(partition);
                let waits = wait_until.is_some();
                lane.open.insert(token, None);
                if applied == lane.model.applied {
                    lane.expect_sight(token, now, actor, query, waits);
                } else {
                    let (before, after) = (applied, applied);
                    let ask = Ask::Look { actor, query, waits };
                    lane.ahead.push_back(Entry { token, now, before, after, ask });
                }
                Ok(())
            }
            Seen::Answered { partition, token, answer, .. } => {
                self.of(partition).answered(token, answer)
            }
            Seen::Rested { partition, state, .. } => self.of(partition).rested(state.applied()),
            _ => Ok(()),
        }
    }
}

impl Replies {
    fn of(&mut self, partition: PartitionId) -> &mut Lane {
        let known = self.0.iter().position(|lane| lane.model.id == partition);
        let index = known.unwrap_or_else(|| {
            self.0.push(Lane::new(partition));
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

impl Lane {
    fn new(partition: PartitionId) -> Self {
        Self {
            model: Model::new(partition),
            written: Written::default(),
            ahead: VecDeque::new(),
            open: BTreeMap::new(),
            watching: vec![],
        }
    }

    /// Facts up to this one are durable.
    fn reach(&mut self, up_to: u64) -> Verdict {
        self.settle();
        while let Some(decision) = self.written.pop(up_to) {
            self.apply(&decision)?;
            self.settle();
        }
        Ok(())
    }

    /// A process began with the facts up to this one: what else was decided never happened.
    fn start(&mut self, recovered: u64) -> Verdict {
        self.reach(recovered)?;
        if self.model.applied != recovered {
            let known = self.model.applied;
            return Err(format!("recovered fact {recovered}, the facts lead to {known}"));
        }
        self.written.forget();
        self.ahead.clear();
        self.open.clear();
        self.watching.clear();
        Ok(())
    }

    /// Judges what was asked at the fact where the model is and changed nothing.
    fn settle(&mut self) {
        let applied = self.model.applied;
        let changed_nothing =
            |entry: &Entry| entry.before <= applied && entry.after == entry.before;
        while let Some(entry) = self.pop_if(changed_nothing) {
            match entry.ask {
                Ask::Execute(request) => self.expect_reply(entry.token, entry.now, &request),
                Ask::Look { actor, query, waits } => {
                    self.expect_sight(entry.token, entry.now, actor, query, waits);
                }
            }
        }
    }

    /// The next of what is ahead, if it is so.
    fn pop_if(&mut self, is_so: impl Fn(&Entry) -> bool) -> Option<Entry> {
        if self.ahead.front().is_some_and(is_so) { self.ahead.pop_front() } else { None }
    }

    fn apply(&mut self, decision: &Decision) -> Verdict {
        let applied = self.model.applied;
        let asked = self.pop_if(|entry| entry.before == applied);
        if let Some(Entry { token, now, after, ask: Ask::Execute(request), .. }) = asked {
            let last = applied + decision.facts.len() as u64;
            if after != last {
                return Err(format!("{request:?} led to fact {after}, written is {last}"));
            }
            if decision.trace != request.trace {
                return Err(format!("{request:?} is of another trace than {:?}", decision.trace));
            }
            let reply = self.check_facts(now, &request, decision)?;
            self.expect(token, Expected::Reply(Ok(reply)));
        } else if let Some(fact) = decision.facts.iter().find(|fact| !is_the_servers(fact)) {
            return Err(format!("nobody asked for {fact:?}"));
        } else if let Some(trace) = decision.trace {
            return Err(format!("what the server does by itself is of the trace {trace}"));
        }
        for fact in &decision.facts {
            self.model.check(decision.at, fact)?;
            self.model.change(decision.at, fact);
        }
        self.model.check_after(decision)?;
        self.tell_watching(&decision.facts);
        Ok(())
    }

    /// Whether the model comes to the same facts.
    fn check_facts(
        &self,
        now: Time,
        request: &Request,
        decision: &Decision,
    ) -> Result<Reply, String> {
        let predicted = self.model.predict(now, request);
        if decision.at != now.max(self.model.last) {
            return Err(format!("asked at {}, decided at {}", now.as_ms(), decision.at.as_ms()));
        }
        match predicted {
            Ok((facts, reply)) if facts == decision.facts => Ok(reply),
            other => Err(format!(
                "{request:?} at {} led to {:?}, and should to {other:?}",
                decision.at.as_ms(),
                decision.facts
            )),
        }
    }

    fn expect_reply(&mut self, token: Token, now: Time, request: &Request) {
        let expected = match self.model.predict(now, request) {
            Ok((facts, _)) if !facts.is_empty() => Expected::Facts(facts),
            other => Expected::Reply(other.map(|(_, reply)| reply)),
        };
        self.expect(token, expected);
    }

    fn expect_sight(&mut self, token: Token, now: Time, actor: Actor, query: Query, waits: bool) {
        let shown = self.model.look(now, actor, query);
        let subject = match query {
            Query::Order(order) => Subject::Order(order),
            Query::Place(place) => Subject::Place(place),
            _ => return self.expect(token, Expected::Sight(shown)),
        };
        if !waits {
            return self.expect(token, Expected::Sight(shown));
        }
        let ahead = shown.as_ref().ok().and_then(Sight::ahead);
        let shown = vec![shown.map(Sight::lasting)];
        self.expect(token, Expected::OneOf { actor, query, shown, ahead });
        self.watching.push((token, subject));
    }

    /// Somebody may have been answered already: that nothing was done.
    fn expect(&mut self, token: Token, expected: Expected) {
        if let Some(open) = self.open.get_mut(&token) {
            *open = Some(expected);
        }
    }

    /// Whoever waits for news of what a decision is about may be shown it.
    fn tell_watching(&mut self, facts: &[Fact]) {
        let Self { model, open, watching, .. } = self;
        let is_news = |of: &Subject| facts.iter().any(|fact| fact.subject() == Some(*of));
        for (token, _) in watching.iter().filter(|(_, subject)| is_news(subject)) {
            if let Some(Some(Expected::OneOf { actor, query, shown, .. })) = open.get_mut(token) {
                let now = model.look(model.last, *actor, *query);
                shown.push(now.map(Sight::lasting));
            }
        }
    }

    /// Whoever waits for news is told as soon as it is durable.
    fn rested(&mut self, applied: u64) -> Verdict {
        if self.watching.is_empty() || self.model.applied != applied {
            return Ok(());
        }
        for (token, subject) in &self.watching {
            if let Some(Some(Expected::OneOf { shown, .. })) = self.open.get(token)
                && shown.last() != shown.first()
            {
                return Err(format!("there is news of {subject:?}, and who waits is not told"));
            }
        }
        Ok(())
    }

    fn answered(&mut self, token: Token, answer: &Told) -> Verdict {
        let open = self.open.remove(&token);
        if let Err(CallError::Stopped | CallError::NoSuchPartition) = answer {
            return Ok(());
        }
        if is_undecided(answer) {
            let was_done = |entry: &Entry| entry.token == token && entry.after != entry.before;
            let was_done = self.ahead.iter().any(was_done);
            return if was_done { Err(format!("{answer:?}, but it was done")) } else { Ok(()) };
        }
        let Some(open) = open else {
            return Err(format!("{answer:?} to {token:?}, which is not asked or answered before"));
        };
        let Some(expected) = open else {
            return Err(format!("{answer:?} before what it says was durable"));
        };
        self.watching.retain(|(waiting, _)| *waiting != token);
        self.compare(&expected, answer)
    }

    fn compare(&self, expected: &Expected, answer: &Told) -> Verdict {
        match (expected, answer) {
            (Expected::Facts(facts), _) => {
                Err(format!("{answer:?}, and nothing was written: should be {facts:?}"))
            }
            (Expected::Reply(Ok(reply)), Ok(Answer::Reply(told))) if reply == told => Ok(()),
            (
                Expected::Reply(Err(code)) | Expected::Sight(Err(code)),
                Err(CallError::Refused(refusal)),
            ) if *code == refusal.code() => Ok(()),
            (Expected::Sight(Ok(shown)), Ok(Answer::View(view))) if *shown == sight(view) => Ok(()),
            (Expected::Reply(Ok(reply)), _) => Err(format!("{answer:?}, should be {reply:?}")),
            (Expected::Sight(Ok(shown)), _) => Err(format!("{answer:?}, should be {shown:?}")),
            (Expected::Reply(Err(code)) | Expected::Sight(Err(code)), _) => {
                Err(format!("{answer:?}, should be refused as {code}"))
            }
            (Expected::OneOf { actor, query, shown, ahead }, answer) => {
                let now = self.model.look(self.model.last, *actor, *query);
                compare_waited(shown, *ahead, &now, answer)
            }
        }
    }
}

/// Who waits is shown how it was at some moment in between; people ahead only become fewer.
fn compare_waited(shown: &[Shown], ahead: Option<u32>, now: &Shown, answer: &Told) -> Verdict {
    let told = match answer {
        Ok(Answer::View(view)) => Ok(sight(view)),
        Err(CallError::Refused(refusal)) => Err(refusal.code()),
        _ => return Err(format!("{answer:?} to a look")),
    };
    let ahead_told = told.as_ref().ok().and_then(Sight::ahead);
    let least = now.as_ref().ok().and_then(Sight::ahead).unwrap_or(0);
    let is_between =
        ahead_told.is_none_or(|told| least <= told && told <= ahead.unwrap_or(u32::MAX));
    let told = told.map(Sight::lasting);
    if is_between && (shown.contains(&told) || now.clone().map(Sight::lasting) == told) {
        return Ok(());
    }
    Err(format!("{answer:?}, should be one of {shown:?} or {now:?}"))
}

/// Whether an answer says that nothing was decided at all.
fn is_undecided(answer: &Told) -> bool {
    match answer {
        Err(CallError::Overloaded { .. }) => true,
        Err(CallError::Refused(Refusal::Malformed(why))) => {
            why.starts_with("larger than a segment")
        }
        _ => false,
    }
}
