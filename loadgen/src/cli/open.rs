//! `run`: people come by a schedule.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::arguments::{PeopleArguments, RunArguments, ServerArguments};
use super::error::CliError;
use super::{Found, reports};
use crate::capacity::objective::Objective;
use crate::limits::allow_connections;
use crate::mix::Mix;
use crate::report::Report;
use crate::report::terminal::Live;
use crate::run::{self, Plan};
use crate::schedule::{Schedule, Spacing};
use crate::sources::Sources;
use crate::stop::Stop;
use crate::target::Target;

/// How long people come where nobody says.
const DURATION: Duration = Duration::from_secs(30);

/// Source addresses for so many connections are made ready where nobody says.
const CONNECTIONS: u64 = 60_000;

pub(super) fn run(arguments: &RunArguments) -> Result<Found, CliError> {
    let objective = objective(arguments.objective.as_deref())?;
    let schedule: Schedule = arguments.arrivals.parse()?;
    let duration = arguments.duration.or(schedule.own_duration()).unwrap_or(DURATION);
    let RunArguments { target, server, people, out, .. } = arguments;
    let plan = plan(target, server, people, schedule, duration)?;
    reports::prepare(out.as_deref())?;
    let mut live = Live::on_stderr();
    let finished = run::run(&plan, &mut |second| live.show(second))?;
    let report = Report::new(finished.outcome, &finished.steps, objective.as_ref());
    reports::conclude(&report, &finished.steps, out.as_deref())
}

/// What is asked, if anything is.
pub(super) fn objective(text: Option<&str>) -> Result<Option<Objective>, CliError> {
    Ok(text.map(str::parse).transpose()?)
}

/// A run as it was asked for; Ctrl-C ends it early.
pub(super) fn plan(
    target: &str,
    server: &ServerArguments,
    people: &PeopleArguments,
    schedule: Schedule,
    duration: Duration,
) -> Result<Plan, CliError> {
    let target = Target::parse(target, server.i_own_this_host)?;
    let possible = allow_connections(people.connections_max.map_or(0, u64::from))?;
    let connections = people.connections_max.map_or(possible.min(CONNECTIONS), u64::from);
    Ok(Plan {
        sources: Sources::enough_for(&target, connections as usize)?,
        target,
        mix: mix(&people.mix)?,
        schedule,
        spacing: if people.even { Spacing::Even } else { Spacing::Random },
        duration,
        grace: people.grace,
        seed: people.seed,
        threads: people.threads,
        event: people.event.clone(),
        operator_token: operator_token(server)?,
        server: server.server_pid,
        stop: Stop::on_interrupt().map_err(CliError::Interrupt)?,
    })
}

/// A mix by the name of one of the program, or from a file.
pub(super) fn mix(name: &str) -> Result<Mix, CliError> {
    if let Some(mix) = Mix::embedded(name) {
        return Ok(mix);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(CliError::NoSuchMix(name.to_owned()));
    }
    Mix::read(path).map_err(CliError::Mix)
}

/// As it was given, or from its file.
pub(super) fn operator_token(server: &ServerArguments) -> Result<Option<String>, CliError> {
    match &server.operator_token_file {
        Some(path) => token_in(path).map(Some),
        None => Ok(server.operator_token.clone()),
    }
}

/// The token in this file.
pub(super) fn token_in(path: &Path) -> Result<String, CliError> {
    let read = fs::read_to_string(path);
    let token = read.map_err(|source| CliError::Token { path: path.to_owned(), source })?;
    Ok(token.trim().to_owned())
}
