//! Lists of what orders have, such as disputes: a page is of so many orders.

use onsale_core::id::{EventId, OrderId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::id::OrderRef;
use super::{Id, in_query};
use crate::problem::Problem;

/// Which orders to look at.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersPage {
    /// Only those of orders after this one: `next` of the page before.
    pub after: Option<OrderRef>,
    /// Of how many orders at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
}

impl OrdersPage {
    const LIMIT_USUAL: u16 = 50;
    const LIMIT_MAX: u16 = 100;

    /// Behind which order, and of how many orders at most.
    pub fn parse(self) -> Result<(Option<OrderId>, u16), Problem> {
        let limit = self.limit.unwrap_or(Self::LIMIT_USUAL);
        if !(1..=Self::LIMIT_MAX).contains(&limit) {
            return in_query("limit", Err(format!("must be 1 to {}", Self::LIMIT_MAX)));
        }
        Ok((self.after.map(|Id(order)| order), limit))
    }

    /// Behind the order of an event with which number, and of how many orders at most.
    pub fn of(self, event: EventId) -> Result<(Option<u32>, u16), Problem> {
        let (after, limit) = self.parse()?;
        if after.is_some_and(|order| order.event != event) {
            return in_query("after", Err("must be the `next` of an earlier page, unchanged"));
        }
        Ok((after.map(|order| order.number), limit))
    }

    /// What is of the first so many orders of what was found, in their order, and what to send as
    /// `after` for more.
    pub fn cut<T, U: From<T>>(
        found: Vec<T>,
        order_of: impl Fn(&T) -> OrderId,
        orders_max: u16,
    ) -> (Vec<U>, Option<OrderRef>) {
        let mut orders: Vec<OrderId> = found.iter().map(&order_of).collect();
        orders.dedup();
        let has_more = orders.len() > usize::from(orders_max);
        let last = orders.into_iter().take(orders_max.into()).next_back().filter(|_| has_more);
        let shown = found.into_iter().filter(|one| last.is_none_or(|last| order_of(one) <= last));
        (shown.map(U::from).collect(), last.map(Id))
    }
}
