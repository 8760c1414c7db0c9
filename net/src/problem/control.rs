//! How the control plane says no: the second half of [`super::catalog`].

use onsale_control::access::crew::CrewError;
use onsale_control::access::platform::RoleError;
use onsale_control::catalogue::CatalogueError;
use onsale_control::database::StoreError;
use onsale_control::webhooks::WebhookError;

use super::Problem;
use super::catalog::{
    BEYOND_OWN_ROLE, CONTROL_UNAVAILABLE, FULL, IN_USE, LAST_ADMIN, MODELS_BEHIND, NAME_TAKEN,
    NOT_FOUND, TOO_MANY_ENDPOINTS, VERSION_STALE,
};
use crate::conditional::tag;

impl Problem {
    /// There is no such thing, as far as the caller may know.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(&NOT_FOUND, format!("there is no such {what}")).member("what", what)
    }

    /// There is no control plane now.
    pub(crate) fn control_unavailable() -> Self {
        let detail = "accounts, catalogue and histories are away for a moment; the sale goes on";
        Self::new(&CONTROL_UNAVAILABLE, detail).retry_after(CONTROL_RETRY_AFTER_S)
    }

    /// The partition knows of an event that the read models have not come to yet.
    pub(crate) fn models_behind() -> Self {
        let detail = "the read models have not come to this event yet";
        Self::new(&MODELS_BEHIND, detail).retry_after(CONTROL_RETRY_AFTER_S)
    }
}

/// How long the database is given to come back.
const CONTROL_RETRY_AFTER_S: u32 = 2;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Broken(_) => {
                tracing::error!(%error, "the database");
                Self::internal("the database refuses what was asked of it")
            }
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the database");
                Self::control_unavailable()
            }
        }
    }
}

impl From<CatalogueError> for Problem {
    fn from(error: CatalogueError) -> Self {
        let detail = error.to_string();
        match error {
            CatalogueError::Crew(error) => error.into(),
            CatalogueError::InUse(what) => Self::new(&IN_USE, detail).member("what", what),
            CatalogueError::NameTaken(what) => Self::new(&NAME_TAKEN, detail).member("what", what),
            CatalogueError::NotFound(what) => Self::not_found(what),
            CatalogueError::Stale { what, current } => {
                Self::new(&VERSION_STALE, detail).member("what", what).member("etag", tag(current))
            }
            CatalogueError::Store(error) => error.into(),
        }
    }
}

impl From<CrewError> for Problem {
    fn from(error: CrewError) -> Self {
        let detail = error.to_string();
        match error {
            CrewError::BeyondOwn => Self::new(&BEYOND_OWN_ROLE, detail),
            CrewError::Full => Self::new(&FULL, detail).member("what", "role"),
            CrewError::LastAdmin => Self::new(&LAST_ADMIN, detail),
            CrewError::NoSuchAccount => Self::no_account(),
            CrewError::NotFound(what) => Self::not_found(what),
            CrewError::NotMember => Self::not_found("role"),
            CrewError::Store(error) => error.into(),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let detail = error.to_string();
        match error {
            WebhookError::Catalogue(error) => error.into(),
            WebhookError::TooMany { max } => {
                Self::new(&TOO_MANY_ENDPOINTS, detail).member("limit", max)
            }
        }
    }
}

impl From<RoleError> for Problem {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::NoSuchAccount => Self::no_account(),
            RoleError::Store(error) => error.into(),
        }
    }
}
