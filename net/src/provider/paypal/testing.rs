//! What the tests of this module have in common: a notice, and certificates that were made for it
//! once with openssl. Their keys were thrown away, so nobody can sign anything else.
//!
//! `paypal.pem` has the name messageverificationcerts.paypal.com, `other.pem` has
//! messages.example.com; `issuing.pem`, which both of them hold too, leads from them to
//! `authority.pem`. All of them end in 2036.

use onsale_core::time::Time;

/// A notice: the buyer agreed to pay for `ord_0000400000003` of installation 1, which is
/// 5O190127TN364715T there. Its id is what gives it the CRC-32 that was signed.
pub(super) const NOTICE: &[u8] = include_bytes!("testdata/notice.json");
/// What the notice was sent under.
pub(super) const TRANSMISSION_ID: &str = "7d7a0b20-f1c0-11f0-8de9-0242ac120002";
/// When it was sent.
pub(super) const TRANSMISSION_TIME: &str = "2027-01-15T08:00:00Z";
/// The same, as the server tells the time.
pub(super) const NOW: Time = Time::from_ms(1_800_000_000_000);
/// The webhook that it was sent to.
pub(super) const WEBHOOK_ID: &str = "8PT597110X687430LKGECATA";
/// The signature of all that, in base 64.
pub(super) const SIGNATURE: &str = include_str!("testdata/signature.txt");

/// Of the certificate that the notice is signed with, and what leads from it to the authority.
pub(super) const CERTIFICATE: &str = include_str!("testdata/paypal.pem");
/// Of somebody else, under the same authority.
pub(super) const OTHER: &str = include_str!("testdata/other.pem");
/// Of the authority.
pub(super) const AUTHORITY: &str = include_str!("testdata/authority.pem");
