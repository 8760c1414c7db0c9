//! What an operator can set about limits.

use serde::{Deserialize, Serialize};

use crate::gateway::address::{ClientHeader, Network};
use crate::gateway::class::Class;

/// Limits on requests, by class of routes.
///
/// Each class has its section, named as in [`Class::name`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Whose word is taken for whom they ask.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they say it. They must write it or add to it themselves: what clients
    /// send of the other one is not looked at.
    pub client_header: ClientHeader,
    /// How many people and addresses one core remembers, 16 bytes for each; those who spent least
    /// are forgotten first.
    pub entries_per_core: usize,
    /// Holds, orders, payments, tickets.
    pub buy: ClassLimits,
    /// Whatever guesses a secret.
    pub credentials: ClassLimits,
    /// Running events and the server, and one's account.
    pub manage: ClassLimits,
    /// Joining a waitroom and looking at one's place.
    pub queue: ClassLimits,
    /// Looking at what is sold, and every page.
    pub read: ClassLimits,
    /// Searching.
    pub search: ClassLimits,
    /// Opening a guest's session.
    pub session: ClassLimits,
    /// What payment providers send.
    pub webhook: ClassLimits,
}

/// The limits of one class; 0 is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassLimits {
    /// Requests a minute from one address.
    pub address_per_minute: u32,
    /// Requests at once from one address.
    pub address_burst: u32,
    /// Requests a minute of one person.
    pub person_per_minute: u32,
    /// Requests at once of one person.
    pub person_burst: u32,
}

impl LimitSettings {
    /// No limits at all.
    pub fn none() -> Self {
        let none = ClassLimits::default();
        Self {
            trusted_proxies: Vec::new(),
            client_header: ClientHeader::default(),
            entries_per_core: 0,
            buy: none,
            credentials: none,
            manage: none,
            queue: none,
            read: none,
            search: none,
            session: none,
            webhook: none,
        }
    }

    pub(super) fn of(&self, class: Class) -> ClassLimits {
        match class {
            Class::Buy => self.buy,
            Class::Credentials => self.credentials,
            Class::Manage => self.manage,
            Class::Queue => self.queue,
            Class::Read => self.read,
            Class::Search => self.search,
            Class::Session => self.session,
            Class::Webhook => self.webhook,
        }
    }
}

impl Default for LimitSettings {
    /// Thousands of buyers may share the address of a mobile network or a campus, so addresses get
    /// far more than people do; people get what a hurried one with a page that polls needs.
    fn default() -> Self {
        let limits = |address, person| ClassLimits {
            address_per_minute: address,
            address_burst: address / 2,
            person_per_minute: person,
            person_burst: person / 2,
        };
        Self {
            trusted_proxies: Network::LOOPBACK.to_vec(),
            client_header: ClientHeader::default(),
            entries_per_core: 262_144,
            buy: limits(6_000, 120),
            credentials: limits(60, 20),
            manage: limits(1_200, 600),
            queue: limits(12_000, 120),
            read: limits(12_000, 300),
            search: limits(1_200, 60),
            session: limits(600, 0),
            webhook: limits(60_000, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_says_the_defaults() {
        let number = |number: u32| match number {
            0 => "no limit".to_owned(),
            number => number.to_string(),
        };
        let document = include_str!("../../../../docs/gateway.md");
        for class in Class::ALL {
            let limits = LimitSettings::default().of(class);
            let numbers = [
                limits.address_burst,
                limits.address_per_minute,
                limits.person_burst,
                limits.person_per_minute,
            ];
            let start = format!("| `{}` |", class.name());
            let end = format!("| {} |", numbers.map(number).join(" | "));
            let is_row = |line: &str| line.starts_with(&start) && line.ends_with(&end);
            assert!(document.lines().any(is_row), "{start} ... {end} is missing");
        }
    }
}
