//! The measures, in the order of the targets' table. Each says what its rows came to.

mod aside;
mod idle;
mod latency;
mod notice;
mod overload;
mod owner;
mod peers;
mod population;
mod publish;
mod purchase;

use super::Bench;
use super::record::Row;
use crate::process::{Failure, Outcome};

/// Something that is measured beside something else.
pub struct Measure {
    /// What `--only` takes.
    pub name: &'static str,
    /// In words.
    pub about: &'static str,
    /// Measures it.
    pub run: fn(&Bench) -> Outcome<Vec<Row>>,
}

const ALL: [Measure; 14] = [
    Measure {
        name: "nothing",
        about: "Durable holds beside a route that does nothing",
        run: peers::nothing,
    },
    Measure {
        name: "postgres",
        about: "Durable holds beside PostgreSQL doing the same reservation",
        run: peers::postgres,
    },
    Measure {
        name: "redis",
        about: "Durable holds beside Redis doing the same reservation in Lua",
        run: peers::redis,
    },
    Measure {
        name: "latency",
        about: "The slowest hundredth at half of the highest rate",
        run: latency::run,
    },
    Measure {
        name: "owner",
        about: "Time of the owning core when the other parses for it",
        run: owner::run,
    },
    Measure { name: "purchase", about: "Full purchases beside durable holds", run: purchase::run },
    Measure {
        name: "notice",
        about: "From a provider's notice to the completed order",
        run: notice::run,
    },
    Measure {
        name: "publish",
        about: "Facts that a core publishes beside facts that a core makes",
        run: publish::run,
    },
    Measure {
        name: "aside",
        about: "Durable holds while people sign in, search and look at their orders",
        run: aside::run,
    },
    Measure {
        name: "overload",
        about: "What is still sold with ten times as many asking at once",
        run: overload::run,
    },
    Measure {
        name: "queue",
        about: "Throughput with a long queue beside a short one",
        run: population::queue,
    },
    Measure {
        name: "orders",
        about: "Throughput with many earlier orders beside few",
        run: population::orders,
    },
    Measure {
        name: "seats",
        about: "Throughput in a large house beside a small one",
        run: population::seats,
    },
    Measure { name: "idle", about: "Memory of connections that wait", run: idle::run },
];

/// All names, in order.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|measure| measure.name).collect()
}

/// What a measure is about; its name if there is none of that name.
pub fn about(name: &str) -> &str {
    ALL.iter().find(|measure| measure.name == name).map_or(name, |measure| measure.about)
}

/// All measures, or the one called `only`.
pub fn chosen(only: Option<&str>) -> Outcome<Vec<&'static Measure>> {
    let chosen: Vec<_> =
        ALL.iter().filter(|measure| only.is_none_or(|name| measure.name == name)).collect();
    if chosen.is_empty() {
        let (only, names) = (only.unwrap_or_default(), names().join(", "));
        return Err(Failure(format!("no measure `{only}`; there are: {names}")));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_measure_is_chosen_by_its_name_and_a_wrong_name_gets_the_list() {
        assert_eq!(chosen(None).unwrap().len(), ALL.len());
        assert_eq!(chosen(Some("redis")).unwrap()[0].name, "redis");
        let failure = chosen(Some("mysql")).err().unwrap().0;
        assert!(failure.contains("mysql") && failure.contains("postgres, redis"), "{failure}");
    }
}
