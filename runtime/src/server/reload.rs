//! Reading the configuration again on SIGHUP, while buyers go on buying. What payment providers'
//! notices are verified with is taken over; everything else waits for a restart.

use std::collections::BTreeSet;
use std::io;

use onsale_net::provider::Providers;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::config::{Again, ConfigError, Origin};

/// Does so whenever the signal comes.
pub(super) fn on_signal(
    origin: Origin,
    providers: Providers,
) -> io::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            // A small file, and a thread that may wait for it.
            match origin.read_again().and_then(|again| take_over(again, &providers)) {
                Ok(outcome) => outcome.log(),
                Err(reason) => error!(
                    "nothing is taken over: {reason}. Mend it and send SIGHUP again: the server \
                     goes on with what it had"
                ),
            }
        }
    })
}

/// What became of a configuration that was read again.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// The providers whose notices are verified with something else now.
    changed: Vec<&'static str>,
    /// The settings that differ and are not taken over.
    waiting: BTreeSet<String>,
}

fn take_over(again: Again, providers: &Providers) -> Result<Outcome, ConfigError> {
    let Again { config, differing: mut waiting } = again;
    let mut changed = Vec::new();
    for verifying in config.payments.verifying()? {
        let known = providers.find(verifying.provider);
        // One that was not there when the server began waits for a restart as a whole.
        let Some(secrets) = known.and_then(|provider| provider.notice_secrets()) else { continue };
        waiting.remove(&verifying.setting);
        if secrets.replace(verifying.secrets) {
            changed.push(verifying.provider);
        }
    }
    Ok(Outcome { changed, waiting })
}

impl Outcome {
    fn log(self) {
        let Self { changed, waiting } = self;
        if changed.is_empty() {
            info!("the configuration was read again: nothing to take over");
        } else {
            let providers = changed.join(", ");
            info!(providers, "notices of these are verified with what the configuration says now");
        }
        if !waiting.is_empty() {
            let settings = waiting.into_iter().collect::<Vec<_>>().join(", ");
            warn!(settings, "these differ from what the server began with: they need a restart");
        }
    }
}
