//! Partitions in memory: the real rules, a clock that is set by hand, everything durable at once.

use std::sync::{Arc, Mutex, MutexGuard};

use onsale_control::projection::Numbered;
use onsale_core::Partition;
use onsale_core::command::{Actor, Command, Request};
use onsale_core::fact::Decision;
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::reply::Reply;
use onsale_core::time::{Span, Time};
use onsale_net::port::{CallError, Look, Partitions};
use tokio::sync::watch;

/// 2026-10-01T10:00:00.000Z.
pub const START: Time = Time::from_ms(1_790_848_800_000);

pub const PARTITIONS: u16 = 4;

/// A cheap handle.
#[derive(Clone)]
pub struct Memory {
    world: Arc<Mutex<World>>,
    /// Counts changes.
    changes: Arc<watch::Sender<u64>>,
}

struct World {
    now: Time,
    partitions: Vec<Partition>,
    /// The journal of each.
    journals: Vec<Vec<Numbered>>,
}

impl World {
    fn execute(&mut self, partition: usize, request: &Request) -> Result<Reply, CallError> {
        let now = self.now;
        let (journal, partition) = (&mut self.journals[partition], &mut self.partitions[partition]);
        let (facts, reply) = partition.decide(now, request)?;
        let first = partition.applied() + 1;
        for fact in &facts {
            partition.evolve(partition.applied() + 1, now, fact);
        }
        if !facts.is_empty() {
            let decision = Decision { at: now, trace: request.trace, facts };
            journal.push(Numbered { first, chain: None, decision });
        }
        Ok(reply)
    }

    /// Does what is due.
    fn catch_up(&mut self) {
        let advance = Request::new(Actor::System, Command::Advance);
        for number in 0..self.partitions.len() {
            while self.partitions[number].next_due().is_some_and(|due| due <= self.now) {
                let before = self.partitions[number].applied();
                self.execute(number, &advance).unwrap();
                assert!(before < self.partitions[number].applied(), "due, and nothing to do");
            }
        }
    }
}

impl Memory {
    pub fn new() -> Self {
        let ids = (0..PARTITIONS).map(|number| PartitionId::new(number).unwrap());
        let journals = vec![Vec::new(); usize::from(PARTITIONS)];
        let world = World { now: START, partitions: ids.map(Partition::new).collect(), journals };
        Self { world: Arc::new(Mutex::new(world)), changes: Arc::new(watch::Sender::new(0)) }
    }

    /// Lets time go by.
    pub fn pass(&self, span: Span) {
        let mut world = self.world();
        world.now = world.now + span;
        world.catch_up();
        drop(world);
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// What happens without HTTP: the results of effects.
    pub fn tell(&self, partition: PartitionId, command: Command) {
        let request = Request::new(Actor::System, command);
        self.run(partition, &request).unwrap();
    }

    /// What was decided in a partition behind a fact.
    pub fn decisions(&self, partition: PartitionId, behind: u64) -> Vec<Numbered> {
        let world = self.world();
        let journal = world.journals[usize::from(partition.number())].iter();
        journal.filter(|decision| decision.first > behind).cloned().collect()
    }

    /// How many facts of a partition there are.
    pub fn facts(&self, partition: PartitionId) -> u64 {
        self.world().partitions[usize::from(partition.number())].applied()
    }

    /// The whole state, to see whether something has changed.
    pub fn state(&self) -> Vec<Vec<u8>> {
        self.world().partitions.iter().map(Partition::to_bytes).collect()
    }

    fn run(&self, partition: PartitionId, request: &Request) -> Result<Reply, CallError> {
        if partition.number() >= PARTITIONS {
            return Err(CallError::NoSuchPartition);
        }
        let mut world = self.world();
        let reply = world.execute(usize::from(partition.number()), request)?;
        world.catch_up();
        drop(world);
        self.changes.send_modify(|changes| *changes += 1);
        Ok(reply)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

impl Partitions for Memory {
    fn now(&self) -> Time {
        self.world().now
    }

    fn count(&self) -> u16 {
        PARTITIONS
    }

    async fn execute(&self, partition: PartitionId, request: Request) -> Result<Reply, CallError> {
        self.run(partition, &request)
    }

    async fn look(&self, partition: PartitionId, look: Look) -> Result<View, CallError> {
        if partition.number() >= PARTITIONS {
            return Err(CallError::NoSuchPartition);
        }
        let mut changes = self.changes.subscribe();
        loop {
            let (now, view) = {
                let world = self.world();
                let partition = &world.partitions[usize::from(partition.number())];
                (world.now, partition.query(world.now, look.actor, look.query)?)
            };
            let is_old =
                look.wait.as_ref().is_some_and(|wait| now < wait.until && (wait.old_news)(&view));
            if !is_old {
                return Ok(view);
            }
            changes.changed().await.unwrap();
        }
    }
}
