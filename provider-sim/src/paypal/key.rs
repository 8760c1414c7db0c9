//! The key that notices are signed with, and its certificate: made when they are needed first, and
//! others at every start.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, SigningKey};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::OsRng;

/// The name that `PayPal`'s own certificate has.
const NAME: &str = "messageverificationcerts.paypal.com";

static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::new);

struct Signer {
    key: KeyPair,
    certificate: String,
}

/// The certificate, as PEM. Nobody vouches for it.
pub(super) fn certificate() -> &'static str {
    &SIGNER.certificate
}

/// The signature of `text` in base 64: RSA (PKCS #1 v1.5) with SHA-256.
pub(super) fn sign(text: &str) -> String {
    let signature = SIGNER.key.sign(text.as_bytes()).expect("an RSA key signs every text");
    BASE64_STANDARD.encode(signature)
}

impl Signer {
    fn new() -> Self {
        // Nothing here comes from outside, so it works always or never.
        let key = RsaPrivateKey::new(&mut OsRng, 2_048).expect("there are primes and entropy");
        let key = key.to_pkcs8_der().expect("a new key can be written down");
        let key = key.as_bytes().into();
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256);
        let key = key.expect("what was written down can be read");
        let mut parameters = CertificateParams::new([NAME.to_owned()]).expect("it is a name");
        parameters.distinguished_name.push(DnType::CommonName, NAME);
        let certificate = parameters.self_signed(&key).expect("a new key can sign");
        Self { certificate: certificate.pem(), key }
    }
}
