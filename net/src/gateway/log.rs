//! One log line for each request: a fault of ours at `error`, a slow one at `warn`, any other at
//! `debug`, which costs next to nothing while that level is off.
//!
//! Nothing personal is in it: the route and not the address that was asked for, no parameters, no
//! tokens; a person only as the number that they are here. Refusals, also for lack of room, are no
//! faults: they are counted, because writing them down would cost more than making them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::current::Current;
use super::limit::Quota;
use super::routes::Route;

/// The target of every line.
const TARGET: &str = "onsale::request";

/// Lines at `warn` and `error` of one core: when everything is slow, saying so must not slow it
/// down further.
const LINES_PER_MINUTE: u32 = 600;
const LINES_AT_ONCE: u32 = 100;

/// What became of a request.
pub(crate) struct Outcome<'a> {
    pub(crate) route: &'a Route,
    pub(crate) status: StatusCode,
    /// The code of the problem that it was answered with.
    pub(crate) code: Option<&'static str>,
    pub(crate) took: Duration,
}

/// One core's log of requests.
pub(crate) struct RequestLog {
    /// From when on a request is slow.
    slow: Duration,
    /// Only this core's requests come here, so nobody ever waits for it.
    budget: Mutex<Budget>,
}

struct Budget {
    began: Instant,
    empty_at_us: u64,
    unwritten: u64,
}

impl RequestLog {
    pub(crate) fn new(slow: Duration) -> Self {
        let budget = Budget { began: Instant::now(), empty_at_us: 0, unwritten: 0 };
        Self { slow, budget: Mutex::new(budget) }
    }

    /// Notes what became of a request.
    pub(crate) fn note(&self, request: &Current, outcome: &Outcome<'_>) {
        let is_fault = outcome.status == StatusCode::INTERNAL_SERVER_ERROR;
        let is_slow = outcome.took >= self.slow && !request.waits;
        if !is_fault && !is_slow {
            return debug(request, outcome);
        }
        let Some(unwritten) = self.spend() else { return };
        let Outcome { route, status, code, took } = outcome;
        let (id, trace, class) = (&request.id, request.trace.trace_id(), request.class.name());
        let person = request.person.map(tracing::field::display);
        macro_rules! line {
            ($level:ident, $what:literal) => {
                tracing::$level!(
                    target: TARGET,
                    request_id = id,
                    trace_id = format_args!("{trace:032x}"),
                    method = route.method,
                    route = route.path,
                    status = status.as_u16(),
                    code,
                    took_us = took.as_micros() as u64,
                    class,
                    person,
                    unwritten,
                    $what
                )
            };
        }
        if is_fault {
            line!(error, "a request failed");
        } else {
            line!(warn, "a slow request");
        }
    }

    /// Takes a line from the budget, and says how many were not written before it.
    fn spend(&self) -> Option<u64> {
        let quota = Quota::per_minute(LINES_PER_MINUTE, LINES_AT_ONCE)?;
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now_us = u64::try_from(budget.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let Some(level_us) = quota.take(budget.empty_at_us.saturating_sub(now_us)) else {
            budget.unwritten += 1;
            return None;
        };
        budget.empty_at_us = now_us.saturating_add(level_us);
        Some(std::mem::take(&mut budget.unwritten))
    }
}

fn debug(request: &Current, outcome: &Outcome<'_>) {
    let Outcome { route, status, code, took } = outcome;
    tracing::debug!(
        target: TARGET,
        request_id = request.id,
        trace_id = format_args!("{:032x}", request.trace.trace_id()),
        method = route.method,
        route = route.path,
        status = status.as_u16(),
        code,
        took_us = took.as_micros() as u64,
        class = request.class.name(),
        person = request.person.map(tracing::field::display),
        "a request"
    );
}
