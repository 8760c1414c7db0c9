//! A thread that wakes every core once in a while.
//!
//! glommio can put a core to sleep that has something to do. Between arming its timer of preemption
//! and looking for the first task to run, a core may lose its processor for longer than that timer
//! runs; it then finds the time of its tasks used up, runs none, takes that for having none, and
//! sleeps without a timer (`LocalExecutor::run` of 0.9.0: `run_task_queues` answers the same for
//! both). Under load that was one start in a thousand. Nothing on the core itself helps, because
//! what would wake it is among the tasks that are not run; so it is woken from outside, by the
//! waker of a task that does nothing else. Until that task has run for the first time there is no
//! waker, and the core's thread is interrupted by a signal: `SIGURG`, which nobody minds.
//!
//! Contains `unsafe`: a signal's handler has no safe wrapper.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, getpid};
use rustix::thread::gettid;

/// How long a core sleeps at most.
const BEAT: Duration = Duration::from_millis(10);

/// A core that has not heard so many beats is busy, not asleep. Each keeps a reference to the task
/// that hears it, and glommio counts those in 15 bits.
const UNHEARD_MAX: u32 = 100;

/// Wakes cores for as long as it lives.
#[derive(Debug)]
pub(super) struct Pacemaker {
    cores: Arc<[Core]>,
    has_ended: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Core {
    /// Locked at the beats only, and at the start and the end.
    reach: Mutex<Reach>,
    unheard: AtomicU32,
}

/// How a core is woken.
#[derive(Debug, Default)]
enum Reach {
    /// It does not run.
    #[default]
    Nobody,
    /// It runs on this thread, and its listener has not been heard of yet.
    Thread(Pid),
    /// By its listener.
    Listener(Waker),
}

impl Pacemaker {
    /// Starts one for so many cores.
    pub(super) fn start(cores: usize) -> io::Result<Self> {
        heed_signal()?;
        let cores: Arc<[Core]> = (0..cores).map(|_| Core::default()).collect();
        let has_ended = Arc::<AtomicBool>::default();
        let (beaten, end) = (Arc::clone(&cores), Arc::clone(&has_ended));
        thread::Builder::new().name("pacemaker".to_owned()).spawn(move || {
            while !end.load(Relaxed) {
                thread::sleep(BEAT);
                beaten.iter().for_each(Core::beat);
            }
        })?;
        Ok(Self { cores, has_ended })
    }

    /// What a core listens with, which runs on this thread from now on: a task of its own on it
    /// polls [`Listener::listen`].
    pub(super) fn listener(&self, core: usize) -> Listener {
        self.cores[core].set(Reach::Thread(gettid()));
        Listener { cores: Arc::clone(&self.cores), core }
    }
}

impl Drop for Pacemaker {
    fn drop(&mut self) {
        self.has_ended.store(true, Relaxed);
    }
}

impl Core {
    fn beat(&self) {
        match &*self.reach.lock().unwrap_or_else(PoisonError::into_inner) {
            Reach::Nobody => {}
            Reach::Thread(thread) => interrupt(*thread),
            Reach::Listener(waker) => {
                if self.unheard.load(Relaxed) < UNHEARD_MAX {
                    self.unheard.fetch_add(1, Relaxed);
                    waker.wake_by_ref();
                }
            }
        }
    }

    fn set(&self, reach: Reach) {
        *self.reach.lock().unwrap_or_else(PoisonError::into_inner) = reach;
    }
}

/// Has the signal interrupt what waits, and do nothing else. By default it is not even noticed.
fn heed_signal() -> io::Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: all of it may be zero: no flags, so that calls are interrupted, and an empty mask.
    let mut action = unsafe { std::mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the handler does nothing, which is safe at any time; the pointers are good.
    match unsafe { libc::sigaction(libc::SIGURG, &raw const action, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn interrupt(thread: Pid) {
    let (process, thread) = (getpid().as_raw_pid(), thread.as_raw_pid());
    // SAFETY: numbers only. That the thread is gone is no fault: then nobody is to be woken.
    unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGURG) };
}

/// A core's ear. It must be dropped before its executor ends, on the same core.
#[derive(Debug)]
pub(super) struct Listener {
    cores: Arc<[Core]>,
    core: usize,
}

impl Listener {
    /// Hears every beat, and never ends.
    pub(super) fn listen(&self) -> impl Future<Output = ()> + use<> {
        let (cores, core) = (Arc::clone(&self.cores), self.core);
        let mut is_known = false;
        poll_fn(move |context| {
            let core = &cores[core];
            core.unheard.store(0, Relaxed);
            if !is_known {
                // A task has one waker for life.
                core.set(Reach::Listener(context.waker().clone()));
                is_known = true;
            }
            Poll::Pending
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.cores[self.core].set(Reach::Nobody);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Wake};

    use super::*;

    struct Count(mpsc::Sender<()>);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            // Nobody counts beats after the test.
            let _ = self.0.send(());
        }
    }

    #[test]
    fn a_core_is_woken_again_and_again_until_it_stops_listening() {
        let pacemaker = Pacemaker::start(1).unwrap();
        let listener = pacemaker.listener(0);
        let (sender, beats) = mpsc::channel();
        let waker = Waker::from(Arc::new(Count(sender)));
        let mut context = Context::from_waker(&waker);
        let mut listen = pin!(listener.listen());
        for _ in 0..3 {
            assert!(listen.as_mut().poll(&mut context).is_pending());
            beats.recv().unwrap();
        }
        drop(listener);
        drop(waker);
        // The last of its wakers is gone.
        while beats.recv().is_ok() {}
    }

    #[test]
    fn a_core_that_has_run_nothing_yet_is_woken_from_its_sleep() {
        let pacemaker = Pacemaker::start(1).unwrap();
        let _listener = pacemaker.listener(0);
        // SAFETY: no descriptors, no timeout: it ends by a signal or not at all.
        let slept = unsafe { libc::poll(std::ptr::null_mut(), 0, -1) };
        assert_eq!((slept, io::Error::last_os_error().kind()), (-1, io::ErrorKind::Interrupted));
    }

    #[test]
    fn a_core_that_does_not_listen_for_long_is_left_alone() {
        let core = Core::default();
        let (sender, beats) = mpsc::channel();
        core.set(Reach::Listener(Waker::from(Arc::new(Count(sender)))));
        (0..2 * UNHEARD_MAX).for_each(|_| core.beat());
        assert_eq!(beats.try_iter().count() as u32, UNHEARD_MAX);
    }
}
