//! The request that a thread is working on right now.
//!
//! The frame around a request puts it here for the length of each poll, which is never interrupted,
//! so on every executor whoever runs below the frame finds the right one: the check of a person's
//! limit, a log line, a command on its way. Nothing here outlives the poll.

use std::cell::RefCell;

use onsale_control::access::Action;
use onsale_core::id::PersonId;

use super::class::Class;
use super::limit::Applied;
use super::trace::TraceContext;

/// What is known of a request while it is being answered.
#[derive(Debug)]
pub(crate) struct Current {
    /// As in the header `X-Request-Id`.
    pub(crate) id: String,
    pub(crate) trace: TraceContext,
    pub(crate) class: Class,
    /// What its route is for, as the policy calls it.
    pub(crate) action: Option<Action>,
    /// Whether its sender is limited at all.
    pub(crate) is_limited: bool,
    /// The limits it was held against.
    pub(crate) limits: Applied,
    /// Who sends it, once that is known.
    pub(crate) person: Option<PersonId>,
    /// It is held back until there is news, so its age says nothing.
    pub(crate) waits: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

impl Current {
    /// Has `work` done for this request. `work` must not unwind, or the request is forgotten.
    pub(crate) fn during<T>(this: &mut Option<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.set(this.take());
        let done = work();
        *this = CURRENT.take();
        done
    }
}

/// What `look` finds in the current request; `None` if there is none.
pub(crate) fn with<T>(look: impl FnOnce(&mut Current) -> T) -> Option<T> {
    CURRENT.with_borrow_mut(|current| current.as_mut().map(look))
}

/// The id and the trace of the request that this thread is working on, for a log line: `None`
/// outside of any.
pub fn request_id() -> Option<String> {
    with(|request| request.id.clone())
}
