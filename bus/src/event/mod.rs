//! A fact as one of CloudEvents (version 1.0, JSON, structured mode), ready to be delivered.
//!
//! | attribute | |
//! |---|---|
//! | `id` | `<journal>-<partition>-<fact>`: the same however often it is delivered |
//! | `source` | `/onsale/journals/<journal>` |
//! | `type` | such as `onsale.order.completed.v1`; another content is another version |
//! | `subject` | the order, hold, place or event |
//! | `time` | when it happened |
//! | `partitionkey` | the event that is sold: what has the same key is delivered in order |
//! | `sequence` | the number of the fact, 20 digits: orders what has the same source |
//! | `topic` | where it is published |
//!
//! Source: the CloudEvents specification 1.0.2, its JSON format, and its extensions Partitioning
//! and Sequence.
//!
//! Nothing personal is in it but the number of a person, nothing secret, and nothing that the core
//! writes into its journal for itself: the data have types of their own.

mod currencies;
mod data;
mod facts;
mod inventory;
mod order;
mod payment;
mod queue;
mod shapes;
mod text;

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::money::Currency;
use onsale_core::time::Time;
use serde::Serialize;
use thiserror::Error;

use self::facts::{Published, published};
use crate::topic::Topic;

pub use self::currencies::Currencies;
pub use self::data::{Data, TYPES, Type};

/// How many digits a sequence has: as many as the largest number, so that texts sort as numbers.
const SEQUENCE_DIGITS: usize = 20;

/// A fact for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What tells it from every other, for ever.
    pub id: String,
    /// What happened: the name of its type.
    pub kind: &'static str,
    /// Where it is published.
    pub topic: Topic,
    /// The event that is sold: what has the same key is delivered in order.
    pub key: EventId,
    /// The number of its fact.
    pub fact: u64,
    /// All of it, as JSON on one line.
    pub json: String,
}

/// Makes events of the decisions of one partition, from the first one on.
#[derive(Clone, Debug)]
pub struct Mapper {
    journal: u128,
    partition: PartitionId,
    currencies: Currencies,
}

/// A fact cannot be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MapError {
    /// Nobody knows in which currency the event is sold.
    #[error(
        "fact {fact} is about {event}, whose definition was not seen: publish from the first fact"
    )]
    Undefined {
        /// Which fact.
        fact: u64,
        /// Which event.
        event: EventId,
    },
}

/// What is known where a fact is looked at.
struct Context<'a> {
    fact: u64,
    currencies: &'a Currencies,
    /// The payment that the same decision has captured before.
    captured: Option<(OrderId, Currency)>,
}

impl Mapper {
    /// Goes on where these currencies are known: of every event that was defined before.
    pub fn new(journal: u128, partition: PartitionId, currencies: Currencies) -> Self {
        Self { journal, partition, currencies }
    }

    /// The currencies of all events so far: what it takes to go on.
    pub fn currencies(&self) -> &Currencies {
        &self.currencies
    }

    /// What is to be published of a decision, whose first fact has this number.
    pub fn events(&mut self, first: u64, decision: &Decision) -> Result<Vec<Event>, MapError> {
        self.currencies.learn_from(decision);
        let mut events = Vec::with_capacity(decision.facts.len());
        let mut captured = None;
        for (number, fact) in (first..).zip(&decision.facts) {
            if let Fact::PaymentCaptured(fact) = fact {
                captured = Some((fact.order, fact.currency));
            }
            let context = Context { fact: number, currencies: &self.currencies, captured };
            if let Some(published) = published(fact, &context)? {
                events.push(self.event(number, decision.at, &published));
            }
        }
        Ok(events)
    }

    fn event(&self, fact: u64, at: Time, published: &Published) -> Event {
        let Self { journal, partition, .. } = self;
        let Published { key, subject, data } = published;
        let (kind, topic) = (data.kind(), data.topic());
        let id = format!("{journal:032x}-{}-{fact}", partition.number());
        let envelope = Envelope {
            specversion: "1.0",
            id: &id,
            source: &format!("/onsale/journals/{journal:032x}"),
            kind,
            subject,
            time: &text::time(at),
            datacontenttype: "application/json",
            partitionkey: &key.to_string(),
            sequence: &format!("{fact:0SEQUENCE_DIGITS$}"),
            topic: topic.name(),
            data,
        };
        // There is no map in it, and no number that JSON does not have.
        let json = serde_json::to_string(&envelope).expect("an event has no shape unknown to JSON");
        Event { id, kind, topic, key: *key, fact, json }
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: &'a str,
    time: &'a str,
    datacontenttype: &'static str,
    partitionkey: &'a str,
    sequence: &'a str,
    topic: &'static str,
    data: &'a Data,
}

impl Context<'_> {
    /// What an event is sold in.
    fn currency(&self, event: EventId) -> Result<Currency, MapError> {
        let known = self.currencies.of(event);
        known.ok_or(MapError::Undefined { fact: self.fact, event })
    }

    /// What a refund is in: that of the payment. One that goes back as a whole does so in the
    /// decision that captured it; any other has paid for tickets, in the event's currency.
    fn refund_currency(&self, order: OrderId) -> Result<Currency, MapError> {
        match self.captured {
            Some((captured, currency)) if captured == order => Ok(currency),
            _ => self.currency(order.event),
        }
    }
}

#[cfg(test)]
mod tests;
