//! Keys that the provider of the tests signs with. None of them signs anything else.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use onsale_net::auth::keys::new_signing_key;
use serde_json::{Value, json};

/// A key, and what it is called.
#[derive(Clone)]
pub struct Signing {
    id: String,
    algorithm: Algorithm,
    key: EncodingKey,
    public: Value,
}

impl Signing {
    /// The key for this algorithm.
    pub fn new(algorithm: Algorithm, id: &str) -> Self {
        let der = |text: &str| BASE64_STANDARD.decode(text).unwrap();
        let key = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_der(&der(P256)),
            Algorithm::RS256 => EncodingKey::from_rsa_der(&der(RSA)),
            _ => return Self::of_seed(7, id),
        };
        let public = json!(Jwk::from_encoding_key(&key, algorithm).unwrap());
        Self { id: id.to_owned(), algorithm, key, public }
    }

    /// One of many keys of Ed25519.
    pub fn of_seed(seed: u8, id: &str) -> Self {
        let key = EncodingKey::from_ed_der(&new_signing_key(&[seed; 32]).unwrap());
        let x = SigningKey::from_bytes(&[seed; 32]).verifying_key();
        let x = BASE64_URL_SAFE_NO_PAD.encode(x.as_bytes());
        let public = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        Self { id: id.to_owned(), algorithm: Algorithm::EdDSA, key, public }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    /// The public half, as it is published.
    pub fn published(&self) -> Value {
        let mut jwk = self.public.clone();
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }
}

/// PKCS #8.
const P256: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBNky4YbMV49dTHeJyynsEvW4obhgTVVJ7nU/Lxud\
    v2mhRANCAATDAjWWZCF7saLFifICaldZfua8cCtVedVAoKzjlhffB+CHXf1m56m8rrNFshbnQEIPuO21Hv58QIgt\
    YFE3VMxX";

/// PKCS #1, of 2048 bits.
const RSA: &str = "\
    MIIEogIBAAKCAQEAmUhTIpusKRTlq8IWk1GONNzk5cxLrDtdC2lvP+kKKYgGkzipYP+byjmrRFwuKWS5UnmjMrzLWv\
    7bcI7VYOte3UptrXoX3vCJSOKaFKcD6gkSdk6u3jCGMBG8UR5QYEMacFRJ7EsXVa9D0cqJqJ9o/LoR9iGHi53xMuV4\
    yboM8UIuXP7RuP1kC2BNw7GE3i8eFPJ79aIkYLiy02gdjkP+x0YpPOKW33xuz+zHNCWMltL0so+qTTqkCur57GvCf1\
    bK1oqPcB3Zehpqh+AeEE970136Iv/VVU2sDoUdPoHBD1uQd6p4AnbYgYvyLDFJqJv92sANe9iZsuqx3/LYxwBlWQID\
    AQABAoIBAAmZkn9Z4ZPnF6VEsBZE5tOfvAQ6YcjlJOQok8ucZEMKnmLNCyqkh5TIPNY4sbls8gBc1uBAG7pUuNiZUX\
    rS8uuIFEtnmKQhS2/RpVXCygd3zvyy29fVkSnkindIHz+QJFFBrimK4GjA4835UdrKNRCS9LoGCo+vciI+Zey4ZsQb\
    SJQxoGWbVKfF2ExypGd+5A7SFq8P8Zfsp1ZQO0zNZIm1Bs8P0zdmzEaNNlgkOAX1NTGnq0K9TGDbBgS2qzs/bK2CPy\
    EXyRByxx+pjmrO4jV/QmSMHxsSob54l8IfYXqOeNXMD64vl3LgHLrkoLHqcYh8lvaIkxDjYf51YcZqDrsCgYEA2GGC\
    TuinaR1+Pzd9XWoZoXZnkS+5w0uOfAL1XT/oK3uYskcLfV97sq+MOmXV9NzxeKl7AThcligoshk33P3XVndVVvAvHE\
    1aV5VGSeDsOcekaYy/GnbOzO6W4tM46o2cqir7PI+i961FuYR/wo2uCAIZexwxG89mUhooqiFxpG8CgYEAtVkvck1f\
    6XWCAG8EmxRzkcfql9+IuWhaETT0QbEUS9oIzi4XEw/MHT8wYBBrdkjR2elnrlOLz7FWG08PGe76zAmz2wQp20EH06\
    0r1VjwXs5arMJhDz6QCPASQ5r1SUXHi3ClyNPEBxh5A/uXO6pPks5iD5Mrhie49birI2bKxrcCgYATbiYiadfmo4Rb\
    ruLuCYIFsrk4G14GAHnp/uYDmqKBjRa4I5MPjgxwjjz8XXqqA1EXsbhe8q21uiN1YrhWeuDkXdDm/qhsVTHgnYHzTm\
    RIB/pmlAHxIWwOkPoxoiABR/gie7uVw5wxu3iAYTqLwOc4xt9845oxUh1xD/JI3Ln0twKBgCOLKGaBzdOnKWTGXaO7\
    nW8sPMmpkVWto0GOHHWnrG+1e1ZV6EXfKcVttiCN91IGscLBIYYkb9m0S0ks9KvDkDpfiHXb2gxUMaGGZnn5ZZtfXJ\
    xRuM5RF8/4pcvEWmETISouWQAEqX4uiMGEFT8ngVMnykZ9NOGldXYLzNcydXn/AoGACf+4HJvt5J+/jtKj5HRlvnfs\
    09Rw1oD91YT1TaBWxpYYhrEqqcvyrg4HbbuHplpVdGWquc1NLZr3G/tT108SPQ5EsW5M9ZA1jSyx/uwXXPhf8A5n+c\
    rruLaNa8JkPK/8fPgzJ7urfyRIaCfqDblPaoFwwRT2t1WZ06Je5NC64EY=";
