//! Links that people give and others follow. They are shown, never fetched: nobody can have the
//! server ask an address of their choice.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// An address on the web: `https`, a host, at most [`Link::BYTES_MAX`] bytes of visible ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

/// The text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkError;

impl Link {
    /// The longest.
    pub const BYTES_MAX: usize = 500;

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let rest = text.strip_prefix("https://").ok_or(LinkError)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let is_host = host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let is_visible = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        let fits = text.len() <= Self::BYTES_MAX && text.bytes().all(is_visible);
        let is_link = is_host && port.parse::<u16>().is_ok() && fits;
        if is_link { Ok(Self(text.to_owned())) } else { Err(LinkError) }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = Link::BYTES_MAX;
        write!(f, "must be an address such as https://lanterns.example/tour of at most {max} bytes")
    }
}

impl Error for LinkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_opens_over_tls_is_a_link() {
        for right in [
            "https://lanterns.example",
            "https://www.lanterns.example:8443/tour?year=2026#dates",
            "https://lanterns.example/caf%C3%A9",
        ] {
            assert_eq!(right.parse::<Link>().unwrap().as_str(), right);
        }
        let long = format!("https://lanterns.example/{}", "x".repeat(500));
        for wrong in [
            "",
            "http://lanterns.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "https://localhost/",
            "https://user:secret@lanterns.example/",
            "https://lanterns.example:port/",
            "https://lanterns.example/\"><script>",
            "https://lanterns.example/a b",
            "https://lanterns..example/",
            &long,
        ] {
            assert_eq!(wrong.parse::<Link>(), Err(LinkError), "{wrong}");
        }
    }
}
