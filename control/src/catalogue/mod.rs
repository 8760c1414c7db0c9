//! The catalogue: what is, was or will be sold, as people look for it.

pub mod category;
