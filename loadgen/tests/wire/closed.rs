//! The closed model, whole.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use onsale_loadgen::closed::{ClosedError, Core, Finished, Length, Plan, Progress, Scenario, run};
use onsale_loadgen::http::Failure;
use onsale_loadgen::target::Target;

use super::bad::{BAD, Bad};
use super::server::{Asked, answer, json, nobody, serve};

/// A plan that is done soon.
fn plan(target: Target, scenario: Scenario) -> Plan {
    let mut plan = Plan::new(target, scenario);
    plan.connections = NonZeroU32::new(6).unwrap();
    plan.threads = NonZeroU32::new(2).unwrap();
    plan.warm_up = Duration::ZERO;
    plan.length = Length::Turns(100);
    plan.buyers = 12;
    plan.operator_token = Some("secret".to_owned());
    plan
}

fn finished(plan: &Plan) -> Finished {
    run(plan, &mut |_| {}).unwrap()
}

/// Of an event that is sold without a waitroom, what the scenario `hold` needs to see.
fn shop(hold: impl Fn(u32) -> String + Send + Sync + 'static, held: u64) -> Target {
    let holds = AtomicU32::new(0);
    answer(move |asked: &Asked| match asked.line.as_str() {
        "post /api/v1/events" => json(201, r#"{"id":"evt_1"}"#),
        "post /api/v1/events/evt_1/open" => "HTTP/1.1 204 X\r\n\r\n".to_owned(),
        "post /api/v1/sessions" => json(201, r#"{"access_token":"a.b.c"}"#),
        "get /api/v1/events/evt_1" => json(200, r#"{"id":"evt_1"}"#),
        "post /api/v1/events/evt_1/holds" => hold(holds.fetch_add(1, Relaxed)),
        "get /api/v1/events/evt_1/audit" => {
            json(200, &format!(r#"{{"holds":true,"stock":[{{"held":{held},"sold":0}}]}}"#))
        }
        other => json(404, other),
    })
}

#[test]
fn every_turn_is_taken_once_and_measured() {
    let target = answer(|_| json(200, r#"{"status":"alive"}"#));
    let mut seconds = 0;
    let plan = plan(target.clone(), Scenario::Healthz);
    let watch = &mut |progress: Progress<'_>| seconds += u32::from(is_second(&progress));
    let Finished { outcome, steps, .. } = run(&plan, watch).unwrap();
    assert_eq!((outcome.totals.requests, outcome.totals.succeeded), (100, 100));
    assert_eq!((steps[0].raw.len(), outcome.steps[0].corrected.count), (100, 100));
    assert_eq!((outcome.run.target, outcome.run.workload), (target.url(), "healthz".to_owned()));
    assert_eq!(outcome.totals.connections_max, 6);
    assert!(outcome.totals.sent_bytes > 0 && outcome.totals.received_bytes > 0);
    assert_eq!(outcome.violations, [""; 0]);
    assert_eq!(outcome.series.len(), seconds as usize);
}

fn is_second(progress: &Progress<'_>) -> bool {
    matches!(progress, Progress::Second(_))
}

/// More connections than requests that are due: nobody waits for a turn that does not come.
#[test]
fn at_a_rate_no_more_is_sent_than_is_due() {
    let mut plan = plan(answer(|_| json(200, r#"{"status":"alive"}"#)), Scenario::Healthz);
    plan.connections = NonZeroU32::new(100).unwrap();
    plan.rate = Some(100.0);
    for length in [Length::For(Duration::from_millis(300)), Length::Turns(30)] {
        plan.length = length;
        let outcome = finished(&plan).outcome;
        assert!((1..=31).contains(&outcome.totals.requests), "{:?}", outcome.totals);
        let is_whole = outcome.totals.requests >= 30;
        assert!(is_whole || !outcome.generator.doubts.is_empty(), "{:?}", outcome.totals);
    }
}

#[test]
fn holds_are_each_of_another_buyer_and_all_in_the_books() {
    let target = shop(|n| json(201, &format!(r#"{{"id":"hld_{n}"}}"#)), 100);
    let outcome = finished(&plan(target, Scenario::Hold)).outcome;
    assert_eq!((outcome.totals.held_tickets, outcome.totals.refused), (100, 0));
    assert_eq!(outcome.violations, [""; 0]);
}

#[test]
fn holds_go_to_the_core_that_is_chosen_and_the_rest_to_the_target() {
    let core = || {
        let holds = Arc::new(AtomicU32::new(0));
        let taken = Arc::clone(&holds);
        let target = answer(move |asked: &Asked| match asked.line.as_str() {
            "post /api/v1/sessions" => json(201, r#"{"access_token":"a.b.c"}"#),
            "get /api/v1/events/evt_0" => json(200, "{}"),
            "post /api/v1/events/evt_0/holds" => {
                let n = taken.fetch_add(1, Relaxed);
                json(201, &format!(r#"{{"id":"hld_{n}"}}"#))
            }
            other => json(404, other),
        });
        (target.address().port(), holds)
    };
    for chosen in [Core::Owner, Core::Other] {
        let ((owner, of_owner), (other, of_other)) = (core(), core());
        let defined = AtomicU32::new(0);
        // The second event, too, happens to lie on the core of the first.
        let target = answer(move |asked: &Asked| match asked.line.as_str() {
            "post /api/v1/events" => {
                json(201, &format!(r#"{{"id":"evt_{}"}}"#, defined.fetch_add(1, Relaxed)))
            }
            "post /api/v1/events/evt_0/open" => "HTTP/1.1 204 X\r\n\r\n".to_owned(),
            "get /api/v1/events/evt_0" | "get /api/v1/events/evt_1" => {
                json(200, &format!(r#"{{"direct_port":{owner}}}"#))
            }
            "get /api/v1/events/evt_2" => json(200, &format!(r#"{{"direct_port":{other}}}"#)),
            "get /api/v1/events/evt_0/audit" => {
                json(200, r#"{"holds":true,"stock":[{"held":100,"sold":0}]}"#)
            }
            other => json(404, other),
        });
        let outcome = finished(&Plan { core: chosen, ..plan(target, Scenario::Hold) }).outcome;
        assert_eq!((outcome.totals.succeeded, outcome.violations.len()), (100, 0));
        let expected = if chosen == Core::Owner { (100, 0) } else { (0, 100) };
        assert_eq!((of_owner.load(Relaxed), of_other.load(Relaxed)), expected);
    }
}

#[test]
fn a_core_can_be_chosen_only_where_cores_have_ports_of_their_own() {
    let target = shop(|_| json(201, r#"{"id":"hld_1"}"#), 0);
    for core in [Core::Owner, Core::Other] {
        let plan = Plan { core, ..plan(target.clone(), Scenario::Hold) };
        let error = run(&plan, &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("listen_per_core"), "{error}");
    }
}

#[test]
fn the_others_of_the_queue_are_there_before_anybody_looks() {
    let (joined, looks_early) = <(Arc<AtomicU32>, Arc<AtomicU32>)>::default();
    let (joins, early) = (Arc::clone(&joined), Arc::clone(&looks_early));
    let target = answer(move |asked: &Asked| match asked.line.as_str() {
        "post /api/v1/events" => json(201, r#"{"id":"evt_1"}"#),
        "post /api/v1/sessions" => json(201, r#"{"access_token":"a.b.c"}"#),
        "post /api/v1/events/evt_1/waitroom" => {
            json(201, &format!(r#"{{"id":"plc_{}"}}"#, joins.fetch_add(1, Relaxed)))
        }
        "get /api/v1/events/evt_1/audit" => json(200, r#"{"holds":true,"stock":[]}"#),
        other => match other.strip_prefix("get /api/v1/places/") {
            Some(place) => {
                early.fetch_add(u32::from(joins.load(Relaxed) < 18), Relaxed);
                json(200, &format!(r#"{{"id":"{place}"}}"#))
            }
            None => json(200, "{}"),
        },
    });
    let mut plan = plan(target, Scenario::Status);
    plan.queue = 12;
    assert_eq!(finished(&plan).outcome.totals.succeeded, 100);
    assert_eq!((joined.load(Relaxed), looks_early.load(Relaxed)), (18, 0));
}

#[test]
fn a_hold_that_is_given_twice_is_a_violation() {
    let target = shop(|n| json(201, &format!(r#"{{"id":"hld_{}"}}"#, n.max(1))), 100);
    let violations = finished(&plan(target, Scenario::Hold)).outcome.violations;
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains("hld_1 was given to two"), "{violations:?}");
}

#[test]
fn tickets_that_the_books_do_not_know_are_a_violation() {
    let target = shop(|n| json(201, &format!(r#"{{"id":"hld_{n}"}}"#)), 99);
    let violations = finished(&plan(target, Scenario::Hold)).outcome.violations;
    assert!(violations[0].contains("100 tickets of evt_1 were acknowledged"), "{violations:?}");
}

#[test]
fn a_busy_server_has_refused_and_not_failed_and_is_not_asked_again() {
    let busy = r#"{"code":"busy"}"#;
    let target = shop(move |_| json(503, busy), 0);
    let outcome = finished(&plan(target, Scenario::Hold)).outcome;
    assert_eq!((outcome.totals.requests, outcome.totals.refused), (100, 100));
    assert_eq!((outcome.refusals["busy"], outcome.totals.failed), (100, 0));
}

#[test]
fn every_kind_of_bad_server_is_reported_and_the_run_ends() {
    thread::scope(|scope| {
        for bad in BAD {
            scope.spawn(|| reported(bad));
        }
    });
}

fn reported(&(name, handle, failure, waits): &Bad) {
    let mut plan = plan(serve(handle), Scenario::Healthz);
    plan.timeout = Duration::from_millis(if waits { 100 } else { 60_000 });
    let outcome = finished(&plan).outcome;
    let failures = [(failure.name().to_owned(), outcome.totals.failed)];
    assert_eq!(outcome.failures, BTreeMap::from(failures), "{name}");
    assert!(outcome.totals.failed >= 6, "{name}");
    assert!(outcome.generator.doubts.iter().any(|doubt| doubt.contains("given up")), "{name}");
}

#[test]
fn a_server_that_is_not_there_is_an_error_and_no_run() {
    for scenario in [Scenario::Healthz, Scenario::Hold] {
        let error = run(&plan(nobody(), scenario), &mut |_| {}).unwrap_err();
        assert!(
            matches!(error, ClosedError::Unreachable { failure: Failure::Refused, .. }),
            "{error}"
        );
    }
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is_asked() {
    let target = nobody();
    let refused = |change: fn(&mut Plan)| {
        let mut plan = plan(target.clone(), Scenario::Hold);
        change(&mut plan);
        run(&plan, &mut |_| {}).unwrap_err().to_string()
    };
    assert!(refused(|plan| plan.rate = Some(0.0)).contains("is no rate"));
    assert!(refused(|plan| plan.rate = Some(f64::NAN)).contains("is no rate"));
    assert!(refused(|plan| plan.events = 0).contains("at least one event"));
    assert!(refused(|plan| plan.operator_token = None).contains("operator token"));
    assert!(
        refused(|plan| (plan.scenario, plan.core) = (Scenario::Healthz, Core::Owner))
            .contains("--core")
    );
    assert!(refused(|plan| plan.scenario = Scenario::Idle).contains("--server-pid"));
    assert!(refused(|plan| plan.server_pid = Some(u32::MAX)).contains("cannot be watched"));
    assert!(refused(|plan| plan.connections = NonZeroU32::MAX).contains("too many"));
}
