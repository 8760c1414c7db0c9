//! What letters say. Nothing in them was typed by whoever caused them: a letter to a stranger's
//! address must not be a way to write to them.

use onsale_core::time::Span;

use crate::secret::Token;

/// A subject and a text.
pub(super) struct Wording {
    pub subject: String,
    pub text: String,
}

/// Who writes, and where their pages are.
pub(super) struct Sender<'a> {
    pub platform: &'a str,
    pub site_url: &'a str,
}

impl Sender<'_> {
    /// To whoever wants to have an account, or another address for theirs.
    pub(super) fn confirm(&self, token: &Token, good_for: Span) -> Wording {
        let link = self.link("confirm-email", token);
        self.letter(
            "Confirm your e-mail address",
            &format!(
                "Somebody, most likely you, has given this address to {}.\n\n\
                 To confirm that it is yours, open this page within {}:\n\n{link}\n\n\
                 If it was not you, there is nothing to do: without this page the address is not \
                 used.",
                self.platform,
                hours(good_for),
            ),
        )
    }

    /// To whoever has an account, when somebody tries to use their address for another one.
    pub(super) fn known_already(&self) -> Wording {
        self.letter(
            "You have an account already",
            &format!(
                "Somebody, most likely you, has given this address to {} for a new account or for \
                 another one. You have an account with it already, and nothing has changed.\n\n\
                 To sign in, use your password; if you have forgotten it, ask for another one.\n\n\
                 If it was not you, there is nothing to do.",
                self.platform
            ),
        )
    }

    /// To whoever has forgotten their password.
    pub(super) fn reset(&self, token: &Token, good_for: Span) -> Wording {
        let link = self.link("reset-password", token);
        self.letter(
            "Choose a new password",
            &format!(
                "Somebody, most likely you, wants to choose a new password for your account at \
                 {}.\n\nTo do so, open this page within {}:\n\n{link}\n\n\
                 You are signed out everywhere then. If it was not you, there is nothing to do: \
                 your password has not changed.",
                self.platform,
                hours(good_for),
            ),
        )
    }

    /// To the address that an account had.
    pub(super) fn email_changed(&self) -> Wording {
        self.letter(
            "Your e-mail address was changed",
            &format!(
                "Letters about your account at {} go to another address from now on, and not to \
                 this one.\n\nIf it was not you, write to us at once.",
                self.platform
            ),
        )
    }

    /// To whoever can sign in elsewhere from now on.
    pub(super) fn identity_linked(&self) -> Wording {
        self.letter(
            "Another way to sign in",
            &format!(
                "Your account at {} can be opened by signing in elsewhere, from now on.\n\n\
                 If it was not you, sign in, remove it from your account and write to us.",
                self.platform
            ),
        )
    }

    /// To whoever has another password now.
    pub(super) fn password_changed(&self) -> Wording {
        self.letter(
            "Your password was changed",
            &format!(
                "The password of your account at {} was changed, and other devices were signed \
                 out.\n\nIf it was not you, choose a new password at once, by \"forgotten \
                 password\".",
                self.platform
            ),
        )
    }

    /// To whoever had an account.
    pub(super) fn erased(&self) -> Wording {
        self.letter(
            "Your account was deleted",
            &format!(
                "Your account at {} was deleted, and with it everything that we knew about you. \
                 Orders and amounts are kept as the law wants it, without your name.\n\n\
                 If it was not you, write to us at once.",
                self.platform
            ),
        )
    }

    fn link(&self, page: &str, token: &Token) -> String {
        format!("{}/account/{page}?token={}", self.site_url, token.expose())
    }

    fn letter(&self, subject: &str, body: &str) -> Wording {
        let text = format!("Hello,\n\n{body}\n\n{}\n", self.platform);
        Wording { subject: format!("{}: {subject}", self.platform), text }
    }
}

/// In words.
fn hours(span: Span) -> String {
    match span.as_ms().div_ceil(60 * 60 * 1_000) {
        0 | 1 => "an hour".to_owned(),
        hours => format!("{hours} hours"),
    }
}
