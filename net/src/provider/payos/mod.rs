//! payOS: bank transfers in Vietnam, to a QR code on its page.
//!
//! ```text
//! create_intent -> POST /v2/payment-requests        -> its page
//! close_intent  -> POST /v2/payment-requests/{code}/cancel
//! query         -> GET  /v2/payment-requests/{code} -> every transfer that came
//! its notices   -> a transfer each (notice.rs)
//! refund        -> there is none: an operator transfers the money back
//! ```
//!
//! What comes is whatever the buyer transfers: too little, too much, twice. Each transfer is a
//! payment under its bank's reference, and the rules decide what it is good for.
//!
//! Sources: payOS's documentation (payos.vn/docs) and its node SDK 2.0.5.
//! Deliberately absent: payouts. They need an account and keys of their own, and nobody says which
//! account a transfer came from is the buyer's to be paid back to.

mod code;
mod notice;
mod permutation;
mod signed;
mod wire;

use futures_util::FutureExt;
use onsale_core::command::PaymentNotice;
use onsale_core::id::OrderId;
use onsale_core::money::Currency;
use onsale_core::time::Time;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::code::{OrderCode, OrderCodes};
use self::signed::Signed;
use self::wire::{Envelope, Link, NewLink, NewPage, SUCCESS};
use super::api::{self, Api, ApiUrl, refused, temporary};
use super::installation::Installation;
use super::notice_secrets::NoticeSecrets;
use super::secret::Secret;
use super::vietnam::is_dong;
use super::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Question, RawNotice, RefundReceipt, RefundWish, Said, return_url,
};

/// The provider's name.
pub const NAME: &str = "payos";

/// Where payOS's API is.
pub const API: &str = "https://api-merchant.payos.vn";

/// Where payOS's pages are; `/` and the page's name follow. Unconfirmed: so all addresses look that
/// payOS gives out, but only the answer to the first question for a page has one.
pub const PAGES: &str = "https://pay.payos.vn/web";

/// What an answer says about an order that has a page already. Unconfirmed: not in payOS's
/// documentation, but in what its users report, together with status 200.
const EXISTS: &str = "231";

/// What an answer says about an order that payOS does not know. Unconfirmed in the same way.
const UNKNOWN: &str = "101";

/// What the server needs to know to take money with payOS.
#[derive(Clone, Debug)]
pub struct PayosSettings {
    /// Where the API is: [`API`].
    pub api: ApiUrl,
    /// Where the pages are: [`PAGES`].
    pub pages: ApiUrl,
    /// The merchant's `x-client-id`.
    pub client_id: String,
    /// The merchant's `x-api-key`.
    pub api_key: Secret,
    /// What both sides sign with.
    pub checksum_key: Secret,
    /// What payOS may sign with: that one, and those from before. Any that fits is believed.
    pub notice_secrets: NoticeSecrets,
    /// Where a buyer goes afterwards; `?order=` and the order's id are added.
    pub return_url: String,
    /// Whose orders they are.
    pub installation: Installation,
}

/// payOS.
pub struct Payos {
    api: Api,
    pages: ApiUrl,
    client_id: String,
    api_key: Secret,
    checksum_key: Secret,
    notice_secrets: NoticeSecrets,
    codes: OrderCodes,
    return_url: String,
}

/// payOS's own word that it did not do what it was asked.
struct Refusal {
    code: String,
    words: String,
}

impl From<Refusal> for AskError {
    fn from(Refusal { code, words }: Refusal) -> Self {
        refused(format!("code {code}: {words}"))
    }
}

impl Payos {
    /// The provider with these settings.
    pub fn new(settings: PayosSettings) -> Self {
        Self {
            api: Api::new(settings.api),
            pages: settings.pages,
            client_id: settings.client_id,
            api_key: settings.api_key,
            checksum_key: settings.checksum_key,
            notice_secrets: settings.notice_secrets,
            codes: OrderCodes::of(&settings.installation),
            return_url: settings.return_url,
        }
    }

