//! The world of one run: a queue of what is going to happen, and everything that it happens to.
//!
//! - [`turns`]: partitions get their turns, the disk answers
//! - [`traffic`]: requests and answers travel
//! - [`operators`]: publish, open, steer and cancel events
//! - [`money`]: effects, payments, notices
//! - [`readers`]: whoever follows the facts
//! - [`calamity`]: faults, ends and starts of the process
//! - [`ending`]: everything heals, and the sale must come to its end

mod agenda;
mod buyer;
mod calamity;
mod client;
mod disk;
mod disputes;
mod ending;
mod journal_bytes;
mod money;
mod network;
mod operators;
mod provider;
mod readers;
mod server;
mod trace;
mod traffic;
mod turns;

use std::collections::BTreeMap;

use onsale_core::id::{OrderId, PartitionId};

pub(crate) use self::ending::probes;

use self::agenda::{Agenda, Happening};
use self::buyer::Buyer;
use self::calamity::Trouble;
use self::client::Pending;
use self::disputes::Questions;
use self::money::{Effects, Origin};
use self::network::Network;
use self::operators::Publishing;
use self::provider::Provider;
use self::readers::Reader;
use self::server::Machine;
use self::trace::Trace;
use crate::invariants::Violation;
use crate::noise::{Concern, Noise};
use crate::plan::{self, Plan};
use crate::run::{Run, Watch};
use crate::seen::{Micros, Seen};
use crate::sometimes::Sometimes;

/// More than any run takes: beyond it something goes round in circles.
const STEPS_MAX: u64 = 2_000_000;

/// Everything there is.
pub(crate) struct World<'a> {
    plan: &'a Plan,
    /// Everything that is sold: the plan's events, then the probes.
    events: Vec<plan::Event>,
    publishing: Vec<Publishing>,
    eyes: Eyes<'a>,
    now: Micros,
    agenda: Agenda,
    machine: Machine,
    network: Network,
    provider: Provider,
    effects: Effects,
    questions: Questions,
    buyers: Vec<Buyer<'a>>,
    probes: &'a [plan::Buyer],
    /// Whoever follows the facts of each partition.
    readers: Vec<Reader>,
    ops: Vec<Pending>,
    /// Where each copy of a request came from.
    origins: Vec<Origin>,
    /// The first ticket of every order that has some.
    tickets: BTreeMap<OrderId, u32>,
    trouble: Trouble,
    noise: Streams,
    is_healed: bool,
    is_over: bool,
}

/// Whoever looks on, and what they said.
struct Eyes<'a> {
    watch: &'a mut dyn Watch,
    violation: Option<Violation>,
    reached: Sometimes,
    trace: Trace,
}

/// The streams of chance that belong to nobody in particular.
struct Streams {
    network: Vec<Noise>,
    disk: Vec<Noise>,
    turns: Vec<Noise>,
    readers: Vec<Noise>,
    crash: Noise,
    damage: Noise,
    provider: Noise,
}

impl Eyes<'_> {
    fn see(&mut self, at: Micros, seen: &Seen<'_>) {
        self.trace.note(at, seen);
        if self.violation.is_none() {
            self.violation = self.watch.see(at, seen).err();
        }
    }

    /// A fault took effect.
    fn fault(&mut self, at: Micros, name: &'static str) {
        self.reached.reached(name);
        self.see(at, &Seen::Fault { name });
    }

    /// The world itself has found something that must not be.
    fn object(&mut self, at: Micros, invariant: &'static str, what: String) {
        self.violation.get_or_insert(Violation { invariant, at, what });
    }
}

impl<'a> World<'a> {
    /// A world in which nothing has happened. `probes` buy when everything has healed.
    pub(crate) fn new(plan: &'a Plan, probes: &'a [plan::Buyer], watch: &'a mut dyn Watch) -> Self {
        let streams = |concern, count: usize| {
            (0..count as u64).map(|index| Noise::new(plan.noise, concern, index)).collect()
        };
        let partitions = usize::from(plan.setup.partitions);
        let noise = Streams {
            network: streams(Concern::Network, plan.buyers.len() + probes.len() + 1),
            disk: streams(Concern::Disk, partitions),
            turns: streams(Concern::Turns, partitions),
            readers: streams(Concern::Readers, partitions),
            crash: Noise::new(plan.noise, Concern::Crash, 0),
            damage: Noise::new(plan.noise, Concern::Damage, 0),
            provider: Noise::new(plan.noise, Concern::Provider, 0),
        };
        Self {
            plan,
            events: plan.events.clone(),
            publishing: vec![Publishing::default(); plan.events.len()],
            eyes: Eyes {
                watch,
                violation: None,
                reached: Sometimes::default(),
                trace: Trace::new(),
            },
            now: Micros(0),
            agenda: Agenda::default(),
            machine: Machine::new(plan.setup),
            network: Network::new(plan.setup.network_us),
            provider: Provider::default(),
            effects: Effects::default(),
            questions: Questions::default(),
            buyers: plan.buyers.iter().map(Buyer::new).collect(),
            probes,
            readers: (0..partitions).map(|_| Reader::default()).collect(),
            ops: Vec::new(),
            origins: Vec::new(),
            tickets: BTreeMap::new(),
            trouble: Trouble::default(),
            noise,
            is_healed: false,
            is_over: false,
        }
    }

