//! Where connections come from: several addresses of this machine in turn, because one has a port
//! for some 28,000 connections to one server only.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use thiserror::Error;
use tokio::net::{TcpSocket, TcpStream};

use crate::http::Failure;
use crate::target::Target;

/// The most source addresses: more than any machine has memory for their connections.
const COUNT_MAX: usize = 250;
/// Of the ports of an address, so many are used: the rest may be somebody else's, or cooling down.
const PORTS_PERCENT: usize = 80;
/// Ports of an address, where the system does not say.
const PORTS: usize = 28_000;

/// The addresses that connections come from, in turn. A cheap handle.
#[derive(Clone, Debug)]
pub struct Sources(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Empty: the system chooses.
    addresses: Vec<Ipv4Addr>,
    next: AtomicUsize,
}

/// Why there are no such sources.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SourcesError {
    /// Only 127.0.0.0/8 has more than one address without configuring anything.
    #[error(
        "{0} can be reached from one source address only, which has ports for {1} connections; \
         name a target at 127.0.0.1, or use fewer connections"
    )]
    OneOnly(String, usize),
    /// None, or very many.
    #[error("{0} source addresses: give 1 to 250")]
    Count(usize),
}

impl Sources {
    /// `count` addresses, from 127.0.0.1 on, for a target in 127.0.0.0/8; for other targets it must
    /// be 1, and the system chooses.
    pub fn new(target: &Target, count: usize) -> Result<Self, SourcesError> {
        let is_v4 = matches!(target.address().ip(), IpAddr::V4(ip) if ip.is_loopback());
        if !(1..=COUNT_MAX).contains(&count) {
            return Err(SourcesError::Count(count));
        }
        if !is_v4 && count > 1 {
            return Err(SourcesError::OneOnly(target.host().to_owned(), ports()));
        }
        let last = if is_v4 { count as u8 } else { 0 };
        let addresses = (1..=last).map(|n| Ipv4Addr::new(127, 0, 0, n)).collect();
        Ok(Self(Arc::new(Inner { addresses, next: AtomicUsize::new(0) })))
    }

    /// As many addresses as so many connections need.
    pub fn enough_for(target: &Target, connections: usize) -> Result<Self, SourcesError> {
        Self::new(target, connections.div_ceil(ports()).max(1))
    }

    /// How many addresses; 0 if the system chooses.
    pub fn count(&self) -> usize {
        self.0.addresses.len()
    }

    /// Opens a connection from the next address.
    pub async fn connect(&self, to: SocketAddr) -> Result<TcpStream, Failure> {
        let socket = self.socket(to).map_err(|error| failed(&error))?;
        let stream = socket.connect(to).await.map_err(|error| failed(&error))?;
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        Ok(stream)
    }

    fn socket(&self, to: SocketAddr) -> io::Result<TcpSocket> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        let count = self.0.addresses.len();
        if let Some(turn) = self.0.next.fetch_add(1, Relaxed).checked_rem(count) {
            // The port is chosen when the target is known: one that is in use for another target
            // will do.
            setsockopt(&socket, IpBindAddressNoPort, &true)?;
            socket.bind(SocketAddr::new(self.0.addresses[turn].into(), 0))?;
        }
        Ok(socket)
    }
}

/// How many connections to one server an address has ports for.
fn ports() -> usize {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|end| end.parse::<usize>().ok());
    let ports = match (ends.next(), ends.next()) {
        (Some(first), Some(last)) if first < last => last - first + 1,
        _ => PORTS,
    };
    (ports * PORTS_PERCENT / 100).max(1)
}

/// What an error of a connection that could not be opened means.
fn failed(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Failure::Reset,
        io::ErrorKind::TimedOut => Failure::TimedOut,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => Failure::Refused,
        _ => Failure::Exhausted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_come_from_one_address_after_the_other() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let target = Target::parse(&format!("http://{to}"), false).unwrap();
        let sources = Sources::new(&target, 3).unwrap();
        let mut from = Vec::new();
        for _ in 0..4 {
            let _stream = sources.connect(to).await.unwrap();
            from.push(listener.accept().await.unwrap().1.ip().to_string());
        }
        assert_eq!(from, ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1"]);
    }

    #[test]
    fn as_many_addresses_as_the_connections_need_ports() {
        let target = Target::parse("http://127.0.0.1:80", false).unwrap();
        assert_eq!(Sources::enough_for(&target, 64).unwrap().count(), 1);
        assert!(Sources::enough_for(&target, 200_000).unwrap().count() > 3);
        assert_eq!(Sources::new(&target, 0).unwrap_err(), SourcesError::Count(0));
    }

    #[test]
    fn other_targets_have_one_source() {
        let target = Target::parse("http://[::1]:80", false).unwrap();
        assert_eq!(Sources::new(&target, 1).unwrap().count(), 0);
        let refused = Sources::enough_for(&target, 200_000).unwrap_err();
        assert!(refused.to_string().contains("127.0.0.1"), "{refused}");
    }
}
