//! The keys of a data directory: whatever is missing is drawn anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io, slice};

use onsale_core::time::{Span, Time};
use onsale_net::auth::keys::{KeyFile, KeyRing, KeyStore, TokenKeys, new_signing_key};

use super::DataDirectoryError;
use super::durable::{create_private, hex, located, random, read_if_there, write_durably};
use crate::config::{Config, Secret};

const TOKENS: &str = "tokens";
/// Where the only key was before there could be several.
const ONLY_TOKEN_KEY: &str = "token-ed25519.pk8";
const TOKEN_KEY_SUFFIX: &str = ".pk8";

/// All keys.
pub(super) struct Keys {
    pub(super) tokens: TokenKeyStore,
    pub(super) operator_token: Secret,
    pub(super) sandbox_secret: Secret,
}

impl Keys {
    /// Opens what is in `keys`.
    pub(super) fn open(keys: &Path, config: &Config) -> Result<Self, DataDirectoryError> {
        let webhook_secret = config.sandbox.webhook_secret.as_ref();
        Ok(Self {
            tokens: TokenKeyStore::open(keys)?,
            operator_token: secret(keys, "operator-token", config.operator_token.as_ref())?,
            sandbox_secret: secret(keys, "sandbox-webhook-secret", webhook_secret)?,
        })
    }
}

/// The keys that tokens are signed with: a file each, named by when it was made, in milliseconds.
#[derive(Clone, Debug)]
pub struct TokenKeyStore {
    directory: PathBuf,
}

impl TokenKeyStore {
    fn open(keys: &Path) -> Result<Self, DataDirectoryError> {
        let store = Self { directory: keys.join(TOKENS) };
        create_private(&store.directory)?;
        take_over(&keys.join(ONLY_TOKEN_KEY), &store.path(Time::ZERO))?;
        let damaged = |created_at| DataDirectoryError::Key(store.path(created_at));
        let files = store.files()?;
        if files.is_empty() {
            let key = new_signing_key(&random()?).map_err(|_| damaged(Time::ZERO))?;
            write_durably(&store.directory, &file_name(Time::ZERO), &key)?;
        }
        for file in &files {
            TokenKeys::of(slice::from_ref(file)).map_err(|_| damaged(file.created_at))?;
        }
        Ok(store)
    }

    /// The keys, for tokens that are good for `longest` at most.
    ///
    /// # Errors
    /// If they have been damaged since the data directory was opened.
    pub fn ring(&self, longest: Span) -> Result<KeyRing, DataDirectoryError> {
        let ring = KeyRing::new(&self.files()?, longest, Arc::new(self.clone()));
        ring.map_err(|_| DataDirectoryError::Key(self.directory.clone()))
    }

    /// All keys that are kept.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn files(&self) -> Result<Vec<KeyFile>, DataDirectoryError> {
        let failed = |source| located(&self.directory, source);
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            // Whatever else is there is none of ours, or was not finished.
            let Some(created_at) = name.to_str().and_then(created_at) else { continue };
            let path = self.path(created_at);
            let pkcs8 = fs::read(&path).map_err(|source| located(&path, source))?;
            files.push(KeyFile { created_at, pkcs8 });
        }
        Ok(files)
    }

    fn path(&self, created_at: Time) -> PathBuf {
        self.directory.join(file_name(created_at))
    }
}

impl KeyStore for TokenKeyStore {
    fn put(&self, key: &KeyFile) -> io::Result<()> {
        let name = file_name(key.created_at);
        write_durably(&self.directory, &name, &key.pkcs8).map_err(io::Error::other)
    }

    fn remove(&self, created_at: Time) -> io::Result<()> {
        fs::remove_file(self.path(created_at))
    }
}

fn file_name(created_at: Time) -> String {
    format!("{}{TOKEN_KEY_SUFFIX}", created_at.as_ms())
}

fn created_at(name: &str) -> Option<Time> {
    name.strip_suffix(TOKEN_KEY_SUFFIX)?.parse().ok().map(Time::from_ms)
}

/// Moves a file that may be there.
fn take_over(from: &Path, to: &Path) -> Result<(), DataDirectoryError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(located(from, error)),
        _ => Ok(()),
    }
}

/// What is configured; else what the file says; else what is drawn and written there.
fn secret(
    keys: &Path,
    name: &str,
    configured: Option<&Secret>,
) -> Result<Secret, DataDirectoryError> {
    if let Some(secret) = configured {
        return Ok(secret.clone());
    }
    if let Some(bytes) = read_if_there(&keys.join(name))? {
        let text = String::from_utf8(bytes).map(|text| text.trim().to_owned());
        let text = text.ok().filter(|text| !text.is_empty());
        return text.map(Secret::new).ok_or_else(|| DataDirectoryError::Key(keys.join(name)));
    }
    let text = hex(&random::<32>()?);
    write_durably(keys, name, text.as_bytes())?;
    Ok(Secret::new(text))
}
