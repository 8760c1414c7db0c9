//! `VNPay`, version 2.1.0: a page whose address is made here, a notice (IPN) by `GET`, questions
//! and refunds by JSON. Dong only.
//!
//! ```text
//! create_intent -> an address with signed parameters; VNPay hears of it when a buyer goes there
//! IPN           -> paid, called off or failed
//! query         -> merchant_api
//! refund        -> refunds -> merchant_api
//! ```
//!
//! Deliberately absent: what the buyer's browser brings to `vnp_ReturnUrl`; it proves nothing.
//!
//! Sources: sandbox.vnpayment.vn/apis/docs, and the public npm library `vnpay`.

mod merchant_api;
mod reference;
mod refunds;
mod signing;
mod transaction;

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::ready;
use http::Method;
use onsale_core::command::PaymentNotice;
use onsale_core::money::Currency;
use onsale_core::time::Time;
use tracing::info;

use self::merchant_api::{MerchantApi, VERSION};
use self::reference::{PaymentName, TxnRef};
use self::signing::Query;
use self::transaction::{OK, dong_of, hundredths, notice};
use super::api::{ApiUrl, refused, temporary};
use super::installation::{Installation, NotOurs};
use super::notice_secrets::NoticeSecrets;
use super::secret::Secret;
use super::{
    AskError, Asking, Clock, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError,
    PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said, return_url, vietnam,
};

/// The provider's name.
pub const NAME: &str = "vnpay";
/// Where buyers pay real money. Not in `VNPay`'s public documentation, which knows the sandbox only
/// (`https://sandbox.vnpayment.vn/paymentv2/vpcpay.html`): `VNPay` names it in the contract.
pub const PAGE: &str = "https://pay.vnpay.vn/vpcpay.html";
/// Where one asks about real money; in the sandbox
/// `https://sandbox.vnpayment.vn/merchant_webapi/api/transaction`. The same goes for it.
pub const API: &str = "https://merchant.vnpay.vn/merchant_webapi/api/transaction";

/// `vnp_Locale`: the page begins in Vietnamese, and has a switch.
const LOCALE: &str = "vn";
/// `vnp_OrderType`: `VNPay`'s list of goods has nothing for tickets.
const ORDER_TYPE: &str = "other";

/// `vnp_ResponseCode` of a question: `VNPay` knows no such transaction.
const NOT_FOUND: &str = "91";

/// What `VNPay`'s adapter needs to know.
#[derive(Clone, Debug)]
pub struct VnpaySettings {
    /// Where buyers pay.
    pub page: ApiUrl,
    /// Where one asks.
    pub api: ApiUrl,
    /// The merchant's terminal (`vnp_TmnCode`).
    pub tmn_code: String,
    /// What is signed with (`vnp_HashSecret`).
    pub hash_secret: Secret,
    /// What is signed with that comes from there: that one, and those from before. Any that fits is
    /// believed.
    pub notice_secrets: NoticeSecrets,
    /// Where a buyer goes who has paid; `?order=` and the order's id are added.
    pub return_url: String,
    /// The address that `VNPay` is told as the buyer's and as the server's. No buyer's address
    /// comes here; that `VNPay` does without it is unconfirmed.
    pub ip: IpAddr,
    /// Whose orders they are.
    pub installation: Installation,
}

/// `VNPay`.
pub struct Vnpay {
    settings: Arc<VnpaySettings>,
    api: MerchantApi,
    clock: Clock,
}

impl Vnpay {
    /// An adapter with these settings.
    pub fn new(settings: VnpaySettings, clock: Clock) -> Self {
        let settings = Arc::new(settings);
        let api = MerchantApi::new(Arc::clone(&settings));
        Self { settings, api, clock }
    }

    /// The address of a page. It is another each second, as the create date is part of it: of
    /// several, buyers are shown the one that was recorded, so no order is paid twice.
    fn page(&self, wish: &IntentWish) -> Result<IntentPage, AskError> {
        if !self.takes(wish.currency) {
            return Err(refused("VNPay takes dong only"));
        }
        let created = vietnam::stamp((self.clock)());
        let amount = hundredths(wish.amount)?;
        let VnpaySettings { installation, .. } = &*self.settings;
        let intent = TxnRef::new(installation, wish.order, created, wish.amount);
        let reference = intent.to_string();
        let parameters = [
            ("vnp_Version", VERSION.into()),
            ("vnp_Command", "pay".into()),
            ("vnp_TmnCode", self.settings.tmn_code.clone()),
            ("vnp_Amount", amount),
            ("vnp_CurrCode", wish.currency.to_string()),
            ("vnp_TxnRef", reference.clone()),
            // VNPay wants no accents and no signs here.
            ("vnp_OrderInfo", format!("Tickets {}", intent.name)),
            ("vnp_OrderType", ORDER_TYPE.into()),
            ("vnp_Locale", LOCALE.into()),
            ("vnp_ReturnUrl", return_url(&self.settings.return_url, wish.order)),
            ("vnp_IpAddr", self.settings.ip.to_string()),
            ("vnp_CreateDate", intent.created),
            ("vnp_ExpireDate", vietnam::stamp(wish.until)),
        ];
        let query = Query::new(parameters).signed(&self.settings.hash_secret);
        Ok(IntentPage { reference, url: format!("{}?{query}", self.settings.page.as_str()) })
    }

