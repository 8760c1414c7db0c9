//! What can be typed.

use std::num::{NonZero, NonZeroU32};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::closed::{Core, Scenario};
use crate::span;

const AFTER: &str = "\
Examples:
  onsale-loadgen run http://127.0.0.1:8080 --operator-token-file data/keys/operator-token \\
      --arrivals constant:200/s --duration 30s --objective 'p99<50ms,errors<0.1%' --out found
  onsale-loadgen run http://127.0.0.1:8080 --operator-token-file data/keys/operator-token \\
      --mix onsale-opening --arrivals spike:50/s,x20@10s,decay=5s --duration 60s
  onsale-loadgen closed http://127.0.0.1:8080 --scenario healthz --connections 64
  onsale-loadgen capacity http://127.0.0.1:8080 --operator-token-file data/keys/operator-token \\
      --objective 'p99<50ms,errors<0.1%' --server-pid $(pidof onsale)
  onsale-loadgen compare http://127.0.0.1:8080 http://127.0.0.1:8081 --scenario healthz
  onsale-loadgen check my-mix.toml
  onsale-loadgen report found

Exit codes: 0 nothing found wrong; 1 something is wrong, an objective was missed, or there was no
run; 2 wrong arguments, mix or trace; 74 the report could not be written or read.";

/// Plays people who buy tickets, over the API, and says how the server did.
#[derive(Debug, Parser)]
#[command(name = "onsale-loadgen", version, after_help = AFTER)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) task: Task,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Let people come by a schedule, whatever the server does (the open model)
    Run(RunArguments),
    /// Keep so many connections busy, one request after another (the closed model)
    Closed(ClosedArguments),
    /// Find the highest rate at which an objective holds, and what it would take to go beyond
    Capacity(CapacityArguments),
    /// Run two servers in turn and say how they compare
    Compare(CompareArguments),
    /// Say what is in a mix or a trace, without running anything
    Check(CheckArguments),
    /// Make the page of a run again from its files
    Report(ReportArguments),
}

/// The server, and what one may know of it.
#[derive(Args, Debug)]
pub(super) struct ServerArguments {
    /// Load a server that is not on this machine: it is yours, and you may
    #[arg(long)]
    pub(super) i_own_this_host: bool,
    /// Prove to be an operator, who can define events [default: what is in the file]
    #[arg(long, value_name = "TOKEN", env = "ONSALE_OPERATOR_TOKEN", hide_env_values = true)]
    pub(super) operator_token: Option<String>,
    /// Read the operator token from this file: keys/operator-token in the server's data directory
    #[arg(long, value_name = "FILE", conflicts_with = "operator_token")]
    pub(super) operator_token_file: Option<PathBuf>,
    /// Watch this process, the server's, for what it uses
    #[arg(long, value_name = "PID")]
    pub(super) server_pid: Option<u32>,
}

/// Who comes, and how they are played.
#[derive(Args, Debug)]
pub(super) struct PeopleArguments {
    /// Who comes: crowd, onsale-opening, bots, patient, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "crowd")]
    pub(super) mix: String,
    /// Go to this event, instead of defining and opening the one of the mix
    #[arg(long, value_name = "ID")]
    pub(super) event: Option<String>,
    /// How long those who came have to finish, when nobody comes any more
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time)]
    pub(super) grace: Duration,
    /// Let people come at equal distances, not by chance
    #[arg(long)]
    pub(super) even: bool,
    /// Draw chance from this: the same seed gives the same people
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// Play on so many threads
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(super) threads: NonZero<u32>,
    /// Make room for so many connections at once [default: as many as the system allows]
    #[arg(long, value_name = "COUNT")]
    pub(super) connections_max: Option<u32>,
}

/// `run`
#[derive(Args, Debug)]
pub(super) struct RunArguments {
    /// Where: `http://127.0.0.1:8080`
    pub(super) target: String,
    #[command(flatten)]
    pub(super) server: ServerArguments,
    #[command(flatten)]
    pub(super) people: PeopleArguments,
    /// When they come: constant:500/s, ramp:0..2000/s, spike:200/s,x20@10s,decay=5s, trace:FILE
    #[arg(long, value_name = "SCHEDULE", default_value = "constant:100/s")]
    pub(super) arrivals: String,
    /// For how long they come [default: 30s, or all of a trace]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) duration: Option<Duration>,
    /// What is asked of the server: 'p99<50ms,errors<0.1%,hold.p99<80ms'
    #[arg(long, value_name = "LIMITS")]
    pub(super) objective: Option<String>,
    /// Write outcome.json, latencies.hlog and report.html into this directory
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) out: Option<PathBuf>,
}

