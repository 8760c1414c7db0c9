//! Money: effects on their way to the provider and back, payments, notices. Effects are tried until
//! they are settled, and derived anew from the state at every start; nothing else remembers them.

use std::collections::BTreeMap;

use onsale_core::call::CallError;
use onsale_core::command::{
    Actor, Command, IntentOutcome, PaymentNotice, PaymentOutcome, Provider as ProviderName,
    RefundOutcome, Request,
};
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::id::{EventId, OrderId};
use onsale_core::money::Amount;
use onsale_core::payment::RefundState;
use onsale_core::query::{Query, View};

use super::agenda::{Happening, Life, News, Notice};
use super::provider::{self, Answer, RefundId};
use super::server::{Mail, Message};
use super::{World, partition_id};
use crate::plan::{Payment, Service};
use crate::seen::{Op, Seen, Token, Told};

/// What makes two effects the same: an order's page, or an attempt at one of its refunds.
pub(super) type EffectId = (OrderId, Option<RefundId>);

/// How long to wait before another attempt, at first; twice as long each time.
const RETRY_MS: u64 = 50;

/// How often a notice is sent before the provider gives up.
const NOTICES_MAX: u32 = 6;

/// Where a copy of a request came from.
pub(super) enum Origin {
    /// From somebody outside.
    Client(Op),
    /// What came of an effect.
    Effect(EffectId),
    /// A notice of the provider.
    Notice(Notice),
    /// What the server heard when it asked.
    Reconciled(News),
}

/// The effects that the running process is busy with.
#[derive(Default)]
pub(super) struct Effects(BTreeMap<EffectId, Busy>);

struct Busy {
    effect: Effect,
    failures: u32,
    /// Whether the provider has taken it on: then it must say what became of it.
    is_taken_on: bool,
    /// What is to be recorded.
    outcome: Option<Command>,
}

impl Effects {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The refunds of an event that the provider is asked for.
    pub(super) fn refunds_of(&self, event: EventId) -> Vec<(OrderId, u32)> {
        let of_event = self.0.keys().filter(|(order, _)| order.event == event);
        of_event.filter_map(|(order, refund)| Some((*order, (*refund)?.0))).collect()
    }
}

fn id_of(effect: &Effect) -> EffectId {
    match effect.kind {
        EffectKind::CreateIntent { .. } => (effect.order, None),
        EffectKind::Refund { refund, attempt, .. } => (effect.order, Some((refund, attempt))),
    }
}

