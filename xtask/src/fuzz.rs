//! `cargo xtask fuzz`: replay what the fuzz targets know, or look for new failures.
//!
//! A replay needs no feedback: it is built as tests are, into the same folder, and so mostly is
//! there already. A search works with the stable compiler: coverage feedback is asked of LLVM
//! directly. Memory checkers need a nightly compiler and are absent; the targets guard code that is
//! safe Rust throughout.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, Outcome, Process, cargo, is_installed, program};
use crate::workspace;

/// The manifest of the targets, which are a workspace of their own.
pub const MANIFEST: &str = "fuzz/Cargo.toml";

/// What tells libFuzzer which branches an input reached, and keeps assertions on.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1 \
    -Cdebug-assertions=yes --cfg fuzzing";

/// Whether there are fuzz targets.
pub fn exists() -> bool {
    workspace::root().join(MANIFEST).is_file()
}

/// Builds the targets, replays their corpus and, for `seconds` each, looks for new failures.
pub fn run(only: Option<&str>, seconds: u64) -> Outcome {
    if !exists() {
        println!("no fuzz targets: {MANIFEST} does not exist");
        return Ok(());
    }
    let targets = chosen(only)?;
    require_cpp_compiler()?;
    for target in &targets {
        replay(target)?;
    }
    if seconds > 0 {
        let triple = this_machine()?;
        for target in &targets {
            search(target, seconds, &triple)?;
        }
    }
    Ok(())
}

fn chosen(only: Option<&str>) -> Outcome<Vec<String>> {
    let known = target_names(
        &fs::read_to_string(workspace::root().join(MANIFEST))
            .map_err(|error| Failure(format!("{MANIFEST} cannot be read: {error}")))?,
    )?;
    match only {
        None => Ok(known),
        Some(name) if known.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => {
            Err(Failure(format!("no fuzz target `{name}`; there are: {}", known.join(", "))))
        }
    }
}

fn target_names(manifest: &str) -> Outcome<Vec<String>> {
    let manifest: toml::Table = manifest
        .parse()
        .map_err(|error| Failure(format!("{MANIFEST} cannot be understood: {error}")))?;
    let bins = manifest.get("bin").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let names: Vec<_> =
        bins.iter().filter_map(|bin| Some(bin.get("name")?.as_str()?.to_owned())).collect();
    if names.is_empty() {
        return Err(Failure(format!("{MANIFEST} names no target: add a [[bin]] with a name")));
    }
    Ok(names)
}

/// libFuzzer is C++; on a bare Debian machine we may install its compiler ourselves.
fn require_cpp_compiler() -> Outcome {
    let chosen = std::env::var("CXX").ok();
    let compiler = chosen.as_deref().unwrap_or("c++");
    if is_installed(compiler, &["--version"]) {
        return Ok(());
    }
    let is_root = program("id").args(&["-u"]).read().is_ok_and(|uid| uid.trim() == "0");
    if chosen.is_some() || !is_root || !is_installed("apt-get", &["--version"]) {
        return Err(Failure(format!(
            "the fuzz targets need a C++ compiler and `{compiler}` cannot be run: install g++ \
             (Debian: apt-get install g++; Fedora: dnf install gcc-c++) or set CXX to yours"
        )));
    }
    println!("the fuzz targets need a C++ compiler; installing Debian's g++");
    program("apt-get").args(&["update", "-qq"]).run()?;
    program("apt-get")
        .args(&["install", "-y", "-qq", "--no-install-recommends", "g++"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
}

/// What the compiler calls this machine.
fn this_machine() -> Outcome<String> {
    let version = program("rustc").args(&["-vV"]).read()?;
    let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
    triple
        .map(str::to_owned)
        .ok_or_else(|| Failure("`rustc -vV` does not name this machine".to_owned()))
}

fn replay(target: &str) -> Outcome {
    let built = cargo(&["run", "--quiet", "--manifest-path", MANIFEST, "--target-dir"])
        .path_arg(&workspace::target_directory()?);
    run_target(built, target, &existing(&[committed_corpus(target)]), "-runs=0")
}

/// The triple is named even though it is this machine's: build scripts then stay free of `FLAGS`.
fn search(target: &str, seconds: u64, triple: &str) -> Outcome {
    let found = workspace::root().join("fuzz/target/corpus").join(target);
    create(&found)?;
    // libFuzzer writes to the first folder only: what is committed stays as it is.
    let folders = existing(&[found, committed_corpus(target)]);
    let built = cargo(&["run", "--quiet", "--release", "--manifest-path", MANIFEST])
        .args(&["--target", triple])
        .env("RUSTFLAGS", FLAGS);
    run_target(built, target, &folders, &format!("-max_total_time={seconds}"))
}

fn run_target(built: Process, target: &str, corpus: &[PathBuf], option: &str) -> Outcome {
    let artifacts = workspace::root().join("fuzz/artifacts").join(target);
    create(&artifacts)?;
    let artifacts = format!("-artifact_prefix={}/", artifacts.display());
    let folders: Vec<_> = corpus.iter().map(|folder| folder.to_string_lossy()).collect();
    built.args(&["--bin", target, "--", option, &artifacts]).args(&folders).run()
}

fn committed_corpus(target: &str) -> PathBuf {
    workspace::root().join("fuzz/corpus").join(target)
}

fn existing(folders: &[PathBuf]) -> Vec<PathBuf> {
    folders.iter().filter(|folder| folder.is_dir()).cloned().collect()
}

fn create(folder: &Path) -> Outcome {
    fs::create_dir_all(folder)
        .map_err(|error| Failure(format!("{} cannot be created: {error}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_binaries_of_the_manifest() {
        let manifest = "[package]\nname = \"f\"\n[[bin]]\nname = \"segment\"\npath = \"a.rs\"\n\
                        [[bin]]\nname = \"fact\"\npath = \"b.rs\"\n";
        assert_eq!(target_names(manifest).unwrap(), ["segment", "fact"]);
    }

    #[test]
    fn a_manifest_without_targets_is_a_failure_not_a_pass() {
        assert!(target_names("[package]\nname = \"f\"\n").is_err());
    }
}
