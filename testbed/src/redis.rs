//! A private Redis that keeps nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::free_port;
use crate::packages::find_redis;
use crate::service::{Service, ServiceError, dependent, temporary_folder};

/// A private Redis.
#[derive(Debug)]
pub struct Redis {
    service: Option<Service>,
    folder: TempDir,
    port: u16,
}

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        find_redis()?;
        let folder = temporary_folder("onsale-redis")?;
        let mut redis = Self { service: None, folder, port: free_port()? };
        redis.start_again()?;
        Ok(redis)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would. Its clients find nobody, until it is started again.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            service.kill();
        }
    }

    /// Starts it at the same port after it was killed.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_again(&mut self) -> Result<(), ServiceError> {
        let mut server = dependent("redis-server", &[]);
        server.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        server.arg("--dir").arg(self.folder.path());
        let mut service = Service::start("Redis", server, &self.folder.path().join("log"))?;
        service.wait_until(|log| log.contains("Ready to accept connections"))?;
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

    /// The first line of its answer to a command, as the protocol has it; `None` without one.
    pub fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_server_can_go_and_come_back_at_the_same_place() {
        let mut redis = Redis::start().unwrap();
        let url = redis.url();
        redis.kill();
        assert!(TcpStream::connect(("127.0.0.1", redis.port)).is_err());
        redis.start_again().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", redis.port)).is_ok());
        assert_eq!(redis.url(), url);
        assert_eq!(redis.ask("PING").as_deref(), Some("+PONG"));
    }
}
