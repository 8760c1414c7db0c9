//! Refresh tokens: opaque, good once, with a successor each time (RFC 9700, section 4.14.2).
//!
//! A token is 384 random bits: 128 that all tokens of a session share, the family, and 256 that are
//! its own. The row has the fingerprints of the family, of the token that is good, and of the one
//! before. So a token of the family that is neither is one that was spent long ago: somebody has a
//! copy, and the session ends. One row is enough however often a session is renewed.
//!
//! A reply may be lost, and two tabs may ask at once: for a moment the token before is answered
//! with the same successor. That is kept sealed with the token itself: the row says it only to
//! whoever has the token already.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use onsale_core::time::Time;
use sha2::Sha256;
use sqlx::any::AnyRow;
use thiserror::Error;

use super::SignedIn;
use crate::accounts::Accounts;
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};
use crate::id::SessionId;
use crate::secret::{decode, encode, fingerprint, random};

const FAMILY_BYTES: usize = 16;
const OWN_BYTES: usize = 32;
const BYTES: usize = FAMILY_BYTES + OWN_BYTES;

/// What renews a session, once.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    family: [u8; FAMILY_BYTES],
    own: [u8; OWN_BYTES],
}

/// The text is no refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the refresh token is none of ours")]
pub struct NotARefreshToken;

impl RefreshToken {
    /// What every token begins with, so that one that leaked is recognised for what it is.
    const PREFIX: &str = "onr_";

    /// The first of a family.
    pub(in crate::accounts) fn random() -> Self {
        Self { family: random(), own: random() }
    }

    /// Another one of the family.
    fn successor(&self) -> Self {
        Self { family: self.family, own: random() }
    }

    /// How it is kept.
    pub(super) fn hash(&self) -> String {
        fingerprint(self.own)
    }

    /// How its family is kept.
    pub(super) fn family_hash(&self) -> String {
        fingerprint(self.family)
    }

    /// The successor, readable for whoever has this token only.
    fn seal(&self, successor: &Self) -> String {
        encode(&self.mask(successor.own))
    }

    /// The successor out of what was sealed.
    fn unseal(&self, sealed: &str) -> Option<Self> {
        Some(Self { family: self.family, own: self.mask(decode(sealed)?) })
    }

    /// A pad that is used once: a token has one successor.
    fn mask(&self, mut bytes: [u8; OWN_BYTES]) -> [u8; OWN_BYTES] {
        let mac = Hmac::<Sha256>::new_from_slice(&self.own).expect("HMAC takes keys of any length");
        let pad = mac.chain_update(b"onsale refresh successor").finalize().into_bytes();
        bytes.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        bytes
    }
}

impl fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.family[..], &self.own].concat();
        write!(f, "{}{}", Self::PREFIX, encode(&bytes))
    }
}

impl FromStr for RefreshToken {
    type Err = NotARefreshToken;

