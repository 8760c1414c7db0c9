//! Requests travel to the server and answers back; what is lost is asked again.

use onsale_core::call::CallError;
use onsale_core::command::{IdempotencyKey, Request};
use onsale_core::id::PartitionId;
use onsale_core::refusal::{Refusal, Thing};

use super::World;
use super::agenda::Happening;
use super::buyer::{Move, What};
use super::client::{Asked, Errand, Owner, Pending};
use super::money::Origin;
use super::network::{Fate, Way};
use super::server::Mail;
use crate::seen::{Op, Seen, Token, Told};

impl World<'_> {
    pub(super) fn buyer_wakes(&mut self, index: usize) {
        if self.buyers[index].is_over() {
            return;
        }
        let of = self.buyers[index].plan.event;
        let Some(event) = self.id_of(of) else {
            if self.events.get(of).is_some() {
                self.agenda.put(self.after_ms(20), Happening::BuyerWakes(index));
            } else {
                self.buyers[index].gave_up();
            }
            return;
        };
        let has_waitroom = self.events[of].draft.waitroom.is_some();
        let next = self.buyers[index].wake(event, has_waitroom);
        self.goes_on(index, next);
    }

    fn goes_on(&mut self, index: usize, next: Move) {
        match next {
            Move::Rest(rest_ms) => {
                self.agenda.put(self.after_ms(rest_ms.max(1)), Happening::BuyerWakes(index));
            }
            Move::Pay(order) => {
                let payment = self.buyers[index].plan.payment;
                self.visit_provider(order, payment);
                self.agenda.put(self.after_ms(1), Happening::BuyerWakes(index));
            }
            Move::Ask(what) => self.buyer_asks(index, what),
            Move::Go => self.buyers[index].gave_up(),
        }
    }

    fn buyer_asks(&mut self, index: usize, what: What) {
        let op = Op(self.ops.len() as u64);
        let buyer = &self.buyers[index];
        let (actor, manner) = (buyer.actor(), buyer.plan.manner);
        let asked = match what {
            What::Do(command) => Asked::keyed(actor, command, op),
            What::Reuse(command) => match self.last_key_of(index) {
                Some(key) => {
                    let key = IdempotencyKey { fingerprint: key.fingerprint + 1_000_000, ..key };
                    Asked::Execute(Request { key: Some(key), ..Request::new(actor, command) })
                }
                None => Asked::keyed(actor, command, op),
            },
            What::Show(query, known) => {
                let wait_ms = known.as_ref().map(|_| manner.patience_ms / 2);
                Asked::Look { actor, query, wait_ms, known }
            }
        };
        self.ask(Pending {
            owner: Owner::Buyer(index),
            asked,
            attempts: 0,
            attempts_max: manner.attempts,
            patience_us: manner.patience_ms * 1_000,
            is_over: false,
        });
        if manner.double_clicks {
            self.send(op);
        }
    }

    fn last_key_of(&self, index: usize) -> Option<IdempotencyKey> {
        let mut theirs = self.ops.iter().rev().filter(|op| op.owner == Owner::Buyer(index));
        theirs.find_map(|op| match &op.asked {
            Asked::Execute(request) => request.key,
            Asked::Look { .. } => None,
        })
    }

    pub(super) fn ask(&mut self, pending: Pending) {
        let op = Op(self.ops.len() as u64);
        self.eyes.see(self.now, &Seen::Asked { op, ask: pending.asked.shown() });
        self.ops.push(pending);
        self.attempt(op);
    }

    fn attempt(&mut self, op: Op) {
        let pending = &mut self.ops[op.0 as usize];
        pending.attempts += 1;
        let (attempt, patience) = (pending.attempts, pending.patience_us);
        self.agenda.put(self.after(patience), Happening::TimesOut { op, attempt });
        self.send(op);
    }

    fn send(&mut self, op: Op) {
        match self.fate(op, Way::In) {
            Fate::Arrives(after_us, copy_us) => {
                let connections = self.network.connections;
                self.agenda.put(self.after(after_us), Happening::Arrives { op, connections });
                if let Some(copy_us) = copy_us {
                    self.eyes.fault(self.now, "duplicates");
                    self.agenda.put(self.after(copy_us), Happening::Arrives { op, connections });
                }
            }
            Fate::Lost => self.eyes.fault(self.now, "loss"),
            Fate::Cut => self.eyes.fault(self.now, "partition"),
        }
    }

    /// Operators have a line of their own.
    fn fate(&mut self, op: Op, way: Way) -> Fate {
        match self.ops[op.0 as usize].owner {
            Owner::Buyer(index) => {
                let noise = &mut self.noise.network[index];
                self.network.send(self.now, index as u64, way, noise)
            }
            Owner::Operator(_) => {
                let last = self.noise.network.len() - 1;
                let noise = &mut self.noise.network[last];
                Fate::Arrives(10 + noise.around(self.plan.setup.network_us), None)
            }
        }
    }

    fn partition_of(&self, op: Op) -> PartitionId {
        let pending = &self.ops[op.0 as usize];
        match pending.owner {
            Owner::Operator(Errand::Reserve(index) | Errand::Define(index)) => {
                super::partition_id(usize::from(self.events[index].partition))
            }
            _ => pending.asked.partition(),
        }
    }

    pub(super) fn arrives(&mut self, op: Op, connections: u32) {
        let is_cut_off = connections != self.network.connections;
        let now = self.now;
        let Some(process) = self.machine.process.as_ref() else { return };
        if is_cut_off || process.is_stopping {
            return;
        }
        if now < process.paused_until {
            let until = process.paused_until;
            return self.agenda.put(until, Happening::Arrives { op, connections });
        }
        let index = usize::from(self.partition_of(op).number());
        if index >= process.shells.len() {
            return self.reply(op, Err(CallError::NoSuchPartition));
        }
        if process.shells[index].arrivals.len() >= self.plan.setup.mailbox_room {
            self.eyes.reached.reached("mailbox_full");
            return self.reply(op, Err(CallError::Overloaded { retry_after_s: 1 }));
        }
        let token = Token(self.origins.len() as u64);
        self.origins.push(Origin::Client(op));
        let message = self.ops[op.0 as usize].asked.message(self.machine.clock(now));
        let mail = Mail { token, op: Some(op), message };
        if let Some(process) = self.machine.process.as_mut() {
            process.shells[index].arrivals.push_back(mail);
        }
        self.arrange_soon(index);
    }

    /// An answer sets out to whoever asked.
    pub(super) fn reply(&mut self, op: Op, answer: Told) {
        match self.fate(op, Way::Out) {
            Fate::Arrives(after_us, _) => {
                let connections = self.network.connections;
                let returns = Happening::Returns { op, answer: Box::new(answer), connections };
                self.agenda.put(self.after(after_us), returns);
            }
            Fate::Lost => self.eyes.fault(self.now, "loss"),
            Fate::Cut => self.eyes.fault(self.now, "partition"),
        }
    }

    pub(super) fn returns(&mut self, op: Op, answer: &Told, connections: u32) {
        if connections != self.network.connections || self.ops[op.0 as usize].is_over {
            return;
        }
        let answer = match answer {
            Ok(answer) => Ok(answer.clone()),
            Err(CallError::Refused(refusal)) => Err(refusal.clone()),
            // Nothing was done, or nobody knows: asked again when patience is over.
            Err(CallError::Overloaded { .. } | CallError::Stopped) => return,
            Err(CallError::NoSuchPartition) => Err(Refusal::NotFound(Thing::Event)),
        };
        let told: Told = answer.clone().map_err(CallError::from);
        self.ops[op.0 as usize].is_over = true;
        self.eyes.see(self.now, &Seen::Told { op, answer: &told });
        match self.ops[op.0 as usize].owner {
            Owner::Buyer(index) => {
                let next = self.buyers[index].told(&answer);
                self.goes_on(index, next);
            }
            Owner::Operator(errand) => self.operator_told(errand, &answer),
        }
    }

    pub(super) fn times_out(&mut self, op: Op, attempt: u32) {
        let pending = &mut self.ops[op.0 as usize];
        if pending.is_over || pending.attempts != attempt {
            return;
        }
        if self.is_healed || pending.attempts < pending.attempts_max {
            return self.attempt(op);
        }
        pending.is_over = true;
        let owner = pending.owner;
        self.eyes.see(self.now, &Seen::GaveUp { op });
        if let Owner::Buyer(index) = owner {
            self.buyers[index].gave_up();
        }
    }
}
