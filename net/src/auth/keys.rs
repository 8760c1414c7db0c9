//! The keys that tokens are signed with: the newest signs, older ones verify until the last of
//! their tokens has expired. They can be rotated while the server runs, and nobody notices.
//!
//! A key is named by its thumbprint (RFC 7638), which is in the header of every token; a token
//! whose key is not in the ring is refused. The public keys are published as a JSON Web Key Set.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use onsale_core::time::{Span, Time};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::sync::watch;

/// So many keys may be in use at once: a rotation a day, with tokens that are good for a week, and
/// as many again.
const KEYS_MAX: usize = 16;

/// A key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// When it was made, which no two are at the same time.
    pub created_at: Time,
    /// An Ed25519 private key in PKCS#8 (DER).
    pub pkcs8: Vec<u8>,
}

/// The keys are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// There is none.
    #[error("there is no signing key")]
    None,
    /// Not PKCS#8, or not Ed25519.
    #[error("the signing key must be an Ed25519 private key in PKCS#8 (DER)")]
    NotEd25519,
}

/// A new signing key out of 32 bytes of entropy, as PKCS#8 (DER).
pub fn new_signing_key(entropy: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
    let document = SigningKey::from_bytes(entropy).to_pkcs8_der();
    document.map(|document| document.as_bytes().to_vec()).map_err(|_| KeyError::NotEd25519)
}

/// One key, ready for use.
pub struct TokenKey {
    id: String,
    created_at: Time,
    public: [u8; 32],
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
}

impl TokenKey {
    fn new(file: &KeyFile) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_der(&file.pkcs8).map_err(|_| KeyError::NotEd25519)?;
        let public = key.verifying_key().to_bytes();
        Ok(Self {
            id: thumbprint(&public),
            created_at: file.created_at,
            public,
            signing: EncodingKey::from_ed_der(&file.pkcs8),
            verifying: DecodingKey::from_ed_der(&public),
        })
    }

    /// Its name: the `kid` of its tokens.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was made.
    pub fn created_at(&self) -> Time {
        self.created_at
    }

    /// The public half: `x` of a JSON Web Key (RFC 8037).
    pub fn x(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.public)
    }
}

/// RFC 7638, section 3, with the members that RFC 8037, section 2, names.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(public);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// The keys in use, the newest first.
pub struct TokenKeys(Vec<Arc<TokenKey>>);

impl TokenKeys {
    /// These keys.
    pub fn of(files: &[KeyFile]) -> Result<Self, KeyError> {
        let keys: Result<Vec<_>, _> =
            files.iter().map(|file| TokenKey::new(file).map(Arc::new)).collect();
        let mut keys = keys?;
        keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        if keys.is_empty() { Err(KeyError::None) } else { Ok(Self(keys)) }
    }

    /// The one that signs.
    pub fn newest(&self) -> &TokenKey {
        // There is always one: see `of`.
        &self.0[0]
    }

    /// All of them, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &TokenKey> {
        self.0.iter().map(Arc::as_ref)
    }

    pub(super) fn find(&self, id: &str) -> Option<&TokenKey> {
        self.all().find(|key| key.id == id)
    }

    /// How many still verify tokens that are good for so long, at `now`: each does until the tokens
    /// that it signed last have expired, which it did until the next was made.
    fn in_use(&self, longest: Span, now: Time) -> usize {
        let is_past = |next: &TokenKey| next.created_at + longest <= now;
        self.all().position(is_past).map_or(self.0.len(), |next| next + 1)
    }
}

/// Where keys survive.
pub trait KeyStore: Send + Sync + 'static {
    /// Keeps a key, durably.
    fn put(&self, key: &KeyFile) -> io::Result<()>;

    /// Removes the key that was made then.
    fn remove(&self, created_at: Time) -> io::Result<()>;
}

