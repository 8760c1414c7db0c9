//! When the next request is due, to the microsecond: the runtime's own timers know milliseconds
//! only, which is longer than an answer takes.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::Notify;

/// Tells the connections of one thread when to send.
pub(super) struct Pace {
    /// When the first request is due.
    begin: Instant,
    /// From one request of this thread to the next; `None`: whenever somebody is free.
    interval: Option<Duration>,
    /// Nothing is due from here on.
    end: Option<Instant>,
    next: Cell<u32>,
    timer: Timer,
}

impl Pace {
    /// `interval` from one request to the next, the first at `begin`, the last before `end`. Its
    /// timer must be driven: see [`Pace::drive`].
    pub(super) fn new(
        begin: Instant,
        interval: Option<Duration>,
        end: Option<Instant>,
    ) -> io::Result<Self> {
        Ok(Self { begin, interval, end, next: Cell::new(0), timer: Timer::new()? })
    }

    /// Waits until the next request is due, and says when it was; `None` if none is.
    pub(super) async fn next(&self) -> Option<Instant> {
        let Some(interval) = self.interval else { return Some(Instant::now()) };
        let number = self.next.get();
        let due = self.begin + interval * number;
        if self.end.is_some_and(|end| due >= end) {
            return None;
        }
        self.next.set(number.saturating_add(1));
        if due > Instant::now() {
            self.timer.until(due).await;
        }
        Some(due)
    }

    /// Takes back a request that was due and cannot be sent any more.
    pub(super) fn give_back(&self) {
        self.next.set(self.next.get().saturating_sub(1));
    }

    /// How many requests were due and not sent.
    pub(super) fn unsent(&self) -> u64 {
        let Some((interval, end)) = self.interval.zip(self.end) else { return 0 };
        let length = end.saturating_duration_since(self.begin);
        let due = length.as_nanos().div_ceil(interval.as_nanos().max(1));
        (due as u64).saturating_sub(u64::from(self.next.get()))
    }

    /// Wakes whoever waits; to be run beside them.
    pub(super) async fn drive(self: Rc<Self>) -> io::Result<()> {
        self.timer.drive().await
    }
}

struct Timer {
    /// A timer of the system: its descriptor rings by becoming readable, as a pipe does.
    bell: Receiver,
    /// In the order of their times, which is the order they came in.
    waiting: RefCell<VecDeque<(Instant, Rc<Notify>)>>,
    someone: Notify,
}

impl Timer {
    fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let bell = Receiver::from_owned_fd_unchecked(timer)?;
        Ok(Self { bell, waiting: RefCell::default(), someone: Notify::new() })
    }

    async fn until(&self, due: Instant) {
        let turn = Rc::new(Notify::new());
        self.waiting.borrow_mut().push_back((due, Rc::clone(&turn)));
        self.someone.notify_one();
        turn.notified().await;
    }

    async fn drive(&self) -> io::Result<()> {
        loop {
            let first = self.waiting.borrow().front().map(|(due, _)| *due);
            match first {
                None => self.someone.notified().await,
                Some(due) => self.sleep(due).await?,
            }
            let now = Instant::now();
            let mut waiting = self.waiting.borrow_mut();
            let count = waiting.partition_point(|(due, _)| *due <= now);
            for (_, turn) in waiting.drain(..count) {
                turn.notify_one();
            }
        }
    }

    async fn sleep(&self, until: Instant) -> io::Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let it_value = Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(&self.bell, TimerfdTimerFlags::empty(), &once)?;
        self.bell.readable().await?;
        // Reading silences it; how often it rang does not matter.
        match self.bell.try_read(&mut [0; 8]) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, LocalOptions};
    use tokio::task::spawn_local;

    use super::*;

    #[test]
    fn requests_are_due_at_fixed_intervals_whoever_takes_them() {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        runtime.unwrap().block_on(async {
            let begin = Instant::now();
            let interval = Duration::from_micros(300);
            let pace = Pace::new(begin, Some(interval), Some(begin + interval * 107));
            let pace = Rc::new(pace.unwrap());
            spawn_local(Rc::clone(&pace).drive());
            let takers = (0..4).map(|_| {
                let pace = Rc::clone(&pace);
                spawn_local(async move {
                    let mut dues = Vec::new();
                    for _ in 0..25 {
                        let due = pace.next().await.unwrap();
                        assert!(Instant::now() >= due, "nobody is sent early");
                        dues.push(due);
                    }
                    dues
                })
            });
            let mut dues = Vec::new();
            for taker in takers.collect::<Vec<_>>() {
                dues.extend(taker.await.unwrap());
            }
            dues.sort_unstable();
            let expected: Vec<_> = (0..100).map(|n| begin + interval * n).collect();
            assert_eq!(dues, expected);
            assert_eq!(pace.unsent(), 7);
            for _ in 0..7 {
                assert!(pace.next().await.is_some());
            }
            assert_eq!((pace.next().await, pace.unsent()), (None, 0), "nobody waits for the end");
            pace.give_back();
            assert_eq!(pace.unsent(), 1);
        });
    }

    #[test]
    fn without_an_interval_it_is_always_time() {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        runtime.unwrap().block_on(async {
            let begin = Instant::now();
            let pace = Pace::new(begin, None, Some(begin)).unwrap();
            assert!(pace.next().await.unwrap() >= begin);
            assert_eq!(pace.unsent(), 0);
        });
    }
}
