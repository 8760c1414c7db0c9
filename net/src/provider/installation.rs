//! What this installation calls its orders at providers.
//!
//! An order's id says where it lives in one data directory: the first order of every directory has
//! the same. Providers keep what they were told for years, and an account may serve several
//! installations, or one that was begun anew. So whatever names an order to a provider bears the
//! installation's mark, and a name with another mark is nobody's here: it is neither paid by nor
//! written down, for the money is the other installation's.
//!
//! What lives here: every name's text, written and read. Deliberately absent: numbers (payOS takes
//! nothing else; `payos/code.rs` makes them of the key that is kept here), and secrecy. A mark is
//! only to be another one than everybody else's.

use std::fmt;

use onsale_core::id::{OrderId, base32};
use sha2::{Digest, Sha256};

use super::RefundWish;
use super::secret::Secret;

/// How an order's id begins that its digits follow.
const ORDER_PREFIX: &str = "ord_";
/// How many digits there are.
const ORDER_DIGITS: usize = 13;
/// How many characters a mark has.
const MARK_CHARS: usize = 8;
/// How many characters a plain name has.
pub(super) const PLAIN_CHARS: usize = ORDER_DIGITS + MARK_CHARS;

/// Whose orders are named: those of one data directory.
#[derive(Clone, Debug)]
pub struct Installation {
    mark: String,
    code_key: Secret,
}

/// Why a text names no order of this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotOurs {
    /// It names one of another installation.
    OtherInstallations,
    /// It names none, as far as is known here.
    Nobodys,
}

impl Installation {
    /// The installation whose data directory has drawn this number.
    pub fn of(id: u128) -> Self {
        let mark = Mark(hash(b"onsale mark at providers", id)).to_string();
        let code_key = Secret::new(hash(b"onsale order codes at providers", id));
        Self { mark, code_key }
    }

    /// The order as it is called where there is room: `ord_0000400000003-k3m8vq2x`.
    pub fn name_of(&self, order: OrderId) -> String {
        format!("{order}-{}", self.mark)
    }

    /// The order that [`name_of`](Self::name_of) gives this name.
    pub(super) fn order_named(&self, text: &str) -> Result<OrderId, NotOurs> {
        let (order, mark) = text.rsplit_once('-').ok_or(NotOurs::Nobodys)?;
        self.order_marked(order, mark)
    }

    /// The order as it is called where only letters and digits are taken, or where there is little
    /// room: `0000400000003k3m8vq2x`, always [`PLAIN_CHARS`] long.
    pub(super) fn plain_name_of(&self, order: OrderId) -> String {
        let digits = order.to_string().split_off(ORDER_PREFIX.len());
        format!("{digits}{}", self.mark)
    }

    /// The order that [`plain_name_of`](Self::plain_name_of) gives this name.
    pub(super) fn order_named_plainly(&self, text: &str) -> Result<OrderId, NotOurs> {
        let (digits, mark) = text.split_at_checked(ORDER_DIGITS).ok_or(NotOurs::Nobodys)?;
        self.order_marked(&format!("{ORDER_PREFIX}{digits}"), mark)
    }

    /// The refund as it is called where there is room: the key under which it is made once.
    pub fn refund_name(&self, wish: &RefundWish) -> String {
        format!("{}-{}", self.name_of(wish.order), wish.number('-'))
    }

    /// What numbers of orders are made with, for a provider that takes numbers only.
    pub(super) fn code_key(&self) -> &Secret {
        &self.code_key
    }

    fn order_marked(&self, order: &str, mark: &str) -> Result<OrderId, NotOurs> {
        let order = order.parse().map_err(|_| NotOurs::Nobodys)?;
        match mark {
            _ if mark == self.mark => Ok(order),
            _ if base32::read(mark, MARK_CHARS).is_ok() => Err(NotOurs::OtherInstallations),
            _ => Err(NotOurs::Nobodys),
        }
    }
}

/// 40 bits as text: Crockford's base 32 in lower case, in which no two digits look alike.
struct Mark([u8; 32]);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.iter().take(5).fold(0, |bits, &byte| bits << 8 | u128::from(byte));
        base32::write(f, bits, MARK_CHARS)
    }
}

fn hash(label: &[u8], id: u128) -> [u8; 32] {
    Sha256::new().chain_update(label).chain_update(id.to_le_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use onsale_core::money::Amount;

    use super::*;

    fn order() -> OrderId {
        "ord_0000400000003".parse().unwrap()
    }

    #[test]
    fn an_order_is_found_by_its_names() {
        // Names are kept by providers: these are so for ever.
        let here = Installation::of(1);
        assert_eq!(here.name_of(order()), "ord_0000400000003-acsqawqy");
        assert_eq!(here.plain_name_of(order()), "0000400000003acsqawqy");
        assert_eq!(here.plain_name_of(order()).len(), PLAIN_CHARS);
        assert_eq!(here.order_named(&here.name_of(order())), Ok(order()));
        assert_eq!(here.order_named_plainly(&here.plain_name_of(order())), Ok(order()));
    }

    #[test]
    fn an_order_of_another_installation_is_known_as_such() {
        let (here, there) = (Installation::of(1), Installation::of(2));
        let others = Err(NotOurs::OtherInstallations);
        assert_eq!(here.order_named(&there.name_of(order())), others);
        assert_eq!(here.order_named_plainly(&there.plain_name_of(order())), others);
    }

    #[test]
    fn other_texts_name_nobodys_order() {
        let here = Installation::of(1);
        let name = here.name_of(order());
        for wrong in [
            "",
            "-",
            "1234",
            "ord_0000400000003",
            "ord_0000400000003-",
            "ord_0000400000003-1",
            "ord_000040000000-aaaaaaaa",
            "ord_0000400000003-aaaalaaa",
            &name.to_uppercase(),
            &format!("{name}-0"),
            &format!(" {name}"),
        ] {
            assert_eq!(here.order_named(wrong), Err(NotOurs::Nobodys), "{wrong}");
        }
        let plain = here.plain_name_of(order());
        for wrong in ["", "0000400000003", "000040000000é", &plain[1..], &format!("{plain}0")] {
            assert_eq!(here.order_named_plainly(wrong), Err(NotOurs::Nobodys), "{wrong}");
        }
    }

    #[test]
    fn a_refund_that_is_asked_for_again_has_another_name() {
        let wish = RefundWish {
            order: order(),
            refund: 2,
            attempt: 0,
            payment: String::new(),
            amount: Amount::ZERO,
            currency: "EUR".parse().unwrap(),
        };
        let here = Installation::of(1);
        let name = here.name_of(order());
        assert_eq!(here.refund_name(&wish), format!("{name}-2"));
        assert_eq!(here.refund_name(&RefundWish { attempt: 1, ..wish }), format!("{name}-2-1"));
    }
}
