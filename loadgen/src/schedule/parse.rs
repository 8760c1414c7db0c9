//! A schedule from its text.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::{Schedule, Trace, TraceError};
use crate::span;

/// More people a second than any machine could play.
const RATE_MAX: f64 = 1_000_000.0;

/// Why a text is no schedule.
#[derive(Debug, Error)]
pub enum ScheduleError {
    /// Its kind is unknown.
    #[error(
        "`{0}` is no schedule: say constant:500/s, ramp:0..2000/s, \
         spike:200/s,x20@10s,decay=5s or trace:FILE"
    )]
    Unknown(String),
    /// A rate is none.
    #[error("`{0}` is no rate: say people per second, from 0 to 1000000, such as 500/s")]
    Rate(String),
    /// The rates are such that nobody would ever come.
    #[error("nobody would ever come: a rate must be above 0")]
    Nobody,
    /// A ramp is not of the form.
    #[error("`{0}` is no ramp: say from..to/s, such as 0..2000/s")]
    Ramp(String),
    /// A spike is not of the form.
    #[error(
        "`{0}` is no spike: say rate, how many times at what time, decay: 200/s,x20@10s,decay=5s"
    )]
    Spike(String),
    /// A factor is none.
    #[error("`{0}` is no factor: say x and a number from 1 to 10000, such as x20")]
    Times(String),
    /// A length of time is none.
    #[error("`{0}` is no time: say {ALLOWED}", ALLOWED = span::ALLOWED)]
    Span(String),
    /// A recorded trace cannot be used.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        match text.split_once(':') {
            Some(("constant", rest)) => constant(rest),
            Some(("ramp", rest)) => ramp(rest),
            Some(("spike", rest)) => spike(rest),
            Some(("trace", path)) => Ok(Self::Trace(Arc::new(Trace::read(Path::new(path))?))),
            _ => Err(ScheduleError::Unknown(text.to_owned())),
        }
    }
}

fn constant(text: &str) -> Result<Schedule, ScheduleError> {
    match rate(text)? {
        0.0 => Err(ScheduleError::Nobody),
        rate => Ok(Schedule::Constant { rate }),
    }
}

fn ramp(text: &str) -> Result<Schedule, ScheduleError> {
    let no_ramp = || ScheduleError::Ramp(text.to_owned());
    let (from, to) = text.split_once("..").ok_or_else(no_ramp)?;
    let (from, to) = (number(from).ok_or_else(no_ramp)?, rate(to)?);
    if from == 0.0 && to == 0.0 {
        return Err(ScheduleError::Nobody);
    }
    Ok(Schedule::Ramp { from, to })
}

fn spike(text: &str) -> Result<Schedule, ScheduleError> {
    let no_spike = || ScheduleError::Spike(text.to_owned());
    let mut parts = text.splitn(3, ',');
    let mut next = || parts.next().ok_or_else(no_spike);
    let (base, opening, decay) = (next()?, next()?, next()?);
    let (times, at) = opening.split_once('@').ok_or_else(no_spike)?;
    let decay = decay.strip_prefix("decay=").ok_or_else(no_spike)?;
    let spike = Schedule::Spike {
        base: rate(base)?,
        times: factor(times).ok_or_else(|| ScheduleError::Times(times.to_owned()))?,
        at: time(at)?,
        decay: time(decay)?,
    };
    match spike {
        Schedule::Spike { base: 0.0, .. } => Err(ScheduleError::Nobody),
        Schedule::Spike { decay: Duration::ZERO, .. } => Err(no_spike()),
        spike => Ok(spike),
    }
}

fn rate(text: &str) -> Result<f64, ScheduleError> {
    let rate = text.strip_suffix("/s").and_then(number);
    rate.ok_or_else(|| ScheduleError::Rate(text.to_owned()))
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number| (0.0..=RATE_MAX).contains(number))
}

fn factor(text: &str) -> Option<f64> {
    text.strip_prefix('x')?.parse().ok().filter(|times| (1.0..=10_000.0).contains(times))
}

fn time(text: &str) -> Result<Duration, ScheduleError> {
    span::parse(text).ok_or_else(|| ScheduleError::Span(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_shown_as_it_was_written() {
        for text in [
            "constant:500/s",
            "constant:0.5/s",
            "ramp:0..2000/s",
            "spike:200/s,x20@10s,decay=500ms",
        ] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_told_with_what_is_allowed() {
        for (text, says) in [
            ("", "constant:500/s, ramp:"),
            ("constant", "is no schedule"),
            ("constant:500", "such as 500/s"),
            ("constant:-1/s", "such as 500/s"),
            ("constant:NaN/s", "such as 500/s"),
            ("constant:0/s", "nobody would ever come"),
            ("constant:2000000/s", "from 0 to 1000000"),
            ("ramp:100/s", "from..to/s"),
            ("ramp:a..100/s", "from..to/s"),
            ("ramp:0..0/s", "nobody"),
            ("spike:200/s", "200/s,x20@10s,decay=5s"),
            ("spike:200/s,20@10s,decay=5s", "`20` is no factor"),
            ("spike:200/s,x0.5@10s,decay=5s", "from 1 to 10000"),
            ("spike:200/s,x20@10,decay=5s", "`10` is no time"),
            ("spike:200/s,x20@10s,decay=0s", "is no spike"),
            ("trace:/nowhere/at-all.csv", "/nowhere/at-all.csv"),
        ] {
            let error = text.parse::<Schedule>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
