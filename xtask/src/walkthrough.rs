//! `cargo xtask walkthrough`: does what `docs/walkthrough.md` says, at a real server, and with
//! `--write` puts what came of it into the page.
//!
//! The page's `sh` blocks are one session of a shell; a `text` block behind one holds its output.
//! Everything else is left as it is.

use std::fs;

use crate::process::{Failure, Outcome, program};
use crate::server::Server;
use crate::workspace;

const PAGE: &str = "docs/walkthrough.md";
/// How many seconds a walk that gets nowhere may take: some commands wait for something.
const WITHIN: &str = "300";
/// What stands between the outputs of two blocks. No answer of the server has it.
const SEAM: &str = "=== the next block ===";

/// Runs the page's commands, all of which must succeed.
pub fn run(write: bool) -> Outcome {
    for tool in ["curl", "jq"] {
        onsale_testbed::find_program(tool)?;
    }
    let server = Server::built("")?;
    let path = workspace::root().join(PAGE);
    let page = fs::read_to_string(&path)
        .map_err(|error| Failure(format!("{PAGE} cannot be read: {error}")))?;
    let commands = script(&page);
    let said = program("timeout")
        .args(&[
            WITHIN,
            "bash",
            "-euo",
            "pipefail",
            "-c",
            &format!("exec 2>&1; cd \"$DATA/..\"; {commands}"),
        ])
        .env("ONSALE", server.url())
        .env("DATA", &server.data().to_string_lossy())
        .read()?;
    let said = said.replace(server.url(), "http://127.0.0.1:8080");
    let told = told(&page, said.split(&format!("{SEAM}\n")));
    println!("walkthrough: {} commands of {PAGE} did what they say", blocks(&page).count());
    if write {
        fs::write(&path, told).map_err(|error| Failure(format!("{PAGE}: {error}")))?;
    }
    Ok(())
}

/// A part of the page.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Prose(&'a str),
    /// What is typed.
    Commands(&'a str),
    /// What came of it when the page was written.
    Output,
}

/// All blocks in one session, each followed by the seam.
fn script(page: &str) -> String {
    let seam = format!("\nprintf '%s\\n' '{SEAM}'\n");
    blocks(page).flat_map(|commands| [commands, &seam]).map(str::to_owned).collect()
}

fn blocks(page: &str) -> impl Iterator<Item = &str> {
    parts(page).filter_map(|part| match part {
        Part::Commands(commands) => Some(commands),
        Part::Prose(_) | Part::Output => None,
    })
}

/// The page with these outputs, one for each block of commands.
fn told<'a>(page: &str, mut outputs: impl Iterator<Item = &'a str>) -> String {
    let mut told = String::new();
    for part in parts(page) {
        match part {
            Part::Prose(lines) => told.push_str(lines),
            Part::Output => {}
            Part::Commands(commands) => {
                told.extend(["```sh\n", commands, "```\n"]);
                let output = outputs.next().unwrap_or_default().trim_end();
                if !output.is_empty() {
                    told.extend(["\n```text\n", output, "\n```\n"]);
                }
            }
        }
    }
    told
}

fn parts(page: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = page;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let fences = [("```sh\n", true), ("\n```text\n", false)];
        for (fence, is_typed) in fences {
            if let Some(block) = rest.strip_prefix(fence) {
                let (inside, after) = block.split_once("```\n").unwrap_or((block, ""));
                rest = after;
                return Some(if is_typed { Part::Commands(inside) } else { Part::Output });
            }
        }
        let next = fences.iter().filter_map(|(fence, _)| rest.find(fence)).min();
        let (prose, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        Some(Part::Prose(prose))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A walk\n\n```sh\necho one\n```\n\n```text\nold\n```\n\nThen:\n\n\
                        ```sh\ntrue\n```\n\nEnd.\n";

    #[test]
    fn outputs_are_put_behind_their_commands_in_place_of_the_old() {
        let told = told(PAGE, ["one\n", ""].into_iter());
        assert_eq!(told, PAGE.replace("old", "one"));
        assert_eq!(super::told(&told, ["one\n", ""].into_iter()), told);
    }

    #[test]
    fn the_blocks_are_one_session() {
        let script = script(PAGE);
        assert!(script.starts_with("echo one\n"), "{script}");
        assert_eq!(script.matches(SEAM).count(), 2);
    }
}
