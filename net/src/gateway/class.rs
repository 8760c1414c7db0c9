//! The classes of routes: what is limited together, because it costs or endangers the same.

/// A class of routes. A route names its own as `x-limit` in its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Holds, orders, payments, tickets.
    Buy,
    /// Whatever guesses a secret: signing in, registering, resetting a password. Also every route
    /// that names no class.
    Credentials,
    /// Running events and the server, and one's account.
    Manage,
    /// Joining a waitroom and looking at one's place.
    Queue,
    /// Looking at what is sold, and every page.
    Read,
    /// Searching.
    Search,
    /// Opening a guest's session.
    Session,
    /// What payment providers send.
    Webhook,
}

impl Class {
    /// Every class, each at its own place.
    pub const ALL: [Self; 8] = [
        Self::Buy,
        Self::Credentials,
        Self::Manage,
        Self::Queue,
        Self::Read,
        Self::Search,
        Self::Session,
        Self::Webhook,
    ];

    /// Its name in configuration, headers, metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Credentials => "credentials",
            Self::Manage => "manage",
            Self::Queue => "queue",
            Self::Read => "read",
            Self::Search => "search",
            Self::Session => "session",
            Self::Webhook => "webhook",
        }
    }

    /// The class of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Its place among all.
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// Whether what other cores and machines have granted is asked for before each request, where
    /// it is shared, and not learned a moment later.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::Credentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_place_and_its_name() {
        for (place, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), place);
            assert_eq!(Class::of_name(class.name()), Some(class));
        }
        assert_eq!(Class::of_name("anything"), None);
    }
}
