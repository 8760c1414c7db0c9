//! Who comes, what they want, and how they behave.

use onsale_core::command::{Choice, Steer, Wish};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::spec::{Change, ClassId, Draft, QuotaId, Window};
use onsale_core::time::{Span, Time};

use super::{Act, BEGIN, Buyer, Course, Event, Manner, Mischief, Operation, Payment};
use crate::noise::Noise;

/// How a crowd as a whole is, drawn once for each plan.
pub(super) struct Mood {
    /// How many of a thousand do what they should not.
    mischief: u64,
    /// How many of a thousand stray from the straight course.
    wavering: u64,
    /// How many of a thousand do not simply pay.
    bad_payers: u64,
    /// Everybody comes at once, at this time.
    rush_ms: Option<u64>,
    manner: Manner,
}

impl Mood {
    pub(super) fn drawn(noise: &mut Noise, safety_ms: u64) -> Self {
        let manner = Manner {
            think_ms: noise.between(1, 120),
            poll_ms: noise.between(50, 500),
            waits: noise.chance(300),
            patience_ms: *noise.pick(&[20, 120, 400, 900]),
            attempts: noise.between(2, 20) as u32,
            double_clicks: noise.chance(150),
            returns: noise.below(3) as u32,
        };
        Self {
            mischief: *noise.pick(&[0, 0, 150, 500]),
            wavering: *noise.pick(&[0, 200, 600]),
            bad_payers: *noise.pick(&[0, 250, 700]),
            rush_ms: noise.chance(300).then(|| noise.below(safety_ms / 3 + 1)),
            manner,
        }
    }
}

/// One buyer of one of the events.
pub(super) fn buyer(
    noise: &mut Noise,
    mood: &Mood,
    events: &[Event],
    people: u32,
    safety_ms: u64,
) -> Buyer {
    let event = noise.below(events.len() as u64) as usize;
    let draft = &events[event].draft;
    let arrives_ms = mood.rush_ms.unwrap_or_else(|| noise.below(safety_ms * 2 / 3 + 1));
    let mut manner = mood.manner;
    if noise.chance(100) {
        manner.double_clicks = !manner.double_clicks;
    }
    Buyer {
        person: noise.below(u64::from(people)) as u32,
        event,
        arrives_ms,
        party: noise.between(1, u64::from(draft.limits.per_hold)) as u32,
        wishes: (0..noise.between(1, 3)).map(|_| wishes(noise, draft)).collect(),
        course: course(noise, mood),
        payment: payment(noise, mood),
        accept_other_seats: noise.chance(500),
        manner,
        mischief: mischief(noise, mood),
    }
}

/// Comes with the others, takes one ticket, and orders it after `think_ms`.
pub(super) fn stampede(buyer: &mut Buyer, arrives_ms: u64, think_ms: u64) {
    buyer.arrives_ms = arrives_ms;
    buyer.wishes = vec![vec![Wish { class: ClassId(0), choice: Choice::Any(1) }]];
    buyer.course = Course::Buy;
    buyer.manner.think_ms = think_ms;
    buyer.manner.patience_ms = 900;
}

fn wishes(noise: &mut Noise, draft: &Draft) -> Vec<Wish> {
    let classes = draft.classes.len() as u64;
    let first = noise.below(classes) as u16;
    let mut wishes = vec![wish(noise, draft, ClassId(first))];
    if classes > 1 && noise.chance(200) {
        let second = (u64::from(first) + 1) % classes;
        wishes.push(wish(noise, draft, ClassId(second as u16)));
    }
    wishes
}

fn wish(noise: &mut Noise, draft: &Draft, class: ClassId) -> Wish {
    let most = u64::from(draft.limits.per_hold).min(4) + u64::from(noise.chance(60));
    let count = noise.between(1, most) as u32;
    let sections = draft.plan.iter().flat_map(|plan| &plan.sections).zip(0u16..);
    let mut first_seat = 0;
    let mut seats = Vec::new();
    let mut theirs = None;
    for (section, number) in sections {
        let in_section: u32 = section.rows.iter().map(|row| row.seats).sum();
        if section.class == class {
            seats.extend((first_seat..first_seat + in_section).map(SeatIndex));
            theirs = Some(number);
        }
        first_seat += in_section;
    }
    let choice = match (noise.below(4), seats.is_empty()) {
        (0, false) => {
            let from = noise.below(seats.len() as u64) as usize;
            let wanted = seats.iter().skip(from).take(count as usize).copied();
            let beyond = noise.chance(40).then_some(SeatIndex(first_seat + 3));
            Choice::Seats(wanted.chain(beyond).collect())
        }
        (1, false) => Choice::Best {
            count,
            section: theirs.filter(|_| noise.chance(300)),
            accessible: noise.chance(200),
            may_split: noise.chance(400),
        },
        (2, true) if noise.chance(80) => {
            Choice::Best { count, section: None, accessible: false, may_split: true }
        }
        _ => Choice::Any(count),
    };
    Wish { class, choice }
}

