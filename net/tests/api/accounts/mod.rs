//! Accounts over HTTP.

mod input;
mod person;
mod requests;
mod walk;

pub use self::person::{PASSWORD, Person, token_in};
pub use self::requests::of_accounts;
