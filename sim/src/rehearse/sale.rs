//! The sale itself: the rules decide, time passes, and what follows is counted. What people do is
//! in [`super::steps`].

use onsale_core::Partition;
use onsale_core::command::{Actor, Command, IntentOutcome, Provider, RefundOutcome, Request};
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::fact::Fact;
use onsale_core::id::{EventId, PartitionId, PersonId, PlaceId};
use onsale_core::order::OrderEnd;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::sale::Sale;
use onsale_core::spec::{ClassId, EventSpec};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;

use super::agenda::{Agenda, Step};
use super::choice::Taste;
use super::measure::{Measure, Sample};
use super::people::{People, about};
use super::report::{Ending, Report};
use crate::noise::{Concern, Noise};

/// A sale that goes on for longer than this after its opening is looked at until here.
const LONGEST: Span = Span::from_mins(24 * 60);
/// How often it is looked how things stand.
const SAMPLE_EVERY: Span = Span::from_secs(1);

/// Where somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In the queue, looking at it.
    Waiting,
    /// Inside, looking at it.
    Inside,
    /// Their page is closed: they do nothing more.
    Gone,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Buyer {
    pub(super) stage: Stage,
    pub(super) party: u8,
    pub(super) tries: u8,
    pub(super) favourite: ClassId,
    pub(super) place: Option<u32>,
    pub(super) hold: Option<u32>,
    pub(super) order: Option<u32>,
}

/// A sale under way.
pub(super) struct Rehearsal {
    pub(super) people: People,
    pub(super) seed: u64,
    pub(super) noise: Noise,
    pub(super) partition: Partition,
    pub(super) event: EventId,
    pub(super) taste: Taste,
    pub(super) capacity: u32,
    pub(super) opens_at: Time,
    pub(super) now: Time,
    pub(super) arrivals: Vec<u64>,
    pub(super) buyers: Vec<Buyer>,
    /// Whose each place of the waitroom is, by number.
    pub(super) owners: Vec<u32>,
    pub(super) agenda: Agenda,
    pub(super) measure: Measure,
    pub(super) next_sample: Time,
    /// Nothing is due until something has changed.
    pub(super) idle: bool,
}

impl Rehearsal {
    pub(super) fn new(spec: EventSpec, buyers: u32, seed: u64, people: People) -> Self {
        let mut noise = Noise::new(seed, Concern::Buyer, 0);
        let opens_at = opening(&spec);
        let doors = spec.waitroom.map_or(opens_at, |waitroom| waitroom.doors_at);
        let arrivals = people.arrivals(&mut noise, buyers, doors.as_ms(), opens_at.as_ms());
        let mut partition = Partition::new(PartitionId::FIRST);
        let event = define(&mut partition, doors, spec, seed);
        let sale = sale_of(&partition, event);
        let (taste, capacity) = (Taste::of(sale.stock(), sale.spec()), sale.stock().sellable());
        Self {
            people,
            seed,
            noise,
            taste,
            capacity,
            partition,
            event,
            opens_at,
            now: doors,
            arrivals,
            buyers: Vec::with_capacity(buyers as usize),
            owners: Vec::new(),
            agenda: Agenda::default(),
            measure: Measure::default(),
            next_sample: doors,
            idle: false,
        }
    }

    /// Lets everything happen until it is sold out, nobody does anything more, or a day is over.
    pub(super) fn run(&mut self, tell: &mut dyn FnMut(&Sample)) {
        while let Some(at) = self.next_at().filter(|at| *at <= self.opens_at + LONGEST) {
            self.sample_until(at, tell);
            self.now = self.now.max(at);
            self.step();
            if self.measure.sold_out_at.is_some() {
                break;
            }
        }
        self.sample_until(self.now + SAMPLE_EVERY, tell);
    }

    pub(super) fn into_report(self) -> Report {
        let audit = self.partition.query(self.now, Actor::Operator, Query::Audit(self.event));
        let Ok(View::Audit(audit)) = audit else {
            unreachable!("an operator may look at the books of an event that was defined")
        };
        Report::new(Ending {
            people: self.people,
            seed: self.seed,
            buyers: self.arrivals.len() as u32,
            capacity: self.capacity,
            opens_at: self.opens_at,
            ended_at: self.now,
            sale: sale_of(&self.partition, self.event),
            audit,
            measure: self.measure,
        })
    }