/// What connections do in the closed model.
#[derive(Args, Debug)]
pub(super) struct LoadArguments {
    /// What each connection does: healthz, status, hold, hold-seats, purchase or idle
    #[arg(long, value_name = "NAME", default_value = "hold")]
    pub(super) scenario: Scenario,
    /// Keep so many connections busy
    #[arg(long, value_name = "COUNT", default_value = "64")]
    pub(super) connections: NonZeroU32,
    /// Play on so many threads
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(super) threads: NonZeroU32,
    /// Measure nothing for so long
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time)]
    pub(super) warm_up: Duration,
    /// Then measure for so long
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(super) duration: Duration,
    /// Begin so many a second, instead of as many as there are answers
    #[arg(long, value_name = "PER_SECOND")]
    pub(super) rate: Option<f64>,
}

/// `closed`
#[derive(Args, Debug)]
pub(super) struct ClosedArguments {
    /// Where: `http://127.0.0.1:8080`
    pub(super) target: String,
    #[command(flatten)]
    pub(super) server: ServerArguments,
    #[command(flatten)]
    pub(super) load: LoadArguments,
    #[command(flatten)]
    pub(super) stage: StageArguments,
    /// What is asked of the server: 'p99<50ms,errors<0.1%'
    #[arg(long, value_name = "LIMITS")]
    pub(super) objective: Option<String>,
    /// Write outcome.json, latencies.hlog and report.html into this directory
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) out: Option<PathBuf>,
}

/// What is there when it begins, and how much is done.
#[derive(Args, Debug)]
pub(super) struct StageArguments {
    /// Measure until so many turns of the scenario are done, not for a time
    #[arg(long, value_name = "COUNT", conflicts_with = "duration")]
    pub(super) turns: Option<u64>,
    /// Connect to the port of the event's core, or to that of another: any, owner or other
    #[arg(long, value_name = "WHICH", default_value = "any")]
    pub(super) core: Core,
    /// Let so many guests take turns [default: 20000]
    #[arg(long, value_name = "COUNT")]
    pub(super) buyers: Option<u32>,
    /// Let so many others stand in the waitroom before (status and idle)
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(super) queue: u32,
    /// Give an event so many tickets or seats [default: 10000000; of seats, 200000]
    #[arg(long, value_name = "COUNT")]
    pub(super) event_size: Option<u32>,
    /// Sell so many events, one after another [default: 1; with seats, 8]
    #[arg(long, value_name = "COUNT")]
    pub(super) events: Option<u32>,
}

/// `capacity`
#[derive(Args, Debug)]
pub(super) struct CapacityArguments {
    /// Where: `http://127.0.0.1:8080`
    pub(super) target: String,
    #[command(flatten)]
    pub(super) server: ServerArguments,
    #[command(flatten)]
    pub(super) people: PeopleArguments,
    /// What is asked of the server
    #[arg(long, value_name = "LIMITS", default_value = "p99<50ms,errors<0.1%")]
    pub(super) objective: String,
    /// The first rate to try, in people a second
    #[arg(long, value_name = "RATE", default_value_t = 50.0, value_parser = rate)]
    pub(super) start: f64,
    /// The highest rate to try
    #[arg(long, value_name = "RATE", default_value_t = 100_000.0, value_parser = rate)]
    pub(super) highest: f64,
    /// Come as near as this to a rate that is too much, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = rate)]
    pub(super) precision: f64,
    /// How long people come at each rate
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(super) step: Duration,
    /// Say what these rates would need [default: twice and ten times what is found]
    #[arg(long, value_name = "RATE,...", value_delimiter = ',', value_parser = rate)]
    pub(super) size_for: Vec<f64>,
    /// Write the report of the best run and capacity.txt into this directory
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) out: Option<PathBuf>,
}

/// `compare`
#[derive(Args, Debug)]
pub(super) struct CompareArguments {
    /// One server: `http://127.0.0.1:8080`
    pub(super) a: String,
    /// The other: `http://127.0.0.1:8081`
    pub(super) b: String,
    /// Load servers that are not on this machine: they are yours, and you may
    #[arg(long)]
    pub(super) i_own_this_host: bool,
    /// The operator token of the first is in this file
    #[arg(long, value_name = "FILE")]
    pub(super) operator_token_file_a: Option<PathBuf>,
    /// The operator token of the second is in this file
    #[arg(long, value_name = "FILE")]
    pub(super) operator_token_file_b: Option<PathBuf>,
    #[command(flatten)]
    pub(super) load: LoadArguments,
    /// Run each so often; six rounds are the least that can tell anything
    #[arg(long, value_name = "COUNT", default_value = "6")]
    pub(super) rounds: NonZeroU32,
}

/// `check`
#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    /// A mix (TOML, or the name of one of the program), or a trace (CSV)
    #[arg(value_name = "NAME|FILE")]
    pub(super) subject: String,
}

/// `report`
#[derive(Args, Debug)]
pub(super) struct ReportArguments {
    /// Where outcome.json is
    pub(super) directory: PathBuf,
}

fn time(text: &str) -> Result<Duration, String> {
    span::parse(text).ok_or_else(|| format!("expected {}", span::ALLOWED))
}

fn rate(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0);
    value.ok_or_else(|| "expected a number above 0".to_owned())
}
