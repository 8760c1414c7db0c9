//! What every scenario says about whoever is at a connection.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::desk::{Desk, Setback};
use super::{ClosedError, Plan};
use crate::measure::StepKind;

/// What somebody begins with.
pub(super) struct Start {
    pub(super) plan: Arc<Plan>,
    /// Tokens of guests from a run before.
    pub(super) tokens: Vec<String>,
    /// Where it is counted what is prepared.
    pub(super) prepared: Arc<AtomicU64>,
}

/// Whoever is at a connection.
pub(super) trait Person: Sized + 'static {
    /// The steps of a turn, named by their position.
    const STEPS: &'static [StepKind];
    /// Whether a turn that is under way at the end is cut off, because it only waits.
    const IS_CUT_OFF: bool = false;

    fn new(start: Start) -> Self;

    /// Does what must be done before anything is measured.
    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError>;

    /// Does what the scenario is about, once. It was due at that time.
    async fn turn(&mut self, desk: &mut Desk, due: Instant) -> Result<(), Setback>;

    /// The tokens of its guests, for a run after this.
    fn into_tokens(self) -> Vec<String>;
}

/// A step whose answer comes as soon as the server can give it.
pub(super) const fn prompt(name: &'static str) -> StepKind {
    StepKind { name, is_held_back: false }
}

/// A step whose answer comes when there is news.
pub(super) const fn held_back(name: &'static str) -> StepKind {
    StepKind { name, is_held_back: true }
}
