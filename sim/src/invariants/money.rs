//! Money in, minus money back, is what the valid tickets cost: for each order and in total, in our
//! facts and in the provider's own books. One payment is captured once, no refund is more than its
//! payment, no refund is paid twice by the provider, what a bank took back is not given back as
//! well, and at the end the provider has no money that we do not know. What went back by hand while
//! the provider was asked for it may be gone twice: if the provider has said so, the facts and the
//! audit have it.
//!
//! Why: the provider is outside; nothing but this says that both sides agree.
//!
//! Source: double-entry bookkeeping, and the reconciliation that every payment provider asks of a
//! merchant: their ledger against ours, payment by payment.

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::Partition;
use onsale_core::command::{Actor, Command, RefundOutcome};
use onsale_core::fact::Fact;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::query::{Query, View};
use onsale_core::time::Time;

use super::books::{Books, ByHand, OrderBook, Shared};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen, Token, Told};

/// See the module.
pub(crate) struct Money {
    books: Shared,
    /// The provider's books: what it took, by order and payment, in minor units.
    took: BTreeMap<(OrderId, String), u64>,
    /// What it gave back, by order and refund, in minor units.
    gave: BTreeMap<(OrderId, u32), u64>,
    /// What the provider was heard to have given back although it had gone another way.
    heard_twice: BTreeSet<(OrderId, u32)>,
    /// Its answers that the server has not taken note of.
    answers: BTreeMap<Token, (OrderId, u32)>,
    /// What banks took back through it and have, by order and dispute, in minor units.
    charged: BTreeMap<(OrderId, String), u64>,
}

impl Money {
    pub(crate) fn new(books: Shared) -> Self {
        Self {
            books,
            took: BTreeMap::new(),
            gave: BTreeMap::new(),
            heard_twice: BTreeSet::new(),
            answers: BTreeMap::new(),
            charged: BTreeMap::new(),
        }
    }

    fn settle(&self, books: &Books) -> Verdict {
        let mut names = BTreeSet::new();
        let (mut captured, mut refunded, mut tickets) = (0, 0, 0);
        for (id, order) in books.orders() {
            for capture in &order.captures {
                if !names.insert((&order.provider, &capture.payment)) {
                    return Err(format!("{} is captured for two orders", capture.payment));
                }
            }
            let (ours, back) = self.settle_order(id, order)?;
            captured += ours;
            refunded += back;
            tickets += order.price_of(order.valid());
        }
        if captured != refunded + tickets {
            return Err(format!("{captured} came, {refunded} went, tickets cost {tickets}"));
        }
        self.check_known(books)
    }

    /// What came and what went back of an order, once both sides agree.
    fn settle_order(&self, id: OrderId, order: &OrderBook) -> Result<(u64, u64), String> {
        let captured = order.captured();
        let done = order.refunds.iter().filter(|refund| refund.is_done);
        let refunded: u64 = done.map(|refund| refund.amount + refund.gone_twice()).sum();
        let tickets = order.price_of(order.valid());
        let of_each = (0..order.captures.len()).map(|i| (order.charged_back(i), order.loss(i)));
        let (taken, loss) = of_each.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        if captured + loss != refunded + taken + tickets {
            return Err(format!(
                "{id}: {captured} came, {refunded} went, banks took {taken}, tickets cost {tickets}"
            ));
        }
        for known in &order.disputes {
            let theirs = self.charged.get(&(id, known.dispute.clone())).copied();
            if known.is_open || known.lost.map(|(amount, _)| amount) != theirs {
                return Err(format!("{id}: {known:?}, banks took {theirs:?}"));
            }
        }
        for capture in &order.captures {
            if self.took.get(&(id, capture.payment.clone())) != Some(&capture.amount) {
                return Err(format!("{id}: the provider knows nothing of {capture:?}"));
            }
        }
        for (number, refund) in (0..).zip(&order.refunds) {
            let gave = self.gave.get(&(id, number)).copied().unwrap_or(0);
            let is_right = match refund.by_hand {
                None => gave == refund.amount,
                Some(ByHand { is_twice: true, was_asked }) => was_asked && gave == refund.amount,
                // An answer may have been lost; one that was heard must not be.
                Some(ByHand { was_asked, .. }) => {
                    let is_heard = self.heard_twice.contains(&(id, number));
                    gave == 0 || (was_asked && !is_heard)
                }
            };
            if refund.is_done && !is_right {
                return Err(format!("{id}: {refund:?} is done, the provider gave {gave}"));
            }
        }
        Ok((captured + loss, refunded + taken))
    }

