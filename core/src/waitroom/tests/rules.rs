//! The rules, one by one.

use alloc::vec;
use alloc::vec::Vec;

use super::super::{EndReason, PlaceState, Presence, Waitroom};
use super::{SEED, SPEC, at, person};
use crate::spec::WaitroomSpec;
use crate::time::{Span, Time};

const NOBODY: [u32; 0] = [];
const PLENTY: u32 = 1_000_000;

/// A waitroom after the draw in which `parties` came in this order.
fn line(spec: WaitroomSpec, parties: &[u32]) -> Waitroom {
    let mut waitroom = Waitroom::new(spec, SEED);
    waitroom.drawn(at(0));
    for (number, &party) in (0..).zip(parties) {
        assert_eq!(waitroom.joined(at(0), person(number), party), number);
    }
    waitroom
}

fn admit(waitroom: &mut Waitroom, now: Time, stock: u32) -> Vec<u32> {
    let admitted = waitroom.admissible(now, stock, usize::MAX);
    for &number in &admitted {
        waitroom.admitted(now, number, now + SPEC.visit);
    }
    admitted
}

#[test]
fn who_joins_twice_has_one_place() {
    let mut waitroom = line(SPEC, &[1, 2]);
    assert_eq!(waitroom.joined(at(5), person(0), 4), 0);
    assert_eq!(waitroom.next_number(), 2);
    assert_eq!(waitroom.place(0).unwrap().party, 1);

    waitroom.ended(at(6), 0, EndReason::Left);
    assert_eq!(waitroom.live_place_of(person(0)), None);
    assert_eq!(waitroom.joined(at(7), person(0), 4), 2);
    assert_eq!(waitroom.ahead(2), Some(1), "whoever leaves comes back at the end");
}

#[test]
fn two_in_the_same_millisecond_keep_the_order_in_which_they_came() {
    let mut waitroom = line(SPEC, &[1; 50]);
    assert!((0..50).all(|number| waitroom.ahead(number) == Some(number)));
    assert_eq!(admit(&mut waitroom, at(0), PLENTY), (0..50).collect::<Vec<_>>());
}

#[test]
fn nobody_has_a_position_or_comes_in_before_the_draw() {
    let mut waitroom = Waitroom::new(SPEC, SEED);
    waitroom.joined(at(0), person(0), 1);
    assert_eq!(waitroom.ahead(0), None);
    assert_eq!(waitroom.estimate(at(1), 0), None);
    assert_eq!(waitroom.reveal(), None);
    assert_eq!(waitroom.admissible(at(1), PLENTY, 9), NOBODY);
    assert_eq!(waitroom.next_admission_at(at(1), PLENTY), None);
    waitroom.drawn(at(2));
    assert_eq!(waitroom.admissible(at(2), PLENTY, 9), vec![0]);
}

#[test]
fn the_line_is_the_order_that_anyone_computes_from_the_reveal() {
    let mut waitroom = Waitroom::new(SPEC, SEED);
    let published = waitroom.commitment();
    (0..100).for_each(|n| assert_eq!(waitroom.joined(at(0), person(n), 1), n));
    for gone in [3, 50, 99] {
        waitroom.ended(at(1), gone, EndReason::Left);
    }
    waitroom.drawn(at(2));
    let latecomer = waitroom.joined(at(2), person(3), 1);

    let reveal = waitroom.reveal().unwrap();
    assert_eq!(reveal.commitment, published);
    assert_eq!((reveal.participants, &reveal.withdrawn[..]), (100, &[3, 50, 99][..]));
    let mut expected = reveal.order();
    assert_ne!(expected, (0..100).filter(|n| ![3, 50, 99].contains(n)).collect::<Vec<_>>());
    expected.push(latecomer);
    assert_eq!(waitroom.admissible(at(2), PLENTY, usize::MAX), expected);
}

#[test]
fn a_no_show_frees_the_slot_at_once() {
    let mut waitroom = line(WaitroomSpec { slots: 1, ..SPEC }, &[1, 1]);
    let mut presence = Presence::new(SPEC.presence, SPEC.claim);
    assert_eq!(admit(&mut waitroom, at(0), PLENTY), vec![0]);
    presence.expect_claim(0, at(0));
    assert_eq!(waitroom.next_admission_at(at(0), PLENTY), None);

    let due = presence.next_due().unwrap();
    assert_eq!(due, at(60_000));
    for number in presence.due(due, 10) {
        waitroom.ended(due, number, EndReason::Expired);
    }
    assert_eq!(waitroom.place(0).unwrap().state, PlaceState::Expired { at: due });
    assert_eq!(admit(&mut waitroom, due, PLENTY), vec![1]);
}

#[test]
fn with_fewer_slots_than_people_inside_nobody_comes_in_until_enough_have_gone() {
    let mut waitroom = line(WaitroomSpec { slots: 5, ..SPEC }, &[1; 10]);
    assert_eq!(admit(&mut waitroom, at(0), PLENTY).len(), 5);
    waitroom.resized(at(1), Some(2), None);
    for gone in 0..4 {
        assert_eq!(waitroom.admissible(at(60_000), PLENTY, 9), NOBODY, "{gone} gone");
        assert_eq!(waitroom.next_admission_at(at(60_000), PLENTY), None);
        waitroom.ended(at(60_000), gone, EndReason::Completed);
    }
    assert_eq!(waitroom.admissible(at(60_000), PLENTY, 9), vec![5]);
}

