//! Why an event in the catalogue is not made, changed or moved on.

use thiserror::Error;

use super::offer::OfferError;
use super::status::StepError;
use super::wrong::Wrong;
use crate::catalogue::CatalogueError;
use crate::database::StoreError;

/// Why an event is not made, changed or moved on.
#[derive(Debug, Error)]
pub enum EventError {
    /// As with everything in the catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// It has not all it needs.
    #[error("the event is not ready for this: something is missing, or wrong")]
    Incomplete(Vec<Wrong>),
    /// A picture is none, or there are too many.
    #[error(transparent)]
    Image(#[from] super::image::ImageError),
    /// There is no such class or quota, or no room for another one.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// It is not in a state in which this can be done.
    #[error(transparent)]
    Step(#[from] StepError),
    /// What was sent is wrong.
    #[error("what was sent is wrong")]
    Wrong(Vec<Wrong>),
}

impl EventError {
    /// There is no such event.
    pub(super) const NOT_FOUND: Self = Self::Catalogue(CatalogueError::NotFound("event"));

    /// One thing that is wrong.
    pub(super) fn wrong(at: &str, problem: impl Into<String>) -> Self {
        Self::Wrong(vec![Wrong::new(at, problem)])
    }
}

impl From<Wrong> for EventError {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(vec![wrong])
    }
}

impl From<StoreError> for EventError {
    fn from(error: StoreError) -> Self {
        Self::Catalogue(error.into())
    }
}

impl From<sqlx::Error> for EventError {
    fn from(error: sqlx::Error) -> Self {
        Self::Catalogue(error.into())
    }
}
