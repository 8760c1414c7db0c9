//! Somebody who follows the facts of each partition, as a read model does: beside the server, in
//! files that are being written meanwhile. What they have taken in outlives every crash.

use onsale_core::fact::Decision;
use onsale_storage::journal::{Bookmark, FactNumber, Follower};

use super::agenda::{Happening, Life};
use super::{World, partition_id};
use crate::seen::Seen;

/// The most decisions that are taken in at one look.
const AT_ONCE: u64 = 24;

/// Whoever follows one partition.
#[derive(Debug)]
pub(super) struct Reader {
    /// Written down with what was made of the facts.
    bookmark: Bookmark,
    /// Lost with the process.
    journal: Option<Follower>,
    /// Whether they look again soon.
    is_arranged: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { bookmark: Bookmark::BEGINNING, journal: None, is_arranged: false }
    }
}

impl World<'_> {
    fn is_followed(&self) -> bool {
        self.plan.setup.follow_us > 0
    }

    /// There may be something new.
    pub(super) fn arrange_reader(&mut self, partition: usize) {
        if !self.is_followed() || self.readers[partition].is_arranged {
            return;
        }
        let pause_us = self.noise.readers[partition].around(self.plan.setup.follow_us);
        let life = self.machine.life;
        self.agenda.put(self.after(1 + pause_us), Happening::Follow { partition, life });
        self.readers[partition].is_arranged = true;
    }

    /// With the process all was lost but the bookmarks.
    pub(super) fn begin_reading(&mut self) {
        for reader in &mut self.readers {
            (reader.journal, reader.is_arranged) = (None, false);
        }
    }

    pub(super) fn follow(&mut self, index: usize, life: Life) {
        if !self.lives(life) {
            return;
        }
        let Some(process) = self.machine.process.as_ref() else { return };
        if self.now < process.paused_until {
            let again = Happening::Follow { partition: index, life };
            return self.agenda.put(process.paused_until, again);
        }
        let durable = process.shells[index].engine.durable();
        self.take_in(index, durable);
        let reader = &mut self.readers[index];
        reader.is_arranged = false;
        if reader.bookmark.fact.get() < durable {
            self.arrange_reader(index);
        }
    }

    fn take_in(&mut self, index: usize, durable: u64) {
        let (partition, noise) = (partition_id(index), &mut self.noise.readers[index]);
        let most = noise.between(1, AT_ONCE);
        let reader = &mut self.readers[index];
        let journal = reader.journal.get_or_insert_with(|| {
            let known = reader.bookmark.fact > FactNumber::ZERO;
            if known {
                self.eyes.reached.reached("followed:resumed");
            }
            Follower::new(u32::from(partition.number()), reader.bookmark)
        });
        let files = self.machine.disks[index].beside(noise, None);
        for _ in 0..most {
            let (first, decision) = match journal.next(&files, FactNumber::new(durable)) {
                Ok(None) => break,
                Ok(Some(record)) => (record.first_fact.get(), Decision::decode(record.payload)),
                Err(error) => {
                    let what = format!("partition {index} cannot be followed: {error}");
                    return self.eyes.object(self.now, "following", what);
                }
            };
            let decision = match decision {
                Ok(decision) => decision,
                Err(error) => {
                    let what = format!("fact {first} of partition {index}: {error}");
                    return self.eyes.object(self.now, "following", what);
                }
            };
            let seen = Seen::Followed { partition, first, decision: &decision };
            self.eyes.see(self.now, &seen);
        }
        reader.bookmark = journal.bookmark();
    }

    /// The first fact of a partition that somebody still needs.
    pub(super) fn keep_from(&self, index: usize) -> FactNumber {
        let needed = self.readers[index].bookmark.fact.next();
        if self.is_followed() { needed } else { FactNumber::MAX }
    }

    /// Whether everybody who follows has come to the end.
    pub(super) fn have_readers_caught_up(&self) -> bool {
        let Some(process) = self.machine.process.as_ref() else { return false };
        let mut durable = process.shells.iter().map(|shell| shell.engine.durable());
        let all = self.readers.iter().all(|r| durable.next() == Some(r.bookmark.fact.get()));
        all || !self.is_followed()
    }
}
