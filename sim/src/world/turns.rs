//! A partition's turn: what the shell of `onsale-runtime` does, in the same order. Time, then
//! messages, then writes to start, answers to release, effects to run; then it rests until
//! something is due.

use onsale_core::call::CallError;
use onsale_core::time::Time;
use onsale_engine::snapshots;
use onsale_engine::{Engine, Output};
use onsale_storage::journal::{FactNumber, Request as DiskRequest, SegmentIndex, WriteId};

use super::agenda::{Happening, Life};
use super::disk::InFlight;
use super::journal_bytes::{checksum, decisions};
use super::money::Origin;
use super::server::{Mail, Message, Shell};
use super::{World, partition_id};
use crate::plan::BEGIN;
use crate::seen::{Death, Micros, Seen, Token, Told};

impl World<'_> {
    /// Gives a partition a turn soon: it has mail.
    pub(super) fn arrange_soon(&mut self, index: usize) {
        let delay_us = 1 + self.noise.turns[index].below(60);
        self.arrange(index, self.after(delay_us));
    }

    fn arrange(&mut self, index: usize, at: Micros) {
        let life = self.machine.life;
        let Some(process) = self.machine.process.as_mut() else { return };
        let shell = &mut process.shells[index];
        if shell.turn_at.is_none_or(|arranged| at < arranged) {
            shell.turn_at = Some(at);
            self.agenda.put(at, Happening::Turn { partition: index, life });
        }
    }

    /// Whether that life is still lived.
    pub(super) fn lives(&self, life: Life) -> bool {
        self.machine.process.is_some() && self.machine.life == life
    }

    pub(super) fn turn(&mut self, index: usize, life: Life) {
        if !self.lives(life) {
            return;
        }
        let now = self.now;
        let Some(process) = self.machine.process.as_mut() else { return };
        if process.shells[index].turn_at != Some(now) {
            return;
        }
        process.shells[index].turn_at = None;
        if now < process.paused_until {
            let until = process.paused_until;
            return self.arrange(index, until);
        }
        self.spin(index, true);
    }

    /// One round of the shell's loop.
    fn spin(&mut self, index: usize, with_messages: bool) {
        let clock = self.machine.clock(self.now);
        let turn_messages = self.plan.setup.turn_messages;
        let Some(process) = self.machine.process.as_mut() else { return };
        let shell = &mut process.shells[index];
        shell.engine.tick(clock);
        let mut mails = Vec::new();
        if with_messages {
            let urgent = shell.urgent.len().min(turn_messages);
            mails.extend(shell.urgent.drain(..urgent));
            let arrivals = shell.arrivals.len().min(turn_messages);
            mails.extend(shell.arrivals.drain(..arrivals));
        }
        for mail in mails {
            self.take(index, clock, mail);
        }
        self.drain(index);
        self.stop_if_settled(index);
        self.rest(index, clock);
    }

    fn take(&mut self, index: usize, clock: Time, mail: Mail) {
        let partition = partition_id(index);
        let Some(process) = self.machine.process.as_mut() else { return };
        let engine = &mut process.shells[index].engine;
        let Mail { token, op, message } = mail;
        match message {
            Message::Execute(request) => {
                let before = engine.partition().applied();
                engine.execute(clock, &request, token);
                let after = engine.partition().applied();
                let request = &request;
                let seen =
                    Seen::Executed { partition, token, op, now: clock, request, before, after };
                self.eyes.see(self.now, &seen);
            }
            Message::Look(look) => {
                let (actor, query) = (look.actor, look.query);
                let wait_until = look.wait.as_ref().map(|wait| wait.until);
                let applied = engine.partition().applied();
                engine.look(clock, look, token);
                let Some(op) = op else { return };
                let now = clock;
                let seen =
                    Seen::Looked { partition, token, op, now, actor, query, wait_until, applied };
                self.eyes.see(self.now, &seen);
            }
        }
    }

    /// Does everything that the engine asks for.
    pub(super) fn drain(&mut self, index: usize) {
        self.start_writes(index);
        self.release(index);
        let Some(process) = self.machine.process.as_mut() else { return };
        let shell = &mut process.shells[index];
        let durable = shell.engine.durable();
        if durable >= shell.snapshot.saturating_add(self.plan.setup.snapshot_every_facts) {
            shell.snapshot = durable;
            // One after the other, as the thread that makes them does.
            let after_us = 1 + self.noise.disk[index].below(5_000);
            shell.snapshot_at = Micros(shell.snapshot_at.max(self.now).0 + after_us);
            let life = self.machine.life;
            let snapshot = Happening::Snapshot { partition: index, life, fact: durable };
            self.agenda.put(shell.snapshot_at, snapshot);
        }
    }

    fn start_writes(&mut self, index: usize) {
        loop {
            let latency_us = self.disk_latency(index);
            let done_at = self.after(latency_us).max(self.machine.stalled_until);
            let (life, partition) = (self.machine.life, index);
            let Some(process) = self.machine.process.as_mut() else { return };
            let Shell { engine, creating, .. } = &mut process.shells[index];
            let Some(request) = engine.poll_disk() else { return };
            let happening = match request {
                DiskRequest::CreateSegment { index, bytes } => {
                    *creating = Some((index, bytes));
                    let fails = std::mem::take(&mut self.trouble.disk_is_full);
                    Happening::Created { partition, life, index, fails }
                }
                DiskRequest::Write { id, segment, offset, bytes } => {
                    let bytes = bytes.to_vec();
                    let last_fact = self.show_written(index, &bytes);
                    let write = InFlight { id, segment, offset, bytes, last_fact };
                    self.machine.disks[index].submit(write);
                    let fails = std::mem::take(&mut self.trouble.write_fails);
                    Happening::Written { partition, life, id, fails }
                }
            };
            self.agenda.put(done_at, happening);
            self.count_disk_operation();
        }
    }

    fn disk_latency(&mut self, index: usize) -> u64 {
        5 + self.noise.disk[index].around(self.plan.setup.disk_us)
    }

    /// Shows the decisions in a write; answers the last fact in it.
    fn show_written(&mut self, index: usize, bytes: &[u8]) -> u64 {
        let mut last_fact = 0;
        self.eyes.trace.mix(checksum(bytes));
        for (first, decision) in decisions(bytes) {
            last_fact = first + decision.facts.len() as u64 - 1;
            for fact in &decision.facts {
                if let onsale_core::fact::Fact::OrderCompleted(fact) = fact {
                    self.tickets.insert(fact.order, fact.first_ticket);
                }
            }
            let partition = partition_id(index);
            self.eyes.see(self.now, &Seen::Written { partition, first, decision: &decision });
        }
        last_fact
    }

    fn release(&mut self, index: usize) {
        loop {
            let Some(process) = self.machine.process.as_mut() else { return };
            match process.shells[index].engine.poll_output() {
                Some(Output::Answer(token, answer)) => self.answered(index, token, answer),
                Some(Output::Effect(effect)) => {
                    let partition = partition_id(index);
                    self.eyes.see(self.now, &Seen::Wanted { partition, effect: &effect });
                    self.begin_effect(effect);
                }
                None => return,
            }
        }
    }

    fn answered(&mut self, index: usize, token: Token, answer: Told) {
        let partition = partition_id(index);
        let op = match &self.origins[token.0 as usize] {
            Origin::Client(op) => Some(*op),
            _ => None,
        };
        self.eyes.see(self.now, &Seen::Answered { partition, token, op, answer: &answer });
        match op {
            Some(op) => self.reply(op, answer),
            None => self.own_answer(token, &answer),
        }
    }

    /// Arranges the next turn and shows how the partition waits for it.
    fn rest(&mut self, index: usize, clock: Time) {
        let bounds = self.machine.bounds();
        let Some(process) = self.machine.process.as_ref() else { return };
        let shell = &process.shells[index];
        let wake_at = shell.engine.wake_at(clock);
        let mailbox = shell.mailbox();
        let seen = Seen::Rested {
            partition: partition_id(index),
            now: clock,
            state: shell.state(),
            depths: shell.engine.depths(),
            mailbox,
            bounds,
            wake_at,
        };
        self.eyes.see(self.now, &seen);
        if mailbox > 0 {
            self.arrange_soon(index);
        } else if let Some(wake_at) = wake_at {
            let at = self.moment_of(wake_at).max(self.after(5));
            self.arrange(index, at);
        }
    }

    /// When the process's clock will show that time.
    fn moment_of(&self, at: Time) -> Micros {
        let ahead_ms = self.machine.clock(Micros(0)).as_ms().wrapping_sub(BEGIN.as_ms());
        let elapsed_ms = at.as_ms().wrapping_sub(BEGIN.as_ms()).wrapping_sub(ahead_ms);
        // A time before the world began has passed.
        let elapsed_ms = if elapsed_ms > u64::MAX / 2 { 0 } else { elapsed_ms };
        Micros(elapsed_ms.saturating_mul(1_000))
    }

    pub(super) fn written(&mut self, index: usize, life: Life, id: WriteId, fails: bool) {
        if !self.lives(life) {
            return;
        }
        if self.now < self.machine.stalled_until {
            let again = Happening::Written { partition: index, life, id, fails };
            return self.agenda.put(self.machine.stalled_until, again);
        }
        if fails {
            self.machine.disks[index].fail(id, &mut self.noise.crash);
            self.eyes.fault(self.now, "write_error");
            return self.disk_failed(index);
        }
        let before = self.machine.disks[index].durable;
        let up_to = self.machine.disks[index].complete(id);
        if up_to > before {
            let partition = partition_id(index);
            self.eyes.see(self.now, &Seen::Durable { partition, up_to });
            self.arrange_reader(index);
        }
        let is_paused = self.with_engine(index, |engine| engine.written(id));
        if !is_paused {
            self.spin(index, false);
        }
    }

    pub(super) fn created(&mut self, index: usize, life: Life, of: SegmentIndex, fails: bool) {
        if !self.lives(life) {
            return;
        }
        if self.now < self.machine.stalled_until {
            let again = Happening::Created { partition: index, life, index: of, fails };
            return self.agenda.put(self.machine.stalled_until, again);
        }
        let Some(process) = self.machine.process.as_mut() else { return };
        let Some((_, bytes)) = process.shells[index].creating.take() else { return };
        if fails {
            self.eyes.fault(self.now, "disk_full");
            return self.disk_failed(index);
        }
        self.machine.disks[index].create(of, bytes);
        let is_paused = self.with_engine(index, |engine| engine.segment_created(of));
        if !is_paused {
            self.spin(index, false);
        }
    }

    /// Tells the engine something, at once; whether the process stands still, in which case its
    /// turn comes when it goes on.
    fn with_engine(&mut self, index: usize, tell: impl FnOnce(&mut Engine<Token>)) -> bool {
        let now = self.now;
        let Some(process) = self.machine.process.as_mut() else { return true };
        tell(&mut process.shells[index].engine);
        let until = process.paused_until;
        let is_paused = now < until;
        if is_paused {
            self.arrange(index, until);
        }
        is_paused
    }

    /// A journal cannot be written: the process tells who waits and ends.
    fn disk_failed(&mut self, index: usize) {
        if let Some(process) = self.machine.process.as_mut() {
            process.shells[index].engine.disk_failed();
        }
        self.release(index);
        self.die(Death::DiskFailed, self.trouble.down_ms);
    }

    fn stop_if_settled(&mut self, index: usize) {
        let Some(process) = self.machine.process.as_mut() else { return };
        let shell = &mut process.shells[index];
        let is_done = shell.engine.is_settled() && shell.creating.is_none();
        if !process.is_stopping || !is_done {
            return;
        }
        shell.engine.stop();
        let dropped: Vec<_> = shell.urgent.drain(..).chain(shell.arrivals.drain(..)).collect();
        self.release(index);
        for op in dropped.into_iter().filter_map(|mail| mail.op) {
            self.reply(op, Err(CallError::Stopped));
        }
        let Some(process) = self.machine.process.as_ref() else { return };
        let settled = |shell: &Shell| shell.engine.is_settled() && shell.creating.is_none();
        if process.shells.iter().all(|shell| settled(shell) && shell.mailbox() == 0) {
            self.die(Death::Stopped, self.trouble.down_ms);
        }
    }

    pub(super) fn snapshot(&mut self, index: usize, life: Life, fact: u64) {
        if !self.lives(life) {
            return;
        }
        let cut = self.trouble.snapshot_crash.take();
        let keep_from = self.keep_from(index);
        let (id, noise) = (partition_id(index), &mut self.noise.crash);
        let disk = &mut self.machine.disks[index];
        let made = {
            let mut files = disk.beside(noise, cut.map(|(operations, _)| operations));
            snapshots::make(&mut files, id, FactNumber::new(fact), keep_from)
        };
        match (made, cut) {
            (Ok(_), _) => {
                self.eyes.reached.reached("snapshot");
                self.forget_removed(index);
            }
            (Err(_), Some((_, down_ms))) => {
                self.eyes.fault(self.now, "snapshot_crash");
                self.die(Death::PowerLoss, down_ms);
            }
            (Err(error), None) => {
                let what = format!("partition {index}: no snapshot of fact {fact}: {error}");
                self.eyes.object(self.now, "snapshot", what);
            }
        }
    }

    /// Segments that a snapshot made superfluous cannot be damaged any more.
    fn forget_removed(&mut self, index: usize) {
        let disk = &mut self.machine.disks[index];
        let names = disk.names();
        disk.witnessed.retain(|write| names.contains(&write.segment.file_name()));
    }
}
