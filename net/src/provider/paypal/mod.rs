//! `PayPal`: the buyer says yes on its page, and the money is taken by us afterwards.
//!
//! ```text
//! create_intent -> POST /v2/checkout/orders              -> its page
//! its notices   -> "ask about this order" (notice.rs)
//! query         -> GET  /v2/checkout/orders/{id}         -> the captures
//!                  POST /v2/checkout/orders/{id}/capture    while the order waits for its money
//! refund        -> POST /v2/payments/captures/{id}/refund
//! query_refund  -> GET  /v2/payments/refunds/{id}
//! ```
//!
//! A page stays open for hours, and nobody can close it. It does no harm: a buyer who says yes too
//! late pays nothing, for only [`query`](PaymentProvider::query) takes money, and only while it is
//! wanted.
//!
//! Sources: paypal/paypal-rest-api-specifications (Orders 2.13, Payments 2.9) and
//! developer.paypal.com.

mod certificate;
mod dispute;
mod money;
mod notice;
#[cfg(test)]
mod testing;
mod token;
mod wire;

use std::sync::Arc;

use axum::http::StatusCode;
use futures_util::FutureExt;
use onsale_core::command::{DisputeNotice, PaymentNotice, PaymentOutcome};
use onsale_core::id::OrderId;
use onsale_core::money::Currency;
use onsale_core::time::Time;
use serde_json::{Value, json};

use self::certificate::Certificates;
use self::dispute::{Dispute, Paid};
use self::money::Money;
use self::notice::Reader;
use self::token::Tokens;
use self::wire::{Name, Order, OrderStatus, Refund, RefundStatus};
use super::api::{self, Api, ApiUrl, Headers, refused, temporary};
use super::installation::Installation;
use super::notice_secrets::NoticeSecrets;
use super::secret::Secret;
use super::{
    AskError, Asking, Clock, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError,
    PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said, return_url,
};

/// The provider's name.
pub const NAME: &str = "paypal";

/// Where `PayPal`'s API is.
pub const API: &str = "https://api-m.paypal.com";

/// Why a capture fails for good: the buyer is told, and may order again.
const DECLINED: [&str; 6] = [
    "INSTRUMENT_DECLINED",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "PAYER_ACCOUNT_RESTRICTED",
    "PAYER_CANNOT_PAY",
    "TRANSACTION_LIMIT_EXCEEDED",
    "TRANSACTION_REFUSED",
];

/// What the server needs to know to take money with `PayPal`.
#[derive(Clone, Debug)]
pub struct PaypalSettings {
    /// Where the API is: [`API`].
    pub api: ApiUrl,
    /// The name of the merchant's app.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: Secret,
    /// `PayPal`'s names for the webhooks that lead here. One that a notice was signed for is
    /// enough, so one can be replaced by another. They are no secrets, but used as such.
    pub webhook_ids: NoticeSecrets,
    /// Where a buyer goes afterwards; `?order=` and the order's id are added.
    pub return_url: String,
    /// Whose orders they are.
    pub installation: Installation,
}

/// `PayPal`.
pub struct Paypal {
    api: Api,
    tokens: Tokens,
    reader: Reader,
    return_url: String,
    installation: Installation,
    clock: Clock,
}

/// What came of taking the money.
enum Taken {
    /// What is known of it.
    Now(Order),
    /// Somebody took it before.
    Before,
    /// The buyer has to say yes again.
    NotYet,
    /// It will not be taken.
    Never,
}

impl Paypal {
    /// The provider with these settings.
    pub fn new(settings: PaypalSettings, clock: Clock) -> Self {
        let PaypalSettings { api, client_id, client_secret, .. } = settings;
        let PaypalSettings { webhook_ids, return_url, installation, .. } = settings;
        let certificates = Certificates::new(&api);
        let reader = Reader::new(webhook_ids, certificates, installation.clone());
        let tokens = Tokens::new(client_id, client_secret, Arc::clone(&clock));
        Self { api: Api::new(api), tokens, reader, return_url, installation, clock }
    }

    async fn create(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        let money = Money::of(wish.amount, wish.currency)?;
        let back = return_url(&self.return_url, wish.order);
        let name = self.installation.name_of(wish.order);
        let order = json!({
            "intent": "CAPTURE",
            "purchase_units": [{ "custom_id": name, "amount": money }],
            "payment_source": { "paypal": { "experience_context": {
                "return_url": back,
                "cancel_url": back,
                "user_action": "PAY_NOW",
                "shipping_preference": "NO_SHIPPING",
                // What takes days to arrive is of no use to an order that lives for minutes.
                "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
            }}},
        });
        let said = self.post("/v2/checkout/orders", &name, &order).await?;
        let made: Order = said.success()?;
        let url = made.page().ok_or_else(|| temporary(format!("{} has no page", made.id)))?;
        Ok(IntentPage { reference: made.id.to_string(), url: url.to_owned() })
    }

    async fn ask(&self, question: &Question) -> Result<Vec<PaymentNotice>, AskError> {
        let Question { order, reference, is_wanted } = question;
        let id = name(reference)?;
        let seen = self.look(&id).await?;
        // A notice named both, and nobody vouches for notices.
        if seen.custom_id() != Some(self.installation.name_of(*order).as_str()) {
            return Err(refused(format!("PayPal's {id} is not of {order}")));
        }
        if seen.status != OrderStatus::Approved || !is_wanted {
            return seen.notices(*order);
        }
        match self.capture(&id, *order).await? {
            Taken::Now(seen) => seen.notices(*order),
            Taken::Before => self.look(&id).await?.notices(*order),
            Taken::NotYet => Ok(Vec::new()),
            Taken::Never => Ok(vec![wire::notice(*order, &id, PaymentOutcome::Declined)]),
        }
    }

