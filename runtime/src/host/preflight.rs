//! Whether this machine lets the hosts run, found out before anything is started.
//!
//! Probing and judging are apart: [`Facts::probe`] asks the system, everything else is pure.
//!
//! Contains the one `unsafe` call of the host: asking the kernel for a ring has no safe wrapper.
#![allow(unsafe_code)]

use std::fs;

use rustix::io::Errno;
use rustix::io_uring::{io_uring_params, io_uring_setup};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// glommio does not start with less.
const MEMLOCK_MIN_BYTES: u64 = 512 << 10;

/// Descriptors beside the connections: journal segments, databases, rings, the provider calls.
const DESCRIPTORS_RESERVED: u64 = 512;

const IO_URING_SYSCTL: &str = "/proc/sys/kernel/io_uring_disabled";

/// What was found out about this machine and this process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// Whether a ring can be made.
    pub io_uring: IoUring,
    /// Memory the process may lock, in bytes; `None` is unlimited.
    pub memlock_bytes: Option<u64>,
    /// Descriptors the process may hold; `None` is unlimited.
    pub descriptors: Option<u64>,
}

/// What the kernel answered when asked for a ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IoUring {
    /// A ring.
    Available,
    /// That the sysctl `kernel.io_uring_disabled`, at this value, forbids it.
    Disabled(u8),
    /// That it forbids it for no reason of its own: a seccomp filter, as containers have.
    Filtered,
    /// That it has no `io_uring` (or a filter pretends so).
    Missing,
    /// Some other error, by its number.
    Failed(i32),
}

/// Why the glommio host cannot run here, and what to do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PreflightError {
    /// The administrator switched it off.
    #[error(
        "io_uring is switched off: kernel.io_uring_disabled is {0}. \
         Run `sysctl -w kernel.io_uring_disabled=0`, or set host = \"tokio\""
    )]
    IoUringDisabled(u8),
    /// A ring could not be made for another reason.
    #[error(
        "io_uring_setup failed: {}. Free memory or descriptors, or set host = \"tokio\"",
        Errno::from_raw_os_error(*.0)
    )]
    IoUringFailed(i32),
    /// A container runtime's filter stands in the way.
    #[error(
        "io_uring is forbidden to this process by a seccomp filter. Allow io_uring_setup, \
         io_uring_enter and io_uring_register in the container's seccomp profile, or set \
         host = \"tokio\""
    )]
    IoUringFiltered,
    /// The kernel is too old, or was built without.
    #[error("this kernel has no io_uring. Run Linux 5.8 or newer, or set host = \"tokio\"")]
    IoUringMissing,
    /// Rings and their buffers need locked memory.
    #[error(
        "only {memlock_bytes} bytes of memory may be locked, {MEMLOCK_MIN_BYTES} are needed. Set \
         LimitMEMLOCK=8M in the systemd unit (or `ulimit -l 8192`), or set host = \"tokio\""
    )]
    MemlockTooLow {
        /// What is allowed.
        memlock_bytes: u64,
    },
}

/// The process may not hold as many descriptors as its configuration promises connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{allowed} file descriptors are allowed, {wanted} are wanted for {connections_max} \
     connections. Set LimitNOFILE={wanted} in the systemd unit (or `ulimit -n {wanted}`), or lower \
     bounds.connections_per_core"
)]
pub struct FewDescriptors {
    /// What is allowed.
    pub allowed: u64,
    /// Connections over all cores.
    pub connections_max: u64,
    /// What they and everything else need.
    pub wanted: u64,
}

impl Facts {
    /// Asks the system, after raising the soft limits to the hard ones.
    pub fn probe() -> Self {
        Self {
            io_uring: probe_io_uring(),
            memlock_bytes: raise_to_hard(Resource::Memlock),
            descriptors: raise_to_hard(Resource::Nofile),
        }
    }

    /// Whether the glommio host can run.
    pub fn check_glommio(&self) -> Result<(), PreflightError> {
        match self.io_uring {
            IoUring::Available => {}
            IoUring::Disabled(level) => return Err(PreflightError::IoUringDisabled(level)),
            IoUring::Failed(errno) => return Err(PreflightError::IoUringFailed(errno)),
            IoUring::Filtered => return Err(PreflightError::IoUringFiltered),
            IoUring::Missing => return Err(PreflightError::IoUringMissing),
        }
        match self.memlock_bytes {
            Some(memlock_bytes) if memlock_bytes < MEMLOCK_MIN_BYTES => {
                Err(PreflightError::MemlockTooLow { memlock_bytes })
            }
            _ => Ok(()),
        }
    }

