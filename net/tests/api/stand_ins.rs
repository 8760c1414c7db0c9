//! What stands in for the slow pool and for a payment provider.

use onsale_core::command::PaymentNotice;
use onsale_core::money::Currency;
use onsale_core::time::Time;
use onsale_net::provider::{
    Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider, Question,
    RawNotice, RefundReceipt, RefundWish, Said,
};
use onsale_net::slow::{Busy, Job, SlowPool};

/// A slow pool without bounds.
pub struct Spawn;

impl SlowPool for Spawn {
    fn start(&self, job: Job) -> Result<(), Busy> {
        tokio::spawn(job);
        Ok(())
    }
}

/// A provider that is never asked here.
pub struct Till;

impl PaymentProvider for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, _: &'a IntentWish) -> Asking<'a, IntentPage> {
        unreachable!("no effects are run")
    }

    fn refund<'a>(&'a self, _: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        unreachable!("no effects are run")
    }

    fn query<'a>(&'a self, _: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        unreachable!("nothing is reconciled")
    }

    fn verify_notice(&self, _: RawNotice<'_>, _: Time) -> Result<Vec<Said>, NoticeError> {
        unreachable!("no webhooks are sent")
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let answer = NoticeAnswer { content_type: "text/plain", body: "ok" };
        (fate == Fate::Recorded).then_some(answer)
    }
}
