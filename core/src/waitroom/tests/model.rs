//! Any history against the same kept in plain lists, where every answer is found by looking at all.

use alloc::vec::Vec;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseResult;

use super::super::{EndReason, Waitroom};
use super::{SEED, SPEC, at, bytes, person, reread};
use crate::spec::WaitroomSpec;

#[derive(Clone, Debug)]
enum Step {
    Join { person: u32, party: u32 },
    Draw,
    Admit { stock: u32, max: usize },
    End { who: Index, reason: EndReason },
    Provide { who: Index, held: bool },
    Pause(bool),
    Resize { slots: Option<u32>, rate: Option<u32> },
    Reread,
}

fn step() -> impl Strategy<Value = Step> {
    use EndReason::{Abandoned, Completed, Expired, Left};
    let who = any::<Index>;
    let reason = prop::sample::select(&[Completed, Expired, Left, Abandoned][..]);
    prop_oneof![
        8 => (0u32..40, 1u32..5).prop_map(|(person, party)| Step::Join { person, party }),
        1 => Just(Step::Draw),
        8 => (0u32..12, 0usize..6).prop_map(|(stock, max)| Step::Admit { stock, max }),
        4 => (who(), reason).prop_map(|(who, reason)| Step::End { who, reason }),
        3 => (who(), any::<bool>()).prop_map(|(who, held)| Step::Provide { who, held }),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => (prop::option::of(0u32..8), prop::option::of(1u32..400))
            .prop_map(|(slots, rate)| Step::Resize { slots, rate }),
        1 => Just(Step::Reread),
    ]
}

/// Everybody who is waiting or inside, in lists.
#[derive(Clone)]
struct Lists {
    /// Number, person, party; in the order of the line once it is drawn.
    waiting: Vec<(u32, u32, u32)>,
    /// Number, person, party, whether they hold stock.
    inside: Vec<(u32, u32, u32, bool)>,
    next: u32,
    drawn: bool,
    paused: bool,
    slots: u32,
    /// Milliseconds of all admissions, and of all rates since when.
    admitted_at: Vec<u64>,
    rates: Vec<(u64, u32)>,
}

impl Lists {
    fn promised(&self) -> u32 {
        self.inside.iter().filter(|place| !place.3).map(|place| place.2).sum()
    }

    /// Whom slots and stock let in, leaving the rate aside.
    fn served(&self, stock: u32, max: usize) -> Vec<u32> {
        let mut promised = self.promised();
        let free = (self.slots as usize).saturating_sub(self.inside.len()).min(max);
        let free = if self.drawn && !self.paused { free } else { 0 };
        let mut served = Vec::new();
        for &(number, _, party) in self.waiting.iter().take(free) {
            if promised + party > stock && (promised > 0 || stock == 0) {
                break;
            }
            promised += party;
            served.push(number);
        }
        served
    }

    /// What the window earned, in 60,000ths of a person, by the rate valid in each millisecond.
    fn earned(&self, from: u64, to: u64) -> u64 {
        let starts = self.rates.iter().map(|rate| rate.0);
        let ends = starts.skip(1).chain([u64::MAX]);
        let earned = self.rates.iter().zip(ends).map(|(&(start, rate), end)| {
            let ms = end.min(to + 1).saturating_sub(start.max(from));
            ms * u64::from(rate)
        });
        earned.sum()
    }

    /// Every window that ends with the last admission.
    fn check_rate(&self) -> TestCaseResult {
        let to = *self.admitted_at.last().unwrap();
        let fastest = self.rates.iter().map(|rate| rate.1).max().unwrap();
        let burst = u64::from(fastest / 60).max(1);
        for (i, &from) in self.admitted_at.iter().enumerate() {
            let people = (self.admitted_at.len() - i) as u64;
            let allowed = burst * 60_000 + self.earned(from, to);
            prop_assert!(people * 60_000 <= allowed, "{people} from {from} to {to} ms");
        }
        Ok(())
    }

    fn agree(&self, waitroom: &Waitroom) -> TestCaseResult {
        prop_assert_eq!(waitroom.waiting() as usize, self.waiting.len());
        prop_assert_eq!(waitroom.inside() as usize, self.inside.len());
        prop_assert_eq!(waitroom.promised(), self.promised());
        prop_assert_eq!(waitroom.next_number(), self.next);
        prop_assert_eq!(waitroom.slots(), self.slots);
        for (ahead, &(number, who, _)) in self.waiting.iter().enumerate() {
            prop_assert_eq!(waitroom.ahead(number), self.drawn.then_some(ahead as u32));
            prop_assert_eq!(waitroom.live_place_of(person(who)), Some(number));
        }
        for &(number, who, ..) in &self.inside {
            prop_assert_eq!(waitroom.ahead(number), None);
            prop_assert_eq!(waitroom.live_place_of(person(who)), Some(number));
        }
        let mut live: Vec<u32> = self.waiting.iter().map(|place| place.0).collect();
        live.extend(self.inside.iter().map(|place| place.0));
        live.sort_unstable();
        prop_assert_eq!(waitroom.live_places().collect::<Vec<_>>(), live);
        Ok(())
    }
}

