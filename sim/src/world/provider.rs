//! The payment provider: pages to pay on, payments, refunds, and notices of them. It keeps its own
//! books and does everything once by its id, as the real ones do, however badly it behaves.

use std::collections::BTreeMap;

use onsale_core::command::{DisputeNotice, IntentOutcome, PaymentOutcome, RefundOutcome};
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use onsale_core::time::Time;

use super::network::During;
use crate::noise::Noise;
use crate::plan::Service;
use crate::seen::Micros;

/// The name it goes by.
pub(super) const NAME: &str = "sandbox";

/// Why a refund that it has taken on comes to nothing.
pub(super) const SENT_BACK: &str = "the bank has sent it back";

/// What it knows of one order.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) amount: Amount,
    pub(super) currency: Currency,
    pub(super) until: Time,
    pub(super) payments: Vec<Payment>,
    /// What was said to each attempt at each refund: it is said again whenever it is asked for.
    refunds: BTreeMap<RefundId, RefundOutcome>,
    /// What banks asked back.
    pub(super) disputes: Vec<Dispute>,
    /// Attempts at refunds that it has taken on and said nothing to yet, and whether they fail.
    taken_on: BTreeMap<RefundId, bool>,
    /// It was declined, and whether that was taken note of.
    pub(super) declined: Option<bool>,
    /// The buyer came to pay already.
    pub(super) is_visited: bool,
}

/// Which of an order's refunds, and which attempt at it.
pub(super) type RefundId = (u32, u32);

/// Money that it took.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) name: String,
    pub(super) amount: Amount,
    /// How much of it went back.
    gave: u64,
    /// Whether the server has taken note of it.
    pub(super) is_known: bool,
}

/// A payment that a bank asks back.
#[derive(Clone, Debug)]
pub(super) struct Dispute {
    pub(super) name: String,
    pub(super) payment: String,
    pub(super) amount: Amount,
    pub(super) currency: Currency,
    /// What the bank has decided.
    pub(super) is_lost: Option<bool>,
    /// How often it will still say something.
    verdicts_left: u32,
    /// Whether the server has taken note of how it stands.
    pub(super) is_known: bool,
}

/// What the server hears of a call.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Intent(IntentOutcome),
    Refund(RefundOutcome),
    /// Ask again: it is not decided.
    Pending,
    /// Ask again: whether it was done is open.
    Error,
}

/// Money that went back by a call.
pub(super) struct PaidBack {
    pub(super) refund: u32,
    pub(super) payment: String,
    pub(super) amount: Amount,
}

/// The payment provider and how it feels.
#[derive(Debug, Default)]
pub(super) struct Provider {
    pub(super) accounts: BTreeMap<OrderId, Account>,
    pub(super) down: During<()>,
    pub(super) errors: During<u64>,
    pub(super) refuses_intents: During<()>,
    pub(super) refuses_refunds: During<()>,
    /// Whether what is taken on now fails in the end.
    pub(super) pends_refunds: During<bool>,
    pub(super) partly_down: During<Service>,
    pub(super) queries_blind: During<()>,
    pub(super) notices_never: During<()>,
    pub(super) notices_lost: During<u64>,
    pub(super) notices_repeated: During<u32>,
    pub(super) notices_late: During<u64>,
}

impl Provider {
    pub(super) fn heal(&mut self) {
        let accounts = std::mem::take(&mut self.accounts);
        *self = Self { accounts, ..Self::default() };
    }

