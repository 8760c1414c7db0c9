//! `onsale migrate`: brings the tables of the database up to date, without starting anything.

use std::io::Write;

use onsale_control::database::{Database, DatabaseSettings};
use tokio::runtime::Builder;

use super::error::CliError;
use crate::config::Config;
use crate::data_directory::{Description, control_path};
use crate::server::ControlError;

/// Makes what is missing; removes nothing. May be run while a server runs.
pub(super) fn run(config: &Config, out: &mut impl Write) -> Result<(), CliError> {
    let directory = &config.data;
    if config.database.url.is_none() {
        // A file in a directory that is none would be no use to anybody.
        Description::of(directory)?;
    }
    let settings = config.database.settings(&control_path(directory));
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(migrate(&settings))?;
    writeln!(out, "the database is up to date")?;
    Ok(())
}

async fn migrate(settings: &DatabaseSettings) -> Result<(), ControlError> {
    Ok(Database::open(settings)?.migrate().await?)
}
