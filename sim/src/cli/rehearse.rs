//! `onsale-sim rehearse`: an organiser's event, a synthetic crowd, and what would have happened.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use onsale_sim::figures::number;
use onsale_sim::rehearse::report::duration;
use onsale_sim::rehearse::{People, Sample, chart, event_file, rehearse};

use super::{End, Outcome, told};

/// How often it is told how it stands.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What to rehearse.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The event, as it is defined over the API: see docs/simulation.md
    file: PathBuf,
    /// How many people want tickets
    #[arg(long)]
    buyers: u32,
    /// What chance is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How people come once it is open: spike, ramp or steady; short for --assume arrival=...
    #[arg(long)]
    arrival: Option<String>,
    /// An assumption about people, as name=value; the report names them all
    #[arg(long, value_name = "NAME=VALUE")]
    assume: Vec<String>,
    /// Write the whole report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the sale over time
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> Outcome {
    let spec = event_file::read(&args.file).map_err(told)?;
    let arrival = args.arrival.iter().map(|arrival| format!("arrival={arrival}"));
    let assumed: Vec<_> = args.assume.iter().cloned().chain(arrival).collect();
    let people = People::default().with(&assumed)?;
    let begun = Instant::now();
    let mut progress = Progress { last: begun, on_terminal: io::stderr().is_terminal() };
    let report =
        rehearse(spec, args.buyers, args.seed, people, &mut |sample| progress.tell(sample));
    progress.finish();
    println!("{report}");
    eprintln!("rehearsed in {:.1} s", begun.elapsed().as_secs_f64());
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report).map_err(told)?;
        write(path, &(json + "\n"))?;
    }
    if let Some(path) = &args.svg {
        write(path, &chart::svg(&report))?;
    }
    Ok(if report.books_balance { End::Well } else { End::Violated })
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

struct Progress {
    last: Instant,
    on_terminal: bool,
}

impl Progress {
    fn tell(&mut self, sample: &Sample) {
        if self.last.elapsed() < TELL_EVERY {
            return;
        }
        self.last = Instant::now();
        let side = if sample.at_ms < 0 { "before" } else { "after" };
        let line = format!(
            "{} {side} the opening: {} waiting, {} inside, {} held, {} sold",
            duration(sample.at_ms.unsigned_abs()),
            number(sample.waiting.into()),
            number(sample.inside.into()),
            number(sample.held.into()),
            number(sample.sold.into()),
        );
        let (before, after) = if self.on_terminal { ("\r", "\x1b[K") } else { ("", "\n") };
        // Nobody is there to be told that standard error is gone.
        let _ = write!(io::stderr(), "{before}{line}{after}");
    }

    fn finish(&self) {
        if self.on_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
