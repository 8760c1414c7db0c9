//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use onsale_core::id::EventId;

use crate::config::Setting;
use crate::demo::DemoArgs;

const EXIT_CODES: &str = "Exit codes: 0 done; 1 found wanting (damage, an unsuitable machine or \
     directory, a failed core); 2 wrong arguments or configuration; 74 input or output failed.\n\n\
     Every setting: onsale.example.toml. A variable ONSALE_SECTION__FIELD wins over the file, a \
     flag over both.";

/// Sells tickets to a crowd: queues fairly, sells every seat once.
#[derive(Debug, Parser)]
#[command(name = "onsale", version, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) settings: SettingFlags,
    #[command(subcommand)]
    pub(super) task: Option<Task>,
}

/// The settings that are set so often that they have flags.
#[derive(Args, Debug)]
pub(super) struct SettingFlags {
    /// Read settings from this file [default: ./onsale.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Keep everything in this directory
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data: Option<String>,
    /// Serve HTTP here
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// What the cores run on: glommio or tokio
    #[arg(long, global = true)]
    host: Option<String>,
    /// How many cores sell
    #[arg(long, global = true, value_name = "COUNT")]
    cores: Option<String>,
    /// How buyers and payment providers reach this server
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
}

impl SettingFlags {
    /// The settings that were given.
    pub(super) fn flags(&self) -> Vec<Setting> {
        let flags = [
            ("--data", "data", &self.data),
            ("--listen", "listen", &self.listen),
            ("--host", "host", &self.host),
            ("--cores", "cores", &self.cores),
            ("--public-url", "public_url", &self.public_url),
        ];
        let given = flags.into_iter().filter_map(|(flag, key, value)| {
            value.clone().map(|value| Setting { flag, key, value })
        });
        given.collect()
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Say whether this machine will do, without starting anything
    Check,
    /// Print the settings as they take effect, without secrets
    Config,
    /// Run the server with two events to try out, and a crowd that storms them
    Demo(DemoArgs),
    /// Look into the journals of a data directory that no server is using
    Journal {
        #[command(subcommand)]
        task: JournalTask,
    },
    /// Bring the tables of the database up to date
    Migrate,
    /// Make the read models anew from the facts, beside those that are there, and put them in place
    Rebuild(Rebuild),
    /// Run the server (also without a command)
    Serve,
}

/// What becomes of new read models.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Rebuild {
    /// Only compare them, row by row, with those that are there
    #[arg(long)]
    pub(super) check: bool,
}

/// What to look for in the journals.
#[derive(Debug, Subcommand)]
pub(super) enum JournalTask {
    /// Show segments, snapshots and torn tails
    Inspect(Which),
    /// Print the facts, then the hash of the state that they lead to
    Replay(Replay),
    /// Read and replay everything, compare it with the snapshots
    Verify(Which),
}

/// Which journals.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Which {
    /// Only this partition
    #[arg(long, value_name = "NUMBER")]
    pub(super) partition: Option<u16>,
}

/// Which facts.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) which: Which,
    /// Only facts from this number on
    #[arg(long, value_name = "FACT", default_value_t = 1)]
    pub(super) from: u64,
    /// At most so many facts
    #[arg(long)]
    pub(super) count: Option<u64>,
    /// Only facts about this event: only its partition is read
    #[arg(long, value_name = "evt_...", conflicts_with = "partition")]
    pub(super) event: Option<EventId>,
}
