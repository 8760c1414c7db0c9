//! Where a request comes from: the peer, or, where that is a trusted proxy, whoever it names.
//!
//! Only one header is believed, the configured one, and of it only what trusted proxies have
//! written: it is read from its end, and the first address that is not one of theirs is the client.
//! What stands before that anybody may have written.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};
use thiserror::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address at the other end of a connection, as an extension of each of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The networks of trusted proxies, and the header in which they say for whom they ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxies {
    networks: Vec<Network>,
    header: ClientHeader,
}

/// The header that names the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientHeader {
    /// RFC 7239.
    Forwarded,
    /// What most proxies send.
    #[default]
    XForwardedFor,
}

impl Proxies {
    pub(crate) fn new(networks: Vec<Network>, header: ClientHeader) -> Self {
        Self { networks, header }
    }

    /// Who is asking; `None` for a trusted peer that names nobody: a program of our own.
    pub(crate) fn client(&self, Peer(peer): Peer, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.trusts(peer) {
            return Some(peer.to_canonical());
        }
        // What is no text is nobody's address.
        let lines =
            |name| headers.get_all(name).iter().rev().map(|line| line.to_str().unwrap_or("?"));
        match self.header {
            ClientHeader::XForwardedFor => self
                .search(peer, lines(X_FORWARDED_FOR).flat_map(|line| line.rsplit(',').map(node))),
            ClientHeader::Forwarded => {
                let elements = lines(FORWARDED).flat_map(|line| split(line, ',').into_iter().rev());
                self.search(peer, elements.map(|element| forwarded_for(element).and_then(node)))
            }
        }
    }

    /// The first of the hops, the last one first, that is not trusted. Whoever is told of by
    /// something that is no address is counted as the proxy that told.
    fn search(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let mut client = None;
        for hop in hops {
            let Some(address) = hop else { return Some(client.unwrap_or(peer)) };
            client = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// The value of `for` in one element of the header Forwarded, without its quotes.
fn forwarded_for(element: &str) -> Option<&str> {
    split(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        name.trim().eq_ignore_ascii_case("for").then(|| unquoted.unwrap_or(value))
    })
}

/// Splits at separators that do not stand in quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|char| {
        let was_escaped = escaped;
        escaped = quoted && !was_escaped && char == '\\';
        quoted ^= char == '"' && !was_escaped;
        char == separator && !quoted
    })
    .collect()
}

/// An address with or without a port, IPv6 with or without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address =
        bare.parse().or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// What counts as one address: one of IPv4, or a /64 of IPv6, of which a single household has one
