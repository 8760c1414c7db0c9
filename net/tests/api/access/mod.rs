//! Who may do what, over HTTP.

mod audit_log;
mod drafts;
mod lookup;
pub mod people;
pub mod requests;
mod roles;
mod walk;
pub mod webhooks;
mod world;
