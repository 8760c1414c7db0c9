//! What the books allow and what they do not.

use super::*;

const NOW: u64 = 1_700_000_000;

fn books() -> Books {
    let mut books = Books::new(0);
    books.open(intent("a")).unwrap();
    books
}

fn intent(reference: &str) -> Intent {
    Intent {
        reference: reference.into(),
        amount: 5_000,
        currency: "EUR".into(),
        created_s: NOW,
        expires_s: Some(NOW + 900),
        details: Value::Null,
        ..Intent::default()
    }
}

fn paid() -> Books {
    let mut books = books();
    books.pay("a", "pay_1".into(), None, NOW).unwrap();
    books
}

fn draft(key: &str, amount: u64) -> RefundDraft {
    let (id, capture) = (format!("re_{key}"), "pay_1".to_owned());
    RefundDraft { id, capture, amount, key: Some(key.into()), details: Value::Null }
}

fn sums(books: &Books) -> (u64, u64) {
    let sums = books.sums()["EUR"];
    (sums.captured, sums.refunded)
}

#[test]
fn an_intent_is_paid_once() {
    let mut books = paid();
    assert_eq!(books.pay("a", "pay_2".into(), None, NOW), Err(ActError::Closed));
    assert_eq!(books.cancel("a", NOW), Err(ActError::Closed));
    assert_eq!(books.expire("a"), Err(ActError::Closed));
    assert_eq!(books.find("a").unwrap().status, IntentStatus::Paid);
    assert_eq!(sums(&books), (5_000, 0));
    assert_eq!(books.open(intent("a")), Err(Taken));
    assert_eq!(books.pay("b", "pay_3".into(), None, NOW), Err(ActError::NotFound));
}

#[test]
fn what_is_over_cannot_be_paid() {
    let mut books = books();
    assert_eq!(books.pay("a", "pay_1".into(), None, NOW + 900), Err(ActError::Closed));
    assert_eq!(books.expire_due(NOW + 899), []);
    assert_eq!(books.expire_due(NOW + 900).len(), 1);
    assert_eq!(books.expire_due(NOW + 900), [], "once");
    books.open(intent("b")).unwrap();
    books.cancel("b", NOW).unwrap();
    assert_eq!(books.pay("b", "pay_1".into(), None, NOW), Err(ActError::Closed));
    assert_eq!(sums(&books), (0, 0));
}

#[test]
fn money_on_its_way_may_come_late() {
    let mut books = books();
    books.start("a", NOW).unwrap();
    assert_eq!(books.expire_due(NOW + 900), [], "it is on its way");
    books.expire("a").unwrap();
    books.pay("a", "pay_1".into(), None, NOW + 10_000).unwrap();
    assert_eq!(books.find("a").unwrap().status, IntentStatus::Paid);
    assert_eq!(books.pay("a", "pay_2".into(), None, NOW), Err(ActError::Closed));
}

#[test]
fn a_declined_payment_is_the_end_where_the_provider_says_so() {
    let mut books = books();
    books.decline("a", false, NOW).unwrap();
    assert_eq!(books.find("a").unwrap().status, IntentStatus::Open);
    books.decline("a", true, NOW).unwrap();
    assert_eq!(books.find("a").unwrap().status, IntentStatus::Declined);
    assert_eq!(books.pay("a", "pay_1".into(), None, NOW), Err(ActError::Closed));
}

#[test]
fn a_part_of_the_money_leaves_the_rest_to_be_paid() {
    let mut books = books();
    books.pay("a", "pay_1".into(), Some(2_000), NOW).unwrap();
    assert_eq!(books.find("a").unwrap().status, IntentStatus::Open);
    books.pay("a", "pay_2".into(), Some(3_000), NOW).unwrap();
    assert_eq!(books.find("a").unwrap().status, IntentStatus::Paid);
    assert_eq!(books.find("a").unwrap().refundable("pay_1"), 2_000);
}

#[test]
fn no_more_goes_back_than_came_and_each_refund_once() {
    let mut books = paid();
    assert!(matches!(books.refund(draft("1", 3_000), NOW), Ok(Refunded::New(_))));
    assert!(matches!(books.refund(draft("1", 3_000), NOW), Ok(Refunded::Again(_))));
    assert_eq!(books.refund(draft("1", 2_000), NOW), Err(RefundError::KeyUsed));
    assert_eq!(books.refund(draft("2", 2_001), NOW), Err(RefundError::Amount));
    assert_eq!(books.refund(draft("2", 0), NOW), Err(RefundError::Amount));
    assert!(matches!(books.refund(draft("2", 2_000), NOW), Ok(Refunded::New(_))));
    let unknown = RefundDraft { capture: "pay_9".into(), ..draft("3", 1) };
    assert_eq!(books.refund(unknown, NOW), Err(RefundError::NotFound));
    assert_eq!(sums(&books), (5_000, 5_000));
}

#[test]
fn a_refund_that_fails_leaves_the_money_here() {
    let mut books = paid();
    books.refunds_as(RefundStatus::Pending);
    books.refund(draft("1", 5_000), NOW).unwrap();
    assert_eq!(books.refund(draft("2", 1), NOW), Err(RefundError::Amount), "it may still go");
    books.settle_refund("re_1", RefundStatus::Failed).unwrap();
    assert_eq!(books.settle_refund("re_1", RefundStatus::Done), Err(ActError::Closed));
    assert_eq!(sums(&books), (5_000, 0));
    books.refund(draft("2", 5_000), NOW).unwrap();
    books.settle_refund("re_2", RefundStatus::Done).unwrap();
    assert_eq!(sums(&books), (5_000, 5_000));
    assert_eq!(books.owner_of("re_2").unwrap().reference, "a");
}

#[test]
fn a_payment_has_one_dispute_however_often_a_bank_takes_it_up() {
    let mut books = paid();
    let ask = |books: &mut Books, status| books.dispute("a", "dp_1".into(), status, NOW).unwrap();
    let charged_back = |books: &Books| books.find("a").unwrap().charged_back();
    for (status, is_again, gone) in [
        (DisputeStatus::Open, false, 0),
        (DisputeStatus::Won, false, 0),
        (DisputeStatus::Open, true, 0),
        (DisputeStatus::Lost, true, 5_000),
        (DisputeStatus::Won, true, 0),
    ] {
        let dispute = ask(&mut books, status);
        assert_eq!((dispute.status, dispute.is_again), (status, is_again));
        assert_eq!(charged_back(&books), gone, "{status:?}");
    }
    assert_eq!(books.find("a").unwrap().disputes.len(), 1);
}
