//! The catalogue: what is, was or will be sold, as people look for it.

pub mod category;
mod error;
pub(crate) mod fold;
pub mod link;
pub mod organiser;
pub mod place;
pub mod venue;
mod versioned;

pub use self::error::CatalogueError;
