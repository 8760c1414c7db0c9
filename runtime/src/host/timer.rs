//! Any host's clock and sleep, as the timer hyper asks for.
//!
//! hyper wants a deadline for every request, and hardly ever is one reached. So waiting for one
//! costs a place in a table, which is looked through ten times a second; a timer of the executor
//! for each would be set and cancelled with every request.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use send_wrapper::SendWrapper;
use slab::Slab;

use super::Host;

/// How late a deadline may be noticed.
const TICK: Duration = Duration::from_millis(100);

/// hyper's timer over a host: for deadlines, which may be noticed a tenth of a second late. hyper
/// demands `Send` although a connection never leaves its core; the wrapper turns any breach of that
/// into a panic instead of a data race.
#[derive(Clone)]
pub struct HostTimer<H: Host>(SendWrapper<Rc<Deadlines<H>>>);

struct Deadlines<H> {
    host: H,
    waiting: RefCell<Slab<Waiting>>,
    is_watched: Cell<bool>,
}

struct Waiting {
    deadline: Instant,
    waker: Waker,
}

impl<H: Host> HostTimer<H> {
    /// For all connections served on the thread that calls this.
    pub fn new(host: H) -> Self {
        let (waiting, is_watched) = (RefCell::default(), Cell::new(false));
        Self(SendWrapper::new(Rc::new(Deadlines { host, waiting, is_watched })))
    }
}

impl<H: Host> Timer for HostTimer<H> {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let deadlines = Rc::clone(&self.0);
        Box::pin(UntilDeadline(SendWrapper::new(State { deadlines, deadline, place: None })))
    }

    fn now(&self) -> Instant {
        self.0.host.now()
    }
}

impl<H: Host> Deadlines<H> {
    fn add(self: &Rc<Self>, deadline: Instant, waker: Waker) -> usize {
        if !self.is_watched.replace(true) {
            self.host.spawn_background(Rc::clone(self).watch());
        }
        self.waiting.borrow_mut().insert(Waiting { deadline, waker })
    }

    /// Wakes whoever is due, until nobody waits.
    async fn watch(self: Rc<Self>) {
        while !self.waiting.borrow().is_empty() {
            self.host.sleep(TICK).await;
            let now = self.host.now();
            let due = |(_, waiting): (usize, &Waiting)| {
                (waiting.deadline <= now).then(|| waiting.waker.clone())
            };
            let due: Vec<_> = self.waiting.borrow().iter().filter_map(due).collect();
            due.into_iter().for_each(Waker::wake);
        }
        self.is_watched.set(false);
    }
}

/// Takes a place in the table only when it is really waited for: most requests arrive whole.
struct UntilDeadline<H: Host>(SendWrapper<State<H>>);

struct State<H: Host> {
    deadlines: Rc<Deadlines<H>>,
    deadline: Instant,
    place: Option<usize>,
}

impl<H: Host> Sleep for UntilDeadline<H> {}

// Nothing in it is pinned in place.
impl<H: Host> Unpin for UntilDeadline<H> {}

impl<H: Host> Future for UntilDeadline<H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let State { deadlines, deadline, place } = &mut *self.0;
        if deadlines.host.now() >= *deadline {
            return Poll::Ready(());
        }
        match *place {
            Some(place) => {
                deadlines.waiting.borrow_mut()[place].waker.clone_from(context.waker());
            }
            None => *place = Some(deadlines.add(*deadline, context.waker().clone())),
        }
        Poll::Pending
    }
}

impl<H: Host> Drop for State<H> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.deadlines.waiting.borrow_mut().remove(place);
        }
    }
}
