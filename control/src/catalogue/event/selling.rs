//! Changing what is sold at an event, while it is not published: its configuration, its ticket
//! classes, its quotas. What is wrong is refused at once, what is missing may come later.

use onsale_core::id::EventId;
use onsale_core::money::Currency;
use onsale_core::spec::{Limits, Plan, Quota, Terms};
use sqlx::AnyConnection;

use super::complete::{self, Parts};
use super::edit::Edit;
use super::error::EventError;
use super::offer::{Offer, SaleWindow, TicketClass, Waitroom};
use super::record::Event;
use super::seating;
use super::status::Step;
use crate::access::Action;
use crate::access::audit::By;
use crate::database::{Database, queries};
use crate::version::Version;

/// All of an offer but its classes and quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What every price is in.
    pub currency: Option<Currency>,
    /// When tickets are sold, unless a class says otherwise.
    pub sale: SaleWindow,
    /// How many tickets of all classes together there are at most.
    pub max_attendees: Option<u32>,
    /// How people are let in, if not all at once.
    pub waitroom: Option<Waitroom>,
    /// How much one buyer may have.
    pub limits: Limits,
    /// How long things are kept for somebody.
    pub terms: Terms,
}

/// A change of what is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferChange {
    /// Adds a class behind the others.
    AddClass(TicketClass),
    /// Adds a quota behind the others.
    AddQuota(Quota),
    /// Changes everything but classes and quotas.
    Configure(Configuration),
    /// Takes the class at this position away; those behind it move up.
    RemoveClass(u16),
    /// Takes the quota at this position away; those behind it move up.
    RemoveQuota(u16),
    /// Changes the class at this position.
    SetClass(u16, TicketClass),
    /// Changes the quota at this position.
    SetQuota(u16, Quota),
}

/// Changes what is sold at an event, if it is still as it was `seen`.
///
/// # Errors
/// If the change is wrong, the event's life forbids it, or the database does not answer.
pub async fn change(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    change: OfferChange,
) -> Result<Event, EventError> {
    let detail = change.name();
    let mut edit = Edit::change(database, by, id, seen, Step::ChangeEssence).await?;
    let mut plan = match change {
        OfferChange::RemoveClass(_) => seating::find_in(&mut edit.transaction, id).await?,
        _ => None,
    };
    let mut offer = edit.event.offer.clone();
    change.apply(&mut offer, plan.as_mut())?;
    offer.resolve(&edit.event.zone).map_err(EventError::Wrong)?;
    check(&edit.event, &offer, plan.as_ref())?;
    if let Some(plan) = &plan {
        seating::put_in(&mut edit.transaction, id, plan).await?;
    }
    store(&mut edit.transaction, id, &offer).await?;
    edit.finish(Action::ChangeEvent, detail).await
}

impl OfferChange {
    const fn name(&self) -> &'static str {
        match self {
            Self::AddClass(_) => "class added",
            Self::AddQuota(_) => "quota added",
            Self::Configure(_) => "configuration",
            Self::RemoveClass(_) => "class removed",
            Self::RemoveQuota(_) => "quota removed",
            Self::SetClass(..) => "class changed",
            Self::SetQuota(..) => "quota changed",
        }
    }

    fn apply(self, offer: &mut Offer, plan: Option<&mut Plan>) -> Result<(), EventError> {
        match self {
            Self::AddClass(class) => drop(offer.add_class(class)?),
            Self::AddQuota(quota) => drop(offer.add_quota(quota)?),
            Self::Configure(configuration) => configuration.apply(offer),
            Self::RemoveClass(position) => offer.remove_class(position, plan)?,
            Self::RemoveQuota(position) => offer.remove_quota(position)?,
            Self::SetClass(position, class) => *offer.class_mut(position)? = class,
            Self::SetQuota(position, quota) => *offer.quota_mut(position)? = quota,
        }
        Ok(())
    }
}

impl Configuration {
    fn apply(self, offer: &mut Offer) {
        let Self { currency, sale, max_attendees, waitroom, limits, terms } = self;
        offer.currency = currency;
        offer.sale = sale;
        offer.max_attendees = max_attendees;
        offer.waitroom = waitroom;
        offer.limits = limits;
        offer.terms = terms;
    }
}

/// Refuses what is wrong with an offer of this event.
pub(super) fn check(event: &Event, offer: &Offer, plan: Option<&Plan>) -> Result<(), EventError> {
    Ok(complete::check(parts(event, offer, plan))?)
}

/// What is looked at of an event with this offer.
pub(super) fn parts<'a>(event: &'a Event, offer: &'a Offer, plan: Option<&'a Plan>) -> Parts<'a> {
    Parts {
        title: &event.title,
        zone: &event.zone,
        starts_at: event.starts.map(|starts| starts.at),
        has_venue: event.venue.is_some(),
        offer,
        plan,
    }
}

/// Keeps another offer.
pub(super) async fn store(
    connection: &mut AnyConnection,
    id: EventId,
    offer: &Offer,
) -> Result<(), EventError> {
    let store = sqlx::query(STORE).bind(id.to_string()).bind(offer.to_json());
    store.execute(&mut *connection).await?;
    let is_free = sqlx::query(IS_FREE).bind(id.to_string()).bind(i64::from(offer.is_free()));
    is_free.execute(connection).await?;
    Ok(())
}

queries! {
    STORE = "UPDATE event_texts SET offer = $2 WHERE event = $1";
    IS_FREE = "UPDATE events SET is_free = $2 WHERE event = $1";
}
