//! The binary `onsale` as an operator sees it: settings, data directories, journals, exit codes.

mod config;
mod data_directory;
mod journal;
mod support;
