//! Razorpay: pages by Payment Links.
//!
//! What lives here: the calls to the API and when a link ends. What Razorpay's entities and events
//! mean is in `entity` and `event`.
//!
//! Sources: razorpay.com/docs/api (Payment Links, Payments, Refunds, Disputes),
//! razorpay.com/docs/webhooks.
//!
//! Deliberately absent: the pop-up in a page of one's own (Orders and Checkout.js), and the signed
//! parameters that a browser brings back: a return pays nothing.

mod entity;
mod event;

use futures_util::FutureExt;
use http::StatusCode;
use onsale_core::command::{DisputeNotice, PaymentNotice};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::time::{Span, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::entity::{Collection, Dispute, Failure, Link, Links, Payment, Refund};
use super::api::{Api, ApiUrl, refused, temporary};
use super::currency::exponent;
use super::installation::Installation;
use super::notice_secrets::NoticeSecrets;
use super::secret::Secret;
use super::signature::SignatureError;
use super::{
    AskError, Asking, Clock, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError,
    PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said, return_url,
};

/// The provider's name.
pub const NAME: &str = "razorpay";

/// Where its API is.
pub const API: &str = "https://api.razorpay.com/v1";

/// The header with the signature of a webhook.
pub const SIGNATURE_HEADER: &str = "x-razorpay-signature";

/// How far in the future the end of a link must be. Unconfirmed: it is not in the documentation,
/// only in what the API is said to answer ("at least 15 minutes in future").
const EXPIRY_MIN: Span = Span::from_mins(15);

/// How far Razorpay's clock and ours may be from each other.
const MARGIN: Span = Span::from_mins(1);

/// How many links an order may have: one whose page nobody heard of, and that cannot be found
/// again, is followed by another.
const LINKS_MAX: u32 = 3;

/// The currencies that it takes, as ISO 4217 counts them.
/// Source: razorpay.com/docs/payments/international-payments, Supported Currencies.
const CURRENCIES: &str = "AED ALL AMD AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD \
    BTN BWP BZD CAD CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD GBP GHS GIP \
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD \
    KZT LAK LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR \
    NZD OMR PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SCR SEK SGD SLL SOS SVC SZL THB TND \
    TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV XAF XCD XOF XPF YER ZAR ZMW";

/// What is needed to work with a Razorpay account.
#[derive(Clone, Debug)]
pub struct RazorpaySettings {
    /// Where the API is; [`API`] for the real one.
    pub api: ApiUrl,
    /// The public half of the API key, `rzp_…`.
    pub key_id: String,
    /// The secret half.
    pub key_secret: Secret,
    /// The secrets of the webhook. Any one that fits is believed: retries of old events stay signed
    /// with the old one after it was changed.
    pub webhook_secrets: NoticeSecrets,
    /// Where the buyer goes afterwards; `?order=` and the order's id are added.
    pub return_url: String,
    /// Whose orders they are.
    pub installation: Installation,
}

/// A Razorpay account.
pub struct Razorpay {
    api: Api,
    settings: RazorpaySettings,
    clock: Clock,
}

impl Razorpay {
    /// The account of these settings.
    pub fn new(settings: RazorpaySettings, clock: Clock) -> Self {
        Self { api: Api::new(settings.api.clone()), settings, clock }
    }

    /// Razorpay takes a reference once. Whoever asks again is given the link that has it; if that
    /// cannot be found, nobody has its address, and another one does no harm.
    async fn create(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        let amount = units(wish.amount, wish.currency)?;
        let name = self.settings.installation.name_of(wish.order);
        for number in 0..LINKS_MAX {
            let reference = reference(&name, number);
            let body = json!({
                "amount": amount,
                "currency": wish.currency.code(),
                "accept_partial": false,
                "reference_id": reference,
                "description": wish.order.to_string(),
                "expire_by": expire_by(wish.until, (self.clock)()),
                "notes": { "order": name },
                "notify": { "sms": false, "email": false },
                "reminder_enable": false,
                "callback_url": return_url(&self.settings.return_url, wish.order),
                "callback_method": "get",
            });
            match self.post::<Link>("/payment_links", None, &body).await {
                Ok(link) => return link.page(),
                Err(Failed { failure: Some(failure), .. }) if failure.says_reference_is_used() => {
                    if let Some(link) = self.find_link(&reference).await? {
                        return link.page();
                    }
                }
                Err(failed) => return Err(failed.reason),
            }
        }
        Err(temporary("all references of the order are used, and no link has one"))
    }

    /// The filter by reference is documented, and said not to work: what comes is looked through.
    async fn find_link(&self, reference: &str) -> Result<Option<Link>, AskError> {
        let links: Links = self.get(&format!("/payment_links?reference_id={reference}")).await?;
        Ok(links.payment_links.into_iter().find(|link| link.is_called(reference)))
    }

    /// Whether a 400 means that there is nothing left to cancel is seen from how the link stands.
    async fn close(&self, id: &str) -> Result<(), AskError> {
        let path = format!("/payment_links/{id}/cancel");
        match self.post::<Link>(&path, None, &json!({})).await {
            Ok(_) => Ok(()),
            Err(failed) if failed.status == Some(StatusCode::BAD_REQUEST) => {
                if self.link(id).await?.is_open() { Err(failed.reason) } else { Ok(()) }
            }
            Err(failed) => Err(failed.reason),
        }
    }

    /// Money that is only authorized, because the account does not capture by itself, is taken if
    /// it is still wanted; else Razorpay lets go of it after some days.
    async fn ask(&self, question: &Question) -> Result<Vec<PaymentNotice>, AskError> {
        let link = self.link(&question.reference).await?;
        let payments = match link.order_id() {
            Some(id) => self.get::<Collection<Payment>>(&format!("/orders/{id}/payments")).await?,
            None => return Ok(Vec::new()),
        };
        let mut notices = Vec::new();
        for mut payment in payments.items {
            if payment.is_authorized() && question.is_wanted {
                payment = self.capture(&payment).await?;
            }
            let notice = payment.notice(question.order);
            notices.extend(notice.map_err(|reason| temporary(reason.to_string()))?);
        }
        Ok(notices)
    }

    async fn link(&self, id: &str) -> Result<Link, AskError> {
        self.get(&format!("/payment_links/{id}")).await
    }

    async fn capture(&self, payment: &Payment) -> Result<Payment, AskError> {
        let path = format!("/payments/{}/capture", payment.id);
        let body = json!({ "amount": payment.amount, "currency": payment.currency });
        self.post(&path, None, &body).await.map_err(|failed| failed.reason)
    }

    /// Of which order the payment was, only the payment knows. Others come to the same account.
    async fn dispute(&self, id: &str) -> Result<Option<DisputeNotice>, AskError> {
        let dispute: Dispute = self.get(&format!("/disputes/{id}")).await?;
        let payment: Payment = self.get(&format!("/payments/{}", dispute.payment_id)).await?;
        let installation = &self.settings.installation;
        let order = payment.notes.order().and_then(|name| installation.order_named(name).ok());
        let notice = order.map(|order| dispute.notice(order)).transpose();
        notice.map_err(|reason| temporary(reason.to_string()))
    }

    /// How long Razorpay remembers an idempotency key is not documented. So it is asked first
    /// whether the refund was made.
    async fn give_back(&self, wish: &RefundWish) -> Result<RefundReceipt, AskError> {
        let amount = units(wish.amount, wish.currency)?;
        let RazorpaySettings { installation, .. } = &self.settings;
        let (id, payment) = (installation.refund_name(wish), &wish.payment);
        let path = format!("/payments/{payment}/refunds?count=100");
        let refunds: Collection<Refund> = self.get(&path).await?;
        if let Some(refund) = refunds.items.into_iter().find(|refund| refund.is_called(&id)) {
            return refund.receipt();
        }
        let body = json!({
            "amount": amount,
            "speed": "normal",
            "receipt": id,
            "notes": { "order": installation.name_of(wish.order) },
        });
        let path = format!("/payments/{payment}/refund");
        match self.post::<Refund>(&path, Some(&id), &body).await {
            Ok(refund) => refund.receipt(),
            Err(Failed { failure: Some(failure), reason: AskError::Refused(words), .. })
                if failure.says_balance_is_low() =>
            {
                Err(AskError::Temporary(words))
            }
            Err(failed) => Err(failed.reason),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        let token = self.settings.key_secret.basic(&self.settings.key_id);
        self.api.get(path, &[("authorization", &token)]).await?.success()
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        refund_key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let token = self.settings.key_secret.basic(&self.settings.key_id);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(refund_key.map(|key| ("x-refund-idempotency", key)));
        let said = self.api.post_json(path, &headers, body).await?;
        if said.status().is_success() {
            return Ok(said.json()?);
        }
        let failure = said.json().ok();
        Err(Failed { status: Some(said.status()), failure, reason: said.failure() })
    }
}

/// Why a POST did not succeed: in our words, and in Razorpay's if they could be read.
struct Failed {
    status: Option<StatusCode>,
    failure: Option<Failure>,
    reason: AskError,
}

impl From<AskError> for Failed {
    fn from(reason: AskError) -> Self {
        Self { status: None, failure: None, reason }
    }
}

/// The name of a link of the order with this name. At most 40 characters.
fn reference(order: &str, number: u32) -> String {
    if number == 0 { order.to_owned() } else { format!("{order}-{number}") }
}

/// When a link ends, in Unix seconds: with the order, or as soon after it as Razorpay lets it.
fn expire_by(until: Time, now: Time) -> u64 {
    until.max(now + EXPIRY_MIN + MARGIN).as_ms().div_ceil(1_000)
}

/// The amount in Razorpay's units, which are those of ISO 4217. Of three decimals the last must
/// be 0.
fn units(amount: Amount, currency: Currency) -> Result<u64, AskError> {
    let units = amount.as_minor();
    let fits = is_taken(currency) && (exponent(currency) < 3 || units.is_multiple_of(10));
    let why = || refused("Razorpay cannot take this amount of this currency");
    fits.then_some(units).ok_or_else(why)
}

fn is_taken(currency: Currency) -> bool {
    CURRENCIES.split_ascii_whitespace().any(|code| code == currency.code())
}

impl PaymentProvider for Razorpay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        is_taken(currency)
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        self.create(wish).boxed()
    }

    fn close_intent<'a>(&'a self, _order: OrderId, reference: &'a str) -> Asking<'a, ()> {
        self.close(reference).boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        self.ask(question).boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        self.give_back(wish).boxed()
    }

    fn query_refund<'a>(
        &'a self,
        _wish: &'a RefundWish,
        reference: &'a str,
    ) -> Asking<'a, RefundReceipt> {
        async move { self.get::<Refund>(&format!("/refunds/{reference}")).await?.receipt() }.boxed()
    }

    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        Some(&self.settings.webhook_secrets)
    }

    fn query_dispute<'a>(&'a self, dispute: &'a str) -> Asking<'a, Option<DisputeNotice>> {
        self.dispute(dispute).boxed()
    }

    /// There is no time in the signature: an old event, sent again, says nothing new.
    fn verify_notice(&self, notice: RawNotice<'_>, _now: Time) -> Result<Vec<Said>, NoticeError> {
        let digest = notice.header(SIGNATURE_HEADER)?;
        let secrets = self.settings.webhook_secrets.current();
        if !secrets.iter().any(|secret| secret.is_hmac_sha256_hex(notice.body, digest)) {
            return Err(SignatureError::Wrong.into());
        }
        event::read(notice.body, &self.settings.installation)
    }

    /// Razorpay goes by the status, and switches a webhook off that fails for a day. What is for
    /// somebody else on the same account must not lead to that.
    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let is_done = matches!(fate, Fate::Recorded | Fate::NotBelieved(NoticeError::Foreign(_)));
        is_done.then(|| NoticeAnswer::json(r#"{"status":"ok"}"#))
    }
}

#[cfg(test)]
mod tests;
