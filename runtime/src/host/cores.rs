//! One thread per core, and the end of all when one fails.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::{io, iter};

/// Why the cores do not run (any more). The caller ends the process: cores that still run are not
/// stopped, and without the failed one their answers can no longer be trusted to come.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No processor was named.
    #[error("no core to run on: name at least one processor")]
    NoCores,
    /// The thread that wakes the cores could not be had.
    #[error("the cores' pacemaker did not start: {0}; check the limit on threads")]
    Pacemaker(#[source] io::Error),
    /// The code on a core panicked; the panic itself was reported on standard error.
    #[error("core {core} panicked: {message}; restart the process, recovery reads the journal")]
    Panicked {
        /// Its place in the list of processors.
        core: usize,
        /// What the panic said.
        message: String,
    },
    /// A core's thread, executor or pinning could not be had.
    #[error(
        "core {core} did not start on processor {cpu}: {source}; check that the processor \
             exists and that this process may use it (taskset, cpuset)"
    )]
    Start {
        /// Its place in the list of processors.
        core: usize,
        /// The processor it was to be pinned to.
        cpu: usize,
        /// What the system said.
        source: io::Error,
    },
}

/// Runs `main(core, cpu)` on a thread of its own for each processor and returns the results in
/// that order, or the first failure as soon as it happens.
pub(super) fn run_all<T: Send + 'static>(
    cpus: &[usize],
    main: impl Fn(usize, usize) -> io::Result<T> + Clone + Send + 'static,
) -> Result<Vec<T>, RunError> {
    if cpus.is_empty() {
        return Err(RunError::NoCores);
    }
    let (ended, endings) = mpsc::channel();
    for (core, &cpu) in cpus.iter().enumerate() {
        let (main, ended) = (main.clone(), ended.clone());
        let run = move || {
            let ending = catch_unwind(AssertUnwindSafe(|| main(core, cpu)));
            // Nobody listens any more when another core failed first.
            let _ = ended.send((core, cpu, ending));
        };
        thread::Builder::new()
            .name(format!("core-{core}"))
            .spawn(run)
            .map_err(|source| RunError::Start { core, cpu, source })?;
    }
    drop(ended);
    collect(cpus.len(), &endings)
}

type Ending<T> = (usize, usize, thread::Result<io::Result<T>>);

fn collect<T>(cores: usize, endings: &mpsc::Receiver<Ending<T>>) -> Result<Vec<T>, RunError> {
    let mut results: Vec<Option<T>> = iter::repeat_with(|| None).take(cores).collect();
    for (core, cpu, ending) in endings {
        match ending {
            Ok(Ok(result)) => results[core] = Some(result),
            Ok(Err(source)) => return Err(RunError::Start { core, cpu, source }),
            Err(panic) => return Err(RunError::Panicked { core, message: message(&*panic) }),
        }
    }
    // Every thread sends exactly one ending before it lets go of the channel.
    Ok(results.into_iter().flatten().collect())
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_processors() {
        let results = run_all(&[7, 3], |core, cpu| Ok((core, cpu))).unwrap();
        assert_eq!(results, [(0, 7), (1, 3)]);
    }

    #[test]
    fn the_first_failure_does_not_wait_for_the_others() {
        let (_never, forever) = mpsc::channel::<()>();
        let forever = std::sync::Arc::new(std::sync::Mutex::new(forever));
        let failed = run_all(&[0, 1], move |core, _| {
            assert_eq!(core, 0, "planted");
            forever.lock().unwrap().recv().map_err(io::Error::other)
        });
        assert!(matches!(failed, Err(RunError::Panicked { core: 1, message }) if
            message.contains("planted")));
    }

    #[test]
    fn no_processor_is_an_error() {
        assert!(matches!(run_all(&[], |_, _| Ok(())), Err(RunError::NoCores)));
    }
}
