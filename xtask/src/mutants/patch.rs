//! The patches: unified diffs against the repository, whose first line says what they break.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, Outcome};
use crate::workspace;

/// A patch that breaks the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Its file's name, without the ending.
    pub name: String,
    /// What is broken, in one line.
    pub what: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The patches of these names, or all of them, by name.
pub fn chosen(names: &[String]) -> Outcome<Vec<Patch>> {
    let folder = workspace::root().join("sim/mutants");
    let failed = |error| Failure(format!("{} cannot be read: {error}", folder.display()));
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(failed)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.sort();
    let patches = paths.iter().map(|path| read(path)).collect::<Outcome<Vec<_>>>()?;
    if let Some(unknown) = names.iter().find(|name| patches.iter().all(|p| p.name != **name)) {
        let known: Vec<_> = patches.iter().map(|patch| patch.name.as_str()).collect();
        return Err(Failure(format!("no mutant `{unknown}`; there are: {}", known.join(", "))));
    }
    let is_chosen = |patch: &Patch| names.is_empty() || names.contains(&patch.name);
    Ok(patches.into_iter().filter(is_chosen).collect())
}

fn read(path: &Path) -> Outcome<Patch> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure(format!("{shown} cannot be read: {error}")))?;
    let what = what_it_breaks(&text).ok_or_else(|| {
        Failure(format!("{shown}: its first line must say what it breaks, before the diff"))
    })?;
    let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into());
    Ok(Patch { name, what: what.to_owned(), path: path.to_owned() })
}

fn what_it_breaks(text: &str) -> Option<&str> {
    let line = text.lines().next()?.trim_start_matches('#').trim();
    let is_diff = ["diff ", "--- ", "+++ ", "index "].iter().any(|start| line.starts_with(start));
    (!line.is_empty() && !is_diff).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_is_broken() {
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n";
        assert_eq!(what_it_breaks(&format!("# It leaks.\n\n{diff}")), Some("It leaks."));
        assert_eq!(what_it_breaks(diff), None);
        assert_eq!(what_it_breaks(""), None);
    }

    #[test]
    fn a_mutant_that_there_is_not_is_refused() {
        let error = chosen(&["no_such_mutant".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("no mutant `no_such_mutant`"), "{error}");
    }
}
