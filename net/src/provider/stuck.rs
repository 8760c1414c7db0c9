//! What providers were asked for and nothing comes of: a list for whoever runs the platform, who
//! may have each asked for again at once.
//!
//! It is in memory alone: after a restart whatever is outstanding is asked for again, and what
//! fails again comes back. Deliberately absent: giving up. Money that is owed stays owed; only
//! questions about intents end, an hour after their order ([`super::reconcile`]), and stay here
//! until somebody has them asked again or the server ends. What a provider refuses for good is not
//! here either: that is a fact, and has a list of its own.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onsale_core::effect::{Effect, EffectKind};
use onsale_core::id::OrderId;
use onsale_core::time::{Span, Time};
use tokio::sync::Notify;

use super::reconcile::PendingIntent;

/// So many failures in a row are no accident.
pub const FAILURES: u32 = 10;

/// And neither is so long a time in which nothing came of it.
pub const TIME: Span = Span::from_mins(5);

/// How many questions about intents are kept; those that fail beyond are only in the log.
const QUESTIONS_MAX: usize = 10_000;

/// What makes two requests to a provider the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId {
    /// For which order.
    pub order: OrderId,
    /// What is asked for.
    pub what: Asked,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A page to pay on.
    Intent,
    /// What became of an intent.
    Question,
    /// That money goes back.
    Refund {
        /// Which of the order's refunds, from 0.
        refund: u32,
        /// Which attempt at it, from 0.
        attempt: u32,
    },
}

impl AskId {
    /// The id of an effect.
    pub fn of(effect: &Effect) -> Self {
        let what = match effect.kind {
            EffectKind::CreateIntent { .. } => Asked::Intent,
            EffectKind::Refund { refund, attempt, .. } => Asked::Refund { refund, attempt },
        };
        Self { order: effect.order, what }
    }

    const fn question(order: OrderId) -> Self {
        Self { order, what: Asked::Question }
    }

    /// All attempts at a refund.
    fn refund(order: OrderId, refund: u32) -> RangeInclusive<Self> {
        let attempt = |attempt| Self { order, what: Asked::Refund { refund, attempt } };
        attempt(0)..=attempt(u32::MAX)
    }

    /// The last that there can be of an order.
    const fn last(order: OrderId) -> Self {
        Self { order, what: Asked::Refund { refund: u32::MAX, attempt: u32::MAX } }
    }
}

/// Something of which nothing comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// What.
    pub id: AskId,
    /// Of whom.
    pub provider: String,
    /// Since when nothing has come of it.
    pub since: Time,
    /// How often it failed in a row; 0 if it only waits for its turn.
    pub failures: u32,
    /// When it failed for the first and for the last time, if it did.
    pub failed_at: Option<(Time, Time)>,
    /// The provider's last words, or ours.
    pub reason: Option<String>,
    /// When it is asked for again at the earliest, if that is known.
    pub next_at: Option<Time>,
}

impl Stuck {
    fn new(id: AskId, provider: &str, since: Time) -> Self {
        let provider = provider.to_owned();
        Self { id, provider, since, failures: 0, failed_at: None, reason: None, next_at: None }
    }

    fn failed(&mut self, reason: String, now: Time, next_at: Option<Time>) {
        self.failures = self.failures.saturating_add(1);
        let first = self.failed_at.map_or(now, |(first, _)| first);
        self.failed_at = Some((first, now));
        self.reason = Some(reason);
        self.next_at = next_at;
    }

    fn is_stuck(&self, now: Time) -> bool {
        self.failures >= FAILURES || now.since(self.since) >= TIME
    }
}

/// All that is outstanding at providers. A cheap handle: clones know the same.
#[derive(Clone, Default)]
pub struct StuckEffects(Arc<Mutex<BTreeMap<AskId, Outstanding>>>);

struct Outstanding {
    shown: Stuck,
    way: Way,
}

