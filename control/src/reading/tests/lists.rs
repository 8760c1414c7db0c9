//! Orders and seats, in pages.

use onsale_core::command::Choice::Any;
use onsale_core::id::TicketId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::order::OrderStatus;
use onsale_core::spec::ClassId;
use onsale_core::time::Span;

use super::box_office::{BEGIN, BoxOffice, TRACE, person, seats as these};
use crate::page::Limit;
use crate::reading::{
    Export, HistoryFilter, OrderFilter, OrderRecord, SeatFilter, SeatHolder, SeatState, history,
    orders, seats,
};
use crate::testing::{TestDatabase, databases};

/// What a ticket says to people.
fn printed(order: &OrderRecord) -> Vec<String> {
    let text = |ticket: &crate::reading::TicketRecord| match &ticket.seat {
        Some(seat) => format!("{} {} {} {}", ticket.class_name, seat.section, seat.row, seat.seat),
        None => ticket.class_name.clone(),
    };
    order.tickets.iter().map(text).collect()
}

fn ids(orders: &[OrderRecord]) -> Vec<String> {
    orders.iter().map(|order| order.id.to_string()).collect()
}

databases! {
    async fn a_buyer_sees_what_they_have_bought(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let order = office.order(person(1), event, &[(0, Any(1)), (1, these(&[0, 1, 6]))]);
        office.order(person(2), event, &[(0, Any(1))]);
        office.pass(Span::from_secs(30));
        office.pay(order, 5_000 + 3 * 9_000);
        office.projected(&database).await;
        let page = (None, Limit::DEFAULT);
        let asked = office.asked(None);
        let (as_of, page) = history(&database, &asked, person(1), HistoryFilter::default(), page)
            .await
            .unwrap();
        assert_eq!((as_of.at, as_of.facts_behind), (office.now, 0));
        let [found] = &page.items[..] else { panic!("{:?}", page.items) };
        assert_eq!((found.id, found.event_name.as_str()), (order, "Lanterns"));
        assert_eq!(found.status, OrderStatus::Completed);
        let expected = ["Standing", "Stalls Left A 1", "Stalls Left A 3", "Stalls Left B γ"];
        assert_eq!(printed(found), expected);
        let numbers: Vec<_> = found.tickets.iter().map(|ticket| ticket.ticket).collect();
        assert_eq!(numbers, [0, 1, 2, 3].map(|number| Some(TicketId::new(event, number))));
        assert_eq!((found.total.as_minor(), found.captured.as_minor()), (32_000, 32_000));
        assert_eq!((found.placed_at, found.completed_at), (BEGIN, Some(office.now)));
        assert_eq!((found.trace, found.buyer.is_none()), (Some(TRACE), true));
    }

    async fn pages_of_a_history_have_each_order_once_and_newest_first(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let (one, other) = (office.event("One"), office.event("Other"));
        let mut placed = Vec::new();
        for i in 0..7 {
            // Some at the same time.
            office.pass(Span::from_ms(i % 2));
            let event = if i < 4 { one } else { other };
            placed.push(office.order(person(1), event, &[(0, Any(1))]).to_string());
        }
        office.projected(&database).await;
        placed.reverse();
        let (limit, mut after, mut found) = (Limit::new(3).unwrap(), None, Vec::new());
        loop {
            let filter = HistoryFilter::default();
            let from = (after.as_ref(), limit);
            let asked = office.asked(None);
            let (_, page) = history(&database, &asked, person(1), filter, from).await.unwrap();
            found.extend(ids(&page.items));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        found.sort();
        placed.sort();
        assert_eq!(found, placed);
        let filter = HistoryFilter { event: Some(other), status: Some(OrderStatus::Pending) };
        let all = (None, Limit::DEFAULT);
        let asked = office.asked(None);
        let (_, page) = history(&database, &asked, person(1), filter, all).await.unwrap();
        assert_eq!(page.items.len(), 3);
        let filter = HistoryFilter { event: None, status: Some(OrderStatus::Refunded) };
        let (_, page) = history(&database, &asked, person(1), filter, all).await.unwrap();
        assert_eq!((page.items.len(), page.next), (0, None));
    }

    async fn orders_are_found_by_every_filter(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let elsewhere = office.event("Elsewhere");
        office.order(person(1), elsewhere, &[(0, Any(1))]);
        let standing = office.order(person(1), event, &[(0, Any(2))]);
        office.pay(standing, 10_000);
        office.pass(Span::from_mins(1));
        let seated = office.order(person(2), event, &[(1, these(&[0]))]);
        office.projected(&database).await;
        let insert = sqlx::query(
            "INSERT INTO accounts (person, email, email_key, role, given_name, family_name,
                created_at, updated_at)
            VALUES ($1, 'Ada@Example.org', 'ada@example.org', 'buyer', 'Ada', '=1+1', 0, 0)",
        );
        database.change(insert.bind(person(2).to_string())).await.unwrap();
        let late = office.now;
        let all = OrderFilter::default;
        let cases = [
            (all(), vec![seated, standing]),
            (OrderFilter { status: Some(OrderStatus::Pending), ..all() }, vec![seated]),
            (OrderFilter { class: Some(ClassId(0)), ..all() }, vec![standing]),
            (OrderFilter { class: Some(ClassId(9)), ..all() }, vec![]),
            (OrderFilter { provider: Some("sandbox".into()), ..all() }, vec![seated, standing]),
            (OrderFilter { provider: Some("' OR '1'='1".into()), ..all() }, vec![]),
            (OrderFilter { placed_from: Some(late), ..all() }, vec![seated]),
            (OrderFilter { placed_before: Some(late), ..all() }, vec![standing]),
            (OrderFilter { email_key: Some("ada@example.org".into()), ..all() }, vec![seated]),
            (OrderFilter { email_key: Some("%".into()), ..all() }, vec![]),
        ];
        let asked = office.asked(Some(event));
        for (filter, expected) in cases {
            let page = (None, Limit::DEFAULT);
            let (_, page) = orders(&database, &asked, event, &filter, page, false).await.unwrap();
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(ids(&page.items), expected, "{filter:?}");
        }
        let page = (None, Limit::new(1).unwrap());
        let (_, page) = orders(&database, &asked, event, &all(), page, true).await.unwrap();
        let buyer = page.items[0].buyer.as_ref().unwrap();
        assert_eq!((buyer.given_name.as_str(), buyer.family_name.as_str()), ("Ada", "=1+1"));
        let after = page.next.unwrap();
        let rest = (Some(&after), Limit::DEFAULT);
        let (_, page) = orders(&database, &asked, event, &all(), rest, true).await.unwrap();
        assert_eq!(ids(&page.items), [standing.to_string()]);
        assert_eq!(page.items[0].buyer, None);
    }

    async fn an_export_has_every_order_as_it_was_when_it_began(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let mut placed = Vec::new();
        for number in 0..230 {
            if number % 80 == 0 {
                // What is not paid comes to nothing, and there is room for more.
                office.pass(Span::from_mins(20));
            }
            placed.push(office.order(person(number), event, &[(0, Any(1))]));
        }
        office.projected(&database).await;
        let asked = office.asked(Some(event));
        let mut export =
            Export::begin(&database, &asked, event, OrderFilter::default(), false).await.unwrap();
        assert_eq!(export.as_of().facts_behind, 0);
        let mut found = ids(&export.next().await.unwrap().unwrap());
        // Meanwhile everything is paid late and given back, and one more comes.
        office.pay(placed[0], 5_000);
        office.order(person(999), event, &[(0, Any(1))]);
        office.projected(&database).await;
        while let Some(orders) = export.next().await.unwrap() {
            let unpaid = |order: &OrderRecord| order.status != OrderStatus::Completed;
            assert!(orders.iter().all(unpaid));
            found.extend(ids(&orders));
        }
        found.reverse();
        let mut expected: Vec<_> = placed.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }

    async fn an_organiser_sees_who_has_which_seat(database: TestDatabase) {
        let mut office = BoxOffice::new();
        let event = office.event("Lanterns");
        let hold = office.hold(person(1), event, &[(1, these(&[0]))]);
        let pending = office.order(person(2), event, &[(1, these(&[1]))]);
        let paid = office.order(person(3), event, &[(1, these(&[2, 4]))]);
        office.pay(paid, 18_000);
        office.projected(&database).await;
        let until = BEGIN + Span::from_mins(10);
        let expected = [
            (0, SeatState::Held, Some(SeatHolder::Hold { hold, person: person(1), until })),
            (1, SeatState::Ordered, Some(SeatHolder::Order { order: pending, person: person(2) })),
            (2, SeatState::Sold, Some(SeatHolder::Order { order: paid, person: person(3) })),
            (4, SeatState::Sold, Some(SeatHolder::Order { order: paid, person: person(3) })),
            (7, SeatState::Blocked, None),
        ];
        let asked = office.asked(Some(event));
        let all = SeatFilter::default();
        let (_, found) = seats(&database, &asked, event, all, (None, 100)).await.unwrap();
        let rows: Vec<_> =
            found.iter().map(|seat| (seat.seat.index.0, seat.state, seat.holder)).collect();
        assert_eq!(rows, expected);
        assert_eq!((found[4].seat.row.as_str(), found[4].seat.seat.as_str()), ("B", "δ"));
        let behind = (Some(SeatIndex(1)), 2);
        let (_, found) = seats(&database, &asked, event, all, behind).await.unwrap();
        let indexes: Vec<_> = found.iter().map(|seat| seat.seat.index.0).collect();
        assert_eq!(indexes, [2, 4]);
        let sold = SeatFilter { state: Some(SeatState::Sold), class: Some(ClassId(0)) };
        let (_, found) = seats(&database, &asked, event, sold, (None, 100)).await.unwrap();
        assert_eq!(found, []);
    }
}
