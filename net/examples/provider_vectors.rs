//! The adapters behind lines of JSON, so that programs with the providers' own SDKs can try them
//! (`cargo xtask providers`). Keys and accounts are those of the simulator. One line in, one out:
//!
//! | `do` | besides `provider` and `api` | answer |
//! |---|---|---|
//! | `verify` | `method`, `headers`, `query`, `body` | `said` |
//! | `create` | `order`, `amount`, `currency` | `reference`, `url` |
//! | `query` | `order`, `reference` | `said` |
//! | `close` | `order`, `reference` | |
//! | `refund` | `order`, `refund`, `payment`, `amount`, `currency` | `reference`, `is_pending` |
//! | `query_refund` | the same, and `reference` | `reference`, `is_pending` |
//! | `name` | `order` | `name`, what the order is called where there is room |
//!
//! `installation` says whose orders they are, in hexadecimal, as `directory.toml` in a data
//! directory does; without it, it is 1. Stripe's `flow` is `checkout` unless a line says
//! `payment_intents`. What is refused is answered with `error`. Amounts are in minor units.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use onsale_core::command::{PaymentNotice, PaymentOutcome};
use onsale_core::money::Amount;
use onsale_core::time::{Span, Time};
use onsale_net::provider::api::ApiUrl;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::notice_secrets::NoticeSecrets;
use onsale_net::provider::payos::{Payos, PayosSettings};
use onsale_net::provider::paypal::{Paypal, PaypalSettings};
use onsale_net::provider::razorpay::{Razorpay, RazorpaySettings};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::stripe::{Flow, Stripe, StripeSettings};
use onsale_net::provider::vnpay::{Vnpay, VnpaySettings};
use onsale_net::provider::zalopay::{Zalopay, ZalopaySettings};
use onsale_net::provider::{
    Clock, IntentWish, PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said,
};
use onsale_provider_sim::credentials;
use serde::Deserialize;
use serde_json::{Value, json};

const RETURN_URL: &str = "https://tickets.example/thanks";

