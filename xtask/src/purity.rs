//! `cargo xtask purity`: proof that the rules (onsale-core) need no operating system.
//!
//! A crate without an operating system has no clock, no entropy and no IO to call, so a decision
//! can depend on its arguments only. Read from the crate alone (`-p`): built together with the
//! other crates, cargo unifies features and `std` is switched on by somebody else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::process::{Failure, Outcome, cargo, program};
use crate::tidy::source::Source;
use crate::workspace;

const PACKAGE: &str = "onsale-core";

/// Every crate that may be linked into the rules. Procedural macros run in the compiler and do
/// not count. Adding one is a decision: it must do no IO and read no clock.
const ALLOWED: [&str; 18] = [
    "block-buffer",
    "cfg-if",
    "cobs",
    "cpufeatures",
    "crypto-common",
    "digest",
    "hybrid-array",
    "onsale-core",
    "postcard",
    "ppv-lite86",
    "rand_chacha",
    "rand_core",
    "serde",
    "serde_core",
    "sha2",
    "thiserror",
    "typenum",
    "zerocopy",
];

/// The machine whose dependencies are read, so that the answer is the same on every other.
const SHIPPED_TARGET: &str = "x86_64-unknown-linux-gnu";

/// Features that bring in the standard library, entropy or a clock.
const IMPURE_FEATURES: [&str; 8] =
    ["std", "use-std", "getrandom", "os_rng", "std_rng", "sys_rng", "thread_rng", "wasm-bindgen"];

/// Runs all checks of the rules' purity.
pub fn run() -> Outcome {
    let mut problems = source_problems()?;
    problems.extend(dependency_problems(&linked_crates()?));
    if !problems.is_empty() {
        return Err(Failure(format!("{PACKAGE} is not pure:\n  {}", problems.join("\n  "))));
    }
    println!("{PACKAGE}: sources and dependencies need no operating system");
    build_without_operating_system()
}

fn source_problems() -> Outcome<Vec<String>> {
    let mut problems = Vec::new();
    for file in workspace::text_files()? {
        if !file.is_rust() || !file.path.starts_with("core/src/") {
            continue;
        }
        let source = Source::parse(&file.text);
        if file.path == "core/src/lib.rs" && !source.code.iter().any(|l| l == "#![no_std]") {
            problems.push(format!("{}: does not say `#![no_std]`", file.path));
        }
        for line in uses_of_std(&source) {
            let at = format!("{}:{line}", file.path);
            problems.push(format!("{at}: `extern crate std` outside `#[cfg(test)]`"));
        }
    }
    Ok(problems)
}

/// Lines (from 1) that bring in `std` without `#[cfg(test)]` on the line before.
fn uses_of_std(source: &Source) -> Vec<usize> {
    let mut previous = "";
    let mut lines = Vec::new();
    for (index, line) in source.code.iter().enumerate() {
        let line = line.trim();
        if line.contains("extern crate std") && previous != "#[cfg(test)]" {
            lines.push(index + 1);
        }
        if !line.is_empty() {
            previous = line;
        }
    }
    lines
}

/// Name of each crate linked into the rules built alone, with its enabled features.
fn linked_crates() -> Outcome<BTreeMap<String, BTreeSet<String>>> {
    let tree = cargo(&["tree", "--package", PACKAGE, "--edges", "normal,no-proc-macro"])
        .args(&["--prefix", "none", "--format", "{p}|{f}", "--target", SHIPPED_TARGET])
        .read()?;
    Ok(parse_tree(&tree))
}

fn parse_tree(tree: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut crates = BTreeMap::<String, BTreeSet<String>>::new();
    for line in tree.lines() {
        let (package, features) = line.split_once('|').unwrap_or((line, ""));
        let Some(name) = package.split_whitespace().next() else { continue };
        // A crate met before is marked with a star behind its features.
        let features = features.trim_end_matches(" (*)");
        let features = features.split(',').filter(|feature| !feature.is_empty());
        crates.entry(name.to_owned()).or_default().extend(features.map(str::to_owned));
    }
    crates
}

fn dependency_problems(crates: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, features) in crates {
        if !ALLOWED.contains(&name.as_str()) {
            problems.push(format!(
                "depends on `{name}`, which is not in the allow-list of xtask/src/purity.rs"
            ));
        }
        for feature in features {
            if IMPURE_FEATURES.contains(&feature.as_str()) {
                problems.push(format!("switches on the feature `{feature}` of `{name}`"));
            }
        }
    }
    problems
}

/// The strongest proof, where the compiler can give it: a build for a bare machine.
fn build_without_operating_system() -> Outcome {
    let Some(target) = bare_target()? else {
        println!("not built for a bare machine: `rustup target add x86_64-unknown-none` first");
        return Ok(());
    };
    cargo(&["build", "--package", PACKAGE, "--lib", "--target", &target]).run()
}

/// An installed compilation target that has no standard library.
fn bare_target() -> Outcome<Option<String>> {
    let sysroot = program("rustc").args(&["--print", "sysroot"]).read()?;
    let targets = Path::new(sysroot.trim()).join("lib/rustlib");
    let entries = fs::read_dir(&targets)
        .map_err(|error| Failure(format!("{} cannot be read: {error}", targets.display())))?;
    let mut bare: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("lib").is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("-none"))
        .collect();
    bare.sort();
    Ok(bare.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn std_is_allowed_under_cfg_test_only() {
        let source = Source::parse("#[cfg(test)]\nextern crate std;\nextern crate std;\n");
        assert_eq!(uses_of_std(&source), [3]);
    }

    #[test]
    fn std_in_a_comment_is_no_use_of_it() {
        assert!(uses_of_std(&Source::parse("// extern crate std;\n")).is_empty());
    }

    #[test]
    fn an_unknown_crate_and_an_impure_feature_are_both_named() {
        let tree = "onsale-core v0.1.0 (/src/core)|\nserde v1.0.228|alloc,std\n\
                    tokio v1.0.0|rt\nserde v1.0.228|alloc (*)\n";
        let problems = dependency_problems(&parse_tree(tree));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("`std` of `serde`"), "{problems:?}");
        assert!(problems[1].contains("`tokio`"), "{problems:?}");
    }
}
