//! As of when an answer is.

use onsale_core::id::{EventId, PartitionId};
use onsale_core::time::Time;
use sqlx::AnyConnection;

use crate::database::StoreError;
use crate::projection::{Checkpoint, Progress};

/// As of when an answer is: everything that had happened by then is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// When.
    pub at: Time,
    /// The last fact of the event's partition that is in it; `None` where several have a part.
    pub fact: Option<u64>,
    /// How many facts were on disk, when it was asked, that are not in it.
    pub facts_behind: u64,
}

/// When something was asked, and what had happened by then: found out before the read models are
/// looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    now: Time,
    durable: Vec<(PartitionId, u64)>,
}

impl Asked {
    /// Something is asked now, about an event or about all.
    pub fn now(progress: &Progress, now: Time, event: Option<EventId>) -> Self {
        Self { now, durable: progress.all_durable(event.map(EventId::partition)) }
    }

    /// As of when what is read in a snapshot is, about an event or about all.
    pub(super) async fn as_of(
        &self,
        snapshot: &mut AnyConnection,
        event: Option<EventId>,
    ) -> Result<AsOf, StoreError> {
        let checkpoints = match event {
            Some(event) => Vec::from_iter(Checkpoint::find(snapshot, event.partition()).await?),
            None => Checkpoint::list(snapshot).await?,
        };
        let fact = event.map(|_| checkpoints.first().map_or(0, |checkpoint| checkpoint.fact));
        Ok(AsOf { fact, ..self.compare(&checkpoints) })
    }

    fn compare(&self, checkpoints: &[Checkpoint]) -> AsOf {
        let nothing = AsOf { at: self.now, fact: None, facts_behind: 0 };
        self.durable.iter().fold(nothing, |as_of, (partition, durable)| {
            let checkpoint = checkpoints.iter().find(|one| one.partition == *partition);
            let fact = checkpoint.map_or(0, |checkpoint| checkpoint.fact);
            let behind = durable.saturating_sub(fact);
            if behind == 0 {
                return as_of;
            }
            let at = checkpoint.map_or(Time::ZERO, |checkpoint| checkpoint.at);
            AsOf { at: as_of.at.min(at), facts_behind: as_of.facts_behind + behind, ..as_of }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::Journal;

    const NOW: Time = Time::from_ms(90_000);

    fn partition(number: u16) -> PartitionId {
        PartitionId::new(number).unwrap()
    }

    fn checkpoint(number: u16, fact: u64, at_ms: u64) -> Checkpoint {
        let at = Time::from_ms(at_ms);
        Checkpoint { fact, at, ..Checkpoint::beginning(partition(number), Journal(1)) }
    }

    #[test]
    fn an_answer_is_as_of_now_unless_something_is_missing_in_it() {
        let asked = Asked { now: NOW, durable: vec![(partition(0), 7), (partition(1), 9)] };
        let all = asked.compare(&[checkpoint(0, 7, 1_000), checkpoint(1, 11, 2_000)]);
        assert_eq!(all, AsOf { at: NOW, fact: None, facts_behind: 0 });
        let some = asked.compare(&[checkpoint(0, 7, 1_000), checkpoint(1, 6, 2_000)]);
        assert_eq!(some, AsOf { at: Time::from_ms(2_000), fact: None, facts_behind: 3 });
        let none = asked.compare(&[checkpoint(0, 7, 1_000)]);
        assert_eq!(none, AsOf { at: Time::ZERO, fact: None, facts_behind: 9 });
    }
}
