//! Small rehearsals whose outcome is known.

use onsale_core::money::Amount;
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};

use super::{Arrival, People, Report, chart, rehearse};

const OPENING: Time = Time::from_ms(1_800_000_000_000);

fn event(capacity: u32, waitroom: bool) -> EventSpec {
    let class = |name: &str, price| Class {
        name: name.to_owned(),
        price: Amount::from_minor(price),
        window: Window { opens_at: OPENING, closes_at: OPENING + Span::from_mins(10_000) },
        per_buyer: None,
    };
    let quota = |name: &str, classes: &[u16], capacity| Quota {
        name: name.to_owned(),
        capacity,
        classes: classes.iter().copied().map(ClassId).collect(),
    };
    let spec = WaitroomSpec {
        doors_at: OPENING - Span::from_mins(30),
        opens_at: OPENING,
        slots: 50,
        rate_per_minute: 600,
        visit: Span::from_mins(15),
        claim: Span::from_mins(2),
        presence: Span::from_mins(5),
    };
    let draft = Draft {
        name: "Rehearsal".to_owned(),
        currency: "EUR".parse().unwrap(),
        classes: vec![class("Standing", 2_500), class("Balcony", 4_000)],
        quotas: vec![quota("House", &[0, 1], capacity), quota("Balcony", &[1], capacity / 3)],
        plan: None,
        waitroom: waitroom.then_some(spec),
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: true },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(10),
        },
    };
    EventSpec::parse(draft).unwrap()
}

fn report(capacity: u32, waitroom: bool, buyers: u32, seed: u64) -> Report {
    rehearse(event(capacity, waitroom), buyers, seed, People::default(), &mut |_| ())
}

fn sold(report: &Report) -> u32 {
    report.classes.iter().map(|class| class.sold).sum()
}

#[test]
fn a_crowd_sells_it_out_and_the_books_balance() {
    for waitroom in [true, false] {
        let report = report(300, waitroom, 3_000, 7);
        assert_eq!(sold(&report), 300, "{report}");
        assert!(report.sold_out_after_ms.is_some() && report.books_balance, "{report}");
        assert_eq!(report.queue.is_some(), waitroom);
        assert!(report.held_max <= 300 && report.held_max > 0);
        let taken: u64 = report
            .classes
            .iter()
            .zip([2_500, 4_000])
            .map(|(class, price)| u64::from(class.sold) * price)
            .sum();
        assert_eq!(report.revenue_minor, taken);
    }
}

#[test]
fn too_few_people_leave_tickets_and_nobody_waits_in_the_end() {
    let report = report(5_000, true, 200, 1);
    assert!(report.sold_out_after_ms.is_none());
    assert_eq!(report.tally.came, 200);
    assert_eq!(report.waiting_at_end, 0, "{report}");
    let left: u32 = report.classes.iter().map(|class| class.left).max().unwrap();
    assert_eq!(sold(&report) + left, 5_000);
    assert!(report.books_balance);
}

#[test]
fn nobody_is_let_in_faster_than_the_rate_and_the_slots_allow() {
    let report = report(1_000, true, 5_000, 3);
    assert!(report.admitted_per_minute.iter().all(|count| *count <= 600 + 1));
    assert!(report.samples.iter().all(|sample| sample.inside <= 50));
    assert_eq!(report.admitted_per_minute.iter().sum::<u32>(), report.tally.admitted);
}

#[test]
fn the_same_seed_gives_the_same_report_and_another_does_not() {
    assert_eq!(report(200, true, 1_000, 5), report(200, true, 1_000, 5));
    assert_ne!(report(200, true, 1_000, 5).tally, report(200, true, 1_000, 6).tally);
}

#[test]
fn other_people_make_another_sale() {
    let nobody_pays = People { never_pay_per_mille: 1_000, ..People::default() };
    let report = rehearse(event(50, true), 500, 1, nobody_pays, &mut |_| ());
    assert_eq!((sold(&report), report.revenue_minor), (0, 0));
    assert!(report.tally.expired > 0 && report.refusals.contains_key("all_held"), "{report}");
    let late = People { arrival: Arrival::Steady, early_per_mille: 0, ..People::default() };
    let report = rehearse(event(50, true), 500, 1, late, &mut |_| ());
    let before = report.samples.iter().filter(|sample| sample.at_ms < 0);
    assert!(before.map(|sample| sample.waiting).all(|waiting| waiting == 0));
}

#[test]
fn the_chart_shows_each_quantity_with_a_name() {
    let svg = chart::svg(&report(100, true, 400, 2));
    for text in [">sold<", ">held<", ">waiting<", ">inside<", ">opening<", ">all tickets<"] {
        assert!(svg.contains(text), "{text} in {svg}");
    }
    assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    assert!(!svg.contains("NaN"));
}
