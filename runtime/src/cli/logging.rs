//! Log lines, on standard error.

use std::io::{self, IsTerminal};

use crate::config::{Config, LogFormat, SettingError};

/// Starts logging as configured. Once in a process.
pub(super) fn start(config: &Config) -> Result<(), SettingError> {
    let log = tracing_subscriber::fmt().with_env_filter(config.log_filter()?);
    // Colours are for people, not for files.
    let log = log.with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match config.log.format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.init(),
    }
    Ok(())
}
