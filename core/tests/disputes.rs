//! A bank asks money back: tickets are void by an operator's word alone, nothing is paid twice, and
//! the books say what it cost.

mod common;

use common::*;
use onsale_core::command::{
    Actor, Command, DisputeDecision, DisputeNotice, Provider, RefundSettlement,
};
use onsale_core::fact::Fact;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::order::{OrderStatus, StepKind};
use onsale_core::payment::{DisputeEnd, RefundCause};
use onsale_core::query::{Query, View};
use onsale_core::refusal::{Refusal, Thing};
use onsale_core::reply::Reply;

use DisputeDecision::{KeepTickets, VoidTickets};

/// A bank asks for so much of `pay-1`, or has decided.
fn asked(world: &mut World, order: OrderId, minor: u64, end: Option<DisputeEnd>) {
    world.dispute(order, "pay-1", "dp-1", Amount::from_minor(minor), end);
}

fn count(world: &World, is_it: fn(&Fact) -> bool) -> usize {
    world.facts().iter().filter(|(_, fact)| is_it(fact)).count()
}

#[test]
fn tickets_stay_valid_until_an_operator_says_otherwise() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 5_000, None);
    assert_eq!(world.valid_tickets(order), 2);
    assert_eq!(world.audit(event).disputes_open, 1);
    asked(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!((world.status(order), world.valid_tickets(order)), (OrderStatus::Completed, 2));
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 5_000, 5_000]);

    assert_eq!(world.decide_dispute(order, 0, VoidTickets), Ok(Reply::Done));
    assert_eq!((world.status(order), world.valid_tickets(order)), (OrderStatus::Refunded, 0));
    assert_eq!(world.left(event, 0), 9, "they can be sold again");
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 0, 0]);
    assert_eq!(wanted(&world), [], "the bank has the money");
    must_be_settled(&mut world);
}

#[test]
fn an_operator_may_leave_the_tickets_although_the_money_is_gone() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(world.decide_dispute(order, 0, KeepTickets), Ok(Reply::Done));
    assert_eq!(world.valid_tickets(order), 2);
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 5_000, 5_000]);
    assert_eq!(world.live_disputes(event, None, 9), []);
    assert_eq!(code(world.decide_dispute(order, 0, KeepTickets)), "not_in_that_state");
    world.restart();
    must_be_settled(&mut world);
    // Whoever thinks better of it takes them back for nothing.
    assert_eq!(world.decide_dispute(order, 0, VoidTickets), Ok(Reply::Done));
    must_be_settled(&mut world);
}

/// The money may be gone: the provider has to say so first.
#[test]
fn what_is_disputed_is_not_settled_by_hand_while_the_provider_is_asked_for_it() {
    let (mut world, event, order) = paid();
    assert_eq!(refund(&mut world, order, None), Ok(5_000));
    asked(&mut world, order, 5_000, None);
    assert_eq!(code(world.settle_refund(order, 0, by_hand("transfer 7"))), "disputed");
    asked(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(code(world.settle_refund(order, 0, by_hand("transfer 7"))), "disputed");
    world.refuse(order, 0);
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 0, 0]);
    must_be_settled(&mut world);
}

/// Gone by hand, by the provider and with the bank: each costs the price once.
#[test]
fn money_can_be_gone_three_times() {
    let (mut world, event, order) = paid();
    assert_eq!(refund(&mut world, order, None), Ok(5_000));
    world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    asked(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(money(&world, event), [5_000, 10_000, 5_000, 10_000, 0]);
    must_be_settled(&mut world);
}

#[test]
fn a_dispute_that_is_won_changes_nothing() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 5_000, None);
    asked(&mut world, order, 5_000, WON);
    assert_eq!(money(&world, event), [5_000, 0, 0, 0, 5_000]);
    assert_eq!(world.live_disputes(event, None, 9), []);
    for decision in [KeepTickets, VoidTickets] {
        assert_eq!(code(world.decide_dispute(order, 0, decision)), "not_in_that_state");
    }
    assert_eq!(refund(&mut world, order, None), Ok(5_000), "it can be refunded again");
    must_be_settled(&mut world);
}

