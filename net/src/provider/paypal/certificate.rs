//! The certificates with whose keys `PayPal` signs notices.
//!
//! A notice names the address of its certificate. Where notices are verified there is no network,
//! so a certificate that is not known yet is noted down, fetched when `PayPal` is asked the next
//! time, and kept. What is kept is looked at again for every notice: it may have ended meanwhile.
//!
//! Source of what is believed: notifications.py in `PayPal`'s Python SDK. Unconfirmed: that its
//! certificates are valid for servers, which is what chains are checked for here. One that is not
//! is never kept; its notices are then among those that cannot be verified.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{Request, Uri};
use http_body_util::Full;
use onsale_core::time::Time;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use tracing::warn;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;
use webpki::{EndEntityCert, KeyUsage};

use crate::outgoing::{HttpClient, is_loopback, safe_uri};
use crate::provider::api::ApiUrl;

/// How many are kept. `PayPal` has few; whoever could name more only has them fetched again.
const KNOWN_MAX: usize = 16;
/// How many may wait to be fetched.
const WANTED_MAX: usize = 16;
/// How many certificates a file may have, the authorities' included.
const CHAIN_MAX: usize = 8;
/// The longest address that is noted down, in bytes.
const ADDRESS_MAX: usize = 200;
/// How long a certificate is waited for: whoever fetches it has something else to do.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// The end of the names that only `PayPal` can have.
const DOMAIN: &str = ".paypal.com";

/// The certificates that are known, by address, and those that are wanted.
pub(super) struct Certificates {
    http: HttpClient,
    source: Source,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: BTreeMap<String, Arc<Chain>>,
    wanted: BTreeSet<String>,
}

/// Whose certificates are believed.
enum Source {
    /// `PayPal`'s own, under an authority that browsers trust.
    Paypal,
    /// Those of whoever stands in for `PayPal` on this machine, at this host and port: whatever is
    /// answered there is believed anyway.
    StandIn(String),
}

/// A certificate, and those that lead from it to an authority.
struct Chain(Vec<CertificateDer<'static>>);

impl Certificates {
    /// None yet, for notices that belong to this API.
    pub(super) fn new(api: &ApiUrl) -> Self {
        let local = safe_uri(api.as_str(), true).filter(is_loopback);
        let source = match local.as_ref().and_then(Uri::authority) {
            Some(authority) => Source::StandIn(authority.to_string()),
            None => Source::Paypal,
        };
        Self { http: HttpClient::new(), source, state: Mutex::default() }
    }

    /// Whether a certificate at this address could be one of `PayPal`'s.
    pub(super) fn may_be_at(&self, address: &str) -> bool {
        let is_local = matches!(self.source, Source::StandIn(_));
        let Some(uri) = safe_uri(address, is_local) else { return false };
        let is_there = match &self.source {
            Source::Paypal => uri.host().is_some_and(is_paypals),
            Source::StandIn(at) => {
                uri.authority().is_some_and(|authority| authority == at.as_str())
            }
        };
        is_there && address.len() <= ADDRESS_MAX
    }

    /// Whether the certificate at this address signed one of `texts`. `None` if it is not known
    /// yet, or no longer to be believed.
    pub(super) fn has_signed(
        &self,
        address: &str,
        texts: &[String],
        signature: &[u8],
        now: Time,
    ) -> Option<bool> {
        // Nobody waits for the arithmetic.
        let chain = Arc::clone(self.state().known.get(address)?);
        if self.source.believes(&chain, now) {
            return Some(texts.iter().any(|text| chain.has_signed(text.as_bytes(), signature)));
        }
        self.state().known.remove(address);
        None
    }

    /// Has the certificate at this address fetched, if there are not too many others.
    pub(super) fn want(&self, address: &str) {
        let mut state = self.state();
        if state.wanted.len() < WANTED_MAX {
            state.wanted.insert(address.to_owned());
        }
    }

    /// Fetches one that is wanted, if one is. What cannot be had its next notice wants again.
    pub(super) async fn fetch_one(&self, now: Time) {
        let Some(address) = self.state().wanted.pop_first() else { return };
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, self.fetch(&address)).await;
        let Ok(Some(chain)) = fetched else {
            warn!(address, "there is no certificate there, or not now");
            return;
        };
        if !self.source.believes(&chain, now) {
            warn!(address, "the certificate there is none of PayPal's that is valid");
            return;
        }
        let mut state = self.state();
        if state.known.len() >= KNOWN_MAX {
            state.known.clear();
        }
        state.known.insert(address, Arc::new(chain));
    }

    async fn fetch(&self, address: &str) -> Option<Chain> {
        let request = Request::get(address).body(Full::default()).ok()?;
        let answer = self.http.send(request).await.ok()?;
        if answer.status.is_success() { Chain::read(&answer.body) } else { None }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held left it whole: every change is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn believes(&self, chain: &Chain, now: Time) -> bool {
        match self {
            Self::Paypal => chain.is_paypals(webpki_roots::TLS_SERVER_ROOTS, now),
            Self::StandIn(_) => true,
        }
    }
}

impl Chain {
    /// The certificates in a file of PEM, the one that signs first.
    fn read(pem: &[u8]) -> Option<Self> {
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(pem).take(CHAIN_MAX).collect();
        chain.ok().filter(|chain| !chain.is_empty()).map(Self)
    }

    /// Whether it leads to one of these authorities, has not ended, and has a name of `PayPal`'s.
    fn is_paypals(&self, authorities: &[TrustAnchor<'_>], now: Time) -> bool {
        let Some((leaf, others)) = self.0.split_first() else { return false };
        let Ok(leaf) = EndEntityCert::try_from(leaf) else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_millis(now.as_ms()));
        let (algorithms, usage) = (webpki::ALL_VERIFICATION_ALGS, KeyUsage::server_auth());
        let path = leaf.verify_for_usage(algorithms, authorities, others, now, usage, None, None);
        path.is_ok() && leaf.valid_dns_names().any(is_paypals)
    }

    /// Whether its key made this signature of `text`: RSA (PKCS #1 v1.5) with SHA-256.
    fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let leaf = self.0.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
        leaf.is_some_and(|leaf| {
            leaf.verify_signature(RSA_PKCS1_2048_8192_SHA256, text, signature).is_ok()
        })
    }
}

