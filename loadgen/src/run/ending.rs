//! After the people: their orders are read again, the books looked at, and everything judged.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Plan;
use super::desk::{Desk, DeskError};
use crate::api::{self, Audit, Order};
use crate::judge::{Acknowledged, Case, Evidence, Reading, judge, sold};
use crate::persona::Scene;

/// Connections that read orders.
const READERS: usize = 16;
/// How long reading all orders may take: a hung server does not hang the judge.
const READING: Duration = Duration::from_secs(120);
/// How long money on its way back is waited for.
const REFUNDING: Duration = Duration::from_secs(10);
/// After so many failures in a row a reader gives up: the server is gone.
const FAILURES_MAX: u32 = 3;

/// What comes of it.
pub(super) struct Verdict {
    pub(super) violations: Vec<String>,
    pub(super) sold_tickets: u64,
}

/// Reads, looks and judges.
pub(super) async fn examine(
    desk: &mut Desk,
    plan: &Plan,
    scene: &Scene,
    evidence: &Evidence,
    refusals: &BTreeMap<String, u64>,
) -> Verdict {
    let readings = read_all(desk, scene, &evidence.orders).await;
    let audit = match &plan.operator_token {
        Some(token) => settled_books(desk, &scene.event.id, token).await.map(Some),
        None => Ok(None),
    };
    let (audit, unread) = match audit {
        Ok(audit) => (audit, None),
        Err(why) => (None, Some(why)),
    };
    let mut violations = judge(&Case {
        event: &scene.event,
        is_ours: plan.event.is_none(),
        evidence,
        readings: &readings,
        audit: audit.as_ref(),
        refusals,
    });
    violations
        .extend(unread.map(|why| {
            format!("the books of event {} cannot be looked at: {why}", scene.event.id)
        }));
    Verdict { violations, sold_tickets: sold(&readings) }
}

/// Each order, read by who placed it, in the same order.
async fn read_all(desk: &Desk, scene: &Scene, orders: &[Acknowledged]) -> Vec<Reading> {
    let deadline = Instant::now() + READING;
    let mut readers = JoinSet::new();
    for first in 0..READERS.min(orders.len()) {
        let mut desk = desk.another();
        let clock = scene.clock;
        let mine = orders.iter().skip(first).step_by(READERS);
        let mine: Vec<_> = mine.map(|order| (order.id.clone(), order.token.clone())).collect();
        readers.spawn(async move {
            let mut readings = Vec::with_capacity(mine.len());
            let mut failures = 0;
            for (id, token) in mine {
                if failures == FAILURES_MAX || Instant::now() > deadline {
                    readings.push(Err("the server answered too slowly or no more".to_owned()));
                    continue;
                }
                let shown = desk.ask::<Order>(api::show(&id), Some(&token)).await;
                failures = match shown {
                    Err(DeskError::Failed(_)) => failures + 1,
                    _ => 0,
                };
                let read_us = clock.micros(Instant::now());
                readings.push(shown.map(|order| (read_us, order)).map_err(|why| why.to_string()));
            }
            (first, readings)
        });
    }
    let mut parts = BTreeMap::new();
    while let Some(part) = readers.join_next().await {
        if let Ok((first, readings)) = part {
            parts.insert(first, readings.into_iter());
        }
    }
    let next = |number| parts.get_mut(&(number % READERS)).and_then(Iterator::next);
    let missing = || Err("its reader broke down".to_owned());
    (0..orders.len()).map(next).map(|reading| reading.unwrap_or_else(missing)).collect()
}

/// The books, once no money is on its way back.
async fn settled_books(desk: &mut Desk, event: &str, token: &str) -> Result<Audit, DeskError> {
    let begun = Instant::now();
    loop {
        let audit: Audit = desk.ask(api::audit(event), Some(token)).await?;
        if audit.refunding_minor == 0 || begun.elapsed() > REFUNDING {
            return Ok(audit);
        }
        sleep(Duration::from_millis(200)).await;
    }
}
