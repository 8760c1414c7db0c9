//! Changes of an event that is defined.

use onsale_core::money::Amount;
use onsale_core::spec::{Change, ClassId, QuotaId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::event::WindowDto;
use crate::problem::{Problem, catalog};

/// How a quota is changed.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaChange {
    /// How many tickets it has room for: at least as many as are held and sold.
    #[schema(example = 25000)]
    pub capacity: u32,
}

/// How a ticket class is changed: at least one of both.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"price_minor": 9900}))]
pub struct ClassChange {
    /// What one costs, in minor units; 0 is a free ticket. What is held already keeps its price.
    #[schema(example = 9900)]
    pub price_minor: Option<u64>,
    /// When it is sold.
    pub window: Option<WindowDto>,
}

impl QuotaChange {
    /// What it means for a quota.
    pub const fn of(self, quota: QuotaId) -> Change {
        Change::Capacity { quota, capacity: self.capacity }
    }
}

impl ClassChange {
    /// What it means for a class, each of it good in itself.
    pub fn of(self, class: ClassId) -> Result<Vec<Change>, Problem> {
        let price = self.price_minor.map(Amount::from_minor);
        let price = price.map(|price| ("price_minor", Change::Price { class, price }));
        let window = self.window.map(Into::into);
        let window = window.map(|window| ("window", Change::Window { class, window }));
        let changes: Vec<_> = price.into_iter().chain(window).collect();
        if changes.is_empty() {
            let problem = "give price_minor, window or both";
            return Err(Problem::at(&catalog::INVALID_BODY, "body", problem));
        }
        let checked = changes.into_iter().map(|(at, change)| match change.problem() {
            Some(problem) => Err(Problem::at(&catalog::INVALID_BODY, at, problem)),
            None => Ok(change),
        });
        checked.collect()
    }
}
