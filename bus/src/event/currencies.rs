//! What each event of a partition is sold in: facts about prices do not say it, the definition
//! does.
//!
//! It is a part of every bookmark, so it is written small: events are numbered densely, and most
//! platforms sell in one currency.

use std::collections::BTreeMap;

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Currency;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The currencies of a partition's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Currencies(BTreeMap<u32, Currency>);

/// As it is written: for each currency the runs of indices, the last one included.
type Runs = BTreeMap<String, Vec<(u32, u32)>>;

impl Currencies {
    /// From now on an event's currency is known.
    pub fn learn(&mut self, event: EventId, currency: Currency) {
        self.0.insert(event.index(), currency);
    }

    /// From now on those of the events are known that a decision defines.
    pub fn learn_from(&mut self, decision: &Decision) {
        for fact in &decision.facts {
            if let Fact::EventDefined(fact) = fact {
                self.learn(fact.event, fact.spec.currency);
            }
        }
    }

    /// What an event is sold in, if it was defined.
    pub fn of(&self, event: EventId) -> Option<Currency> {
        self.0.get(&event.index()).copied()
    }

    fn runs(&self) -> Runs {
        let mut runs = Runs::new();
        for (&index, currency) in &self.0 {
            let of_currency = runs.entry(currency.code().to_owned()).or_default();
            match of_currency.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => of_currency.push((index, index)),
            }
        }
        runs
    }
}

impl Serialize for Currencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.runs().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Currencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut known = BTreeMap::new();
        for (code, runs) in Runs::deserialize(deserializer)? {
            let currency: Currency = code.parse().map_err(D::Error::custom)?;
            for (first, last) in runs {
                // No partition has more.
                if EventId::new(PartitionId::FIRST, last).is_none() {
                    return Err(D::Error::custom("an event that no partition has"));
                }
                known.extend((first..=last).map(|index| (index, currency)));
            }
        }
        Ok(Self(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(index: u32) -> EventId {
        EventId::new(PartitionId::FIRST, index).unwrap()
    }

    #[test]
    fn they_are_written_as_runs_and_read_back() {
        let mut currencies = Currencies::default();
        for index in [3, 0, 1, 2, 7] {
            currencies.learn(event(index), "EUR".parse().unwrap());
        }
        currencies.learn(event(4), "VND".parse().unwrap());
        let written = serde_json::to_string(&currencies).unwrap();
        assert_eq!(written, r#"{"EUR":[[0,3],[7,7]],"VND":[[4,4]]}"#);
        assert_eq!(serde_json::from_str::<Currencies>(&written).unwrap(), currencies);
        assert_eq!(currencies.of(event(4)).unwrap().code(), "VND");
        assert_eq!(currencies.of(event(5)), None);
    }

    #[test]
    fn what_no_partition_can_have_is_refused() {
        for wrong in [r#"{"euro":[[0,1]]}"#, r#"{"EUR":[[0,4000000000]]}"#] {
            assert!(serde_json::from_str::<Currencies>(wrong).is_err(), "{wrong}");
        }
    }
}
