//! The load generator's people at a real server: what they are told is true, and nothing is left.

use std::num::NonZero;
use std::path::Path;
use std::time::Duration;

use onsale_loadgen::mix::Mix;
use onsale_loadgen::outcome::{Outcome, Second};
use onsale_loadgen::run::{Plan, run};
use onsale_loadgen::schedule::Spacing;
use onsale_loadgen::sources::Sources;
use onsale_loadgen::stop::Stop;
use onsale_loadgen::target::Target;
use onsale_tests::Server;

/// Far fewer tickets than people want. Whoever finds everything held comes back.
const CROWD: &str = r#"
[event]
name = "A small house"
seats = 60
price_minor = 5000
waitroom = { opens_after = "500ms", slots = 50, rate_per_minute = 600000 }

[[persona]]
name = "buyer"
weight = 80
party = { 1 = 1, 2 = 1, 3 = 1 }
retries = 20
comes_back = { chance = 1, after = "200ms..400ms" }
script = [
    { do = "join" },
    { do = "wait", by = "poll" },
    { do = "hold", choice = "best", attempts = 3, may_split = true },
    { do = "order" },
    { do = "pay", behaviour = { pay = 8, duplicate = 1, decline = 1 } },
    { do = "confirm" },
]

[[persona]]
name = "picky"
weight = 10
party = { 2 = 1 }
script = [
    { do = "join" },
    { do = "wait", by = "poll" },
    { do = "hold", choice = "seats", attempts = 3 },
    { do = "abandon", chance = 0.5 },
    { do = "order" },
    { do = "pay" },
    { do = "confirm" },
]

# Somebody takes what is left over from parties of two and three.
[[persona]]
name = "alone"
weight = 20
party = { 1 = 1 }
comes_back = { chance = 1, after = "200ms..400ms" }
script = [
    { do = "look", at = "availability" },
    { do = "join" },
    { do = "wait", by = "poll" },
    { do = "hold", choice = "best" },
    { do = "order" },
    { do = "pay" },
    { do = "confirm" },
]
"#;

fn plan(server: &Server, mix: &str, schedule: &str, duration_ms: u64) -> Plan {
    let target = Target::parse(&server.base, false).expect("it is on this machine");
    Plan {
        sources: Sources::new(&target, 1).expect("one is always there"),
        target,
        mix: Mix::parse(Path::new("small.toml"), mix).unwrap_or_else(|error| panic!("{error}")),
        schedule: schedule.parse().unwrap_or_else(|error| panic!("{error}")),
        spacing: Spacing::Even,
        duration: Duration::from_millis(duration_ms),
        grace: Duration::from_secs(60),
        seed: 7,
        threads: NonZero::new(2).expect("two are some"),
        event: None,
        operator_token: Some(server.operator_token()),
        server: None,
        stop: Stop::never(),
    }
}

fn play(plan: &Plan) -> Outcome {
    run(plan, &mut |_| {}).unwrap_or_else(|error| panic!("{error}")).outcome
}

#[test]
fn a_crowd_buys_a_small_house_empty_and_is_told_nothing_but_the_truth() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]).expect("it starts");
    let outcome = play(&plan(&server, CROWD, "constant:400/s", 500));
    assert_eq!(outcome.violations, Vec::<String>::new());
    assert_eq!(outcome.totals.arrived, 200);
    assert_eq!(outcome.totals.sold_tickets, 60, "{:?} {:?}", outcome.totals, outcome.refusals);
    assert_eq!(outcome.failures.values().sum::<u64>(), 0, "{:?}", outcome.failures);
    let names: Vec<_> = outcome.steps.iter().map(|step| step.name.as_str()).collect();
    assert!(names.starts_with(&["session", "join", "poll"]), "{names:?}");
    let sum = |of: fn(&Second) -> u64| outcome.series.iter().map(of).sum::<u64>();
    assert_eq!(sum(|second| second.arrived), 200);
    assert_eq!(sum(|second| second.requests), outcome.totals.requests);
    assert!(outcome.series.iter().any(|second| second.queued.is_some_and(|people| people > 0)));
    assert!(outcome.totals.sent_bytes > 0 && outcome.totals.received_bytes > 0);
}

#[test]
fn when_the_server_is_killed_people_still_come_and_the_run_ends() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]).expect("it starts");
    let mut plan = plan(&server, CROWD, "constant:100/s", 3_000);
    plan.grace = Duration::from_secs(1);
    let mut server = Some(server);
    let finished = run(&plan, &mut |second| {
        // When the first second is over, and so after some have been told something.
        if second.at_s == 1 {
            server.take().map(Server::kill).unwrap_or_default();
        }
    });
    let outcome = finished.unwrap_or_else(|error| panic!("{error}")).outcome;
    assert_eq!(outcome.totals.arrived, 300, "they come whatever the server does");
    assert!(outcome.failures["refused"] > 0, "{:?}", outcome.failures);
    let told = |words: &str| outcome.violations.iter().any(|line| line.contains(words));
    assert!(told("cannot be looked at"), "nobody can say that it is right: {outcome:?}");
}
