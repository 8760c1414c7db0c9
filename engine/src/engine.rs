//! The engine of one partition, sans-IO: commands, completed writes and the time go in; writes to
//! make, replies to release, effects to run and the time to wake come out. The async shell and the
//! simulator drive the very same code.
//!
//! **The contract: after every input, drain [`Engine::poll_disk`] and [`Engine::poll_output`], and
//! come back at [`Engine::wake_at`].** A reply comes out only when the facts that it depends on are
//! durable; what it depends on is everything applied so far, because that is what it shows.
//!
//! ```text
//! execute ─> decide ─> append ─> evolve ─> park(reply, effects) ─┐
//! look ────> query ──────────────────────> park(view) ───────────┤
//! written ─────────────────────────────> durable() moves ──> poll_output
//! ```

use std::num::NonZeroU32;

use onsale_core::Partition;
use onsale_core::call::{CallError, Look};
use onsale_core::command::{Actor, Command, Request};
use onsale_core::effect::Effect;
use onsale_core::fact::{Decision, Fact};
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::time::{Span, Time};
use onsale_storage::journal::{
    AppendError, ConfigError, JournalConfig, Request as DiskRequest, SegmentIndex, Tail, WriteId,
    Writer,
};

use crate::parked::Parked;
use crate::presences::Presences;
use crate::watches::Watches;

/// How long nothing must happen before the journal is sealed.
const IDLE: Span = Span::from_ms(50);

/// The most that is done of what is due before other work gets a turn.
const DUE_BATCH: usize = 16;

/// What is answered for want of room: the disk will have caught up in a moment.
const OVERLOADED: CallError = CallError::Overloaded { retry_after_s: 1 };

/// The bounds of one engine.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most replies that wait for the disk; beyond it a request is refused as overloaded.
    pub parked_max: usize,
    /// The most questions that wait for a change; beyond it they are answered as things are.
    pub watches_max: usize,
}

/// What is answered to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a request.
    Reply(Reply),
    /// To a look.
    View(View),
}

/// What comes out.
#[derive(Debug)]
pub enum Output<T> {
    /// Something to ask of a payment provider.
    Effect(Effect),
    /// The answer to whoever gave the token `T`.
    Answer(T, Result<Answer, CallError>),
}

/// The engine of one partition. `T` names whoever asked.
pub struct Engine<T> {
    partition: Partition,
    writer: Writer,
    parked: Parked<T>,
    watches: Watches<T>,
    presences: Presences,
    bounds: Bounds,
    /// The buffer that decisions are encoded in.
    scratch: Vec<u8>,
    last_input: Time,
    /// The journal's queue is full: nothing that is due can be done before a write completes.
    is_blocked: bool,
}

impl<T> Engine<T> {
    /// An engine that goes on where recovery found `partition` and the `tail` of its journal. What
    /// providers still have to be asked comes out at once.
    pub fn new(
        partition: Partition,
        tail: &Tail,
        journal: JournalConfig,
        bounds: Bounds,
        now: Time,
    ) -> Result<Self, ConfigError> {
        assert_eq!(partition.applied(), tail.last_fact.get(), "state and journal belong together");
        let presences = Presences::restarted(&partition, now);
        let mut parked = Parked::default();
        for effect in partition.effects() {
            parked.push(partition.applied(), Output::Effect(effect));
        }
        let writer = Writer::new(journal, tail)?;
        let watches = Watches::new(bounds.watches_max);
        Ok(Self {
            partition,
            writer,
            parked,
            watches,
            presences,
            bounds,
            scratch: Vec::new(),
            last_input: now,
            is_blocked: false,
        })
    }

    /// The state, with facts that may not be durable yet.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The number of the last fact that is durable.
    pub fn durable(&self) -> u64 {
        self.writer.durable().get()
    }

    /// Depths, for metrics and for the simulator's bounds: parked answers, watches, queued bytes,
    /// writes in flight.
    pub fn depths(&self) -> [usize; 4] {
        [self.parked.len(), self.watches.len(), self.writer.queued_bytes(), self.writer.in_flight()]
    }

    /// Whether everything is durable and answered: nothing would be lost by stopping now.
    pub fn is_settled(&self) -> bool {
        self.writer.durable() == self.writer.appended() && self.writer.in_flight() == 0
    }

    /// Decides on a request; the answer comes out under `token`.
    pub fn execute(&mut self, now: Time, request: &Request, token: T) {
        self.last_input = now;
        // Whoever is told to come back later was there all the same.
        self.presences.note_command(&self.partition, now, request);
        if self.is_full(request.actor) {
            return self.parked.answer_now(token, Err(OVERLOADED));
        }
        let outcome = self.decide(now, request);
        self.park(token, outcome.map(Answer::Reply));
    }

    /// Shows something, at once or when it has changed; the answer comes out under `token`.
    pub fn look(&mut self, now: Time, look: Look, token: T) {
        self.last_input = now;
        if let Query::Place(place) = look.query {
            self.presences.note_look(&self.partition, now, look.actor, place);
        }
        if self.is_full(look.actor) {
            return self.parked.answer_now(token, Err(OVERLOADED));
        }
        let view = self.partition.query(now, look.actor, look.query);
        let waits = match (&view, &look.wait) {
            (Ok(view), Some(wait)) => now < wait.until && (wait.old_news)(view),
            _ => false,
        };
        let left = if waits { self.watches.add(look, token) } else { Some(token) };
        if let Some(token) = left {
            self.park(token, view.map(Answer::View).map_err(CallError::from));
        }
    }

