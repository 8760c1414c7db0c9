//! Which addresses a webhook may be sent to: none of this machine, of this network, or of a cloud's
//! inside, whatever a name resolves to (server-side request forgery, OWASP API7:2023).
//!
//! A connection is made to the very addresses that were checked: a name that says something else
//! a moment later gains nothing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// Whether everybody in the world means the same by it. Source: the special-purpose address
/// registries of IANA for IPv4 (RFC 6890) and IPv6.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Networks of IPv4 that are not the world's: how they begin, and how many bits of it count.
const SPECIAL: [(Ipv4Addr, u32); 15] = [
    // "This network", private, shared by the customers of a provider, loopback, link-local.
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Private, protocol assignments, documentation, relays to IPv6, private.
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Benchmarks, documentation.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |&(network, bits): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ network.to_bits()) >> (u32::BITS - bits) == 0
    };
    !SPECIAL.iter().any(is_in)
}

/// Global unicast is `2000::/3`; what is mapped, translated or tunnelled to IPv4 is not taken.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocol assignments (Teredo among them), documentation, 6to4, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The address that the host of a URL is, if it is one and no name.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// Resolves names as the system does, and passes on what may be connected to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolver {
    pub(super) private_too: bool,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let private_too = self.private_too;
        Box::pin(async move {
            // The port is that of the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            allowed(found, private_too).map(Vec::into_iter)
        })
    }
}

fn allowed(
    found: impl Iterator<Item = SocketAddr>,
    private_too: bool,
) -> io::Result<Vec<SocketAddr>> {
    let allowed: Vec<_> = found.filter(|address| private_too || is_public(address.ip())).collect();
    if allowed.is_empty() {
        return Err(io::Error::other("the name has no public address"));
    }
    Ok(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_world_is_refused() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            // Where clouds tell a machine its keys.
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn what_is_of_the_world_is_taken() {
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "193.0.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn of_several_addresses_only_the_public_ones_are_connected_to() {
        let found = |texts: &[&str]| {
            let addresses: Vec<SocketAddr> = texts.iter().map(|t| t.parse().unwrap()).collect();
            addresses.into_iter()
        };
        let mixed = ["127.0.0.1:0", "1.1.1.1:0", "[::1]:0"];
        let kept: Vec<_> = found(&mixed[1..2]).collect();
        assert_eq!(allowed(found(&mixed), false).unwrap(), kept);
        assert_eq!(allowed(found(&mixed), true).unwrap().len(), 3);
        assert!(allowed(found(&mixed[..1]), false).is_err());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused() {
        let resolve = |private_too| {
            let mut resolver = Resolver { private_too };
            resolver.call("localhost".parse().unwrap())
        };
        assert!(resolve(false).await.is_err());
        assert!(resolve(true).await.is_ok());
    }

    #[test]
    fn a_host_may_be_an_address() {
        assert_eq!(literal("[::1]"), Some(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(literal("127.0.0.1"), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(literal("example.org"), None);
    }
}
