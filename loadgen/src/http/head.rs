//! The head of an answer: what of it matters here.

use std::str::from_utf8;

use httparse::{EMPTY_HEADER, Status};

use super::{BODY_BYTES_MAX, Failure, HEAD_BYTES_MAX};

const HEADERS_MAX: usize = 64;

/// A head that was read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its length, in bytes.
    pub(super) bytes: usize,
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(super) framing: Framing,
    /// Whether the connection can be used again.
    pub(super) is_kept: bool,
}

/// Where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes.
    Sized(usize),
    /// Where its last chunk says.
    Chunked,
    /// Where the connection does.
    UntilClose,
}

/// What the headers say, as they are read.
#[derive(Default)]
struct Fields {
    length: Option<usize>,
    is_chunked: bool,
    /// What `Connection` says; the version decides where it says nothing.
    stays: Option<bool>,
    retry_after_s: Option<u64>,
    is_elsewhere: bool,
}

impl Head {
    /// Reads the head at the front of `data`; `None` if it is not whole yet. `host` is the server
    /// that was asked, and `is_head` says that it was asked for the head only.
    pub(super) fn parse(data: &[u8], host: &str, is_head: bool) -> Result<Option<Self>, Failure> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let bytes = match response.parse(data) {
            Ok(Status::Complete(bytes)) if bytes <= HEAD_BYTES_MAX => bytes,
            Ok(Status::Partial) if data.len() <= HEAD_BYTES_MAX => return Ok(None),
            _ => return Err(Failure::Garbage),
        };
        let (Some(status @ 100..600), Some(minor)) = (response.code, response.version) else {
            return Err(Failure::Garbage);
        };
        let mut fields = Fields::default();
        for header in response.headers.iter() {
            fields.read(header.name, header.value, host)?;
        }
        if fields.is_elsewhere && (300..400).contains(&status) {
            return Err(Failure::Redirected);
        }
        let framing = fields.framing(is_head || matches!(status, 100..200 | 204 | 304))?;
        let is_kept = fields.stays.unwrap_or(minor != 0) && framing != Framing::UntilClose;
        let retry_after_s = fields.retry_after_s;
        Ok(Some(Self { bytes, status, retry_after_s, framing, is_kept }))
    }
}

impl Fields {
    fn read(&mut self, name: &str, value: &[u8], host: &str) -> Result<(), Failure> {
        // Most headers mean nothing here; their length tells most of them apart.
        match name.len() {
            8 if name.eq_ignore_ascii_case("location") => {
                self.is_elsewhere = is_elsewhere(value, host);
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                if lists(value, "close") {
                    self.stays = Some(false);
                } else if lists(value, "keep-alive") {
                    self.stays = self.stays.or(Some(true));
                }
            }
            11 if name.eq_ignore_ascii_case("retry-after") => {
                self.retry_after_s =
                    from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                let length = length(value).ok_or(Failure::Garbage)?;
                if self.length.is_some_and(|before| before != length) {
                    return Err(Failure::Garbage);
                }
                self.length = Some(length);
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                if !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(Failure::Garbage);
                }
                self.is_chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// RFC 9112, section 6.3.
    fn framing(&self, is_bodiless: bool) -> Result<Framing, Failure> {
        match self.length {
            _ if is_bodiless => Ok(Framing::Sized(0)),
            _ if self.is_chunked => Ok(Framing::Chunked),
            None => Ok(Framing::UntilClose),
            Some(length) if length <= BODY_BYTES_MAX => Ok(Framing::Sized(length)),
            Some(_) => Err(Failure::Garbage),
        }
    }
}

/// Digits only: `parse` would take a sign.
fn length(value: &[u8]) -> Option<usize> {
    let digits = value.trim_ascii();
    let text = from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?;
    text.parse().ok()
}

fn lists(value: &[u8], word: &str) -> bool {
    let mut words = value.split(|&byte| byte == b',');
    words.any(|each| each.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

fn is_elsewhere(location: &[u8], host: &str) -> bool {
    let Ok(location) = from_utf8(location) else { return true };
    let Some((_, rest)) = location.split_once("://") else { return location.starts_with("//") };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    !rest[..end].eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Head>, Failure> {
        Head::parse(text.as_bytes(), "127.0.0.1:80", false)
    }

    fn whole(text: &str) -> Head {
        parse(text).unwrap().unwrap()
    }

    #[test]
    fn the_length_of_a_body_is_told_in_three_ways_or_there_is_none() {
        let sized = whole("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
        assert_eq!((sized.framing, sized.is_kept), (Framing::Sized(7), true));
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(whole(both).framing, Framing::Chunked);
        let until = whole("HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!((until.framing, until.is_kept), (Framing::UntilClose, false));
        for status in [100, 204, 304] {
            let head = whole(&format!("HTTP/1.1 {status} X\r\nContent-Length: 7\r\n\r\n"));
            assert_eq!(head.framing, Framing::Sized(0), "{status}");
        }
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
        let head = Head::parse(text, "h", true).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Sized(0), "only the head was asked for");
    }

    #[test]
    fn whether_the_connection_stays_is_said_by_its_header_or_the_version() {
        for (version, header, is_kept) in [
            ("1.1", "", true),
            ("1.1", "Connection: Close\r\n", false),
            ("1.1", "Connection: x, close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
        ] {
            let head =
                whole(&format!("HTTP/{version} 200 OK\r\n{header}Content-Length: 0\r\n\r\n"));
            assert_eq!(head.is_kept, is_kept, "{version} {header}");
        }
    }

    #[test]
    fn what_is_not_http_is_garbage() {
        let large = format!("Content-Length: {}", BODY_BYTES_MAX + 1);
        let many = vec!["a: b"; HEADERS_MAX + 1].join("\r\n");
        for header in [
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: +1",
            "Content-Length: x",
            "Transfer-Encoding: gzip",
            &large,
            &many,
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n");
            assert_eq!(parse(&text), Err(Failure::Garbage), "{header}");
        }
        assert_eq!(parse("SSH-2.0-x\r\n"), Err(Failure::Garbage));
        assert_eq!(parse("HTTP/1.1 099 X\r\n\r\n"), Err(Failure::Garbage));
        let long = format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(HEAD_BYTES_MAX));
        assert_eq!(parse(&long), Err(Failure::Garbage));
        assert_eq!(parse("HTTP/1.1 200 O"), Ok(None), "not yet");
    }

    #[test]
    fn a_redirection_within_the_server_is_an_answer() {
        let to = |location: &str| {
            parse(&format!("HTTP/1.1 303 X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
        };
        assert_eq!(to("/sandbox/return?order=1").unwrap().unwrap().status, 303);
        assert_eq!(to("http://127.0.0.1:80/there").unwrap().unwrap().status, 303);
        for elsewhere in ["https://example.org/", "//example.org/", "http://127.0.0.1:81/"] {
            assert_eq!(to(elsewhere), Err(Failure::Redirected), "{elsewhere}");
        }
        let created = "HTTP/1.1 201 X\r\nLocation: http://a.b/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(whole(created).status, 201);
    }

    #[test]
    fn the_advice_when_to_come_back_is_read() {
        let head = whole("HTTP/1.1 503 X\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n");
        assert_eq!((head.status, head.retry_after_s), (503, Some(2)));
    }
}
