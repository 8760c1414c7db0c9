//! Which rates to try: up by doubling until one is too much, then halfway between what held and
//! what did not.
//!
//! A single run near the limit says little: the machine hiccups. So a rate counts as too much only
//! when two runs say so, a rate near its limits is run again, and what is found at the end must
//! hold once more or gives way a little. A run in which the generator was the bottleneck says
//! nothing of the server: it is run again, and if it stays so, the search ends below it and says
//! that it saw the generator's limit.

/// What happened at a rate, as far as the search needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Whether the objective held.
    pub is_met: bool,
    /// How near the nearest limit came: 1.0 is the limit.
    pub nearness: f64,
    /// Whether the generator was the bottleneck.
    pub is_doubtful: bool,
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The first rate to try, per second.
    pub start: f64,
    /// The highest rate to try, per second.
    pub highest: f64,
    /// How near the result must be to a rate that is too much: 0.05 for one in twenty.
    pub precision: f64,
}

/// What ended the search above what was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At this rate the objective was missed: the knee lies between.
    Missed(f64),
    /// At this rate the generator was the bottleneck: the server may be able to do more.
    Generator(f64),
    /// Nothing higher was to be tried: the server may be able to do more.
    Highest,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The highest rate that held, per second; none if nothing that was tried did.
    pub rate: Option<f64>,
    /// What is above it.
    pub bound: Bound,
}

/// Runs at one rate at most, each time it is tried.
const RUNS_MAX: u32 = 3;
/// From here on a run near its limits may have gone either way.
const NEAR: f64 = 0.8;
/// How far down the search goes from its start before it gives up.
const HALVINGS_MAX: u32 = 10;
/// What is left of a result that does not hold when it is tried again.
const BACK_OFF: f64 = 0.95;
/// How often it may give way.
const BACK_OFFS_MAX: u32 = 6;

/// Finds the highest rate. `measure` runs at a rate; its error ends the search.
pub fn search<E>(
    range: Range,
    measure: &mut dyn FnMut(f64) -> Result<Step, E>,
) -> Result<Found, E> {
    let start = range.start.min(range.highest);
    let (mut low, mut bound) = match try_rate(start, measure)? {
        Verdict::Held => ascend(start, range.highest, measure)?,
        verdict => match descend(start, bound_at(start, verdict), measure)? {
            (Some(low), bound) => (low, bound),
            (None, bound) => return Ok(Found { rate: None, bound }),
        },
    };
    while let Some(middle) = between(low, bound, range.precision) {
        match try_rate(middle, measure)? {
            Verdict::Held => low = middle,
            verdict => bound = bound_at(middle, verdict),
        }
    }
    settle(low, bound, measure)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Held,
    Missed,
    Generator,
}

/// The verdict of as many runs as it takes.
fn try_rate<E>(rate: f64, measure: &mut dyn FnMut(f64) -> Result<Step, E>) -> Result<Verdict, E> {
    let (mut met, mut missed) = (0, 0);
    for _ in 0..RUNS_MAX {
        let step = measure(rate)?;
        if step.is_doubtful {
            continue;
        }
        if step.is_met && step.nearness < NEAR {
            return Ok(Verdict::Held);
        }
        *(if step.is_met { &mut met } else { &mut missed }) += 1;
        if met == 2 || missed == 2 {
            break;
        }
    }
    Ok(match (met, missed) {
        (0, 0) => Verdict::Generator,
        (met, missed) if met > missed => Verdict::Held,
        _ => Verdict::Missed,
    })
}

/// Doubles `rate`, which held, until it is too much: the last that held, and what is above it.
fn ascend<E>(
    mut rate: f64,
    highest: f64,
    measure: &mut dyn FnMut(f64) -> Result<Step, E>,
) -> Result<(f64, Bound), E> {
    while rate < highest {
        let next = (rate * 2.0).min(highest);
        match try_rate(next, measure)? {
            Verdict::Held => rate = next,
            verdict => return Ok((rate, bound_at(next, verdict))),
        }
    }
    Ok((rate, Bound::Highest))
}

/// Halves `rate`, which did not hold, until it does: that rate, if any, and what is above it.
fn descend<E>(
    mut rate: f64,
    mut bound: Bound,
    measure: &mut dyn FnMut(f64) -> Result<Step, E>,
) -> Result<(Option<f64>, Bound), E> {
    for _ in 0..HALVINGS_MAX {
        rate /= 2.0;
        match try_rate(rate, measure)? {
            Verdict::Held => return Ok((Some(rate), bound)),
            verdict => bound = bound_at(rate, verdict),
        }
    }
    Ok((None, bound))
}

/// The next rate to try between what held and what did not; none if they are near enough.
fn between(low: f64, bound: Bound, precision: f64) -> Option<f64> {
    let (Bound::Missed(high) | Bound::Generator(high)) = bound else { return None };
    (high > low * (1.0 + precision)).then(|| f64::midpoint(low, high))
}

