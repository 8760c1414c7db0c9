//! Reading the configuration again, and telling by name what is another than when the server began.
//!
//! Values are compared as they were written, secrets too, for a setting that is shown as `***` can
//! be told from no other. So nothing here is ever printed but names.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::load::merge;
use super::{Config, ConfigError, Sources};

/// Where a configuration came from, and what it said at the time.
pub struct Origin {
    sources: Sources,
    said: BTreeMap<String, Value>,
}

/// A configuration that was read again.
pub struct Again {
    /// What it says now.
    pub config: Config,
    /// The settings that are others than when it was read first, such as `log.filter`.
    pub differing: BTreeSet<String>,
}

impl Origin {
    /// Reads the configuration for the first time.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn read(sources: Sources) -> Result<(Config, Self), ConfigError> {
        let (config, said) = read(&sources)?;
        Ok((config, Self { sources, said }))
    }

    /// Reads it again. Only the file can have changed: variables and flags are the process's own.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn read_again(&self) -> Result<Again, ConfigError> {
        let (config, says) = read(&self.sources)?;
        let names = self.said.keys().chain(says.keys());
        let differs = |name: &&String| self.said.get(*name) != says.get(*name);
        let differing = names.filter(differs).cloned().collect();
        Ok(Again { config, differing })
    }
}

fn read(sources: &Sources) -> Result<(Config, BTreeMap<String, Value>), ConfigError> {
    let merged = sources.merged()?;
    let config = Config::of(merged.clone())?;
    // What is not set has its default; what is set is compared as it was written.
    let mut whole = Table::try_from(&config).unwrap_or_default();
    merge(&mut whole, merged);
    let mut said = BTreeMap::new();
    flatten("", whole, &mut said);
    Ok((config, said))
}

/// Puts every setting of a section into `all`, by its whole name.
fn flatten(section: &str, table: Table, all: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let name = if section.is_empty() { key } else { format!("{section}.{key}") };
        match value {
            Value::Table(below) => flatten(&name, below, all),
            value => drop(all.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn sources(file: &Path) -> Sources {
        let filter = ("ONSALE_LOG__FILTER".to_owned(), "debug".to_owned());
        Sources { file: Some(file.to_owned()), environment: vec![filter], flags: Vec::new() }
    }

    const STRIPE: &str = "[payments.stripe]\nsecret_key = \"sk\"\nwebhook_secrets = [\"old\"]\n";

    /// What differs when the file says this, after it has said something about Stripe.
    fn differing(after: &str) -> Result<Vec<String>, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("onsale.toml");
        fs::write(&file, STRIPE).unwrap();
        let (config, origin) = Origin::read(sources(&file)).unwrap();
        assert_eq!(config.log.filter, "debug");
        fs::write(&file, after).unwrap();
        Ok(origin.read_again()?.differing.into_iter().collect())
    }

    #[test]
    fn what_differs_is_named_secrets_too() {
        assert_eq!(differing(STRIPE).unwrap(), [""; 0]);
        let secret = differing(&STRIPE.replace("old", "new")).unwrap();
        assert_eq!(secret, ["payments.stripe.webhook_secrets"]);
        let more = differing(&format!("drain_seconds = 7\n{STRIPE}[log]\nformat = \"json\"\n"));
        assert_eq!(more.unwrap(), ["drain_seconds", "log.format"]);
        let none = differing("").unwrap();
        assert!(none.contains(&"payments.stripe.secret_key".to_owned()), "{none:?}");
    }

    #[test]
    fn what_is_the_default_or_set_elsewhere_does_not_differ() {
        let default = Config::default().drain_seconds;
        let written_out = format!("drain_seconds = {default}\n{STRIPE}[log]\nfilter = \"info\"\n");
        assert_eq!(differing(&written_out).unwrap(), [""; 0], "the variable is stronger");
    }

    #[test]
    fn what_cannot_be_understood_is_an_error() {
        for wrong in ["[payments.stripe]", "no TOML", "drain_second = 1"] {
            assert!(differing(wrong).is_err(), "{wrong}");
        }
    }
}