/// How it is asked for again at once.
enum Way {
    /// Whoever runs the effect waits for this.
    Bell(Arc<Notify>),
    /// The intent is given to whoever asks about intents, who then asks without waiting for a turn.
    Question { intent: PendingIntent, is_urgent: bool },
}

impl StuckEffects {
    /// The first of what is stuck, of as many orders behind one.
    pub fn list(&self, now: Time, after: Option<OrderId>, orders_max: usize) -> Vec<Stuck> {
        let from = after.map_or(Bound::Unbounded, |order| Bound::Excluded(AskId::last(order)));
        let (mut order, mut orders) = (None, 0);
        let all = self.all();
        let known = all.range::<AskId, _>((from, Bound::Unbounded)).map(|(_, known)| &known.shown);
        let first = known.filter(|shown| shown.is_stuck(now)).take_while(|shown| {
            orders += usize::from(order != Some(shown.id.order));
            order = Some(shown.id.order);
            orders <= orders_max
        });
        first.cloned().collect()
    }

    /// How much is stuck at each of these providers.
    pub fn counts<'a>(
        &self,
        providers: impl Iterator<Item = &'a str>,
        now: Time,
    ) -> Vec<(&'a str, u64)> {
        let mut counts: Vec<_> = providers.map(|name| (name, 0)).collect();
        for Outstanding { shown, .. } in self.all().values() {
            let count = counts.iter_mut().find(|(name, _)| *name == shown.provider);
            if let Some((_, count)) = count.filter(|_| shown.is_stuck(now)) {
                *count += 1;
            }
        }
        counts
    }

    /// Has all that is stuck of an order asked for at once, questions by `ask`; how many.
    pub(super) fn retry(
        &self,
        order: OrderId,
        now: Time,
        ask: impl Fn(PendingIntent) -> bool,
    ) -> u32 {
        let mut asked = 0;
        let of_order = AskId { order, what: Asked::Intent }..=AskId::last(order);
        for (_, Outstanding { shown, way }) in self.all().range_mut(of_order) {
            if !shown.is_stuck(now) {
                continue;
            }
            let is_asked = match way {
                Way::Bell(bell) => {
                    bell.notify_one();
                    true
                }
                Way::Question { intent, is_urgent } => {
                    *is_urgent = ask(intent.clone());
                    *is_urgent
                }
            };
            asked += u32::from(is_asked);
        }
        asked
    }

    /// Whether the provider keeps failing to make this refund.
    pub fn has_refund(&self, order: OrderId, refund: u32, now: Time) -> bool {
        self.all().range(AskId::refund(order, refund)).any(|(_, known)| known.shown.is_stuck(now))
    }

    /// A refund went back another way: whoever asks for it is to look at that now.
    pub fn settled(&self, order: OrderId, refund: u32) {
        for Outstanding { way, .. } in
            self.all().range(AskId::refund(order, refund)).map(|(_, known)| known)
        {
            if let Way::Bell(bell) = way {
                bell.notify_one();
            }
        }
    }

    /// An effect is run from now on, until what comes back is dropped.
    pub(super) fn begin(&self, id: AskId, provider: &str, now: Time) -> Running {
        let bell = Arc::<Notify>::default();
        let (shown, way) = (Stuck::new(id, provider, now), Way::Bell(Arc::clone(&bell)));
        self.all().insert(id, Outstanding { shown, way });
        Running { known: self.clone(), id, bell }
    }

    /// A question about an intent has no answer: it failed for this reason, or waits for its turn.
    pub(super) fn unanswered(
        &self,
        intent: &PendingIntent,
        reason: Option<String>,
        now: Time,
        next_at: Option<Time>,
    ) {
        let mut all = self.all();
        let is_full = all.len() >= QUESTIONS_MAX
            && all.keys().filter(|id| id.what == Asked::Question).count() >= QUESTIONS_MAX;
        let id = AskId::question(intent.order);
        let known = match all.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => return,
            Entry::Vacant(place) => {
                let shown = Stuck::new(id, &intent.provider.0, now);
                let way = Way::Question { intent: intent.clone(), is_urgent: false };
                place.insert(Outstanding { shown, way })
            }
        };
        match reason {
            Some(reason) => known.shown.failed(reason, now, next_at),
            None => known.shown.next_at = next_at,
        }
    }

    /// The question about the intent of an order needs to be asked no more, or has its answer.
    pub(super) fn answered(&self, order: OrderId) {
        self.all().remove(&AskId::question(order));
    }

    /// Whether somebody wants the question about the intent of an order asked now. Once.
    pub(super) fn takes_urgent(&self, order: OrderId) -> bool {
        match self.all().get_mut(&AskId::question(order)).map(|known| &mut known.way) {
            Some(Way::Question { is_urgent, .. }) => std::mem::take(is_urgent),
            _ => false,
        }
    }

    /// Whatever a panic leaves behind is a list.
    fn all(&self) -> MutexGuard<'_, BTreeMap<AskId, Outstanding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for StuckEffects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StuckEffects").finish_non_exhaustive()
    }
}

