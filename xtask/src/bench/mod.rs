//! `cargo xtask bench`: every target of the hot path, measured beside its peers on this machine.
//!
//! Ours and a peer take turns (A B A B ...), the server on one processor and the load on another;
//! what is reported is the ratio of the medians. `docs/benchmarks.json` keeps all rounds, and a
//! part of `docs/benchmarks.md` and the charts are made of it. `--quick` checks that all of this
//! works, with builds that say nothing about speed, and leaves its pages under `target/`.
//!
//! Deliberately absent: failing because a target is missed. A machine that others use as well
//! would make that a lottery.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "three digits are more than a noisy machine gives"
)]

mod chart;
mod load;
mod machine;
mod measures;
mod page;
mod peers;
mod record;
mod scale;
mod scrape;
mod server;
mod statistics;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use self::machine::Cores;
use self::measures::Measure;
use self::page::Pages;
use self::record::{Circumstances, Record, Row, figure};
use self::scale::Scale;
use self::statistics::Series;
use crate::process::{Failure, Outcome, cargo};
use crate::server::build_programs;
use crate::workspace;

/// What every measure works with.
pub struct Bench {
    scale: Scale,
    cores: Cores,
    onsale: PathBuf,
    loadgen: PathBuf,
    /// Where services have their folders. On a real disk: it is what is measured, too.
    scratch: TempDir,
}

/// Runs all measures, or the one called `only`.
pub fn run(quick: bool, only: Option<&str>) -> Outcome {
    let chosen = measures::chosen(only)?;
    let bench = Bench::new(quick)?;
    let pages = if quick { Pages::trial()? } else { Pages::committed() };
    let mut record = Record::read(&pages.record)?;
    for measure in &chosen {
        println!("\n=== {}: {}", measure.name, measure.about);
        let rows = bench.run(measure, quick)?;
        rows.iter().for_each(print);
        record.replace(measure.name, rows, &measures::names());
        // After each: what is known stays known should the next one fail.
        pages.write(&record)?;
    }
    println!("\nwritten: {}", pages.page.display());
    Ok(())
}

impl Bench {
    fn new(quick: bool) -> Outcome<Self> {
        let cores = Cores::of_this_machine(quick)?;
        let (onsale, loadgen) = build(quick)?;
        let scratch = tempfile::Builder::new()
            .prefix("onsale-bench-")
            // PostgreSQL works in it as somebody else.
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()
            .map_err(|error| Failure(format!("no temporary directory can be had: {error}")))?;
        let scale = if quick { Scale::QUICK } else { Scale::FULL };
        Ok(Self { scale, cores, onsale, loadgen, scratch })
    }

    fn run(&self, measure: &Measure, quick: bool) -> Outcome<Vec<Row>> {
        let mut rows = (measure.run)(self)?;
        let quick = if quick { " --quick" } else { "" };
        let command = format!("cargo xtask bench{quick} --only {}", measure.name);
        let circumstances =
            Circumstances { commit: machine::commit(), command, machine: machine::description() };
        for row in &mut rows {
            measure.name.clone_into(&mut row.measure);
            row.circumstances = circumstances.clone();
        }
        Ok(rows)
    }

    /// Adds what a round came to, and says so.
    fn add(&self, round: usize, series: &mut Series, value: f64) {
        let (rounds, value_text) = (self.scale.rounds, figure(value));
        let Series { label, unit, .. } = series;
        println!("  round {} of {rounds}: {label}: {value_text} {unit}", round + 1);
        series.values.push(value);
    }
}

/// The server and the load generator.
fn build(quick: bool) -> Outcome<(PathBuf, PathBuf)> {
    let folder = if quick {
        build_programs()?;
        "debug"
    } else {
        let packages = ["--package", "onsale-runtime", "--package", "onsale-loadgen", "--bins"];
        cargo(&["build", "--profile", "dist"]).args(&packages).run()?;
        "dist"
    };
    let folder = workspace::target_directory()?.join(folder);
    Ok((folder.join("onsale"), folder.join("onsale-loadgen")))
}

fn print(row: &Row) {
    let Row { what, value, target, spread: [least, most], .. } = row;
    let (value, least, most) = (figure(*value), figure(*least), figure(*most));
    println!("  {what}: {value} ({least} to {most}), target {target}: {}", row.verdict());
    for note in &row.notes {
        println!("    {note}");
    }
}
