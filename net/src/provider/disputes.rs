//! Asks providers about disputes that their notices name. Few notices say for which order the
//! payment was, and all come late, twice or out of order now and then, while a dispute may be taken
//! up again after its end. So what is written down is how it stands when its provider is asked.
//! About one dispute one question is asked at a time: answers are written down in the order of the
//! questions.
//!
//! Whoever brings the notice waits for what came of it. So the provider sends it again if it could
//! not be asked, or if its answer could not be written down: nothing else remembers a dispute.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinSet};
use tracing::warn;

use super::call::{call, is_admitted};
use super::webhook::write_down_dispute;
use super::{AskError, Providers};
use crate::port::Partitions;

/// A dispute to ask about, and whoever waits for what came of it.
#[derive(Debug)]
pub struct DisputeQuestion {
    provider: &'static str,
    dispute: String,
    /// Whether all that there is to know of it is written down.
    answered: oneshot::Sender<bool>,
}

impl DisputeQuestion {
    /// A question to a provider, and where the answer comes.
    pub(super) fn new(provider: &'static str, dispute: String) -> (Self, oneshot::Receiver<bool>) {
        let (answered, answer) = oneshot::channel();
        (Self { provider, dispute, answered }, answer)
    }
}

/// The bounds of the work.
#[derive(Clone, Copy, Debug)]
pub struct DisputesConfig {
    /// How many may be asked about at once.
    pub calls_at_once: usize,
    /// How many may wait, for each that is asked about, to have it asked about again.
    pub waiting_max: usize,
    /// How long one call may take.
    pub call_timeout: Duration,
}

impl Default for DisputesConfig {
    fn default() -> Self {
        Self { calls_at_once: 8, waiting_max: 16, call_timeout: Duration::from_secs(10) }
    }
}

/// Answers the questions that come in, until the other end is dropped. Wants a tokio runtime with
/// timers, and with IO if a provider does IO.
pub async fn run<P: Partitions>(
    port: P,
    providers: Providers,
    mut questions: mpsc::Receiver<DisputeQuestion>,
    config: DisputesConfig,
) {
    let mut desk = Desk { port, providers, config, asking: JoinSet::new(), busy: Vec::new() };
    loop {
        tokio::select! {
            biased;
            Some(ended) = desk.asking.join_next_with_id() => {
                desk.ended(ended.map_or_else(|fault| fault.id(), |(id, ())| id));
            }
            question = questions.recv(), if desk.busy.len() < config.calls_at_once => {
                let Some(question) = question else { break };
                desk.take(question);
            }
        }
    }
}

/// The questions that are being asked.
struct Desk<P> {
    port: P,
    providers: Providers,
    config: DisputesConfig,
    asking: JoinSet<()>,
    /// The disputes that are being asked about: few.
    busy: Vec<Busy>,
}

/// A dispute, by its provider and the provider's name for it.
type Named = (&'static str, String);

/// A dispute that is being asked about.
struct Busy {
    task: Id,
    named: Named,
    /// Those who came since: what is answered may be older than what they know of.
    waiting: Vec<oneshot::Sender<bool>>,
}

impl<P: Partitions> Desk<P> {
    fn take(&mut self, question: DisputeQuestion) {
        let DisputeQuestion { provider, dispute, answered } = question;
        let named = (provider, dispute);
        match self.busy.iter_mut().find(|busy| busy.named == named) {
            None => self.ask(named, vec![answered]),
            Some(busy) if busy.waiting.len() < self.config.waiting_max => {
                busy.waiting.push(answered);
            }
            // Dropped, which says that it is not written down: the provider sends it again.
            Some(_) => {}
        }
    }

    /// Asks for all of these at once.
    fn ask(&mut self, named: Named, asked: Vec<oneshot::Sender<bool>>) {
        let (port, providers, config) = (self.port.clone(), self.providers.clone(), self.config);
        let (provider, dispute) = named.clone();
        let task = self.asking.spawn(async move {
            let is_done = settle(&port, &providers, provider, &dispute, config).await;
            for answered in asked {
                // Whoever asked may have gone away: they ask again.
                let _ = answered.send(is_done);
            }
        });
        self.busy.push(Busy { task: task.id(), named, waiting: Vec::new() });
    }

    fn ended(&mut self, task: Id) {
        let Some(at) = self.busy.iter().position(|busy| busy.task == task) else { return };
        let Busy { named, waiting, .. } = self.busy.swap_remove(at);
        if !waiting.is_empty() {
            self.ask(named, waiting);
        }
    }
}

/// Whether the provider has said how the dispute stands, and it is written down. What it does not
/// know, or what is for somebody else, is of no interest.
async fn settle<P: Partitions>(
    port: &P,
    providers: &Providers,
    name: &str,
    dispute: &str,
    config: DisputesConfig,
) -> bool {
    let Some(provider) = providers.find(name) else { return false };
    if !is_admitted(providers, name) {
        return false;
    }
    let asked = provider.query_dispute(dispute);
    match call(providers, name, config.call_timeout, asked).await {
        Ok(Some(notice)) => write_down_dispute(port, notice).await.is_ok(),
        Ok(None) => true,
        Err(AskError::Refused(reason)) => {
            warn!(provider = name, dispute, reason, "the provider does not know its dispute");
            true
        }
        Err(AskError::Temporary(reason)) => {
            warn!(provider = name, dispute, reason, "the provider does not say");
            false
        }
    }
}
