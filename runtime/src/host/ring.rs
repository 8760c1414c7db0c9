//! The flags that rings are made with.
//!
//! glommio makes its rings without flags, and offers no way to give any. With cooperative task
//! running the kernel leaves a completion until the core enters it anyway, instead of interrupting
//! the core for it: see `docs/adr/0007-ring-flags-at-link-time.md` for what that is worth. So the
//! linker (`build.rs`) sends liburing's one call of `io_uring_setup` here.
//!
//! Contains `unsafe`: it is called by C, and calls the kernel.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::io_uring::{IoringSetupFlags, io_uring_params};

/// Whether the last ring was made as wished.
static IS_COOPERATIVE: AtomicBool = AtomicBool::new(false);

/// Whether rings are made with cooperative task running: not before Linux 5.19, nor in a program
/// that was linked without this package's `build.rs`. Known once a core runs.
pub fn is_cooperative() -> bool {
    IS_COOPERATIVE.load(Relaxed)
}

/// What liburing calls in place of its own.
///
/// # Safety
/// As for `io_uring_setup(2)`: `params` is writable and nobody else's while this runs.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap___sys_io_uring_setup(
    entries: c_uint,
    params: *mut io_uring_params,
) -> c_int {
    // SAFETY: the caller's promise.
    let stock = unsafe { *params };
    // SAFETY: likewise.
    unsafe { (*params).flags = stock.flags | IoringSetupFlags::COOP_TASKRUN };
    // SAFETY: likewise.
    let ring = unsafe { setup(entries, params) };
    IS_COOPERATIVE.store(ring >= 0, Relaxed);
    if ring >= 0 {
        return ring;
    }
    // A kernel that does not know the flag. Whatever else is wrong is wrong without it too.
    // SAFETY: likewise.
    unsafe { *params = stock };
    // SAFETY: likewise.
    unsafe { setup(entries, params) }
}

/// The system call as libc makes it: -1 and `errno` if it fails, which is what liburing looks at.
///
/// # Safety
/// As for `io_uring_setup(2)`.
unsafe fn setup(entries: c_uint, params: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise. The answer is a descriptor or -1: it fits.
    unsafe { libc::syscall(libc::SYS_io_uring_setup, entries, params) as c_int }
}
