//! `closed`: so many connections, one request after another.

use super::arguments::{ClosedArguments, LoadArguments, StageArguments};
use super::error::CliError;
use super::{Found, open, reports};
use crate::closed::{self, Length, Plan, Progress};
use crate::report::Report;
use crate::report::figures;
use crate::report::terminal::Live;
use crate::target::Target;

pub(super) fn run(arguments: &ClosedArguments) -> Result<Found, CliError> {
    let ClosedArguments { target, server, load, stage, out, .. } = arguments;
    let objective = open::objective(arguments.objective.as_deref())?;
    let mut plan = plan(Target::parse(target, server.i_own_this_host)?, load);
    set(&mut plan, stage);
    plan.operator_token = open::operator_token(server)?;
    plan.server_pid = server.server_pid;
    reports::prepare(out.as_deref())?;
    let mut live = Live::on_stderr();
    let finished = closed::run(&plan, &mut |progress| {
        if let Progress::Second(second) = progress {
            live.show(second);
        }
    })?;
    let report = Report::new(finished.outcome, &finished.steps, objective.as_ref());
    let found = reports::conclude(&report, &finished.steps, out.as_deref())?;
    let cpu_us = figures::float(finished.cpu_per_request_ns) / 1_000.0;
    println!("generator's processor time for each request: {}", figures::duration_us(cpu_us));
    if let Some(bytes) = finished.idle_connection_bytes {
        let bytes = figures::bytes(figures::float(bytes));
        println!("server's memory for each waiting connection: {bytes}");
    }
    Ok(found)
}

/// What is said of it replaces what the plan had.
fn set(plan: &mut Plan, stage: &StageArguments) {
    let StageArguments { turns, core, buyers, queue, event_size, events } = *stage;
    plan.length = turns.map_or(plan.length, Length::Turns);
    plan.core = core;
    plan.buyers = buyers.unwrap_or(plan.buyers);
    plan.queue = queue;
    plan.event_size = event_size.unwrap_or(plan.event_size);
    plan.events = events.unwrap_or(plan.events);
}

/// The load on a target.
pub(super) fn plan(target: Target, load: &LoadArguments) -> Plan {
    Plan {
        connections: load.connections,
        threads: load.threads,
        warm_up: load.warm_up,
        length: Length::For(load.duration),
        rate: load.rate,
        ..Plan::new(target, load.scenario)
    }
}