    fn from_str(text: &str) -> Result<Self, NotARefreshToken> {
        let bytes = text.strip_prefix(Self::PREFIX).and_then(decode::<BYTES>);
        let bytes = bytes.ok_or(NotARefreshToken)?;
        let (mut family, mut own) = ([0; FAMILY_BYTES], [0; OWN_BYTES]);
        family.copy_from_slice(&bytes[..FAMILY_BYTES]);
        own.copy_from_slice(&bytes[FAMILY_BYTES..]);
        Ok(Self { family, own })
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

/// Why a session is not renewed.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// There is no session with it, or that has ended.
    #[error("the session has ended, or was never there: sign in again")]
    Invalid,
    /// It was spent before: somebody has a copy.
    #[error("the refresh token was used before, so the session has been ended: sign in again")]
    Reused,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a token is to its session.
enum Standing {
    /// The one that is good.
    Good,
    /// The one before it, a moment ago.
    Before { successor: RefreshToken },
    /// Spent.
    Spent,
}

impl Accounts {
    /// Renews a session: another refresh token for this one.
    pub async fn refresh(&self, token: &RefreshToken, now: Time) -> Result<SignedIn, RefreshError> {
        self.database().retried(|| self.refresh_once(token, now)).await
    }

    async fn refresh_once(
        &self,
        token: &RefreshToken,
        now: Time,
    ) -> Result<SignedIn, RefreshError> {
        let mut transaction = self.database().transaction().await?;
        // Nobody else renews it meanwhile: the row is written before it is read.
        let touch = sqlx::query(TOUCH).bind(token.family_hash()).bind(millis(now));
        let row = transaction.find(touch).await?.ok_or(RefreshError::Invalid)?;
        let session: SessionId = row.parsed("session")?;
        let (successor, expires_at) = match self.standing(token, &row, now)? {
            Standing::Good => {
                let expires_at = self.expiry(row.time("created_at")?, now);
                let successor = token.successor();
                rotate(&mut transaction, session, token, &successor, expires_at, now).await?;
                (successor, expires_at)
            }
            Standing::Before { successor } => (successor, row.time("expires_at")?),
            Standing::Spent => {
                let end = sqlx::query(END).bind(session.to_string()).bind(millis(now));
                transaction.execute(end).await?;
                transaction.commit().await?;
                self.ended().add(&[session], now);
                tracing::warn!(%session, "a spent refresh token came again: the session has ended");
                return Err(RefreshError::Reused);
            }
        };
        transaction.commit().await?;
        let person = row.parsed("person")?;
        Ok(SignedIn { person, session, refresh_token: successor, refresh_expires_at: expires_at })
    }

    fn standing(
        &self,
        token: &RefreshToken,
        row: &AnyRow,
        now: Time,
    ) -> Result<Standing, StoreError> {
        let hash = token.hash();
        if row.text("token_hash")? == hash {
            return Ok(Standing::Good);
        }
        if row.text_if_any("previous_hash")? != Some(hash.as_str()) {
            return Ok(Standing::Spent);
        }
        let is_lately = now.since(row.time("rotated_at")?) <= self.settings().refresh_grace;
        let sealed = row.text_if_any("successor_sealed")?.filter(|_| is_lately);
        let successor = sealed.and_then(|sealed| token.unseal(sealed));
        Ok(successor.map_or(Standing::Spent, |successor| Standing::Before { successor }))
    }

    /// Ends the session of a refresh token, whether that is spent or not. Nothing happens if there
    /// is none.
    pub async fn sign_out_by(&self, token: &RefreshToken, now: Time) -> Result<(), StoreError> {
        let mut transaction = self.database().transaction().await?;
        let end = sqlx::query(END_FAMILY).bind(token.family_hash()).bind(millis(now));
        let row = transaction.find(end).await?;
        transaction.commit().await?;
        if let Some(row) = row {
            self.ended().add(&[row.parsed("session")?], now);
        }
        Ok(())
    }
}

async fn rotate(
    transaction: &mut Transaction,
    session: SessionId,
    token: &RefreshToken,
    successor: &RefreshToken,
    expires_at: Time,
    now: Time,
) -> Result<(), StoreError> {
    let rotate = sqlx::query(ROTATE)
        .bind(session.to_string())
        .bind(token.hash())
        .bind(successor.hash())
        .bind(token.seal(successor))
        .bind(millis(now))
        .bind(millis(expires_at));
    transaction.execute(rotate).await?;
    Ok(())
}

queries! {
    TOUCH = "UPDATE sessions SET used_at = $2 \
        WHERE family_hash = $1 AND ended_at IS NULL AND expires_at > $2 \
        RETURNING session, person, token_hash, previous_hash, successor_sealed, rotated_at, \
        created_at, expires_at";
    ROTATE = "UPDATE sessions SET previous_hash = $2, token_hash = $3, successor_sealed = $4, \
        rotated_at = $5, expires_at = $6 WHERE session = $1";
    END = "UPDATE sessions SET ended_at = $2 WHERE session = $1";
    END_FAMILY = "UPDATE sessions SET ended_at = $2 \
        WHERE family_hash = $1 AND ended_at IS NULL RETURNING session";
}
