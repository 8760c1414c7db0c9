//! The number that payOS knows an order by: `orderCode`, an integer from 1 to 2^53 - 1.
//!
//! An order's id has 64 bits (12 of partition, 20 of event, 32 of order), so 21 are left for the
//! order here. They count from 1: payOS gets no 0, and a place that ends in 21 zeros is no order.
//!
//! There is no room for a mark, so the installation's own permutation of all these places makes the
//! code. A code of somebody else leads to some place or other, rarely to that of an order that
//! there is: who reads one must see whether the order is there, and waits for its money from payOS.

use onsale_core::id::{EventId, OrderId, PartitionId};
use serde::{Deserialize, Serialize};

use super::permutation::{Permutation, VALUE_MAX};
use crate::provider::installation::Installation;

/// How many bits say which of its event's orders it is.
const NUMBER_BITS: u32 = 21;
/// How many bits say which of its partition's events it is ([`EventId::PER_PARTITION_MAX`]).
const INDEX_BITS: u32 = 20;

/// An order at payOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OrderCode(u64);

impl OrderCode {
    /// The number itself.
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// The codes of one installation's orders.
#[derive(Clone, Debug)]
pub(super) struct OrderCodes(Permutation);

impl OrderCodes {
    pub(super) fn of(installation: &Installation) -> Self {
        Self(Permutation::new(installation.code_key().clone()))
    }

    /// The code of an order; `None` for the orders of an event from 2^21 - 1 on, which payOS has no
    /// numbers for.
    pub(super) fn code_of(&self, order: OrderId) -> Option<OrderCode> {
        place_of(order).map(|place| OrderCode(self.0.forth(place)))
    }

    /// The order that has this code, if there can be one.
    pub(super) fn order_of(&self, code: OrderCode) -> Option<OrderId> {
        let is_code = (1..=VALUE_MAX).contains(&code.0);
        if is_code { order_at(self.0.back(code.0)) } else { None }
    }
}

/// Where the order is among all that there can be: partition, event and number, side by side.
fn place_of(order: OrderId) -> Option<u64> {
    let number = order.number.checked_add(1).filter(|number| number >> NUMBER_BITS == 0)?;
    let partition = u64::from(order.event.partition().number());
    let event = (partition << INDEX_BITS) | u64::from(order.event.index());
    Some((event << NUMBER_BITS) | u64::from(number))
}

/// The order at this place.
fn order_at(place: u64) -> Option<OrderId> {
    let number = place & ((1 << NUMBER_BITS) - 1);
    let index = (place >> NUMBER_BITS) & ((1 << INDEX_BITS) - 1);
    let partition = place >> (NUMBER_BITS + INDEX_BITS);
    let partition = PartitionId::new(u16::try_from(partition).ok()?)?;
    let event = EventId::new(partition, u32::try_from(index).ok()?)?;
    let number = u32::try_from(number).ok()?.checked_sub(1)?;
    Some(OrderId::new(event, number))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn codes(installation: u128) -> OrderCodes {
        OrderCodes::of(&Installation::of(installation))
    }

    fn order(partition: u16, index: u32, number: u32) -> OrderId {
        let partition = PartitionId::new(partition).unwrap();
        OrderId::new(EventId::new(partition, index).unwrap(), number)
    }

    #[test]
    fn every_order_has_its_own_code_and_is_found_by_it() {
        let number_max = (1 << NUMBER_BITS) - 2;
        let (here, there) = (codes(1), codes(2));
        let mut all = BTreeSet::new();
        for partition in [0, 1, 4_095] {
            for index in [0, 1, 1_048_575] {
                for number in [0, 1, 122, number_max] {
                    let order = order(partition, index, number);
                    let code = here.code_of(order).unwrap();
                    assert_eq!(here.order_of(code), Some(order));
                    assert!((1..=VALUE_MAX).contains(&code.number()), "{code:?}");
                    assert!(all.insert(code), "{order} has the code of another order");
                    assert!(all.insert(there.code_of(order).unwrap()), "{order} is elsewhere too");
                    assert_ne!(there.order_of(code), Some(order));
                }
            }
        }
    }

    #[test]
    fn codes_are_the_same_for_ever() {
        // payOS keeps them. Computed with other tools.
        let order = "ord_0000400000003".parse().unwrap();
        assert_eq!(codes(1).code_of(order), Some(OrderCode(939_526_294_395_005)));
        assert_eq!(codes(2).code_of(order), Some(OrderCode(337_749_581_836_124)));
    }

    #[test]
    fn places_fill_the_bits_there_are() {
        assert_eq!(place_of(order(0, 0, 0)), Some(1));
        assert_eq!(place_of(order(4_095, 1_048_575, (1 << NUMBER_BITS) - 2)), Some(VALUE_MAX));
    }

    #[test]
    fn an_order_beyond_the_bits_has_none() {
        for number in [(1 << NUMBER_BITS) - 1, 1 << NUMBER_BITS, u32::MAX] {
            assert_eq!(codes(1).code_of(order(0, 0, number)), None, "{number}");
        }
    }

    #[test]
    fn a_code_of_nobody_is_no_order() {
        for wrong in [0, 1 << 53, u64::MAX] {
            assert_eq!(codes(1).order_of(OrderCode(wrong)), None, "{wrong}");
        }
        // Where an event's orders begin there is none.
        let of_no_order = OrderCode(codes(1).0.forth(1 << NUMBER_BITS));
        assert_eq!(codes(1).order_of(of_no_order), None);
    }
}
