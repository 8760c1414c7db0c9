//! `onsale check`: whether this machine will do.

use std::io::Write;

use super::error::CliError;
use crate::config::{Config, HostKind, cores_available};
use crate::host::preflight::{Facts, IoUring};

/// Says what was found; fails where the server would not start.
pub(super) fn run(config: &Config, out: &mut impl Write) -> Result<(), CliError> {
    let facts = Facts::probe();
    let io_uring = match facts.io_uring {
        IoUring::Available => "available",
        _ => "not available",
    };
    writeln!(out, "io_uring         {io_uring}")?;
    writeln!(out, "locked memory    {}", bound(facts.memlock_bytes, " bytes"))?;
    writeln!(out, "descriptors      {}", bound(facts.descriptors, ""))?;
    writeln!(out, "cores            {} of {}", config.cores(), cores_available())?;
    let connections = config.bounds.connections_per_core * config.cores() as u64;
    if let Err(few) = facts.check_descriptors(connections) {
        writeln!(out, "warning          {few}")?;
    }
    match config.host {
        HostKind::Glommio => facts.check_glommio()?,
        HostKind::Tokio => writeln!(out, "warning          the host tokio sells more slowly")?,
    }
    writeln!(out, "this machine will do")?;
    Ok(())
}

fn bound(limit: Option<u64>, unit: &str) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| format!("{limit}{unit}"))
}