#[test]
fn tickets_that_were_taken_back_too_early_are_paid_back() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 5_000, None);
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    assert_eq!(wanted(&world), [], "nobody knows yet whose it is");
    assert!(!world.audit(event).holds(), "there is money without tickets");
    asked(&mut world, order, 5_000, WON);
    assert_eq!(wanted(&world), [(0, 5_000)]);
    assert_eq!(world.order_view(order).refunds[0].cause, RefundCause::Disputed);
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
}

#[test]
fn however_often_it_is_told_a_dispute_counts_once() {
    let tellings: [&[Option<DisputeEnd>]; 3] = [
        &[None, Some(lost(5_000))],
        &[Some(lost(5_000))],
        &[None, None, Some(lost(5_000)), Some(lost(5_000))],
    ];
    for told in tellings {
        let (mut world, event, order) = paid();
        for end in told {
            asked(&mut world, order, 5_000, *end);
            world.restart();
        }
        assert_eq!(money(&world, event), [5_000, 0, 5_000, 5_000, 5_000], "{told:?}");
        assert_eq!(count(&world, |fact| matches!(fact, Fact::DisputeOpened(_))), 1, "{told:?}");
        assert_eq!(count(&world, |fact| matches!(fact, Fact::DisputeClosed(_))), 1, "{told:?}");
    }
}

#[test]
fn a_dispute_may_be_told_before_the_payment() {
    for end in [None, Some(lost(5_000))] {
        let (mut world, event) = World::with(club(9));
        let order = world.order(buyer(1), event, &[any(0, 2)]);
        world.settle();
        asked(&mut world, order, 5_000, end);
        world.pay(order);
        assert_eq!(world.status(order), OrderStatus::Completed);
        let [live] = &world.live_disputes(event, None, 9)[..] else { panic!() };
        assert_eq!((live.is_lost, live.tickets), (end.is_some(), 2));
        world.decide_dispute(order, 0, VoidTickets).unwrap();
        asked(&mut world, order, 5_000, Some(lost(5_000)));
        assert_eq!(wanted(&world), []);
        must_be_settled(&mut world);
    }
}

#[test]
fn money_that_the_bank_has_taken_does_not_go_back_when_it_is_told_of_late() {
    let (mut world, event, order) = paid();
    world.dispute(order, "pay-2", "dp-2", Amount::from_minor(5_000), Some(lost(5_000)));
    world.notify(order, "pay-2", captured(Amount::from_minor(5_000)));
    assert_eq!(wanted(&world), [], "paid twice, and the bank was quicker");
    assert_eq!(money(&world, event), [10_000, 0, 5_000, 0, 5_000]);
    assert_eq!(world.live_disputes(event, None, 9), [], "its tickets were paid otherwise");
    must_be_settled(&mut world);
}

#[test]
fn disputes_for_no_order_and_from_the_wrong_provider_are_written_down_once() {
    let (mut world, event, order) = paid();
    let elsewhere = Provider("elsewhere".into());
    let nowhere = OrderId::new(event, 99);
    for (provider, order) in [(elsewhere, order), (sandbox(), nowhere)] {
        for end in [None, Some(lost(5_000)), None] {
            let notice = DisputeNotice {
                provider: provider.clone(),
                order,
                payment: "pay-1".into(),
                dispute: "dp-1".into(),
                amount: Amount::from_minor(5_000),
                currency: euro(),
                reason: "fraudulent".into(),
                end,
            };
            world.ask(Actor::System, Command::RecordDispute(Box::new(notice))).unwrap();
            world.restart();
        }
    }
    assert_eq!(count(&world, |fact| matches!(fact, Fact::DisputeStrayed(_))), 2);
    assert_eq!(world.live_disputes(event, None, 9), []);
}

#[test]
fn nothing_is_given_back_while_a_bank_asks_for_it() {
    let (mut world, event, order) = paid();
    refund(&mut world, order, Some(&[0])).unwrap();
    world.refuse(order, 0);
    asked(&mut world, order, 5_000, None);
    assert_eq!(refund(&mut world, order, None), Err(Refusal::Disputed));
    for how in [RefundSettlement::Again, by_hand("transfer 7")] {
        assert_eq!(world.settle_refund(order, 0, how), Err(Refusal::Disputed));
    }
    asked(&mut world, order, 5_000, WON);
    let again = RefundSettlement::Again;
    assert_eq!(world.settle_refund(order, 0, again), Ok(Reply::Done));
    assert_eq!(refund(&mut world, order, None), Ok(2_500));
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
}