    async fn ask(&self, reference: &str) -> Result<Vec<PaymentNotice>, AskError> {
        let intent = TxnRef::parse(&self.settings.installation, reference)
            .map_err(|_| refused("no reference of VNPay's pages"))?;
        let reply = self.api.query(&intent, None, (self.clock)()).await?;
        match reply.code() {
            OK => {}
            // The buyer has not gone there.
            NOT_FOUND => return Ok(Vec::new()),
            // Wrong keys, VNPay's trouble, or too many questions: all of it passes.
            _ => return Err(temporary(reply.words())),
        }
        if reply.is_of_refund() {
            return Ok(Vec::new());
        }
        let unreadable = || temporary("VNPay's answer about a transaction cannot be read");
        let payment = Some(intent).filter(|intent| intent.to_string() == reply.get("vnp_TxnRef"));
        let payment = payment.and_then(|it| PaymentName::new(it, reply.get("vnp_TransactionNo")));
        let payment = payment.ok_or_else(unreadable)?;
        let amount = dong_of(reply.get("vnp_Amount")).ok_or_else(unreadable)?;
        let said = notice(&payment, amount, OK, reply.get("vnp_TransactionStatus"));
        Ok(said.into_iter().collect())
    }
}

impl PaymentProvider for Vnpay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        vietnam::is_dong(currency)
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        ready(self.page(wish)).boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        self.ask(&question.reference).boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        self.give_back(wish).boxed()
    }

    fn query_refund<'a>(
        &'a self,
        wish: &'a RefundWish,
        reference: &'a str,
    ) -> Asking<'a, RefundReceipt> {
        self.ask_refund(wish, reference).boxed()
    }

    fn notice_method(&self) -> Method {
        Method::GET
    }

    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        Some(&self.settings.notice_secrets)
    }

    fn verify_notice(&self, raw: RawNotice<'_>, _now: Time) -> Result<Vec<Said>, NoticeError> {
        let query = Query::verified(raw.query, &*self.settings.notice_secrets.current())?;
        let field = |name| query.get(name).unwrap_or_default();
        let malformed = |what: &str| NoticeError::Malformed(format!("{what} in {}", raw.query));
        if field("vnp_TmnCode") != self.settings.tmn_code {
            return Err(NoticeError::Foreign(format!("of terminal {}", field("vnp_TmnCode"))));
        }
        let reference = field("vnp_TxnRef");
        let intent = match TxnRef::parse(&self.settings.installation, reference) {
            Ok(intent) => intent,
            // It has nothing to say here. VNPay would repeat it ten times if that were an error.
            Err(NotOurs::OtherInstallations) => {
                info!(reference, "a notice of VNPay's for another installation");
                return Ok(Vec::new());
            }
            Err(NotOurs::Nobodys) => {
                return Err(NoticeError::Foreign(format!("vnp_TxnRef {reference}")));
            }
        };
        let payment = PaymentName::new(intent, field("vnp_TransactionNo"))
            .ok_or_else(|| malformed("vnp_TransactionNo"))?;
        let amount = dong_of(field("vnp_Amount")).ok_or_else(|| malformed("vnp_Amount"))?;
        let said =
            notice(&payment, amount, field("vnp_ResponseCode"), field("vnp_TransactionStatus"));
        Ok(said.map(Said::Payment).into_iter().collect())
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        Some(NoticeAnswer::json(match fate {
            Fate::Recorded => r#"{"RspCode":"00","Message":"Confirm Success"}"#,
            Fate::NotBelieved(NoticeError::Signature(_)) => {
                r#"{"RspCode":"97","Message":"Fail checksum"}"#
            }
            Fate::NotBelieved(NoticeError::Foreign(_)) => {
                r#"{"RspCode":"01","Message":"Order not found"}"#
            }
            Fate::NotBelieved(NoticeError::Malformed(_)) | Fate::NotNow => {
                r#"{"RspCode":"99","Message":"Unknown error"}"#
            }
        }))
    }
}

#[cfg(test)]
mod tests;
