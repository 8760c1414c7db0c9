//! `onsale journal verify`: everything is read, understood, replayed and compared.

use std::io::{self, Write};

use super::Journal;
use super::states::replay_states;
use crate::data_directory::hex;

/// Prints one line, and one for each damage. Answers what is wrong.
pub(super) fn run(journal: &Journal, out: &mut impl Write) -> io::Result<Vec<String>> {
    let mut damage = journal.damage();
    let number = journal.id.number();
    if journal.inspection.damage.is_none() {
        match replay_states(journal) {
            Ok(states) => {
                damage.extend(states.damage(journal));
                if damage.is_empty() {
                    let (applied, hash) = (states.applied, hex(&states.hash));
                    let same = states.same.len();
                    writeln!(
                        out,
                        "partition {number}: sound, {applied} facts, {same} snapshots compared, \
                         state {hash}"
                    )?;
                }
            }
            Err(cause) => damage.push(journal.located(&cause.to_string())),
        }
    }
    for line in &damage {
        writeln!(out, "damage: {line}")?;
    }
    Ok(damage)
}