#[test]
fn a_refund_after_a_lost_dispute_is_what_is_left() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 4_000, Some(lost(4_000)));
    assert_eq!(money(&world, event), [5_000, 0, 4_000, 4_000, 5_000]);
    assert_eq!(refund(&mut world, order, Some(&[0])), Ok(1_000), "25.00 are not there any more");
    assert_eq!(refund(&mut world, order, None), Ok(0), "the ticket is void, and nothing is left");
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 1_000, 4_000, 0, 0]);
}

#[test]
fn what_is_left_of_a_disputed_payment_goes_back_with_the_tickets() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 4_000, Some(lost(4_000)));
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    assert_eq!(wanted(&world), [(0, 1_000)]);
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 1_000, 4_000, 0, 0]);
}

/// The provider refused the refund because the bank had asked for the money already.
#[test]
fn a_refused_refund_that_a_bank_has_overtaken_is_not_owed_any_more() {
    for refused_first in [true, false] {
        let (mut world, event, order) = paid();
        refund(&mut world, order, None).unwrap();
        asked(&mut world, order, 4_000, None);
        if refused_first {
            world.refuse(order, 0);
        }
        asked(&mut world, order, 4_000, Some(lost(4_000)));
        if !refused_first {
            world.refuse(order, 0);
        }
        assert_eq!(world.refused(event, None, 9), []);
        assert_eq!(world.audit(event).refunds_refused, 0);
        let settled = world.settle_refund(order, 0, by_hand("transfer 7"));
        assert_eq!(settled, Err(Refusal::Disputed), "it would be paid twice");
        assert_eq!(wanted(&world), [(1, 1_000)], "what the bank has not taken");
        must_be_settled(&mut world);
        assert_eq!(money(&world, event), [5_000, 1_000, 4_000, 0, 0]);
    }
}

#[test]
fn a_refund_that_was_made_before_the_bank_took_the_money_is_a_loss() {
    let (mut world, event, order) = paid();
    refund(&mut world, order, None).unwrap();
    world.settle();
    asked(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(money(&world, event), [5_000, 5_000, 5_000, 5_000, 0]);
    must_be_settled(&mut world);
}

#[test]
fn an_event_that_is_called_off_pays_disputed_money_back_when_it_is_known_whose_it_is() {
    for (end, goes_back) in [(WON, 5_000), (Some(lost(5_000)), 0)] {
        let (mut world, event, order) = paid();
        asked(&mut world, order, 5_000, None);
        world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
        assert_eq!(world.valid_tickets(order), 0);
        assert_eq!(wanted(&world), []);
        asked(&mut world, order, 5_000, end);
        must_be_settled(&mut world);
        assert_eq!(world.audit(event).refunded.as_minor(), goes_back);
    }
}

#[test]
fn of_two_disputes_about_one_payment_the_last_one_tells_whose_it_is() {
    let (mut world, event, order) = paid();
    asked(&mut world, order, 2_500, None);
    world.dispute(order, "pay-1", "dp-2", Amount::from_minor(2_500), None);
    world.decide_dispute(order, 1, VoidTickets).unwrap();
    asked(&mut world, order, 2_500, Some(lost(2_500)));
    assert_eq!(wanted(&world), [], "the other one is open");
    world.dispute(order, "pay-1", "dp-2", Amount::from_minor(2_500), WON);
    assert_eq!(wanted(&world), [(0, 2_500)]);
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 2_500, 2_500, 0, 0]);
}

#[test]
fn money_that_went_in_another_currency_is_all_of_it() {
    let (mut world, event, order) = paid();
    let currency = "USD".parse().unwrap();
    let end = Some(DisputeEnd::Lost { amount: Amount::from_minor(1), currency });
    asked(&mut world, order, 5_000, end);
    assert_eq!(world.audit(event).charged_back.as_minor(), 5_000);
    assert_eq!(refund(&mut world, order, None), Ok(0));
}

