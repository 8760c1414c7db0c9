//! Whoever follows a journal that is being written gets every decision once, in order, and nothing
//! that is not durable, through any number of crashes of the process that writes it.

use onsale_storage::directory::{Directory, MemoryDirectory};
use onsale_storage::journal::{
    BLOCK_BYTES, Bookmark, Chain, FactNumber, FollowError, Follower, JournalConfig, Start, Tail,
};

use crate::support::{
    Counted, Decision, IDENTITY, PARTITION, Pending, Random, Shell, leave_on_disk, random_config,
    recover, small_config,
};

/// Everything that is new to a follower.
fn drain(
    follower: &mut Follower,
    disk: &impl Directory,
    durable: FactNumber,
) -> Result<Vec<Decision>, FollowError> {
    let mut decisions = Vec::new();
    while let Some(record) = follower.next(disk, durable)? {
        let (last_fact, payload) = (record.last_fact, record.payload.to_vec());
        decisions.push(Decision { last_fact, payload });
    }
    Ok(decisions)
}

/// A journal over several segments, one fact a decision but for every fifth, and what is in it.
fn journal(decisions: u8) -> (Shell, Vec<Decision>) {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    let mut history = Vec::new();
    for number in 0..decisions {
        let payload = vec![number; 50 + 37 * usize::from(number)];
        let facts = if number % 5 == 4 { 3 } else { 1 };
        let last_fact = shell.append(&payload, facts).unwrap();
        shell.complete_all();
        history.push(Decision { last_fact, payload });
    }
    (shell, history)
}

#[test]
fn everything_durable_is_followed_once_through_any_number_of_crashes() {
    for seed in 0..100 {
        let mut scene = Scene::new(seed);
        for _ in 0..10 {
            scene.live();
            scene.crash_and_recover();
        }
    }
}

/// One partition through its crashes, and somebody who follows it.
struct Scene {
    seed: u64,
    random: Random,
    config: JournalConfig,
    shell: Shell,
    history: Vec<Decision>,
    follower: Follower,
    /// How many decisions were followed.
    followed: usize,
    /// Writes of a process that is dead, which may still land.
    late: Vec<Pending>,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let config = random_config(&mut random);
        let shell = Shell::new_journal(config);
        let follower = Follower::new(PARTITION, Bookmark::BEGINNING);
        let (history, late) = (Vec::new(), Vec::new());
        Self { seed, random, config, shell, history, follower, followed: 0, late }
    }

    fn live(&mut self) {
        for _ in 0..self.random.below(60) {
            match self.random.below(12) {
                0..5 => self.append(),
                5..8 if !self.shell.pending.is_empty() => {
                    let chosen = self.random.below(self.shell.pending.len());
                    self.shell.complete(chosen);
                }
                8 => self.shell.idle(),
                9 => self.land_late(),
                _ => self.follow(),
            }
        }
    }

    fn append(&mut self) {
        let appended = self.shell.append_some(&mut self.random, self.config.segment_bytes);
        self.history.extend(appended);
    }

    /// A write of a dead process lands after all.
    fn land_late(&mut self) {
        if let Some(Pending::Write { segment, offset, bytes, .. }) = self.late.pop() {
            self.shell.disk.write_at(&segment.file_name(), offset, &bytes).unwrap();
        }
    }

    /// Looks at the files as they are while some of what is under way has arrived.
    fn follow(&mut self) {
        let mut seen = self.shell.disk.clone();
        for pending in &self.shell.pending {
            leave_on_disk(&mut self.random, &mut seen, pending);
        }
        let durable = self.shell.writer.durable();
        for _ in 0..=self.random.below(12) {
            let next = self.follower.next(&seen, durable);
            let next = next.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
            let Some(record) = next else {
                let fact = self.follower.bookmark().fact;
                assert_eq!(fact, durable, "seed {}: durable and not followed", self.seed);
                return;
            };
            let (last_fact, payload) = (record.last_fact, record.payload.to_vec());
            let known = &self.history[self.followed];
            assert_eq!(&Decision { last_fact, payload }, known, "seed {}", self.seed);
            self.followed += 1;
        }
    }

    fn crash_and_recover(&mut self) {
        let mut disk = std::mem::take(&mut self.shell.disk);
        for pending in std::mem::take(&mut self.shell.pending) {
            if self.random.chance(3) {
                self.late.push(pending);
            } else {
                leave_on_disk(&mut self.random, &mut disk, &pending);
            }
        }
        let (decisions, recovered) = recover(&disk, Start::FirstFact).unwrap();
        self.history.truncate(decisions.len());
        assert!(self.followed <= decisions.len(), "seed {}: followed what is lost", self.seed);
        // What was asked of an unused segment cannot land in the one that replaces it.
        let tail = recovered.tail.unwrap_or(Tail::new_journal(IDENTITY));
        let last = tail.end.map(|end| end.index);
        self.late.retain(|pending| match pending {
            Pending::Write { segment, .. } => last.is_some_and(|last| *segment <= last),
            Pending::Create { .. } => false,
        });
        let Bookmark { fact, chain } = self.follower.bookmark();
        let chain = chain.filter(|_| self.random.chance(2));
        self.follower = Follower::new(PARTITION, Bookmark { fact, chain });
        self.shell = Shell::new(self.config, &tail, disk);
        self.shell.complete_all();
    }
}