fn course(noise: &mut Noise, mood: &Mood) -> Course {
    if !noise.chance(mood.wavering) {
        return Course::Buy;
    }
    *noise.pick(&[
        Course::ChooseTwice,
        Course::AbandonHold,
        Course::AbandonOrder,
        Course::CancelOrder,
        Course::LeaveQueue,
        Course::AbandonQueue,
        Course::BuyTwice,
        Course::BuyTwice,
    ])
}

fn payment(noise: &mut Noise, mood: &Mood) -> Payment {
    let after_ms = noise.between(1, 250);
    if !noise.chance(mood.bad_payers) {
        return Payment::Pays { after_ms, started: noise.chance(300) };
    }
    match noise.below(6) {
        0 => Payment::Never,
        1 => Payment::Declines { after_ms },
        2 => Payment::Wrong { after_ms, amount_minor: *noise.pick(&[1, 700, 1_000, 20_000]) },
        3 => Payment::Twice { after_ms, again_ms: noise.below(400) },
        _ => Payment::Late { after_ms: noise.below(600) },
    }
}

fn mischief(noise: &mut Noise, mood: &Mood) -> Vec<Mischief> {
    let all = [
        Mischief::SkipWaitroom,
        Mischief::UseOthersHold,
        Mischief::ReadOthersOrder,
        Mischief::ReuseKey,
        Mischief::AskNonsense,
        Mischief::CancelPaid,
        Mischief::PlayOperator,
        Mischief::OrderAgain,
        Mischief::HoldAfterOrder,
        Mischief::JoinWrong,
    ];
    if noise.chance(mood.mischief) { vec![*noise.pick(&all)] } else { Vec::new() }
}

/// A change of an event, now and then of what it does not have or cannot be.
fn change(noise: &mut Noise, draft: &Draft, safety_ms: u64) -> Change {
    let beyond = u64::from(noise.chance(60));
    let mut one_of = |count: usize| noise.below(count as u64 + beyond) as u16;
    let (quota, class) =
        (QuotaId(one_of(draft.quotas.len())), ClassId(one_of(draft.classes.len())));
    match noise.below(5) {
        // So few that it is often less than what is held and sold.
        0..2 => Change::Capacity { quota, capacity: noise.below(14) as u32 },
        2 | 3 => {
            let minor = *noise.pick(&[0, 1, 700, 1_000, 2_500, 9_000, u64::MAX]);
            Change::Price { class, price: Amount::from_minor(minor) }
        }
        _ => {
            let at = BEGIN + Span::from_ms(noise.between(1, safety_ms));
            let (opens_at, closes_at) = *noise.pick(&[
                (at, Time::MAX),
                (Time::ZERO, at),
                (Time::ZERO, Time::MAX),
                (at, at),
            ]);
            Change::Window { class, window: Window { opens_at, closes_at } }
        }
    }
}

/// Something that an operator does to one of the events.
pub(super) fn operation(noise: &mut Noise, events: &[Event], safety_ms: u64) -> Operation {
    let event = noise.below(events.len() as u64) as usize;
    let rows = events[event].draft.plan.iter().flat_map(|plan| &plan.sections);
    let seats: u32 = rows.flat_map(|section| &section.rows).map(|row| row.seats).sum();
    let act = match noise.below(18) {
        0 => Act::Steer(Steer::Pause),
        1 | 2 => Act::Steer(Steer::Resume),
        3 | 4 => Act::Steer(Steer::Resize {
            slots: noise.chance(600).then(|| noise.between(1, 6) as u32),
            rate_per_minute: noise
                .chance(600)
                .then(|| *noise.pick(&[0, 60, 600, 6_000, 60_000, 600_000])),
        }),
        5 | 6 => Act::Block {
            seats: (0..2).map(|_| SeatIndex(noise.below(u64::from(seats) + 1) as u32)).collect(),
            block: noise.chance(600),
        },
        7 => Act::OpenAgain,
        8 if noise.chance(400) => Act::Cancel,
        9 => Act::DefineAgain { otherwise: noise.chance(400) },
        10..15 => Act::Change(change(noise, &events[event].draft, safety_ms)),
        _ => Act::Refund {
            order: noise.below(12) as u32,
            tickets: (0..noise.below(3)).map(|_| noise.below(4) as u32).collect(),
        },
    };
    Operation { at_ms: noise.below(safety_ms + 1), event, act }
}
