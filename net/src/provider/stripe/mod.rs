//! Stripe: hosted pages by Checkout Sessions, or Payment Intents for a page of one's own.
//!
//! What lives here: the calls to the API and when a page ends. What objects and events mean is in
//! `object` and `event`, Stripe's units of money are in `unit`.
//!
//! Sources: docs.stripe.com/api (Checkout Sessions, Payment Intents, Refunds, idempotent requests),
//! docs.stripe.com/webhooks and the public SDKs.
//!
//! Deliberately absent: saved cards, and evidence for disputes. Whether a bank gets money back is
//! argued with Stripe; here it is only written down.

mod event;
mod object;
mod unit;

use form_urlencoded::Serializer;
use futures_util::FutureExt;
use http::StatusCode;
use onsale_core::command::{DisputeNotice, PaymentNotice};
use onsale_core::id::OrderId;
use onsale_core::money::Currency;
use onsale_core::time::{Span, Time};

use self::object::{Dispute, Failure, List, PaymentIntent, Refund, Session};
use super::api::{self, Api, ApiUrl, refused, temporary};
use super::installation::Installation;
use super::notice_secrets::NoticeSecrets;
use super::secret::Secret;
use super::signature::{self, SignatureError};
use super::{
    AskError, Asking, Clock, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError,
    PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said, return_url,
};

/// The provider's name.
pub const NAME: &str = "stripe";

/// Where its API is.
pub const API: &str = "https://api.stripe.com";

/// The version of the API that is asked for, whatever the account is set to. Source: stripe-python
/// 16.1.0.
pub const VERSION: &str = "2026-10-28.endive";

/// The header with the signature of a webhook.
pub const SIGNATURE_HEADER: &str = "stripe-signature";

/// How long a Checkout Session is open at least.
const OPEN_MIN: Span = Span::from_mins(30);

/// How long it is open at most, and if nothing is said.
const OPEN_MAX: Span = Span::from_mins(24 * 60);

/// How far Stripe's clock and ours may be from each other.
const MARGIN: Span = Span::from_mins(1);

/// What is needed to work with a Stripe account.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// Where the API is; [`API`] for the real one.
    pub api: ApiUrl,
    /// The account's secret key, `sk_…`, or a restricted one, `rk_…`.
    pub secret_key: Secret,
    /// The secrets of the webhook endpoint, `whsec_…`. Any one that fits is believed: there are two
    /// while it is being changed.
    pub webhook_secrets: NoticeSecrets,
    /// Where the buyer goes afterwards; `?order=` and the order's id are added.
    pub return_url: String,
    /// Whose page the buyer pays on.
    pub flow: Flow,
    /// Whose orders they are.
    pub installation: Installation,
}

/// Whose page the buyer pays on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Stripe's: a Checkout Session.
    Checkout,
    /// The merchant's, with Stripe's script in it: a Payment Intent. The page is where the buyer
    /// returns to; it is given `payment_intent` and `payment_intent_client_secret` in the query, as
    /// Stripe itself does when it sends a browser back, and the script takes them from there. With
    /// the client secret one can pay, and nothing else.
    PaymentIntents,
}

/// A Stripe account.
pub struct Stripe {
    api: Api,
    settings: StripeSettings,
    clock: Clock,
}

impl Stripe {
    /// The account of these settings.
    pub fn new(settings: StripeSettings, clock: Clock) -> Self {
        Self { api: Api::new(settings.api.clone()), settings, clock }
    }

    async fn create(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        match self.settings.flow {
            Flow::Checkout => self.create_session(wish).await,
            Flow::PaymentIntents => self.create_payment_intent(wish).await,
        }
    }

    async fn create_session(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        let expires_at = expires_at(wish.until, (self.clock)());
        let form = self.session_form(wish, expires_at)?;
        // The same key with another end would be refused. Whoever did not hear of the first page
        // cannot pay on it, so a second one does no harm.
        let name = self.name_of(wish.order);
        let key = format!("session-{name}-{}", expires_at.unwrap_or_default());
        let said = self.post("/v1/checkout/sessions", Some(&key), form).await?;
        let Session { id, url, .. } = said.success()?;
        // An answer that is given again under the key may be of a page that is closed.
        let url = url.ok_or_else(|| refused("the Checkout Session is not open"))?;
        Ok(IntentPage { reference: id, url })
    }