    /// Why a service cannot be reached, by the name of the fault.
    pub(super) fn outage(&self, now: Micros, service: Service) -> Option<&'static str> {
        let is_partly_down = self.partly_down.get(now) == Some(service);
        if self.down.get(now).is_some() {
            Some("provider_down")
        } else {
            is_partly_down.then_some("provider_partly_down")
        }
    }

    /// Does what it is asked, or says that it did not, or says that it did not although it did.
    pub(super) fn call(
        &mut self,
        now: Micros,
        effect: &Effect,
        noise: &mut Noise,
    ) -> (Answer, Option<PaidBack>) {
        if self.outage(now, service(effect)).is_some() {
            return (Answer::Error, None);
        }
        let fails = self.errors.get(now).is_some_and(|per_mille| noise.chance(per_mille));
        if fails && noise.chance(500) {
            return (Answer::Error, None);
        }
        let (answer, paid_back) = self.perform(now, effect);
        if fails { (Answer::Error, paid_back) } else { (answer, paid_back) }
    }

    fn perform(&mut self, now: Micros, effect: &Effect) -> (Answer, Option<PaidBack>) {
        let order = effect.order;
        match &effect.kind {
            EffectKind::CreateIntent { amount, currency, until } => {
                let known = self.accounts.contains_key(&order);
                if !known && self.refuses_intents.get(now).is_some() {
                    let reason = "not today".to_owned();
                    return (Answer::Intent(IntentOutcome::Refused { reason }), None);
                }
                let account = self.accounts.entry(order).or_insert_with(|| Account {
                    amount: *amount,
                    currency: *currency,
                    until: *until,
                    payments: Vec::new(),
                    refunds: BTreeMap::new(),
                    disputes: Vec::new(),
                    taken_on: BTreeMap::new(),
                    declined: None,
                    is_visited: false,
                });
                assert_eq!(account.amount, *amount, "one id, one amount");
                let reference = format!("int-{order}");
                let url = format!("https://pay.example/{reference}");
                (Answer::Intent(IntentOutcome::Ready { reference, url }), None)
            }
            EffectKind::Refund { refund, attempt, payment, amount, .. } => {
                let mood = if self.refuses_refunds.get(now).is_some() {
                    Mood::Refuses
                } else if let Some(fails) = self.pends_refunds.get(now) {
                    Mood::Pends { fails }
                } else {
                    Mood::Pays
                };
                self.pay_back(order, (*refund, *attempt), payment, *amount, mood)
            }
        }
    }

    fn pay_back(
        &mut self,
        order: OrderId,
        id: RefundId,
        payment: &str,
        amount: Amount,
        mood: Mood,
    ) -> (Answer, Option<PaidBack>) {
        let refused = |reason: &str| RefundOutcome::Refused { reason: reason.to_owned() };
        let account = self.accounts.get_mut(&order);
        let known = account.filter(|account| account.payments.iter().any(|p| p.name == payment));
        let Some(account) = known else {
            return (Answer::Refund(refused(&format!("there is no payment {payment}"))), None);
        };
        if let Some(said) = account.refunds.get(&id) {
            return (Answer::Refund(said.clone()), None);
        }
        let can_give = account.can_give(payment, amount);
        let taken_on = account.taken_on.get(&id).copied();
        let says = match (mood, taken_on) {
            (Mood::Pends { fails }, _) => {
                account.taken_on.entry(id).or_insert(fails);
                return (Answer::Pending, None);
            }
            (_, Some(true)) => refused(SENT_BACK),
            _ if !can_give => refused("a bank asks for it"),
            (Mood::Refuses, None) => refused("not today"),
            (Mood::Pays, None) | (_, Some(false)) => {
                RefundOutcome::Done { reference: format!("ref-{order}-{}-{}", id.0, id.1) }
            }
        };
        let is_done = matches!(says, RefundOutcome::Done { .. });
        account.refunds.insert(id, says.clone());
        if is_done {
            let of = account.payments.iter_mut().filter(|one| one.name == payment);
            of.for_each(|one| one.gave += amount.as_minor());
        }
        let paid_back = PaidBack { refund: id.0, payment: payment.to_owned(), amount };
        (Answer::Refund(says), is_done.then_some(paid_back))
    }

    /// Takes money. Answers the name of the payment.
    pub(super) fn capture(&mut self, order: OrderId, amount: Amount) -> Option<Payment> {
        let account = self.accounts.get_mut(&order)?;
        if account.declined.is_some() {
            return None;
        }
        let count = account.payments.len();
        let name = format!("pay-{order}-{count}");
        let payment = Payment { name, amount, gave: 0, is_known: false };
        account.payments.push(payment.clone());
        Some(payment)
    }

    /// The server has taken note of what it was told.
    pub(super) fn known(&mut self, order: OrderId, payment: &str, outcome: PaymentOutcome) {
        let Some(account) = self.accounts.get_mut(&order) else { return };
        match outcome {
            PaymentOutcome::Captured { .. } => {
                let of = account.payments.iter_mut().filter(|one| one.name == payment);
                of.for_each(|one| one.is_known = true);
            }
            PaymentOutcome::Declined => account.declined = Some(true),
            PaymentOutcome::Started => {}
        }
    }

    /// A bank asks for the newest payment of the newest paid order of an event up to this one; once
    /// for each payment.
    pub(super) fn dispute(&mut self, wanted: OrderId, is_half: bool) -> Option<(OrderId, Dispute)> {
        let of_event = OrderId::new(wanted.event, 0)..=wanted;
        let mut accounts = self.accounts.range_mut(of_event).rev();
        let (order, account) = accounts.find(|(_, account)| !account.payments.is_empty())?;
        let payment = account.payments.last()?;
        let is_new = account.disputes.iter().all(|dispute| dispute.payment != payment.name);
        let part = if is_half { 2 } else { 1 };
        let amount = Amount::from_minor(payment.amount.as_minor() / part);
        if !is_new || amount.is_zero() {
            return None;
        }
        let dispute = Dispute {
            name: format!("dp-{}", payment.name),
            payment: payment.name.clone(),
            amount,
            currency: account.currency,
            is_lost: None,
            verdicts_left: 0,
            is_known: false,
        };
        account.disputes.push(dispute.clone());
        Some((*order, dispute))
    }

    /// The bank will say something of a dispute.
    pub(super) fn expect_verdict(&mut self, order: OrderId, name: &str) {
        if let Some(dispute) = self.dispute_mut(order, name) {
            dispute.verdicts_left += 1;
        }
    }

    /// The bank has decided, or takes a dispute up again. What it had decided before, unless it
    /// says the same.
    pub(super) fn judge(
        &mut self,
        order: OrderId,
        name: &str,
        is_lost: Option<bool>,
    ) -> Option<(Option<bool>, Dispute)> {
        let dispute = self.dispute_mut(order, name)?;
        dispute.verdicts_left -= 1;
        let was = std::mem::replace(&mut dispute.is_lost, is_lost);
        if was == is_lost {
            return None;
        }
        dispute.is_known = false;
        Some((was, dispute.clone()))
    }

    fn dispute_mut(&mut self, order: OrderId, name: &str) -> Option<&mut Dispute> {
        let account = self.accounts.get_mut(&order)?;
        account.disputes.iter_mut().find(|dispute| dispute.name == name)
    }

    /// The server has taken note of how a dispute stood when it asked.
    pub(super) fn dispute_known(&mut self, notice: &DisputeNotice) {
        if let Some(dispute) = self.dispute_mut(notice.order, &notice.dispute) {
            let said = notice.end.map(|end| end != DisputeEnd::Won);
            dispute.is_known = dispute.is_lost == said;
        }
    }

    /// Whether every bank has had its last word.
    pub(super) fn is_at_peace(&self) -> bool {
        let mut disputes = self.accounts.values().flat_map(|account| &account.disputes);
        disputes.all(|dispute| dispute.verdicts_left == 0 && dispute.is_known)
    }

    /// What the server would hear if it asked: payments and refusals that it has not taken note of.
    pub(super) fn unknown(&self) -> Vec<(OrderId, String, PaymentOutcome)> {
        let mut found = Vec::new();
        for (order, account) in &self.accounts {
            let currency = account.currency;
            for payment in account.payments.iter().filter(|payment| !payment.is_known) {
                let outcome = PaymentOutcome::Captured { amount: payment.amount, currency };
                found.push((*order, payment.name.clone(), outcome));
            }
            if account.declined == Some(false) {
                let name = format!("pay-{order}-x");
                found.push((*order, name, PaymentOutcome::Declined));
            }
        }
        found
    }
}

impl Account {
    /// Whether so much of a payment is still here, and no bank asks for it.
    fn can_give(&self, payment: &str, amount: Amount) -> bool {
        let disputes = self.disputes.iter().filter(|dispute| dispute.payment == payment);
        let is_asked = disputes.clone().any(|dispute| dispute.is_lost.is_none());
        let lost = disputes.filter(|dispute| dispute.is_lost == Some(true));
        let lost: u64 = lost.map(|dispute| dispute.amount.as_minor()).sum();
        let came = self.payments.iter().find(|one| one.name == payment);
        let left = came.map_or(0, |one| one.amount.as_minor().saturating_sub(one.gave + lost));
        !is_asked && (lost == 0 || amount.as_minor() <= left)
    }
}

/// How it feels about giving money back.
#[derive(Clone, Copy)]
enum Mood {
    Pays,
    Refuses,
    Pends { fails: bool },
}

/// What of it an effect needs.
pub(super) const fn service(effect: &Effect) -> Service {
    match effect.kind {
        EffectKind::CreateIntent { .. } => Service::Pages,
        EffectKind::Refund { .. } => Service::Refunds,
    }
}