impl World<'_> {
    pub(super) fn begin_effect(&mut self, effect: Effect) {
        let id = id_of(&effect);
        if self.effects.0.contains_key(&id) {
            return;
        }
        self.effects.0.insert(id, Busy { effect, failures: 0, is_taken_on: false, outcome: None });
        self.call_soon(id, 0);
    }

    fn call_soon(&mut self, id: EffectId, pause_ms: u64) {
        let travel_us = self.provider_latency();
        let life = self.machine.life;
        let at = self.after(pause_ms * 1_000 + travel_us);
        let Some(busy) = self.effects.0.get(&id) else { return };
        let effect = Box::new(busy.effect.clone());
        self.agenda.put(at, Happening::Call { life, effect });
    }

    fn provider_latency(&mut self) -> u64 {
        10 + self.noise.provider.around(self.plan.setup.provider_us)
    }

    /// A call reaches the provider, even if whoever called is gone by then.
    pub(super) fn call(&mut self, life: Life, effect: &Effect) {
        let id = id_of(effect);
        if let EffectKind::CreateIntent { until, .. } = effect.kind
            && self.machine.clock(self.now) >= until
        {
            // The order's time is over: there is nothing to pay any more.
            self.effects.0.remove(&id);
            return;
        }
        if self.lives(life) && self.is_settled_by_hand(id) {
            self.effects.0.remove(&id);
            return;
        }
        let (answer, paid_back) = self.provider.call(self.now, effect, &mut self.noise.provider);
        if let Some(paid) = paid_back {
            let (order, refund, amount) = (effect.order, paid.refund, paid.amount);
            let seen = Seen::PaidBack { order, refund, payment: &paid.payment, amount };
            self.eyes.see(self.now, &seen);
        }
        if let Some(name) = self.misbehaved(effect, &answer) {
            self.eyes.fault(self.now, name);
        }
        let back_us = self.provider_latency();
        self.agenda.put(
            self.after(back_us),
            Happening::Called { life, effect: id, answer: Box::new(answer) },
        );
    }

    /// Whether a refund went back another way, and the provider has not taken it on.
    fn is_settled_by_hand(&self, (order, refund): EffectId) -> bool {
        let is_taken_on = self.effects.0.get(&(order, refund)).is_some_and(|busy| busy.is_taken_on);
        let state = refund.and_then(|(refund, _)| self.refund_state(order, refund));
        !is_taken_on && matches!(state, Some(RefundState::Settled { .. }))
    }

    fn refund_state(&self, order: OrderId, refund: u32) -> Option<RefundState> {
        let index = usize::from(order.event.partition().number());
        let shell = self.machine.process.as_ref()?.shells.get(index)?;
        let view =
            shell.state().query(self.machine.clock(self.now), Actor::Operator, Query::Order(order));
        let Ok(View::Order(order)) = view else { return None };
        Some(order.refunds.get(refund as usize)?.state.clone())
    }

    /// The name of the fault that an answer shows.
    fn misbehaved(&self, effect: &Effect, answer: &Answer) -> Option<&'static str> {
        match answer {
            Answer::Error => {
                let outage = self.provider.outage(self.now, provider::service(effect));
                Some(outage.unwrap_or("provider_errors"))
            }
            Answer::Pending => Some("refunds_pending"),
            Answer::Intent(IntentOutcome::Refused { .. }) => Some("intents_refused"),
            Answer::Refund(RefundOutcome::Refused { reason }) if reason == provider::SENT_BACK => {
                Some("refunds_failed_later")
            }
            Answer::Refund(RefundOutcome::Refused { .. }) => Some("refunds_refused"),
            Answer::Intent(_) | Answer::Refund(_) => None,
        }
    }

    pub(super) fn called(&mut self, life: Life, id: EffectId, answer: Answer) {
        if !self.lives(life) {
            return;
        }
        let Some(busy) = self.effects.0.get_mut(&id) else { return };
        let (order, refund) = id;
        busy.is_taken_on |= matches!(answer, Answer::Pending);
        busy.outcome = match (answer, refund) {
            (Answer::Intent(outcome), _) => Some(Command::RecordIntent { order, outcome }),
            (Answer::Refund(outcome), Some((refund, attempt))) => {
                Some(Command::RecordRefund { order, refund, attempt, outcome })
            }
            _ => None,
        };
        if busy.outcome.is_some() {
            return self.record(life, id);
        }
        busy.failures += 1;
        let pause_ms = RETRY_MS << busy.failures.min(5);
        self.call_soon(id, pause_ms);
    }

    /// Puts what came of an effect into the mailbox, ahead of new arrivals.
    pub(super) fn record(&mut self, life: Life, id: EffectId) {
        if !self.lives(life) {
            return;
        }
        let outcome = self.effects.0.get(&id).and_then(|busy| busy.outcome.clone());
        let Some(command) = outcome else { return };
        if !self.post(id.0, command, Origin::Effect(id)) {
            let again = Happening::Record { life, effect: id };
            self.agenda.put(self.after_ms(RETRY_MS), again);
        }
    }

    /// Puts a request of the server's own into the urgent lane, if there is room and a server.
    fn post(&mut self, order: OrderId, command: Command, origin: Origin) -> bool {
        let now = self.now;
        let index = usize::from(order.event.partition().number());
        let Some(process) = self.machine.process.as_mut() else { return false };
        let Some(shell) = process.shells.get_mut(index) else { return false };
        let has_room = shell.urgent.len() < self.plan.setup.mailbox_room;
        if process.is_stopping || now < process.paused_until || !has_room {
            return false;
        }
        if let Command::RecordDispute(notice) = &command
            && !self.questions.begin(notice)
        {
            return false;
        }
        let token = Token(self.origins.len() as u64);
        self.origins.push(origin);
        let message = Message::Execute(Request::new(Actor::System, command));
        shell.urgent.push_back(Mail { token, op: None, message });
        self.arrange_soon(index);
        true
    }

    /// The answer to a request of the server's own.
    pub(super) fn own_answer(&mut self, token: Token, answer: &Told) {
        let is_taken = matches!(answer, Ok(_) | Err(CallError::Refused(_)));
        if let Origin::Notice(Notice { news: News::Dispute(notice), .. })
        | Origin::Reconciled(News::Dispute(notice)) = &self.origins[token.0 as usize]
        {
            self.questions.end(notice);
        }
        match &self.origins[token.0 as usize] {
            Origin::Effect(id) => {
                let id = *id;
                if is_taken {
                    self.effects.0.remove(&id);
                    self.note_gone_twice(id);
                } else {
                    let life = self.machine.life;
                    let again = Happening::Record { life, effect: id };
                    self.agenda.put(self.after_ms(RETRY_MS), again);
                }
            }
            Origin::Reconciled(news) if is_taken => {
                let news = news.clone();
                self.known(&news);
            }
            Origin::Reconciled(_) | Origin::Client(_) => {}
            Origin::Notice(sent) => {
                let sent = sent.clone();
                if is_taken {
                    self.known(&sent.news);
                } else {
                    self.notify_again(sent);
                }
            }
        }
    }

    fn note_gone_twice(&mut self, (order, refund): EffectId) {
        let state = refund.and_then(|(refund, _)| self.refund_state(order, refund));
        if let Some(RefundState::Settled { twice: Some(_), .. }) = state {
            self.eyes.reached.reached("refund:twice");
        }
    }

    fn known(&mut self, news: &News) {
        match news {
            News::Payment(PaymentNotice { order, payment, outcome, .. }) => {
                self.provider.known(*order, payment, *outcome);
            }
            News::Dispute(notice) => self.provider.dispute_known(notice),
        }
    }

    /// The buyer comes to the provider's page.
    pub(super) fn visit_provider(&mut self, order: OrderId, payment: Payment) {
        let clock = self.machine.clock(self.now);
        let Some(account) = self.provider.accounts.get_mut(&order) else { return };
        if std::mem::replace(&mut account.is_visited, true) {
            return;
        }
        let (amount, until) = (account.amount, account.until);
        match payment {
            Payment::Never => {}
            Payment::Pays { after_ms, started } => {
                if started {
                    let name = format!("pay-{order}-0");
                    self.notify(order, name, PaymentOutcome::Started);
                }
                self.capture_in(order, amount, after_ms);
            }
            Payment::Late { after_ms } => {
                let left_ms = until.since(clock).as_ms();
                self.eyes.reached.reached("late_payment");
                self.capture_in(order, amount, left_ms + after_ms);
            }
            Payment::Declines { after_ms } => {
                self.agenda.put(self.after_ms(after_ms), Happening::Decline { order });
            }
            Payment::Wrong { after_ms, amount_minor } => {
                self.eyes.reached.reached("paid_too_much_or_little");
                self.capture_in(order, Amount::from_minor(amount_minor), after_ms);
            }
            Payment::Twice { after_ms, again_ms } => {
                self.eyes.reached.reached("paid_twice");
                self.capture_in(order, amount, after_ms);
                self.capture_in(order, amount, after_ms + again_ms);
            }
        }
    }

    fn capture_in(&mut self, order: OrderId, amount: Amount, after_ms: u64) {
        self.agenda.put(self.after_ms(after_ms), Happening::Capture { order, amount });
    }

    pub(super) fn capture(&mut self, order: OrderId, amount: Amount) {
        let Some(payment) = self.provider.capture(order, amount) else { return };
        let Some(account) = self.provider.accounts.get(&order) else { return };
        let currency = account.currency;
        let seen = Seen::Captured { order, payment: &payment.name, amount, currency };
        self.eyes.see(self.now, &seen);
        self.notify(order, payment.name, PaymentOutcome::Captured { amount, currency });
    }

    pub(super) fn decline(&mut self, order: OrderId) {
        let Some(account) = self.provider.accounts.get_mut(&order) else { return };
        if !account.payments.is_empty() || account.declined.is_some() {
            return;
        }
        account.declined = Some(false);
        let name = format!("pay-{order}-x");
        self.notify(order, name, PaymentOutcome::Declined);
    }

    fn notify(&mut self, order: OrderId, payment: String, outcome: PaymentOutcome) {
        let provider = ProviderName(provider::NAME.to_owned());
        self.tell(&News::Payment(PaymentNotice { provider, order, payment, outcome }));
    }

    /// The provider tells something, and perhaps several times.
    pub(super) fn tell(&mut self, news: &News) {
        let times = self.provider.notices_repeated.get(self.now).unwrap_or(1).max(1);
        if times > 1 {
            self.eyes.fault(self.now, "notices_repeated");
        }
        for _ in 0..times {
            let delay_us = self.notice_delay();
            let sent = Notice { news: news.clone(), attempt: 1 };
            self.agenda.put(self.after(delay_us), Happening::Notice(Box::new(sent)));
        }
    }

    fn notice_delay(&mut self) -> u64 {
        let usual = self.provider_latency();
        match self.provider.notices_late.get(self.now) {
            Some(up_to_ms) => {
                self.eyes.fault(self.now, "notices_late");
                usual + self.noise.provider.below(up_to_ms * 1_000)
            }
            None => usual,
        }
    }

    pub(super) fn notice(&mut self, mut sent: Notice) {
        if self.provider.notices_never.get(self.now).is_some() {
            return self.eyes.fault(self.now, "notices_never");
        }
        let lost = self.provider.notices_lost.get(self.now);
        if lost.is_some_and(|per_mille| self.noise.provider.chance(per_mille)) {
            self.eyes.fault(self.now, "notices_lost");
            return self.notify_again(sent);
        }
        if let News::Dispute(told) = &mut sent.news
            && let Some(notice) = self.as_it_stands(told)
        {
            *told = notice;
        }
        let (order, command) = (sent.news.order(), sent.news.command());
        if !self.post(order, command, Origin::Notice(sent.clone())) {
            self.notify_again(sent);
        }
    }

    fn notify_again(&mut self, mut sent: Notice) {
        if sent.attempt >= NOTICES_MAX {
            return self.eyes.reached.reached("notice_given_up");
        }
        let pause_ms = RETRY_MS << sent.attempt;
        sent.attempt += 1;
        self.agenda.put(self.after_ms(pause_ms), Happening::Notice(Box::new(sent)));
    }

    /// A notice that no payment of this provider led to.
    pub(super) fn stray_notice(&mut self, number: u32, event: usize, other: bool) {
        let known = self.id_of(event);
        let nowhere = EventId::new(partition_id(0), 1_000);
        let Some(event) = known.or(nowhere) else { return };
        let order = OrderId::new(event, number);
        let amount = Amount::from_minor(1_000);
        let currency = "EUR".parse().expect("it is one");
        let outcome = PaymentOutcome::Captured { amount, currency };
        let payment = format!("stray-{number}");
        self.eyes.fault(self.now, "stray_notice");
        // By its own provider it is for nothing that there is; else it is money from elsewhere.
        let (order, other) = if other { (order, true) } else { (beyond(order), false) };
        let provider = if other { "elsewhere" } else { provider::NAME };
        let provider = ProviderName(provider.to_owned());
        let notice = PaymentNotice { provider, order, payment, outcome };
        let sent = Notice { news: News::Payment(notice), attempt: 1 };
        self.agenda.put(self.after(10), Happening::Notice(Box::new(sent)));
    }

    /// The server asks the provider for what it may not have heard of.
    pub(super) fn reconcile(&mut self, life: Life) {
        if !self.lives(life) {
            return;
        }
        self.reconcile_later(life);
        let unknown = self.provider.unknown();
        let is_blind = self.provider.queries_blind.get(self.now).is_some();
        let outage = self.provider.outage(self.now, Service::Queries);
        if let Some(name) = outage.or_else(|| is_blind.then_some("queries_blind")) {
            if !unknown.is_empty() {
                self.eyes.fault(self.now, name);
            }
            return;
        }
        for (order, payment, outcome) in unknown {
            self.eyes.reached.reached("reconciled");
            let provider = ProviderName(provider::NAME.to_owned());
            let news = News::Payment(PaymentNotice { provider, order, payment, outcome });
            self.post(order, news.command(), Origin::Reconciled(news));
        }
        for notice in self.untold_disputes() {
            let news = News::Dispute(notice);
            self.post(news.order(), news.command(), Origin::Reconciled(news));
        }
    }

    /// The server begins to ask regularly.
    pub(super) fn begin_reconciling(&mut self) {
        self.reconcile_later(self.machine.life);
    }

    fn reconcile_later(&mut self, life: Life) {
        let at = self.after_ms(self.plan.setup.reconcile_ms);
        self.agenda.put(at, Happening::Reconcile { life });
    }

    /// Whether money is still under way.
    pub(super) fn is_money_moving(&self) -> bool {
        let is_told = self.provider.unknown().is_empty() && self.provider.is_at_peace();
        !self.effects.is_empty() || !is_told
    }
}

/// An order number that no sale here reaches.
pub(super) fn beyond(order: OrderId) -> OrderId {
    OrderId::new(order.event, order.number.saturating_add(1_000_000))
}
