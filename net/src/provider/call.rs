//! One call of a provider: within a time, and counted by its circuit breaker.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::{AskError, Providers};

/// Waits until the provider may be asked. One that is not there need not be waited for.
pub(super) async fn admission(providers: &Providers, name: &str) {
    let Some(breaker) = providers.breaker(name) else { return };
    while let Err(wait) = breaker.admit(Instant::now()) {
        sleep(wait).await;
    }
}

/// Whether the provider may be asked now.
pub(super) fn is_admitted(providers: &Providers, name: &str) -> bool {
    providers.breaker(name).is_none_or(|breaker| breaker.admit(Instant::now()).is_ok())
}

/// Makes a call that was admitted, and takes note of how it went.
pub(super) async fn call<T>(
    providers: &Providers,
    name: &str,
    time: Duration,
    call: impl Future<Output = Result<T, AskError>>,
) -> Result<T, AskError> {
    let late = |_| Err(AskError::Temporary("no answer in time".into()));
    let answer = timeout(time, call).await.unwrap_or_else(late);
    let Some(breaker) = providers.breaker(name) else { return answer };
    if let Err(AskError::Temporary(reason)) = &answer {
        if breaker.failed(Instant::now()) {
            warn!(provider = name, reason, "the provider does not work: it is left alone");
        }
    } else if breaker.succeeded() {
        info!(provider = name, "the provider works again");
    }
    answer
}