#[test]
fn only_an_operator_decides_and_only_where_there_is_something_to_decide() {
    let (mut world, event, order) = paid();
    let decide = |order, dispute| Command::DecideDispute { order, dispute, decision: VoidTickets };
    let missing = world.ask(Actor::Operator, decide(order, 0));
    assert_eq!(missing, Err(Refusal::NotFound(Thing::Dispute)));
    let missing = world.ask(Actor::Operator, decide(OrderId::new(event, 9), 0));
    assert_eq!(missing, Err(Refusal::NotFound(Thing::Order)));
    asked(&mut world, order, 5_000, None);
    assert_eq!(code(world.ask(buyer(1), decide(order, 0))), "operator_only");
    let undecided = world.decide_dispute(order, 0, KeepTickets);
    assert_eq!(code(undecided), "not_in_that_state", "they stay valid anyway");
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    assert_eq!(code(world.decide_dispute(order, 0, VoidTickets)), "not_in_that_state");

    let notice = DisputeNotice {
        provider: sandbox(),
        order,
        payment: "pay-1".into(),
        dispute: "dp-9".into(),
        amount: Amount::from_minor(5_000),
        currency: euro(),
        reason: "mine".into(),
        end: None,
    };
    let by_buyer = world.ask(buyer(1), Command::RecordDispute(Box::new(notice)));
    assert_eq!(code(by_buyer), "operator_only");
}

#[test]
fn disputes_are_listed_by_order_while_somebody_has_to_know_of_them() {
    let (mut world, event) = World::with(club(20));
    let orders: Vec<_> =
        (1..=4).map(|number| world.buy(buyer(number), event, &[any(0, 2)])).collect();
    for (order, number) in orders.iter().zip(1..) {
        let (payment, dispute) = (format!("pay-{number}"), format!("dp-{number}"));
        world.dispute(*order, &payment, &dispute, Amount::from_minor(5_000), None);
    }
    world.dispute(orders[0], "pay-1", "dp-1", Amount::from_minor(5_000), WON);
    world.dispute(orders[1], "pay-2", "dp-2", Amount::from_minor(5_000), Some(lost(5_000)));
    let all = |world: &World| -> Vec<_> {
        let live = world.live_disputes(event, None, u16::MAX);
        live.iter().map(|live| (live.order.number, live.is_lost, live.tickets)).collect()
    };
    assert_eq!(all(&world), [(1, true, 2), (2, false, 2), (3, false, 2)]);
    let page = world.live_disputes(event, Some(1), 1);
    let [live] = &page[..] else { panic!("{page:?}") };
    assert_eq!((live.order, live.number, live.amount.as_minor()), (orders[2], 0, 5_000));
    assert_eq!((live.dispute.as_str(), live.payment.as_str()), ("dp-3", "pay-3"));
    assert_eq!((live.provider.as_str(), live.reason.as_str()), ("sandbox", "fraudulent"));
    world.decide_dispute(orders[1], 0, KeepTickets).unwrap();
    world.decide_dispute(orders[2], 0, VoidTickets).unwrap();
    world.restart();
    assert_eq!(all(&world), [(2, false, 0), (3, false, 2)]);
    let query = Query::Disputes { event, after: None, orders_max: 9 };
    let seen = world.partition.query(world.now(), buyer(3), query);
    assert_eq!(seen, Err(Refusal::OperatorOnly));
}

#[test]
fn what_became_of_a_dispute_is_in_the_timeline() {
    let (mut world, _, order) = paid();
    asked(&mut world, order, 5_000, Some(lost(5_000)));
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    let View::Timeline(steps) = world.query(Query::Timeline(order)) else { panic!() };
    let kinds: Vec<_> = steps[steps.len() - 3..].iter().map(|step| step.kind.clone()).collect();
    let (amount, currency) = (Amount::from_minor(5_000), euro());
    let opened = StepKind::DisputeOpened { dispute: "dp-1".into(), amount, currency };
    let end = DisputeEnd::Lost { amount, currency };
    let closed = StepKind::DisputeClosed { dispute: 0, end };
    assert_eq!(kinds, [opened, closed, StepKind::DisputeDecided { dispute: 0, void: true }]);
}
