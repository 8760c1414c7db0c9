//! A private Kafka that is only reached over TLS and after a login.
//!
//! The broker cannot have both (Tansu 0.6), so there is a door before it, in a Python that
//! `cargo xtask kafka` installs: OpenSSL and scramp, which others have written, check what a client
//! says.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::free_port;
use crate::kafka::Kafka;
use crate::service::{Service, ServiceError, dependent, temporary_folder};

/// The environment variable with the path of a Python that has what speaks with a Kafka.
pub const KAFKA_PYTHON_VARIABLE: &str = "TESTBED_KAFKA_PYTHON";

/// Who may come in.
const USER: &str = "onsale";
const PASSWORD: &str = "not, known: \u{e4}nywhere = 1";

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kafka_door.py");

/// A private Kafka behind a door.
#[derive(Debug)]
pub struct GuardedKafka {
    _door: Service,
    _kafka: Kafka,
    folder: TempDir,
    port: u16,
}

impl GuardedKafka {
    /// Starts one.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        let python = env::var(KAFKA_PYTHON_VARIABLE)
            .map_err(|_| ServiceError::Elsewhere { name: "Kafka", command: "cargo xtask kafka" })?;
        let folder = temporary_folder("onsale-kafka-door")?;
        certify(folder.path())?;
        let port = free_port()?;
        let kafka = Kafka::start_behind(port)?;
        let mut door = dependent(&python, &[]);
        door.arg(PROGRAM).args([port, kafka.port()].map(|port| port.to_string()));
        door.args(["door.pem", "door.key", USER, PASSWORD]).current_dir(folder.path());
        let mut door = Service::start("the door of Kafka", door, &folder.path().join("log"))?;
        door.wait_until(|log| log.contains("open"))?;
        Ok(Self { _door: door, _kafka: kafka, folder, port })
    }

    /// Where it listens: `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Who may come in: name and password.
    pub fn login(&self) -> (&'static str, &'static str) {
        (USER, PASSWORD)
    }

    /// The file with the certificate of whoever signed its own, as PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// Writes an authority, and what it has signed for the door.
fn certify(folder: &Path) -> Result<(), ServiceError> {
    // They fail on names that are none, and where there is no entropy.
    let key = || KeyPair::generate().expect("a key can be drawn");
    let (authority_key, door_key) = (key(), key());
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Else the door's has the same name, and seems to have signed for itself.
    params.distinguished_name.push(DnType::CommonName, "authority");
    let authority = params.self_signed(&authority_key).expect("it can sign for itself");
    let issuer = Issuer::new(params, authority_key);
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address is a name");
    let door = params.signed_by(&door_key, &issuer).expect("an authority can sign");
    for (name, pem) in [
        ("ca.pem", authority.pem()),
        ("door.pem", door.pem()),
        ("door.key", door_key.serialize_pem()),
    ] {
        let path = folder.join(name);
        fs::write(&path, pem).map_err(|source| ServiceError::File { path, source })?;
    }
    Ok(())
}
