//! Long polls: an answer is held back until it is news, for at most 25 seconds.

use onsale_core::query::View;
use onsale_core::time::{Span, Time};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::dto::in_query;
use crate::port::Wait;
use crate::problem::Problem;

/// The longest wait: below the patience of common proxies.
const WAIT_MS_MAX: u64 = 25_000;

/// A wish to hear of a change.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Patience {
    /// How long to wait for a change at most, in milliseconds; 0 answers at once.
    #[serde(default)]
    #[param(default = 0, maximum = 25_000, example = 25_000)]
    wait_ms: u64,
    /// The `version` that is known: the answer comes as soon as there is another. Without it the
    /// answer comes at once.
    #[param(example = "QUEUED")]
    seen: Option<String>,
}

impl Patience {
    /// Refuses to wait for longer than anybody may.
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.wait_ms <= WAIT_MS_MAX {
            return Ok(());
        }
        in_query("wait_ms", Err(format!("must be at most {WAIT_MS_MAX}")))
    }

    /// What to wait for, where `version` says what a view's version is.
    pub(super) fn wait(
        self,
        now: Time,
        version: impl Fn(&View) -> Option<String> + Send + 'static,
    ) -> Option<Wait> {
        let seen = self.seen.filter(|_| self.wait_ms > 0)?;
        let old_news = Box::new(move |view: &View| version(view).as_deref() == Some(&*seen));
        Some(Wait { until: now + Span::from_ms(self.wait_ms), old_news })
    }
}