    async fn create(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        let code = self.code_of(wish.order)?;
        let back = return_url(&self.return_url, wish.order);
        let mut link = NewLink {
            order_code: code,
            amount: wish.amount.as_minor(),
            description: &memo(wish.order),
            cancel_url: &back,
            return_url: &back,
            expired_at: wish.until.as_ms() / 1_000,
            signature: String::new(),
        };
        link.signature = self.checksum_key.hmac_sha256_hex(link.signed_text().as_bytes());
        let answer = self.api.post_json("/v2/payment-requests", &self.headers(), &link).await?;
        match self.read::<NewPage>(&answer)? {
            Ok(page) => Ok(IntentPage { reference: page.payment_link_id, url: page.checkout_url }),
            Err(refusal) if refusal.code == EXISTS => self.page_again(code, wish).await,
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The page that an order has already: payOS makes no second one, and does not repeat where the
    /// first one is. Nobody was shown a page whose address did not come, so one on which somebody
    /// has paid, or for another amount, is of something else that was sold at this account.
    async fn page_again(&self, code: OrderCode, wish: &IntentWish) -> Result<IntentPage, AskError> {
        let gone = || temporary("payOS knows the order's code, and knows it not");
        let link = self.look(code).await?.ok_or_else(gone)?;
        if link.amount != wish.amount.as_minor() || !link.is_untouched() {
            let Link { id, amount, status, .. } = link;
            let what = format!("{id} over {amount} VND, {status:?}");
            return Err(refused(format!("the order's code belongs to something else: {what}")));
        }
        let url = format!("{}/{}", self.pages.as_str(), link.id);
        Ok(IntentPage { reference: link.id, url })
    }

    async fn close(&self, order: OrderId) -> Result<(), AskError> {
        let code = self.code_of(order)?;
        let path = format!("/v2/payment-requests/{}/cancel", code.number());
        let reason = json!({ "cancellationReason": "The time to pay is over" });
        let answer = self.api.post_json(&path, &self.headers(), &reason).await?;
        let why = match self.read::<Link>(&answer) {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(refusal)) => refusal.into(),
            Err(away @ AskError::Temporary(_)) => return Err(away),
            Err(no) => no,
        };
        // It says no as well when there is nothing left to cancel.
        let is_open = self.look(code).await?.is_some_and(|link| link.status.is_open());
        if is_open { Err(why) } else { Ok(()) }
    }

    async fn ask(&self, question: &Question) -> Result<Vec<PaymentNotice>, AskError> {
        let Question { order, reference, .. } = question;
        match self.look(self.code_of(*order)?).await? {
            Some(link) if link.id == *reference => Ok(link.notices(*order)),
            Some(link) => Err(refused(format!("payOS's {} is not {order}'s {reference}", link.id))),
            None => Ok(Vec::new()),
        }
    }

    /// What payOS knows about an order, if anything.
    async fn look(&self, code: OrderCode) -> Result<Option<Link>, AskError> {
        let path = format!("/v2/payment-requests/{}", code.number());
        let answer = self.api.get(&path, &self.headers()).await?;
        match self.read::<Link>(&answer)? {
            Ok(link) if link.order_code == code => Ok(Some(link)),
            Ok(_) => Err(temporary("payOS answered about another order")),
            Err(refusal) if refusal.code == UNKNOWN => Ok(None),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// What an answer says, or payOS's refusal. It may come with a status of success.
    fn read<T: DeserializeOwned>(
        &self,
        answer: &api::Said,
    ) -> Result<Result<T, Refusal>, AskError> {
        let Envelope { code, desc, data, signature } = answer.success()?;
        if code != SUCCESS {
            return Ok(Err(Refusal { code, words: desc.unwrap_or_default() }));
        }
        let (Some(data), Some(signature)) = (data, signature) else {
            return Err(temporary("payOS answered without data or signature"));
        };
        let signed = Signed { data, signature };
        if !signed.is_by(&self.notice_secrets) {
            return Err(temporary("payOS's answer has a wrong signature: check the checksum key"));
        }
        let unreadable = |fault: serde_json::Error| temporary(format!("payOS's answer: {fault}"));
        signed.read().map(Ok).map_err(unreadable)
    }

    fn code_of(&self, order: OrderId) -> Result<OrderCode, AskError> {
        let none = || refused("the event has more orders than payOS has numbers for");
        self.codes.code_of(order).ok_or_else(none)
    }

    fn headers(&self) -> [(&'static str, &str); 2] {
        // Settings are text, so the key is; payOS says what is wrong with any other.
        let api_key = str::from_utf8(self.api_key.expose()).unwrap_or_default();
        [("x-client-id", self.client_id.as_str()), ("x-api-key", api_key)]
    }
}

/// What stands on the buyer's bank statement. payOS adds its own sign, by which it knows the
/// transfer again. Unconfirmed: 9 characters where the account was not opened through payOS, which
/// is what the largest number of an order makes.
fn memo(order: OrderId) -> String {
    format!("VE{}", order.number)
}

impl PaymentProvider for Payos {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        is_dong(currency)
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        self.create(wish).boxed()
    }

    fn close_intent<'a>(&'a self, order: OrderId, _reference: &'a str) -> Asking<'a, ()> {
        self.close(order).boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        self.ask(question).boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        std::future::ready(Err(by_hand(wish))).boxed()
    }

    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        Some(&self.notice_secrets)
    }

    fn verify_notice(&self, notice: RawNotice<'_>, _now: Time) -> Result<Vec<Said>, NoticeError> {
        let notice = notice::read(&self.notice_secrets, &self.codes, notice.body)?;
        Ok(notice.map(Said::PaymentIfOrdered).into_iter().collect())
    }

    /// Every 2xx will do. What is for nobody here need not come again.
    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let is_foreign = matches!(fate, Fate::NotBelieved(NoticeError::Foreign(_)));
        is_foreign.then(|| NoticeAnswer::json(r#"{"success":true}"#))
    }
}

/// What the operator must do, for payOS cannot.
fn by_hand(wish: &RefundWish) -> AskError {
    refused(format!(
        "payOS cannot give money back: transfer {} VND by hand to where the transfer {} for {} \
         came from, and settle this refund as done by hand",
        wish.amount.as_minor(),
        wish.payment,
        wish.order,
    ))
}

#[cfg(test)]
mod tests {
    use onsale_core::money::Amount;

    use super::*;

    #[test]
    fn only_dong_are_taken_and_orders_that_have_a_number() {
        let url = |text| ApiUrl::parse(text).unwrap();
        let payos = Payos::new(PayosSettings {
            api: url(API),
            pages: url(PAGES),
            client_id: "client".into(),
            api_key: Secret::new("key"),
            checksum_key: Secret::new("checksum"),
            notice_secrets: vec![Secret::new("checksum")].into(),
            return_url: "https://example.com/return".into(),
            installation: Installation::of(1),
        });
        assert!(payos.takes("VND".parse().unwrap()));
        assert!(!payos.takes("USD".parse().unwrap()));
        assert_eq!(payos.headers(), [("x-client-id", "client"), ("x-api-key", "key")]);
        let beyond = OrderId { number: 1 << 21, .."ord_0000400000000".parse().unwrap() };
        assert!(matches!(payos.code_of(beyond), Err(AskError::Refused(_))));
    }

    #[test]
    fn a_memo_is_short_and_no_trial() {
        let order = |number| OrderId { number, .."ord_0000400000000".parse().unwrap() };
        assert_eq!(memo(order(7)), "VE7");
        assert_eq!(memo(order((1 << 21) - 2)).len(), 9);
    }

    #[test]
    fn a_refund_tells_the_operator_what_to_do() {
        let wish = RefundWish {
            order: "ord_0000400000003".parse().unwrap(),
            refund: 0,
            attempt: 0,
            payment: "FT1".into(),
            amount: Amount::from_minor(50_000),
            currency: "VND".parse().unwrap(),
        };
        let AskError::Refused(words) = by_hand(&wish) else { panic!("payOS has no refunds") };
        for what in ["50000 VND", "by hand", "FT1", "ord_0000400000003"] {
            assert!(words.contains(what), "{what}: {words}");
        }
    }
}
