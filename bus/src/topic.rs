//! The topics: what somebody subscribes to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// What an event is about, roughly. Every type is on one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Topic {
    /// What there is to buy, and who holds some of it.
    #[serde(rename = "inventory-events")]
    Inventory,
    /// Orders, from their placing to their tickets.
    #[serde(rename = "order-events")]
    Order,
    /// Money that comes and goes.
    #[serde(rename = "payment-events")]
    Payment,
    /// Waitrooms.
    #[serde(rename = "queue-events")]
    Queue,
}

/// There is no such topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the topics are inventory-events, order-events, payment-events and queue-events")]
pub struct UnknownTopic;

impl Topic {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Inventory, Self::Order, Self::Payment, Self::Queue];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory-events",
            Self::Order => "order-events",
            Self::Payment => "payment-events",
            Self::Queue => "queue-events",
        }
    }

    /// What is on it, for people.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Inventory => "What there is to buy, and who holds some of it",
            Self::Order => "Orders, from their placing to their tickets",
            Self::Payment => "Money that comes and goes",
            Self::Queue => "Waitrooms: who joins, is let in and leaves",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        Self::ALL.into_iter().find(|topic| topic.name() == text).ok_or(UnknownTopic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_written_and_read_by_its_name() {
        for topic in Topic::ALL {
            assert_eq!(topic.name().parse(), Ok(topic));
            assert_eq!(serde_json::to_value(topic).unwrap(), topic.name());
        }
        assert_eq!("orders".parse::<Topic>(), Err(UnknownTopic));
    }
}
