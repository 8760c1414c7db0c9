//! Sessions that have ended while access tokens of theirs may still be good, known to every core.
//!
//! There is one log, written when a session ends. Each core has a view of its own; asking it costs
//! one atomic load, unless something has ended since, which is then read from the log once. Both
//! forget what no token can be good for any more, and are bounded: should more sessions end than
//! there is room for, the access tokens of all are void from then on, and are renewed.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onsale_core::time::{Span, Time};

use crate::id::SessionId;

/// Some 4 MB for the log and for each core.
const ENDED_MAX: usize = 65_536;

/// The log.
#[derive(Debug)]
pub struct EndedSessions {
    /// How many entries there have ever been: what a view compares.
    written: AtomicU64,
    log: Mutex<Log>,
    /// How long an access token is good.
    lifetime: Span,
    max: usize,
}

#[derive(Debug, Default)]
struct Log {
    /// In the order of their ends.
    entries: VecDeque<(Time, SessionId)>,
    /// Those in it.
    known: HashSet<SessionId>,
    /// How many have left it.
    left: u64,
    /// Tokens that expire up to here are void: some of their sessions are not in the log.
    void_until: Time,
}

impl EndedSessions {
    /// None, of tokens that are good for so long.
    pub fn new(lifetime: Span) -> Self {
        Self::with_room_for(ENDED_MAX, lifetime)
    }

    fn with_room_for(max: usize, lifetime: Span) -> Self {
        Self { written: AtomicU64::new(0), log: Mutex::default(), lifetime, max }
    }

    /// How long an access token is good.
    pub fn lifetime(&self) -> Span {
        self.lifetime
    }

    /// These have ended, at this time or before. Those that are known already are left alone.
    pub fn add(&self, sessions: &[SessionId], ended_at: Time) {
        let mut log = self.log();
        for &session in sessions {
            if log.known.insert(session) {
                log.entries.push_back((ended_at, session));
            }
        }
        let forgotten = |log: &Log| {
            let first = log.entries.front();
            first.is_some_and(|(at, _)| *at + self.lifetime < ended_at)
        };
        while forgotten(&log) || log.entries.len() > self.max {
            if !forgotten(&log) {
                // Tokens say until when they are good in whole seconds, rounded up.
                log.void_until = ended_at + self.lifetime + Span::from_secs(1);
            }
            if let Some((_, session)) = log.entries.pop_front() {
                log.known.remove(&session);
                log.left += 1;
            }
        }
        self.written.store(log.left + log.entries.len() as u64, Ordering::Release);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Each entry is whole, whatever panicked.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one core knows of the log.
#[derive(Debug)]
pub struct EndedView {
    all: Arc<EndedSessions>,
    read: u64,
    known: HashSet<SessionId>,
    void_until: Time,
}

/// Why an access token is void before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// Its session has ended.
    Ended,
    /// Its session may have: another access token would tell.
    Outdated,
}

impl EndedView {
    /// A view that has read nothing yet.
    pub fn new(all: Arc<EndedSessions>) -> Self {
        Self { all, read: 0, known: HashSet::new(), void_until: Time::ZERO }
    }

    /// Whether, and why, an access token of the session is void that is good until then by itself.
    pub fn void(&mut self, session: SessionId, expires_at: Time) -> Option<Void> {
        if self.all.written.load(Ordering::Acquire) != self.read {
            self.catch_up();
        }
        if self.known.contains(&session) {
            return Some(Void::Ended);
        }
        (expires_at <= self.void_until).then_some(Void::Outdated)
    }

    fn catch_up(&mut self) {
        let log = self.all.log();
        let unread = self.read.saturating_sub(log.left) as usize;
        self.known.extend(log.entries.iter().skip(unread).map(|(_, session)| session));
        self.read = log.left + log.entries.len() as u64;
        self.void_until = log.void_until;
        // Twice as many as the log has: half of them have left it.
        if self.known.len() > 2 * log.entries.len() {
            self.known.retain(|session| log.known.contains(session));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Span = Span::from_mins(15);

    fn at(minutes: u64) -> Time {
        Time::ZERO + Span::from_mins(1_000 + minutes)
    }

    #[test]
    fn every_view_sees_what_has_ended_before_and_after_it_was_made() {
        let all = Arc::new(EndedSessions::new(LIFETIME));
        let [one, other, third] = [(); 3].map(|()| SessionId::random());
        all.add(&[one], at(0));
        let mut views = [(); 2].map(|()| EndedView::new(Arc::clone(&all)));
        all.add(&[other, one], at(1));
        for view in &mut views {
            assert_eq!(view.void(one, at(9)), Some(Void::Ended));
            assert_eq!(view.void(other, at(9)), Some(Void::Ended));
            assert_eq!(view.void(third, at(9)), None);
        }
        all.add(&[third], at(2));
        for view in &mut views {
            assert_eq!(view.void(third, at(9)), Some(Void::Ended));
        }
    }

    #[test]
    fn what_no_token_is_good_for_any_more_is_forgotten() {
        let all = Arc::new(EndedSessions::new(LIFETIME));
        let mut view = EndedView::new(Arc::clone(&all));
        for minute in 0..1_000 {
            let session = SessionId::random();
            all.add(&[session], at(minute));
            assert_eq!(view.void(session, at(minute + 15)), Some(Void::Ended));
            assert!(all.log().entries.len() <= 16 && view.known.len() <= 33);
        }
        assert_eq!(all.log().void_until, Time::ZERO, "there was room for all");
    }

    /// Nobody who was signed out gets in because others were, too.
    #[test]
    fn without_room_all_tokens_are_void_rather_than_some_good_that_should_not_be() {
        let all = Arc::new(EndedSessions::with_room_for(100, LIFETIME));
        let mut view = EndedView::new(Arc::clone(&all));
        let first = SessionId::random();
        all.add(&[first], at(0));
        for _ in 0..1_000 {
            all.add(&[SessionId::random()], at(0));
            assert!(view.void(first, at(14)).is_some());
            assert!(view.known.len() <= 202);
        }
        let innocent = SessionId::random();
        assert_eq!(view.void(innocent, at(15)), Some(Void::Outdated), "it is renewed");
        assert_eq!(view.void(innocent, at(16)), None, "and then it is good");
    }
}
