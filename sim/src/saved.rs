//! Plans on disk: what a plan once found, and what must come of it now. A plan survives changes of
//! the code that draws plans; a seed does not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::judged::Judged;
use crate::plan::Plan;

/// A plan with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// What it found when it was saved.
    pub found: Found,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expect,
    /// The plan.
    pub plan: Plan,
}

/// What a plan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// The seed that it was drawn from, before it was made smaller.
    pub seed: Option<u64>,
    /// The invariant that did not hold.
    pub invariant: String,
    /// What it said.
    pub message: String,
}

/// What must come of a saved plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Every invariant holds: what the plan found is fixed, or to be fixed.
    #[default]
    Clean,
    /// The invariant of this name is violated: it shows that the oracle still sees.
    Violation(String),
}

impl Expect {
    /// What is wrong with how a run went, if anything.
    pub fn complaint(&self, judged: &Judged) -> Option<String> {
        match (self, &judged.violation) {
            (Self::Clean, None) => None,
            (Self::Clean, Some(violation)) => {
                Some(format!("{} at {}: {}", violation.invariant, violation.at, violation.what))
            }
            (Self::Violation(name), Some(violation)) if violation.invariant == name => None,
            (Self::Violation(name), Some(violation)) => Some(format!(
                "should violate {name}, but violates {}: {}",
                violation.invariant, violation.what
            )),
            (Self::Violation(name), None) => Some(format!("should violate {name}, but is clean")),
        }
    }
}

/// Why a saved plan cannot be used.
#[derive(Debug, Error)]
pub enum SavedError {
    /// It cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no saved plan.
    #[error(
        "{}: no saved plan: {error}; `onsale-sim shrink` writes them as {{\"found\": ..., \
         \"expect\": \"clean\", \"plan\": ...}}",
        path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        error: serde_json::Error,
    },
    /// A folder without a single saved plan: whoever names one wants to replay something.
    #[error("{}: no *.json in this folder", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl Saved {
    /// Reads a saved plan.
    pub fn read(path: &Path) -> Result<Self, SavedError> {
        let text = fs::read_to_string(path).map_err(file(path))?;
        serde_json::from_str(&text)
            .map_err(|error| SavedError::Shape { path: path.to_owned(), error })
    }

    /// Writes it, so that people can read it and compare versions line by line.
    pub fn write(&self, path: &Path) -> Result<(), SavedError> {
        let shape = |error| SavedError::Shape { path: path.to_owned(), error };
        let text = serde_json::to_string_pretty(self).map_err(shape)?;
        fs::write(path, text + "\n").map_err(file(path))
    }
}

/// The files that `path` names: itself, or the plans in it if it is a folder, by name.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, SavedError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(file(path))?;
    let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(file(path))?;
    let mut files: Vec<_> = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    if files.is_empty() { Err(SavedError::Empty { path: path.to_owned() }) } else { Ok(files) }
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> SavedError {
    let path = path.to_owned();
    |error| SavedError::File { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::Violation;
    use crate::seen::Micros;
    use crate::sometimes::Sometimes;

    fn judged(invariant: Option<&'static str>) -> Judged {
        let violation =
            |invariant| Violation { invariant, at: Micros(0), what: "seat 1 twice".to_owned() };
        Judged {
            violation: invariant.map(violation),
            reached: Sometimes::default(),
            lasted: Micros(0),
            steps: 0,
            trace: 0,
        }
    }

    #[test]
    fn what_is_expected_and_only_that_is_no_complaint() {
        assert_eq!(Expect::Clean.complaint(&judged(None)), None);
        assert!(Expect::Clean.complaint(&judged(Some("exclusivity"))).is_some());
        let caught = Expect::Violation("exclusivity".to_owned());
        assert_eq!(caught.complaint(&judged(Some("exclusivity"))), None);
        assert!(caught.complaint(&judged(Some("money"))).is_some());
        assert!(caught.complaint(&judged(None)).is_some());
    }

    #[test]
    fn a_saved_plan_is_read_back_and_a_bare_one_is_clean_by_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let saved = Saved {
            found: Found { seed: Some(7), invariant: "money".into(), message: "m".into() },
            expect: Expect::Violation("money".to_owned()),
            plan: Plan { noise: 7, ..Plan::default() },
        };
        saved.write(&path).unwrap();
        assert_eq!(Saved::read(&path).unwrap(), saved);
        fs::write(&path, r#"{"found": {}, "plan": {"noise": 3}}"#).unwrap();
        assert_eq!(Saved::read(&path).unwrap().expect, Expect::Clean);
        assert_eq!(files(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.json");
        fs::write(&path, "{}").unwrap();
        let error = Saved::read(&path).unwrap_err().to_string();
        assert!(error.contains("b.json") && error.contains("onsale-sim shrink"), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(files(folder.path()).unwrap_err().to_string().contains("no *.json"));
        assert!(Saved::read(&path).is_err());
    }
}