#[test]
fn nobody_comes_in_during_a_pause_and_nobody_is_put_out() {
    let mut waitroom = line(WaitroomSpec { slots: 2, ..SPEC }, &[1; 3]);
    assert_eq!(admit(&mut waitroom, at(0), PLENTY), vec![0, 1]);
    waitroom.paused();
    waitroom.ended(at(1), 0, EndReason::Completed);
    assert_eq!(waitroom.admissible(at(600_000), PLENTY, 9), NOBODY);
    assert_eq!(waitroom.next_admission_at(at(600_000), PLENTY), None);
    assert_eq!(waitroom.estimate(at(600_000), 2), None);
    assert_eq!((waitroom.inside(), waitroom.joined(at(2), person(9), 1)), (1, 3));
    waitroom.resumed(at(600_000));
    assert_eq!(waitroom.admissible(at(600_000), PLENTY, 9), vec![2]);
}

#[test]
fn people_come_in_only_for_stock_that_is_not_promised_to_others() {
    let mut waitroom = line(SPEC, &[2, 3, 1, 1]);
    assert_eq!(admit(&mut waitroom, at(0), 5), vec![0, 1]);
    assert_eq!((waitroom.promised(), waitroom.admissible(at(0), 5, 9)), (5, Vec::new()));

    waitroom.provided(0);
    assert_eq!((waitroom.promised(), waitroom.admissible(at(0), 3, 9)), (3, Vec::new()));
    waitroom.unprovided(0);
    assert_eq!(waitroom.promised(), 5);
    waitroom.ended(at(1), 1, EndReason::Abandoned);
    assert_eq!(waitroom.admissible(at(1), 3, 9), vec![2]);
    assert_eq!(waitroom.admissible(at(1), 4, 9), vec![2, 3]);
}

#[test]
fn a_large_party_is_neither_overtaken_nor_left_waiting_for_ever() {
    let mut waitroom = line(SPEC, &[1, 8, 1]);
    assert_eq!(admit(&mut waitroom, at(0), 3), vec![0]);
    assert_eq!(waitroom.admissible(at(1), 3, 9), NOBODY, "not even the party of one behind");
    waitroom.provided(0);
    assert_eq!(waitroom.admissible(at(1), 0, 9), NOBODY, "nothing is there");
    assert_eq!(admit(&mut waitroom, at(1), 2), vec![1], "two are better than none");
    assert_eq!(waitroom.admissible(at(2), 2, 9), NOBODY);
}

#[test]
fn the_rate_says_when_the_next_comes_in() {
    let mut waitroom = line(WaitroomSpec { rate_per_minute: 7, ..SPEC }, &[1; 3]);
    assert_eq!(admit(&mut waitroom, at(0), PLENTY), vec![0]);
    let next = waitroom.next_admission_at(at(0), PLENTY).unwrap();
    assert_eq!(next, at(8_571), "60 s / 7, to the millisecond");
    assert_eq!(waitroom.admissible(at(8_570), PLENTY, 9), NOBODY);
    assert_eq!(admit(&mut waitroom, next, PLENTY), vec![1]);
    assert_eq!(waitroom.next_admission_at(next, PLENTY), Some(at(17_142)), "120 s / 7");

    waitroom.resized(at(9_000), None, Some(6_000));
    assert_eq!(waitroom.admissible(at(9_000), PLENTY, 9), NOBODY);
    assert_eq!(waitroom.next_admission_at(at(9_000), PLENTY).unwrap().since(at(9_000)).as_ms(), 10);
}

#[test]
fn the_estimate_follows_what_was_observed_and_never_beats_the_rate() {
    let mut waitroom = line(WaitroomSpec { slots: 1, rate_per_minute: 60, ..SPEC }, &[1; 20]);
    assert_eq!(waitroom.estimate(at(0), 0), Some(Span::ZERO));
    assert_eq!(waitroom.estimate(at(0), 10), Some(Span::from_secs(10)), "only the rate is known");
    let mut now = at(0);
    for number in 0..5 {
        assert_eq!(admit(&mut waitroom, now, PLENTY), vec![number]);
        now = now + Span::from_mins(5);
        waitroom.ended(now, number, EndReason::Completed);
    }
    assert_eq!(admit(&mut waitroom, now, PLENTY), vec![5]);
    let ten_ahead = waitroom.estimate(now, 16).unwrap();
    assert_eq!(ten_ahead, Span::from_secs(11 * 25 * 60 / 6), "six came in within 25 minutes");
    assert_eq!(waitroom.estimate(now, 5), None, "whoever is inside waits no more");
    assert!(waitroom.estimate(now + Span::from_mins(10), 16).unwrap() > ten_ahead);
}
