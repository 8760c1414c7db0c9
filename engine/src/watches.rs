//! Questions that wait for a change of an order or a place.

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::call::Look;
use onsale_core::fact::Subject;
use onsale_core::query::Query;
use onsale_core::time::Time;

/// The questions that wait.
pub(crate) struct Watches<T> {
    waiting: BTreeMap<u64, (Look, T)>,
    by_subject: BTreeSet<(Subject, u64)>,
    by_expiry: BTreeSet<(Time, u64)>,
    next: u64,
    max: usize,
}

impl<T> Watches<T> {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            by_subject: BTreeSet::new(),
            by_expiry: BTreeSet::new(),
            next: 0,
            max,
        }
    }

    /// Has a question wait. Gives the token back where there is nothing to wait for, or no room:
    /// then it is answered as things are.
    pub(crate) fn add(&mut self, look: Look, token: T) -> Option<T> {
        let until = look.wait.as_ref().map(|wait| wait.until);
        let (Some(subject), Some(until)) = (subject(look.query), until) else {
            return Some(token);
        };
        if self.waiting.len() >= self.max {
            return Some(token);
        }
        let id = self.next;
        self.next += 1;
        self.by_subject.insert((subject, id));
        self.by_expiry.insert((until, id));
        self.waiting.insert(id, (look, token));
        None
    }

    /// Takes out all questions about `subject`.
    pub(crate) fn of(&mut self, subject: Subject) -> Vec<(Look, T)> {
        let range = (subject, 0)..=(subject, u64::MAX);
        let ids: Vec<_> = self.by_subject.range(range).map(|(_, id)| *id).collect();
        ids.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    /// Takes out all questions that have waited long enough.
    pub(crate) fn expired(&mut self, now: Time) -> Vec<(Look, T)> {
        let ids: Vec<_> = self.by_expiry.range(..=(now, u64::MAX)).map(|(_, id)| *id).collect();
        ids.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    /// When the next one has waited long enough.
    pub(crate) fn next_expiry(&self) -> Option<Time> {
        self.by_expiry.first().map(|(at, _)| *at)
    }

    /// Takes out everything.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        self.by_subject.clear();
        self.by_expiry.clear();
        std::mem::take(&mut self.waiting).into_values().map(|(_, token)| token).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn remove(&mut self, id: u64) -> Option<(Look, T)> {
        let (look, token) = self.waiting.remove(&id)?;
        if let Some(subject) = subject(look.query) {
            self.by_subject.remove(&(subject, id));
        }
        if let Some(wait) = &look.wait {
            self.by_expiry.remove(&(wait.until, id));
        }
        Some((look, token))
    }
}

fn subject(query: Query) -> Option<Subject> {
    match query {
        Query::Order(order) => Some(Subject::Order(order)),
        Query::Place(place) => Some(Subject::Place(place)),
        _ => None,
    }
}
