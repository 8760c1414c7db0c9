//! The event that people go to: found by its id, or defined and opened; and how it is meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::desk::{Desk, DeskError};
use super::{HEAD_START, Plan};
use crate::api::{self, Availability, Chart, Defined, Event, Row};
use crate::measure::Stock;
use crate::mix::{EventPlan, Sight, StockPlan, WaitroomPlan};
use crate::persona::Scene;

/// Seats in a row, and rows in a section, of an event that is defined here.
const ROW_SEATS: u32 = 40;
const SECTION_ROWS: u32 = 25;

/// Why there is no event to go to.
#[derive(Debug, Error)]
pub enum EventError {
    /// There is none, and none can be defined.
    #[error("the mix `{0}` has no [event]: add one, or name an event by its id")]
    Nothing(String),
    /// Nobody may define it.
    #[error(
        "only an operator may define the event of a mix: give the operator token (the server keeps \
         it in <data>/keys/operator-token), or name an event by its id"
    )]
    NoToken,
    /// The server says no, or nothing.
    #[error("cannot {what}: {why}")]
    Server {
        /// What was tried.
        what: String,
        /// Why it failed.
        why: DeskError,
    },
    /// Nobody can buy there.
    #[error("event {event} is {phase}, not OPEN: open it first, or name another one")]
    NotOpen {
        /// Which event.
        event: String,
        /// Where it is in its life.
        phase: String,
    },
}

/// An event that people can go to.
pub(super) struct Prepared {
    pub(super) event: Event,
    pub(super) rows: Vec<(u16, Row)>,
}

/// Finds the event, or defines and opens it.
pub(super) async fn prepare(desk: &mut Desk, plan: &Plan) -> Result<Prepared, EventError> {
    let id = match &plan.event {
        Some(id) => id.clone(),
        None => define(desk, plan).await?,
    };
    let failed = |what: &str| {
        let what = what.to_owned();
        move |why| EventError::Server { what, why }
    };
    let shown = desk.ask(api::look(&id, Sight::Event), None).await;
    let event: Event = shown.map_err(failed(&format!("show event {id}")))?;
    if event.phase != "OPEN" {
        return Err(EventError::NotOpen { event: id, phase: event.phase });
    }
    let mut rows = Vec::new();
    if event.seats > 0 {
        let shown = desk.ask(api::look(&id, Sight::Chart), None).await;
        let chart: Chart = shown.map_err(failed(&format!("show the seats of event {id}")))?;
        let sections = chart.sections.into_iter();
        rows = sections
            .flat_map(|part| part.rows.into_iter().map(move |row| (part.class, row)))
            .collect();
    }
    Ok(Prepared { event, rows })
}

async fn define(desk: &mut Desk, plan: &Plan) -> Result<String, EventError> {
    let wish = plan.mix.event.as_ref();
    let wish = wish.ok_or_else(|| EventError::Nothing(plan.mix.name.clone()))?;
    let token = plan.operator_token.as_deref().ok_or(EventError::NoToken)?;
    let now = Timestamp::now();
    let mut request = api::define_event(&definition(wish, now));
    // A run of its own wants an event of its own.
    let key = format!("loadgen-{}-{}", plan.seed, now.as_microsecond());
    request.headers.push(("Idempotency-Key", key));
    let failed = |what: &str, why| EventError::Server { what: what.to_owned(), why };
    let defined = desk.ask::<Defined>(request, Some(token)).await;
    let id = defined.map_err(|why| failed("define an event", why))?.id;
    let opened = desk.ask::<Option<IgnoredAny>>(api::open_event(&id), Some(token)).await;
    opened.map_err(|why| failed(&format!("open event {id}"), why))?;
    Ok(id)
}

fn definition(plan: &EventPlan, now: Timestamp) -> Value {
    let at = |after: Duration| {
        let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
        let at = now.saturating_add(after).unwrap_or(Timestamp::MAX);
        format!("{at:.3}")
    };
    let ms = |span: Duration| span.as_millis() as u64;
    let begun = at(Duration::ZERO);
    let mut definition = json!({
        "name": plan.name,
        "currency": "EUR",
        "classes": [{
            "name": "Standard",
            "price_minor": plan.price_minor,
            "window": { "opens_at": begun, "closes_at": at(Duration::from_secs(30 * 86_400)) },
        }],
        "limits": { "per_buyer": plan.per_buyer, "per_hold": plan.per_buyer.min(16) },
        "terms": { "hold_ms": ms(plan.hold), "order_ms": ms(plan.order) },
    });
    match plan.stock {
        StockPlan::Counted(capacity) => {
            definition["quotas"] =
                json!([{ "name": "House", "capacity": capacity, "classes": [0] }]);
        }
        StockPlan::Seats(seats) => definition["plan"] = api::house(seats, ROW_SEATS, SECTION_ROWS),
    }
    if let Some(WaitroomPlan { opens_after, slots, rate_per_minute, visit }) = plan.waitroom {
        definition["waitroom"] = json!({
            "doors_at": begun,
            "opens_at": at(HEAD_START + opens_after),
            "slots": slots,
            "rate_per_minute": rate_per_minute,
            "visit_ms": ms(visit),
            "claim_ms": ms(visit.min(Duration::from_secs(120))),
        });
    }
    definition
}

/// Asks the event again and again how it is. Dropped, it stops.
pub(super) struct Watcher {
    task: JoinHandle<()>,
    stock: watch::Receiver<Stock>,
}

impl Watcher {
    pub(super) fn start(plan: &Plan, scene: &Arc<Scene>) -> Self {
        let (sender, stock) = watch::channel(Stock::default());
        let desk = Desk::new(plan.target.clone(), plan.sources.clone());
        let scene = Arc::clone(scene);
        Self { task: tokio::spawn(observe(desk, scene, sender)), stock }
    }

    /// As it was when it last answered.
    pub(super) fn stock(&self) -> Stock {
        *self.stock.borrow()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn observe(mut desk: Desk, scene: Arc<Scene>, stock: watch::Sender<Stock>) {
    let mut turns = interval(Duration::from_millis(500));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let event = &scene.event;
    loop {
        turns.tick().await;
        let left = desk.ask::<Availability>(api::look(&event.id, Sight::Availability), None).await;
        let mut now = Stock::default();
        if let Ok(left) = left {
            now.held = Some(left.classes.iter().map(|class| class.held).sum());
            now.sold = Some(left.classes.iter().map(|class| class.sold).sum());
        }
        if event.waitroom.is_some() {
            let shown = desk.ask::<Event>(api::look(&event.id, Sight::Event), None).await;
            now.queued = shown.ok().and_then(|event| event.waitroom).map(|room| room.waiting);
        }
        if stock.send(now).is_err() {
            return;
        }
    }
}
