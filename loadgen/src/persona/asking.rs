//! How somebody asks: at the moment they mean to, again under the same key when no answer comes,
//! and later when the server is too busy.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::{Leaves, Person};
use crate::api::{Call, Problem};
use crate::http::{Failure, Request, Response};
use crate::judge::{Asked, codes};
use crate::measure::{Timing, Verdict};

/// The shortest pause before asking again, for whoever hammers: a dead server fails at once.
const HAMMERING: Duration = Duration::from_millis(10);

/// An answer that could be understood.
pub(super) enum Answer<T> {
    /// What was wished for, and when it was asked for.
    Good(T, Asked),
    /// No.
    Refused(Problem),
}

impl Person {
    /// Takes a time to think before the next request.
    pub(super) fn think(&mut self, time: Duration) -> Result<(), Leaves> {
        self.due += time;
        if self.due < self.deadline { Ok(()) } else { Err(Leaves::OutOfPatience) }
    }

    /// How long they would still wait, at most so long.
    pub(super) fn patience(&self, most: Duration) -> Duration {
        self.deadline.saturating_duration_since(self.due).min(most)
    }

    /// Asks for something that they leave without.
    pub(super) async fn wish<T>(&mut self, call: Call, request: Request) -> Result<T, Leaves>
    where
        T: DeserializeOwned,
    {
        match self.ask(call, request).await? {
            Answer::Good(answer, _) => Ok(answer),
            Answer::Refused(problem) => Err(Leaves::refused(&problem)),
        }
    }

    /// As [`Self::ask`], under a new key.
    pub(super) async fn ask_once<T>(
        &mut self,
        call: Call,
        mut request: Request,
    ) -> Result<Answer<T>, Leaves>
    where
        T: DeserializeOwned,
    {
        self.keys += 1;
        // Keys are the person's own: every session is a new person to the server.
        request.headers.push(("Idempotency-Key", format!("key-{}", self.keys)));
        self.ask(call, request).await
    }

    /// Asks when it is due; again, the very same, while no answer comes or the server says that it
    /// is too busy, as often as the persona does.
    pub(super) async fn ask<T>(
        &mut self,
        call: Call,
        mut request: Request,
    ) -> Result<Answer<T>, Leaves>
    where
        T: DeserializeOwned,
    {
        if !self.token.is_empty() {
            request.headers.push(("Authorization", format!("Bearer {}", self.token)));
        }
        let mut first_sent = None;
        for attempt in 0..=self.retries {
            tokio::time::sleep_until(self.due.into()).await;
            let sent = Instant::now();
            let first_sent = *first_sent.get_or_insert(sent);
            let outcome = self.connection.send(&request).await;
            let timing = Timing { due: self.due, sent, ended: Instant::now() };
            self.due = timing.ended;
            let reply = read(call, outcome);
            self.record(call, timing, &reply);
            let pause = match reply {
                Reply::Good(answer) => {
                    let asked = Asked { first_sent, answered: timing.ended };
                    return Ok(Answer::Good(answer, asked));
                }
                Reply::Refused(problem) => return Ok(Answer::Refused(problem)),
                Reply::Busy(_, pause) => pause,
                Reply::Failed(_) => None,
            };
            self.pause(attempt, pause)?;
        }
        Err(Leaves::EmptyHanded)
    }

    /// Waits before asking again: as long as the server says, or longer and longer.
    fn pause(&mut self, attempt: u32, wished: Option<Duration>) -> Result<(), Leaves> {
        if self.hammers {
            return self.think(HAMMERING);
        }
        let pause = wished.unwrap_or(Duration::from_millis(200 << attempt.min(5)));
        // Not everybody at the same moment.
        let spread = pause.mul_f64(0.5 * self.dice.unit());
        self.think(pause + spread)
    }

    fn record<T>(&self, call: Call, timing: Timing, reply: &Reply<T>) {
        let verdict = match reply {
            Reply::Good(_) => Verdict::Succeeded,
            Reply::Refused(problem) | Reply::Busy(problem, _) => Verdict::Refused(&problem.code),
            Reply::Failed(failure) => Verdict::Failed(*failure),
        };
        self.crowd.recorder.borrow_mut().ended(call as usize, timing, verdict);
    }
}

impl Leaves {
    /// What to make of a refusal that there is no way around.
    pub(super) fn refused(problem: &Problem) -> Self {
        if problem.code == "sold_out" { Self::SoldOut } else { Self::EmptyHanded }
    }
}

enum Reply<T> {
    Good(T),
    Refused(Problem),
    /// To be asked again, after this time if the server says so.
    Busy(Problem, Option<Duration>),
    Failed(Failure),
}

fn read<T: DeserializeOwned>(call: Call, outcome: Result<Response, Failure>) -> Reply<T> {
    let response = match outcome {
        Ok(response) => response,
        Err(failure) => return Reply::Failed(failure),
    };
    if (200..300).contains(&response.status) {
        // 204 has no body: null reads as nothing of interest.
        let body = if response.body.is_empty() { b"null" } else { response.body.as_slice() };
        let answer = serde_json::from_slice(body);
        return answer.map_or(Reply::Failed(Failure::Garbage), Reply::Good);
    }
    let problem = match serde_json::from_slice(&response.body) {
        Ok(problem) => problem,
        // A page for people: the sandbox's refusals are.
        Err(_) if call == Call::Pay => Problem { code: codes::PAYMENT_PAGE.to_owned() },
        Err(_) => return Reply::Failed(Failure::Garbage),
    };
    match response.status {
        500 | 503 => Reply::Busy(problem, response.retry_after_s.map(Duration::from_secs)),
        _ => Reply::Refused(problem),
    }
}