/// It lies where the next batch would be, and whoever follows has read it already by the time that
/// a new segment says that the old one ended before it.
#[test]
fn a_write_that_lands_after_recovery_is_not_followed() {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    // So many facts that the rest of the segment is read with them.
    for (payload, facts) in [(b"one", 1), (b"two", 200)] {
        shell.append(payload, facts).unwrap();
        shell.complete_all();
    }
    shell.append(b"late", 1).unwrap();
    let Some(Pending::Write { segment, offset, bytes, .. }) = shell.pending.pop() else {
        panic!("a write must be under way");
    };
    let (_, recovered) = recover(&shell.disk, Start::FirstFact).unwrap();
    let mut next = Shell::new(small_config(), &recovered.tail.unwrap(), shell.disk);
    next.disk.write_at(&segment.file_name(), offset, &bytes).unwrap();
    let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
    let first = follower.next(&next.disk, next.writer.durable()).unwrap();
    assert_eq!(first.unwrap().payload, b"one");

    next.complete_all();
    next.append(b"new", 1).unwrap();
    next.complete_all();
    let found = drain(&mut follower, &next.disk, next.writer.durable()).unwrap();
    assert_eq!(found.iter().map(|one| &one.payload[..]).collect::<Vec<_>>(), [b"two", b"new"]);
}

#[test]
fn nothing_is_followed_before_it_is_durable_although_it_can_be_read() {
    let (shell, history) = journal(20);
    let all = shell.writer.durable();
    for durable in (0..=all.get()).map(FactNumber::new) {
        let upto = history.iter().take_while(|one| one.last_fact <= durable).count();
        let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
        assert_eq!(drain(&mut follower, &shell.disk, durable).unwrap(), history[..upto]);
        // What was read on the way is not shown by mistake either.
        assert_eq!(drain(&mut follower, &shell.disk, all).unwrap(), history[upto..]);
    }
}

#[test]
fn every_bookmark_is_gone_on_from() {
    let (shell, history) = journal(20);
    let durable = shell.writer.durable();
    let mut leader = Follower::new(PARTITION, Bookmark::BEGINNING);
    for taken in 0..=history.len() {
        for chain in [leader.bookmark().chain, None] {
            let bookmark = Bookmark { chain, ..leader.bookmark() };
            let mut follower = Follower::new(PARTITION, bookmark);
            let rest = drain(&mut follower, &shell.disk, durable).unwrap();
            assert_eq!(rest, history[taken..]);
        }
        leader.next(&shell.disk, durable).unwrap();
    }
}

#[test]
fn a_bookmark_of_something_else_is_noticed() {
    let (shell, history) = journal(20);
    let durable = shell.writer.durable();
    let follow = |fact, chain| {
        let mut follower = Follower::new(PARTITION, Bookmark { fact, chain });
        drain(&mut follower, &shell.disk, durable)
    };
    let inside = FactNumber::new(history[4].last_fact.get() - 1);
    assert!(matches!(follow(inside, None), Err(FollowError::OtherPast { fact }) if fact == inside));
    for decision in &history[..history.len() - 1] {
        let other = Some(Chain::new(7));
        assert!(matches!(follow(decision.last_fact, other), Err(FollowError::OtherPast { .. })));
    }
    let beyond = durable.next();
    assert!(matches!(follow(beyond, None), Err(FollowError::Ahead { .. })));
    let mut elsewhere = Follower::new(PARTITION + 1, Bookmark::BEGINNING);
    assert!(drain(&mut elsewhere, &shell.disk, durable).is_err());
}

#[test]
fn what_was_removed_is_said_to_be_removed() {
    let (mut shell, history) = journal(20);
    let durable = shell.writer.durable();
    let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
    follower.next(&shell.disk, durable).unwrap();
    for index in 1..=3 {
        shell.disk.remove(&format!("{index:010}.segment")).unwrap();
    }
    for follower in [&mut follower, &mut Follower::new(PARTITION, Bookmark::BEGINNING)] {
        let error = drain(follower, &shell.disk, durable).unwrap_err();
        let FollowError::Pruned { wanted, oldest } = error else { panic!("{error}") };
        assert!(wanted < oldest && oldest < durable, "{wanted} {oldest}");
    }
    let last = history[history.len() - 2].last_fact;
    let mut late = Follower::new(PARTITION, Bookmark { fact: last, chain: None });
    assert_eq!(drain(&mut late, &shell.disk, durable).unwrap(), history[history.len() - 1..]);
    let nothing = MemoryDirectory::new();
    assert!(drain(&mut late, &nothing, durable).unwrap().is_empty(), "nothing is new");
    assert!(drain(&mut Follower::new(PARTITION, Bookmark::BEGINNING), &nothing, durable).is_err());
}

