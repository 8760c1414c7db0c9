//! What the sandbox sends: a signed POST over HTTP, as providers do.

use std::time::Duration;

use onsale_core::command::{PaymentNotice, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::time::Time;
use serde::{Deserialize, Serialize};

use super::ledger::{Intent, IntentId, Notice, NoticeKind};
use crate::provider::secret::Secret;
use crate::provider::signature;
use crate::provider::{NoticeError, RawNotice, Said};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "sandbox-signature";

/// How long the receiver may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A notice as it goes over the wire. Fields that a reader does not know it skips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The name of the news: the same when it is sent again.
    pub id: String,
    /// What is said.
    #[serde(rename = "type")]
    pub kind: NoticeKind,
    /// When it happened, in seconds since the Unix epoch.
    pub created: u64,
    /// About what.
    pub data: Data,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// Which intent.
    pub intent: IntentId,
    /// For which order.
    #[serde(with = "super::text")]
    pub order: OrderId,
    /// Which payment.
    pub payment: String,
    /// How much, in minor units.
    pub amount_minor: Amount,
    /// Of what.
    #[serde(with = "super::text")]
    pub currency: Currency,
}

impl Body {
    /// What is sent of `notice`.
    pub fn of(id: &IntentId, intent: &Intent, notice: &Notice) -> Self {
        let data = Data {
            intent: id.clone(),
            order: intent.order,
            payment: notice.payment.clone(),
            amount_minor: notice.amount_minor,
            currency: intent.currency,
        };
        let created = notice.at.as_ms() / 1_000;
        Self { id: notice.id.clone(), kind: notice.kind, created, data }
    }

    /// What is said.
    pub fn notice(self) -> PaymentNotice {
        let Data { order, payment, amount_minor, currency, .. } = self.data;
        let outcome = self.kind.outcome(amount_minor, currency);
        PaymentNotice { provider: Provider(super::NAME.into()), order, payment, outcome }
    }
}

/// Reads what a sandbox with this secret sent, and nothing else.
pub fn read(secret: &Secret, notice: RawNotice<'_>, now: Time) -> Result<Vec<Said>, NoticeError> {
    signature::verify(secret, notice.header(SIGNATURE_HEADER)?, notice.body, now)?;
    let body: Body = serde_json::from_slice(notice.body)?;
    Ok(vec![Said::Payment(body.notice())])
}

/// Sends notices to one address, over connections that are kept open.
#[derive(Clone, Debug)]
pub struct Sender {
    client: reqwest::Client,
    url: String,
    secret: Secret,
}

impl Sender {
    /// A sender to `url`, which is `http`: the sandbox and the server it is part of share a
    /// machine.
    pub fn new(url: String, secret: Secret) -> Result<Self, reqwest::Error> {
        // A proxy that is configured for the world is not the way to this machine.
        let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, url, secret })
    }

    /// Sends once; anything but a 2xx is a failure.
    pub async fn send(&self, body: &Body, now: Time) -> Result<(), String> {
        let bytes = serde_json::to_vec(body).map_err(|fault| fault.to_string())?;
        let signature = signature::sign(&self.secret, now, &bytes);
        let request = self
            .client
            .post(&self.url)
            .header(SIGNATURE_HEADER, signature)
            .header("content-type", "application/json")
            .body(bytes);
        let answer = request.send().await.map_err(|fault| fault.to_string())?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("answered {status}")) }
    }
}
