//! `PayPal`'s notices: a POST of JSON, signed in its headers.
//!
//! What is signed is not the body but its CRC-32, and whoever wants can make another body with the
//! same one. So nothing in a notice is believed: it names an order, and `PayPal` is asked about
//! that. Its answer is what counts. A notice whose certificate is not known yet may do no more harm
//! than that either, so it is let through, but not many of them.
//!
//! Source of the signed text: notifications.py in `PayPal`'s Python SDK.

use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use onsale_core::time::{Span, Time};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::certificate::Certificates;
use super::wire::{Name, Order};
use crate::provider::installation::Installation;
use crate::provider::notice_secrets::NoticeSecrets;
use crate::provider::signature::{self, SignatureError};
use crate::provider::{NoticeError, RawNotice, Said};

/// How old a notice may be. `PayPal` sends one again for three days and documents no tolerance; it
/// is unconfirmed that what is sent again has a new time. An old notice only leads to a question.
const AGE_MAX: Span = Span::from_mins(3 * 24 * 60);

/// How many notices that cannot be verified (yet) may lead to a question in [`WINDOW`]: what is
/// asked then is cheap, but it is asked of `PayPal`.
const UNPROVEN_MAX: u32 = 120;
const WINDOW: Span = Span::from_mins(1);

/// The only algorithm that a notice may be signed with.
const ALGORITHM: &str = "SHA256withRSA";

/// Reads the notices of these webhooks.
pub(super) struct Reader {
    /// `PayPal`'s names for the webhooks; one of them is signed with every notice.
    pub(super) webhook_ids: NoticeSecrets,
    pub(super) certificates: Certificates,
    installation: Installation,
    /// How many could not be verified, and since when that was counted.
    unproven: Mutex<(Time, u32)>,
}

impl Reader {
    pub(super) fn new(
        webhook_ids: NoticeSecrets,
        certificates: Certificates,
        installation: Installation,
    ) -> Self {
        let unproven = Mutex::new((Time::ZERO, 0));
        Self { webhook_ids, certificates, installation, unproven }
    }

    /// Makes sure, as far as that is possible here, that the notice is `PayPal`'s and not too old,
    /// and reads what to ask about.
    pub(super) fn read(
        &self,
        notice: RawNotice<'_>,
        now: Time,
    ) -> Result<Option<Said>, NoticeError> {
        let seal = Seal::read(notice)?;
        seal.check_time(now)?;
        if seal.algorithm != ALGORITHM || !self.certificates.may_be_at(seal.certificate) {
            return Err(SignatureError::Wrong.into());
        }
        let crc = crc32fast::hash(notice.body);
        let webhook_ids = self.webhook_ids.current();
        let ids = webhook_ids.iter().map(|id| String::from_utf8_lossy(id.expose()));
        let texts: Vec<_> = ids.map(|id| seal.signed_text(&id, crc)).collect();
        let address = seal.certificate;
        let is_proven = self.certificates.has_signed(address, &texts, &seal.signature, now);
        if is_proven == Some(false) {
            return Err(SignatureError::Wrong.into());
        }
        let ask = question(notice.body, &self.installation)?;
        if ask.is_some() && is_proven.is_none() {
            self.admit(now)?;
            self.certificates.want(address);
        }
        Ok(ask)
    }

    /// Beyond so many, notices that cannot be verified are taken for forged. `PayPal` sends its own
    /// again.
    fn admit(&self, now: Time) -> Result<(), SignatureError> {
        let mut unproven = self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = *unproven;
        let is_over = now.since(since) >= WINDOW || now < since;
        let (since, count) = if is_over { (now, 0) } else { (since, count) };
        if count >= UNPROVEN_MAX {
            return Err(SignatureError::Wrong);
        }
        *unproven = (since, count + 1);
        Ok(())
    }
}

/// What the headers say about who signed what.
struct Seal<'a> {
    id: &'a str,
    time: &'a str,
    signature: Vec<u8>,
    certificate: &'a str,
    algorithm: &'a str,
}

