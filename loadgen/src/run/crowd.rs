//! One thread's part of the crowd: it spawns its people at their moments and tells every second
//! what they saw.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{MissedTickBehavior, interval_at, sleep_until};

use super::Plan;
use crate::api::Call;
use crate::http::Client;
use crate::judge::Evidence;
use crate::measure::{Recorder, StepHistograms, Tally};
use crate::persona::{self, Crowd, Scene};

/// What a thread tells.
pub(super) enum Report {
    /// Another second is over; the first comes first.
    Second(u32, Box<Tally>),
    /// The last word.
    End(Vec<StepHistograms>, Box<Evidence>),
}

/// One thread's part.
pub(super) struct Part {
    /// Of the thread, from 0.
    pub(super) number: u32,
    pub(super) plan: Plan,
    pub(super) scene: Arc<Scene>,
}

impl Part {
    /// Plays it to its end. Whoever listens no more misses nothing.
    pub(super) fn play(&self, runtime: &Runtime, reports: &UnboundedSender<Report>) {
        let client = Client::new(self.plan.target.clone(), self.plan.sources.clone());
        let crowd = Rc::new(Crowd {
            scene: Arc::clone(&self.scene),
            client,
            recorder: RefCell::new(Recorder::new(&Call::KINDS)),
            evidence: RefCell::default(),
        });
        let mut teller = Teller { thread: self.number, crowd, reports, moved: (0, 0) };
        let tasks = LocalSet::new();
        runtime.block_on(tasks.run_until(self.live(&mut teller)));
        // Whoever is still there is cut off.
        drop(tasks);
        teller.tell_second();
        let recorder = teller.crowd.recorder.replace(Recorder::new(&[]));
        let evidence = Box::new(teller.crowd.evidence.take());
        let _ = reports.send(Report::End(recorder.into_steps(), evidence));
    }

    async fn live(&self, teller: &mut Teller<'_>) {
        let begun = self.scene.clock.begun();
        let mut arrivals = self.arrivals(begun).peekable();
        let mut people = JoinSet::new();
        let second = Duration::from_secs(1);
        let mut seconds = interval_at((begun + second).into(), second);
        // A second that was missed is told of late, and none is left out.
        seconds.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let end = begun + self.plan.duration + self.plan.grace;
        loop {
            let next = arrivals.peek().map(|(_, at)| *at);
            if next.is_none() && people.is_empty() {
                return;
            }
            tokio::select! {
                biased;
                () = self.plan.stop.wanted() => {
                    people.abort_all();
                    return;
                }
                _ = seconds.tick() => teller.tell_second(),
                () = sleep_until(next.unwrap_or(end).into()) => {
                    if next.is_none() {
                        people.abort_all();
                        return;
                    }
                    while let Some((number, at)) = arrivals.next_if(|(_, at)| *at <= Instant::now())
                    {
                        teller.crowd.recorder.borrow_mut().arrived();
                        people.spawn_local(persona::live(Rc::clone(&teller.crowd), number, at));
                    }
                }
                Some(_) = people.join_next() => {}
            }
        }
    }

    /// Every n-th arrival of the schedule, with the person's number.
    fn arrivals(&self, begun: Instant) -> impl Iterator<Item = (u64, Instant)> {
        let Plan { schedule, spacing, duration, seed, threads, .. } = &self.plan;
        let arrivals = schedule.arrivals(*duration, *spacing, *seed);
        let numbered = (0_u64..).zip(arrivals).skip(self.number as usize);
        numbered.step_by(threads.get() as usize).map(move |(number, at)| (number, begun + at))
    }
}

/// Tells what a thread's people saw.
struct Teller<'a> {
    thread: u32,
    crowd: Rc<Crowd>,
    reports: &'a UnboundedSender<Report>,
    /// Bytes sent and received that were told of.
    moved: (u64, u64),
}

impl Teller<'_> {
    fn tell_second(&mut self) {
        let mut recorder = self.crowd.recorder.borrow_mut();
        let counts = self.crowd.client.counts();
        let (sent, received) = (counts.sent_bytes(), counts.received_bytes());
        recorder.moved(sent - self.moved.0, received - self.moved.1);
        self.moved = (sent, received);
        recorder.connections(counts.open());
        let _ = self.reports.send(Report::Second(self.thread, Box::new(recorder.take_second())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrival_is_played_by_exactly_one_thread() {
        let plan = crate::run::tests::plan("constant:50/s", 4, 3);
        let scene = Arc::new(crate::run::tests::scene(&plan));
        let begun = Instant::now();
        let mut all: Vec<_> = (0..3)
            .flat_map(|number| {
                let part = Part { number, plan: plan.clone(), scene: Arc::clone(&scene) };
                part.arrivals(begun).collect::<Vec<_>>()
            })
            .collect();
        all.sort_unstable();
        let offsets: Vec<_> = all.iter().map(|(_, at)| at.duration_since(begun)).collect();
        let planned = plan.schedule.arrivals(plan.duration, plan.spacing, plan.seed);
        assert_eq!(offsets, planned.collect::<Vec<_>>());
        assert!(all.iter().map(|(number, _)| *number).eq(0..all.len() as u64));
    }
}
