//! The price that somebody was told with their hold is locked: it is what the hold costs whenever
//! it is looked at, what its order costs, before and after its end, and what the payment provider
//! is told to ask for, whatever the tickets cost for others by then.
//!
//! Why: prices change while people are in the checkout. Whoever sees another total on the
//! provider's page than in their cart was cheated, or pays an amount that is then refused.
//!
//! Source: mission, area 6: "price locked by the hold".

use std::collections::BTreeMap;

use onsale_core::effect::EffectKind;
use onsale_core::id::{HoldId, OrderId};
use onsale_core::money::Amount;
use onsale_core::query::View;
use onsale_core::reply::{HoldView, Reply};
use onsale_engine::Answer;

use super::books::{Books, Shared};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// See the module.
pub(crate) struct Price {
    books: Shared,
    /// What somebody was told that a hold costs.
    told: BTreeMap<HoldId, Amount>,
}

impl Price {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, told: BTreeMap::new() }
    }

    fn hold(&mut self, view: &HoldView) -> Verdict {
        let first = *self.told.entry(view.hold).or_insert(view.total);
        must_be(first, view.total, || format!("{}", view.hold))
    }

    /// Whatever is said of an order's price.
    fn order(&self, books: &Books, id: OrderId, said: Amount) -> Verdict {
        let order = books.order(id);
        let hold = order.map(|order| HoldId::new(id.event, order.hold));
        match hold.and_then(|hold| self.told.get(&hold)) {
            Some(told) => must_be(*told, said, || format!("{id}")),
            None => Ok(()),
        }
    }
}

fn must_be(told: Amount, said: Amount, of: impl Fn() -> String) -> Verdict {
    if told == said {
        return Ok(());
    }
    let (told, said) = (told.as_minor(), said.as_minor());
    Err(format!("{} costs {said}, and was told to cost {told}", of()))
}

impl Invariant for Price {
    fn name(&self) -> &'static str {
        "price"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Answered { answer: Ok(answer), .. } => match answer {
                Answer::Reply(Reply::HoldTaken(view) | Reply::OrderPlaced { hold: view, .. })
                | Answer::View(View::Hold(view)) => self.hold(view),
                Answer::View(View::Order(view)) => self.order(&books, view.order, view.total),
                _ => Ok(()),
            },
            Seen::Wanted { effect, .. } => match effect.kind {
                EffectKind::CreateIntent { amount, .. } => self.order(&books, effect.order, amount),
                EffectKind::Refund { .. } => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::Provider;
    use onsale_core::effect::Effect;
    use onsale_core::order::OrderStatus;
    use onsale_core::query::Query;

    use super::super::fixture::*;
    use super::*;
    use crate::seen::Token;

    fn bench() -> Bench<Price> {
        Bench::new(Price::new(Shared::default()))
    }

    fn view(minor: u64) -> HoldView {
        let (total, until) = (Amount::from_minor(minor), NOW + HOLD);
        HoldView { hold: hold(0), lines: vec![standing(2)], total, currency: euro(), until }
    }

    /// A hold that costs 10.00 by what was told of it.
    fn held() -> Bench<Price> {
        let mut bench = bench();
        bench.happens([taken(0, standing(2))]).unwrap();
        let told = Ok(Answer::Reply(Reply::HoldTaken(view(1_000))));
        bench.answers(Token(1), &told).unwrap();
        bench
    }

    fn wants(bench: &mut Bench<Price>, minor: u64) -> Verdict {
        let (amount, currency) = (Amount::from_minor(minor), euro());
        let kind = EffectKind::CreateIntent { amount, currency, until: NOW };
        let effect = Effect { order: order(0), provider: Provider("sandbox".into()), kind };
        bench.see(&Seen::Wanted { partition: PARTITION, effect: &effect })
    }

    #[test]
    fn a_price_that_stays_is_fine() {
        let mut bench = held();
        bench.happens([placed(0, 0)]).unwrap();
        let (order, status, until) = (order(0), OrderStatus::Pending, NOW);
        let reply = Reply::OrderPlaced { order, hold: view(1_000), status, until };
        bench.answers(Token(2), &Ok(Answer::Reply(reply))).unwrap();
        wants(&mut bench, 1_000).unwrap();
        let actor = onsale_core::command::Actor::Operator;
        let shown = bench.state.query(NOW, actor, Query::Order(order)).unwrap();
        bench.answers(Token(3), &Ok(Answer::View(shown))).unwrap();
    }

    #[test]
    fn a_hold_that_becomes_dearer_or_cheaper_is_caught() {
        for minor in [999, 1_001] {
            let shown = Ok(Answer::View(View::Hold(view(minor))));
            let wrong = held().answers(Token(2), &shown);
            assert!(wrong.unwrap_err().contains("was told to cost 1000"));
        }
    }

    #[test]
    fn a_page_that_asks_for_something_else_is_caught() {
        let mut bench = held();
        bench.happens([placed(0, 0)]).unwrap();
        assert!(wants(&mut bench, 1_500).unwrap_err().contains("costs 1500"));
    }
}
