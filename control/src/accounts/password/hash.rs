//! Argon2id (RFC 9106), as PHC strings. The costs are those of OWASP's password storage cheat
//! sheet unless configured; a hash says itself what it cost, so that they can be raised later.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};

use super::Password;
use crate::secret;

/// How long a hash is, in bytes.
const OUTPUT_BYTES: usize = 32;

/// What it costs to hash a password once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost(Params);

impl Cost {
    /// 19 MiB, two passes, one lane: the second of OWASP's equals, which is the usual one.
    pub const MEMORY_KIB: u32 = 19_456;
    /// As above.
    pub const PASSES: u32 = 2;

    /// So much memory, so often gone through; `None` if Argon2 has no such cost.
    pub fn new(memory_kib: u32, passes: u32) -> Option<Self> {
        Params::new(memory_kib, passes, 1, Some(OUTPUT_BYTES)).ok().map(Self)
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::new(Self::MEMORY_KIB, Self::PASSES).expect("Argon2 has that cost")
    }
}

/// What hashing is done in: made once, used over and over.
#[derive(Debug, Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn of(&mut self, params: &Params) -> &mut [Block] {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::default());
        }
        &mut self.0[..blocks]
    }
}

/// A hash as it is kept, with a salt of its own.
pub fn hash(password: &Password, cost: &Cost, memory: &mut Memory) -> String {
    let salt: [u8; 16] = secret::random();
    let digest = digest(password, &salt, cost.0.clone(), memory);
    let kept = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&cost.0).expect("three numbers fit"),
        salt: Some(Salt::new(&salt).expect("16 bytes are a salt")),
        hash: Some(digest),
    };
    kept.to_string()
}

/// Whether `kept` is a hash of this password. What cannot be understood is of none.
pub fn is_of(password: &Password, kept: &str, memory: &mut Memory) -> bool {
    let Some((parsed, params)) = parse(kept) else { return false };
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else { return false };
    // Compares in constant time.
    digest(password, salt.as_ref(), params, memory) == expected
}

/// Whether a hash costs less, or more, than it should by now.
pub fn is_outdated(kept: &str, cost: &Cost) -> bool {
    parse(kept).is_none_or(|(_, params)| params != cost.0)
}

fn parse(kept: &str) -> Option<(PasswordHash, Params)> {
    let parsed = PasswordHash::new(kept).ok().filter(|one| one.algorithm == ARGON2ID_IDENT)?;
    let params = Params::try_from(&parsed).ok()?;
    let is_whole = parsed.hash.as_ref().is_some_and(|hash| hash.len() == OUTPUT_BYTES);
    is_whole.then_some((parsed, params))
}

fn digest(password: &Password, salt: &[u8], params: Params, memory: &mut Memory) -> Output {
    let blocks = memory.of(&params);
    let mut out = [0; OUTPUT_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut out, blocks)
        .expect("lengths and memory fit the parameters");
    Output::new(&out).expect("32 bytes are an output")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Cost {
        Cost::new(64, 1).unwrap()
    }

    #[test]
    fn a_hash_is_of_its_password_and_of_no_other() {
        let (memory, password) = (&mut Memory::default(), Password::typed("correct horse"));
        let (one, other) = (hash(&password, &cheap(), memory), hash(&password, &cheap(), memory));
        assert_ne!(one, other, "each has a salt of its own");
        assert!(one.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{one}");
        assert!(is_of(&password, &one, memory));
        assert!(!is_of(&Password::typed("correct horsf"), &one, memory));
        for wrong in ["", "x", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA", &one[..40]] {
            assert!(!is_of(&password, wrong, memory), "{wrong}");
        }
    }

    /// Of the reference implementation (phc-winner-argon2, test.c): m = 2^16 KiB, t = 2, p = 1.
    #[test]
    fn it_is_argon2id() {
        let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
                    $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(is_of(&Password::typed("password"), kept, &mut Memory::default()));
    }

    #[test]
    fn a_hash_of_another_cost_is_outdated() {
        let memory = &mut Memory::default();
        let kept = hash(&Password::typed("correct horse"), &cheap(), memory);
        assert!(!is_outdated(&kept, &cheap()));
        assert!(is_outdated(&kept, &Cost::default()));
        assert!(is_outdated("$2b$12$nonsense", &cheap()));
    }
}
