//! What a provider's notices are verified with: one secret, or two while one replaces the other.
//! They can be replaced while the server runs, and whoever verifies next goes by the new ones.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::secret::Secret;

/// Secrets of which any that fits is believed. A cheap handle: all clones are the same.
#[derive(Clone)]
pub struct NoticeSecrets(Arc<RwLock<Arc<[Secret]>>>);

impl NoticeSecrets {
    /// Those that count now.
    pub(super) fn current(&self) -> Arc<[Secret]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has these count from now on, and no others. Returns whether they are others than before.
    pub fn replace(&self, secrets: Vec<Secret>) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = **current != *secrets;
        *current = secrets.into();
        is_new
    }
}

impl From<Vec<Secret>> for NoticeSecrets {
    fn from(secrets: Vec<Secret>) -> Self {
        Self(Arc::new(RwLock::new(secrets.into())))
    }
}

impl fmt::Debug for NoticeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeSecrets(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text)).collect()
    }

    #[test]
    fn whoever_verifies_next_goes_by_the_new_ones() {
        let known = NoticeSecrets::from(secrets(&["old"]));
        let adapter = known.clone();
        let begun = adapter.current();
        assert!(known.replace(secrets(&["old", "new"])));
        assert_eq!(*adapter.current(), *secrets(&["old", "new"]));
        assert_eq!(*begun, *secrets(&["old"]), "what has begun ends as it began");
        assert!(!known.replace(secrets(&["old", "new"])), "these are no others");
        assert!(known.replace(secrets(&["new"])));
        assert_eq!(*adapter.current(), *secrets(&["new"]));
    }

    #[test]
    fn secrets_do_not_show() {
        let known = NoticeSecrets::from(secrets(&["whsec_very_secret"]));
        assert_eq!(format!("{known:?}"), "NoticeSecrets(..)");
    }
}
