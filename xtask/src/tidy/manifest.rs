//! Rules about each package's `Cargo.toml`: lints and licence are the workspace's.

use std::fs;

use toml::Table;

use super::Problem;
use crate::process::{Failure, Outcome};
use crate::workspace::Package;

/// What is wrong with the manifests of `packages`.
pub fn problems(packages: &[Package]) -> Outcome<Vec<Problem>> {
    let mut found = Vec::new();
    for package in packages {
        let shown = package.manifest.display();
        let text = fs::read_to_string(&package.manifest)
            .map_err(|error| Failure(format!("{shown} cannot be read: {error}")))?;
        let manifest: Table = text
            .parse()
            .map_err(|error| Failure(format!("{shown} cannot be understood: {error}")))?;
        found.extend(missing(&manifest).map(|what| format!("{}: no `{what}`", package.name)));
    }
    Ok(found)
}

/// What `manifest` should take from the workspace and does not.
fn missing(manifest: &Table) -> impl Iterator<Item = &'static str> {
    let package = manifest.get("package");
    let rules = [
        (manifest.get("lints"), "[lints] workspace = true"),
        (package.and_then(|package| package.get("license")), "license.workspace = true"),
    ];
    rules.into_iter().filter(|(value, _)| !is_inherited(*value)).map(|(_, what)| what)
}

fn is_inherited(value: Option<&toml::Value>) -> bool {
    let workspace = value.and_then(|value| value.get("workspace"));
    workspace.and_then(toml::Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_from(manifest: &str) -> Vec<&'static str> {
        missing(&manifest.parse().unwrap()).collect()
    }

    #[test]
    fn inherited_lints_and_licence_are_enough() {
        let manifest = "[package]\nname = \"a\"\nlicense.workspace = true\n\
                        [lints]\nworkspace = true\n";
        assert_eq!(missing_from(manifest), Vec::<&str>::new());
    }

    #[test]
    fn a_licence_of_its_own_and_absent_lints_are_reported() {
        let missing = missing_from("[package]\nname = \"a\"\nlicense = \"MIT\"\n");
        assert_eq!(missing, ["[lints] workspace = true", "license.workspace = true"]);
    }
}