    fn session_form(&self, wish: &IntentWish, expires_at: Option<u64>) -> Result<String, AskError> {
        let (order, name) = (wish.order.to_string(), self.name_of(wish.order));
        let amount = unit::to_stripe(wish.amount, wish.currency).ok_or_else(not_taken)?;
        let return_url = return_url(&self.settings.return_url, wish.order);
        let mut form = Serializer::new(String::new());
        form.append_pair("mode", "payment")
            .append_pair("client_reference_id", &name)
            .append_pair("metadata[order]", &name)
            .append_pair("payment_intent_data[metadata][order]", &name)
            .append_pair("line_items[0][quantity]", "1")
            .append_pair("line_items[0][price_data][currency]", &lower(wish.currency))
            .append_pair("line_items[0][price_data][unit_amount]", &amount.to_string())
            .append_pair("line_items[0][price_data][product_data][name]", &order)
            .append_pair("success_url", &return_url)
            .append_pair("cancel_url", &return_url);
        if let Some(seconds) = expires_at {
            form.append_pair("expires_at", &seconds.to_string());
        }
        Ok(form.finish())
    }

    async fn create_payment_intent(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        let (order, name) = (wish.order.to_string(), self.name_of(wish.order));
        let amount = unit::to_stripe(wish.amount, wish.currency).ok_or_else(not_taken)?;
        let form = Serializer::new(String::new())
            .append_pair("amount", &amount.to_string())
            .append_pair("currency", &lower(wish.currency))
            .append_pair("automatic_payment_methods[enabled]", "true")
            .append_pair("description", &order)
            .append_pair("metadata[order]", &name)
            .finish();
        let key = format!("intent-{name}");
        let said = self.post("/v1/payment_intents", Some(&key), form).await?;
        let PaymentIntent { id, client_secret, .. } = said.success()?;
        let secret = client_secret.ok_or_else(|| temporary("no client secret"))?;
        let pairs = Serializer::new(String::new())
            .append_pair("payment_intent", &id)
            .append_pair("payment_intent_client_secret", &secret)
            .finish();
        let url = format!("{}&{pairs}", return_url(&self.settings.return_url, wish.order));
        Ok(IntentPage { reference: id, url })
    }

    /// Whether a 400 means that there is nothing left to close is seen from how the intent stands.
    async fn close(&self, reference: &str) -> Result<(), AskError> {
        let kind = Kind::of(reference);
        let path = match kind {
            Kind::Session => format!("/v1/checkout/sessions/{reference}/expire"),
            Kind::PaymentIntent => format!("/v1/payment_intents/{reference}/cancel"),
        };
        let said = self.post(&path, None, String::new()).await?;
        if said.status().is_success() {
            return Ok(());
        }
        let is_open = said.status() != StatusCode::BAD_REQUEST
            || match kind {
                Kind::Session => self.session(reference).await?.is_open(),
                Kind::PaymentIntent => self.payment_intent(reference).await?.is_open(),
            };
        if is_open { Err(said.failure()) } else { Ok(()) }
    }

    async fn ask(&self, reference: &str) -> Result<Vec<PaymentNotice>, AskError> {
        let StripeSettings { installation, .. } = &self.settings;
        let notice = match Kind::of(reference) {
            Kind::Session => self.session(reference).await?.notice(installation),
            Kind::PaymentIntent => self.payment_intent(reference).await?.notice(installation),
        };
        let notice = notice.map_err(|reason| temporary(reason.to_string()))?;
        Ok(notice.into_iter().collect())
    }

    async fn session(&self, id: &str) -> Result<Session, AskError> {
        // The Payment Intent tells a payment that is under way from one that failed.
        self.get(&format!("/v1/checkout/sessions/{id}?expand%5B%5D=payment_intent")).await
    }

    async fn payment_intent(&self, id: &str) -> Result<PaymentIntent, AskError> {
        self.get(&format!("/v1/payment_intents/{id}")).await
    }

    /// Of which order the payment was, only the Payment Intent knows.
    async fn dispute(&self, id: &str) -> Result<Option<DisputeNotice>, AskError> {
        let path = format!("/v1/disputes/{id}?expand%5B%5D=payment_intent");
        let dispute: Dispute = self.get(&path).await?;
        dispute.notice(&self.settings.installation).map_err(|reason| temporary(reason.to_string()))
    }

    /// Stripe forgets keys after a day, and an effect may be tried again later than that. So it is
    /// asked first whether the refund was made.
    async fn give_back(&self, wish: &RefundWish) -> Result<RefundReceipt, AskError> {
        if let Some(refund) = self.find_refund(wish).await? {
            return refund.receipt();
        }
        let name = self.settings.installation.refund_name(wish);
        let amount = unit::to_stripe(wish.amount, wish.currency).ok_or_else(not_taken)?;
        let form = Serializer::new(String::new())
            .append_pair("payment_intent", &wish.payment)
            .append_pair("amount", &amount.to_string())
            .append_pair("metadata[order]", &self.name_of(wish.order))
            .append_pair("metadata[refund]", &name)
            .finish();
        let key = format!("refund-{name}");
        let said = self.post("/v1/refunds", Some(&key), form).await?;
        if said.status().is_success() {
            return said.success::<Refund>()?.receipt();
        }
        let passes = said.json::<Failure>().is_ok_and(|failure| failure.passes());
        match said.failure() {
            AskError::Refused(reason) if passes => Err(AskError::Temporary(reason)),
            failure => Err(failure),
        }
    }

