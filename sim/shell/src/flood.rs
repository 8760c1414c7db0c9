//! Requests put straight into the mailboxes of partitions, with no HTTP between: whoever asks must
//! be answered, and what is acknowledged must be there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madsim::task::{self, JoinHandle};
use madsim::time::{sleep, timeout};
use onsale_core::command::{Actor, Command, Request};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use onsale_core::waitroom::LotterySeed;
use onsale_net::dto::event::EventDefinition;
use onsale_net::port::{CallError, Look, Partitions};
use onsale_runtime::mailbox::Mailboxes;
use tokio::sync::mpsc;

use crate::server::run_bare;
use crate::swarm::{Swarm, chance, up_to_ms};
use crate::world::{self, HEALED, World};

/// How many people ask at one time.
const PEOPLE: usize = 20;

/// What was acknowledged, by whomever. A cheap handle.
#[derive(Clone, Default)]
pub struct Acknowledged(Arc<Mutex<Vec<EventId>>>);

impl Acknowledged {
    /// That recovery finds all of it.
    ///
    /// # Panics
    /// If it does not.
    pub fn check(&self, world: &World) {
        let events = self.events();
        for id in world.machine.partitions() {
            let partition = world.machine.recovered(id).partition;
            let now = partition.last_time();
            for event in events.iter().filter(|event| event.partition() == id) {
                let found = partition.query(now, Actor::System, Query::Event(*event));
                assert!(matches!(found, Ok(View::Event(_))), "{event}, acknowledged: {found:?}");
                world.history.count("acknowledged");
            }
        }
    }

    fn events(&self) -> MutexGuard<'_, Vec<EventId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// People who ask and ask until they are told that all has stopped.
pub struct Flood(Vec<JoinHandle<()>>);

impl Flood {
    /// A world with partitions and nothing in front of them, and people who ask much of them. They
    /// are not on the server's machine: they see its end.
    pub async fn begin(acknowledged: &Acknowledged) -> (World, Self) {
        let (handed, mut mailboxes) = mpsc::unbounded_channel();
        let world = World::of(Swarm::draw(), move |machine| run_bare(machine, handed.clone()));
        let mailboxes = mailboxes.recv().await.expect("the server starts");
        let ask = |_| task::spawn(ask_until_stopped(mailboxes.clone(), acknowledged.clone()));
        (world, Self((0..PEOPLE).map(ask).collect()))
    }

    /// Waits until everybody has heard that all has stopped.
    ///
    /// # Panics
    /// If somebody was never answered.
    pub async fn end(self) {
        for person in self.0 {
            let ended = timeout(HEALED, person).await.expect("somebody was never answered");
            ended.expect("people's machines do not go down");
        }
    }
}

async fn ask_until_stopped(mailboxes: Mailboxes, acknowledged: Acknowledged) {
    for number in (0..mailboxes.count()).cycle() {
        let partition = PartitionId::new(number).expect("there are few");
        let asked = if chance(0.5) {
            define(&mailboxes, partition, &acknowledged).await
        } else {
            let first = EventId::new(partition, 0).expect("every partition has room for one");
            let look = Look { actor: Actor::Operator, query: Query::Event(first), wait: None };
            mailboxes.look(partition, look).await.map(drop)
        };
        match asked {
            // There is no event yet.
            Ok(()) | Err(CallError::Refused(_)) => {}
            Err(CallError::Overloaded { .. }) => sleep(Duration::from_millis(5)).await,
            Err(CallError::Stopped) => return,
            Err(error) => panic!("{error}"),
        }
        // Where answers come at once the world would be full before time has gone on.
        sleep(up_to_ms(4)).await;
    }
}

async fn define(
    mailboxes: &Mailboxes,
    partition: PartitionId,
    acknowledged: &Acknowledged,
) -> Result<(), CallError> {
    let definition: EventDefinition = serde_json::from_value(world::club()).expect("it is one");
    let Ok(spec) = definition.parse() else { panic!("it is sound") };
    let command =
        Command::DefineEvent { event: None, spec: Box::new(spec), seed: LotterySeed([7; 32]) };
    match mailboxes.execute(partition, Request::new(Actor::Operator, command)).await? {
        Reply::EventDefined { event, .. } => acknowledged.events().push(event),
        other => panic!("an answer to another question: {other:?}"),
    }
    Ok(())
}
