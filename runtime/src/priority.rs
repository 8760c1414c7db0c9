//! Work that must not be noticed.
//!
//! Contains one `unsafe` call: giving a thread another scheduling policy has no safe wrapper.
#![allow(unsafe_code)]

use std::io;

/// From now on this thread runs when no other wants its processor. Where that cannot be, it says
/// so, and `work` ("snapshots are made") goes on as everything else does.
pub fn give_way(work: &'static str) {
    if let Err(error) = run_only_when_idle() {
        tracing::warn!(%error, "{work} with the priority of everything else");
    }
}

/// Whoever wakes up takes the processor over at once: `SCHED_IDLE` of sched(7). A low priority
/// would not do: its thread keeps the processor for some milliseconds once it has it, which buyers
/// would feel.
fn run_only_when_idle() -> io::Result<()> {
    // SAFETY: all of it may be zero; this policy has no other priority.
    let parameters = unsafe { std::mem::zeroed::<libc::sched_param>() };
    // SAFETY: the pointer is good for the call; 0 is the calling thread.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
