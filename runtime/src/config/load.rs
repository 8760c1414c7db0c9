//! Putting the sources together. Each is read into [`Config`] by itself first, so that whatever is
//! wrong is reported with the file and line, variable or flag that it stands in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::{Table, Value};

use super::{Config, SettingError};

/// The file that is read, if it is there, when none is named.
pub const DEFAULT_FILE: &str = "onsale.toml";

/// How every variable begins that is a setting: `ONSALE_LISTEN`, `ONSALE_JOURNAL__SEGMENT_BYTES`.
pub const ENVIRONMENT_PREFIX: &str = "ONSALE_";

/// Stands between a section and its field in the name of a variable.
const SECTION_SEPARATOR: &str = "__";

/// Where settings come from, beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that was named; it must be there.
    pub file: Option<PathBuf>,
    /// The process's environment; variables of other programs are left alone.
    pub environment: Vec<(String, String)>,
    /// What the command line sets.
    pub flags: Vec<Setting>,
}

/// One setting from a flag.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it is called on the command line, such as `--listen`.
    pub flag: &'static str,
    /// The setting, with dots: `journal.segment_bytes`.
    pub key: &'static str,
    /// Its value as text.
    pub value: String,
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file that was named cannot be read.
    #[error("cannot read {}: {source}. Check the path given with --config", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line of a file is not understood.
    #[error("{}, line {line}: {reason}. See onsale.example.toml", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A value makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A variable or a flag is not understood.
    #[error("{name}: {reason}. `onsale config` shows every setting")]
    Text {
        /// Which.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Config {
    /// Puts the sources together and checks what comes out.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        Self::of(sources.merged()?)
    }

    /// The configuration that the sources make together, once it is checked.
    pub(super) fn of(merged: Table) -> Result<Self, ConfigError> {
        // Every part of it was read before.
        let config: Self = merged.try_into().map_err(|error: toml::de::Error| {
            let (name, reason) = ("the configuration".to_owned(), error.message().to_owned());
            ConfigError::Text { name, reason }
        })?;
        config.check()?;
        Ok(config)
    }
}

impl Sources {
    /// What the sources say, those that win over the others.
    pub(super) fn merged(&self) -> Result<Table, ConfigError> {
        let mut merged = file_table(self.file.as_deref())?;
        for (name, text) in &self.environment {
            if let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) {
                let key = rest.to_lowercase().replace(SECTION_SEPARATOR, ".");
                merge(&mut merged, one_setting(name, &key, text)?);
            }
        }
        for Setting { flag, key, value } in &self.flags {
            merge(&mut merged, one_setting(flag, key, value)?);
        }
        Ok(merged)
    }
}

fn file_table(named: Option<&Path>) -> Result<Table, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(Table::new());
        }
        Err(source) => return Err(ConfigError::File { path: path.to_owned(), source }),
    };
    let read = toml::from_str::<Config>(&text).and_then(|_| toml::from_str::<Table>(&text));
    read.map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|&byte| byte == b'\n').count();
        let reason = error.message().to_owned();
        ConfigError::Line { path: path.to_owned(), line, reason }
    })
}

/// A table of one setting, whose text is taken for what the setting needs.
fn one_setting(name: &str, key: &str, text: &str) -> Result<Table, ConfigError> {
    let number = text.parse().ok().map(Value::Integer);
    let switch = text.parse().ok().map(Value::Boolean);
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let list = Value::Array(items.map(Value::from).collect());
    let readings = [Some(Value::String(text.to_owned())), number, switch, Some(list)];
    let mut reason = String::new();
    for reading in readings.into_iter().flatten() {
        let table = nested(key, reading);
        match table.clone().try_into::<Config>() {
            Ok(_) => return Ok(table),
            // That it is of another kind says less than what is wrong with one of the right kind.
            Err(error) if reason.is_empty() || !error.message().starts_with("invalid type") => {
                error.message().clone_into(&mut reason);
            }
            Err(_) => {}
        }
    }
    Err(ConfigError::Text { name: name.to_owned(), reason })
}

fn nested(key: &str, value: Value) -> Table {
    let (first, value) = match key.split_once('.') {
        Some((section, rest)) => (section, Value::Table(nested(rest, value))),
        None => (key, value),
    };
    Table::from_iter([(first.to_owned(), value)])
}

/// Puts `upper` over `lower`, section by section.
pub(super) fn merge(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => drop(lower.insert(key, value)),
        }
    }
}
