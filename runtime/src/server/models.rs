//! Read models, on a thread and with a database pool of their own that run when the processors have
//! nothing better to do: a crowd that buys is not slowed down by the tables about it.

use std::time::Duration;

use onsale_control::database::{Database, DatabaseSettings};
use onsale_control::projection::{Journal, Progress};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::control::ControlError;
use super::slow::once_ready;
use super::{READ_MODELS, ServerError};
use crate::config::Config;
use crate::data_directory::DataDirectory;
use crate::facts::Facts;
use crate::host::Clock;
use crate::priority::give_way;
use crate::projection::Projection;

/// As many as have a transaction open at once, and one to look for a checkpoint.
const CONNECTIONS: u32 = 3;

pub(super) struct Models(Runtime);

impl Models {
    pub(super) fn start(
        config: &Config,
        data: &DataDirectory,
        facts: &[Facts],
        progress: &Progress,
        clock: &Clock,
        is_ready: &watch::Receiver<bool>,
    ) -> Result<Self, ServerError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("models")
            .on_thread_start(|| give_way("read models are made"))
            .enable_all()
            .build()?;
        let database =
            open(&runtime, &config.database.settings(&data.control_path()), CONNECTIONS)?;
        let settings = config.projection;
        let projection = Projection::new(database, progress.clone(), clock.clone(), settings);
        for facts in facts {
            let journal = Journal(data.journal_id(facts.id).0);
            let work = projection.clone().run(facts.clone(), journal, READ_MODELS);
            runtime.spawn(once_ready(is_ready.clone(), work));
        }
        Ok(Self(runtime))
    }

    /// Ends at once: what is not taken in is found behind the checkpoint at the next start.
    pub(super) fn end(self) {
        self.0.shutdown_timeout(Duration::from_secs(1));
    }
}

/// A pool of its own: the threads of SQLite's connections are started by the thread that connects
/// and give way as that one does.
pub(super) fn open(
    runtime: &Runtime,
    settings: &DatabaseSettings,
    connections_max: u32,
) -> Result<Database, ControlError> {
    let _guard = runtime.enter();
    Ok(Database::open(&DatabaseSettings { connections_max, ..settings.clone() })?)
}
