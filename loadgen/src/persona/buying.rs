//! Holding, ordering, paying, and the end of an order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::asking::Answer;
use super::{Leaves, Person, PlacedOrder};
use crate::api::{self, Call, Hold, Line, Order, Placed};
use crate::judge::Acknowledged;
use crate::mix::{Choice, Sight};

/// How long one look waits for news of an order.
const NEWS: Duration = Duration::from_secs(20);
/// How often somebody points at the map until they find seats that look free.
const POINTING: u32 = 30;

impl Person {
    /// Takes a hold, and others when some are taken.
    pub(super) async fn hold(
        &mut self,
        choice: Choice,
        attempts: u32,
        may_split: bool,
    ) -> Result<(), Leaves> {
        let classes = self.crowd.scene.event.classes.len() as u64;
        let first = self.dice.below(classes);
        for attempt in 0..u64::from(attempts) {
            let class = ((first + attempt) % classes.max(1)) as u16;
            let wish = self.choose(class, choice, may_split).await?;
            let mut request = api::hold(&self.crowd.scene.event.id, &wish);
            request
                .headers
                .extend(self.has.checkout.clone().map(|token| ("Checkout-Token", token)));
            let problem = match self.ask_once::<Hold>(Call::Hold, request).await? {
                Answer::Good(hold, asked) => {
                    let scene = &self.crowd.scene;
                    let tickets = count(&hold.lines);
                    self.crowd.recorder.borrow_mut().held(tickets);
                    let ttl_ms = scene.event.terms.hold_ms;
                    let mut evidence = self.crowd.evidence.borrow_mut();
                    let claim = evidence.held(&scene.clock, self.number, &hold, asked, ttl_ms);
                    self.has.hold = Some((hold.id, claim));
                    return Ok(());
                }
                Answer::Refused(problem) => problem,
            };
            match problem.code.as_str() {
                // Others may do, and what is held may come back.
                "seats_taken" | "leaves_orphan" | "companion_alone" | "seats_blocked"
                | "no_neighbours" | "all_held" | "unknown_seats" => {}
                "sold_out" if classes > 1 => {}
                _ => return Err(Leaves::refused(&problem)),
            }
            self.has.map = None;
            let reaction = Duration::from_secs_f64(0.3 + self.dice.unit());
            self.think(if self.hammers { Duration::ZERO } else { reaction })?;
        }
        Err(Leaves::EmptyHanded)
    }

    /// The wish for a hold, in the words of the API.
    async fn choose(
        &mut self,
        class: u16,
        choice: Choice,
        may_split: bool,
    ) -> Result<Value, Leaves> {
        let scene = Arc::clone(&self.crowd.scene);
        let party = self.party.min(scene.event.limits.per_hold);
        if scene.event.seats == 0 || choice == Choice::Count {
            return Ok(json!({ "class": class, "count": party }));
        }
        if choice == Choice::Seats {
            if self.has.map.is_none() {
                self.look(Sight::Seats).await?;
            }
            if let Some(seats) = self.point(class, party) {
                return Ok(json!({ "class": class, "seats": seats }));
            }
        }
        Ok(json!({ "class": class, "best": { "count": party, "may_split": may_split } }))
    }

    /// Neighbours that look free on the map that they saw.
    fn point(&mut self, class: u16, party: u32) -> Option<Vec<u32>> {
        let scene = Arc::clone(&self.crowd.scene);
        let map = self.has.map.as_ref()?;
        let is_free = |seat: &u32| {
            [&map.held, &map.sold, &map.blocked]
                .iter()
                .all(|some| some.binary_search(seat).is_err())
        };
        let is_of_class = |(of, row): &&(u16, api::Row)| *of == class && row.seats >= party;
        let rows: Vec<_> = scene.rows.iter().filter(is_of_class).collect();
        (0..POINTING).find_map(|_| {
            let (_, row) = rows.get(self.dice.below(rows.len() as u64) as usize)?;
            let left = self.dice.below(u64::from(row.seats - party + 1)) as u32;
            let first = row.first_seat + left;
            let seats: Vec<u32> = (first..first + party).collect();
            seats.iter().all(is_free).then_some(seats)
        })
    }

