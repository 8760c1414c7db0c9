//! The catalogue: what is, was or will be sold, as people look for it.

pub mod category;
mod error;
pub mod event;
pub(crate) mod fold;
pub mod link;
pub mod organiser;
pub mod place;
pub mod venue;
pub(crate) mod versioned;

pub use self::error::CatalogueError;
use self::event::image::ImageLimits;
use self::event::status::Approval;

/// The platform's rules for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueSettings {
    /// Whether an admin has to agree to every event.
    pub approval: Approval,
    /// How many pictures an event may have, and how large.
    pub images: ImageLimits,
}

impl Default for CatalogueSettings {
    fn default() -> Self {
        Self { approval: Approval::NotNeeded, images: ImageLimits::default() }
    }
}
