//! What stands before every handler.

mod compression;
mod heads;
mod limits;
mod logs;
mod origins;
mod traces;
