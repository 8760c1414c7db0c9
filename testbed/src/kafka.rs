//! A private broker that speaks Kafka's protocol and keeps nothing: Tansu.
//!
//! Debian has none. `cargo xtask kafka` installs one and says in [`KAFKA_VARIABLE`] where.

use std::env;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::free_port;
use crate::service::{Service, ServiceError, dependent, temporary_folder};

/// The environment variable with the path of the broker's program.
pub const KAFKA_VARIABLE: &str = "TESTBED_KAFKA";

/// A private Kafka.
#[derive(Debug)]
pub struct Kafka {
    service: Option<Service>,
    folder: TempDir,
    port: u16,
    /// Where it tells its clients to go.
    advertised_port: u16,
}

impl Kafka {
    /// Starts one.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        let port = free_port()?;
        Self::start_at(port, port)
    }

    /// Starts one that tells its clients to go to another port.
    pub(crate) fn start_behind(port: u16) -> Result<Self, ServiceError> {
        Self::start_at(free_port()?, port)
    }

    fn start_at(port: u16, advertised_port: u16) -> Result<Self, ServiceError> {
        let folder = temporary_folder("onsale-kafka")?;
        let mut kafka = Self { service: None, folder, port, advertised_port };
        kafka.start_again()?;
        Ok(kafka)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens: `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would. Its clients find nobody, until it is started again.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            service.kill();
        }
    }

    /// Starts it at the same port after it was killed. It has forgotten everything.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_again(&mut self) -> Result<(), ServiceError> {
        let program = env::var(KAFKA_VARIABLE)
            .map_err(|_| ServiceError::Elsewhere { name: "Kafka", command: "cargo xtask kafka" })?;
        let url = |port| format!("tcp://127.0.0.1:{port}");
        let mut server = dependent(&program, &[]);
        server.args(["broker", "--storage-engine", "memory://tansu/"]);
        server.args(["--listener-url", &url(self.port)]);
        server.args(["--advertised-listener-url", &url(self.advertised_port)]);
        server.current_dir(self.folder.path());
        let mut service = Service::start("Kafka", server, &self.folder.path().join("log"))?;
        service.wait_until(|log| log.contains("ready in"))?;
        self.service = Some(service);
        Ok(())
    }

    /// Has it stand still: connections stay open, and nothing is answered until [`Self::thaw`].
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Has it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(service) = &self.service {
            service.signal(signal);
        }
    }
}
