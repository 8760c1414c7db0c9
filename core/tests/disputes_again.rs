//! A bank takes a dispute up again that had ended, and decides otherwise: the books follow, and
//! what is gone is gone once, or is a loss.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, DisputeDecision, DisputeNotice};
use onsale_core::fact::Fact;
use onsale_core::id::{EventId, OrderId};
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use onsale_core::query::LiveDispute;
use onsale_core::refusal::Refusal;

use DisputeDecision::{KeepTickets, VoidTickets};

/// How a dispute about so much of `pay-1` stands now. What is taken up again, and what ends again,
/// is the same after a restart.
fn stands(world: &mut World, order: OrderId, minor: u64, end: Option<DisputeEnd>) {
    world.dispute(order, "pay-1", "dp-1", Amount::from_minor(minor), end);
    world.restart();
}

fn live(world: &World, event: EventId) -> Vec<LiveDispute> {
    world.live_disputes(event, None, 9)
}

#[test]
fn a_dispute_that_was_won_may_be_taken_up_again_and_lost() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, None);
    stands(&mut world, order, 5_000, WON);
    assert_eq!(money(&world, event), [5_000, 0, 0, 0, 5_000]);
    stands(&mut world, order, 4_000, None);
    assert_eq!(refund(&mut world, order, None), Err(Refusal::Disputed));
    assert_eq!(world.audit(event).disputes_open, 1);
    let [again] = &live(&world, event)[..] else { panic!() };
    assert_eq!((again.number, again.amount.as_minor(), again.is_lost), (0, 4_000, false));
    stands(&mut world, order, 4_000, Some(lost(4_000)));
    assert_eq!(money(&world, event), [5_000, 0, 4_000, 4_000, 5_000]);
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    assert_eq!(wanted(&world), [(0, 1_000)]);
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 1_000, 4_000, 0, 0]);
}

/// What is known of a dispute that is taken up again is what is told last.
#[test]
fn a_dispute_that_is_taken_up_again_has_its_name_and_may_have_another_reason() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, WON);
    let notice = DisputeNotice {
        provider: sandbox(),
        order,
        payment: "pay-1".into(),
        dispute: "dp-1".into(),
        amount: Amount::from_minor(2_500),
        currency: euro(),
        reason: "appeal".into(),
        end: None,
    };
    for _ in 0..2 {
        world.ask(Actor::System, Command::RecordDispute(Box::new(notice.clone()))).unwrap();
        world.restart();
    }
    let [again] = &live(&world, event)[..] else { panic!() };
    assert_eq!((again.dispute.as_str(), again.reason.as_str()), ("dp-1", "appeal"));
    let opened = |fact: &Fact| matches!(fact, Fact::DisputeOpened(_));
    assert_eq!(world.facts().iter().filter(|(_, fact)| opened(fact)).count(), 2);
}

#[test]
fn what_was_lost_may_be_won_and_tickets_that_are_void_are_paid_back() {
    for is_open_between in [false, true] {
        let (mut world, event, order) = paid();
        stands(&mut world, order, 5_000, Some(lost(5_000)));
        world.decide_dispute(order, 0, VoidTickets).unwrap();
        assert_eq!(money(&world, event), [5_000, 0, 5_000, 0, 0]);
        if is_open_between {
            stands(&mut world, order, 5_000, None);
            assert_eq!(wanted(&world), [], "nobody knows whose it is");
            assert_eq!(money(&world, event), [5_000, 0, 0, 0, 0]);
        }
        stands(&mut world, order, 5_000, WON);
        assert_eq!(wanted(&world), [(0, 5_000)]);
        must_be_settled(&mut world);
        assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
    }
}

#[test]
fn what_was_lost_may_be_won_and_valid_tickets_are_paid_for_again() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 5_000, 5_000]);
    stands(&mut world, order, 5_000, WON);
    assert_eq!((live(&world, event), wanted(&world)), (vec![], vec![]));
    assert_eq!(money(&world, event), [5_000, 0, 0, 0, 5_000]);
    must_be_settled(&mut world);
}

#[test]
fn what_was_given_back_after_it_was_won_and_is_lost_in_the_end_is_gone_twice() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, None);
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    stands(&mut world, order, 5_000, WON);
    world.settle();
    assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(wanted(&world), []);
    assert_eq!(money(&world, event), [5_000, 5_000, 5_000, 5_000, 0]);
    must_be_settled(&mut world);
    // And not at all, if the bank thinks better of it once more.
    stands(&mut world, order, 5_000, WON);
    assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
    must_be_settled(&mut world);
}

