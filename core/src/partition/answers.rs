//! Answers that are kept for whoever asks the same again: for a day, in the journal, across
//! crashes.
//!
//! Only what was accepted is kept. A refusal changed nothing, so the same request may be decided
//! anew; and a request that is being answered is in here already, so there is no "still running".
//!
//! A busy day leaves millions, and every request looks for its key among them. So the answers lie
//! in the order they were given, where nothing is ever moved, and the index holds numbers only.

use alloc::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize};

use crate::command::IdempotencyKey;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::time::{Span, Time};

/// How long an answer is kept.
pub const KEPT: Span = Span::from_mins(24 * 60);

/// The answers of the last day.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Answers {
    /// The oldest first.
    given: VecDeque<Answer>,
    /// How many were given before the first of these.
    forgotten: u64,
    /// The number of the newest answer to each key.
    #[serde(skip)]
    by_key: BTreeMap<u128, u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    key: IdempotencyKey,
    reply: Reply,
    at: Time,
}

impl Answers {
    /// The answer that was given to this very request; a refusal if its key was another request's.
    pub(super) fn find(
        &self,
        key: Option<IdempotencyKey>,
        now: Time,
    ) -> Result<Option<&Reply>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        let number = self.by_key.get(&key.key);
        let answer = number.and_then(|number| self.given.get((number - self.forgotten) as usize));
        match answer.filter(|answer| now < answer.at + KEPT) {
            Some(answer) if answer.key.fingerprint != key.fingerprint => Err(Refusal::KeyReused),
            found => Ok(found.map(|answer| &answer.reply)),
        }
    }

    pub(super) fn keep(&mut self, at: Time, key: IdempotencyKey, reply: Reply) {
        self.by_key.insert(key.key, self.forgotten + self.given.len() as u64);
        self.given.push_back(Answer { key, reply, at });
    }

    /// Forgets what is older than a day: each answer is looked at once.
    pub(super) fn forget_before(&mut self, now: Time) {
        while let Some(answer) = self.given.front().filter(|answer| answer.at + KEPT <= now) {
            // Unless the key was used again since.
            if self.by_key.get(&answer.key.key) == Some(&self.forgotten) {
                self.by_key.remove(&answer.key.key);
            }
            self.given.pop_front();
            self.forgotten += 1;
        }
    }
}

/// The index follows from the rest.
impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Kept {
            given: VecDeque<Answer>,
            forgotten: u64,
        }
        let Kept { given, forgotten } = Kept::deserialize(deserializer)?;
        let by_key = given.iter().map(|answer| answer.key.key).zip(forgotten..).collect();
        Ok(Self { given, forgotten, by_key })
    }
}
