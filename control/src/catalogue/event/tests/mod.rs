//! Events on both databases: each file what somebody would miss.

mod editing;
mod fixture;
mod lifecycle;
mod publishing;
mod scale;
mod searching;
