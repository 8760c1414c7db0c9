//! The async shell around one engine: the same code on every host. It takes messages, keeps the
//! engine's writes in flight, releases what has become durable, and wakes when something is due.
//!
//! Deliberately absent: any decision. What may happen is `onsale-core`'s to say, when a reply may
//! leave the engine's.

use std::future::{Future, poll_fn};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use onsale_core::effect::Effect;
use onsale_core::time::Time;
use onsale_engine::{Engine, Output};
use onsale_storage::journal::{Request as DiskRequest, SegmentIndex, WriteId};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::gauges::Gauges;
use crate::host::{DurableFile, Host};
use crate::mailbox::{Mailbox, Message, ReplyTo};
use crate::snapshots::Snapshots;

/// The most messages that are taken before the disk and the clock get a turn: ten milliseconds of
/// work. Between two turns every connection of the core that is ready gets one; in a crowd that is
/// thousands, most of them refused, and a small batch would be all that is sold meanwhile.
const BATCH: usize = 4_096;

/// Why a partition ended before it was told to. Nothing may be acknowledged any more: the process
/// must end, and recovery reads what is there.
#[derive(Debug, Error)]
#[error(
    "the journal in {directory} cannot be written: {source}. Nothing that was acknowledged is \
     lost; free space or replace the disk, then start again"
)]
pub struct JournalFailed {
    /// Where.
    pub directory: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

/// What a partition's shell needs besides its engine.
pub struct Surroundings {
    /// Where the partition's files are.
    pub directory: PathBuf,
    /// Where requests come from.
    pub mailbox: Mailbox,
    /// Where effects go. Never full for long: effects follow from facts, so none may be dropped.
    pub effects: mpsc::UnboundedSender<Effect>,
    /// What metrics are read from.
    pub gauges: Arc<Gauges>,
    /// Who makes snapshots.
    pub snapshots: Snapshots,
}

/// Drives `engine` until it is told to stop; then everything is durable.
pub async fn run<H: Host>(
    host: H,
    engine: Engine<ReplyTo>,
    surroundings: Surroundings,
) -> Result<(), JournalFailed> {
    let (done, completions) = mpsc::unbounded_channel();
    let shell =
        Shell { host, engine, surroundings, file: None, next_file: None, is_creating: false, done };
    shell.run(completions).await
}

/// What the disk answered.
enum Completion<F> {
    Created(SegmentIndex, io::Result<F>),
    Written(WriteId, io::Result<()>),
}

struct Shell<H: Host> {
    host: H,
    engine: Engine<ReplyTo>,
    surroundings: Surroundings,
    /// The segment that is written to.
    file: Option<(SegmentIndex, H::File)>,
    /// The one after it.
    next_file: Option<(SegmentIndex, H::File)>,
    /// A segment is being created: its thread must be heard before the executor ends.
    is_creating: bool,
    done: mpsc::UnboundedSender<Completion<H::File>>,
}

impl<H: Host> Shell<H> {
    async fn run(
        mut self,
        mut completions: mpsc::UnboundedReceiver<Completion<H::File>>,
    ) -> Result<(), JournalFailed> {
        let mut batch = Vec::new();
        let mut is_stopping = false;
        loop {
            let now = self.now();
            self.engine.tick(now);
            self.drain();
            if is_stopping && self.engine.is_settled() && !self.is_creating {
                self.engine.stop();
                self.drain();
                return Ok(());
            }
            let wake_at = self.engine.wake_at(now);
            match self.next(&mut completions, &mut batch, wake_at).await {
                Woken::Disk(completion) => self.complete(completion)?,
                Woken::Messages => {
                    let now = self.now();
                    // What fell due comes before what came later.
                    self.engine.tick(now);
                    for message in batch.drain(..) {
                        is_stopping |= self.take(now, message);
                    }
                    self.drain();
                    // With messages always there, nothing below would ever wait: others on this
                    // core, and the writes just started, must get a turn.
                    yield_once().await;
                }
                Woken::Time => {}
                Woken::Deserted => is_stopping = true,
            }
        }
    }

    fn now(&self) -> Time {
        Time::from_ms(self.host.now_ms())
    }