/// An effect that is being run.
pub(super) struct Running {
    known: StuckEffects,
    id: AskId,
    bell: Arc<Notify>,
}

impl Running {
    /// Waits for something, but no longer than until somebody wants it done now; whether they do.
    pub(super) async fn unless_urgent(&self, wait: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            () = self.bell.notified() => true,
            () = wait => false,
        }
    }

    /// A call failed.
    pub(super) fn failed(&self, reason: String, now: Time, next_at: Time) {
        self.change(|shown| shown.failed(reason, now, Some(next_at)));
    }

    /// The provider has taken it on: nothing is wrong with it.
    pub(super) fn is_taken_on(&self, now: Time) {
        self.change(|shown| *shown = Stuck::new(shown.id, &shown.provider, now));
    }

    fn change(&self, change: impl FnOnce(&mut Stuck)) {
        if let Some(known) = self.known.all().get_mut(&self.id) {
            change(&mut known.shown);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.known.all().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use onsale_core::command::Provider;
    use onsale_core::id::{EventId, PartitionId};

    use super::*;

    const NOW: Time = Time::from_ms(1_800_000_000_000);

    fn order(number: u32) -> OrderId {
        OrderId::new(EventId::new(PartitionId::new(0).unwrap(), 0).unwrap(), number)
    }

    fn refund(order: OrderId, refund: u32) -> AskId {
        AskId { order, what: Asked::Refund { refund, attempt: 0 } }
    }

    fn intent(order: OrderId) -> PendingIntent {
        let (provider, reference) = (Provider("till".into()), String::new());
        PendingIntent { provider, order, reference, until: NOW }
    }

    fn fail(running: &Running, times: u32) {
        for _ in 0..times {
            running.failed("down".into(), NOW, NOW);
        }
    }

    fn orders(known: &StuckEffects, after: Option<OrderId>, orders_max: usize) -> Vec<u32> {
        known.list(NOW, after, orders_max).iter().map(|stuck| stuck.id.order.number).collect()
    }

    #[test]
    fn what_fails_often_or_for_long_is_stuck_until_it_ends() {
        let known = StuckEffects::default();
        let running = known.begin(refund(order(1), 0), "till", NOW);
        fail(&running, FAILURES - 1);
        assert_eq!(known.list(NOW, None, 9), []);
        let waits = known.list(NOW + TIME, None, 9);
        assert_eq!((waits[0].failures, waits[0].since), (FAILURES - 1, NOW));
        running.is_taken_on(NOW + TIME);
        assert_eq!(known.list(NOW + TIME, None, 9), [], "the provider is at it");
        let (last, next) = (NOW + TIME, NOW + TIME + TIME);
        fail(&running, FAILURES - 1);
        running.failed("still down".into(), last, next);
        let listed = known.list(NOW, None, 9);
        let [stuck] = &listed[..] else { panic!() };
        assert_eq!((stuck.failed_at, stuck.next_at), (Some((NOW, last)), Some(next)));
        assert_eq!(stuck.reason.as_deref(), Some("still down"));
        drop(running);
        assert_eq!(known.list(next, None, 9), []);
    }

    #[test]
    fn pages_are_of_whole_orders_and_each_provider_is_counted() {
        let known = StuckEffects::default();
        let running: Vec<_> = [(1, 0), (1, 1), (2, 0), (3, 0)]
            .into_iter()
            .map(|(number, each)| known.begin(refund(order(number), each), "till", NOW))
            .collect();
        for each in &running {
            fail(each, FAILURES);
        }
        assert_eq!(orders(&known, None, 2), [1, 1, 2]);
        assert_eq!(orders(&known, Some(order(1)), 1), [2]);
        assert_eq!(orders(&known, Some(order(3)), 9), [0; 0]);
        let counts = known.counts(["bank", "till"].into_iter(), NOW);
        assert_eq!(counts, [("bank", 0), ("till", 4)]);
    }

    #[test]
    fn what_is_stuck_is_asked_for_at_once_and_nothing_else() {
        let known = StuckEffects::default();
        let stuck = known.begin(refund(order(1), 0), "till", NOW);
        let fails = known.begin(refund(order(1), 1), "till", NOW);
        fail(&stuck, FAILURES);
        fail(&fails, 1);
        let nobody = |_: PendingIntent| -> bool { unreachable!("there are no questions") };
        assert_eq!(known.retry(order(2), NOW, nobody), 0);
        assert_eq!(known.retry(order(1), NOW, nobody), 1);
        let waits =
            |running: &Running| running.unless_urgent(std::future::pending()).now_or_never();
        assert_eq!((waits(&stuck), waits(&fails)), (Some(true), None));
        assert_eq!(waits(&stuck), None, "once");
    }

    #[test]
    fn a_refund_that_went_back_another_way_is_looked_at_now() {
        let known = StuckEffects::default();
        let [first, other] = [0, 1].map(|each| known.begin(refund(order(1), each), "till", NOW));
        assert!(!known.has_refund(order(1), 0, NOW), "the provider has not failed at it");
        fail(&first, FAILURES);
        assert!(known.has_refund(order(1), 0, NOW));
        assert!(!known.has_refund(order(1), 1, NOW) && !known.has_refund(order(2), 0, NOW));
        known.settled(order(1), 0);
        let waits =
            |running: &Running| running.unless_urgent(std::future::pending()).now_or_never();
        assert_eq!((waits(&first), waits(&other)), (Some(true), None));
        drop(first);
        assert!(!known.has_refund(order(1), 0, NOW));
    }

    #[test]
    fn a_question_that_nobody_answers_is_kept_and_asked_again() {
        let known = StuckEffects::default();
        let intent = intent(order(1));
        known.unanswered(&intent, None, NOW, None);
        known.unanswered(&intent, Some("down".into()), NOW + TIME, None);
        assert_eq!(known.list(NOW, None, 9), []);
        let listed = known.list(NOW + TIME, None, 9);
        let [stuck] = &listed[..] else { panic!() };
        assert_eq!((stuck.id.what, stuck.failures), (Asked::Question, 1));
        assert_eq!(known.retry(order(1), NOW + TIME, |_| false), 0, "nobody is there to ask");
        assert!(!known.takes_urgent(order(1)));
        let is_given = |given: PendingIntent| given == intent;
        assert_eq!(known.retry(order(1), NOW + TIME, is_given), 1);
        assert_eq!((known.takes_urgent(order(1)), known.takes_urgent(order(1))), (true, false));
        known.answered(order(1));
        assert_eq!(known.list(NOW + TIME, None, 9), []);
    }
}
