//! How many connections this process can hold.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

/// Descriptors that are not connections: files, timers, the runtimes' own.
const RESERVED: u64 = 256;

/// A run needs more connections than this process may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{wanted} connections are too many: this process may open {possible}; raise the limit on open \
     files (`ulimit -Hn {}` as root, or LimitNOFILE=) or use fewer connections",
    wanted + RESERVED
)]
pub struct TooManyConnections {
    /// How many were wanted.
    pub wanted: u64,
    /// How many are possible.
    pub possible: u64,
}

/// Makes room for so many connections, and says how many are possible.
///
/// The soft limit on open files becomes the hard one; the hard one is raised too where more is
/// wanted and the process may.
pub fn allow_connections(wanted: u64) -> Result<u64, TooManyConnections> {
    let limit = getrlimit(Resource::Nofile);
    let files = wanted.saturating_add(RESERVED);
    let most = limit.maximum.unwrap_or(u64::MAX);
    if files > most {
        let higher = Rlimit { current: Some(files), maximum: Some(files) };
        if setrlimit(Resource::Nofile, higher).is_ok() {
            return Ok(wanted);
        }
    }
    // Not allowed to: then it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let possible = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).saturating_sub(RESERVED);
    if wanted > possible {
        return Err(TooManyConnections { wanted, possible });
    }
    Ok(possible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_any_system_allows_is_refused_with_what_is_possible() {
        let possible = allow_connections(10).unwrap();
        assert!(possible >= 10);
        let refused = allow_connections(1 << 40).unwrap_err();
        assert!(refused.possible >= 10 && refused.to_string().contains("LimitNOFILE"));
        assert_eq!(allow_connections(10), Ok(possible), "a refusal changes nothing");
    }
}