/// As a segment is left that ended with a seal: the seal is still to be read.
#[test]
fn a_segment_that_is_removed_once_all_its_facts_were_followed_is_not_missed() {
    let mut shell = Shell::new_journal(small_config());
    shell.complete_all();
    let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
    for number in 1..=2 {
        shell.append(&[number], 1).unwrap();
        shell.complete_all();
        assert_eq!(drain(&mut follower, &shell.disk, shell.writer.durable()).unwrap().len(), 1);
    }
    shell.idle();
    for number in 3..=9 {
        shell.append(&[number], 1).unwrap();
        shell.complete_all();
    }
    shell.disk.remove("0000000001.segment").unwrap();
    let found = drain(&mut follower, &shell.disk, shell.writer.durable()).unwrap();
    assert!(found.iter().map(|one| one.payload[0]).eq(3..=9));
}

#[test]
fn segments_may_be_removed_while_a_bookmark_is_looked_for() {
    let (mut shell, history) = journal(20);
    let (durable, old_list) = (shell.writer.durable(), shell.disk.list().unwrap());
    for index in 1..old_list.len() - 2 {
        shell.disk.remove(&format!("{index:010}.segment")).unwrap();
    }
    let fact = history[history.len() - 2].last_fact;
    let mut follower = Follower::new(PARTITION, Bookmark { fact, chain: None });
    let counted = Counted::new(&shell.disk);
    counted.old_list.set(Some(old_list));
    let found = drain(&mut follower, &counted, durable).unwrap();
    assert_eq!(found, history[history.len() - 1..]);
    assert_eq!(counted.lists.get(), 2);
}

#[test]
fn damage_is_said_and_never_passed_over() {
    let (shell, history) = journal(12);
    let durable = shell.writer.durable();
    for entry in shell.disk.list().unwrap() {
        for position in (0..entry.bytes as usize).step_by(13) {
            let mut disk = shell.disk.clone();
            disk.content_mut(&entry.name).unwrap()[position] ^= 0x10;
            let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
            let mut seen = Vec::new();
            let outcome = loop {
                match follower.next(&disk, durable) {
                    Ok(Some(record)) => seen.push(record.payload.to_vec()),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            let place = format!("{} byte {position}", entry.name);
            let known = history.iter().map(|one| &one.payload);
            assert!(known.take(seen.len()).eq(&seen), "{place}: other decisions");
            assert!(outcome.is_err() || seen.len() == history.len(), "{place}: passed over");
        }
    }
}

#[test]
fn to_ask_again_costs_what_is_new() {
    let (mut shell, _) = journal(40);
    let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
    drain(&mut follower, &shell.disk, shell.writer.durable()).unwrap();
    for number in 0..30 {
        let counted = Counted::new(&shell.disk);
        assert!(drain(&mut follower, &counted, shell.writer.durable()).unwrap().is_empty());
        assert_eq!((counted.reads.get(), counted.lists.get()), (0, 0), "there was nothing new");

        shell.append(&[number; 100], 1).unwrap();
        shell.complete_all();
        let counted = Counted::new(&shell.disk);
        assert_eq!(drain(&mut follower, &counted, shell.writer.durable()).unwrap().len(), 1);
        // The next segment's header, the batch; twice where a segment ends.
        let most = 4 * BLOCK_BYTES as u64;
        assert!(counted.read_bytes.get() <= most, "{} bytes", counted.read_bytes.get());
        assert_eq!(counted.lists.get(), 0);
    }
}

#[test]
fn as_much_is_read_at_once_as_the_longest_batch_takes_and_no_more() {
    let config = JournalConfig { segment_bytes: 4 << 20, ..JournalConfig::default() };
    let mut shell = Shell::new_journal(config);
    shell.complete_all();
    let long = vec![7; 1 << 20];
    for number in 0..40u8 {
        for _ in 0..50 {
            shell.append(&[number; 300], 1).unwrap();
        }
        if number == 20 {
            shell.complete_all();
            shell.append(&long, 1).unwrap();
        }
        shell.complete_all();
    }
    let counted = Counted::new(&shell.disk);
    let mut follower = Follower::new(PARTITION, Bookmark::BEGINNING);
    let found = drain(&mut follower, &counted, shell.writer.durable()).unwrap();
    assert_eq!(found.len(), 40 * 50 + 1);
    assert!(counted.read_bytes_max.get() < (1 << 20) + 2 * BLOCK_BYTES as u64);
}

#[test]
fn among_two_thousand_segments_a_bookmark_is_found_by_a_few_headers() {
    let mut shell = Shell::new_journal(small_config());
    let mut bookmarks = Vec::new();
    for number in 0..2_000u32 {
        shell.append(&[0; 2 * BLOCK_BYTES + 5], 1).unwrap();
        shell.complete_all();
        if number % 500 == 7 {
            bookmarks.push(shell.writer.durable());
        }
    }
    assert!(shell.disk.list().unwrap().len() >= 2_000);
    for fact in bookmarks {
        let counted = Counted::new(&shell.disk);
        let mut follower = Follower::new(PARTITION, Bookmark { fact, chain: None });
        assert!(follower.next(&counted, shell.writer.durable()).unwrap().is_some());
        assert!(counted.reads.get() < 20, "{} reads", counted.reads.get());
    }
}
