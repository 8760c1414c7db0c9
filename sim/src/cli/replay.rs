//! `onsale-sim replay`: saved plans, each of which must do what it says.

use std::path::{Path, PathBuf};

use onsale_sim::judged::judged;
use onsale_sim::saved::{Saved, files};

use super::report::Source;
use super::run::{describe, tell};
use super::{End, Outcome, told};

/// What to replay.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Saved plans, or folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print everything that happens, a line each
    #[arg(long)]
    timeline: bool,
}

pub(super) fn main(args: &Args) -> Outcome {
    let mut paths = Vec::new();
    for path in &args.files {
        paths.extend(files(path).map_err(told)?);
    }
    let mut end = End::Well;
    for path in &paths {
        if replay(path, args.timeline)? == End::Violated {
            end = End::Violated;
        }
    }
    println!(
        "{} plans replayed{}",
        paths.len(),
        if end == End::Well { ", all as expected" } else { "" }
    );
    Ok(end)
}

fn replay(path: &Path, timeline: bool) -> Outcome {
    let saved = Saved::read(path).map_err(told)?;
    let complaint = saved.expect.complaint(&judged(&saved.plan));
    let shown = path.display();
    match &complaint {
        None => println!("ok      {shown}"),
        Some(complaint) => println!("FAILED  {shown}\n        {complaint}"),
    }
    if timeline || complaint.is_some() {
        describe(&saved.plan);
        tell(&Source::File(shown.to_string()), &saved.plan, timeline, None)?;
    }
    Ok(if complaint.is_none() { End::Well } else { End::Violated })
}
