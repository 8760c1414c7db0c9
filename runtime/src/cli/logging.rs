//! Log lines, on standard error.

use std::io;

use crate::config::{Config, LogFormat, SettingError};

/// Starts logging as configured. Once in a process.
pub(super) fn start(config: &Config) -> Result<(), SettingError> {
    let log = tracing_subscriber::fmt().with_env_filter(config.log_filter()?);
    let log = log.with_writer(io::stderr);
    match config.log.format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.init(),
    }
    Ok(())
}
