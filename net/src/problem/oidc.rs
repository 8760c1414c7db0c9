//! What is refused about signing in elsewhere, as an HTTP answer.

use onsale_control::accounts::identity::IdentityError;
use onsale_control::database::StoreError;
use thiserror::Error;

use super::Problem;
use super::catalog::{
    IDENTITY_TAKEN, LAST_WAY_IN, OVERLOADED, PROVIDER_AWAY, PROVIDER_REFUSED, VISIT_OVER,
};
use crate::oidc::ProviderError;

/// A provider that is restarted needs about as long.
const AWAY_RETRY_AFTER_S: u32 = 30;
/// One that is slow answers the next in about as long.
const BUSY_RETRY_AFTER_S: u32 = 5;

/// Why somebody who comes back from a provider gets nothing of it.
#[derive(Debug, Error)]
pub(crate) enum ReturnError {
    /// It cannot be linked to that account.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token and the state are not those of a visit, or of one for something else.
    #[error("the visit to the provider is over, or was another")]
    VisitOver,
}

impl From<ReturnError> for Problem {
    fn from(error: ReturnError) -> Self {
        let detail = error.to_string();
        match error {
            ReturnError::Identity(error) => error.into(),
            ReturnError::Provider(error) => error.into(),
            ReturnError::Store(error) => error.into(),
            ReturnError::VisitOver => Self::new(&VISIT_OVER, detail),
        }
    }
}

impl From<ProviderError> for Problem {
    /// Why it is away is for the operator: it goes to the log alone.
    fn from(error: ProviderError) -> Self {
        let detail = error.to_string();
        match error {
            ProviderError::Away(_) => {
                tracing::warn!(%error, "signing in elsewhere");
                let detail = "the provider does not answer as it should";
                Self::new(&PROVIDER_AWAY, detail).retry_after(AWAY_RETRY_AFTER_S)
            }
            ProviderError::Busy => Self::new(&OVERLOADED, detail).retry_after(BUSY_RETRY_AFTER_S),
            ProviderError::Refused(_) => {
                tracing::warn!(%error, "signing in elsewhere");
                Self::new(&PROVIDER_REFUSED, detail)
            }
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        let detail = error.to_string();
        match error {
            IdentityError::LastWayIn => Self::new(&LAST_WAY_IN, detail),
            IdentityError::NotFound => Self::not_found("identity"),
            IdentityError::Store(error) => error.into(),
            IdentityError::Taken => Self::new(&IDENTITY_TAKEN, detail),
        }
    }
}
