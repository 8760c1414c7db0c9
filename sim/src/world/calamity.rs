//! Faults, and the ends and starts of the process that they bring about.

use onsale_storage::directory::{Directory, MemoryDirectory};
use onsale_storage::journal::BLOCK_BYTES;

use super::agenda::Happening;
use super::network::Cut;
use super::server::{Found, has_journal};
use super::{World, partition_id};
use crate::plan::{Damage, FaultKind};
use crate::seen::{Death, Micros, Seen};

/// What is going to go wrong at the next occasion.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The next segment finds no room.
    pub(super) disk_is_full: bool,
    /// The next write fails.
    pub(super) write_fails: bool,
    /// How long the process stays down after an end that it brings about itself.
    pub(super) down_ms: u64,
    /// The next snapshot is cut short after so many file operations, and how long it is down then.
    pub(super) snapshot_crash: Option<(u64, u64)>,
    /// Power is lost at a disk operation: how many are left, and how long it is down then.
    power_loss_in: Option<(u64, u64)>,
    /// How many starts are cut short, after how many file operations.
    recovery_crashes: (u32, u64),
    /// What is done to the files before the next start.
    damage: Option<Damage>,
    swaps: bool,
}

impl World<'_> {
    pub(super) fn strike(&mut self, kind: FaultKind) {
        if self.is_healed {
            return;
        }
        match kind {
            FaultKind::PowerLoss { down_ms } => self.lose_power(down_ms),
            FaultKind::Kill { down_ms } => self.end(Death::Killed, "kill", down_ms),
            FaultKind::PowerLossAtWrite { operation, down_ms } => {
                self.trouble.power_loss_in = Some((operation.max(1), down_ms));
            }
            FaultKind::RecoveryCrashes { times, operations } => {
                self.trouble.recovery_crashes = (times, operations);
            }
            FaultKind::Stop { down_ms } => self.stop(down_ms),
            FaultKind::Pause { for_ms } => self.pause(for_ms),
            FaultKind::WriteError { down_ms } => {
                self.trouble.write_fails = true;
                self.trouble.down_ms = down_ms;
            }
            FaultKind::DiskFull { down_ms } => {
                self.trouble.disk_is_full = true;
                self.trouble.down_ms = down_ms;
            }
            FaultKind::DiskStall { for_ms } => {
                self.machine.stalled_until = self.after_ms(for_ms);
                self.eyes.fault(self.now, "disk_stall");
            }
            FaultKind::Damage(damage) => self.trouble.damage = Some(damage),
            FaultKind::SwapPartitions => self.trouble.swaps = true,
            FaultKind::SnapshotCrash { operations, down_ms } => {
                self.trouble.snapshot_crash = Some((operations, down_ms));
            }
            FaultKind::ClockJump { by_ms } => {
                self.machine.clock_ahead_ms += by_ms;
                let name = if by_ms < 0 { "clock_jump_back" } else { "clock_jump_forward" };
                self.eyes.fault(self.now, name);
            }
            _ => self.trouble_outside(kind),
        }
    }

    /// What goes wrong with the network and the provider.
    fn trouble_outside(&mut self, kind: FaultKind) {
        let until = |world: &Self, for_ms| world.after_ms(for_ms);
        match kind {
            FaultKind::Loss { per_mille, for_ms } => {
                self.network.loss.set(per_mille, until(self, for_ms));
            }
            FaultKind::Duplicates { per_mille, for_ms } => {
                self.network.duplicates.set(per_mille, until(self, for_ms));
            }
            FaultKind::Clog { up_to_ms, for_ms } => {
                self.network.clog.set(up_to_ms, until(self, for_ms));
                self.eyes.fault(self.now, "clog");
            }
            FaultKind::Partition { one_in, direction, for_ms } => {
                let cut = Cut { one_in, direction: Some(direction) };
                self.network.cut.set(cut, until(self, for_ms));
            }
            FaultKind::Reset => {
                self.network.connections += 1;
                self.eyes.fault(self.now, "reset");
            }
            FaultKind::ProviderDown { for_ms } => {
                self.provider.down.set((), until(self, for_ms));
            }
            FaultKind::ProviderErrors { per_mille, for_ms } => {
                self.provider.errors.set(per_mille, until(self, for_ms));
            }
            FaultKind::IntentsRefused { for_ms } => {
                self.provider.refuses_intents.set((), until(self, for_ms));
            }
            FaultKind::RefundsRefused { for_ms } => {
                self.provider.refuses_refunds.set((), until(self, for_ms));
            }
            FaultKind::RefundsPending { fails, for_ms } => {
                self.provider.pends_refunds.set(fails, until(self, for_ms));
            }
            FaultKind::PartlyDown { service, for_ms } => {
                self.provider.partly_down.set(service, until(self, for_ms));
            }
            FaultKind::QueriesBlind { for_ms } => {
                self.provider.queries_blind.set((), until(self, for_ms));
            }
            FaultKind::NoticesNever { for_ms } => {
                self.provider.notices_never.set((), until(self, for_ms));
            }
            FaultKind::NoticesLost { per_mille, for_ms } => {
                self.provider.notices_lost.set(per_mille, until(self, for_ms));
            }
            FaultKind::NoticesRepeated { times, for_ms } => {
                self.provider.notices_repeated.set(times, until(self, for_ms));
            }
            FaultKind::NoticesLate { up_to_ms, for_ms } => {
                self.provider.notices_late.set(up_to_ms, until(self, for_ms));
            }
            FaultKind::Disputed(quarrel) => self.quarrel(quarrel),
            FaultKind::StrayNotice { order, event, other_provider } => {
                self.stray_notice(order, event, other_provider);
            }
            _ => {}
        }
    }

    /// The machine is without power for a while.
    fn lose_power(&mut self, down_ms: u64) {
        self.end(Death::PowerLoss, "power_loss", down_ms);
    }

    fn end(&mut self, how: Death, name: &'static str, down_ms: u64) {
        if self.machine.process.is_some() {
            self.eyes.fault(self.now, name);
            self.die(how, down_ms);
        }
    }

    fn stop(&mut self, down_ms: u64) {
        let Some(process) = self.machine.process.as_mut() else { return };
        process.is_stopping = true;
        self.trouble.down_ms = down_ms;
        self.eyes.fault(self.now, "stop");
        (0..self.machine.disks.len()).for_each(|index| self.arrange_soon(index));
    }

    fn pause(&mut self, for_ms: u64) {
        let until = self.after_ms(for_ms);
        if let Some(process) = self.machine.process.as_mut() {
            process.paused_until = process.paused_until.max(until);
            self.eyes.fault(self.now, "pause");
        }
    }

    /// One more disk operation was begun: perhaps it was the last.
    pub(super) fn count_disk_operation(&mut self) {
        let Some((left, down_ms)) = self.trouble.power_loss_in.take() else { return };
        if left > 1 {
            self.trouble.power_loss_in = Some((left - 1, down_ms));
        } else {
            self.end(Death::PowerLoss, "power_loss_at_write", down_ms);
        }
    }

    /// The process ends, and begins again after a while.
    pub(super) fn die(&mut self, how: Death, down_ms: u64) {
        self.eyes.see(self.now, &Seen::Died { how });
        let process = self.machine.process.take();
        self.machine.life += 1;
        self.network.connections += 1;
        self.effects.clear();
        self.questions.clear();
        let shells = process.into_iter().flat_map(|process| process.shells);
        for (disk, shell) in self.machine.disks.iter_mut().zip(shells) {
            // A segment that was being created is there whole or not at all.
            if let Some((index, bytes)) = shell.creating
                && self.noise.crash.chance(500)
            {
                disk.create(index, bytes);
            }
            match how {
                Death::PowerLoss | Death::DiskFailed => {
                    if disk.lose_power(&mut self.noise.crash) > 0 {
                        self.eyes.reached.reached("writes_torn");
                    }
                }
                Death::Killed | Death::Stopped => disk.finish(),
            }
        }
        self.agenda.put(self.after_ms(down_ms.max(1)), Happening::Start);
    }

    /// The process begins, unless it runs. What is wrong with the files must be refused.
    pub(super) fn start(&mut self) {
        if self.machine.process.is_some() {
            return;
        }
        if let Some(damage) = self.trouble.damage.take()
            && self.start_damaged(damage)
        {
            return;
        }
        if std::mem::take(&mut self.trouble.swaps) && self.machine.disks.len() > 1 {
            self.start_swapped();
        }
        let (times, operations) = self.trouble.recovery_crashes;
        let cut = (times > 0).then_some(operations);
        self.trouble.recovery_crashes.0 = times.saturating_sub(1);
        match self.machine.start(self.now, cut) {
            Ok(found) => self.started(&found),
            Err(_) if cut.is_some() => {
                self.eyes.fault(self.now, "recovery_crashes");
                self.agenda.put(self.after_ms(5), Happening::Start);
            }
            Err((partition, cause)) => {
                let what = format!("{partition:?} would not start: {cause}");
                self.eyes.object(self.now, "recovery", what);
            }
        }
    }

    fn started(&mut self, found: &[Found]) {
        self.count_found(found);
        self.show_started();
        self.begin_reconciling();
        self.begin_reading();
        for index in 0..self.machine.disks.len() {
            self.drain(index);
            self.arrange_soon(index);
            self.arrange_reader(index);
        }
    }

    fn count_found(&mut self, found: &[Found]) {
        for of_it in found {
            for (name, is_so) in [
                ("start_from_snapshot", of_it.snapshot > 0),
                ("torn_tail", of_it.torn),
                ("snapshot_rejected", of_it.rejected > 0),
            ] {
                if is_so {
                    self.eyes.reached.reached(name);
                }
            }
        }
    }

    fn show_started(&mut self) {
        let Some(process) = self.machine.process.as_ref() else { return };
        for (index, shell) in process.shells.iter().enumerate() {
            let (partition, snapshot) = (partition_id(index), shell.snapshot);
            let seen = Seen::Started { partition, state: shell.state(), snapshot };
            self.eyes.see(self.now, &seen);
        }
    }

    /// Starts on damaged files: they are refused, or nothing is lost. Then they are repaired.
    /// Answers whether another start is arranged.
    fn start_damaged(&mut self, damage: Damage) -> bool {
        let disks = self.machine.disks.len() as u64;
        let index = self.noise.damage.below(disks) as usize;
        let sound = self.machine.disks[index].files.clone();
        let Some(name) = self.do_damage(index, damage) else { return false };
        self.eyes.fault(self.now, name);
        let cut = (damage == Damage::ReadError).then(|| self.noise.damage.below(12));
        match self.machine.start(self.now, cut) {
            Ok(found) => {
                self.count_found(&found);
                self.eyes.reached.reached("damage_survived");
                self.show_started();
                self.eyes.see(self.now, &Seen::Died { how: Death::Killed });
                self.machine.process = None;
                self.machine.life += 1;
            }
            Err((partition, cause)) => {
                self.eyes.reached.reached("damage_refused");
                let reason = &cause.to_string();
                self.eyes.see(self.now, &Seen::Refused { partition, reason });
            }
        }
        self.machine.disks[index].files = sound;
        self.agenda.put(self.after_ms(10), Happening::Start);
        true
    }

    /// Answers the name of what was done; `None` if there was nothing to do it to.
    fn do_damage(&mut self, index: usize, damage: Damage) -> Option<&'static str> {
        let disk = &mut self.machine.disks[index];
        let noise = &mut self.noise.damage;
        if damage == Damage::ReadError {
            return Some("damage_read_error");
        }
        if damage == Damage::SnapshotRot {
            let name = disk.names().into_iter().rfind(|name| name.ends_with(".snapshot"))?;
            let bytes = disk.files.content_mut(&name)?;
            let at = noise.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << noise.below(8);
            return Some("damage_snapshot_rot");
        }
        if disk.witnessed.is_empty() {
            return None;
        }
        let write = *noise.pick(&disk.witnessed);
        let block = write.offset + noise.below(write.blocks) * BLOCK_BYTES as u64;
        let name = write.segment.file_name();
        let is_last = disk.witnessed.iter().all(|other| other.segment <= write.segment);
        let content = disk.files.content_mut(&name)?;
        let at = block as usize;
        match damage {
            Damage::BitRot => {
                let at = at + noise.below(BLOCK_BYTES as u64) as usize;
                content[at] ^= 1 << noise.below(8);
                Some("damage_bit_rot")
            }
            Damage::LostWrite => {
                content[at..at + BLOCK_BYTES].fill(0);
                Some("damage_lost_write")
            }
            Damage::Misdirected => {
                // Over something earlier: what lands on something later is written over in time.
                let other = noise.below((at / BLOCK_BYTES) as u64) as usize * BLOCK_BYTES;
                let block = content[at..at + BLOCK_BYTES].to_vec();
                content[at..at + BLOCK_BYTES].fill(0);
                content[other..other + BLOCK_BYTES].copy_from_slice(&block);
                Some("damage_misdirected")
            }
            Damage::Truncated => {
                content.truncate(at);
                Some("damage_truncated")
            }
            // The last segment in use leaves no trace (ADR 0001).
            Damage::Missing if is_last => None,
            Damage::Missing => {
                disk.files.remove(&name).ok()?;
                Some("damage_missing")
            }
            Damage::SnapshotRot | Damage::ReadError => None,
        }
    }

    /// Two partitions with each other's files: it must be refused.
    fn start_swapped(&mut self) {
        let disks = &mut self.machine.disks;
        if !(has_journal(&disks[0].files) && has_journal(&disks[1].files)) {
            return;
        }
        swap_files(disks);
        let started = self.machine.start(self.now, None);
        self.eyes.fault(self.now, "swap_partitions");
        match started {
            Ok(_) => {
                let what = "partitions start with each other's journals".to_owned();
                self.eyes.object(self.now, "identity", what);
            }
            Err((partition, cause)) => {
                let reason = &cause.to_string();
                self.eyes.see(self.now, &Seen::Refused { partition, reason });
            }
        }
        swap_files(&mut self.machine.disks);
    }

    /// Nothing goes wrong any more.
    pub(super) fn end_trouble(&mut self) {
        self.trouble = Trouble::default();
        self.machine.stalled_until = Micros(0);
        if let Some(process) = self.machine.process.as_mut() {
            process.paused_until = self.now;
        }
    }
}

fn swap_files(disks: &mut [super::disk::Disk]) {
    let first: MemoryDirectory = std::mem::take(&mut disks[0].files);
    disks[0].files = std::mem::replace(&mut disks[1].files, first);
}
