//! Real services for tests: a private PostgreSQL and a private Redis, each on a free port of
//! 127.0.0.1 in a temporary directory, found or installed from Debian's packages; and a Kafka,
//! where one was installed.
//!
//! A service ends when it is dropped, or when the process that started it dies. Deliberately
//! absent: anything of Onsale, and services of other companies (whoever tests against those has a
//! fake that speaks their protocol).

mod kafka;
mod kafka_door;
mod packages;
mod postgres;
mod redis;
mod service;

pub use self::kafka::{KAFKA_VARIABLE, Kafka};
pub use self::kafka_door::{GuardedKafka, KAFKA_PYTHON_VARIABLE};
pub use self::packages::{
    PgPrograms, find_postgres, find_program, find_python, find_redis, is_root,
};
pub use self::postgres::{POSTGRES_VARIABLE, Postgres, postgres_url};
pub use self::redis::Redis;
pub use self::service::{Service, ServiceError};

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A port of 127.0.0.1 on which nobody listens.
///
/// # Errors
/// If the system has none left.
pub fn free_port() -> Result<u16, ServiceError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let port = listener.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(|source: io::Error| ServiceError::Start { name: "a listener", source })
}
