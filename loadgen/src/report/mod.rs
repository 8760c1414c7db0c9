//! What a run found, for people and for programs.
//!
//! - `terminal`: while it runs; `table`: when it is over
//! - `html`: one page to show to others, with the charts of [`chart`]
//! - `json`, `histogram_log`: for programs, and for making the page again
//! - `verdict`: the one sentence that all of them begin with
//!
//! Deliberately absent: measuring, and files but those of [`files`].

pub mod chart;
pub mod figures;
