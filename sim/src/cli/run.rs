//! `onsale-sim run`: one seed, told to people.

use std::collections::BTreeMap;
use std::io;

use onsale_sim::judged::{Judged, judged, judged_while};
use onsale_sim::plan::{Plan, swarm};
use onsale_sim::seen::Micros;
use onsale_sim::shrink::{Family, family};
use onsale_sim::sometimes::Sometimes;
use onsale_sim::timeline::{Timeline, UNTIL};

use super::report::{self, Source};
use super::{End, Outcome, told};
use onsale_sim::figures::number;

/// What to run.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Which seed
    #[arg(long)]
    seed: u64,
    /// Print everything that happens, a line each
    #[arg(long)]
    timeline: bool,
    /// End the run at this virtual time, in milliseconds
    #[arg(long, value_name = "MS")]
    until_ms: Option<u64>,
}

pub(super) fn main(args: &Args) -> Outcome {
    let plan = swarm(args.seed);
    println!("seed {}", args.seed);
    describe(&plan);
    let until = args.until_ms.map(|ms| Micros(ms.saturating_mul(1_000)));
    tell(&Source::Seed(args.seed), &plan, args.timeline, until)
}

/// Runs a plan and tells how it went.
pub(super) fn tell(source: &Source, plan: &Plan, timeline: bool, until: Option<Micros>) -> Outcome {
    let run = if timeline {
        println!();
        with_timeline(plan, io::stdout().lock(), until).map_err(told)?
    } else if until.is_some() {
        with_timeline(plan, io::sink(), until).map_err(told)?
    } else {
        judged(plan)
    };
    println!("\nlasted {}, {} steps, trace {:016x}", run.lasted, number(run.steps), run.trace);
    print_counts(&run.reached);
    match &run.violation {
        None => println!("\nclean: every invariant held"),
        Some(violation) if violation.invariant == UNTIL => {
            println!("\nended as was asked for; every invariant held so far");
        }
        Some(violation) => {
            println!("\n{}", report::violation(source, plan, violation));
            return Ok(End::Violated);
        }
    }
    Ok(End::Well)
}

fn with_timeline(plan: &Plan, out: impl io::Write, until: Option<Micros>) -> io::Result<Judged> {
    let mut timeline = Timeline::new(io::BufWriter::new(out), until);
    let run = judged_while(plan, &mut timeline);
    timeline.finish()?;
    Ok(run)
}

/// What was drawn: the machine, the events, the crowd, the faults.
pub(super) fn describe(plan: &Plan) {
    let setup = &plan.setup;
    println!(
        "machine     {} partitions; segments of {} bytes, batches of {}, {} writes in flight",
        setup.partitions, setup.segment_bytes, setup.batch_bytes_max, setup.writes_in_flight
    );
    println!(
        "bounds      {} parked, {} watches, {} in a mailbox, {} a turn, {} bytes queued; {}",
        setup.parked_max,
        setup.watches_max,
        setup.mailbox_room,
        setup.turn_messages,
        setup.queued_bytes_max,
        snapshots(setup.snapshot_every_facts)
    );
    println!(
        "times       network {} us, disk {} us, provider {} us; everything heals at {} ms",
        setup.network_us, setup.disk_us, setup.provider_us, setup.safety_ms
    );
    for (i, event) in plan.events.iter().enumerate() {
        let draft = &event.draft;
        let seats: u32 = draft
            .plan
            .iter()
            .flat_map(|plan| &plan.sections)
            .flat_map(|section| &section.rows)
            .map(|row| row.seats)
            .sum();
        let quotas: Vec<_> = draft.quotas.iter().map(|quota| quota.capacity).collect();
        let waitroom = draft.waitroom.map_or_else(
            || "no waitroom".to_owned(),
            |waitroom| format!("{} slots, {} a minute", waitroom.slots, waitroom.rate_per_minute),
        );
        println!(
            "event {i:<5} partition {}; {} classes, quotas {quotas:?}, {seats} seats, {waitroom}",
            event.partition,
            draft.classes.len()
        );
    }
    println!("crowd       {} buyers, {} operations", plan.buyers.len(), plan.operations.len());
    println!("faults      {}", faults(plan));
}

fn snapshots(every: u64) -> String {
    if every == u64::MAX {
        "no snapshots".to_owned()
    } else {
        format!("a snapshot every {every} facts")
    }
}

fn faults(plan: &Plan) -> String {
    let mut counts = BTreeMap::new();
    for fault in &plan.faults {
        // The variant's name, without its fields.
        let text = format!("{:?}", fault.kind);
        let name = text.split([' ', '{']).next().unwrap_or_default().to_owned();
        let place = Family::ALL.iter().position(|known| *known == family(&fault.kind));
        *counts.entry((place, name)).or_insert(0_u32) += 1;
    }
    let texts: Vec<_> = counts.iter().map(|((_, name), count)| format!("{count} {name}")).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// Counters in two columns.
pub(super) fn print_counts(reached: &Sometimes) {
    let all: Vec<_> = reached.iter().collect();
    for pair in all.chunks(2) {
        let cell = |(name, count): &(&str, u64)| format!("{name:<30}{:>12}", number(*count));
        println!("  {}", pair.iter().map(cell).collect::<Vec<_>>().join("    "));
    }
}
