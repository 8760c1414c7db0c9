//! Hand-made histories of one waitroom for the tests of the oracles: every fact is durable at once.

use onsale_core::Partition;
use onsale_core::command::Steer;
use onsale_core::fact::{
    Decision, EventDefined, EventOpened, Fact, LotteryDrawn, PlaceAdmitted, PlaceEnded,
    WaitroomJoined, WaitroomSteered,
};
use onsale_core::id::{EventId, PartitionId, PersonId, PlaceId};
use onsale_core::money::Amount;
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::{EndReason, LotterySeed};
use onsale_engine::Bounds;

use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

pub(crate) const PARTITION: PartitionId = PartitionId::FIRST;
pub(crate) const OPENS: u64 = 1_000;
pub(crate) const PRESENCE: u64 = 300;
pub(crate) const CLAIM: u64 = 100;
const BOUNDS: Bounds = Bounds { parked_max: 9, watches_max: 9 };

/// The seed under which five people stand as `[1, 0, 3, 4, 2]`: the example of `docs/lottery.md`.
pub(crate) fn seed() -> LotterySeed {
    LotterySeed(core::array::from_fn(|byte| byte as u8))
}

/// An invariant and the waitroom that it is shown.
pub(crate) struct Crowd<I> {
    pub(crate) judged: I,
    /// By the server's clock.
    pub(crate) ms: u64,
    pub(crate) facts: u64,
}

impl<I: Invariant> Crowd<I> {
    /// An event with two slots, stock for so many, and so many people let in a minute.
    pub(crate) fn new(judged: I, stock: u32, rate_per_minute: u32) -> Self {
        let mut crowd = Self { judged, ms: OPENS - 500, facts: 0 };
        let spec = Box::new(EventSpec::parse(draft(stock, rate_per_minute)).unwrap());
        crowd.fact(EventDefined { event: event(), spec, seed: seed() }).unwrap();
        crowd.fact(EventOpened { event: event() }).unwrap();
        crowd
    }

    /// The same with this many people, each for one ticket, after the draw.
    pub(crate) fn drawn(judged: I, stock: u32, rate_per_minute: u32, people: u32) -> Self {
        let mut crowd = Self::new(judged, stock, rate_per_minute);
        (0..people).for_each(|number| crowd.join(number).unwrap());
        crowd.ms = OPENS;
        crowd.draw().unwrap();
        crowd
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_ms(self.ms)
    }

    pub(crate) fn see(&mut self, seen: &Seen<'_>) -> Verdict {
        self.judged.see(Micros(self.ms * 1_000), seen)
    }

    pub(crate) fn fact(&mut self, fact: impl Into<Fact>) -> Verdict {
        let decision = Decision { at: self.now(), trace: None, facts: vec![fact.into()] };
        self.facts += 1;
        let (partition, up_to) = (PARTITION, self.facts);
        self.see(&Seen::Written { partition, first: up_to, decision: &decision })?;
        self.see(&Seen::Durable { partition, up_to })
    }

    pub(crate) fn join(&mut self, number: u32) -> Verdict {
        self.fact(WaitroomJoined { place: place(number), person: person(number), party: 1 })
    }

    pub(crate) fn draw(&mut self) -> Verdict {
        self.fact(LotteryDrawn { event: event() })
    }

    pub(crate) fn admit(&mut self, number: u32) -> Verdict {
        let until = self.now() + Span::from_ms(500);
        self.fact(PlaceAdmitted { place: place(number), until })
    }

    pub(crate) fn end(&mut self, number: u32, reason: EndReason) -> Verdict {
        self.fact(PlaceEnded { place: place(number), reason })
    }

    pub(crate) fn steer(&mut self, steer: Steer) -> Verdict {
        self.fact(WaitroomSteered { event: event(), steer })
    }

    /// A partition that has come to the same fact, whatever else is in it.
    pub(crate) fn state(&self) -> Partition {
        let mut state = Partition::new(PARTITION);
        for number in 1..=self.facts {
            let claimed = onsale_core::id::OrderId::new(event(), 0);
            let (provider, payment) = (crowd_provider(), number.to_string());
            let (amount, currency) = (Amount::ZERO, "EUR".parse().unwrap());
            let stray =
                onsale_core::fact::PaymentStrayed { provider, claimed, payment, amount, currency };
            state.evolve(number, self.now(), &stray.into());
        }
        state
    }

    pub(crate) fn starts(&mut self) -> Verdict {
        let state = self.state();
        self.see(&Seen::Started { partition: PARTITION, state: &state, snapshot: 0 })
    }

    pub(crate) fn rests(&mut self, wake_at: Option<u64>) -> Verdict {
        let (state, now) = (self.state(), self.now());
        let wake_at = wake_at.map(Time::from_ms);
        let (depths, mailbox, bounds) = ([0; 4], 0, BOUNDS);
        let partition = PARTITION;
        let state = &state;
        self.see(&Seen::Rested { partition, now, state, depths, mailbox, bounds, wake_at })
    }
}

fn crowd_provider() -> onsale_core::command::Provider {
    onsale_core::command::Provider("none".into())
}

pub(crate) fn event() -> EventId {
    EventId::new(PARTITION, 0).unwrap()
}

pub(crate) fn place(number: u32) -> PlaceId {
    PlaceId::new(event(), number)
}

pub(crate) fn person(number: u32) -> PersonId {
    PersonId::from_u128(u128::from(number))
}

fn draft(stock: u32, rate_per_minute: u32) -> Draft {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let price = Amount::from_minor(100);
    let quota = Quota { name: "house".into(), capacity: stock, classes: vec![ClassId(0)] };
    Draft {
        name: "Club".into(),
        currency: "EUR".parse().unwrap(),
        classes: vec![Class { name: "floor".into(), price, window, per_buyer: None }],
        quotas: vec![quota],
        plan: None,
        waitroom: Some(WaitroomSpec {
            doors_at: Time::ZERO,
            opens_at: Time::from_ms(OPENS),
            slots: 2,
            rate_per_minute,
            visit: Span::from_ms(500),
            claim: Span::from_ms(CLAIM),
            presence: Span::from_ms(PRESENCE),
        }),
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_mins(1),
            order: Span::from_mins(1),
            payment_grace: Span::ZERO,
        },
    }
}
