//! A panic of the product's code is a finding, not the end of the sweep: it is caught, kept quiet
//! and told with its place in the source.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    message: String,
    location: String,
}

impl fmt::Display for Caught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked at {}: {}", self.location, self.message)
    }
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Caught>> = const { RefCell::new(None) };
}

/// Calls `f`, and catches its panic without a word on standard error. Other panics of the process
/// are reported as always.
pub fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Caught> {
    static QUIET: Once = Once::new();
    QUIET.call_once(install_hook);
    CATCHING.set(true);
    // What `f` has changed half is thrown away or only read for its counts.
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    CATCHING.set(false);
    outcome.map_err(|payload| {
        LAST.take().unwrap_or_else(|| Caught {
            message: message_of(&*payload),
            location: "an unknown place".to_owned(),
        })
    })
}

fn install_hook() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if CATCHING.get() {
            let location = info.location().map_or_else(String::new, ToString::to_string);
            LAST.set(Some(Caught { message: message_of(info.payload()), location }));
        } else {
            usual(info);
        }
    }));
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_message_and_place() {
        let caught = catch(|| assert_eq!(1 + 1, 3, "sums")).unwrap_err().to_string();
        assert!(caught.contains("sums"), "{caught}");
        assert!(caught.contains("panics.rs:"), "{caught}");
    }

    #[test]
    fn what_does_not_panic_is_passed_on() {
        assert_eq!(catch(|| 7), Ok(7));
    }
}
