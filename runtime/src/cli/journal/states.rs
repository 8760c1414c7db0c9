//! The states that a journal leads to, compared with those in its snapshots.

use onsale_core::Partition;
use onsale_engine::recover::{RecoveryCause, replay, restore};
use onsale_storage::journal::{FactNumber, Recovery, Start};
use onsale_storage::snapshot::{self, Snapshot, SnapshotError, StateHash};
use sha2::{Digest, Sha256};

use super::Journal;

/// What a replay came to.
pub(super) struct States {
    /// The last fact.
    pub(super) applied: u64,
    /// SHA-256 of the state after it.
    pub(super) hash: StateHash,
    /// The snapshots that hold what the replay led to.
    pub(super) same: Vec<FactNumber>,
    /// Those that do not.
    pub(super) different: Vec<FactNumber>,
}

impl States {
    /// What is wrong, one line each.
    pub(super) fn damage(&self, journal: &Journal) -> Vec<String> {
        let line = |fact: &FactNumber| {
            let file = snapshot::file_name(*fact);
            let what = "does not hold the state that the journal leads to: remove it, a server \
                        starts without";
            journal.located(&format!("{file} {what}"))
        };
        self.different.iter().map(line).collect()
    }
}

/// Replays a journal from its first fact, or from its oldest snapshot where what came before it
/// was removed; compares with every later snapshot on the way.
pub(super) fn replay_states(journal: &Journal) -> Result<States, RecoveryCause> {
    let (mut partition, begun_with) = beginning(journal)?;
    let start = match &begun_with {
        Some(snapshot) => Start::Snapshot(&snapshot.header),
        None => Start::FirstFact,
    };
    let number = u32::from(journal.id.number());
    let mut recovery = Recovery::open(&journal.files, number, start)?;
    let (mut same, mut different) = (Vec::new(), Vec::new());
    let begun_at = partition.applied();
    for one in &journal.inspection.snapshots {
        let Ok((_, hash)) = &one.content else { continue };
        if one.fact.get() <= begun_at {
            continue;
        }
        replay(&mut recovery, &mut partition, Some(one.fact))?;
        let is_same = partition.applied() == one.fact.get() && hash_of(&partition) == *hash;
        if is_same { same.push(one.fact) } else { different.push(one.fact) }
    }
    replay(&mut recovery, &mut partition, None)?;
    Ok(States { applied: partition.applied(), hash: hash_of(&partition), same, different })
}

/// The state to begin with, and the snapshot that it came from.
fn beginning(journal: &Journal) -> Result<(Partition, Option<Snapshot>), SnapshotError> {
    let inspection = &journal.inspection;
    let is_whole = inspection.segments.first().is_some_and(|s| s.first_fact == FactNumber::FIRST);
    let sound = inspection.snapshots.iter().filter(|one| !is_whole && one.content.is_ok());
    for one in sound {
        let snapshot = snapshot::load(&journal.files, one.fact)?;
        if let Ok(partition) = restore(&snapshot) {
            return Ok((partition, Some(snapshot)));
        }
    }
    Ok((Partition::new(journal.id), None))
}

fn hash_of(partition: &Partition) -> StateHash {
    Sha256::digest(partition.to_bytes()).into()
}
