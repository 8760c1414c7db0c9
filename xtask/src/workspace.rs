//! Where the workspace is, which packages it has, which files it is made of.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Failure, Outcome, cargo};

/// The folder that holds the root `Cargo.toml`.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// A package of this workspace, as cargo reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name in `Cargo.toml`.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest: PathBuf,
    /// Names of the workspace's packages it depends on, whatever the kind of dependency.
    pub siblings: Vec<String>,
}

/// All packages of the workspace, by `cargo metadata`.
pub fn packages() -> Outcome<Vec<Package>> {
    packages_of(&metadata()?).ok_or_else(unknown_form)
}

/// Where cargo puts what it builds.
pub fn target_directory() -> Outcome<PathBuf> {
    let metadata = metadata()?;
    let path = metadata.get("target_directory").and_then(Value::as_str);
    path.map(PathBuf::from).ok_or_else(unknown_form)
}

fn metadata() -> Outcome<Value> {
    let json = cargo(&["metadata", "--no-deps", "--format-version", "1"]).read()?;
    serde_json::from_str(&json)
        .map_err(|error| Failure(format!("`cargo metadata` did not answer JSON: {error}")))
}

fn unknown_form() -> Failure {
    Failure("`cargo metadata` answered in a form this xtask does not know".to_owned())
}

fn packages_of(metadata: &Value) -> Option<Vec<Package>> {
    metadata.get("packages")?.as_array()?.iter().map(package_of).collect()
}

fn package_of(package: &Value) -> Option<Package> {
    let dependencies = package.get("dependencies")?.as_array()?;
    let siblings = dependencies
        .iter()
        .filter(|dependency| dependency.get("path").is_some_and(Value::is_string))
        .map(|dependency| Some(dependency.get("name")?.as_str()?.to_owned()))
        .collect::<Option<_>>()?;
    Some(Package {
        name: package.get("name")?.as_str()?.to_owned(),
        manifest: PathBuf::from(package.get("manifest_path")?.as_str()?),
        siblings,
    })
}

/// A text file of the repository.
#[derive(Debug)]
pub struct TextFile {
    /// Relative to the root, with `/` between folders.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl TextFile {
    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }
}

/// Every text file under the root that people write, sorted by path.
pub fn text_files() -> Outcome<Vec<TextFile>> {
    let mut files = Vec::new();
    collect_text(root(), &mut files)
        .map_err(|error| Failure(format!("the repository's files cannot be read: {error}")))?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Folders of things that are built, run or recorded, not written.
const NOT_SOURCE: [&str; 6] =
    [".git", "artifacts", "corpus", "node_modules", "onsale-data", "target"];

fn collect_text(folder: &Path, files: &mut Vec<TextFile>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let name = entry.file_name();
            if !NOT_SOURCE.iter().any(|skipped| name == *skipped) {
                collect_text(&path, files)?;
            }
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(fs::read(&path)?)
        {
            let relative = path.strip_prefix(root()).unwrap_or(&path);
            files.push(TextFile { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_by_path_is_a_sibling_and_one_from_the_registry_is_not() {
        let metadata = serde_json::json!({"packages": [{
            "name": "onsale-net",
            "manifest_path": "/src/net/Cargo.toml",
            "dependencies": [
                {"name": "onsale-core", "path": "/src/core", "kind": null},
                {"name": "onsale-storage", "path": "/src/storage", "kind": "dev"},
                {"name": "axum", "kind": null},
            ],
        }]});
        let packages = packages_of(&metadata).unwrap();
        assert_eq!(packages[0].siblings, ["onsale-core", "onsale-storage"]);
    }

    #[test]
    fn this_file_is_among_the_text_files_and_nothing_built_is() {
        let files = text_files().unwrap();
        assert!(files.iter().any(|file| file.path == "xtask/src/workspace.rs" && file.is_rust()));
        assert!(!files.iter().any(|file| file.path.starts_with("target/")));
    }
}
