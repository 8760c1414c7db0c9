//! `onsale journal replay`: the facts, and where they lead.

use std::io::Write;

use onsale_core::fact::{Decision, Fact};
use onsale_engine::recover::RecoveryCause;
use onsale_net::dto::At;
use onsale_storage::journal::{Recovery, Start};

use super::Journal;
use super::states::replay_states;
use crate::cli::arguments::{JournalTask, Replay};
use crate::cli::error::CliError;
use crate::data_directory::hex;

/// How many facts may be printed, over all partitions.
pub(super) fn left(task: &JournalTask) -> u64 {
    match task {
        JournalTask::Replay(replay) => replay.count.unwrap_or(u64::MAX),
        JournalTask::Inspect(_) | JournalTask::Verify(_) => 0,
    }
}

/// Prints the facts that were asked for, up to any damage, then the hash of the state after all.
/// Answers what is wrong.
pub(super) fn run(
    journal: &Journal,
    replay: &Replay,
    left: &mut u64,
    out: &mut impl Write,
) -> Result<Vec<String>, CliError> {
    let mut damage = journal.damage();
    let number = journal.id.number();
    writeln!(out, "partition {number}")?;
    if let Err(stopped) = print_facts(journal, replay, left, out)? {
        // Mostly what is known already.
        let line = journal.located(&stopped.to_string());
        if !damage.contains(&line) {
            damage.push(line);
        }
    }
    if damage.is_empty() {
        match replay_states(journal) {
            Ok(states) => {
                writeln!(out, "state after fact {}: {}", states.applied, hex(&states.hash))?;
                for fact in &states.same {
                    writeln!(out, "snapshot of fact {fact}: the same state")?;
                }
                damage.extend(states.damage(journal));
            }
            Err(cause) => damage.push(journal.located(&cause.to_string())),
        }
    }
    for line in &damage {
        writeln!(out, "damage: {line}")?;
    }
    Ok(damage)
}

fn print_facts(
    journal: &Journal,
    replay: &Replay,
    left: &mut u64,
    out: &mut impl Write,
) -> Result<Result<(), RecoveryCause>, CliError> {
    let number = u32::from(journal.id.number());
    let mut recovery = match Recovery::open(&journal.files, number, Start::FirstSegment) {
        Ok(recovery) => recovery,
        Err(error) => return Ok(Err(error.into())),
    };
    while *left > 0 {
        let (first, decision) = match recovery.next_record() {
            Ok(None) => break,
            Ok(Some(record)) => (record.first_fact.get(), Decision::decode(record.payload)),
            Err(error) => return Ok(Err(error.into())),
        };
        let decision = match decision {
            Ok(decision) => decision,
            Err(source) => return Ok(Err(RecoveryCause::Decision { fact: first, source })),
        };
        let time = At(decision.at);
        let trace = decision.trace.map_or_else(String::new, |trace| format!(" trace={trace}"));
        let wanted = (first..).zip(&decision.facts).filter(|(number, fact)| {
            *number >= replay.from && replay.event.is_none_or(|event| fact.event() == Some(event))
        });
        for (number, fact) in wanted.take(usize::try_from(*left).unwrap_or(usize::MAX)) {
            *left -= 1;
            writeln!(out, "{number} {time} {}{trace}", content(fact))?;
        }
    }
    Ok(Ok(()))
}

/// Its kind and its content. The seed of a lottery shows as `LotterySeed(..)`.
fn content(fact: &Fact) -> String {
    let whole = format!("{fact:?}");
    let inner = whole.strip_prefix(fact.name()).and_then(|rest| rest.strip_prefix('('));
    inner.and_then(|rest| rest.strip_suffix(')')).unwrap_or(&whole).to_owned()
}
