//! Where it was measured: processors, source, compiler.

use std::fs;

use crate::process::{Failure, Outcome, program};

/// Which processors do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cores {
    /// The server's, or a peer's.
    pub server: String,
    /// The load's.
    pub load: String,
}

impl Cores {
    /// The first two that this program may use. With `share`, both may be the same.
    pub fn of_this_machine(share: bool) -> Outcome<Self> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        match *listed(list.unwrap_or_default()).as_slice() {
            [server, load, ..] => Ok(Self { server: server.to_string(), load: load.to_string() }),
            [only] if share => Ok(Self { server: only.to_string(), load: only.to_string() }),
            _ => Err(Failure(
                "the server and the load need a processor each: run this where there are two"
                    .to_owned(),
            )),
        }
    }

    /// Both, as a list; one, if they are the same.
    pub fn both(&self) -> String {
        if self.server == self.load {
            return self.server.clone();
        }
        format!("{},{}", self.server, self.load)
    }
}

/// Of the source; with `+` if something is not committed.
pub fn commit() -> String {
    let git = |args: &[&str]| program("git").args(args).read();
    let Ok(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let is_changed = git(&["status", "--porcelain", "--untracked-files=no"])
        .is_ok_and(|changes| changes.lines().any(|line| !line.contains("docs/")));
    format!("{}{}", commit.trim(), if is_changed { "+" } else { "" })
}

/// Processor, kernel, compiler.
pub fn description() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let compiler = program("rustc").args(&["--version"]).read().unwrap_or_default();
    let compiler = compiler.split(" (").next().unwrap_or_default().trim();
    format!("{count} x {model}, Linux {}, {compiler}", kernel.trim())
}

/// `0-2,5` is 0, 1, 2 and 5.
fn listed(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_is_read() {
        assert_eq!(listed("\t0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(listed("7"), [7]);
        assert!(listed("").is_empty());
    }
}
