//! Bytes that nobody can foresee.

/// So many random bytes.
///
/// # Panics
/// If the operating system has none, which it promises to have once it has started.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
