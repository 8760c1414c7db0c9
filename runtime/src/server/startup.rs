//! What a server says when it starts, one line each.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity};
use tokio::sync::mpsc;

use super::addresses::Addresses;
use super::core_main::Report;
use crate::config::{Config, HostKind};
use crate::data_directory::DataDirectory;
use crate::host::ring;

/// A server that has started.
#[derive(Clone, Debug)]
pub struct Startup {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where each core listens alone; none if none does.
    pub core_addresses: Vec<SocketAddr>,
    /// Where its data is.
    pub data: PathBuf,
    /// Whether that was created just now.
    pub was_created: bool,
    /// What the cores run on.
    pub host: HostKind,
    /// How many cores sell.
    pub cores: usize,
    /// How many partitions there are.
    pub partitions: u16,
    /// How many facts there are.
    pub facts: u64,
    /// How many of them were replayed; the others were in snapshots.
    pub replayed: u64,
    /// How many partitions had an unfinished write, which was cut off.
    pub torn: u32,
    /// How long all partitions together took, side by side.
    pub recovery: Duration,
    /// What an operator proves themselves with.
    pub operator_token: crate::config::Secret,
}

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened = if self.was_created { "created" } else { "opened" };
        let host = match self.host {
            HostKind::Glommio if ring::is_cooperative() => "glommio (io_uring, cooperative)",
            HostKind::Glommio => "glommio (io_uring)",
            HostKind::Tokio => "tokio",
        };
        let recovery_ms = self.recovery.as_millis();
        writeln!(f, "onsale {}", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "  data       {} ({opened})", self.data.display())?;
        writeln!(f, "  cores      {} on {host}, {} partitions", self.cores, self.partitions)?;
        write!(f, "  recovered  {} facts, {} of them replayed", self.facts, self.replayed)?;
        if self.torn > 0 {
            write!(f, ", {} unfinished writes cut off", self.torn)?;
        }
        writeln!(f, ", in {recovery_ms} ms")?;
        writeln!(f, "  operator   token in {}/keys/operator-token", self.data.display())?;
        for (core, address) in self.core_addresses.iter().enumerate() {
            writeln!(f, "  core {core:<5} http://{address}")?;
        }
        write!(f, "  listening  http://{0}  (API at http://{0}/api/docs)", self.address)
    }
}

/// What is known before the partitions are recovered.
pub(super) struct Opened(Startup);

impl Opened {
    pub(super) fn new(
        config: &Config,
        data: &DataDirectory,
        addresses: Addresses,
        cores: usize,
    ) -> Self {
        let Addresses { shared, own } = addresses;
        Self(Startup {
            address: shared,
            core_addresses: own,
            data: data.path.clone(),
            was_created: data.was_created,
            host: config.host,
            cores,
            partitions: data.partitions,
            facts: 0,
            replayed: 0,
            torn: 0,
            recovery: Duration::ZERO,
            operator_token: data.operator_token.clone(),
        })
    }

    /// Waits until every partition is recovered and every core listens; `None` if that will not be.
    pub(super) fn wait(
        self,
        mut reports: mpsc::UnboundedReceiver<Report>,
        begun: Instant,
    ) -> Option<Startup> {
        let mut startup = self.0;
        let (mut missing, mut silent) = (startup.partitions, startup.cores);
        while silent > 0 {
            match reports.blocking_recv()? {
                Report::Recovered { facts, replayed, torn } => {
                    startup.facts += facts;
                    startup.replayed += replayed;
                    startup.torn += u32::from(torn);
                    missing -= 1;
                    if missing == 0 {
                        startup.recovery = begun.elapsed();
                    }
                }
                Report::Listening => silent -= 1,
            }
        }
        Some(startup)
    }
}

/// The numbers of the first `count` processors that this process may use.
pub(super) fn processors(count: usize) -> io::Result<Vec<usize>> {
    let allowed = sched_getaffinity(None)?;
    let all = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
    Ok(all.take(count).collect())
}