#[derive(Deserialize)]
struct Line {
    provider: String,
    api: String,
    #[serde(default)]
    flow: StripeFlow,
    installation: Option<String>,
    #[serde(flatten)]
    wish: Wish,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StripeFlow {
    #[default]
    Checkout,
    PaymentIntents,
}

impl From<StripeFlow> for Flow {
    fn from(flow: StripeFlow) -> Self {
        match flow {
            StripeFlow::Checkout => Self::Checkout,
            StripeFlow::PaymentIntents => Self::PaymentIntents,
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Wish {
    Verify { method: String, headers: BTreeMap<String, String>, query: String, body: String },
    Create { order: String, amount: u64, currency: String },
    Query { order: String, reference: String },
    Close { order: String, reference: String },
    Refund(Refund),
    QueryRefund(RefundQuery),
    Name { order: String },
}

#[derive(Deserialize)]
struct Refund {
    order: String,
    #[serde(rename = "refund")]
    number: u32,
    payment: String,
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
struct RefundQuery {
    reference: String,
    #[serde(flatten)]
    refund: Refund,
}

impl Refund {
    fn wish(self) -> Result<RefundWish, Box<dyn Error>> {
        let Self { order, number, payment, amount, currency } = self;
        let (order, currency) = (order.parse()?, currency.parse()?);
        let amount = Amount::from_minor(amount);
        Ok(RefundWish { order, refund: number, attempt: 0, payment, amount, currency })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let answer = runtime.block_on(answer(&line?));
        let answer = answer.unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

async fn answer(line: &str) -> Result<Value, Box<dyn Error>> {
    let Line { provider, api, flow, installation, wish } = serde_json::from_str(line)?;
    let installation = u128::from_str_radix(installation.as_deref().unwrap_or("1"), 16)?;
    let installation = Installation::of(installation);
    let provider = adapter(&provider, &api, flow, installation.clone())?;
    match wish {
        Wish::Verify { method, headers, query, body } => {
            let expected = provider.notice_method();
            if method != expected.as_str() {
                return Err(format!("notices come by {expected}").into());
            }
            let headers = header_map(&headers)?;
            let raw = RawNotice { headers: &headers, query: &query, body: body.as_bytes() };
            let said = provider.verify_notice(raw, now())?;
            Ok(json!({ "said": said.iter().map(said_as_json).collect::<Vec<_>>() }))
        }
        Wish::Create { order, amount, currency } => {
            let (amount, until) = (Amount::from_minor(amount), now() + Span::from_mins(15));
            let (order, currency) = (order.parse()?, currency.parse()?);
            let wish = IntentWish { order, amount, currency, until };
            let page = provider.create_intent(&wish).await?;
            Ok(json!({ "reference": page.reference, "url": page.url }))
        }
        Wish::Query { order, reference } => {
            let question = Question { order: order.parse()?, reference, is_wanted: true };
            let said = provider.query(&question).await?;
            Ok(json!({ "said": said.iter().map(notice_as_json).collect::<Vec<_>>() }))
        }
        Wish::Close { order, reference } => {
            provider.close_intent(order.parse()?, &reference).await?;
            Ok(json!({}))
        }
        Wish::Refund(refund) => Ok(receipt_as_json(&provider.refund(&refund.wish()?).await?)),
        Wish::QueryRefund(RefundQuery { reference, refund }) => {
            let receipt = provider.query_refund(&refund.wish()?, &reference).await?;
            Ok(receipt_as_json(&receipt))
        }
        Wish::Name { order } => Ok(json!({ "name": installation.name_of(order.parse()?) })),
    }
}

/// The adapter of this name, for the simulator's merchant, with the API at this address.
fn adapter(
    name: &str,
    api: &str,
    flow: StripeFlow,
    installation: Installation,
) -> Result<Box<dyn PaymentProvider>, Box<dyn Error>> {
    let at = |path: &str| ApiUrl::parse(&format!("{api}{path}"));
    let return_url = RETURN_URL.to_owned();
    let secrets = |text: &str| NoticeSecrets::from(vec![Secret::new(text)]);
    let clock: Clock = Arc::new(now);
    Ok(match name {
        "stripe" => {
            let settings = StripeSettings {
                api: at("")?,
                secret_key: Secret::new(credentials::STRIPE_SECRET_KEY),
                webhook_secrets: secrets(credentials::STRIPE_WEBHOOK_SECRET),
                return_url,
                installation,
                flow: flow.into(),
            };
            Box::new(Stripe::new(settings, clock))
        }
        "razorpay" => {
            let settings = RazorpaySettings {
                api: at("/v1")?,
                key_id: credentials::RAZORPAY_KEY_ID.into(),
                key_secret: Secret::new(credentials::RAZORPAY_KEY_SECRET),
                webhook_secrets: secrets(credentials::RAZORPAY_WEBHOOK_SECRET),
                return_url,
                installation,
            };
            Box::new(Razorpay::new(settings, clock))
        }
        "paypal" => {
            let settings = PaypalSettings {
                api: at("")?,
                client_id: credentials::PAYPAL_CLIENT_ID.into(),
                client_secret: Secret::new(credentials::PAYPAL_SECRET),
                webhook_ids: secrets(credentials::PAYPAL_WEBHOOK_ID),
                return_url,
                installation,
            };
            Box::new(Paypal::new(settings, clock))
        }
        other => vietnamese(other, api, installation)?,
    })
}

/// The same for those that take dong.
fn vietnamese(
    name: &str,
    api: &str,
    installation: Installation,
) -> Result<Box<dyn PaymentProvider>, Box<dyn Error>> {
    let at = |path: &str| ApiUrl::parse(&format!("{api}{path}"));
    let return_url = RETURN_URL.to_owned();
    let secrets = |text: &str| NoticeSecrets::from(vec![Secret::new(text)]);
    Ok(match name {
        "payos" => {
            let settings = PayosSettings {
                api: at("")?,
                pages: at("/pay")?,
                client_id: credentials::PAYOS_CLIENT_ID.into(),
                api_key: Secret::new(credentials::PAYOS_API_KEY),
                checksum_key: Secret::new(credentials::PAYOS_CHECKSUM_KEY),
                notice_secrets: secrets(credentials::PAYOS_CHECKSUM_KEY),
                return_url,
                installation,
            };
            Box::new(Payos::new(settings))
        }
        "vnpay" => {
            let settings = VnpaySettings {
                page: at("/paymentv2/vpcpay.html")?,
                api: at("/merchant_webapi/api/transaction")?,
                tmn_code: credentials::VNPAY_TMN_CODE.into(),
                hash_secret: Secret::new(credentials::VNPAY_HASH_SECRET),
                notice_secrets: secrets(credentials::VNPAY_HASH_SECRET),
                return_url,
                installation,
                ip: [127, 0, 0, 1].into(),
            };
            Box::new(Vnpay::new(settings, Arc::new(now)))
        }
        "zalopay" => {
            let settings = ZalopaySettings {
                api: at("")?,
                app_id: u32::try_from(credentials::ZALOPAY_APP_ID)?,
                key1: Secret::new(credentials::ZALOPAY_KEY1),
                key2s: secrets(credentials::ZALOPAY_KEY2),
                callback_url: None,
                return_url,
                installation,
            };
            Box::new(Zalopay::new(settings, Arc::new(now)))
        }
        other => return Err(format!("there is no adapter {other} here").into()),
    })
}

fn now() -> Time {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, Box<dyn Error>> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(map)
}

fn said_as_json(said: &Said) -> Value {
    match said {
        Said::Payment(notice) | Said::PaymentIfOrdered(notice) => notice_as_json(notice),
        Said::Ask { order, reference } => {
            json!({ "order": order.to_string(), "ask": reference })
        }
        Said::AskDispute(dispute) => json!({ "ask": dispute }),
    }
}

fn notice_as_json(notice: &PaymentNotice) -> Value {
    let (outcome, money) = match notice.outcome {
        PaymentOutcome::Captured { amount, currency } => ("captured", Some((amount, currency))),
        PaymentOutcome::Declined => ("declined", None),
        PaymentOutcome::Started => ("started", None),
    };
    json!({
        "order": notice.order.to_string(),
        "payment": notice.payment,
        "outcome": outcome,
        "amount": money.map(|(amount, _)| amount.as_minor()),
        "currency": money.map(|(_, currency)| currency.to_string()),
    })
}

fn receipt_as_json(receipt: &RefundReceipt) -> Value {
    json!({ "reference": receipt.reference, "is_pending": receipt.is_pending })
}