/// Why there is no new key.
#[derive(Debug, Error)]
pub enum RotateError {
    /// Earlier ones are all still in use.
    #[error("there are {KEYS_MAX} keys in use, which is enough: wait until the oldest is not")]
    Full,
    /// It cannot be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be kept.
    #[error("the new key cannot be kept: {0}")]
    Store(#[from] io::Error),
}

/// The keys, as they are at any time. A cheap handle.
#[derive(Clone)]
pub struct KeyRing(Arc<Ring>);

struct Ring {
    keys: watch::Sender<Arc<TokenKeys>>,
    store: Arc<dyn KeyStore>,
    /// How long the longest token is good.
    longest: Span,
    rotating: Mutex<()>,
}

impl KeyRing {
    /// These keys, for tokens that are good for `longest` at most; new ones go into `store`.
    pub fn new(
        files: &[KeyFile],
        longest: Span,
        store: Arc<dyn KeyStore>,
    ) -> Result<Self, KeyError> {
        let (keys, _) = watch::channel(Arc::new(TokenKeys::of(files)?));
        Ok(Self(Arc::new(Ring { keys, store, longest, rotating: Mutex::default() })))
    }

    /// One key, which stays.
    pub fn fixed(pkcs8: Vec<u8>) -> Result<Self, KeyError> {
        let file = KeyFile { created_at: Time::ZERO, pkcs8 };
        Self::new(&[file], Span::from_ms(u64::MAX), Arc::new(Nowhere))
    }

    /// How one core sees them.
    pub fn view(&self) -> KeysView {
        let mut news = self.0.keys.subscribe();
        let keys = Arc::clone(&news.borrow_and_update());
        KeysView { news, keys }
    }

    /// Makes a new key out of entropy, which signs from now on. Those that are not in use any more
    /// are removed. Waits for the disk.
    pub fn rotate(&self, entropy: &[u8; 32], now: Time) -> Result<Arc<TokenKeys>, RotateError> {
        let ring = &self.0;
        // One after the other; what a panic left is whole.
        let _turn = ring.rotating.lock().unwrap_or_else(PoisonError::into_inner);
        let before = Arc::clone(&ring.keys.borrow());
        let in_use = before.in_use(ring.longest, now);
        if in_use >= KEYS_MAX {
            return Err(RotateError::Full);
        }
        let created_at = now.max(before.newest().created_at + Span::from_ms(1));
        let file = KeyFile { created_at, pkcs8: new_signing_key(entropy)? };
        let key = Arc::new(TokenKey::new(&file)?);
        ring.store.put(&file)?;
        let (kept, past) = before.0.split_at(in_use);
        let keys = [key].into_iter().chain(kept.iter().cloned()).collect();
        let keys = Arc::new(TokenKeys(keys));
        ring.keys.send_replace(Arc::clone(&keys));
        for key in past {
            if let Err(error) = ring.store.remove(key.created_at) {
                tracing::warn!(%error, kid = key.id, "an old signing key cannot be removed");
            }
        }
        Ok(keys)
    }
}

/// The keys as one core knows them: it looks for news with one atomic load.
pub struct KeysView {
    news: watch::Receiver<Arc<TokenKeys>>,
    keys: Arc<TokenKeys>,
}

impl KeysView {
    /// The keys as they are now.
    pub fn now(&mut self) -> Arc<TokenKeys> {
        // The ring may be gone before the core is: the keys are still good.
        if self.news.has_changed().unwrap_or(false) {
            self.keys = Arc::clone(&self.news.borrow_and_update());
        }
        Arc::clone(&self.keys)
    }
}

/// For keys that stay.
struct Nowhere;

impl KeyStore for Nowhere {
    fn put(&self, _: &KeyFile) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove(&self, _: Time) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Span = Span::from_mins(7 * 24 * 60);
    const NOW: Time = Time::from_ms(1_790_848_800_217);

    #[derive(Default)]
    struct Drawer(Mutex<Vec<Time>>);

    impl KeyStore for Drawer {
        fn put(&self, key: &KeyFile) -> io::Result<()> {
            self.0.lock().unwrap().push(key.created_at);
            Ok(())
        }

