//! Events: defined, opened, changed, blocked, called off.

use onsale_core::fact::{EventChanged, EventDefined, SeatsBlocked};
use onsale_core::id::EventId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::query::Phase;
use onsale_core::spec::{Change, ClassId, Plan, QuotaId};

use super::{Batch, Mark};
use crate::projection::rows::{Class, Event, PlanRow, Quota, QuotaClass, Seat, SeatState};

impl Batch {
    pub(super) fn event_defined(&mut self, mark: Mark, fact: &EventDefined) {
        let (event, spec) = (fact.event, &fact.spec);
        if let Some(plan) = &spec.plan {
            self.plan_defined(event, plan);
        }
        let seats_of = |class| {
            let rows = self.plan_rows.range((event, SeatIndex(0))..=(event, SeatIndex(u32::MAX)));
            rows.filter(|row| row.class == class).map(|row| row.seats).sum()
        };
        for (class, content) in (0..).map(ClassId).zip(&spec.classes) {
            let row = Class {
                event,
                class,
                name: content.name.clone(),
                price_minor: content.price,
                opens_at: content.window.opens_at,
                closes_at: content.window.closes_at,
                seats: seats_of(class),
            };
            self.classes.put((event, class), row);
        }
        for (quota, content) in (0..).map(QuotaId).zip(&spec.quotas) {
            let (name, capacity) = (content.name.clone(), content.capacity);
            self.quotas.put((event, quota), Quota { event, quota, name, capacity });
            for &class in &content.classes {
                self.quota_classes.put((event, quota, class), QuotaClass { event, quota, class });
            }
        }
        let rows = spec.plan.iter().flat_map(|plan| &plan.sections).flat_map(|part| &part.rows);
        let row = Event {
            event,
            name: spec.name.clone(),
            currency: spec.currency,
            phase: Phase::Defined,
            seats: rows.map(|row| row.seats).sum(),
            has_waitroom: spec.waitroom.is_some(),
            defined_at: mark.at,
            opened_at: None,
            cancelled_at: None,
        };
        self.events.put(event, row);
        // Whoever asks for the sums of an event that has sold nothing finds zeros.
        self.totals(event);
    }

    fn plan_defined(&mut self, event: EventId, plan: &Plan) {
        let mut first_seat = 0;
        for (section, row) in plan
            .sections
            .iter()
            .flat_map(|section| section.rows.iter().map(move |row| (section, row)))
        {
            let line = PlanRow {
                event,
                first_seat: SeatIndex(first_seat),
                seats: row.seats,
                class: section.class,
                section: section.name.clone(),
                label: row.label.clone(),
                numbering: row.numbering.clone(),
            };
            self.plan_rows.put((event, line.first_seat), line);
            let blocked = row.blocked.iter().map(|position| SeatIndex(first_seat + position));
            self.block(event, section.class, blocked, true);
            first_seat += row.seats;
        }
    }

    pub(super) fn event_opened(&mut self, mark: Mark, event: EventId) -> Option<()> {
        let row = self.events.get_mut(event)?;
        (row.phase, row.opened_at) = (Phase::Open, Some(mark.at));
        Some(())
    }

    pub(super) fn event_cancelled(&mut self, mark: Mark, event: EventId) -> Option<()> {
        let row = self.events.get_mut(event)?;
        (row.phase, row.cancelled_at) = (Phase::Cancelled, Some(mark.at));
        Some(())
    }

    pub(super) fn event_changed(&mut self, fact: &EventChanged) -> Option<()> {
        match fact.change {
            Change::Capacity { quota, capacity } => {
                self.quotas.get_mut((fact.event, quota))?.capacity = capacity;
            }
            Change::Price { class, price } => {
                self.classes.get_mut((fact.event, class))?.price_minor = price;
            }
            Change::Window { class, window } => {
                let row = self.classes.get_mut((fact.event, class))?;
                (row.opens_at, row.closes_at) = (window.opens_at, window.closes_at);
            }
        }
        Some(())
    }

    pub(super) fn seats_blocked(&mut self, fact: &SeatsBlocked) -> Option<()> {
        for &seat in &fact.seats {
            let class = self.class_of(fact.event, seat)?;
            self.block(fact.event, class, [seat].into_iter(), fact.block);
        }
        Some(())
    }

    fn block(
        &mut self,
        event: EventId,
        class: ClassId,
        seats: impl Iterator<Item = SeatIndex>,
        block: bool,
    ) {
        for seat in seats {
            let state = SeatState::Blocked;
            let row = block.then_some(Seat { event, seat, class, state, holder: None });
            self.seats.insert((event, seat), row);
            self.counts(event, class).blocked += if block { 1 } else { -1 };
        }
    }

    /// The class of a seat: that of the plan's row that it stands in.
    fn class_of(&self, event: EventId, seat: SeatIndex) -> Option<ClassId> {
        let row = self.plan_rows.last((event, SeatIndex(0))..=(event, seat))?;
        (seat.0 - row.first_seat.0 < row.seats).then_some(row.class)
    }
}
