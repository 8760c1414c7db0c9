//! Whether a sale notices what is done beside it: people who sign in, look at the catalogue and at
//! their orders, while durable holds are offered at half of what they can do at most.

use super::latency::highest_holds;
use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::Outcome;
use crate::server::Server;
use crate::service::{Service, pinned};
use crate::workspace;

/// Measures it.
pub fn run(bench: &Bench) -> Outcome<Vec<Row>> {
    let connections = bench.scale.many;
    let (highest, half) = highest_holds(bench)?;
    let mut alone = Series::new(format!("durable holds, p99 at {half}/s, alone"), "us");
    let mut beside = Series::new(format!("durable holds, p99 at {half}/s, beside all that"), "us");
    let mut notes = Vec::new();
    for round in 0..bench.scale.rounds {
        let server = bench.server()?;
        let load = Load::of(bench, "hold", connections).with("--rate", &half);
        let seen = load.run(bench, &server)?;
        bench.add(round, &mut alone, seen.p99_us("hold"));
        notes.extend(seen.doubts());
        let mut people = people(bench, &server)?;
        let seen = load.run(bench, &server)?;
        bench.add(round, &mut beside, seen.p99_us("hold"));
        notes.extend(seen.doubts());
        // They end when something is not answered as it should be.
        people.wait_until(|_| Some(()))?;
    }
    notes.push(
        "Beside it, each second: 2 sign-ins (Argon2id, 19 MiB), 50 searches of the catalogue, 50 \
         looks at an order history; all on the server's one processor."
            .to_owned(),
    );
    let what = "p99 of durable holds with sign-ins, catalogue and order histories beside ÷ alone";
    let row = Row::ratio("aside", what, Target::AtMost(1.2), beside, alone);
    Ok(vec![row.with([highest]).note(notes)])
}

/// Those who do something else.
fn people(bench: &Bench, server: &Server) -> Outcome<Service> {
    onsale_testbed::find_python()?;
    let source = workspace::root().join("xtask/src");
    let process = pinned(&bench.cores.load)
        .args(&["python3"])
        .path_arg(&source.join("bench/measures/aside.py"))
        .args(&[server.url()])
        .path_arg(&server.data())
        .env("PYTHONPATH", &source.join("api").to_string_lossy())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let log = server.data().join("people.log");
    let mut people = Service::start("who does something else", process, &log)?;
    people.wait_until(|log| log.contains("ready").then_some(()))?;
    Ok(people)
}
