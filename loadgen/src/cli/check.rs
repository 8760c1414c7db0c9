//! `check`: what is in a mix or a trace.

use std::path::Path;

use super::arguments::CheckArguments;
use super::error::CliError;
use super::{Found, open};
use crate::mix::Mix;
use crate::report::figures;
use crate::report::table::columns;
use crate::schedule::Trace;
use crate::span;

pub(super) fn run(arguments: &CheckArguments) -> Result<Found, CliError> {
    let path = Path::new(&arguments.subject);
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        let trace = Trace::read(path)?;
        println!("{}: a trace of {}", path.display(), span::show(trace.duration()));
        return Ok(Found::Fine);
    }
    print!("{}", told(&open::mix(&arguments.subject)?));
    Ok(Found::Fine)
}

/// A mix in words.
fn told(mix: &Mix) -> String {
    let event = match mix.event {
        Some(_) => "brings its event along",
        None => "needs an event (--event)",
    };
    let kinds = figures::counted(mix.personas.len() as u64, "kind", "kinds");
    let all: f64 = mix.personas.iter().map(|persona| persona.weight).sum();
    let heading = ["persona", "share", "steps", "patience", "retries", "sessions"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(mix.personas.iter().map(|persona| {
        vec![
            persona.name.clone(),
            figures::percent(persona.weight / all),
            persona.script.len().to_string(),
            span::show(persona.patience),
            persona.retries.to_string(),
            persona.sessions.to_string(),
        ]
    }));
    format!("{}: {kinds} of people, {event}\n{}", mix.name, columns(&rows))
}
