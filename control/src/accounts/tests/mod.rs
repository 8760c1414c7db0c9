//! What accounts promise, on both databases.

mod erasing;
mod identities;
mod letters;
mod passwords;
mod profiles;
mod registering;
mod sessions;
