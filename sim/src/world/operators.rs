//! What operators do: publish events, open them, steer them, call them off, settle refunds that the
//! provider refuses or does not come to make. They have a line of their own and ask until they are
//! answered. What they do about disputes is in `disputes`.

use onsale_core::command::{Actor, Command, RefundSettlement, Request, Steer};
use onsale_core::id::{EventId, OrderId, TicketId};
use onsale_core::query::{Query, RefusedRefund, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::EventSpec;
use onsale_core::waitroom::LotterySeed;
use onsale_engine::Answer;

use super::agenda::Happening;
use super::client::{Asked, Errand, Owner, Pending};
use super::{World, ms};
use crate::noise::{Concern, Noise};
use crate::plan::Act;
use crate::seen::Op;

/// How long an operator waits for an answer before asking again.
const PATIENCE_US: u64 = 400_000;

/// How soon an event is defined whose id is not known yet.
const RETRY_MS: u64 = 20;

/// How far the operators have come with an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Publishing {
    id: Option<EventId>,
    /// Whether they were told that it is defined.
    is_defined: bool,
}

impl World<'_> {
    pub(super) fn id_of(&self, index: usize) -> Option<EventId> {
        self.publishing.get(index)?.id
    }

    /// Takes the id of an event that is defined later.
    pub(super) fn reserve(&mut self, index: usize) {
        self.operator_asks(Errand::Reserve(index), Command::ReserveEvent);
    }

    pub(super) fn define(&mut self, index: usize) {
        if self.events[index].define_ms.is_some() && self.id_of(index).is_none() {
            return self.agenda.put(self.after_ms(RETRY_MS), Happening::Define(index));
        }
        if let Some(command) = self.definition(index, 0, false) {
            self.operator_asks(Errand::Define(index), command);
        }
    }

    /// The definition of an event, each time with another seed.
    fn definition(&mut self, index: usize, again: u8, otherwise: bool) -> Option<Command> {
        let mut draft = self.events[index].draft.clone();
        if otherwise {
            draft.limits.per_buyer += 1;
        }
        let spec = EventSpec::parse(draft).map_err(|error| {
            self.eyes.object(self.now, "plan", error.to_string());
        });
        let mut noise = Noise::new(self.plan.noise, Concern::Plan, 1 + index as u64);
        let mut seed = [0; 32];
        seed.chunks_mut(8).for_each(|part| part.copy_from_slice(&noise.number().to_le_bytes()));
        seed[0] ^= again;
        let event = self.id_of(index);
        Some(Command::DefineEvent { event, spec: Box::new(spec.ok()?), seed: LotterySeed(seed) })
    }

    pub(super) fn open(&mut self, index: usize) {
        if let Some(event) = self.id_of(index) {
            self.operator_asks(Errand::Open(index), Command::OpenEvent(event));
        }
    }

    pub(super) fn operate(&mut self, index: usize) {
        let plan = self.plan;
        let operation = &plan.operations[index];
        let of = self.publishing.get(operation.event).copied().unwrap_or_default();
        let Some(event) = of.id else { return };
        let command = match &operation.act {
            Act::Steer(steer) => Command::SteerWaitroom { event, steer: *steer },
            Act::Block { seats, block } => {
                Command::BlockSeats { event, seats: seats.clone(), block: *block }
            }
            Act::OpenAgain => Command::OpenEvent(event),
            // Before the first definition it would be that one.
            Act::DefineAgain { .. } if !of.is_defined => return,
            Act::DefineAgain { otherwise } => {
                let again = self.definition(operation.event, 1 + index as u8, *otherwise);
                let Some(command) = again else { return };
                command
            }
            Act::Change(change) => Command::ChangeEvent { event, change: *change },
            Act::Cancel => Command::CancelEvent(event),
            Act::Refund { order, tickets } => self.refund(OrderId::new(event, *order), tickets),
            Act::SettleRefunds { by_hand } => return self.look_at_refused(event, *by_hand),
            Act::SettleStuck { by_hand } => return self.settle_stuck(event, *by_hand),
            Act::DecideDisputes { void } => return self.look_at_disputes(event, *void),
        };
        self.operator_asks(Errand::Other, command);
    }

    /// Of the newest paid order up to this one.
    fn refund(&self, wanted: OrderId, tickets: &[u32]) -> Command {
        let paid = self.tickets.range(..=wanted).next_back();
        let paid = paid.filter(|(order, _)| order.event == wanted.event);
        let (order, first) = paid.map_or((wanted, 0), |(order, first)| (*order, *first));
        let id = |i: &u32| TicketId::new(wanted.event, first.saturating_add(*i));
        let tickets = (!tickets.is_empty()).then(|| tickets.iter().map(id).collect());
        Command::RefundOrder { order, tickets }
    }

    /// Looks which refunds are refused: those that are found are settled.
    pub(super) fn look_at_refused(&mut self, event: EventId, by_hand: bool) {
        let query = Query::RefusedRefunds { event, after: None, orders_max: u16::MAX };
        let actor = Actor::Operator;
        let asked = Asked::Look { actor, query, wait_ms: None, known: None };
        self.operator_waits(Errand::Settle { by_hand }, asked);
    }

    fn settle_refunds(&mut self, refused: &[RefusedRefund], by_hand: bool) {
        for RefusedRefund { order, refund, .. } in refused {
            self.settle_refund(*order, *refund, by_hand);
        }
    }

    /// Settles what the provider is asked for, whether a call is under way or not.
    fn settle_stuck(&mut self, event: EventId, by_hand: bool) {
        for (order, refund) in self.effects.refunds_of(event) {
            self.settle_refund(order, refund, by_hand);
        }
    }

    fn settle_refund(&mut self, order: OrderId, refund: u32, by_hand: bool) {
        let how = if by_hand {
            RefundSettlement::ByHand { reference: format!("by hand {order}-{refund}") }
        } else {
            RefundSettlement::Again
        };
        self.operator_asks(Errand::Other, Command::SettleRefund { order, refund, how });
    }

    /// Resumes every waitroom that an operator has paused.
    pub(super) fn resume_waitrooms(&mut self) {
        for index in 0..self.publishing.len() {
            let has_waitroom = self.events[index].draft.waitroom.is_some();
            if let Some(event) = self.id_of(index).filter(|_| has_waitroom) {
                let steer = Steer::Resume;
                self.operator_asks(Errand::Other, Command::SteerWaitroom { event, steer });
            }
        }
    }

    pub(super) fn operator_asks(&mut self, errand: Errand, command: Command) {
        let op = Op(self.ops.len() as u64);
        let asked = match command {
            // An event of its own is defined once, without the help of a key.
            Command::DefineEvent { event: Some(_), .. } => {
                Asked::Execute(Request::new(Actor::Operator, command))
            }
            _ => Asked::keyed(Actor::Operator, command, op),
        };
        self.operator_waits(errand, asked);
    }

    pub(super) fn operator_waits(&mut self, errand: Errand, asked: Asked) {
        self.ask(Pending {
            owner: Owner::Operator(errand),
            asked,
            attempts: 0,
            attempts_max: u32::MAX,
            patience_us: PATIENCE_US,
            is_over: false,
        });
    }

    pub(super) fn operator_told(&mut self, errand: Errand, answer: &Result<Answer, Refusal>) {
        let reply = match (errand, answer) {
            (Errand::Settle { by_hand }, Ok(Answer::View(View::RefusedRefunds(refused)))) => {
                return self.settle_refunds(refused, by_hand);
            }
            (Errand::Decide { void }, Ok(Answer::View(View::Disputes(live)))) => {
                return self.decide_disputes(live, void);
            }
            (_, Ok(Answer::Reply(reply))) => reply,
            _ => return,
        };
        match (errand, reply) {
            (Errand::Reserve(index), Reply::EventReserved { event }) => {
                self.publishing[index].id = Some(*event);
                self.tempt_at_the_door(index, *event);
            }
            (Errand::Define(index), Reply::EventDefined { event, .. }) => {
                if self.publishing[index].id.replace(*event).is_none() {
                    self.tempt_at_the_door(index, *event);
                }
                self.publishing[index].is_defined = true;
                let opens = ms(self.events[index].open_ms).max(self.after(1));
                self.agenda.put(opens, Happening::Open(index));
            }
            (Errand::Other, Reply::EventDefined { .. }) => {
                self.eyes.reached.reached("published:again");
            }
            _ => {}
        }
    }

    fn tempt_at_the_door(&mut self, index: usize, event: EventId) {
        let nowhere = EventId::new(event.partition(), EventId::PER_PARTITION_MAX - 1);
        for buyer in self.buyers.iter_mut().filter(|buyer| buyer.plan.event == index) {
            buyer.tempted_at_the_door(event, nowhere.unwrap_or(event));
        }
    }
}
