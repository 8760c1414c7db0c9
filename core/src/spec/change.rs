//! What can be changed of an event that was defined: how much there is, what it costs, when it is
//! sold. Everything else is what people have bought, or rely on.
//!
//! A change is for what comes. Whoever holds or has bought something keeps it at the price that
//! they were told, and nobody's time begins anew.

use serde::{Deserialize, Serialize};

use super::{Class, ClassId, EventSpec, Quota, QuotaId, Window};
use crate::money::Amount;

/// A change of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// How many tickets a quota has room for: at least as many as are held and sold.
    Capacity {
        /// Of which quota.
        quota: QuotaId,
        /// How many.
        capacity: u32,
    },
    /// What a ticket costs, for whoever has none yet.
    Price {
        /// Of which class.
        class: ClassId,
        /// What one costs; zero is a free ticket.
        price: Amount,
    },
    /// When tickets are sold.
    Window {
        /// Of which class.
        class: ClassId,
        /// From when until when.
        window: Window,
    },
}

impl Change {
    /// What is wrong with it, of whatever event it is.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Price { price, .. } if *price > Amount::MAX_PRICE => {
                Some("a price must be at most 1000000000000 minor units")
            }
            Self::Window { window, .. } if !window.is_well_formed() => {
                Some("a window must close after it opens")
            }
            _ => None,
        }
    }
}

impl EventSpec {
    /// The quota with this id.
    pub fn quota(&self, id: QuotaId) -> Option<&Quota> {
        self.0.quotas.get(usize::from(id.0))
    }

    /// From now on it is so.
    ///
    /// # Panics
    /// If there is no such quota or class.
    pub(crate) fn change(&mut self, change: Change) {
        match change {
            Change::Capacity { quota, capacity } => {
                let quota = self.0.quotas.get_mut(usize::from(quota.0));
                quota.expect("only a quota that there is was changed").capacity = capacity;
            }
            Change::Price { class, price } => self.class_mut(class).price = price,
            Change::Window { class, window } => self.class_mut(class).window = window,
        }
    }

    fn class_mut(&mut self, class: ClassId) -> &mut Class {
        let class = self.0.classes.get_mut(usize::from(class.0));
        class.expect("only a class that there is was changed")
    }
}
