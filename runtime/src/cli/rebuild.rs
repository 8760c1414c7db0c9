//! `onsale rebuild`: the read models anew, from the facts.
//!
//! They are made beside those that are there, and then compared with them or put in their place,
//! all at once. A server may run meanwhile: up to where its own read models are, its journals do
//! not change any more, and it goes on from what it finds. Without a server the journals are read
//! to their ends.

use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use onsale_control::projection::rebuild::{Difference, Live, Rebuild};
use onsale_control::projection::{Checkpoint, Journal};
use onsale_core::id::PartitionId;
use onsale_storage::lock::{DirectoryLock, LockError};
use tokio::runtime::Builder;

use super::error::CliError;
use super::{arguments, journal, located, partition_directory};
use crate::config::{Config, Keep};
use crate::data_directory::{DataDirectoryError, Description, control_path};
use crate::facts::{Facts, Floor};
use crate::gauges::Gauges;
use crate::projection::{Anew, anew};

/// Makes them, and compares them or puts them in place.
pub(super) fn run(
    config: &Config,
    wish: arguments::Rebuild,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let path = &config.data;
    let description = Description::of(path)?;
    let lock = match DirectoryLock::acquire(path) {
        Err(LockError::InUse { .. }) => None,
        lock => Some(lock.map_err(DataDirectoryError::from)?),
    };
    let reads_to_the_end = lock.is_some() && !wish.check;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let settings = config.database.settings(&control_path(path));
        let rebuild = Rebuild::begin(&settings).await?;
        rebuild.migrate().await?;
        let (live, checkpoints) = rebuild.live().await?;
        let source = Source { config, description: &description, checkpoints, reads_to_the_end };
        make(&rebuild, &source, out).await?;
        if wish.check {
            compare(&rebuild, live, out).await?;
        } else {
            drop(live);
            rebuild.adopt().await?;
            writeln!(out, "they are in place")?;
        }
        Ok(rebuild.end().await?)
    })
}

/// Where facts come from.
struct Source<'a> {
    config: &'a Config,
    description: &'a Description,
    /// Of the live read models.
    checkpoints: Vec<Checkpoint>,
    /// Whether no server writes the journals.
    reads_to_the_end: bool,
}

impl Source<'_> {
    /// The facts of a partition, as far as they are read.
    fn facts(&self, id: PartitionId) -> Result<Facts, CliError> {
        let directory = partition_directory(self.config, id)?;
        let upto = if self.reads_to_the_end { end(self.config, id)? } else { self.taken(id) };
        let gauges = Arc::<Gauges>::default();
        gauges.set(upto, upto, [0; 4]);
        Ok(Facts { id, directory, gauges, floor: Floor::new(Keep::All, 1) })
    }

    /// What the live read models have taken in, if they are of this journal.
    fn taken(&self, id: PartitionId) -> u64 {
        let own = |checkpoint: &&Checkpoint| {
            checkpoint.partition == id && checkpoint.journal == self.journal(id)
        };
        self.checkpoints.iter().find(own).map_or(0, |checkpoint| checkpoint.fact)
    }

    fn journal(&self, id: PartitionId) -> Journal {
        Journal(self.description.journal_id_of(id).0)
    }
}

/// The last fact of a journal, all of which can be read.
fn end(config: &Config, id: PartitionId) -> Result<u64, CliError> {
    let found = journal::Journal::open(config, id)?.inspection;
    match &found.damage {
        Some(damage) => Err(damaged(id, damage)),
        None => Ok(found.last_fact().get()),
    }
}

fn damaged(id: PartitionId, what: impl Display) -> CliError {
    CliError::Damaged { first: located(id, what), more: 0 }
}

async fn make(
    rebuild: &Rebuild,
    source: &Source<'_>,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let (begun, mut made) = (Instant::now(), Anew::default());
    let facts_max = source.config.projection.batch_facts_max;
    for id in (0..source.description.partitions).filter_map(PartitionId::new) {
        let partition = id.number();
        let facts = source.facts(id)?;
        let one = anew(rebuild.fresh(), &facts, source.journal(id), facts_max).await;
        let one = one.map_err(|source| CliError::Halt { partition, source })?;
        let wanted = facts.gauges.durable();
        if one.facts < wanted {
            let ends = format!("fact {} is not there, and {wanted} were taken in", one.facts + 1);
            return Err(damaged(id, ends));
        }
        made = Anew { facts: made.facts + one.facts, rows: made.rows + one.rows };
    }
    let (Anew { facts, rows }, took) = (made, begun.elapsed());
    let rate = u128::from(facts) * 1_000_000 / took.as_micros().max(1);
    let ms = took.as_millis();
    writeln!(out, "took in {facts} facts, wrote {rows} rows, in {ms} ms: {rate} facts a second")?;
    Ok(())
}

async fn compare(rebuild: &Rebuild, live: Live, out: &mut impl Write) -> Result<(), CliError> {
    let (mut differences, mut unsaid) = (0, Ok(()));
    let report = |difference: Difference| {
        differences += 1;
        if unsaid.is_ok() {
            unsaid = writeln!(out, "{difference}");
        }
    };
    let rows = rebuild.compare(live, report).await?;
    unsaid?;
    if differences > 0 {
        return Err(CliError::Differences(differences));
    }
    writeln!(out, "compared {rows} rows: all are as the facts say")?;
    Ok(())
}
