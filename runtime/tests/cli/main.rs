//! The binary `onsale` as an operator sees it: settings, data directories, journals, exit codes.
#![allow(clippy::unwrap_used, reason = "the helpers around the tests are tests too")]

mod config;
mod data_directory;
mod journal;
mod migrate;
mod rebuild;
mod support;
