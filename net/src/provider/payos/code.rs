//! The number that payOS knows an order by: `orderCode`, an integer from 1 to 2^53 - 1.
//!
//! An order's id has 64 bits (12 of partition, 20 of event, 32 of order), so 21 are left for the
//! order here. They count from 1: payOS gets no 0, and a number that ends in 21 zeros is no order.

use onsale_core::id::{EventId, OrderId, PartitionId};
use serde::{Deserialize, Serialize};

/// How many bits say which of its event's orders it is.
const NUMBER_BITS: u32 = 21;
/// How many bits say which of its partition's events it is ([`EventId::PER_PARTITION_MAX`]).
const INDEX_BITS: u32 = 20;

/// An order at payOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OrderCode(u64);

impl OrderCode {
    /// The code of an order; `None` for the orders of an event from 2^21 - 1 on, which payOS has no
    /// numbers for.
    pub(super) fn of(order: OrderId) -> Option<Self> {
        let place = order.number.checked_add(1).filter(|place| place >> NUMBER_BITS == 0)?;
        let partition = u64::from(order.event.partition().number());
        let event = (partition << INDEX_BITS) | u64::from(order.event.index());
        Some(Self((event << NUMBER_BITS) | u64::from(place)))
    }

    /// The order that has this code, if there can be one.
    pub(super) fn order(self) -> Option<OrderId> {
        let place = self.0 & ((1 << NUMBER_BITS) - 1);
        let index = (self.0 >> NUMBER_BITS) & ((1 << INDEX_BITS) - 1);
        let partition = self.0 >> (NUMBER_BITS + INDEX_BITS);
        let partition = PartitionId::new(u16::try_from(partition).ok()?)?;
        let event = EventId::new(partition, u32::try_from(index).ok()?)?;
        let number = u32::try_from(place).ok()?.checked_sub(1)?;
        Some(OrderId::new(event, number))
    }

    /// The number itself.
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest integer that payOS takes, and that a double holds exactly.
    const CODE_MAX: u64 = (1 << 53) - 1;

    fn order(partition: u16, index: u32, number: u32) -> OrderId {
        let partition = PartitionId::new(partition).unwrap();
        OrderId::new(EventId::new(partition, index).unwrap(), number)
    }

    #[test]
    fn every_order_has_its_own_code_and_is_found_by_it() {
        let number_max = (1 << NUMBER_BITS) - 2;
        let mut codes = std::collections::BTreeSet::new();
        for partition in [0, 1, 4_095] {
            for index in [0, 1, 1_048_575] {
                for number in [0, 1, 122, number_max] {
                    let order = order(partition, index, number);
                    let code = OrderCode::of(order).unwrap();
                    assert_eq!(code.order(), Some(order));
                    assert!((1..=CODE_MAX).contains(&code.number()), "{code:?}");
                    assert!(codes.insert(code), "{order} has the code of another order");
                }
            }
        }
        assert_eq!(OrderCode::of(order(4_095, 1_048_575, number_max)), Some(OrderCode(CODE_MAX)));
        assert_eq!(OrderCode::of(order(0, 0, 0)), Some(OrderCode(1)));
    }

    #[test]
    fn an_order_beyond_the_bits_has_none() {
        for number in [(1 << NUMBER_BITS) - 1, 1 << NUMBER_BITS, u32::MAX] {
            assert_eq!(OrderCode::of(order(0, 0, number)), None, "{number}");
        }
    }

    #[test]
    fn a_code_of_nobody_is_no_order() {
        for wrong in [0, 1 << NUMBER_BITS, 1 << 53, u64::MAX] {
            assert_eq!(OrderCode(wrong).order(), None, "{wrong}");
        }
    }
}