    async fn find_refund(&self, wish: &RefundWish) -> Result<Option<Refund>, AskError> {
        let query = Serializer::new(String::new())
            .append_pair("payment_intent", &wish.payment)
            .append_pair("limit", "100")
            .finish();
        let list: List<Refund> = self.get(&format!("/v1/refunds?{query}")).await?;
        let name = self.settings.installation.refund_name(wish);
        Ok(list.data.into_iter().find(|refund| refund.is_called(&name)))
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        let token = self.token();
        let headers = [("authorization", token.as_str()), ("stripe-version", VERSION)];
        self.api.get(path, &headers).await?.success()
    }

    async fn post(
        &self,
        path: &str,
        key: Option<&str>,
        form: String,
    ) -> Result<api::Said, AskError> {
        let token = self.token();
        let mut headers = vec![("authorization", token.as_str()), ("stripe-version", VERSION)];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        self.api.post_form(path, &headers, form).await
    }

    fn name_of(&self, order: OrderId) -> String {
        self.settings.installation.name_of(order)
    }

    fn token(&self) -> String {
        format!("Bearer {}", String::from_utf8_lossy(self.settings.secret_key.expose()))
    }
}

/// What the reference of an intent names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Session,
    PaymentIntent,
}

impl Kind {
    /// By the prefix, not by the settings: those may have been others when the intent was made.
    fn of(reference: &str) -> Self {
        if reference.starts_with("pi_") { Self::PaymentIntent } else { Self::Session }
    }
}

/// When a session ends that nobody closes, in Unix seconds: some time after the order, because
/// Stripe keeps it open for half an hour at least, from its creation, which may be tried until the
/// order ends. Depends on nothing else, so that the same wish is the same request. `None` is a day
/// from now, which is as much as there is.
fn expires_at(until: Time, now: Time) -> Option<u64> {
    let end = until + OPEN_MIN + MARGIN;
    (end <= now + OPEN_MAX - MARGIN).then(|| end.as_ms().div_ceil(1_000))
}

fn lower(currency: Currency) -> String {
    currency.code().to_ascii_lowercase()
}

fn not_taken() -> AskError {
    refused("Stripe cannot take this amount of this currency")
}

impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        unit::is_taken(currency)
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        self.create(wish).boxed()
    }

    fn close_intent<'a>(&'a self, _order: OrderId, reference: &'a str) -> Asking<'a, ()> {
        self.close(reference).boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        self.ask(&question.reference).boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        self.give_back(wish).boxed()
    }

    fn query_refund<'a>(
        &'a self,
        _wish: &'a RefundWish,
        reference: &'a str,
    ) -> Asking<'a, RefundReceipt> {
        async move {
            let refund: Refund = self.get(&format!("/v1/refunds/{reference}")).await?;
            refund.receipt()
        }
        .boxed()
    }

    fn query_dispute<'a>(&'a self, dispute: &'a str) -> Asking<'a, Option<DisputeNotice>> {
        self.dispute(dispute).boxed()
    }

    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        Some(&self.settings.webhook_secrets)
    }

    fn verify_notice(&self, notice: RawNotice<'_>, now: Time) -> Result<Vec<Said>, NoticeError> {
        let header = notice.header(SIGNATURE_HEADER)?;
        let check = |secret| signature::verify(secret, header, notice.body, now);
        let mut reason = SignatureError::Wrong;
        for secret in self.settings.webhook_secrets.current().iter() {
            match check(secret) {
                Ok(()) => return event::read(notice.body, &self.settings.installation),
                // That one secret does not match says less than that another does, too late.
                Err(SignatureError::Wrong) => {}
                Err(other) => reason = other,
            }
        }
        Err(reason.into())
    }

    /// Stripe goes by the status. What is for somebody else on the same account it must not send
    /// again for days: it would give up the endpoint.
    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let is_done = matches!(fate, Fate::Recorded | Fate::NotBelieved(NoticeError::Foreign(_)));
        is_done.then(|| NoticeAnswer::json(r#"{"received":true}"#))
    }
}

#[cfg(test)]
mod tests;
