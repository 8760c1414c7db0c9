//! Whom the load is meant for: an address that is this machine's own, or was vouched for.

use std::net::{SocketAddr, ToSocketAddrs};

use thiserror::Error;

/// A server to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    address: SocketAddr,
    host: String,
}

/// Why something is no target.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It would be the encryption that is measured.
    #[error(
        "{0}: https is not spoken here; name the server itself (http://host:port), not the proxy \
         before it"
    )]
    Encrypted(String),
    /// Neither a scheme that is known, nor host and port.
    #[error("{0}: expected an address such as http://127.0.0.1:8080")]
    Malformed(String),
    /// The paths are those of the API.
    #[error("{0}: leave out the path: expected an address such as http://127.0.0.1:8080")]
    HasPath(String),
    /// Nobody knows the name.
    #[error("{host}: cannot be resolved ({problem}); name an address such as 127.0.0.1")]
    Unknown {
        /// What was to be resolved.
        host: String,
        /// What the system said.
        problem: String,
    },
    /// Load on somebody else's machine is an attack.
    #[error(
        "{host} is {address}, which is not this machine; if it is yours to put under load, add \
         --i-own-this-host"
    )]
    NotLoopback {
        /// As it was given.
        host: String,
        /// What it stands for.
        address: SocketAddr,
    },
}

impl Target {
    /// Reads `http://host:port`. Any address but this machine's own is refused unless the caller
    /// says `i_own_this_host`.
    pub fn parse(text: &str, i_own_this_host: bool) -> Result<Self, TargetError> {
        let authority = authority(text)?;
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| is_number(port));
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        let unknown = |problem: String| TargetError::Unknown { host: with_port.clone(), problem };
        let addresses = with_port.to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
        let mut addresses: Vec<SocketAddr> = addresses.collect();
        let foreign = addresses.iter().find(|address| !address.ip().is_loopback());
        if let (Some(&address), false) = (foreign, i_own_this_host) {
            return Err(TargetError::NotLoopback { host: authority.to_owned(), address });
        }
        // The first of the older kind, if there is one: of those this machine has many.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let address = addresses.first().ok_or_else(|| unknown("it has no address".to_owned()))?;
        Ok(Self { address: *address, host: authority.to_owned() })
    }

    /// Where to connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same machine at another port.
    #[must_use]
    pub fn at_port(&self, port: u16) -> Self {
        let mut address = self.address;
        address.set_port(port);
        Self { address, host: address.to_string() }
    }

    /// What the header `Host` says.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// As it is written: `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }
}

fn authority(text: &str) -> Result<&str, TargetError> {
    let rest = match text.split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", _)) => return Err(TargetError::Encrypted(text.to_owned())),
        _ => return Err(TargetError::Malformed(text.to_owned())),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !path.is_empty() {
        return Err(TargetError::HasPath(text.to_owned()));
    }
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || ".-_:[]".contains(c));
    if authority.is_empty() || authority.starts_with(':') || authority.contains(is_odd) {
        return Err(TargetError::Malformed(text.to_owned()));
    }
    Ok(authority)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, TargetError> {
        Target::parse(text, false)
    }

    #[test]
    fn an_address_of_this_machine_is_a_target() {
        for (text, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.9:8080/", "127.0.0.9:8080"),
            ("http://127.0.0.1", "127.0.0.1:80"),
            ("http://localhost:81", "127.0.0.1:81"),
            ("http://[::1]:82", "[::1]:82"),
        ] {
            assert_eq!(parse(text).unwrap().address(), address.parse().unwrap(), "{text}");
        }
        let target = parse("http://localhost:81/").unwrap();
        assert_eq!((target.host(), target.url().as_str()), ("localhost:81", "http://localhost:81"));
    }

    #[test]
    fn somebody_elses_machine_is_a_target_only_for_who_owns_it() {
        for text in ["http://192.0.2.1:80", "http://0.0.0.0:80", "http://[2001:db8::1]:80"] {
            let refused = parse(text).unwrap_err();
            assert!(matches!(refused, TargetError::NotLoopback { .. }), "{text}");
            assert!(refused.to_string().contains("--i-own-this-host"));
            assert!(Target::parse(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_write() {
        for (text, words) in [
            ("https://127.0.0.1:8080", "https is not spoken"),
            ("127.0.0.1:8080", "such as http://127.0.0.1:8080"),
            ("http://", "such as http://127.0.0.1:8080"),
            ("http://:80", "such as http://127.0.0.1:8080"),
            ("http://me@127.0.0.1:80", "such as http://127.0.0.1:8080"),
            ("http://127.0.0.1:80\r\nX: y", "such as http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080/api/v1", "leave out the path"),
            ("http://127.0.0.1:80800", "cannot be resolved"),
            ("http://127.0.0.1:x", "cannot be resolved"),
        ] {
            let said = parse(text).unwrap_err().to_string();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
