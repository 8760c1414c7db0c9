//! The main job in one command: a server with two events, and a crowd that storms them.
//!
//! Everything here goes over HTTP, as everybody else does: nothing looks into the server. Data
//! stays in the data directory, so starting again goes on where it was.

mod books;
mod buyer;
mod client;
mod crowd;
mod events;
mod progress;

use std::io;
use std::process::ExitCode;
use std::sync::mpsc;

use clap::Args;
use thiserror::Error;
use tokio::runtime::Builder;

use self::books::Verdict;
use self::client::{Client, ClientError};
use self::crowd::Crowd;
use self::events::{DemoEvents, ensure_events};
use crate::config::Config;
use crate::server::{self, ServerError, Startup};

/// How the demo runs.
#[derive(Clone, Copy, Debug, Args)]
pub struct DemoArgs {
    /// Lets this many buyers storm the events, prints the audit and ends; without it the server
    /// runs until Ctrl-C.
    #[arg(long, value_name = "BUYERS")]
    pub crowd: Option<u32>,
    /// What the crowd's decisions are drawn from: the same number, the same crowd.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Why the demo ended early.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The server did not answer as it should.
    #[error("the demo's client: {0}")]
    Client(#[from] ClientError),
    /// The server.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The operating system refused a runtime.
    #[error("cannot start the demo: {0}")]
    System(#[from] io::Error),
}

/// Runs the demo. The exit code is 0 unless a crowd was let in and the audit does not hold.
pub fn run(config: &Config, args: DemoArgs) -> Result<ExitCode, DemoError> {
    let (done, outcome) = mpsc::channel();
    server::run(config, None, move |startup, stop| {
        println!("{startup}\n");
        let attended = attend(&startup, args);
        // Without a crowd the server goes on until somebody stops it.
        let is_over = !matches!(attended, Ok(None));
        // First the outcome, then the end: the server may be gone at once.
        let _ = done.send(attended);
        if is_over {
            stop.stop();
        }
    })?;
    match outcome.recv() {
        Ok(Ok(Some(Verdict::Broken))) => Ok(ExitCode::FAILURE),
        Ok(Err(error)) => Err(error),
        // Stopped by a signal before the crowd was through: nothing was judged.
        Ok(Ok(Some(Verdict::Holds) | None)) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

/// What happens beside the server: the events are defined, and a crowd may come and be judged.
fn attend(startup: &Startup, args: DemoArgs) -> Result<Option<Verdict>, DemoError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::new(startup)?;
        let events = ensure_events(&client, args.crowd.unwrap_or(0)).await?;
        print_walk(startup, &events);
        let Some(buyers) = args.crowd else { return Ok(None) };
        Crowd { buyers, seed: args.seed }.storm(&client, &events).await?;
        Ok(Some(books::audit(&client, &events).await?))
    })
}

fn print_walk(startup: &Startup, events: &DemoEvents) {
    let base = format!("http://{}/api/v1", startup.address);
    let (arena, club) = (&events.arena, &events.club);
    println!("Two events are on sale:");
    println!("  arena  {base}/events/{arena}   50,000 seats, behind a waitroom");
    println!("  club   {base}/events/{club}   three classes, one of them free");
    println!("\nOne purchase, step by step (paste it into another terminal):\n");
    println!("{}", include_str!("walk.sh").replace("@BASE@", &base).replace("@ARENA@", arena));
}
