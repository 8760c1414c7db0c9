//! Asks providers about disputes that their notices only name: few say for which order the payment
//! was, and none say it in a way that nobody else could.
//!
//! Whoever brings the notice waits for what came of it. So the provider sends it again if it could
//! not be asked, or if its answer could not be written down: nothing else remembers a dispute.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
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
    /// How long one call may take.
    pub call_timeout: Duration,
}

impl Default for DisputesConfig {
    fn default() -> Self {
        Self { calls_at_once: 8, call_timeout: Duration::from_secs(10) }
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
    let mut asking = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = asking.join_next() => {}
            question = questions.recv(), if asking.len() < config.calls_at_once => {
                let Some(question) = question else { break };
                let (port, providers) = (port.clone(), providers.clone());
                asking.spawn(async move {
                    let DisputeQuestion { provider, dispute, answered } = question;
                    let is_done = settle(&port, &providers, provider, &dispute, config).await;
                    // Whoever asked may have gone away: they ask again.
                    let _ = answered.send(is_done);
                });
            }
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
