//! What somebody is for one event, or for all events and venues of an organiser.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A role for an event, or for an organiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventRole {
    /// Everything, also who else has a role, and calling it off.
    Admin,
    /// Everything that shapes the sale.
    Editor,
    /// Looking.
    Viewer,
    /// Scanning tickets at the door.
    Scanner,
}

impl EventRole {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Editor, Self::Viewer, Self::Scanner];

    /// As it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
            Self::Scanner => "scanner",
        }
    }
}

impl fmt::Display for EventRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be admin, editor, viewer or scanner")]
pub struct NoSuchEventRole;

impl FromStr for EventRole {
    type Err = NoSuchEventRole;

    fn from_str(text: &str) -> Result<Self, NoSuchEventRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(NoSuchEventRole)
    }
}
