//! The sandbox's books survive being killed at every point of a write.

use std::fs;
use std::sync::Arc;

use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::time::{Span, Time};
use onsale_net::provider::sandbox::file::{LedgerFile, NAME, OpenError};
use onsale_net::provider::sandbox::ledger::{Entry, Ledger, PayError};
use onsale_net::provider::sandbox::{Behaviour, Sandbox, SandboxConfig};
use onsale_net::provider::secret::Secret;
use onsale_net::provider::{AskError, IntentWish, PaymentProvider, Question, RefundWish};

const NOW: Time = Time::from_ms(1_800_000_000_000);

fn order(number: u32) -> OrderId {
    OrderId::new(EventId::new(PartitionId::new(3).unwrap(), 5).unwrap(), number)
}

fn intent_wish(number: u32) -> IntentWish {
    let currency = "EUR".parse().unwrap();
    let until = NOW + Span::from_mins(15);
    IntentWish { order: order(number), amount: Amount::from_minor(5_000), currency, until }
}

fn sandbox(directory: &std::path::Path) -> Sandbox {
    let config = SandboxConfig {
        directory: directory.to_owned(),
        public_url: "http://127.0.0.1:1".into(),
        webhook_url: "http://127.0.0.1:1/".into(),
        return_url: "http://127.0.0.1:1/".into(),
        secret: Secret::new("secret"),
    };
    let (sandbox, actor) = Sandbox::open(config, Arc::new(|| NOW)).unwrap();
    tokio::spawn(actor.run());
    sandbox
}

fn refund_wish(number: u32, refund: u32, payment: &str, minor: u64) -> RefundWish {
    RefundWish {
        order: order(number),
        refund,
        attempt: 0,
        payment: payment.into(),
        amount: Amount::from_minor(minor),
        currency: "EUR".parse().unwrap(),
    }
}

/// The bytes of a file in which something of everything happened.
async fn eventful_file() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox(directory.path());
    for (number, behaviour) in
        [Behaviour::Pay, Behaviour::DuplicateCapture, Behaviour::Decline, Behaviour::Never]
            .into_iter()
            .enumerate()
    {
        sandbox.create_intent(&intent_wish(number as u32)).await.unwrap();
        let intent = sandbox.intent_of(order(number as u32));
        sandbox.pay(intent, Some(behaviour)).await.unwrap().unwrap();
    }
    let intent = sandbox.find(sandbox.intent_of(order(1))).await.unwrap();
    let wish = refund_wish(1, 0, &intent.captures[1].payment, 5_000);
    sandbox.refund(&wish).await.unwrap();
    fs::read(directory.path().join(NAME)).unwrap()
}

#[tokio::test]
async fn a_file_that_is_cut_anywhere_keeps_every_whole_line() {
    let bytes = eventful_file().await;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 9, "four opened, four closed, one refunded");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    for cut in 0..=bytes.len() {
        fs::write(&path, &bytes[..cut]).unwrap();
        let (mut file, ledger) = LedgerFile::open(directory.path()).unwrap();
        // A line is whole without its end, too.
        let whole = lines.iter().scan(0, |end, line| {
            *end += line.len();
            (*end - 1 <= cut).then_some(*line)
        });
        let whole: Vec<Entry> = whole.map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(ledger, Ledger::replay(whole.clone()), "cut after {cut} bytes");
        let more: Entry = serde_json::from_slice(lines[0]).unwrap();
        file.append(&more).unwrap();
        let (_, again) = LedgerFile::open(directory.path()).unwrap();
        assert_eq!(again, Ledger::replay(whole.into_iter().chain([more])), "cut after {cut} bytes");
    }
}

#[tokio::test]
async fn damage_that_no_crash_can_do_is_not_passed_over() {
    let mut bytes = eventful_file().await;
    bytes[10] = b'#';
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(NAME), &bytes).unwrap();
    let fault = LedgerFile::open(directory.path()).unwrap_err();
    assert!(matches!(fault, OpenError::Damaged { line: 1, .. }), "{fault}");
}

#[tokio::test]
async fn an_order_has_one_page_and_is_paid_once() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox(directory.path());
    let page = sandbox.create_intent(&intent_wish(0)).await.unwrap();
    assert_eq!(sandbox.create_intent(&intent_wish(0)).await.unwrap(), page);
    let dearer = IntentWish { amount: Amount::from_minor(5_100), ..intent_wish(0) };
    assert!(matches!(sandbox.create_intent(&dearer).await, Err(AskError::Refused(_))));

    let intent = sandbox.intent_of(order(0));
    let question = Question { order: order(0), reference: page.reference, is_wanted: true };
    assert!(sandbox.query(&question).await.unwrap().is_empty());
    let paid = sandbox.pay(intent.clone(), None).await.unwrap().unwrap();
    let again = sandbox.pay(intent.clone(), Some(Behaviour::DuplicateCapture)).await.unwrap();
    assert_eq!(again.unwrap().captures, paid.captures);
    assert_eq!(sandbox.query(&question).await.unwrap().len(), 1);
    let nobody = sandbox.pay(sandbox.intent_of(order(9)), None).await.unwrap();
    assert_eq!(nobody.unwrap_err(), PayError::NotFound);
}

#[tokio::test]
async fn a_page_takes_nothing_when_its_time_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox(directory.path());
    sandbox.create_intent(&IntentWish { until: NOW, ..intent_wish(0) }).await.unwrap();
    let paid = sandbox.pay(sandbox.intent_of(order(0)), None).await.unwrap();
    assert_eq!(paid.unwrap_err(), PayError::Expired);
}

#[tokio::test]
async fn no_more_goes_back_than_came_and_each_refund_once() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox(directory.path());
    sandbox.create_intent(&intent_wish(0)).await.unwrap();
    let intent = sandbox.intent_of(order(0));
    let paid = sandbox.pay(intent.clone(), None).await.unwrap().unwrap();
    let ask = async |refund, minor| {
        sandbox.refund(&refund_wish(0, refund, &paid.captures[0].payment, minor)).await
    };
    let first = ask(0, 3_000).await.unwrap();
    assert_eq!(ask(0, 3_000).await.unwrap(), first, "the same again");
    assert!(matches!(ask(0, 1_000).await, Err(AskError::Refused(_))), "the key is used");
    assert!(matches!(ask(1, 2_001).await, Err(AskError::Refused(_))), "more than is left");
    assert_ne!(ask(1, 2_000).await.unwrap(), first);
    assert!(matches!(ask(2, 1).await, Err(AskError::Refused(_))), "nothing is left");
    let unknown = refund_wish(0, 3, "pay_unknown", 1);
    assert!(matches!(sandbox.refund(&unknown).await, Err(AskError::Refused(_))));
    assert_eq!(sandbox.find(intent).await.unwrap().refunds.len(), 2);
}