    /// Runs it to its end, or to the first violation.
    pub(crate) fn run(mut self) -> Run {
        self.prepare();
        let mut steps = 0;
        while !self.is_over && self.eyes.violation.is_none() {
            let Some((at, what)) = self.agenda.next() else { break };
            self.now = at;
            steps += 1;
            if steps > STEPS_MAX {
                let what = format!("{STEPS_MAX} things happened and it is not over");
                self.eyes.object(at, "progress", what);
            }
            self.happen(what);
        }
        if self.eyes.violation.is_none() {
            self.settle();
        }
        let Eyes { violation, reached, trace, .. } = self.eyes;
        Run { violation, reached, lasted: self.now, steps, trace: trace.digest() }
    }

    fn prepare(&mut self) {
        self.agenda.put(Micros(0), Happening::Start);
        for (index, event) in self.events.iter().enumerate() {
            if let Some(define_ms) = event.define_ms {
                self.agenda.put(Micros(1), Happening::Reserve(index));
                self.agenda.put(ms(define_ms), Happening::Define(index));
            } else {
                self.agenda.put(Micros(1), Happening::Define(index));
            }
        }
        for (index, buyer) in self.plan.buyers.iter().enumerate() {
            self.agenda.put(ms(buyer.arrives_ms), Happening::BuyerWakes(index));
        }
        for (index, operation) in self.plan.operations.iter().enumerate() {
            self.agenda.put(ms(operation.at_ms), Happening::Operation(index));
        }
        for (index, fault) in self.plan.faults.iter().enumerate() {
            self.agenda.put(ms(fault.at_ms), Happening::Fault(index));
        }
        self.agenda.put(ms(self.plan.setup.safety_ms), Happening::Heal);
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::BuyerWakes(index) => self.buyer_wakes(index),
            Happening::Arrives { op, connections } => self.arrives(op, connections),
            Happening::Returns { op, answer, connections } => {
                self.returns(op, &answer, connections);
            }
            Happening::TimesOut { op, attempt } => self.times_out(op, attempt),
            Happening::Turn { partition, life } => self.turn(partition, life),
            Happening::Written { partition, life, id, fails } => {
                self.written(partition, life, id, fails);
            }
            Happening::Created { partition, life, index, fails } => {
                self.created(partition, life, index, fails);
            }
            Happening::Snapshot { partition, life, fact } => self.snapshot(partition, life, fact),
            Happening::Follow { partition, life } => self.follow(partition, life),
            Happening::Start => self.start(),
            Happening::Operation(index) => self.operate(index),
            Happening::Reserve(index) => self.reserve(index),
            Happening::Define(index) => self.define(index),
            Happening::Open(index) => self.open(index),
            Happening::Fault(index) => self.strike(self.plan.faults[index].kind),
            Happening::Call { life, effect } => self.call(life, &effect),
            Happening::Called { life, effect, answer } => self.called(life, effect, *answer),
            Happening::Record { life, effect } => self.record(life, effect),
            Happening::Capture { order, amount } => self.capture(order, amount),
            Happening::Decline { order } => self.decline(order),
            Happening::Judged { order, dispute, is_lost } => self.judged(order, &dispute, is_lost),
            Happening::Notice(notice) => self.notice(*notice),
            Happening::Reconcile { life } => self.reconcile(life),
            Happening::Heal => self.heal(),
            Happening::Look => self.look_whether_over(),
        }
    }

    fn after(&self, us: u64) -> Micros {
        Micros(self.now.0 + us)
    }

    fn after_ms(&self, ms: u64) -> Micros {
        self.after(ms * 1_000)
    }
}

/// So many milliseconds after the world began.
fn ms(ms: u64) -> Micros {
    Micros(ms * 1_000)
}

/// The partition with this index.
fn partition_id(index: usize) -> PartitionId {
    PartitionId::new(index as u16).expect("a plan has few partitions")
}
