//! What was sold, what is left, what came in.

use onsale_core::command::{Actor, Choice::Any, Command, RefundSettlement};
use onsale_core::id::{EventId, OrderId, PartitionId};
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use onsale_core::query::Phase;
use onsale_core::spec::{Change, ClassId, QuotaId};
use onsale_core::time::Span;
use sqlx::Row;

use super::box_office::{BEGIN, BoxOffice, person, seats as these};
use crate::reading::{
    Bucket, ClassSummary, Money, OrderCounts, QuotaSummary, SalesPeriod, Step, TicketCounts, sales,
    summary,
};
use crate::testing::{TestDatabase, databases};

/// What happens to the refund of an order.
type Turn = fn(&mut BoxOffice, OrderId);

fn texts(buckets: &[Bucket]) -> Vec<String> {
    let text = |bucket: &Bucket| {
        let Bucket { starts, issued, issued_minor, voided, voided_minor } = bucket;
        let starts = starts.strftime("%d.%m. %H:%M%:z");
        format!("{starts} {issued} {issued_minor} {voided} {voided_minor}")
    };
    buckets.iter().map(text).collect()
}

databases! {
    async fn sales_are_counted_by_the_clocks_of_the_place(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let first = office.order(person(1), event, &[(0, Any(2)), (1, these(&[0]))]);
        office.pay(first, 19_000);
        office.pass(Span::from_mins(50));
        let second = office.order(person(2), event, &[(0, Any(1))]);
        office.pay(second, 5_000);
        office.pass(Span::from_mins(15));
        office.refund(first);
        office.pass(Span::from_mins(13 * 60));
        let third = office.order(person(2), event, &[(0, Any(1))]);
        office.pay(third, 5_000);
        office.projected(&database).await;
        let asked = office.asked(Some(event));
        let until = BEGIN + Span::from_mins(24 * 60);
        let found = async |step, name: &str| {
            let period = SalesPeriod::new(step, &name.parse().unwrap(), BEGIN, until).unwrap();
            let (_, sales) = sales(&database, &asked, event, &period).await.unwrap();
            let sales = sales.unwrap();
            assert_eq!(sales.classes[1].name, "Stalls");
            sales.classes.iter().map(|class| texts(&class.buckets)).collect::<Vec<_>>()
        };
        let expected = [
            vec![
                "01.10. 10:00+02:00 3 15000 0 0",
                "01.10. 11:00+02:00 0 0 2 10000",
                "02.10. 00:00+02:00 1 5000 0 0",
            ],
            vec!["01.10. 10:00+02:00 1 9000 0 0", "01.10. 11:00+02:00 0 0 1 9000"],
        ];
        assert_eq!(found(Step::Hour, "Europe/Berlin").await, expected);
        // Half an hour off: what is one hour here is two there.
        let kolkata = found(Step::Hour, "Asia/Kolkata").await;
        let hours = ["01.10. 13:00+05:30 2 10000 0 0", "01.10. 14:00+05:30 1 5000 2 10000"];
        assert_eq!(kolkata[0][..2], hours);
        let days = ["01.10. 00:00+02:00 3 15000 2 10000", "02.10. 00:00+02:00 1 5000 0 0"];
        assert_eq!(found(Step::Day, "Europe/Berlin").await[0], days);
    }

    async fn a_summary_follows_changes_of_the_event(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let paid = office.order(person(1), event, &[(0, Any(2)), (1, these(&[0]))]);
        office.pay(paid, 19_000);
        let wrong = office.order(person(3), event, &[(0, Any(1))]);
        office.pay(wrong, 1);
        office.refund(paid);
        office.refunded(paid);
        office.order(person(2), event, &[(0, Any(4))]);
        office.hold(person(2), event, &[(0, Any(1)), (1, these(&[1, 2]))]);
        let change = Change::Capacity { quota: QuotaId(0), capacity: 40 };
        office.ask(Actor::Operator, Command::ChangeEvent { event, change });
        let change = Change::Price { class: ClassId(1), price: Amount::from_minor(100) };
        office.ask(Actor::Operator, Command::ChangeEvent { event, change });
        office.projected(&database).await;
        let asked = office.asked(Some(event));
        let (as_of, found) = summary(&database, &asked, event).await.unwrap();
        let found = found.unwrap();
        assert!(as_of.fact.is_some_and(|fact| fact > 0));
        assert_eq!((found.name.as_str(), found.phase), ("Lanterns", Phase::Open));
        let stalls = ClassSummary {
            class: ClassId(1),
            name: "Stalls".to_owned(),
            price: Amount::from_minor(100),
            seats: 8,
            held: 2,
            sold: 0,
            blocked: 1,
        };
        assert_eq!(found.classes[1], stalls);
        let hall = QuotaSummary {
            quota: QuotaId(0),
            name: "Hall".to_owned(),
            capacity: 40,
            held: 5,
            sold: 0,
        };
        assert_eq!(found.quotas, [hall]);
        let orders = OrderCounts {
            placed: 3,
            pending: 1,
            completed: 1,
            cancelled: 0,
            expired: 0,
            failed: 1,
            revived: 0,
        };
        assert_eq!(found.orders, orders);
        assert_eq!(found.tickets, TicketCounts { issued: 3, voided: 3, valid_minor: 0 });
        let money = Money {
            captured_minor: 19_001,
            refunding_minor: 1,
            refunded_minor: 19_000,
            charged_back_minor: 0,
            refused_minor: 0,
            refunds_refused: 0,
        };
        assert_eq!(found.money, money);
        assert_eq!(found.funnel.holds_taken, 4);
    }

    async fn a_refund_is_counted_where_it_is_and_nowhere_else(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let order = office.order(person(1), event, &[(0, Any(2))]);
        office.pay(order, 10_000);
        office.refund(order);
        let refunds: [(Turn, [i64; 4]); 7] = [
            (|office, order| office.refused(order, 0), [0, 0, 10_000, 1]),
            (|office, order| office.settle(order, RefundSettlement::Again), [10_000, 0, 0, 0]),
            // What is said of an earlier attempt changes nothing.
            (|office, order| office.refused(order, 0), [10_000, 0, 0, 0]),
            (|office, order| office.refused(order, 1), [0, 0, 10_000, 1]),
            (
                |office, order| {
                    let reference = "transfer 7".to_owned();
                    office.settle(order, RefundSettlement::ByHand { reference });
                },
                [0, 10_000, 0, 0],
            ),
            // The provider gives it back as well: it is gone twice, and counts so once.
            (|office, order| office.refunded(order), [0, 20_000, 0, 0]),
            (|office, order| office.refunded(order), [0, 20_000, 0, 0]),
        ];
        for (number, (happen, expected)) in (1..).zip(refunds) {
            happen(&mut office, order);
            office.projected(&database).await;
            let (_, found) = summary(&database, &office.asked(Some(event)), event).await.unwrap();
            let money = found.unwrap().money;
            let found = [
                money.refunding_minor,
                money.refunded_minor,
                money.refused_minor,
                money.refunds_refused,
            ];
            assert_eq!(found, expected, "after step {number}");
            let mut connection = database.reader().await.unwrap();
            let of_order = sqlx::query("SELECT refunding_minor, refunded_minor FROM orders");
            let row = of_order.fetch_one(&mut *connection).await.unwrap();
            let of_order: [i64; 2] = [row.get(0), row.get(1)];
            assert_eq!(of_order, expected[..2], "after step {number}");
        }
    }

    async fn tickets_that_are_void_for_a_dispute_count_as_void(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let order = office.order(person(1), event, &[(0, Any(2))]);
        office.pay(order, 10_000);
        office.charged_back(order, 7_000);
        office.projected(&database).await;
        let (_, found) = summary(&database, &office.asked(Some(event)), event).await.unwrap();
        let found = found.unwrap();
        assert_eq!(found.tickets, TicketCounts { issued: 2, voided: 2, valid_minor: 0 });
        assert_eq!(found.money.refunding_minor, 3_000, "what the bank has left");
        assert_eq!(found.money.charged_back_minor, 7_000);
        assert_eq!((found.classes[0].sold, found.quotas[0].sold), (0, 0));
    }

    async fn what_banks_took_is_counted_once_and_when_its_payment_is_known(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let order = office.order(person(1), event, &[(0, Any(2))]);
        let turns: [(Turn, i64); 8] = [
            (|office, order| office.lost(order, 7_000), 0),
            (|office, order| office.pay(order, 10_000), 7_000),
            // It is told of again.
            (|office, order| office.lost(order, 7_000), 7_000),
            // Another payment is nobody's business.
            (|office, order| office.pay(order, 10_000), 7_000),
            // The bank takes it up again, and takes less; and then thinks better of it.
            (|office, order| office.disputed(order, None), 0),
            (|office, order| office.lost(order, 6_000), 6_000),
            (|office, order| office.lost(order, 5_000), 5_000),
            (|office, order| office.disputed(order, Some(DisputeEnd::Won)), 0),
        ];
        for (number, (happen, expected)) in (1..).zip(turns) {
            happen(&mut office, order);
            office.projected(&database).await;
            let (_, found) = summary(&database, &office.asked(Some(event)), event).await.unwrap();
            assert_eq!(found.unwrap().money.charged_back_minor, expected, "after step {number}");
            let mut connection = database.reader().await.unwrap();
            let of_order = sqlx::query("SELECT charged_back_minor FROM orders");
            let of_order: i64 = of_order.fetch_one(&mut *connection).await.unwrap().get(0);
            assert_eq!(of_order, expected, "after step {number}");
        }
    }

    async fn an_event_that_nothing_is_known_of_is_not_made_up(database: TestDatabase) {
        let event = EventId::new(PartitionId::FIRST, 5).unwrap();
        let asked = BoxOffice::new().asked(Some(event));
        let (as_of, found) = summary(&database, &asked, event).await.unwrap();
        assert_eq!((as_of.fact, found), (Some(0), None));
    }
}
