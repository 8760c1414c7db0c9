//! A sign-in that is under way at a provider. Whoever began it has a token that whoever comes back
//! must show, or somebody could be signed in to an account of somebody else's choice; the provider
//! gives back a state, which must be the one that was begun with (RFC 6749, section 10.12).

use std::str::FromStr;

use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};
use thiserror::Error;

use crate::accounts::{Accounts, Proof, ProofError};
use crate::database::{ReadRow, StoreError, millis, queries};
use crate::secret::{Token, fingerprint};

/// So long may it take.
const LIFETIME: Span = Span::from_mins(10);

/// A path of the site, to go back to: no other host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

/// The text is no path of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a path of the site, such as /signed-in, of at most 500 characters")]
pub struct NotAPath;

impl ReturnPath {
    const BYTES_MAX: usize = 500;

    /// As text: it begins with one slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReturnPath {
    type Err = NotAPath;

    /// What a browser could take for the beginning of another address is refused: two slashes,
    /// backslashes, which it takes for slashes, and whatever it leaves out, such as tabs.
    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte);
        let is_path = text.len() <= Self::BYTES_MAX
            && text.starts_with('/')
            && !text.starts_with("//")
            && text.bytes().all(is_plain);
        if is_path { Ok(Self(text.to_owned())) } else { Err(NotAPath) }
    }
}

/// What a visit is begun with.
#[derive(Clone, Debug)]
pub struct Visit {
    /// For whoever begins it.
    pub token: Token,
    /// For the provider, who gives it back.
    pub state: Token,
    /// For the provider, who puts it into the ID token.
    pub nonce: String,
    /// What the provider's code is exchanged with (PKCE, RFC 7636).
    pub verifier: String,
    /// Until when one may come back.
    pub expires_at: Time,
}

/// A visit that somebody came back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Which provider it was to.
    pub provider: String,
    /// What must be in the ID token.
    pub nonce: String,
    /// What the code is exchanged with.
    pub verifier: String,
    /// Where the site wants to go on.
    pub return_path: ReturnPath,
    /// Whose account is to be linked; `None` to sign in.
    pub person: Option<PersonId>,
}

impl Accounts {
    /// Begins a visit to a provider.
    pub async fn begin_visit(
        &self,
        provider: &str,
        return_path: &ReturnPath,
        person: Option<PersonId>,
        now: Time,
    ) -> Result<Visit, StoreError> {
        let (token, state) = (Token::random(), Token::random());
        let [nonce, verifier] = [(); 2].map(|()| Token::random().expose().to_owned());
        let expires_at = now + LIFETIME;
        let begin = sqlx::query(BEGIN)
            .bind(fingerprint(token.expose()))
            .bind(fingerprint(state.expose()))
            .bind(provider)
            .bind(&nonce)
            .bind(&verifier)
            .bind(return_path.as_str())
            .bind(person.map(|person| person.to_string()))
            .bind(millis(expires_at));
        self.database().change(begin).await?;
        Ok(Visit { token, state, nonce, verifier, expires_at })
    }

    /// Begins a visit to a provider that an account is to be linked to, for its owner.
    pub async fn begin_link(
        &self,
        provider: &str,
        return_path: &ReturnPath,
        proof: Proof,
        now: Time,
    ) -> Result<Visit, ProofError> {
        let person = proof.person;
        self.prove(proof, now).await?;
        Ok(self.begin_visit(provider, return_path, Some(person), now).await?)
    }

    /// Ends a visit: the same token and state are good for nothing any more. `None` if they do not
    /// belong together, or it took too long.
    pub async fn end_visit(
        &self,
        token: &str,
        state: &str,
        now: Time,
    ) -> Result<Option<Returned>, StoreError> {
        let mut transaction = self.database().transaction().await?;
        let end =
            sqlx::query(END).bind(fingerprint(token)).bind(fingerprint(state)).bind(millis(now));
        let row = transaction.find(end).await?;
        transaction.commit().await?;
        row.map(|row| {
            Ok(Returned {
                provider: row.text("provider")?.to_owned(),
                nonce: row.text("nonce")?.to_owned(),
                verifier: row.text("verifier")?.to_owned(),
                return_path: row.parsed("return_path")?,
                person: row.parsed_if_any("person")?,
            })
        })
        .transpose()
    }
}

queries! {
    BEGIN = "INSERT INTO provider_visits (visit_hash, state_hash, provider, nonce, verifier, \
        return_path, person, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    END = "DELETE FROM provider_visits \
        WHERE visit_hash = $1 AND state_hash = $2 AND expires_at > $3 \
        RETURNING provider, nonce, verifier, return_path, person";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_the_site_is_gone_back_to() {
        for path in ["/", "/signed-in", "/events/evt_0000001?from=sign-in&x=1"] {
            assert!(path.parse::<ReturnPath>().is_ok(), "{path}");
        }
        let long = format!("/{}", "x".repeat(500));
        for wrong in [
            "",
            "signed-in",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a#b",
            "/ä",
            "/a b",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(wrong.parse::<ReturnPath>(), Err(NotAPath), "{wrong:?}");
        }
    }
}