/// The provider has refused the refund since the bank had the money; the rest was asked for anew.
/// If the bank gives it back, the rest of it is: the refused refund is owed no more.
#[test]
fn a_refund_that_was_overtaken_is_not_owed_again_when_the_money_comes_back() {
    for refused_first in [true, false] {
        let (mut world, event, order) = paid();
        refund(&mut world, order, None).unwrap();
        stands(&mut world, order, 4_000, None);
        if refused_first {
            world.refuse(order, 0);
        }
        stands(&mut world, order, 4_000, Some(lost(4_000)));
        if !refused_first {
            world.refuse(order, 0);
        }
        assert_eq!(wanted(&world), [(1, 1_000)], "what the bank has not taken");
        world.settle();
        stands(&mut world, order, 4_000, None);
        assert_eq!(world.refused(event, None, 9), []);
        stands(&mut world, order, 4_000, WON);
        assert_eq!(wanted(&world), [(2, 4_000)], "what the bank had taken");
        assert_eq!(world.refused(event, None, 9), []);
        let settled = world.settle_refund(order, 0, by_hand("transfer 7"));
        assert_eq!(settled, Err(Refusal::Disputed), "it would be paid twice");
        must_be_settled(&mut world);
        assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
    }
}

/// The provider has not said yet what becomes of the refund.
#[test]
fn a_refund_that_is_awaited_while_its_money_is_lost_and_won_again_is_made_once() {
    for is_made in [true, false] {
        let (mut world, event, order) = paid();
        refund(&mut world, order, None).unwrap();
        stands(&mut world, order, 5_000, Some(lost(5_000)));
        stands(&mut world, order, 5_000, WON);
        assert_eq!(wanted(&world), [(0, 5_000)]);
        if is_made {
            world.settle();
        } else {
            world.refuse(order, 0);
            let [refused] = &world.refused(event, None, 9)[..] else { panic!() };
            assert_eq!(refused.refund, 0, "no bank has it: somebody has to look into it");
            world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
        }
        must_be_settled(&mut world);
        assert_eq!(money(&world, event), [5_000, 5_000, 0, 0, 0]);
    }
}

/// A refund of what a loss had left is refused when the dispute is open again.
#[test]
fn what_is_refused_while_it_is_open_again_is_owed_if_it_is_won_and_overtaken_if_it_is_lost() {
    for (end, back) in
        [(WON, [5_000, 5_000, 0, 0, 0]), (Some(lost(5_000)), [5_000, 0, 5_000, 0, 0])]
    {
        let (mut world, event, order) = paid();
        stands(&mut world, order, 4_000, Some(lost(4_000)));
        world.decide_dispute(order, 0, VoidTickets).unwrap();
        assert_eq!(wanted(&world), [(0, 1_000)]);
        stands(&mut world, order, 5_000, None);
        world.refuse(order, 0);
        assert_eq!(world.settle_refund(order, 0, by_hand("transfer 7")), Err(Refusal::Disputed));
        stands(&mut world, order, 5_000, end);
        if end == WON {
            assert_eq!(wanted(&world), [(1, 4_000)]);
            world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
        }
        assert_eq!(world.refused(event, None, 9), []);
        must_be_settled(&mut world);
        assert_eq!(money(&world, event), back);
    }
}

#[test]
fn a_loss_of_another_sum_is_another_loss() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, Some(lost(2_500)));
    world.decide_dispute(order, 0, KeepTickets).unwrap();
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 5_000, 5_000]);
    assert_eq!(live(&world, event).len(), 1, "it was left for less");
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    world.decide_dispute(order, 0, VoidTickets).unwrap();
    must_be_settled(&mut world);
    stands(&mut world, order, 5_000, Some(lost(2_500)));
    assert_eq!(wanted(&world), [(0, 2_500)]);
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 2_500, 2_500, 0, 0]);
}

#[test]
fn tickets_are_left_for_one_loss_only() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    world.decide_dispute(order, 0, KeepTickets).unwrap();
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    assert_eq!(live(&world, event), [], "it is known");
    stands(&mut world, order, 5_000, None);
    let [again] = &live(&world, event)[..] else { panic!() };
    assert_eq!((again.is_lost, again.tickets), (false, 2));
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    let [again] = &live(&world, event)[..] else { panic!() };
    assert_eq!((again.is_lost, again.tickets), (true, 2), "somebody has to say it again");
    world.decide_dispute(order, 0, KeepTickets).unwrap();
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 5_000, 5_000]);
}

#[test]
fn a_payment_that_was_told_of_while_the_bank_had_it_goes_back_when_it_is_won() {
    let (mut world, event, order) = paid();
    world.dispute(order, "pay-2", "dp-2", Amount::from_minor(5_000), Some(lost(5_000)));
    world.notify(order, "pay-2", captured(Amount::from_minor(5_000)));
    assert_eq!(wanted(&world), []);
    world.dispute(order, "pay-2", "dp-2", Amount::from_minor(5_000), WON);
    assert_eq!(wanted(&world), [(0, 5_000)], "paid twice");
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [10_000, 5_000, 0, 0, 5_000]);
}

#[test]
fn an_event_that_is_called_off_pays_back_what_is_won_again() {
    let (mut world, event, order) = paid();
    stands(&mut world, order, 5_000, Some(lost(5_000)));
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    must_be_settled(&mut world);
    assert_eq!(money(&world, event), [5_000, 0, 5_000, 0, 0]);
    stands(&mut world, order, 5_000, WON);
    assert_eq!(wanted(&world), [(0, 5_000)]);
    must_be_settled(&mut world);
}
