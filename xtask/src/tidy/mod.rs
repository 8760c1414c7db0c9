//! `cargo xtask tidy`: the house style, as a test.
//!
//! Only rules a reader would otherwise have to enforce by hand, and that no compiler or clippy
//! lint knows. Each rule has its reason beside its limit.

mod direction;
mod functions;
mod manifest;
mod rust;
pub mod source;
mod text;

use crate::process::{Failure, Outcome};
use crate::workspace;

/// One broken rule, `path:line: what`.
type Problem = String;

/// Checks every file and every manifest; reports all that is wrong, not only the first.
pub fn run() -> Outcome {
    let files = workspace::text_files()?;
    let packages = workspace::packages()?;
    let mut problems = Vec::new();
    for file in &files {
        problems.extend(text::problems(file));
        if file.is_rust() {
            problems.extend(rust::problems(file));
        }
    }
    problems.extend(manifest::problems(&packages)?);
    problems.extend(direction::problems(&packages));
    if problems.is_empty() {
        println!("tidy: {} files, nothing to say", files.len());
        Ok(())
    } else {
        Err(Failure(format!(
            "{} places are not tidy:\n  {}",
            problems.len(),
            problems.join("\n  ")
        )))
    }
}