        fn remove(&self, created_at: Time) -> io::Result<()> {
            self.0.lock().unwrap().retain(|kept| *kept != created_at);
            Ok(())
        }
    }

    fn file(seed: u8, created_at: Time) -> KeyFile {
        KeyFile { created_at, pkcs8: new_signing_key(&[seed; 32]).unwrap() }
    }

    fn ids(keys: &TokenKeys) -> Vec<String> {
        keys.all().map(|key| key.id.clone()).collect()
    }

    /// RFC 8037, appendix A.3.
    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let public = BASE64_URL_SAFE_NO_PAD.decode(x).unwrap().try_into().unwrap();
        assert_eq!(thumbprint(&public), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_newest_key_signs_whatever_the_order_they_are_read_in() {
        let (old, new) = (file(1, Time::ZERO), file(2, NOW));
        let keys = TokenKeys::of(&[old.clone(), new.clone()]).unwrap();
        let turned = TokenKeys::of(&[new.clone(), old]).unwrap();
        assert_eq!(ids(&keys), ids(&turned));
        assert_eq!(keys.newest().created_at(), NOW);
    }

    #[test]
    fn every_view_sees_a_rotation_and_old_keys_stay_until_their_tokens_have_expired() {
        let drawer = Arc::new(Drawer::default());
        let ring = KeyRing::new(&[file(1, Time::ZERO)], LONGEST, drawer.clone()).unwrap();
        let mut views = [ring.view(), ring.view()];
        let first = views[0].now().newest().id.clone();
        ring.rotate(&[2; 32], NOW).unwrap();
        for view in &mut views {
            assert_eq!(view.now().all().count(), 2);
            assert!(view.now().newest().id != first && view.now().find(&first).is_some());
        }
        let later = NOW + LONGEST;
        ring.rotate(&[3; 32], later - Span::from_ms(1)).unwrap();
        assert!(views[0].now().find(&first).is_some());
        ring.rotate(&[4; 32], later).unwrap();
        assert!(views[0].now().find(&first).is_none());
        assert_eq!(drawer.0.lock().unwrap().len(), 3);
    }

    #[test]
    fn two_rotations_at_one_moment_make_two_keys() {
        let ring = KeyRing::new(&[file(1, NOW)], LONGEST, Arc::new(Drawer::default())).unwrap();
        let earlier = Time::from_ms(NOW.as_ms() - 60_000);
        ring.rotate(&[2; 32], earlier).unwrap();
        let keys = ring.rotate(&[3; 32], earlier).unwrap();
        let times: Vec<_> = keys.all().map(|key| key.created_at).collect();
        assert!(times.is_sorted_by(|one, next| one > next), "{times:?}");
    }

    #[test]
    fn the_ring_is_bounded() {
        let ring = KeyRing::new(&[file(0, NOW)], LONGEST, Arc::new(Drawer::default())).unwrap();
        for seed in 1..16 {
            ring.rotate(&[seed; 32], NOW).unwrap();
        }
        assert!(matches!(ring.rotate(&[16; 32], NOW), Err(RotateError::Full)));
        assert!(ring.rotate(&[16; 32], NOW + LONGEST + Span::from_ms(20)).is_ok());
    }

    /// A key that would be lost with the next restart must not sign.
    #[test]
    fn a_key_that_cannot_be_kept_is_not_used() {
        let ring = KeyRing::fixed(new_signing_key(&[1; 32]).unwrap()).unwrap();
        assert!(matches!(ring.rotate(&[2; 32], NOW), Err(RotateError::Store(_))));
        assert_eq!(ring.view().now().all().count(), 1);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let file = KeyFile { created_at: NOW, pkcs8: b"key".to_vec() };
        assert_eq!(TokenKeys::of(&[file]).err(), Some(KeyError::NotEd25519));
        assert_eq!(TokenKeys::of(&[]).err(), Some(KeyError::None));
    }
}