    async fn look(&self, id: &Name) -> Result<Order, AskError> {
        self.get(&format!("/v2/checkout/orders/{id}")).await?.success()
    }

    /// Takes the money that the buyer agreed to. `PayPal` does it once for an order, whatever the
    /// key.
    async fn capture(&self, id: &Name, order: OrderId) -> Result<Taken, AskError> {
        let path = format!("/v2/checkout/orders/{id}/capture");
        let key = format!("{}-capture", self.installation.name_of(order));
        let said = self.post(&path, &key, &json!({})).await?;
        if said.status().is_success() {
            return said.json().map(Taken::Now);
        }
        match wire::issue(&said).as_str() {
            "ORDER_ALREADY_CAPTURED" => Ok(Taken::Before),
            "ORDER_NOT_APPROVED" | "PAYER_ACTION_REQUIRED" => Ok(Taken::NotYet),
            "ORDER_COMPLETION_IN_PROGRESS" => Err(temporary("somebody else is taking the money")),
            issue if DECLINED.contains(&issue) => Ok(Taken::Never),
            _ => Err(said.failure()),
        }
    }

    /// Asks for a refund. What `PayPal` refuses is refused for good, also what it would do once the
    /// merchant has money again: it is unconfirmed that it looks twice at one key. An operator has
    /// it asked anew, under another.
    async fn give_back(&self, wish: &RefundWish) -> Result<RefundReceipt, AskError> {
        let (id, order) = (name(&wish.payment)?, self.installation.name_of(wish.order));
        let amount = Money::of(wish.amount, wish.currency)?;
        let path = format!("/v2/payments/captures/{id}/refund");
        let body = json!({ "amount": amount, "custom_id": order });
        let said = self.post(&path, &self.installation.refund_name(wish), &body).await?;
        receipt(&said.success()?)
    }

    async fn ask_refund(&self, reference: &str) -> Result<RefundReceipt, AskError> {
        let path = format!("/v2/payments/refunds/{}", name(reference)?);
        receipt(&self.get(&path).await?.success()?)
    }

    /// Of which order the payment was, only the capture knows.
    async fn dispute(&self, id: &str) -> Result<Option<DisputeNotice>, AskError> {
        if !dispute::is_name(id) {
            return Err(refused(format!("{id:?} is no name of a dispute")));
        }
        let seen: Dispute = self.get(&format!("/v1/customer/disputes/{id}")).await?.success()?;
        let Some(payment) = seen.capture() else { return Ok(None) };
        let paid = self.get(&format!("/v2/payments/captures/{payment}")).await?;
        let paid: Paid = paid.success()?;
        paid.order(&self.installation).map(|order| seen.notice(order, payment)).transpose()
    }

    async fn get(&self, path: &str) -> Result<api::Said, AskError> {
        let authorization = self.tokens.authorization(&self.api).await?;
        let headers = [("authorization", authorization.as_str())];
        let said = self.api.get(path, &headers).await?;
        Ok(self.mind(&authorization, said).await)
    }

    /// Sends what is done once for each key. The answer to it is whole, not only a name.
    async fn post(&self, path: &str, key: &str, body: &Value) -> Result<api::Said, AskError> {
        let authorization = self.tokens.authorization(&self.api).await?;
        let headers: Headers<'_> = &[
            ("authorization", authorization.as_str()),
            ("paypal-request-id", key),
            ("prefer", "return=representation"),
        ];
        let said = self.api.post_json(path, headers, body).await?;
        Ok(self.mind(&authorization, said).await)
    }

    /// A token that was not taken is not tried again.
    async fn mind(&self, authorization: &str, said: api::Said) -> api::Said {
        if said.status() == StatusCode::UNAUTHORIZED {
            self.tokens.forget(authorization).await;
        }
        said
    }
}

fn name(text: &str) -> Result<Name, AskError> {
    Name::try_from(text.to_owned()).map_err(|fault| refused(format!("{text:?}: {fault}")))
}

/// What a refund that `PayPal` has taken on is here.
fn receipt(refund: &Refund) -> Result<RefundReceipt, AskError> {
    let reference = refund.id.to_string();
    match refund.status {
        RefundStatus::Completed => Ok(RefundReceipt::done(reference)),
        RefundStatus::Pending => Ok(RefundReceipt::pending(reference)),
        RefundStatus::Cancelled | RefundStatus::Failed => {
            Err(refused(format!("the refund {reference} came to nothing: {:?}", refund.status)))
        }
    }
}

impl PaymentProvider for Paypal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        money::takes(currency)
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        self.create(wish).boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        async move {
            self.reader.certificates.fetch_one((self.clock)()).await;
            self.ask(question).await
        }
        .boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        self.give_back(wish).boxed()
    }

    fn query_refund<'a>(
        &'a self,
        _wish: &'a RefundWish,
        reference: &'a str,
    ) -> Asking<'a, RefundReceipt> {
        self.ask_refund(reference).boxed()
    }

    fn query_dispute<'a>(&'a self, dispute: &'a str) -> Asking<'a, Option<DisputeNotice>> {
        self.dispute(dispute).boxed()
    }

    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        Some(&self.reader.webhook_ids)
    }

    fn verify_notice(&self, notice: RawNotice<'_>, now: Time) -> Result<Vec<Said>, NoticeError> {
        self.reader.read(notice, now).map(|ask| ask.into_iter().collect())
    }

    /// Every 2xx will do. What is for nobody here need not come again for three days.
    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let is_foreign = matches!(fate, Fate::NotBelieved(NoticeError::Foreign(_)));
        is_foreign.then(|| NoticeAnswer::json("{}"))
    }
}

#[cfg(test)]
mod tests;
