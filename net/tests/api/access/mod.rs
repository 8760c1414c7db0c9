//! Who may do what, over HTTP.

mod audit_log;
mod lookup;
pub mod people;
pub mod requests;
mod roles;
mod walk;
mod world;