    /// Does what is due, a batch at most: call it again while [`Self::wake_at`] is not in the
    /// future.
    pub fn tick(&mut self, now: Time) {
        for _ in 0..DUE_BATCH {
            if self.partition.next_due().is_none_or(|at| at > now) || !self.advance(now) {
                break;
            }
        }
        for place in self.presences.silent(now, DUE_BATCH) {
            let drop = Request::new(Actor::System, Command::DropPlace(place));
            let _ = self.decide(now, &drop);
            self.presences.look_again(&self.partition, now, place);
        }
        for (look, token) in self.watches.expired(now) {
            let view = self.partition.query(now, look.actor, look.query);
            self.park(token, view.map(Answer::View).map_err(CallError::from));
        }
        if self.sealing_is_due(now) {
            self.writer.idle();
        }
    }

    /// When [`Self::tick`] has something to do next.
    pub fn wake_at(&self, now: Time) -> Option<Time> {
        if self.writer.is_poisoned() {
            return None;
        }
        let due = self.partition.next_due().filter(|_| !self.is_blocked);
        let seal = self.wants_seal().then(|| self.last_input + IDLE);
        let wake = [due, self.presences.next_due(), self.watches.next_expiry(), seal];
        wake.into_iter().flatten().min().map(|at| at.max(now))
    }

    /// The next thing to ask of the disk.
    pub fn poll_disk(&mut self) -> Option<DiskRequest<'_>> {
        self.writer.poll_request()
    }

    /// A write that was asked for is durable.
    pub fn written(&mut self, id: WriteId) {
        self.is_blocked = false;
        self.writer.written(id);
    }

    /// A segment that was asked for is there.
    pub fn segment_created(&mut self, index: SegmentIndex) {
        self.writer.segment_created(index);
    }

    /// The disk said no. Nothing that is not durable will ever be acknowledged: whoever waits is
    /// told to ask again, and the process must end.
    pub fn disk_failed(&mut self) {
        self.writer.failed();
        self.stop();
    }

    /// Tells everybody who still waits that there will be no answer.
    pub fn stop(&mut self) {
        for token in self.watches.drain() {
            self.parked.answer_now(token, Err(CallError::Stopped));
        }
        self.parked.give_up(self.writer.durable().get());
    }

    /// The next thing to do for the world outside.
    pub fn poll_output(&mut self) -> Option<Output<T>> {
        self.parked.pop(self.writer.durable().get())
    }

    /// Whether too many answers wait for the disk already. The server's own requests are few, and
    /// what they report has happened: they go ahead.
    fn is_full(&self, actor: Actor) -> bool {
        self.parked.len() >= self.bounds.parked_max && actor != Actor::System
    }

    fn sealing_is_due(&self, now: Time) -> bool {
        self.wants_seal() && self.last_input + IDLE <= now
    }

    /// Whether the journal should be sealed once nothing has happened for a while. One that was
    /// asked for may have to wait for a segment: asking again would only keep the core awake.
    fn wants_seal(&self) -> bool {
        self.is_settled() && !self.writer.is_sealed() && !self.writer.is_sealing()
    }

    /// Whether anything came of it.
    fn advance(&mut self, now: Time) -> bool {
        let before = self.partition.applied();
        let request = Request::new(Actor::System, Command::Advance);
        self.decide(now, &request).is_ok() && self.partition.applied() > before
    }

    fn decide(&mut self, now: Time, request: &Request) -> Result<Reply, CallError> {
        if self.writer.is_poisoned() {
            return Err(CallError::Stopped);
        }
        let now = now.max(self.partition.last_time());
        let (facts, reply) = self.partition.decide(now, request)?;
        if facts.is_empty() {
            return Ok(reply);
        }
        let decision = Decision { at: now, trace: request.trace, facts };
        self.append(&decision)?;
        self.evolve(&decision);
        Ok(reply)
    }

    fn append(&mut self, decision: &Decision) -> Result<(), CallError> {
        let mut buffer = std::mem::take(&mut self.scratch);
        buffer.clear();
        self.scratch = decision.encode(buffer);
        let facts = NonZeroU32::new(decision.facts.len() as u32).ok_or(CallError::Stopped)?;
        match self.writer.append(&self.scratch, facts) {
            Ok(_) => Ok(()),
            Err(AppendError::Full { .. }) => {
                self.is_blocked = true;
                Err(OVERLOADED)
            }
            Err(AppendError::Poisoned) => Err(CallError::Stopped),
            Err(AppendError::TooLarge { .. }) => Err(CallError::Refused(Refusal::Malformed(
                "larger than a segment of the journal: raise journal.segment_bytes, or shorten it",
            ))),
        }
    }

    fn evolve(&mut self, decision: &Decision) {
        for fact in &decision.facts {
            let number = self.partition.applied() + 1;
            self.partition.evolve(number, decision.at, fact);
            self.presences.note_fact(decision.at, fact);
        }
        for fact in &decision.facts {
            if let Some(effect) = self.partition.effect_of(fact) {
                self.parked.push(self.partition.applied(), Output::Effect(effect));
            }
            self.tell_watches(decision.at, fact);
        }
    }

    fn tell_watches(&mut self, now: Time, fact: &Fact) {
        let Some(subject) = fact.subject() else { return };
        for (look, token) in self.watches.of(subject) {
            let view = self.partition.query(now, look.actor, look.query);
            let is_old = match (&view, &look.wait) {
                (Ok(view), Some(wait)) => (wait.old_news)(view),
                _ => false,
            };
            let left = if is_old { self.watches.add(look, token) } else { Some(token) };
            if let Some(token) = left {
                self.park(token, view.map(Answer::View).map_err(CallError::from));
            }
        }
    }

    fn park(&mut self, token: T, answer: Result<Answer, CallError>) {
        if self.writer.is_poisoned() {
            // What it would wait for never comes.
            return self.parked.answer_now(token, Err(CallError::Stopped));
        }
        self.parked.push(self.partition.applied(), Output::Answer(token, answer));
    }
}
