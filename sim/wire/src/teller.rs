//! The server's way to the bank: a payment provider that is asked over HTTP. What comes in by
//! webhook is read by the shipped sandbox's own code.

use futures_util::FutureExt;
use onsale_core::command::PaymentNotice;
use onsale_core::money::Currency;
use onsale_core::time::Time;
use onsale_net::provider::sandbox::{self, webhook};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Question, RawNotice, RefundReceipt, RefundWish, Said,
};
use serde_json::{Value, json};

use crate::http::{Answer, Call, send};

/// Asks the bank.
pub struct Teller {
    secret: Secret,
}

impl Teller {
    /// A teller who believes webhooks that are signed with `secret`.
    pub fn new(secret: Secret) -> Self {
        Self { secret }
    }
}

impl PaymentProvider for Teller {
    fn name(&self) -> &'static str {
        sandbox::NAME
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        let body = json!({
            "id": wish.order.to_string(),
            "order": wish.order.to_string(),
            "amount_minor": wish.amount,
            "currency": wish.currency.code(),
        });
        async move {
            let said = ask(&Call::post("/intents", &body)).await?;
            Ok(IntentPage { reference: text(&said, "reference"), url: text(&said, "url") })
        }
        .boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        let body = json!({
            "id": wish.id(),
            "payment": wish.payment,
            "amount_minor": wish.amount,
        });
        async move {
            let said = ask(&Call::post("/refunds", &body)).await?;
            Ok(RefundReceipt::done(text(&said, "reference")))
        }
        .boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        async move {
            let said = ask(&Call::get(format!("/intents/{}", question.reference))).await?;
            let bodies: Vec<webhook::Body> = serde_json::from_value(said)
                .map_err(|fault| AskError::Temporary(fault.to_string()))?;
            Ok(bodies.into_iter().map(webhook::Body::notice).collect())
        }
        .boxed()
    }

    fn verify_notice(&self, notice: RawNotice<'_>, now: Time) -> Result<Vec<Said>, NoticeError> {
        webhook::read(&self.secret, notice, now)
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        (fate == Fate::Recorded).then(|| NoticeAnswer::json(r#"{"received":true}"#))
    }
}

async fn ask(call: &Call) -> Result<Value, AskError> {
    let answer = send("bank", call).await;
    let Answer { status, .. } = *answer.as_ref().ok_or(AskError::Temporary("no answer".into()))?;
    let said = answer.map(|answer| answer.json()).unwrap_or_default();
    match status.as_u16() {
        200..300 => Ok(said),
        400..500 => Err(AskError::Refused(text(&said, "why"))),
        _ => Err(AskError::Temporary(status.to_string())),
    }
}

fn text(said: &Value, member: &str) -> String {
    said[member].as_str().unwrap_or_default().to_owned()
}
