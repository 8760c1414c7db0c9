//! How the sandbox misbehaves on demand: by the last two digits of an amount in minor units, or by
//! name on the pay page.
//!
//! Ordinary prices behave: no ending here is a multiple of five, or near a hundred, so neither is
//! it of a few tickets at 12.00, 12.50, 12.95 or 12.99.

use onsale_core::money::Amount;
use serde::{Deserialize, Serialize};

/// Declares the behaviours: endings, names and words, in one table.
macro_rules! behaviours {
    ($($name:ident $ending:literal $code:literal $words:literal)*) => {
        /// How a payment goes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Behaviour {
            /// Everything goes well. Every amount that is not in the table.
            Pay,
            $(
                #[doc = concat!("Amounts that end in `", $ending, "`: ", $words, ".")]
                $name,
            )*
        }

        impl Behaviour {
            /// The misbehaviours: the last two digits of the amount in minor units, the name, and
            /// what happens.
            pub const TABLE: &'static [(&'static str, Self, &'static str)] =
                &[$(($ending, Self::$name, $words),)*];

            /// The name, as on the pay page.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Pay => "pay",
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

behaviours! {
    Decline "01" "decline" "the payment is declined"
    Timeout "02" "timeout" "asking for the page is not answered in time, the first two times"
    Unavailable "03" "unavailable" "asking for the page fails, the first two times"
    Duplicate "04" "duplicate" "the webhook comes twice"
    DuplicateCapture "06" "duplicate_capture" "the money is taken twice, under two names"
    Late "07" "late" "the webhook comes after the order's time is over"
    Reordered "08" "reordered" "the webhooks come in the wrong order, a stale decline last"
    Never "09" "never" "no webhook comes; only asking tells"
    WrongAmount "11" "wrong_amount" "another amount is taken than was asked for"
    RefundFails "12" "refund_fails" "asking for a refund fails, the first two times"
}

impl Behaviour {
    /// How often a call fails that fails at first.
    pub const FAILURES: u32 = 2;

    /// What the amount asks for.
    pub fn of_amount(amount: Amount) -> Self {
        let ending = format!("{:02}", amount.as_minor() % 100);
        let row = Self::TABLE.iter().find(|(digits, _, _)| *digits == ending);
        row.map_or(Self::Pay, |(_, behaviour, _)| *behaviour)
    }

    /// The behaviour with this name, if it can be chosen when the page is there already.
    pub fn at_payment(name: &str) -> Option<Self> {
        Self::PAGE.iter().copied().find(|behaviour| behaviour.name() == name)
    }

    /// What can be chosen on the pay page.
    pub const PAGE: &'static [Self] = &[
        Self::Pay,
        Self::Decline,
        Self::Duplicate,
        Self::DuplicateCapture,
        Self::Late,
        Self::Reordered,
        Self::Never,
        Self::WrongAmount,
        Self::RefundFails,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(minor: u64) -> Behaviour {
        Behaviour::of_amount(Amount::from_minor(minor))
    }

    #[test]
    fn the_last_two_digits_decide() {
        for (digits, behaviour, _) in Behaviour::TABLE {
            let ending: u64 = digits.parse().unwrap();
            assert_eq!(of(12_300 + ending), *behaviour);
            assert_eq!(of(ending), *behaviour);
        }
    }

    #[test]
    fn ordinary_prices_behave_for_every_number_of_tickets() {
        for price in [1_000, 1_250, 1_275, 1_290, 1_295, 1_299, 1_998, 8_800] {
            for count in 1..=8 {
                assert_eq!(of(price * count), Behaviour::Pay, "{count} at {price}");
            }
        }
    }

    #[test]
    fn every_name_that_can_be_chosen_is_its_own() {
        for behaviour in Behaviour::PAGE {
            assert_eq!(Behaviour::at_payment(behaviour.name()), Some(*behaviour));
        }
        assert_eq!(Behaviour::at_payment("timeout"), None, "the page is there already");
    }
}
