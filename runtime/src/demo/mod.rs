//! The main job in one command: a server with two events, and a crowd that storms them.
//!
//! Everything here goes over HTTP, as everybody else does: nothing looks into the server. Data stays
//! in the data directory, so starting again goes on where it was.

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
    server::run(config, move |startup, stop| {
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
        let events = ensure_events(&client).await?;
        print_walk(startup, &events);
        let Some(buyers) = args.crowd else { return Ok(None) };
        Crowd { buyers, seed: args.seed }.storm(&client, &events).await?;
        Ok(Some(books::audit(&client, &events).await?))
    })
}

fn print_walk(startup: &Startup, events: &DemoEvents) {
    let base = format!("http://{}/api/v1", startup.address);
    let (arena, club) = (&events.arena, &events.club);
    println!(
        "Two events are on sale:
  arena  {base}/events/{arena}   50,000 seats, behind a waitroom
  club   {base}/events/{club}   three classes, one of them free

One purchase, step by step (paste it into another terminal):

  field() {{ sed -n \"s/.*\\\"$1\\\":\\\"\\([^\\\"]*\\)\\\".*/\\1/p\"; }}
  json='Content-Type: application/json'
  # 1. a guest session
  token=$(curl -s {base}/sessions -H \"$json\" -d '{{\"email\":\"you@example.org\"}}' | field access_token)
  me=\"Authorization: Bearer $token\"
  # 2. queue for the arena; the checkout token comes with the admission
  place=$(curl -s {base}/events/{arena}/waitroom -H \"$me\" -H \"$json\" -H 'Idempotency-Key: walk-1' -d '{{\"party\":2}}' | field id)
  checkout=$(curl -s \"{base}/places/$place?wait_ms=10000&seen=QUEUED\" -H \"$me\" | field checkout_token)
  # 3. hold the two best seats next to each other
  hold=$(curl -s {base}/events/{arena}/holds -H \"$me\" -H \"$json\" -H \"Checkout-Token: $checkout\" -H 'Idempotency-Key: walk-2' \\
    -d '{{\"wishes\":[{{\"class\":0,\"best\":{{\"count\":2}}}}]}}' | field id)
  # 4. order them, and open the address that you can pay at (a sandbox: no money moves)
  order=$(curl -s {base}/orders -H \"$me\" -H \"$json\" -H 'Idempotency-Key: walk-3' -d \"{{\\\"hold\\\":\\\"$hold\\\",\\\"provider\\\":\\\"sandbox\\\",\\\"accept_other_seats\\\":true}}\" | field id)
  sleep 1; pay=$(curl -s {base}/orders/$order -H \"$me\" | field url); echo \"$pay\"
  curl -s -o /dev/null -d behaviour=pay \"$pay\"
  # 5. your tickets
  sleep 1; curl -s {base}/orders/$order -H \"$me\"; echo
  curl -s {base}/orders/$order/timeline -H \"$me\"; echo
"
    );
}
