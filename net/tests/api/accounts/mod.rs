//! Accounts over HTTP.

mod input;
mod person;
mod requests;
mod walk;

pub use self::person::{PASSWORD, Person};
pub use self::requests::of_accounts;
