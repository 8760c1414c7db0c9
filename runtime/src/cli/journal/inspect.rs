//! `onsale journal inspect`: segments, snapshots, torn tails.

use std::io::{self, Write};

use onsale_core::time::Time;
use onsale_net::dto::At;
use onsale_storage::journal::{FactNumber, SegmentSummary, TornTail};
use onsale_storage::snapshot;

use super::Journal;
use crate::data_directory::hex;

/// Prints a table of one partition. Answers what is wrong with it.
pub(super) fn run(journal: &Journal, out: &mut impl Write) -> io::Result<Vec<String>> {
    let inspection = &journal.inspection;
    let damage = journal.damage();
    let verdict = if damage.is_empty() { "sound" } else { "DAMAGED" };
    write!(out, "partition {}: {verdict}, ", journal.id.number())?;
    match inspection.identity {
        Some(identity) => {
            writeln!(out, "{} facts, journal {}", inspection.last_fact(), identity.journal)?;
        }
        None => writeln!(out, "no journal")?,
    }
    if !inspection.segments.is_empty() {
        writeln!(
            out,
            "  {:<20}{:>22}{:>9}{:>11}{:>7}{:>12}{:>12}",
            "segment", "facts", "batches", "decisions", "seals", "used bytes", "file bytes"
        )?;
    }
    for segment in &inspection.segments {
        print_segment(segment, out)?;
    }
    print_snapshots(journal, out)?;
    if let Some(torn) = inspection.torn {
        print_torn(torn, out)?;
    }
    for line in &damage {
        writeln!(out, "  damage: {line}")?;
    }
    Ok(damage)
}

fn print_segment(segment: &SegmentSummary, out: &mut impl Write) -> io::Result<()> {
    let SegmentSummary { index, batches, decisions, seals, used_bytes, file_bytes, .. } = segment;
    let facts = range(segment.first_fact, segment.last_fact);
    let name = index.file_name();
    writeln!(
        out,
        "  {name:<20}{facts:>22}{batches:>9}{decisions:>11}{seals:>7}{used_bytes:>12}\
         {file_bytes:>12}"
    )
}

fn print_snapshots(journal: &Journal, out: &mut impl Write) -> io::Result<()> {
    for one in &journal.inspection.snapshots {
        if let Ok((header, hash)) = &one.content {
            let taken = At(Time::from_ms(header.time_ms.max(0).cast_unsigned()));
            let (name, hash) = (snapshot::file_name(one.fact), hex(hash));
            writeln!(out, "  {name} at {taken}, state {hash}")?;
        }
    }
    Ok(())
}

fn print_torn(torn: TornTail, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "  torn tail: {} at byte {}, where fact {} would begin; {} whole batches behind it do not \
         count. Nothing of it was acknowledged",
        torn.segment.file_name(),
        torn.offset,
        torn.first_lost,
        torn.intact_batches_cut
    )
}

fn range(first: FactNumber, last: FactNumber) -> String {
    if last < first { "none".to_owned() } else { format!("{first} to {last}") }
}