    /// The server has taken note of what the provider has given back.
    fn hear(&mut self, books: &Books, token: Token, answer: &Told) {
        let Some((id, number)) = self.answers.remove(&token) else { return };
        let refund = books.order(id).and_then(|order| order.refunds.get(number as usize));
        if answer.is_ok() && refund.is_some_and(|refund| refund.by_hand.is_some()) {
            self.heard_twice.insert((id, number));
        }
    }

    /// What the provider took and gave is in our facts.
    fn check_known(&self, books: &Books) -> Verdict {
        for ((id, payment), amount) in &self.took {
            let is_ours = books.order(*id).is_some_and(|order| {
                order.captures.iter().any(|capture| capture.payment == *payment)
            });
            let mut strays = books.partitions().flat_map(|(_, book)| &book.strays);
            if !is_ours && !strays.any(|(_, stray, _)| stray == payment) {
                return Err(format!("the provider took {amount} for {id}: {payment} is unknown"));
            }
        }
        for ((id, dispute), amount) in &self.charged {
            let order = books.order(*id);
            let is_ours = order
                .is_some_and(|order| order.disputes.iter().any(|known| known.dispute == *dispute));
            if !is_ours {
                return Err(format!("a bank took {amount} for {id}: {dispute} is unknown"));
            }
        }
        for ((id, number), amount) in &self.gave {
            let order = books.order(*id);
            let refund = order.and_then(|order| order.refunds.get(*number as usize));
            if refund.is_none_or(|refund| refund.amount != *amount) {
                return Err(format!("the provider gave {amount} for {id}: the facts {refund:?}"));
            }
        }
        Ok(())
    }
}

impl Invariant for Money {
    fn name(&self) -> &'static str {
        "money"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Written { decision, .. } => {
                decision.facts.iter().try_for_each(|fact| check_fact(&books, fact))
            }
            Seen::Captured { order, payment, amount, .. } => {
                match self.took.insert((order, payment.into()), amount.as_minor()) {
                    None => Ok(()),
                    Some(_) => Err(format!("the provider took {payment} for {order} twice")),
                }
            }
            Seen::PaidBack { order, refund, amount, .. } => {
                match self.gave.insert((order, refund), amount.as_minor()) {
                    None => Ok(()),
                    Some(_) => Err(format!("refund {refund} of {order} is paid back twice")),
                }
            }
            Seen::ChargedBack { order, dispute, amount, .. } => {
                match self.charged.insert((order, dispute.into()), amount.as_minor()) {
                    None => Ok(()),
                    Some(_) => Err(format!("{dispute} of {order} is lost twice")),
                }
            }
            Seen::ChargeReturned { order, dispute } => {
                match self.charged.remove(&(order, dispute.to_owned())) {
                    Some(_) => Ok(()),
                    None => Err(format!("{dispute} of {order} gives back what it had not taken")),
                }
            }
            Seen::Executed { token, request, .. } => {
                if let Command::RecordRefund { order, refund, outcome, .. } = &request.command
                    && matches!(outcome, RefundOutcome::Done { .. })
                {
                    self.answers.insert(token, (*order, *refund));
                }
                Ok(())
            }
            Seen::Answered { token, answer, .. } => {
                self.hear(&books, token, answer);
                Ok(())
            }
            Seen::Settled { states } => {
                self.settle(&books)?;
                states.iter().try_for_each(|state| check_audit(&books, state))
            }
            _ => Ok(()),
        }
    }
}

