//! What people do, one step at a time. Their stage says whether a step that was noted earlier still
//! makes sense.

use onsale_core::command::{Actor, Command, PaymentNotice, PaymentOutcome};
use onsale_core::id::{HoldId, OrderId};
use onsale_core::order::OrderStatus;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;

use super::agenda::Step;
use super::choice::{first_wish, next_wish};
use super::sale::{Buyer, Rehearsal, Stage, actor, provider, sale_of};

impl Rehearsal {
    pub(super) fn arrive(&mut self) {
        let buyer = self.buyers.len() as u32;
        let party_max = self.sale().spec().limits.per_hold;
        let party = self.people.party(&mut self.noise, party_max);
        self.measure.tally.came += 1;
        self.buyers.push(Buyer {
            stage: Stage::Waiting,
            party: party as u8,
            tries: 0,
            favourite: self.taste.favourite(&mut self.noise),
            place: None,
            hold: None,
            order: None,
        });
        if self.sale().waitroom().is_none() {
            self.buyers[buyer as usize].stage = Stage::Inside;
            let chooses = self.mean(self.people.chooses_s);
            self.agenda.note(self.now.max(self.opens_at) + chooses, buyer, Step::Choose);
            return;
        }
        let join = Command::JoinWaitroom { event: self.event, party };
        let Some(Reply::Joined { place, .. }) = self.ask(buyer, join) else {
            self.buyers[buyer as usize].stage = Stage::Gone;
            return;
        };
        self.buyers[buyer as usize].place = Some(place.number);
        self.owners.push(buyer);
        if self.noise.chance(self.people.impatient_per_mille) {
            let patience = self.mean(self.people.patience_s);
            self.agenda.note(self.now.max(self.opens_at) + patience, buyer, Step::GiveUp);
        }
    }

    pub(super) fn act(&mut self, buyer: u32, step: Step) {
        let stage = self.buyers[buyer as usize].stage;
        match (step, stage) {
            (Step::GiveUp, Stage::Waiting) => self.give_up(buyer),
            (Step::Drop, _) => self.drop_place(buyer),
            (Step::Choose, Stage::Inside) => self.choose(buyer),
            (Step::GiveBack, Stage::Inside) => self.give_back(buyer),
            (Step::Order, Stage::Inside) => self.order(buyer),
            (Step::Pay, _) => self.pay(buyer),
            _ => {}
        }
    }

    fn give_up(&mut self, buyer: u32) {
        self.measure.tally.gave_up_waiting += 1;
        if self.noise.chance(self.people.silent_per_mille) {
            self.close_page(buyer);
        } else {
            self.leave(buyer);
        }
    }

    /// Without a word: the server notices by and by.
    fn close_page(&mut self, buyer: u32) {
        self.buyers[buyer as usize].stage = Stage::Gone;
        if let Some(waitroom) = self.sale().spec().waitroom {
            self.agenda.note(self.now + waitroom.presence, buyer, Step::Drop);
        }
    }

    fn leave(&mut self, buyer: u32) {
        self.buyers[buyer as usize].stage = Stage::Gone;
        if let Some(place) = self.place(buyer) {
            self.ask(buyer, Command::LeaveWaitroom(place));
        }
    }

    fn drop_place(&mut self, buyer: u32) {
        if let Some(place) = self.place(buyer) {
            // A place that is over already is no harm.
            let _ = self.execute(Actor::System, Command::DropPlace(place));
        }
    }

    fn choose(&mut self, buyer: u32) {
        let Buyer { tries, party, favourite, .. } = self.buyers[buyer as usize];
        let party = u32::from(party);
        let wish = if tries == 0 {
            first_wish(favourite, party)
        } else {
            let sale = sale_of(&self.partition, self.event);
            let (stock, spec) = (sale.stock(), sale.spec());
            next_wish(&mut self.noise, stock, spec, self.now, favourite, party)
        };
        let place = self.place(buyer);
        let take = Command::TakeHold { event: self.event, place, wishes: vec![wish] };
        match self.execute(actor(buyer), take) {
            Ok(Reply::HoldTaken(view)) => self.taken(buyer, view.hold),
            Ok(_) => {}
            Err(refusal) => self.refused(buyer, &refusal),
        }
    }

    fn taken(&mut self, buyer: u32, hold: HoldId) {
        self.buyers[buyer as usize].hold = Some(hold.number);
        let draw = self.noise.below(1_000);
        let abandons = self.people.abandon_cart_per_mille;
        if draw < abandons + self.people.give_back_per_mille {
            self.measure.tally.carts_abandoned += 1;
        }
        if draw < abandons {
            self.close_page(buyer);
            return;
        }
        let gives_back = draw < abandons + self.people.give_back_per_mille;
        let step = if gives_back { Step::GiveBack } else { Step::Order };
        let later = self.now + self.mean(self.people.orders_s);
        self.agenda.note(later, buyer, step);
    }

    /// What is held by others may come back; of what is gone, some take something else.
    fn refused(&mut self, buyer: u32, refusal: &Refusal) {
        let person = &mut self.buyers[buyer as usize];
        person.tries = person.tries.saturating_add(1);
        let may_try = u64::from(person.tries) < self.people.tries_max;
        let again = match refusal {
            Refusal::AdmissionRequired | Refusal::EventCancelled => false,
            Refusal::AllHeld { .. } => true,
            _ => self.noise.chance(self.people.flexible_per_mille),
        };
        if again && may_try {
            let later = self.now + self.mean(self.people.retry_s);
            self.agenda.note(later, buyer, Step::Choose);
        } else {
            self.measure.tally.left_with_nothing += 1;
            self.leave(buyer);
        }
    }

    fn give_back(&mut self, buyer: u32) {
        if let Some(hold) = self.buyers[buyer as usize].hold {
            self.ask(buyer, Command::ReleaseHold(HoldId::new(self.event, hold)));
        }
        self.leave(buyer);
    }

    fn order(&mut self, buyer: u32) {
        let Some(hold) = self.buyers[buyer as usize].hold else { return };
        let hold = HoldId::new(self.event, hold);
        let accept_other_seats = self.noise.chance(500);
        let place = Command::PlaceOrder { hold, provider: provider(), accept_other_seats };
        match self.execute(actor(buyer), place) {
            Ok(Reply::OrderPlaced { order, status, .. }) => {
                self.measure.tally.orders += 1;
                self.buyers[buyer as usize].order = Some(order.number);
                let pays = !self.noise.chance(self.people.never_pay_per_mille);
                if status == OrderStatus::Pending && pays {
                    let later = self.now + self.mean(self.people.pays_s);
                    self.agenda.note(later, buyer, Step::Pay);
                }
            }
            Ok(_) => {}
            Err(refusal) => self.refused(buyer, &refusal),
        }
    }

    fn pay(&mut self, buyer: u32) {
        let Some(number) = self.buyers[buyer as usize].order else { return };
        let order = OrderId::new(self.event, number);
        let view = self.partition.query(self.now, actor(buyer), Query::Order(order));
        let Ok(View::Order(view)) = view else { return };
        let outcome = if self.noise.chance(self.people.declined_per_mille) {
            PaymentOutcome::Declined
        } else {
            PaymentOutcome::Captured { amount: view.total, currency: view.currency }
        };
        let payment = format!("pay_{number}");
        let notice = PaymentNotice { provider: provider(), order, payment, outcome };
        // A notice is never refused: it is written down, or known already.
        let _ = self.execute(Actor::System, Command::RecordPayment(notice));
    }
}