    pub(super) fn sale(&self) -> &Sale {
        sale_of(&self.partition, self.event)
    }

    fn next_arrival(&self) -> Option<Time> {
        self.arrivals.get(self.buyers.len()).copied().map(Time::from_ms)
    }

    fn next_due(&self) -> Option<Time> {
        if self.idle { None } else { self.partition.next_due().map(|at| at.max(self.now)) }
    }

    fn next_at(&self) -> Option<Time> {
        [self.next_due(), self.agenda.next_at(), self.next_arrival()].into_iter().flatten().min()
    }

    /// The next thing: what is due by itself first, then what people do.
    fn step(&mut self) {
        if self.next_due().is_some_and(|at| at <= self.now) {
            let before = self.partition.applied();
            // Nobody can refuse the time.
            let _ = self.execute(Actor::System, Command::Advance);
            self.idle = self.partition.applied() == before;
        } else if self.agenda.next_at().is_some_and(|at| at <= self.now) {
            if let Some((buyer, step)) = self.agenda.take() {
                self.act(buyer, step);
            }
        } else {
            self.arrive();
        }
    }

    /// Asks as a buyer who takes no for an answer.
    pub(super) fn ask(&mut self, buyer: u32, command: Command) -> Option<Reply> {
        self.execute(actor(buyer), command).ok()
    }

    /// Decides, applies, and asks the provider for what follows, which answers at once.
    pub(super) fn execute(&mut self, actor: Actor, command: Command) -> Result<Reply, Refusal> {
        let decided = self.partition.decide(self.now, &Request::new(actor, command));
        let (facts, reply) = decided.inspect_err(|refusal| self.measure.refused(refusal.code()))?;
        let mut effects = Vec::new();
        for fact in &facts {
            self.partition.evolve(self.partition.applied() + 1, self.now, fact);
            effects.extend(self.partition.effect_of(fact));
            self.note_fact(fact);
        }
        self.idle &= facts.is_empty();
        for effect in effects {
            let _ = self.execute(Actor::System, outcome_of(&effect));
        }
        Ok(reply)
    }

    fn note_fact(&mut self, fact: &Fact) {
        let tally = &mut self.measure.tally;
        match fact {
            Fact::PlaceAdmitted(fact) => self.admitted(fact.place),
            Fact::HoldTaken(_) => {
                let held = self.tickets().1;
                self.measure.held_max = self.measure.held_max.max(held);
            }
            Fact::OrderCompleted(_) => {
                tally.completed += 1;
                self.note_sold_out();
            }
            Fact::OrderRevived(_) => tally.revived += 1,
            Fact::RefundWanted(_) => tally.refunded += 1,
            Fact::OrderEnded(fact) => match fact.end {
                OrderEnd::Expired => tally.expired += 1,
                OrderEnd::Declined => tally.declined += 1,
                _ => {}
            },
            _ => {}
        }
    }

    fn note_sold_out(&mut self) {
        let stock = self.sale().stock();
        if stock.sellable() == 0 && !stock.anything_held() {
            self.measure.sold_out_at.get_or_insert(self.now);
        }
    }

    fn admitted(&mut self, place: PlaceId) {
        let owner = self.owners[place.number as usize];
        let since = self.sale().waitroom().and_then(|waitroom| waitroom.place(place.number));
        let since = since.map_or(self.now, |place| place.joined_at.max(self.opens_at));
        let minute = self.now.since(self.opens_at).as_ms() / 60_000;
        self.measure.admitted(self.now.since(since).as_ms(), minute);
        let is_there = self.buyers[owner as usize].stage == Stage::Waiting;
        if is_there && !self.noise.chance(self.people.no_show_per_mille) {
            self.buyers[owner as usize].stage = Stage::Inside;
            let soon = self.now + self.mean(self.people.notices_s);
            let chosen = soon + self.mean(self.people.chooses_s);
            self.agenda.note(chosen, owner, Step::Choose);
            return;
        }
        self.measure.tally.no_shows += 1;
        self.buyers[owner as usize].stage = Stage::Gone;
        if let Some(waitroom) = self.sale().spec().waitroom {
            self.agenda.note(self.now + waitroom.claim, owner, Step::Drop);
        }
    }