    /// Makes the hold an order.
    pub(super) async fn order(&mut self, accept_other_seats: bool) -> Result<(), Leaves> {
        let Some((hold, claim)) = self.has.hold.take() else { return Err(Leaves::EmptyHanded) };
        self.doubt(claim);
        // Whoever is cut off from here on does not know whether they ordered.
        self.crowd.evidence.borrow_mut().unanswered_orders += 1;
        let answer = self.ask_once::<Placed>(Call::Order, api::order(&hold, accept_other_seats));
        let answer = answer.await?;
        let mut evidence = self.crowd.evidence.borrow_mut();
        evidence.unanswered_orders -= 1;
        let Answer::Good(placed, asked) = answer else { return Err(Leaves::EmptyHanded) };
        let order = Acknowledged {
            id: placed.id.clone(),
            who: self.number,
            token: Arc::clone(&self.token),
            lines: placed.lines.clone(),
            total_minor: placed.total_minor,
            accept_other_seats,
            completed: None,
        };
        let scene = &self.crowd.scene;
        let ttl_ms = scene.event.terms.order_ms;
        let (claim, number) = evidence.ordered(&scene.clock, order, &placed, asked, ttl_ms);
        let (total_minor, tickets) = (placed.total_minor, count(&placed.lines));
        self.has.order = Some(PlacedOrder { id: placed.id, claim, number, total_minor, tickets });
        Ok(())
    }

    /// Pays, as soon as there is a page to pay at; nothing for free tickets.
    pub(super) async fn pay(&mut self, behaviour: &str) -> Result<(), Leaves> {
        let Some(order) = &self.has.order else { return Err(Leaves::EmptyHanded) };
        if order.total_minor == 0 {
            return Ok(());
        }
        let claim = order.claim;
        let shown = self.watch(|order| order.payment.url.is_some()).await?;
        let Some(url) = shown.payment.url else { return Err(Leaves::EmptyHanded) };
        // It may be declined: then the seats go back.
        self.doubt(claim);
        self.wish::<IgnoredAny>(Call::Pay, api::pay(&url, behaviour)).await?;
        Ok(())
    }

    /// Waits for the end of the order.
    pub(super) async fn confirm(&mut self) -> Result<(), Leaves> {
        let shown = self.watch(|_| false).await?;
        let Some(order) = &self.has.order else { return Err(Leaves::EmptyHanded) };
        if shown.status != "COMPLETED" {
            return Err(Leaves::EmptyHanded);
        }
        self.crowd.recorder.borrow_mut().sold(order.tickets);
        let tickets = shown.tickets.into_iter().map(|ticket| ticket.id).collect();
        let completed_us = self.crowd.scene.clock.micros(self.due);
        let mut evidence = self.crowd.evidence.borrow_mut();
        evidence.orders[order.number].completed = Some((completed_us, tickets));
        Ok(())
    }

    /// Looks at the order until it is as wished, or waits for nothing any more.
    async fn watch(&mut self, is_enough: impl Fn(&Order) -> bool) -> Result<Order, Leaves> {
        let Some(id) = self.has.order.as_ref().map(|order| order.id.clone()) else {
            return Err(Leaves::EmptyHanded);
        };
        let mut shown: Order = self.wish(Call::Show, api::show(&id)).await?;
        while shown.status == "PENDING" && !is_enough(&shown) {
            self.think(Duration::ZERO)?;
            let request = api::listen_to_order(&id, &shown.version, self.patience(NEWS));
            shown = self.wish(Call::Listen, request).await?;
        }
        Ok(shown)
    }

    /// From now on the seats of a claim may be somebody else's.
    pub(super) fn doubt(&self, claim: usize) {
        // The request is sent when it is due, which is not before now.
        let clock = &self.crowd.scene.clock;
        self.crowd.evidence.borrow_mut().doubt(clock, claim, Instant::now());
    }
}

fn count(lines: &[Line]) -> u64 {
    lines.iter().map(|line| u64::from(line.count)).sum()
}