/// The money in the partition's own books.
fn check_audit(books: &Books, state: &Partition) -> Verdict {
    for (id, event) in books.events().filter(|(id, _)| id.partition() == state.id()) {
        let view = state.query(Time::ZERO, Actor::Operator, Query::Audit(id));
        let Ok(View::Audit(audit)) = view else {
            return Err(format!("{id} cannot be audited: {view:?}"));
        };
        let mut ours = [0; 4];
        for order in &event.orders {
            let done = order.refunds.iter().filter(|refund| refund.is_done);
            ours[0] += order.captured();
            ours[1] += done.map(|refund| refund.amount + refund.gone_twice()).sum::<u64>();
            for capture in 0..order.captures.len() {
                ours[2] += order.charged_back(capture);
                ours[3] += order.loss(capture);
            }
        }
        let theirs = [audit.captured, audit.refunded, audit.charged_back, audit.loss];
        if theirs.map(Amount::as_minor) != ours || !audit.holds() {
            return Err(format!("the facts say {ours:?} of {id}, the audit {audit:?}"));
        }
    }
    Ok(())
}

fn check_fact(books: &Books, fact: &Fact) -> Verdict {
    match fact {
        Fact::PaymentCaptured(fact) => {
            let Some(order) = books.order(fact.order) else { return Ok(()) };
            let same = order.captures.iter().filter(|capture| capture.payment == fact.payment);
            if same.count() > 1 {
                return Err(format!("{} of {} is captured twice", fact.payment, fact.order));
            }
        }
        Fact::PaymentStrayed(fact) => {
            let Some(book) = books.partition(fact.claimed.event.partition()) else {
                return Ok(());
            };
            let same = |(provider, payment, _): &&(String, String, u64)| {
                *provider == fact.provider.0 && *payment == fact.payment
            };
            if book.strays.iter().filter(same).count() > 1 {
                return Err(format!("{} is reported as stray twice", fact.payment));
            }
        }
        Fact::RefundWanted(fact) => {
            let Some(order) = books.order(fact.order) else { return Ok(()) };
            let capture = fact.capture as usize;
            let back = order.refunds_of(capture) + order.charged_back(capture);
            let came = order.captures.get(capture).map_or(0, |capture| capture.amount);
            if back > came && !fact.amount.is_zero() {
                return Err(format!("{back} go back for payment {capture} of {came}: {fact:?}"));
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Provider, Request};
    use onsale_core::fact::PaymentStrayed;
    use onsale_core::payment::RefundCause;
    use onsale_core::reply::Reply;
    use onsale_engine::Answer;

    use super::super::fixture::*;
    use super::*;

    fn bench() -> Bench<Money> {
        let mut bench = Bench::new(Money::new(Shared::default()));
        bench.happens([taken(0, standing(2)), placed(0, 0)]).unwrap();
        bench
    }

    fn takes(bench: &mut Bench<Money>, payment: &str, minor: u64) -> Verdict {
        let (order, amount, currency) = (order(0), Amount::from_minor(minor), euro());
        bench.see(&Seen::Captured { order, payment, amount, currency })
    }

    fn gives(bench: &mut Bench<Money>, refund: u32, minor: u64) -> Verdict {
        let (order, amount) = (order(0), Amount::from_minor(minor));
        bench.see(&Seen::PaidBack { order, refund, payment: "a", amount })
    }

    fn paid() -> Bench<Money> {
        let mut bench = bench();
        takes(&mut bench, "a", 1_000).unwrap();
        bench.happens([captured(0, "a", 1_000), completed(0, 0)]).unwrap();
        bench
    }

    #[test]
    fn tickets_for_money_and_money_for_tickets_are_fine() {
        let mut bench = paid();
        bench.settles().unwrap();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked)]).unwrap();
        gives(&mut bench, 0, 500).unwrap();
        bench.happens([done(0, 0)]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn a_payment_that_is_captured_twice_is_caught() {
        let mut bench = paid();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [captured(0, "a", 1_000)]).is_err());
    }

    #[test]
    fn a_refund_of_more_than_came_is_caught() {
        let mut bench = paid();
        bench.happens([wanted(0, 1_000, 3, RefundCause::Asked)]).unwrap();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [wanted(0, 1, 0, RefundCause::Late)]).is_err());
    }

    #[test]
    fn a_refund_that_is_paid_twice_or_not_at_all_or_not_known_is_caught() {
        let mut bench = paid();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("0 went"));
        bench.happens([done(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("gave 0"));
        gives(&mut bench, 0, 500).unwrap();
        assert!(gives(&mut bench, 0, 500).unwrap_err().contains("twice"));
        gives(&mut bench, 1, 500).unwrap();
        assert!(bench.settles().unwrap_err().contains("the facts None"));
    }

    #[test]
    fn a_refund_that_is_settled_by_hand_and_paid_all_the_same_is_caught() {
        let mut bench = paid();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked), refused(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("0 went"));
        bench.happens([retried(0, 0, 1), refused(0, 0), settled(0, 0)]).unwrap();
        bench.settles().unwrap();
        gives(&mut bench, 0, 500).unwrap();
        assert!(bench.settles().unwrap_err().contains("gave 500"));
    }

    #[test]
    fn money_that_is_gone_twice_is_caught_if_the_server_heard_of_it_and_forgot() {
        let mut bench = paid();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked), settled(0, 0)]).unwrap();
        gives(&mut bench, 0, 500).unwrap();
        bench.settles().unwrap();
        let outcome = RefundOutcome::Done { reference: "back".into() };
        let command = Command::RecordRefund { order: order(0), refund: 0, attempt: 0, outcome };
        let applied = bench.state.applied();
        let token = bench.executes(&Request::new(Actor::System, command), applied, applied);
        bench.answers(token, &Ok(Answer::Reply(Reply::Done))).unwrap();
        assert!(bench.settles().unwrap_err().contains("gave 500"));
        bench.happens([done(0, 0)]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn money_that_is_said_to_be_gone_twice_and_is_not_is_caught() {
        let mut bench = paid();
        bench.happens([wanted(0, 500, 1, RefundCause::Asked), settled(0, 0), done(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("gave 0"));
    }

    #[test]
    fn what_a_bank_takes_and_gives_back_is_the_same_on_both_sides() {
        let mut bench = paid();
        let (order, amount) = (order(0), Amount::from_minor(1_000));
        let taken = Seen::ChargedBack { order, dispute: "dp", payment: "a", amount };
        let returned = Seen::ChargeReturned { order, dispute: "dp" };
        bench.happens([disputed(0, "dp", "a", 1_000), judged(0, 0, Some(1_000))]).unwrap();
        assert!(bench.settles().unwrap_err().contains("banks took None"));
        bench.see(&taken).unwrap();
        bench.settles().unwrap();
        assert!(bench.see(&taken).unwrap_err().contains("lost twice"));
        bench.see(&returned).unwrap();
        assert!(bench.settles().unwrap_err().contains("banks took None"), "it is won since");
        assert!(bench.see(&returned).unwrap_err().contains("had not taken"));
        bench.happens([judged(0, 0, None)]).unwrap();
        bench.settles().unwrap();
        bench.happens([disputed(0, "dp", "a", 1_000)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("is_open: true"));
        bench.see(&taken).unwrap();
        bench.happens([judged(0, 0, Some(1_000))]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn money_that_only_one_side_knows_is_caught() {
        let mut bench = paid();
        takes(&mut bench, "b", 1_000).unwrap();
        assert!(bench.settles().unwrap_err().contains("b is unknown"));
        let stray = PaymentStrayed {
            provider: Provider("sandbox".into()),
            claimed: order(0),
            payment: "b".into(),
            amount: Amount::from_minor(1_000),
            currency: euro(),
        };
        bench.happens([stray.into()]).unwrap();
        bench.settles().unwrap();
        bench.happens([captured(0, "c", 1_000)]).unwrap();
        bench.happens([wanted(0, 1_000, 0, RefundCause::Duplicate), done(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("knows nothing"));
    }

    #[test]
    fn tickets_without_money_are_caught() {
        let mut bench = bench();
        bench.happens([completed(0, 0)]).unwrap();
        assert!(bench.settles().unwrap_err().contains("tickets cost 1000"));
    }
}