    /// Whether `connections_max` connections, over all cores, can be open at one time. A warning
    /// for the operator on any host: fewer are served all the same.
    pub fn check_descriptors(&self, connections_max: u64) -> Result<(), FewDescriptors> {
        let wanted = connections_max.saturating_add(DESCRIPTORS_RESERVED);
        match self.descriptors {
            Some(allowed) if allowed < wanted => {
                Err(FewDescriptors { allowed, connections_max, wanted })
            }
            _ => Ok(()),
        }
    }
}

fn probe_io_uring() -> IoUring {
    let mut params = io_uring_params::default();
    // SAFETY: the parameters ask for a plain ring; no descriptor is passed in.
    let asked = unsafe { io_uring_setup(1, &mut params) };
    match asked {
        Ok(_ring) => IoUring::Available,
        Err(errno) => judge(errno, fs::read_to_string(IO_URING_SYSCTL).ok().as_deref()),
    }
}

/// EPERM alone does not say who forbids it; the sysctl (absent before Linux 6.6) does.
fn judge(errno: Errno, sysctl: Option<&str>) -> IoUring {
    let level = sysctl.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    match errno {
        Errno::NOSYS => IoUring::Missing,
        Errno::ACCESS | Errno::PERM if level == 0 => IoUring::Filtered,
        Errno::ACCESS | Errno::PERM => IoUring::Disabled(level),
        other => IoUring::Failed(other.raw_os_error()),
    }
}

/// The limit now in force. A process may always raise its soft limit that far; should it fail
/// all the same, the lower limit is what counts.
fn raise_to_hard(resource: Resource) -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(resource);
    match setrlimit(resource, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_) => current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Facts = Facts {
        io_uring: IoUring::Available,
        memlock_bytes: Some(MEMLOCK_MIN_BYTES),
        descriptors: Some(20_000),
    };

    fn complaint(facts: &Facts) -> String {
        facts.check_glommio().unwrap_err().to_string()
    }

    #[test]
    fn enough_of_everything_passes() {
        assert_eq!(GOOD.check_glommio(), Ok(()));
        assert_eq!(Facts { memlock_bytes: None, ..GOOD }.check_glommio(), Ok(()));
        assert_eq!(GOOD.check_descriptors(19_488), Ok(()));
        assert_eq!(Facts { descriptors: None, ..GOOD }.check_descriptors(u64::MAX), Ok(()));
    }

    #[test]
    fn each_refusal_of_io_uring_names_its_remedy() {
        let remedy = |io_uring| complaint(&Facts { io_uring, ..GOOD });
        assert!(remedy(IoUring::Disabled(2)).contains("sysctl -w kernel.io_uring_disabled=0"));
        assert!(remedy(IoUring::Filtered).contains("seccomp profile"));
        assert!(remedy(IoUring::Missing).contains("Linux 5.8"));
        let out_of_memory = IoUring::Failed(Errno::NOMEM.raw_os_error());
        assert!(remedy(out_of_memory).contains("memory"));
        for io_uring in [IoUring::Disabled(1), IoUring::Filtered, IoUring::Missing, out_of_memory] {
            assert!(remedy(io_uring).contains("host = \"tokio\""));
        }
    }

    #[test]
    fn one_byte_less_of_lockable_memory_is_too_little() {
        let facts = Facts { memlock_bytes: Some(MEMLOCK_MIN_BYTES - 1), ..GOOD };
        assert!(complaint(&facts).contains("LimitMEMLOCK=8M"));
    }

    #[test]
    fn too_few_descriptors_say_how_many_are_wanted() {
        let few = GOOD.check_descriptors(100_000).unwrap_err();
        assert_eq!(few.wanted, 100_512);
        assert!(few.to_string().contains("LimitNOFILE=100512"));
    }

    #[test]
    fn the_sysctl_tells_an_administrator_from_a_filter() {
        assert_eq!(judge(Errno::PERM, Some("2\n")), IoUring::Disabled(2));
        assert_eq!(judge(Errno::PERM, Some("0\n")), IoUring::Filtered);
        assert_eq!(judge(Errno::PERM, None), IoUring::Filtered);
        assert_eq!(judge(Errno::NOSYS, Some("0\n")), IoUring::Missing);
        assert_eq!(judge(Errno::NOMEM, None), IoUring::Failed(Errno::NOMEM.raw_os_error()));
    }

    #[test]
    fn probing_leaves_no_soft_limit_below_the_hard_one() {
        let facts = Facts::probe();
        assert_eq!(facts.descriptors, getrlimit(Resource::Nofile).current);
        assert_eq!(facts.descriptors, getrlimit(Resource::Nofile).maximum);
    }
}