impl<'a> Seal<'a> {
    fn read(notice: RawNotice<'a>) -> Result<Self, SignatureError> {
        let signature = BASE64_STANDARD.decode(notice.header("paypal-transmission-sig")?);
        Ok(Self {
            id: notice.header("paypal-transmission-id")?,
            time: notice.header("paypal-transmission-time")?,
            signature: signature.map_err(|_| SignatureError::Missing)?,
            certificate: notice.header("paypal-cert-url")?,
            algorithm: notice.header("paypal-auth-algo")?,
        })
    }

    fn check_time(&self, now: Time) -> Result<(), SignatureError> {
        let at: Timestamp = self.time.parse().map_err(|_| SignatureError::Missing)?;
        let at = u64::try_from(at.as_millisecond()).map_err(|_| SignatureError::Untimely)?;
        let at = Time::from_ms(at);
        let is_timely = now.since(at) <= AGE_MAX && at.since(now) <= signature::TOLERANCE;
        if is_timely { Ok(()) } else { Err(SignatureError::Untimely) }
    }

    /// The text that is signed of a body with this CRC-32.
    fn signed_text(&self, webhook_id: &str, crc: u32) -> String {
        format!("{}|{}|{webhook_id}|{crc}", self.id, self.time)
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    event_type: String,
    #[serde(borrow)]
    resource: &'a RawValue,
}

/// What notices about captures say of their order.
#[derive(Deserialize)]
struct Capture {
    custom_id: Option<String>,
    supplementary_data: Supplement,
}

#[derive(Deserialize)]
struct Supplement {
    related_ids: RelatedIds,
}

#[derive(Deserialize)]
struct RelatedIds {
    order_id: Name,
}

/// What notices about disputes say.
#[derive(Deserialize)]
struct Dispute {
    dispute_id: String,
}

/// What to ask about after this notice, if anything. Refunds are asked about by themselves.
fn question(body: &[u8], installation: &Installation) -> Result<Option<Said>, NoticeError> {
    let event: Event = serde_json::from_slice(body)?;
    let resource = event.resource.get();
    let (custom_id, id) = match event.event_type.as_str() {
        "CHECKOUT.ORDER.APPROVED" | "CHECKOUT.ORDER.COMPLETED" => {
            let order: Order = serde_json::from_str(resource)?;
            (order.custom_id().map(str::to_owned), order.id)
        }
        "PAYMENT.CAPTURE.COMPLETED" | "PAYMENT.CAPTURE.PENDING" | "PAYMENT.CAPTURE.DENIED" => {
            let capture: Capture = serde_json::from_str(resource)?;
            (capture.custom_id, capture.supplementary_data.related_ids.order_id)
        }
        "CUSTOMER.DISPUTE.CREATED" | "CUSTOMER.DISPUTE.UPDATED" | "CUSTOMER.DISPUTE.RESOLVED" => {
            let dispute: Dispute = serde_json::from_str(resource)?;
            return Ok(Some(Said::AskDispute(dispute.dispute_id)));
        }
        _ => return Ok(None),
    };
    let custom_id = custom_id.unwrap_or_default();
    let order = installation.order_named(&custom_id);
    let order = order.map_err(|_| NoticeError::Foreign(custom_id))?;
    Ok(Some(Said::Ask { order, reference: id.to_string() }))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use serde_json::{Value, json};

    use super::super::testing::{
        CERTIFICATE, NOTICE, NOW, SIGNATURE, TRANSMISSION_ID, TRANSMISSION_TIME, WEBHOOK_ID,
    };
    use super::*;
    use crate::provider::api::ApiUrl;
    use crate::provider::secret::Secret;

    const ADDRESS: &str = "http://127.0.0.1:1/certificate";

    /// What is read by whoever knows the certificate, or does not.
    fn reader(is_known: bool, webhook_ids: &[&str]) -> Reader {
        let api = ApiUrl::parse("http://127.0.0.1:1").unwrap();
        let none = Certificates::new(&api);
        let certificates = if is_known { none.with(ADDRESS, CERTIFICATE) } else { none };
        let webhook_ids: Vec<_> = webhook_ids.iter().map(|id| Secret::new(*id)).collect();
        Reader::new(webhook_ids.into(), certificates, here())
    }

    fn here() -> Installation {
        Installation::of(1)
    }

    /// What the order of these tests is called there.
    fn name() -> String {
        here().name_of("ord_0000400000003".parse().unwrap())
    }

    fn headers() -> HeaderMap {
        let headers = [
            ("paypal-transmission-id", TRANSMISSION_ID),
            ("paypal-transmission-time", TRANSMISSION_TIME),
            ("paypal-transmission-sig", SIGNATURE.trim()),
            ("paypal-cert-url", ADDRESS),
            ("paypal-auth-algo", "SHA256withRSA"),
        ];
        let header = |(name, value): (&'static str, &'static str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        headers.map(header).into_iter().collect()
    }

    fn read(
        reader: &Reader,
        headers: &HeaderMap,
        body: &[u8],
        now: Time,
    ) -> Result<Option<Said>, NoticeError> {
        reader.read(RawNotice { headers, query: "", body }, now)
    }

    fn ask() -> Said {
        let order = "ord_0000400000003".parse().unwrap();
        Said::Ask { order, reference: "5O190127TN364715T".into() }
    }

    fn wrong() -> Result<Option<Said>, NoticeError> {
        Err(SignatureError::Wrong.into())
    }

    #[test]
    fn what_is_signed_is_an_id_a_time_a_webhook_and_a_crc() {
        let headers = headers();
        let seal = Seal::read(RawNotice { headers: &headers, query: "", body: b"" }).unwrap();
        // The check value of CRC-32 (ISO-HDLC) in the catalogue of CRCs is 0xcbf43926.
        let expected =
            format!("{TRANSMISSION_ID}|{TRANSMISSION_TIME}|4JH86294D6297924G|3421780262");
        assert_eq!(seal.signed_text("4JH86294D6297924G", crc32fast::hash(b"123456789")), expected);
    }

    #[test]
    fn a_notice_leads_to_a_question() {
        for webhook_ids in [&[WEBHOOK_ID][..], &["4JH86294D6297924G", WEBHOOK_ID]] {
            assert_eq!(read(&reader(true, webhook_ids), &headers(), NOTICE, NOW), Ok(Some(ask())));
        }
        assert_eq!(read(&reader(false, &[WEBHOOK_ID]), &headers(), NOTICE, NOW), Ok(Some(ask())));
    }

    #[test]
    fn where_the_certificate_is_known_everything_that_is_signed_counts() {
        let known = reader(true, &[WEBHOOK_ID]);
        let altered = String::from_utf8(NOTICE.to_vec()).unwrap().replace("50.00", "50.01");
        assert_eq!(read(&known, &headers(), altered.as_bytes(), NOW), wrong());
        let elsewhere = reader(true, &["4JH86294D6297924G"]);
        assert_eq!(read(&elsewhere, &headers(), NOTICE, NOW), wrong());
        for (name, value) in [
            ("paypal-transmission-id", "7d7a0b20-f1c0-11f0-8de9-0242ac120003"),
            ("paypal-transmission-time", "2027-01-15T08:00:01Z"),
            ("paypal-transmission-sig", "AAAA"),
        ] {
            let mut headers = headers();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(read(&known, &headers, NOTICE, NOW), wrong(), "{name}");
        }
    }

    #[test]
    fn a_notice_needs_all_its_headers() {
        let reader = reader(false, &[WEBHOOK_ID]);
        let missing = || Err(SignatureError::Missing.into());
        for name in headers().keys() {
            let mut headers = headers();
            headers.remove(name);
            assert_eq!(read(&reader, &headers, NOTICE, NOW), missing(), "{name}");
        }
        for (name, value, expected) in [
            ("paypal-transmission-sig", "not base 64", missing()),
            ("paypal-transmission-time", "yesterday", missing()),
            ("paypal-auth-algo", "SHA1withRSA", wrong()),
            ("paypal-cert-url", "https://example.com/certificate", wrong()),
        ] {
            let mut headers = headers();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(read(&reader, &headers, NOTICE, NOW), expected, "{name}");
        }
    }

    #[test]
    fn a_notice_has_its_time() {
        let reader = reader(true, &[WEBHOOK_ID]);
        let at = |now| read(&reader, &headers(), NOTICE, now);
        let untimely = Err(SignatureError::Untimely.into());
        assert_eq!(at(NOW + AGE_MAX), Ok(Some(ask())));
        assert_eq!(at(NOW + AGE_MAX + Span::from_ms(1)), untimely);
        assert_eq!(at(NOW - signature::TOLERANCE), Ok(Some(ask())));
        assert_eq!(at(NOW - signature::TOLERANCE - Span::from_ms(1)), untimely);
    }

    #[test]
    fn not_many_are_let_through_unproven() {
        let unknown = reader(false, &[WEBHOOK_ID]);
        let boring = br#"{"event_type":"BILLING.PLAN.CREATED","resource":{}}"#;
        assert_eq!(read(&unknown, &headers(), boring, NOW), Ok(None));
        for _ in 0..UNPROVEN_MAX {
            assert_eq!(read(&unknown, &headers(), NOTICE, NOW), Ok(Some(ask())));
        }
        assert_eq!(read(&unknown, &headers(), NOTICE, NOW + Span::from_secs(59)), wrong());
        assert_eq!(read(&unknown, &headers(), NOTICE, NOW + WINDOW), Ok(Some(ask())));

        let known = reader(true, &[WEBHOOK_ID]);
        for _ in 0..=UNPROVEN_MAX {
            assert_eq!(read(&known, &headers(), NOTICE, NOW), Ok(Some(ask())));
        }
    }

    fn question_of(event_type: &str, resource: &Value) -> Result<Option<Said>, NoticeError> {
        let event = json!({ "id": "WH-1", "event_type": event_type, "resource": resource });
        question(event.to_string().as_bytes(), &here())
    }

    fn capture(custom_id: &str, order_id: &str) -> Value {
        json!({
            "id": "3C679366HH908993F",
            "custom_id": custom_id,
            "supplementary_data": { "related_ids": { "order_id": order_id } },
        })
    }

    #[test]
    fn what_is_told_of_orders_and_captures_is_asked_about() {
        let capture = capture(&name(), "5O190127TN364715T");
        for state in ["COMPLETED", "PENDING", "DENIED"] {
            assert_eq!(question_of(&format!("PAYMENT.CAPTURE.{state}"), &capture), Ok(Some(ask())));
        }
        for state in ["REFUNDED", "REVERSED"] {
            assert_eq!(question_of(&format!("PAYMENT.CAPTURE.{state}"), &capture), Ok(None));
        }
        assert_eq!(question_of("BILLING.PLAN.CREATED", &json!({})), Ok(None));
    }

    #[test]
    fn disputes_are_asked_about() {
        for state in ["CREATED", "UPDATED", "RESOLVED"] {
            let kind = format!("CUSTOMER.DISPUTE.{state}");
            let asked = question_of(&kind, &json!({ "dispute_id": "PP-D-4012" }));
            assert_eq!(asked, Ok(Some(Said::AskDispute("PP-D-4012".into()))));
            let nameless = question_of(&kind, &json!({}));
            assert!(matches!(nameless, Err(NoticeError::Malformed(_))), "{nameless:?}");
        }
    }

    #[test]
    fn what_is_nobodys_here_is_foreign_and_what_leads_astray_is_malformed() {
        let denied = |resource: &Value| question_of("PAYMENT.CAPTURE.DENIED", resource);
        let of_another = Installation::of(2).name_of("ord_0000400000003".parse().unwrap());
        for name in ["order 17".to_owned(), "ord_0000400000003".to_owned(), of_another] {
            let foreign = denied(&capture(&name, "5O190127TN364715T"));
            assert_eq!(foreign, Err(NoticeError::Foreign(name)));
        }
        let of_nothing = json!({ "id": "5O19", "status": "APPROVED", "purchase_units": [] });
        let foreign = question_of("CHECKOUT.ORDER.APPROVED", &of_nothing);
        assert_eq!(foreign, Err(NoticeError::Foreign(String::new())));
        for resource in [capture(&name(), "../../v1/x"), json!({}), Value::Null] {
            let read = denied(&resource);
            assert!(matches!(read, Err(NoticeError::Malformed(_))), "{resource}: {read:?}");
        }
        assert!(matches!(question(b"{", &here()), Err(NoticeError::Malformed(_))));
    }
}