/// Whether a name is one that only `PayPal` can have.
fn is_paypals(host: &str) -> bool {
    host.to_ascii_lowercase().ends_with(DOMAIN)
}

#[cfg(test)]
impl Certificates {
    /// The same, and this certificate is known.
    pub(super) fn with(self, address: &str, pem: &str) -> Self {
        let chain = Chain::read(pem.as_bytes()).unwrap();
        self.state().known.insert(address.to_owned(), Arc::new(chain));
        self
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use webpki::anchor_from_trusted_cert;

    use super::super::testing::{
        AUTHORITY, CERTIFICATE, NOTICE, NOW, OTHER, SIGNATURE, TRANSMISSION_ID, TRANSMISSION_TIME,
        WEBHOOK_ID,
    };
    use super::*;

    fn is_paypals_by(authority: &str, pem: &str, now: Time) -> bool {
        let Chain(authority) = Chain::read(authority.as_bytes()).unwrap();
        let anchors = [anchor_from_trusted_cert(&authority[0]).unwrap()];
        Chain::read(pem.as_bytes()).unwrap().is_paypals(&anchors, now)
    }

    fn certificates(api: &str) -> Certificates {
        Certificates::new(&ApiUrl::parse(api).unwrap())
    }

    fn text() -> String {
        let crc = crc32fast::hash(NOTICE);
        format!("{TRANSMISSION_ID}|{TRANSMISSION_TIME}|{WEBHOOK_ID}|{crc}")
    }

    #[test]
    fn a_certificate_needs_an_authority_and_a_name_and_time() {
        assert!(is_paypals_by(AUTHORITY, CERTIFICATE, NOW));
        assert!(!is_paypals_by(AUTHORITY, OTHER, NOW), "somebody else's");
        let in_2040 = Time::from_ms(2_208_988_800_000);
        assert!(!is_paypals_by(AUTHORITY, CERTIFICATE, in_2040), "it has ended");
        assert!(!is_paypals_by(AUTHORITY, CERTIFICATE, Time::ZERO), "it has not begun");
        let end = "-----END CERTIFICATE-----\n";
        let (leaf, _) = CERTIFICATE.split_once(end).unwrap();
        let alone = format!("{leaf}{end}");
        assert!(!is_paypals_by(AUTHORITY, &alone, NOW), "nothing leads to the authority");
        let chain = Chain::read(CERTIFICATE.as_bytes()).unwrap();
        assert!(!chain.is_paypals(webpki_roots::TLS_SERVER_ROOTS, NOW), "browsers do not trust it");
    }

    #[test]
    fn what_is_no_certificate_is_not_read() {
        for wrong in ["", "<html>", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            assert!(Chain::read(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_signature_is_of_this_text_under_this_key() {
        let signature = BASE64_STANDARD.decode(SIGNATURE.trim()).unwrap();
        let chain = Chain::read(CERTIFICATE.as_bytes()).unwrap();
        assert!(chain.has_signed(text().as_bytes(), &signature));
        assert!(!chain.has_signed(format!("{}0", text()).as_bytes(), &signature));
        assert!(!chain.has_signed(text().as_bytes(), &signature[1..]));
        let other = Chain::read(OTHER.as_bytes()).unwrap();
        assert!(!other.has_signed(text().as_bytes(), &signature));
    }

    #[test]
    fn an_address_is_paypals_or_the_stand_ins() {
        let paypal = certificates("https://api-m.sandbox.paypal.com");
        let stand_in = certificates("http://127.0.0.1:9090/paypal");
        let long = format!("https://api.paypal.com/{}", "a".repeat(ADDRESS_MAX));
        for (address, at_paypal, at_stand_in) in [
            ("https://api.paypal.com/v1/notifications/certs/CERT-360caa42", true, false),
            ("https://API.SANDBOX.PAYPAL.COM/v1/notifications/certs/CERT-1", true, false),
            ("http://127.0.0.1:9090/paypal/v1/notifications/certs/CERT-1", false, true),
            ("http://127.0.0.1:9091/paypal/v1/notifications/certs/CERT-1", false, false),
            ("http://api.paypal.com/v1/notifications/certs/CERT-1", false, false),
            ("https://paypal.com.example.com/CERT-1", false, false),
            ("https://notpaypal.com/CERT-1", false, false),
            ("https://api.paypal.com@example.com/CERT-1", false, false),
            ("https://example.com/.paypal.com", false, false),
            ("file:///etc/passwd", false, false),
            ("", false, false),
            (&long, false, false),
        ] {
            assert_eq!(paypal.may_be_at(address), at_paypal, "{address}");
            assert_eq!(stand_in.may_be_at(address), at_stand_in, "{address}");
        }
    }

    #[test]
    fn one_that_has_ended_is_not_known_any_more() {
        let address = "https://api.paypal.com/CERT-1";
        let signature = BASE64_STANDARD.decode(SIGNATURE.trim()).unwrap();
        // Nobody trusts its authority, which is as good as its end.
        let paypal = certificates("https://api-m.paypal.com").with(address, CERTIFICATE);
        assert_eq!(paypal.has_signed(address, &[text()], &signature, NOW), None);
        assert!(paypal.state().known.is_empty());
    }

    #[tokio::test]
    async fn a_certificate_is_fetched_once_it_is_wanted() {
        let router = Router::new().route("/paypal", get(|| async { CERTIFICATE }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let certificates = certificates(&url);
        let (there, nowhere) = (format!("{url}/paypal"), format!("{url}/nowhere"));
        let signature = BASE64_STANDARD.decode(SIGNATURE.trim()).unwrap();
        let has_signed = |address| certificates.has_signed(address, &[text()], &signature, NOW);
        assert_eq!(has_signed(&there), None);
        certificates.want(&there);
        certificates.want(&nowhere);
        for _ in 0..3 {
            certificates.fetch_one(NOW).await;
        }
        assert_eq!(has_signed(&there), Some(true));
        assert_eq!(has_signed(&nowhere), None);
        assert!(certificates.state().wanted.is_empty());
    }

    #[test]
    fn no_more_are_wanted_than_can_be_fetched_soon() {
        let certificates = certificates("https://api-m.paypal.com");
        (0..100).for_each(|n| certificates.want(&format!("https://api.paypal.com/{n}")));
        assert_eq!(certificates.state().wanted.len(), WANTED_MAX);
    }
}