/// What was found must hold once more, or a little less must.
fn settle<E>(
    mut rate: f64,
    mut bound: Bound,
    measure: &mut dyn FnMut(f64) -> Result<Step, E>,
) -> Result<Found, E> {
    for _ in 0..BACK_OFFS_MAX {
        match try_rate(rate, measure)? {
            Verdict::Held => return Ok(Found { rate: Some(rate), bound }),
            verdict => bound = bound_at(rate, verdict),
        }
        rate *= BACK_OFF;
    }
    Ok(Found { rate: None, bound })
}

fn bound_at(rate: f64, verdict: Verdict) -> Bound {
    match verdict {
        Verdict::Generator => Bound::Generator(rate),
        Verdict::Held | Verdict::Missed => Bound::Missed(rate),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const RANGE: Range = Range { start: 100.0, highest: 100_000.0, precision: 0.05 };

    /// A server that is good for `knee` a second, its latency growing as it comes near.
    fn server(knee: f64) -> impl FnMut(f64) -> Result<Step, Infallible> {
        move |rate| {
            let nearness = 0.1 / (1.1 - rate / knee).max(0.001);
            Ok(Step { is_met: rate < knee, nearness, is_doubtful: false })
        }
    }

    fn found(range: Range, mut measure: impl FnMut(f64) -> Result<Step, Infallible>) -> Found {
        let Ok(found) = search(range, &mut measure);
        found
    }

    #[test]
    fn the_knee_is_found_from_below_and_from_above() {
        for knee in [7.0, 90.0, 110.0, 1_840.0, 33_333.0] {
            let found = found(RANGE, server(knee));
            let rate = found.rate.unwrap();
            assert!(rate < knee && rate > knee * 0.9, "{knee}: {found:?}");
            assert!(matches!(found.bound, Bound::Missed(above) if above >= knee), "{found:?}");
        }
    }

    #[test]
    fn one_hiccup_is_not_the_limit() {
        for hiccup in 0..12 {
            let mut calls = 0;
            let mut steady = server(1_840.0);
            let found = found(RANGE, |rate| {
                calls += 1;
                let step = steady(rate)?;
                let bad = Step { is_met: false, nearness: 9.0, ..step };
                Ok(if calls == hiccup { bad } else { step })
            });
            let rate = found.rate.unwrap();
            assert!((1_650.0..1_840.0).contains(&rate), "run {hiccup} hiccuped: {found:?}");
        }
    }

    #[test]
    fn one_lucky_run_is_not_the_capacity() {
        let mut is_lucky = true;
        let mut steady = server(1_000.0);
        let found = found(RANGE, |rate| {
            let step = steady(rate)?;
            if (1_000.0..1_300.0).contains(&rate) && is_lucky {
                is_lucky = false;
                return Ok(Step { is_met: true, nearness: 0.95, ..step });
            }
            Ok(step)
        });
        assert!(found.rate.unwrap() < 1_000.0, "{found:?}");
    }

    #[test]
    fn a_result_that_does_not_hold_again_gives_way() {
        let mut tried: Vec<f64> = Vec::new();
        let mut knee = 1_840.0;
        let found = found(RANGE, |rate| {
            // The machine has become slower when a rate is tried that was left behind.
            if tried.contains(&rate) && tried.last() != Some(&rate) {
                knee = 1_600.0;
            }
            tried.push(rate);
            server(knee)(rate)
        });
        assert!((1_400.0..1_600.0).contains(&found.rate.unwrap()), "{found:?}");
    }

    #[test]
    fn the_generators_limit_is_not_the_servers() {
        let mut steady = server(50_000.0);
        let found = found(RANGE, |rate| Ok(Step { is_doubtful: rate > 5_000.0, ..steady(rate)? }));
        assert!(found.rate.unwrap() > 4_500.0, "{found:?}");
        assert!(matches!(found.bound, Bound::Generator(rate) if rate > 5_000.0), "{found:?}");
    }

    #[test]
    fn a_moment_of_doubt_is_tried_again() {
        let mut calls = 0;
        let mut steady = server(1_840.0);
        let found = found(RANGE, |rate| {
            calls += 1;
            Ok(Step { is_doubtful: calls % 3 == 1, ..steady(rate)? })
        });
        assert!((1_650.0..1_840.0).contains(&found.rate.unwrap()), "{found:?}");
    }

    #[test]
    fn a_server_that_can_do_more_than_is_asked_is_not_asked_for_more() {
        let range = Range { highest: 3_000.0, ..RANGE };
        let mut steady = server(50_000.0);
        let found = found(range, |rate| {
            assert!(rate <= 3_000.0);
            steady(rate)
        });
        assert_eq!(found, Found { rate: Some(3_000.0), bound: Bound::Highest });
    }

    #[test]
    fn a_server_that_can_do_nothing_ends_the_search() {
        let mut runs = 0;
        let found = found(RANGE, |_| {
            runs += 1;
            Ok(Step { is_met: false, nearness: f64::INFINITY, is_doubtful: false })
        });
        assert_eq!(found.rate, None);
        assert!(runs < 40, "{runs}");
    }

    #[test]
    fn an_error_ends_the_search_at_once() {
        let mut runs = 0;
        let ended = search(RANGE, &mut |_| {
            runs += 1;
            Err("the server is gone")
        });
        assert_eq!((ended, runs), (Err("the server is gone"), 1));
    }
}
