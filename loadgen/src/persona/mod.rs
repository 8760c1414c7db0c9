//! People. A person is one task with one connection and a stream of chance of their own: the same
//! seed and number give the same person, who wants the same and thinks as long.
//!
//! Deliberately absent: when people come (`schedule`, `run`), and whether what they were told is
//! true (`judge`).

mod asking;
mod buying;
mod cast;
mod queueing;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::cast::{Cast, Deed, cast};
use crate::api::{self, Call, Event, Row, Seats};
use crate::dice::Dice;
use crate::http::{Client, Connection};
use crate::judge::{Evidence, RunClock};
use crate::measure::Recorder;
use crate::mix::{Mix, Sight};

/// Somebody numbers their rounds by a byte.
const ROUNDS_MAX: u64 = 256;

/// What everybody in a run goes to.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The event as it was at the beginning.
    pub event: Event,
    /// The rows of its seats, each with its class.
    pub rows: Vec<(u16, Row)>,
    /// Who comes.
    pub mix: Mix,
    /// What chance is drawn from.
    pub seed: u64,
    /// The time of the run.
    pub clock: RunClock,
}

/// What the people of one thread share.
#[derive(Debug)]
pub struct Crowd {
    /// Where they are.
    pub scene: Arc<Scene>,
    /// By what they connect.
    pub client: Client,
    /// What is measured.
    pub recorder: RefCell<Recorder>,
    /// What they were told.
    pub evidence: RefCell<Evidence>,
}

/// Why somebody did not do all that they wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    /// They changed their mind.
    ByChoice,
    /// It took too long.
    OutOfPatience,
    /// They were refused, or got no answer, or others have all there is: another time, maybe.
    EmptyHanded,
    /// All is paid for and gone.
    SoldOut,
}

/// A person in the middle of it.
struct Person {
    crowd: Rc<Crowd>,
    number: u64,
    connection: Connection,
    /// For what nobody can plan: which seats to take of those that are left.
    dice: Dice,
    /// When the next request is due: the end of the last one, and a time to think.
    due: Instant,
    /// Until when they stay.
    deadline: Instant,
    retries: u32,
    hammers: bool,
    party: u32,
    keys: u32,
    token: Arc<str>,
    has: Possessions,
}

/// What somebody got so far.
#[derive(Default)]
struct Possessions {
    place: Option<String>,
    checkout: Option<String>,
    map: Option<Seats>,
    /// The hold, and the number of the claim to its seats.
    hold: Option<(String, usize)>,
    order: Option<PlacedOrder>,
}

/// An order, as its buyer knows it.
struct PlacedOrder {
    id: String,
    claim: usize,
    /// Its number in the evidence.
    number: usize,
    total_minor: u64,
    tickets: u64,
}

/// Lives one person's part in the run: they were meant to come at `arrival`.
pub async fn live(crowd: Rc<Crowd>, number: u64, arrival: Instant) {
    let scene = Arc::clone(&crowd.scene);
    let mut due = arrival;
    let mut sessions = 0;
    let mut has_all = false;
    for round in 0..ROUNDS_MAX {
        let cast = cast(&scene.mix, scene.seed, number, round);
        let deadline = arrival + cast.persona.patience;
        let mut person = Person::new(Rc::clone(&crowd), &cast, number, due, deadline);
        let ended = person.play(&cast.deeds).await;
        if matches!(ended, Err(Leaves::EmptyHanded | Leaves::SoldOut)) {
            person.go_home().await;
        }
        due = person.due;
        has_all = ended.is_ok();
        let again_after = cast.comes_back.filter(|_| ended == Err(Leaves::EmptyHanded));
        if let Some(after) = again_after.filter(|after| due + *after < deadline) {
            due += after;
            continue;
        }
        sessions += 1;
        if sessions == cast.persona.sessions || due >= deadline {
            break;
        }
    }
    if has_all {
        crowd.recorder.borrow_mut().finished();
    }
}

impl Person {
    fn new(
        crowd: Rc<Crowd>,
        cast: &Cast<'_>,
        number: u64,
        due: Instant,
        deadline: Instant,
    ) -> Self {
        Self {
            connection: crowd.client.connection(),
            crowd,
            number,
            dice: cast.dice.clone(),
            due,
            deadline,
            retries: cast.persona.retries,
            hammers: cast.persona.hammers,
            party: cast.party,
            keys: 0,
            token: Arc::from(""),
            has: Possessions::default(),
        }
    }

    async fn play(&mut self, deeds: &[(Duration, Deed)]) -> Result<(), Leaves> {
        self.open_session().await?;
        for (think, deed) in deeds {
            self.think(*think)?;
            match deed {
                Deed::Join => self.join().await?,
                Deed::Wait(by) => self.wait(*by).await?,
                Deed::Look(sight) => self.look(*sight).await?,
                Deed::Hold { choice, attempts, may_split } => {
                    self.hold(*choice, *attempts, *may_split).await?;
                }
                Deed::Abandon { gives_back } => return self.abandon(*gives_back).await,
                Deed::Order { accept_other_seats } => self.order(*accept_other_seats).await?,
                Deed::Pay(behaviour) => self.pay(behaviour).await?,
                Deed::Confirm => self.confirm().await?,
            }
        }
        Ok(())
    }

    async fn open_session(&mut self) -> Result<(), Leaves> {
        let email = format!("person{}@example.org", self.number);
        let session: api::Session = self.wish(Call::Session, api::open_session(&email)).await?;
        self.token = session.access_token.into();
        Ok(())
    }

    async fn look(&mut self, sight: Sight) -> Result<(), Leaves> {
        let event = &self.crowd.scene.event;
        if event.seats == 0 && matches!(sight, Sight::Chart | Sight::Seats) {
            return Ok(());
        }
        let request = api::look(&event.id, sight);
        if sight == Sight::Seats {
            self.has.map = Some(self.wish(Call::Look, request).await?);
        } else {
            self.wish::<serde::de::IgnoredAny>(Call::Look, request).await?;
        }
        Ok(())
    }
}
