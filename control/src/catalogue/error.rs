//! Why something in the catalogue is not changed: the same for all that is kept there.

use thiserror::Error;

use crate::access::crew::CrewError;
use crate::database::StoreError;
use crate::version::Version;

/// Why something in the catalogue is not made, changed or removed.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// Who makes it could not be put in charge of it.
    #[error(transparent)]
    Crew(#[from] CrewError),
    /// Something else needs it.
    #[error("this {0} is in use: remove what uses it first")]
    InUse(&'static str),
    /// Another one has that name.
    #[error("another {0} is called that: choose another name")]
    NameTaken(&'static str),
    /// There is none with that id.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Somebody else has changed it meanwhile.
    #[error("this {what} was changed meanwhile: read it again and decide anew")]
    Stale {
        /// What it is.
        what: &'static str,
        /// Its version now.
        current: Version,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CatalogueError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl CatalogueError {
    /// What it means that a row with a unique name cannot be written.
    pub(crate) fn of_write(error: impl Into<StoreError>, what: &'static str) -> Self {
        let error = error.into();
        if error.is_duplicate() { Self::NameTaken(what) } else { error.into() }
    }

    /// What it means that a row cannot be removed.
    pub(crate) fn of_removal(error: impl Into<StoreError>, what: &'static str) -> Self {
        let error = error.into();
        if error.is_reference() { Self::InUse(what) } else { error.into() }
    }
}