/// or many.
pub(crate) fn counted(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        // The first half; never one of IPv4's, whose half is small: ::/32 is not routed.
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

/// A network: an address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that names no network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no network: write it as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7")]
pub struct NotANetwork(String);

impl Network {
    /// Those that lead to this machine.
    pub const LOOPBACK: [Self; 2] = [
        Self { address: IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 0)), bits: 8 },
        Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 },
    ];

    fn contains(self, address: IpAddr) -> bool {
        let (own, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        // All bits are ignored where none counts.
        (own ^ other).checked_shr(width - u32::from(self.bits)).is_none_or(|rest| rest == 0)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let no = || NotANetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address = address.parse::<IpAddr>().map_err(|_| no())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| no())?;
        (bits <= width).then_some(Self { address, bits }).ok_or_else(no)
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: Peer = Peer(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn client(header: ClientHeader, peer: Peer, lines: &[&'static str]) -> Option<String> {
        let networks = ["127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48"];
        let networks = networks.map(|text| text.parse().unwrap()).to_vec();
        let name = if header == ClientHeader::Forwarded { FORWARDED } else { X_FORWARDED_FOR };
        let lines = lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line)));
        let client = Proxies::new(networks, header).client(peer, &lines.collect());
        client.map(|address| address.to_string())
    }

    fn x_forwarded_for(lines: &[&'static str]) -> Option<String> {
        client(ClientHeader::XForwardedFor, PROXY, lines)
    }

    fn forwarded(line: &'static str) -> Option<String> {
        client(ClientHeader::Forwarded, PROXY, &[line])
    }

    #[test]
    fn whoever_comes_directly_is_the_client_whatever_they_claim() {
        let stranger = Peer("198.51.100.7".parse().unwrap());
        for claim in ["127.0.0.1", "203.0.113.9", "10.0.0.1, 10.0.0.2", ""] {
            let found = client(ClientHeader::XForwardedFor, stranger, &[claim]);
            assert_eq!(found.as_deref(), Some("198.51.100.7"), "{claim}");
        }
    }

    #[test]
    fn of_a_proxy_the_last_address_that_is_not_trusted_counts() {
        for lines in [
            &["203.0.113.9"][..],
            &["127.0.0.1, 203.0.113.9, 10.0.0.2"],
            &["6.6.6.6", "203.0.113.9", "10.0.0.2,10.1.1.1"],
            &["nonsense, 203.0.113.9:4711"],
            &["6.6.6.6, ::ffff:203.0.113.9"],
        ] {
            assert_eq!(x_forwarded_for(lines).as_deref(), Some("203.0.113.9"), "{lines:?}");
        }
        let v6 = x_forwarded_for(&["6.6.6.6, [2001:db8::7]:443, 2001:db8:ffff::1"]);
        assert_eq!(v6.as_deref(), Some("2001:db8::7"));
    }

    #[test]
    fn a_proxy_that_names_nobody_is_a_program_of_ours_and_one_that_names_nonsense_itself() {
        assert_eq!(x_forwarded_for(&[]), None);
        for nonsense in ["", "unknown", "_hidden", "300.1.1.1", "6.6.6.6, ,", "a, b, c"] {
            assert_eq!(x_forwarded_for(&[nonsense]).as_deref(), Some("127.0.0.1"), "{nonsense}");
        }
        assert_eq!(x_forwarded_for(&["junk, 10.0.0.9"]).as_deref(), Some("10.0.0.9"));
        assert_eq!(x_forwarded_for(&["10.0.0.8, 10.0.0.9"]).as_deref(), Some("10.0.0.8"));
    }

    #[test]
    fn the_header_of_rfc_7239_is_read_with_its_quotes() {
        for line in [
            "for=203.0.113.9",
            "for=6.6.6.6;proto=http, For=\"203.0.113.9:80\";by=10.0.0.1",
            "host=\"a,b;for=6.6.6.6\";for=203.0.113.9",
            "for=6.6.6.6, for=203.0.113.9;host=\"a\\\",for=7.7.7.7\", for=10.0.0.2",
        ] {
            assert_eq!(forwarded(line).as_deref(), Some("203.0.113.9"), "{line}");
        }
        let v6 = forwarded("proto=https; for=\"[2001:db8::7]:4711\"");
        assert_eq!(v6.as_deref(), Some("2001:db8::7"));
        for nonsense in ["for=", "for", "by=203.0.113.9", "for=\"203.0.113.9", ";;,,=="] {
            assert_eq!(forwarded(nonsense).as_deref(), Some("127.0.0.1"), "{nonsense}");
        }
    }

    #[test]
    fn a_household_of_ipv6_counts_as_one() {
        let counted = |text: &str| counted(text.parse().unwrap());
        assert_eq!(counted("2001:db8:1:2::1"), counted("2001:db8:1:2:ffff::9"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), counted("192.0.2.1"));
        assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
    }

    #[test]
    fn networks_are_read_and_written() {
        let network = |text: &str| text.parse::<Network>();
        assert!(network("10.0.0.0/8").unwrap().contains("10.255.0.1".parse().unwrap()));
        assert!(!network("10.0.0.0/8").unwrap().contains("11.0.0.1".parse().unwrap()));
        assert!(network("0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
        assert!(!network("0.0.0.0/0").unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(network("::/0").unwrap().contains("2001:db8::1".parse().unwrap()));
        assert_eq!(network("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/", "a/8"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }
}
