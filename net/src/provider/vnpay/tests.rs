//! What a page says, what notices are believed, and how they are answered.

use super::*;
use http::HeaderMap;
use onsale_core::command::PaymentOutcome;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::time::Span;

use crate::provider::signature::SignatureError;

/// 2024-05-21T09:17:51 in Vietnam.
const NOW: Time = Time::from_ms(1_716_257_871_703);

fn vnpay() -> Vnpay {
    let settings = VnpaySettings {
        page: ApiUrl::parse(PAGE).unwrap(),
        api: ApiUrl::parse(API).unwrap(),
        tmn_code: "TESTTMN1".into(),
        hash_secret: Secret::new("test_secret"),
        notice_secrets: vec![Secret::new("test_secret"), Secret::new("old_secret")].into(),
        return_url: "https://tickets.example/thanks".into(),
        ip: IpAddr::from([203, 0, 113, 7]),
        installation: Installation::of(1),
    };
    Vnpay::new(settings, Arc::new(|| NOW))
}

fn order() -> OrderId {
    "ord_0000400000003".parse().unwrap()
}

fn page(minor: u64, currency: &str) -> Result<IntentPage, AskError> {
    let until = NOW + Span::from_mins(10);
    let (amount, currency) = (Amount::from_minor(minor), currency.parse().unwrap());
    vnpay().page(&IntentWish { order: order(), amount, currency, until })
}

const REFERENCE: &str = "0000400000003acsqawqy202405210917511500000";

/// What `VNPay` would say, signed.
fn ipn(changes: &[(&str, &str)], secret: &str) -> String {
    let mut fields = vec![
        ("vnp_Amount", "150000000"),
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", "TESTTMN1"),
        ("vnp_TransactionNo", "14422574"),
        ("vnp_TransactionStatus", "00"),
        ("vnp_TxnRef", REFERENCE),
    ];
    fields.extend(changes);
    Query::new(fields).signed(&Secret::new(secret))
}

fn read(query: &str) -> Result<Vec<Said>, NoticeError> {
    let headers = HeaderMap::new();
    vnpay().verify_notice(RawNotice { headers: &headers, query, body: b"" }, NOW)
}

#[test]
fn a_page_is_an_address_that_says_everything() {
    let page = page(1_500_000, "VND").unwrap();
    assert_eq!(page.reference, REFERENCE);
    let (address, query) = page.url.split_once('?').unwrap();
    assert_eq!(address, PAGE);
    let query = Query::verified(query, [&Secret::new("test_secret")]).unwrap();
    for (name, value) in [
        ("vnp_Amount", "150000000"),
        ("vnp_TxnRef", REFERENCE),
        ("vnp_OrderInfo", "Tickets 0000400000003acsqawqy"),
        ("vnp_CreateDate", "20240521091751"),
        ("vnp_ExpireDate", "20240521092751"),
        ("vnp_ReturnUrl", "https://tickets.example/thanks?order=ord_0000400000003"),
        ("vnp_CurrCode", "VND"),
        ("vnp_IpAddr", "203.0.113.7"),
    ] {
        assert_eq!(query.get(name), Some(value), "{name}");
    }
}

#[test]
fn only_dong_are_taken_and_not_too_many() {
    assert!(vnpay().takes("VND".parse().unwrap()));
    assert!(!vnpay().takes("USD".parse().unwrap()));
    assert!(matches!(page(1_000, "USD"), Err(AskError::Refused(_))));
    assert!(matches!(page(10_000_000_000, "VND"), Err(AskError::Refused(_))));
}

#[test]
fn a_notice_of_money_is_a_payment() {
    for secret in ["test_secret", "old_secret"] {
        let said = read(&ipn(&[], secret)).unwrap();
        let [Said::Payment(notice)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((notice.order, notice.provider.0.as_str()), (order(), NAME));
        assert_eq!(notice.payment, format!("{REFERENCE}/14422574"));
        let (amount, currency) = (Amount::from_minor(1_500_000), vietnam::dong());
        assert_eq!(notice.outcome, PaymentOutcome::Captured { amount, currency });
    }
}

#[test]
fn a_notice_of_failure_declines_and_one_of_nothing_says_nothing() {
    let failed = [("vnp_ResponseCode", "24"), ("vnp_TransactionStatus", "02")];
    let said = read(&ipn(&failed, "test_secret")).unwrap();
    let [Said::Payment(notice)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(notice.outcome, PaymentOutcome::Declined);
    let open = [("vnp_TransactionStatus", "01")];
    assert_eq!(read(&ipn(&open, "test_secret")), Ok(vec![]));
}

#[test]
fn what_vnpay_did_not_sign_is_not_believed() {
    let wrong = Err(NoticeError::Signature(SignatureError::Wrong));
    assert_eq!(read(&ipn(&[], "stranger")), wrong);
    let good = ipn(&[], "test_secret");
    assert_eq!(read(&good.replacen("=150000000", "=150000100", 1)), wrong);
    let missing = Err(NoticeError::Signature(SignatureError::Missing));
    assert_eq!(read("vnp_TxnRef=1"), missing);
}

#[test]
fn what_is_signed_may_still_be_for_somebody_else_or_nonsense() {
    let read = |changes: &[_]| read(&ipn(changes, "test_secret"));
    for foreign in [("vnp_TmnCode", "OTHERTMN"), ("vnp_TxnRef", "1716257871703")] {
        let refusal = read(&[foreign]);
        assert!(matches!(refusal, Err(NoticeError::Foreign(_))), "{foreign:?}");
    }
    let of_another = "00004000000039shky5ws202405210917511500000";
    assert_eq!(read(&[("vnp_TxnRef", of_another)]), Ok(vec![]), "and it does not come again");
    for malformed in [("vnp_Amount", "150000050"), ("vnp_TransactionNo", "1/2")] {
        let refusal = read(&[malformed]);
        assert!(matches!(refusal, Err(NoticeError::Malformed(_))), "{malformed:?}");
    }
}

fn code(fate: Fate<'_>) -> String {
    let body = vnpay().notice_answer(fate).unwrap().body;
    let answer: serde_json::Value = serde_json::from_str(body).unwrap();
    answer["RspCode"].as_str().unwrap().to_owned()
}

#[test]
fn every_fate_has_its_answer() {
    assert_eq!(code(Fate::Recorded), "00");
    assert_eq!(code(Fate::NotNow), "99");
    let wrong = NoticeError::Signature(SignatureError::Wrong);
    assert_eq!(code(Fate::NotBelieved(&wrong)), "97");
    assert_eq!(code(Fate::NotBelieved(&NoticeError::Foreign(String::new()))), "01");
    assert_eq!(code(Fate::NotBelieved(&NoticeError::Malformed(String::new()))), "99");
}
