//! Threads that do nothing but hash. A hash takes tens of milliseconds of a processor: on a selling
//! core it would be felt by buyers, on the slow pool by everybody else who waits there.
//!
//! Few threads bound the memory (19 MiB each); a bounded queue bounds the wait: who finds it full
//! is refused at once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use tokio::sync::{mpsc, oneshot};

use super::Password;
use super::hash::{Cost, Memory, hash, is_of, is_outdated};
use super::strength::{Known, Weakness, weaknesses};
use crate::accounts::count;

/// How hashing is done.
#[derive(Clone, Debug)]
pub struct HasherSettings {
    /// What a hash costs.
    pub cost: Cost,
    /// How many are made at once.
    pub threads: usize,
    /// How many wait.
    pub queue: usize,
    /// What each thread does first: take itself back behind whoever sells.
    pub prepare: fn(),
}

/// Hashes passwords. A cheap handle; the threads end with the last of them.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    jobs: mpsc::Sender<Job>,
    cost: Cost,
    /// A hash of nobody's password, so that whoever has none costs as much as who has one.
    nobodys: String,
    done: Arc<AtomicU64>,
    refused: AtomicU64,
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// What comes of a password that somebody chose.
pub type Chosen = Result<String, Vec<Weakness>>;

/// What comes of a password that somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right {
        /// The same password, hashed as it should be by now; `None` if it is already.
        rehashed: Option<String>,
    },
    /// It is not.
    Wrong,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// If there are no more to be had.
    pub fn start(settings: HasherSettings) -> io::Result<Self> {
        let HasherSettings { cost, threads, queue, prepare } = settings;
        let (jobs, waiting) = mpsc::channel(queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name(format!("passwords-{number}")).spawn(move || {
                prepare();
                work(&waiting);
            })?;
        }
        let nobodys = hash(&Password::typed(""), &cost, &mut Memory::default());
        let (done, refused) = (Arc::default(), AtomicU64::new(0));
        Ok(Self(Arc::new(Inner { jobs, cost, nobodys, done, refused })))
    }

    /// Hashes a password that somebody chose, unless it is weak.
    ///
    /// # Errors
    /// If too many wait already.
    pub async fn choose(&self, password: Password, known: Known) -> Result<Chosen, Busy> {
        let (cost, done) = (self.0.cost.clone(), Arc::clone(&self.0.done));
        self.run(move |memory| {
            let found = weaknesses(&password, &known);
            if !found.is_empty() {
                return Err(found);
            }
            count(&done);
            Ok(hash(&password, &cost, memory))
        })
        .await
    }

    /// Compares a password with the hash that somebody has; takes as long for who has none.
    ///
    /// # Errors
    /// If too many wait already.
    pub async fn check(&self, password: Password, kept: Option<String>) -> Result<Verdict, Busy> {
        let (cost, done) = (self.0.cost.clone(), Arc::clone(&self.0.done));
        let is_somebodys = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.0.nobodys.clone());
        self.run(move |memory| {
            count(&done);
            if !(is_of(&password, &kept, memory) && is_somebodys) {
                return Verdict::Wrong;
            }
            let rehashed = is_outdated(&kept, &cost).then(|| {
                count(&done);
                hash(&password, &cost, memory)
            });
            Verdict::Right { rehashed }
        })
        .await
    }

    /// How many hashes were made.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// How many were refused because too many waited.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.0.jobs.max_capacity() - self.0.jobs.capacity()
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply_to, reply) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            // Whoever asked may have gone.
            let _ = reply_to.send(work(memory));
        });
        self.0.jobs.try_send(job).map_err(|_| {
            count(&self.0.refused);
            Busy
        })?;
        // A thread that died answers nobody.
        reply.await.map_err(|_| Busy)
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = Memory::default();
    loop {
        // One waits for the next job, the others for their turn to wait.
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = job else { return };
        job(&mut memory);
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("done", &self.done()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as blocking;

    use super::*;

    fn hasher(memory_kib: u32, queue: usize) -> Hasher {
        let cost = Cost::new(memory_kib, 1).unwrap();
        Hasher::start(HasherSettings { cost, threads: 1, queue, prepare: || {} }).unwrap()
    }

    #[tokio::test]
    async fn whoever_has_no_password_costs_as_much_as_who_has_one() {
        let hasher = hasher(64, 8);
        let right = Password::typed("correct horse battery");
        let kept = hasher.choose(right.clone(), Known::default()).await.unwrap().unwrap();
        assert_eq!(hasher.done(), 1);
        let verdict = hasher.check(right.clone(), Some(kept)).await.unwrap();
        assert_eq!(verdict, Verdict::Right { rehashed: None });
        assert_eq!(hasher.done(), 2);
        assert_eq!(hasher.check(right, None).await, Ok(Verdict::Wrong));
        assert_eq!(hasher.done(), 3);
        let nobodys = hasher.check(Password::typed(""), None).await;
        assert_eq!(nobodys, Ok(Verdict::Wrong), "nobody's password is nobody's");
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_made_anew() {
        let password = Password::typed("correct horse battery");
        let kept = hasher(64, 8).choose(password.clone(), Known::default()).await;
        let verdict = hasher(128, 8).check(password.clone(), Some(kept.unwrap().unwrap())).await;
        let Ok(Verdict::Right { rehashed: Some(rehashed) }) = verdict else {
            panic!("{verdict:?}")
        };
        assert!(rehashed.contains("m=128"));
        let again = hasher(128, 8).check(password, Some(rehashed)).await.unwrap();
        assert_eq!(again, Verdict::Right { rehashed: None });
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let hasher = hasher(64, 1);
        let (go_on, wait) = blocking::channel::<()>();
        let (begin, begun) = oneshot::channel();
        let busy = tokio::spawn({
            let hasher = hasher.clone();
            async move {
                let work = move |_: &mut Memory| {
                    begin.send(()).unwrap();
                    wait.recv().unwrap();
                };
                hasher.run(work).await
            }
        });
        begun.await.unwrap();
        let queued = hasher.run(|_| ());
        let mut queued = Box::pin(queued);
        assert!(futures_util::poll!(&mut queued).is_pending());
        assert_eq!((hasher.queued(), hasher.refused()), (1, 0));
        assert_eq!(hasher.check(Password::typed("x"), None).await, Err(Busy));
        assert_eq!(hasher.refused(), 1);
        go_on.send(()).unwrap();
        queued.await.unwrap();
        busy.await.unwrap().unwrap();
    }
}