/// Does the step to both and compares what they say.
fn run(waitroom: &mut Waitroom, lists: &mut Lists, now: u64, step: &Step) -> TestCaseResult {
    match *step {
        Step::Join { person: who, party } => join(waitroom, lists, now, who, party)?,
        Step::Draw if !lists.drawn => {
            waitroom.drawn(at(now));
            lists.drawn = true;
            let order = waitroom.reveal().unwrap().order();
            lists.waiting.sort_by_key(|place| order.iter().position(|&n| n == place.0));
        }
        Step::Draw => {}
        Step::Admit { stock, max } => admit(waitroom, lists, now, stock, max)?,
        Step::End { who, reason } => {
            let all = lists.waiting.len() + lists.inside.len();
            if all > 0 {
                let i = who.index(all);
                let number = match i.checked_sub(lists.waiting.len()) {
                    None => lists.waiting.remove(i).0,
                    Some(i) => lists.inside.remove(i).0,
                };
                waitroom.ended(at(now), number, reason);
            }
        }
        Step::Provide { who, held } => {
            if !lists.inside.is_empty() {
                let i = who.index(lists.inside.len());
                lists.inside[i].3 = held;
                let tell = if held { Waitroom::provided } else { Waitroom::unprovided };
                tell(waitroom, lists.inside[i].0);
            }
        }
        Step::Pause(paused) => {
            lists.paused = paused;
            if paused { waitroom.paused() } else { waitroom.resumed(at(now)) }
        }
        Step::Resize { slots, rate } => {
            waitroom.resized(at(now), slots, rate);
            lists.slots = slots.unwrap_or(lists.slots);
            lists.rates.extend(rate.map(|rate| (now, rate)));
        }
        Step::Reread => *waitroom = reread(waitroom),
    }
    lists.agree(waitroom)
}

fn join(w: &mut Waitroom, lists: &mut Lists, now: u64, who: u32, party: u32) -> TestCaseResult {
    let waiting = lists.waiting.iter().map(|place| (place.0, place.1));
    let inside = lists.inside.iter().map(|place| (place.0, place.1));
    let live = waiting.chain(inside).find(|place| place.1 == who).map(|place| place.0);
    let number = w.joined(at(now), person(who), party);
    prop_assert_eq!(number, live.unwrap_or(lists.next));
    if live.is_none() {
        lists.waiting.push((number, who, party));
        lists.next += 1;
    }
    Ok(())
}

fn admit(w: &mut Waitroom, lists: &mut Lists, now: u64, stock: u32, max: usize) -> TestCaseResult {
    let admissible = w.admissible(at(now), stock, max);
    let served = lists.served(stock, max);
    prop_assert!(served.starts_with(&admissible), "{admissible:?} of {served:?}");
    let next = w.next_admission_at(at(now), stock);
    prop_assert_eq!(next.is_some(), !lists.served(stock, 1).is_empty());
    prop_assert_eq!(next == Some(at(now)), !w.admissible(at(now), stock, 1).is_empty());
    if let Some(next) = next {
        prop_assert!(!w.admissible(next, stock, 1).is_empty(), "it is true when it comes");
    }
    for number in admissible {
        w.admitted(at(now), number, at(now) + SPEC.visit);
        let (number, who, party) = lists.waiting.remove(0);
        lists.inside.push((number, who, party, false));
        lists.admitted_at.push(now);
        lists.check_rate()?;
    }
    if w.admissible(at(now), stock, usize::MAX).is_empty() && !lists.served(stock, 1).is_empty() {
        prop_assert!(w.next_admission_at(at(now), stock) > Some(at(now)), "only the rate may bar");
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_waitroom_does_what_lists_do(
        slots in 1u32..8,
        rate in 1u32..400,
        steps in prop::collection::vec((0u64..400, step()), 1..150),
    ) {
        let spec = WaitroomSpec { slots, rate_per_minute: rate, ..SPEC };
        let mut waitroom = Waitroom::new(spec, SEED);
        let mut replayed = Waitroom::new(spec, SEED);
        let mut lists = Lists {
            waiting: Vec::new(),
            inside: Vec::new(),
            next: 0,
            drawn: false,
            paused: false,
            slots,
            admitted_at: Vec::new(),
            rates: alloc::vec![(0, rate)],
        };
        let mut now = 0;
        for (pause, step) in steps {
            now += pause;
            let mut same = lists.clone();
            run(&mut waitroom, &mut lists, now, &step)?;
            if !matches!(step, Step::Reread) {
                run(&mut replayed, &mut same, now, &step)?;
            }
        }
        prop_assert_eq!(bytes(&waitroom), bytes(&replayed), "writing it down changed it");
        prop_assert_eq!(waitroom, replayed, "what is derived is what it was");
    }

    #[test]
    fn everybody_comes_in_at_last(
        parties in prop::collection::vec(1u32..9, 1..60),
        slots in 1u32..6,
        rate in 1u32..5_000,
        stock in 1u32..10,
    ) {
        let mut waitroom = Waitroom::new(
            WaitroomSpec { slots, rate_per_minute: rate, ..SPEC }, SEED,
        );
        (0..).zip(&parties).for_each(|(n, &party)| {
            waitroom.joined(at(0), person(n), party);
        });
        waitroom.drawn(at(0));
        let order = waitroom.reveal().unwrap().order();
        let (mut now, mut came_in) = (at(0), Vec::new());
        while let Some(next) = waitroom.next_admission_at(now, stock) {
            now = next;
            let number = waitroom.admissible(now, stock, 1)[0];
            waitroom.admitted(now, number, now + SPEC.visit);
            waitroom.ended(now, number, EndReason::Left);
            came_in.push(number);
        }
        prop_assert_eq!(came_in, order);
    }
}
