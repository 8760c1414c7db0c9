//! The control plane of a server: its database, opened and brought up to date, accounts, and the
//! pool that it works on.
//!
//! A file of SQLite that cannot be used stops the start; a PostgreSQL that is away does not: the
//! sale goes on, and the tables are brought up to date as soon as it is there.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use onsale_control::Control;
use onsale_control::accounts::Accounts;
use onsale_control::accounts::password::pool::{Hasher, HasherSettings};
use onsale_control::database::{Database, Kind, MigrationError, OpenError, StoreError};
use onsale_control::projection::Progress;
use onsale_core::time::Span;
use onsale_net::reading::ReadingLimits;
use onsale_net::slow::{Backstage, Busy, Job, SlowPool};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use crate::config::Config;
use crate::data_directory::DataDirectory;
use crate::priority::give_way;
use crate::projection::ProjectionSettings;

/// How often a database that is away is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why there is no control plane.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The settings name no database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be used.
    #[error("{0}. See [database] in the configuration")]
    Migration(#[from] MigrationError),
    /// There are no threads to hash passwords.
    #[error("passwords cannot be hashed: {0}. Check the limits on threads and memory")]
    Passwords(#[source] io::Error),
}

/// Opens the database and brings it up to date, on the runtime that it will be used on. The other
/// answer is set once the tables are there.
pub(super) async fn open(
    config: &Config,
    data: &DataDirectory,
    address: SocketAddr,
    progress: Progress,
) -> Result<(Control, watch::Receiver<bool>), ControlError> {
    let database = Database::open(&config.database.settings(&data.control_path()))?;
    let settings = config.accounts.settings(&config.public_url(address));
    let accounts = Accounts::new(database.clone(), hasher(config)?, settings);
    let catalogue = config.catalogue.into();
    let webhooks = config.webhooks.rules();
    let control = Control { accounts, catalogue, database: database.clone(), progress, webhooks };
    let (ready, is_ready) = watch::channel(false);
    if config.database.migrate {
        match database.migrate().await {
            Err(MigrationError::Store(StoreError::Unavailable(error)))
                if database.kind() == Kind::Postgres =>
            {
                tracing::warn!(%error, "the database is away: only the sale goes on");
                tokio::spawn(migrate_later(database.clone(), ready));
                return Ok((control, is_ready));
            }
            outcome => outcome?,
        }
    }
    ready.send_replace(true);
    Ok((control, is_ready))
}

async fn migrate_later(database: Database, ready: watch::Sender<bool>) {
    loop {
        sleep(LOOK_EVERY).await;
        match database.migrate().await {
            Ok(()) => {
                ready.send_replace(true);
                return tracing::info!("the database is there and up to date");
            }
            Err(MigrationError::Store(StoreError::Unavailable(_))) => {}
            Err(error) => return tracing::error!(%error, "the database cannot be used"),
        }
    }
}

fn hasher(config: &Config) -> Result<Hasher, ControlError> {
    let passwords = &config.passwords;
    let settings = HasherSettings {
        cost: passwords.cost().expect("the configuration was checked"),
        threads: passwords.threads,
        queue: passwords.queue,
        prepare: || give_way("passwords are hashed"),
    };
    Hasher::start(settings).map_err(ControlError::Passwords)
}

/// The control plane for the cores to ask, with a bounded number of requests under way.
pub(super) fn backstage(control: Control, runtime: Handle, config: &Config) -> Backstage {
    let room = Arc::new(Semaphore::new(config.bounds.jobs));
    let ProjectionSettings { behind_s, waits, exports, .. } = config.projection;
    let reading = ReadingLimits { behind: Span::from_secs(behind_s), waits, exports };
    let oidc = config.oidc_providers().expect("the configuration was checked");
    Backstage::new(control, Arc::new(Pool { runtime, room }), reading, oidc)
}

/// The slow pool as seen from a core.
struct Pool {
    runtime: Handle,
    room: Arc<Semaphore>,
}

impl SlowPool for Pool {
    fn start(&self, job: Job) -> Result<(), Busy> {
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Busy)?;
        self.runtime.spawn(async move {
            job.await;
            drop(place);
        });
        Ok(())
    }
}
