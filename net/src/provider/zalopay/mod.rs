//! `ZaloPay` (openapi v2): orders, callbacks, questions and refunds by JSON. Dong only.
//!
//! ```text
//! create_intent -> /v2/create    close_intent -> /v2/cancel    query        -> /v2/query
//! refund        -> /v2/refund    callback     -> callback      query_refund -> /v2/query_refund
//! ```
//!
//! Deliberately absent: what the buyer's browser brings to `redirecturl`; it proves nothing.
//!
//! Sources: docs.zalopay.vn, and the description in zalopay-oss/zalopay-nodejs (specs/zlp.yaml).

mod answer;
mod callback;

use futures_util::FutureExt;
use onsale_core::command::{PaymentNotice, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::Currency;
use onsale_core::time::{Span, Time};
use serde::Deserialize;
use serde_json::{Value, json};

use self::answer::Answer;
use super::api::{Api, ApiUrl, refused};
use super::installation::Installation;
use super::notice_secrets::NoticeSecrets;
use super::secret::Secret;
use super::{
    AskError, Asking, Clock, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError,
    PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said, return_url, vietnam,
};

/// The provider's name.
pub const NAME: &str = "zalopay";
/// Where the API for real money is; that of the sandbox is at `https://sb-openapi.zalopay.vn`.
pub const API: &str = "https://openapi.zalopay.vn";

/// Where an order is cancelled. The documentation says how, and not where: the path is what public
/// code has, so unconfirmed. Where it is wrong, orders end at their time and not before.
const CANCEL: &str = "/v2/cancel";

/// The shortest and the longest time an order may have, in seconds (`expire_duration_seconds`).
const EXPIRY_S: (u64, u64) = (300, 2_592_000);
/// How a name begins that says its day: `yymmdd`.
const DAY_DIGITS: usize = 6;
const DAY: Span = Span::from_mins(24 * 60);

/// What `ZaloPay`'s adapter needs to know.
#[derive(Clone, Debug)]
pub struct ZalopaySettings {
    /// Where the API is.
    pub api: ApiUrl,
    /// The merchant's application.
    pub app_id: u32,
    /// What is signed with that goes to `ZaloPay`.
    pub key1: Secret,
    /// What callbacks are signed with: any of these is believed.
    pub key2s: NoticeSecrets,
    /// Where callbacks go, if not where the application's settings at `ZaloPay` say.
    pub callback_url: Option<String>,
    /// Where a buyer goes who has paid; `?order=` and the order's id are added.
    pub return_url: String,
    /// Whose orders they are.
    pub installation: Installation,
}

impl ZalopaySettings {
    /// `app_trans_id`: the day, and the order's plain name; at most 40 letters and digits.
    fn name_of(&self, order: OrderId, now: Time) -> String {
        format!("{}_{}", vietnam::day(now), self.installation.plain_name_of(order))
    }

    /// The order with this `app_trans_id`, if it is one of ours.
    fn order_of(&self, name: &str) -> Option<OrderId> {
        let plain_name = name.split('_').nth(1)?;
        self.installation.order_named_plainly(plain_name).ok()
    }
}

/// `ZaloPay`.
pub struct Zalopay {
    settings: ZalopaySettings,
    api: Api,
    clock: Clock,
}

impl Zalopay {
    /// An adapter with these settings.
    pub fn new(settings: ZalopaySettings, clock: Clock) -> Self {
        Self { api: Api::new(settings.api.clone()), settings, clock }
    }

    /// Makes an order. Should its name be taken, the answer to an earlier attempt was lost, and
    /// with it the address of the page: nobody can pay that order, and another is made.
    async fn open(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        if !self.takes(wish.currency) {
            return Err(refused("ZaloPay takes dong only"));
        }
        let now = (self.clock)();
        let mut reference = self.settings.name_of(wish.order, now);
        let mut answer = self.send("/v2/create", &self.order(wish, &reference, now)).await?;
        if answer.is_duplicate_order() {
            reference = format!("{reference}_{}", vietnam::time_of_day(now));
            answer = self.send("/v2/create", &self.order(wish, &reference, now)).await?;
        }
        Ok(IntentPage { reference, url: answer.page()? })
    }

    fn order(&self, wish: &IntentWish, name: &str, now: Time) -> Value {
        let ZalopaySettings { app_id, callback_url, return_url: base, .. } = &self.settings;
        let (user, amount, app_time) = (wish.order, wish.amount.as_minor(), now.as_ms());
        let redirect = return_url(base, wish.order);
        let (embed_data, item) = (json!({ "redirecturl": redirect }).to_string(), "[]");
        let signed = format!("{app_id}|{name}|{user}|{amount}|{app_time}|{embed_data}|{item}");
        let mut order = json!({
            "app_id": app_id,
            // Nothing comes here that says who the buyer is.
            "app_user": user.to_string(),
            "app_trans_id": name,
            "app_time": app_time,
            "expire_duration_seconds": seconds_until(wish.until, now),
            "amount": amount,
            "item": item,
            "description": format!("Tickets, order {user}"),
            "embed_data": embed_data,
            "bank_code": "",
            "mac": self.mac(&signed),
        });
        if let Some(url) = callback_url {
            order["callback_url"] = url.as_str().into();
        }
        order
    }

    async fn ask(&self, name: &str) -> Result<Option<PaymentNotice>, AskError> {
        let no_name = || refused("no name of an order at ZaloPay");
        let order = self.settings.order_of(name).ok_or_else(no_name)?;
        let said = self.send("/v2/query", &self.naming(name)).await?.payment(name)?;
        Ok(said.map(|(payment, outcome)| PaymentNotice {
            provider: Provider(NAME.into()),
            order,
            payment,
            outcome,
        }))
    }

    /// What asks about an order, or cancels it: signed over the key itself, too.
    fn naming(&self, name: &str) -> Value {
        let ZalopaySettings { app_id, key1, .. } = &self.settings;
        let signed = [format!("{app_id}|{name}|").as_bytes(), key1.expose()].concat();
        let mac = key1.hmac_sha256_hex(&signed);
        json!({ "app_id": app_id, "app_trans_id": name, "mac": mac })
    }

    /// Gives money back under a name that begins with the day of the payment: so it is the same
    /// name whenever it is asked for, and the refund is made once.
    ///
    /// The documentation says "the current date", and older lists have a code for a wrong day;
    /// whether `ZaloPay` still insists on the day of the request is unconfirmed. Where it does,
    /// nothing came of the first name, and today's is used, unless yesterday's was.
    async fn give_back(&self, wish: &RefundWish) -> Result<RefundReceipt, AskError> {
        let now = (self.clock)();
        let today = vietnam::day(now);
        let day = wish.payment.get(..DAY_DIGITS).unwrap_or(&today);
        let name = self.name_of_refund(wish, day);
        let answer = self.send("/v2/refund", &self.refund_order(wish, &name, now)).await?;
        if !answer.is_wrong_refund_day() {
            return answer.receipt(name);
        }
        let name = self.name_of_refund(wish, &vietnam::day(now - DAY));
        let answer = self.send("/v2/query_refund", &self.naming_refund(&name, now)).await?;
        if !answer.is_not_found() {
            return answer.receipt(name);
        }
        let name = self.name_of_refund(wish, &today);
        let answer = self.send("/v2/refund", &self.refund_order(wish, &name, now)).await?;
        answer.receipt(name)
    }

    /// `m_refund_id`: the day, the application, and what is ours; at most 45 letters and digits. An
    /// order has few refunds, for it has few tickets, and few attempts at each.
    fn name_of_refund(&self, wish: &RefundWish, day: &str) -> String {
        let ZalopaySettings { app_id, installation, .. } = &self.settings;
        let order = installation.plain_name_of(wish.order);
        format!("{day}_{app_id}_{order}_{}", wish.number('_'))
    }

    fn refund_order(&self, wish: &RefundWish, name: &str, now: Time) -> Value {
        let app_id = self.settings.app_id;
        let (payment, amount, timestamp) = (&wish.payment, wish.amount.as_minor(), now.as_ms());
        let description = format!("Refund {} of order {}", wish.refund, wish.order);
        let signed = format!("{app_id}|{payment}|{amount}|{description}|{timestamp}");
        json!({
            "app_id": app_id,
            "m_refund_id": name,
            "zp_trans_id": payment,
            "amount": amount,
            "timestamp": timestamp,
            "description": description,
            "mac": self.mac(&signed),
        })
    }

    async fn ask_refund(&self, name: &str) -> Result<RefundReceipt, AskError> {
        let question = self.naming_refund(name, (self.clock)());
        self.send("/v2/query_refund", &question).await?.receipt(name.to_owned())
    }

    fn naming_refund(&self, name: &str, now: Time) -> Value {
        let (app_id, timestamp) = (self.settings.app_id, now.as_ms());
        let mac = self.mac(&format!("{app_id}|{name}|{timestamp}"));
        json!({ "app_id": app_id, "m_refund_id": name, "timestamp": timestamp, "mac": mac })
    }

    fn mac(&self, signed: &str) -> String {
        self.settings.key1.hmac_sha256_hex(signed.as_bytes())
    }

    async fn send(&self, path: &str, body: &Value) -> Result<Answer, AskError> {
        self.api.post_json(path, &[], body).await?.success()
    }
}

fn seconds_until(until: Time, now: Time) -> u64 {
    let (least, most) = EXPIRY_S;
    (until.since(now).as_ms() / 1_000).clamp(least, most)
}

/// A number that `ZaloPay` writes as one in some places, and as a text in others.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

impl PaymentProvider for Zalopay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        vietnam::is_dong(currency)
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        self.open(wish).boxed()
    }

    /// An order has five minutes at least, and its payment here may have less.
    fn close_intent<'a>(&'a self, _order: OrderId, reference: &'a str) -> Asking<'a, ()> {
        async move { self.send(CANCEL, &self.naming(reference)).await?.cancelled() }.boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        async move { Ok(self.ask(&question.reference).await?.into_iter().collect()) }.boxed()
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

    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        Some(&self.settings.key2s)
    }

    fn verify_notice(&self, notice: RawNotice<'_>, _now: Time) -> Result<Vec<Said>, NoticeError> {
        Ok(vec![Said::Payment(callback::read(&self.settings, notice.body)?)])
    }

    /// `ZaloPay` calls again after 0, three times at most.
    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        Some(NoticeAnswer::json(match fate {
            Fate::Recorded => r#"{"return_code":1,"return_message":"success"}"#,
            Fate::NotBelieved(NoticeError::Signature(_)) => {
                r#"{"return_code":-1,"return_message":"mac not equal"}"#
            }
            Fate::NotBelieved(_) => r#"{"return_code":2,"return_message":"not an order here"}"#,
            Fate::NotNow => r#"{"return_code":0,"return_message":"call again"}"#,
        }))
    }
}

#[cfg(test)]
mod tests;
