//! How limits are kept in Redis: one key for each bucket, changed by one script, which is atomic.
//! One Redis is meant, not a cluster: the keys of a script would have to be in one slot.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, RedisError, RedisResult, Script};
use thiserror::Error;

use super::Told;
use crate::gateway::limit::{Bucket, Subject};

/// Keys of one call of the script: nothing else runs in Redis meanwhile.
const KEYS_MAX: usize = 512;

/// Where Redis is, and how long it may take to answer.
#[derive(Clone, Debug)]
pub struct RedisClient {
    client: Client,
    timeout: Duration,
}

/// The text is not an address of Redis. It is not repeated: there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no address of a Redis: write it as redis://[user:password@]host[:port][/database]")]
pub struct UrlError;

impl RedisClient {
    /// Reads an address such as `redis://127.0.0.1:6379/0`.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, UrlError> {
        // TLS is not built in: it needs a tunnel.
        if !url.starts_with("redis://") {
            return Err(UrlError);
        }
        let client = Client::open(url).map_err(|_| UrlError)?;
        Ok(Self { client, timeout })
    }

    pub(super) async fn connect(&self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let script = Script::new(include_str!("spend.lua"));
        let mut link = Link { connection, script };
        // And has the rights that are needed.
        link.ask_whether_it_is_there().await?;
        Ok(link)
    }
}

/// What is to be spent from one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spending {
    pub(super) bucket: Bucket,
    pub(super) cost_us: u64,
    /// Only if the level stays below.
    pub(super) max_us: Option<u64>,
}

/// A connection.
pub(super) struct Link {
    connection: MultiplexedConnection,
    script: Script,
}

impl Link {
    /// Spends nothing.
    pub(super) async fn ask_whether_it_is_there(&mut self) -> Result<(), RedisError> {
        let _: Vec<u64> = self.script.prepare_invoke().invoke_async(&mut self.connection).await?;
        Ok(())
    }

    /// Spends, in order, and says how each went.
    pub(super) async fn spend(&mut self, spendings: &[Spending]) -> Result<Vec<Told>, RedisError> {
        let mut told = Vec::with_capacity(spendings.len());
        for some in spendings.chunks(KEYS_MAX) {
            let mut call = self.script.prepare_invoke();
            for Spending { bucket, cost_us, max_us } in some {
                call.key(key(*bucket)).arg(cost_us).arg(max_us.unwrap_or(0));
            }
            let answer: Vec<u64> = call.invoke_async(&mut self.connection).await?;
            told.extend(
                answer
                    .chunks_exact(2)
                    .map(|pair| Told { is_granted: pair[0] == 1, level_us: pair[1] }),
            );
        }
        Ok(told)
    }
}

/// Such as `onsale:limit:buy:address:c6336407`: an operator can look for it and delete it.
fn key(Bucket { class, subject }: Bucket) -> String {
    let class = class.name();
    match subject {
        Subject::Account(hash) => format!("onsale:limit:{class}:account:{hash:032x}"),
        Subject::Address(bits) => format!("onsale:limit:{class}:address:{bits:x}"),
        Subject::Person(person) => format!("onsale:limit:{class}:person:{person}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_of_a_redis_is_refused_without_repeating_it() {
        let timeout = Duration::from_millis(100);
        assert!(RedisClient::new("redis://:secret@127.0.0.1:6379/2", timeout).is_ok());
        for wrong in
            ["", "127.0.0.1", "http://a", "rediss://secret@a", "redis://a/b/c", "redis://a:b"]
        {
            let error = RedisClient::new(wrong, timeout).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{wrong}");
        }
    }
}