    fn sample_until(&mut self, at: Time, tell: &mut dyn FnMut(&Sample)) {
        while self.next_sample <= at {
            let sample = self.sample(self.next_sample);
            tell(&sample);
            self.measure.samples.push(sample);
            self.next_sample = self.next_sample + SAMPLE_EVERY;
        }
    }

    fn sample(&self, at: Time) -> Sample {
        let (sold, held) = self.tickets();
        let waitroom = self.sale().waitroom();
        let after = at.since(self.opens_at).as_ms().cast_signed();
        let before = self.opens_at.since(at).as_ms().cast_signed();
        Sample {
            at_ms: after - before,
            sold,
            held,
            waiting: waitroom.map_or(0, onsale_core::waitroom::Waitroom::waiting),
            inside: waitroom.map_or(0, onsale_core::waitroom::Waitroom::inside),
        }
    }

    /// Tickets sold and held, over all classes.
    fn tickets(&self) -> (u32, u32) {
        let sale = self.sale();
        let classes = (0..sale.spec().classes.len() as u16).map(ClassId);
        classes
            .map(|class| sale.stock().class(class))
            .fold((0, 0), |(sold, held), counts| (sold + counts.sold, held + counts.held))
    }

    pub(super) fn place(&self, buyer: u32) -> Option<PlaceId> {
        self.buyers[buyer as usize].place.map(|number| PlaceId::new(self.event, number))
    }

    pub(super) fn mean(&mut self, seconds: u64) -> Span {
        Span::from_ms(about(&mut self.noise, seconds * 1_000))
    }
}

/// The number of somebody is their place in the order of coming.
pub(super) fn actor(buyer: u32) -> Actor {
    Actor::Person(PersonId::from_u128(u128::from(buyer) + 1))
}

/// When the sale begins: the waitroom's opening, or that of the first class.
fn opening(spec: &EventSpec) -> Time {
    let first = spec.classes.iter().map(|class| class.window.opens_at).min();
    let first = first.unwrap_or(Time::ZERO);
    spec.waitroom.map_or(first, |waitroom| waitroom.opens_at)
}

/// Defines and opens the event.
fn define(partition: &mut Partition, now: Time, spec: EventSpec, seed: u64) -> EventId {
    let mut lottery = [0; 32];
    lottery[..8].copy_from_slice(&seed.to_le_bytes());
    let (spec, seed) = (Box::new(spec), LotterySeed(lottery));
    let define = Command::DefineEvent { event: None, spec, seed };
    let event = EventId::new(partition.id(), 0).expect("0 is a place in every partition");
    for command in [define, Command::OpenEvent(event)] {
        let decided = partition.decide(now, &Request::new(Actor::Operator, command));
        let (facts, _) = decided.expect("an operator may define and open the first event");
        for fact in facts {
            partition.evolve(partition.applied() + 1, now, &fact);
        }
    }
    event
}

pub(super) fn sale_of(partition: &Partition, event: EventId) -> &Sale {
    partition.sale(event).expect("the event was defined first of all")
}

pub(super) fn provider() -> Provider {
    Provider("sandbox".to_owned())
}

/// A provider that does what it is asked.
fn outcome_of(effect: &Effect) -> Command {
    match effect.kind {
        EffectKind::CreateIntent { .. } => {
            let reference = format!("pi_{}", effect.order.number);
            let outcome = IntentOutcome::Ready { reference, url: String::new() };
            Command::RecordIntent { order: effect.order, outcome }
        }
        EffectKind::Refund { refund, attempt, .. } => {
            let outcome = RefundOutcome::Done { reference: "re".to_owned() };
            Command::RecordRefund { order: effect.order, refund, attempt, outcome }
        }
    }
}
