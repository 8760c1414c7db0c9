//! What is refused about accounts, as an HTTP answer.

use onsale_control::accounts::ProofError;
use onsale_control::accounts::address::AddressError;
use onsale_control::accounts::confirm::ConfirmError;
use onsale_control::accounts::password::strength::Weakness;
use onsale_control::accounts::password_change::PasswordChangeError;
use onsale_control::accounts::profile::ProfileError;
use onsale_control::accounts::register::RegisterError;
use onsale_control::accounts::reset::ResetError;
use onsale_control::accounts::session::refresh::RefreshError;
use onsale_control::accounts::sign_in::SignInError;
use onsale_core::time::Span;
use serde_json::json;

use super::Problem;
use super::catalog::{
    ALREADY_REGISTERED, EMAIL_TAKEN, FULL, INVALID_BODY, LINK_INVALID, OVERLOADED,
    PASSWORD_REQUIRED, PASSWORD_WEAK, PASSWORD_WRONG, REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED,
    SIGN_IN_AGAIN, SIGN_IN_FAILED, TOO_MANY_GUESSES,
};
use crate::auth::keys::RotateError;

/// As long as a full queue of passwords takes.
const HASHING_RETRY_AFTER_S: u32 = 5;

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        let detail = error.to_string();
        match error {
            RegisterError::AlreadyRegistered => Self::new(&ALREADY_REGISTERED, detail),
            RegisterError::Busy => busy(detail),
            RegisterError::Store(error) => error.into(),
            RegisterError::Weak(reasons) => weak(&reasons),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        let detail = error.to_string();
        match error {
            ConfirmError::AlreadyRegistered => Self::new(&ALREADY_REGISTERED, detail),
            ConfirmError::EmailTaken => Self::new(&EMAIL_TAKEN, detail),
            ConfirmError::Invalid => Self::new(&LINK_INVALID, detail),
            ConfirmError::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let detail = error.to_string();
        match error {
            SignInError::Busy => busy(detail),
            SignInError::Failed => Self::new(&SIGN_IN_FAILED, detail),
            SignInError::Store(error) => error.into(),
            SignInError::Throttled(wait) => throttled(detail, wait),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        let detail = error.to_string();
        match error {
            RefreshError::Invalid => Self::new(&REFRESH_TOKEN_INVALID, detail),
            RefreshError::Reused => Self::new(&REFRESH_TOKEN_REUSED, detail),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        let detail = error.to_string();
        match error {
            ProofError::Busy => busy(detail),
            ProofError::NotFound => Self::no_account(),
            ProofError::PasswordRequired => Self::new(&PASSWORD_REQUIRED, detail),
            ProofError::PasswordWrong => Self::new(&PASSWORD_WRONG, detail),
            ProofError::SignInAgain => Self::new(&SIGN_IN_AGAIN, detail),
            ProofError::Store(error) => error.into(),
            ProofError::Throttled(wait) => throttled(detail, wait),
        }
    }
}

impl From<PasswordChangeError> for Problem {
    fn from(error: PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::Proof(error) => error.into(),
            PasswordChangeError::Weak(reasons) => weak(&reasons),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        let detail = error.to_string();
        match error {
            ResetError::Busy => busy(detail),
            ResetError::Invalid => Self::new(&LINK_INVALID, detail),
            ResetError::Store(error) => error.into(),
            ResetError::Weak(reasons) => weak(&reasons),
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Name => Self::at(&INVALID_BODY, "given_name", error.to_string()),
            ProfileError::NotFound => Self::no_account(),
            ProfileError::Store(error) => error.into(),
        }
    }
}

impl From<AddressError> for Problem {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Full => Self::new(&FULL, error.to_string()).member("what", "address"),
            AddressError::NotFound => Self::not_found("address"),
            AddressError::Store(error) => error.into(),
        }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Full => Self::new(&FULL, error.to_string()).member("what", "token key"),
            RotateError::Key(_) | RotateError::Store(_) => {
                tracing::error!(%error, "the signing keys");
                Self::internal("the new key cannot be kept")
            }
        }
    }
}

impl Problem {
    /// There is no such account; whoever asks may have none any more.
    pub(crate) fn no_account() -> Self {
        Self::not_found("account")
    }
}

fn busy(detail: String) -> Problem {
    Problem::new(&OVERLOADED, detail).retry_after(HASHING_RETRY_AFTER_S)
}

fn throttled(detail: String, wait: Span) -> Problem {
    let seconds = u32::try_from(wait.as_ms().div_ceil(1_000)).unwrap_or(u32::MAX);
    Problem::new(&TOO_MANY_GUESSES, detail).retry_after(seconds)
}

fn weak(reasons: &[Weakness]) -> Problem {
    let words: Vec<_> = reasons.iter().map(Weakness::to_string).collect();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code()).collect();
    let detail = format!("choose another password: {}", words.join("; "));
    Problem::new(&PASSWORD_WEAK, detail).member("reasons", json!(codes))
}
