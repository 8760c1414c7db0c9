//! Who may do what, over HTTP.

mod lookup;
mod people;
mod requests;
mod walk;
mod world;
