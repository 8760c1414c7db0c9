//! Ending a run before its time, so that what it has found so far is reported all the same.

use std::io;
use std::process;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;

/// Whether a run is to end now. A cheap handle; all copies say the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Never.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// When the process is interrupted (Ctrl-C). The second time ends the process.
    pub fn on_interrupt() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, receiver) = watch::channel(false);
        let sender = Arc::new(sender);
        thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if sender.send_replace(true) {
                        // As a shell says that it was interrupted.
                        process::exit(130);
                    }
                    eprintln!("ending early; once more to end without a report");
                }
            });
        })?;
        Ok(Self(receiver))
    }

    /// Whether it is to end now.
    pub fn is_wanted(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is to end.
    pub async fn wanted(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|is_wanted| *is_wanted).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    }
}
