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
use std::thread;

use clap::Args;
use thiserror::Error;
use tokio::runtime::Builder;

use self::books::Verdict;
use self::client::{Client, ClientError};
use self::crowd::Crowd;
use self::events::{DemoEvents, ensure_events};
use crate::config::Config;
use crate::server::{self, ServerError, Startup, StopHandle};

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
    /// The operating system refused a thread or a runtime.
    #[error("cannot start the demo: {0}")]
    System(#[from] io::Error),
}

/// Runs the demo. The exit code is 0 unless a crowd was let in and the audit does not hold.
pub fn run(config: &Config, args: DemoArgs) -> Result<ExitCode, DemoError> {
    let (done, outcome) = mpsc::channel();
    server::run(config, move |startup, stop| {
        println!("{startup}\n");
        let spawned = thread::Builder::new().name("demo".to_owned()).spawn({
            let (done, stop) = (done.clone(), stop.clone());
            move || {
                let _ = done.send(attend(&startup, args, &stop));
            }
        });
        if let Err(error) = spawned {
            let _ = done.send(Err(error.into()));
            stop.stop();
        }
    })?;
    match outcome.try_recv() {
        Ok(Ok(Verdict::Broken)) => Ok(ExitCode::FAILURE),
        Ok(Err(error)) => Err(error),
        Ok(Ok(Verdict::Holds)) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

/// What happens beside the server: the events are defined, and a crowd may come.
fn attend(startup: &Startup, args: DemoArgs, stop: &StopHandle) -> Result<Verdict, DemoError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let client = Client::new(startup)?;
        let events = ensure_events(&client).await?;
        print_walk(startup, &events);
        match args.crowd {
            None => Ok(None),
            Some(buyers) => {
                let crowd = Crowd { buyers, seed: args.seed };
                crowd.storm(&client, &events).await?;
                books::audit(&client, &events).await.map(Some)
            }
        }
    });
    match outcome {
        // Without a crowd the server goes on until somebody stops it.
        Ok(None) => Ok(Verdict::Holds),
        Ok(Some(verdict)) => {
            stop.stop();
            Ok(verdict)
        }
        Err(error) => {
            stop.stop();
            Err(DemoError::Client(error))
        }
    }
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
