//! The judgement once all is well again: what was acknowledged is there, the books add up, nothing
//! was sold twice, and the sale goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use madsim::time::{Instant, sleep};
use onsale_core::id::EventId;
use serde_json::Value;

use crate::bank::{Bank, Turnover};
use crate::buyer::{Shop, Wish, seats_of};
use crate::client::{Ask, Client};
use crate::history::{History, Order};
use crate::server::OPERATOR_TOKEN;
use crate::world::{HEALED, World};

/// Judges a world in which all is well again.
///
/// # Panics
/// If it finds anything wrong.
pub async fn judge(world: &World, shop: &Shop) {
    let until = Instant::now() + HEALED;
    for wish in [Wish::Free, Wish::Paid] {
        let mut late = world.buyer(shop, &format!("late-{wish:?}"));
        let bought =
            world.on_a_persons_machine(async move { late.buy_properly(wish, until).await }).await;
        assert!(bought, "all is well, and yet nobody can buy: {wish:?}");
    }
    let (bank, history) = (world.machine.bank.clone(), world.history.clone());
    let shop = shop.clone();
    world.on_a_persons_machine(async move { Judge::new(shop, bank, history).judge().await }).await;
}

struct Judge {
    shop: Shop,
    bank: Bank,
    history: History,
    operator: Client,
}

impl Judge {
    fn new(shop: Shop, bank: Bank, history: History) -> Self {
        let mut operator = Client::new(shop.server, "judge");
        operator.speak_for(OPERATOR_TOKEN);
        Self { shop, bank, history, operator }
    }

    async fn judge(mut self) {
        for event in [self.shop.house.clone(), self.shop.club.clone()] {
            self.settled(&event).await;
        }
        let mut owners = BTreeMap::new();
        for (id, order) in self.history.orders() {
            let shown = self.order(&id, &order).await;
            for seat in seats_of(&shown) {
                let other = owners.insert((order.event.clone(), seat), id.clone());
                assert_eq!(other, None, "seat {seat} is on a ticket of {id} too");
            }
            self.ends_a_wait(&id, &shown).await;
        }
    }

    /// Waits for a change that does not come. Nobody else asks for anything: the shell must wake by
    /// itself to say so.
    async fn ends_a_wait(&mut self, id: &str, shown: &Value) {
        let seen = shown["version"].as_str().unwrap_or_default();
        let ask = Ask::get(format!("/api/v1/orders/{id}?wait_ms=1000&seen={seen}"));
        let answer = self.operator.ask("", &ask).await;
        assert!(answer.is_some(), "{id}: a wait that does not end");
    }

    /// Waits until nothing is under way for an event any more: its books must add up then.
    async fn settled(&mut self, event: &str) {
        let id: EventId = event.parse().expect("the server's ids are ids");
        let end = Instant::now() + HEALED;
        loop {
            let audit = self.see(&format!("/api/v1/events/{event}/audit")).await;
            assert_eq!(audit["seats_sold_twice"], 0, "{audit}");
            if self.bank.untold() == 0 && is_quiet(&audit) {
                assert_eq!(audit["holds"], true, "{audit}");
                assert_eq!(turnover_of(&audit), self.bank.turnover(id), "{audit}");
                assert_eq!(audit["refunds_refused"], 0, "{audit}");
                self.history.count_if(audit["refunded_minor"] != 0, "refunded");
                return;
            }
            let untold = self.bank.untold();
            assert!(Instant::now() < end, "{event} does not come to rest: {untold} {audit}");
            sleep(Duration::from_secs(2)).await;
        }
    }

    async fn order(&mut self, id: &str, order: &Order) -> Value {
        let shown = self.see(&format!("/api/v1/orders/{id}")).await;
        let status = shown["status"].as_str().unwrap_or_default();
        assert_ne!(status, "PENDING", "{id} does not end");
        assert!(!order.is_completed || status == "COMPLETED", "{id} was completed: {shown}");
        let tickets = shown["tickets"].as_array().map_or(0, Vec::len);
        assert_eq!(status == "COMPLETED", tickets > 0, "{id}: {shown}");
        shown
    }

    async fn see(&mut self, path: &str) -> Value {
        let answer = self.operator.insist(&Ask::get(path), Instant::now() + HEALED).await;
        let answer = answer.unwrap_or_else(|| panic!("all is well, and yet no answer: {path}"));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }
}

/// Whether no order waits, no money is on its way, and nothing is in a cart.
fn is_quiet(audit: &Value) -> bool {
    let held = audit["stock"].as_array().into_iter().flatten().map(|line| &line["held"]);
    audit["pending"] == 0 && audit["refunding_minor"] == 0 && held.into_iter().all(|held| held == 0)
}

fn turnover_of(audit: &Value) -> Turnover {
    let minor = |member: &str| audit[member].as_u64().unwrap_or(u64::MAX);
    Turnover { captured_minor: minor("captured_minor"), refunded_minor: minor("refunded_minor") }
}