    /// Takes a message; answers whether it says to stop.
    fn take(&mut self, now: Time, message: Message) -> bool {
        match message {
            Message::Execute(request, reply_to) => self.engine.execute(now, &request, reply_to),
            Message::Look(look, reply_to) => self.engine.look(now, look, reply_to),
            Message::Stop => return true,
        }
        false
    }

    /// Does everything that the engine asks for.
    fn drain(&mut self) {
        self.start_writes();
        while let Some(output) = self.engine.poll_output() {
            match output {
                // Whoever asked may have gone: what was decided stands all the same.
                Output::Answer(reply_to, answer) => drop(reply_to.send(answer)),
                // The runner ends after the partitions do.
                Output::Effect(effect) => drop(self.surroundings.effects.send(effect)),
            }
        }
        let (applied, durable) = (self.engine.partition().applied(), self.engine.durable());
        self.surroundings.gauges.set(applied, durable, self.engine.depths());
        self.surroundings.snapshots.offer(durable);
    }

    fn start_writes(&mut self) {
        while let Some(request) = self.engine.poll_disk() {
            match request {
                DiskRequest::CreateSegment { index, bytes } => {
                    let path = self.surroundings.directory.join(index.file_name());
                    let created = self.host.create_prezeroed(&path, bytes);
                    self.is_creating = true;
                    let done = self.done.clone();
                    self.host.spawn_local(async move {
                        let _ = done.send(Completion::Created(index, created.await));
                    });
                }
                DiskRequest::Write { id, segment, offset, bytes } => {
                    if self.file.as_ref().is_none_or(|(index, _)| *index != segment) {
                        self.file = self.next_file.take();
                    }
                    let (_, file) = self.file.as_ref().expect("a segment is created before use");
                    let written = file.write_durable(offset, bytes);
                    let done = self.done.clone();
                    self.host.spawn_local(async move {
                        let _ = done.send(Completion::Written(id, written.await));
                    });
                }
            }
        }
    }

    fn complete(&mut self, completion: Completion<H::File>) -> Result<(), JournalFailed> {
        match completion {
            Completion::Created(index, Ok(file)) => {
                self.is_creating = false;
                self.next_file = Some((index, file));
                self.engine.segment_created(index);
            }
            Completion::Written(id, Ok(())) => self.engine.written(id),
            Completion::Created(_, Err(source)) | Completion::Written(_, Err(source)) => {
                self.engine.disk_failed();
                self.drain();
                let directory = self.surroundings.directory.clone();
                return Err(JournalFailed { directory, source });
            }
        }
        Ok(())
    }

    /// Waits until there is something to do. Completed writes go first, then completions and
    /// compensations, then new arrivals.
    async fn next(
        &mut self,
        completions: &mut mpsc::UnboundedReceiver<Completion<H::File>>,
        batch: &mut Vec<Message>,
        wake_at: Option<Time>,
    ) -> Woken<H::File> {
        let mut alarm = wake_at.map(|at| Box::pin(self.host.sleep_until(at.as_ms())));
        let mailbox = &mut self.surroundings.mailbox;
        let receive =
            |lane: &mut mpsc::Receiver<Message>,
             context: &mut Context<'_>,
             batch: &mut Vec<Message>| { lane.poll_recv_many(context, batch, BATCH) };
        poll_fn(|context| {
            if let Poll::Ready(Some(completion)) = completions.poll_recv(context) {
                return Poll::Ready(Woken::Disk(completion));
            }
            let urgent = receive(&mut mailbox.urgent, context, batch);
            let arrived = receive(&mut mailbox.arrivals, context, batch);
            if !batch.is_empty() {
                return Poll::Ready(Woken::Messages);
            }
            if urgent.is_ready() && arrived.is_ready() {
                return Poll::Ready(Woken::Deserted);
            }
            match alarm.as_mut().map(|alarm| Pin::new(alarm).poll(context)) {
                Some(Poll::Ready(())) => Poll::Ready(Woken::Time),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

/// Lets every other task that is ready run first.
async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

enum Woken<F> {
    Disk(Completion<F>),
    Messages,
    Time,
    /// Nobody can send anything any more.
    Deserted,
}
