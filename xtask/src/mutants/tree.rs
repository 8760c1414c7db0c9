//! A copy of the sources that the simulator is built from. Only what differs is written, so that a
//! mutant of one crate does not have all of them built again.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::patch::Patch;
use crate::process::{Failure, Outcome, cargo, program};
use crate::workspace;

/// The packages that the simulator is built from, each a folder.
const PACKAGES: [&str; 4] = ["core", "storage", "engine", "sim"];
/// Optimised, and without debug assertions: the invariants must see what is wrong.
const PROFILE: &str = "sim";
/// Below the root, and so out of sight of git.
const TREE: &str = "target/mutants/tree";
const TARGET: &str = "target/mutants/target";

/// The copy.
pub(super) struct Tree {
    root: PathBuf,
}

impl Tree {
    pub(super) fn new() -> Outcome<Self> {
        let root = workspace::root().join(TREE);
        fs::create_dir_all(&root)
            .map_err(|error| Failure(format!("{} cannot be created: {error}", root.display())))?;
        Ok(Self { root })
    }

    /// Makes it what the sources are.
    pub(super) fn restore(&self) -> Outcome {
        self.try_restore()
            .map_err(|error| Failure(format!("the sources cannot be copied to {TREE}: {error}")))
    }

    fn try_restore(&self) -> io::Result<()> {
        let source = workspace::root();
        for package in PACKAGES {
            mirror(&source.join(package), &self.root.join(package))?;
        }
        let manifest = fs::read_to_string(source.join("Cargo.toml"))?;
        write_if_new(&self.root.join("Cargo.toml"), reduced(&manifest)?.as_bytes())?;
        let lock = self.root.join("Cargo.lock");
        // Cargo takes out of it what the fewer packages do not need.
        if lock.exists() { Ok(()) } else { fs::copy(source.join("Cargo.lock"), lock).map(|_| ()) }
    }

    /// Whether the patch applies; then it is.
    pub(super) fn apply(&self, patch: &Patch) -> bool {
        // Git wants it relative to where it runs, which is the root.
        let folder = self.root.strip_prefix(workspace::root()).unwrap_or(&self.root);
        let directory = format!("--directory={}", folder.display());
        let apply = program("git").args(&["apply", directory.as_str()]).path_arg(&patch.path);
        apply.read().is_ok()
    }

    /// Builds the tool, if it can be built, and says where it is.
    pub(super) fn build(&self) -> Option<PathBuf> {
        let target = workspace::root().join(TARGET);
        cargo(&["build", "--quiet", "--profile", PROFILE, "--package", "onsale-sim"])
            .args(&["--bin", "onsale-sim", "--target-dir"])
            .path_arg(&target)
            .args(&["--manifest-path"])
            .path_arg(&self.root.join("Cargo.toml"))
            .env("RUSTFLAGS", "--cap-lints=allow")
            .read()
            .ok()
            .map(|_| target.join(PROFILE).join("onsale-sim"))
    }

    pub(super) fn corpus(&self) -> PathBuf {
        self.root.join("sim/corpus")
    }
}

/// The workspace's manifest, for the packages that are here.
fn reduced(manifest: &str) -> io::Result<String> {
    let mut manifest: toml::Table = manifest.parse().map_err(io::Error::other)?;
    if let Some(workspace) = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut) {
        let members = PACKAGES.iter().map(|&package| package.into()).collect();
        workspace.insert("members".to_owned(), toml::Value::Array(members));
        workspace.remove("default-members");
        workspace.remove("exclude");
    }
    Ok(manifest.to_string())
}

/// Makes the folder `to` what the folder `from` is: files, not the packages nested in it.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if !entry.file_type()?.is_dir() {
            write_if_new(&target, &fs::read(&source)?)?;
        } else if source.join("Cargo.toml").exists() {
            continue;
        } else {
            mirror(&source, &target)?;
        }
        names.insert(entry.file_name());
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if names.contains(&entry.file_name()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn write_if_new(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    fs::write(path, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_reduced_to_what_is_built() {
        let manifest = "[workspace]\nmembers = [\"core\", \"net\"]\nexclude = [\"fuzz\"]\n\
                        default-members = [\"net\"]\n[profile.sim]\ninherits = \"dev\"\n";
        let reduced: toml::Table = reduced(manifest).unwrap().parse().unwrap();
        let workspace = reduced["workspace"].as_table().unwrap();
        assert_eq!(workspace["members"].as_array().unwrap().len(), PACKAGES.len());
        assert!(!workspace.contains_key("exclude") && reduced.contains_key("profile"));
    }

    #[test]
    fn a_mirror_loses_what_its_source_lost_and_leaves_the_rest_alone() {
        let folder = std::env::temp_dir().join(format!("mirror-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::create_dir_all(from.join("src")).unwrap();
        fs::create_dir_all(from.join("nested")).unwrap();
        fs::write(from.join("src/a.rs"), "a").unwrap();
        fs::write(from.join("nested/Cargo.toml"), "").unwrap();
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join("old.rs"), "old").unwrap();
        mirror(&from, &to).unwrap();
        let written = fs::metadata(to.join("src/a.rs")).unwrap().modified().unwrap();
        mirror(&from, &to).unwrap();
        assert!(!to.join("old.rs").exists() && !to.join("nested").exists());
        assert_eq!(fs::metadata(to.join("src/a.rs")).unwrap().modified().unwrap(), written);
        fs::remove_dir_all(folder).unwrap();
    }
}
