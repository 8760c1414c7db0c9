//! An answer, read as it comes in. One that comes in one piece, as nearly all do, is never copied.

use std::mem;
use std::ops::Range;

use httparse::{EMPTY_HEADER, Status};

use super::head::{Framing, Head};
use super::{BODY_BYTES_MAX, Failure, HEAD_BYTES_MAX};

/// Longer than the line before any chunk.
const CHUNK_LINE_BYTES_MAX: usize = 1024;
/// A bound on what is kept, chunk lines included.
const BYTES_MAX: usize = HEAD_BYTES_MAX + BODY_BYTES_MAX + BODY_BYTES_MAX / 8;

/// An answer, where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// 200, 503, ...
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// Whole.
    pub body: &'a [u8],
}

/// The answer to one request.
pub(super) struct Intake<'a> {
    host: &'a str,
    is_head: bool,
    /// All that came, if it came in pieces.
    collected: Vec<u8>,
    head: Option<Head>,
    /// Where the next part begins: the head, then the body or the next chunk.
    at: usize,
    /// The body without its chunk lines.
    unchunked: Vec<u8>,
}

/// Where a whole body lies.
enum Body {
    /// In what came.
    Plain(Range<usize>),
    /// In `unchunked`.
    Unchunked,
}

impl<'a> Intake<'a> {
    pub(super) fn new(host: &'a str, is_head: bool) -> Self {
        let (collected, unchunked) = (Vec::new(), Vec::new());
        Self { host, is_head, collected, head: None, at: 0, unchunked }
    }

    /// Whether the connection can be used again; meant for a whole answer.
    pub(super) fn is_kept(&self) -> bool {
        self.head.is_some_and(|head| head.is_kept)
    }

    /// Takes what came; the answer, once it is whole.
    pub(super) fn feed<'b>(&'b mut self, fresh: &'b [u8]) -> Result<Option<Reply<'b>>, Failure> {
        let was_empty = self.collected.is_empty();
        let body = if was_empty {
            let body = self.scan(fresh)?;
            if body.is_none() {
                self.collected.extend_from_slice(fresh);
            }
            body
        } else {
            self.collected.extend_from_slice(fresh);
            let collected = mem::take(&mut self.collected);
            let body = self.scan(&collected);
            self.collected = collected;
            body?
        };
        if self.collected.len() > BYTES_MAX {
            return Err(Failure::Garbage);
        }
        let Some(body) = body else { return Ok(None) };
        let data = if was_empty { fresh } else { &self.collected };
        Ok(self.reply(&body, data))
    }

    /// The answer, now that the server has closed the connection.
    pub(super) fn finish(&self) -> Result<Reply<'_>, Failure> {
        match self.head {
            Some(Head { framing: Framing::UntilClose, .. }) => {
                let body = Body::Plain(self.at..self.collected.len());
                self.reply(&body, &self.collected).ok_or(Failure::Closed)
            }
            _ => Err(Failure::Closed),
        }
    }

    fn reply<'b>(&'b self, body: &Body, data: &'b [u8]) -> Option<Reply<'b>> {
        let Head { status, retry_after_s, .. } = self.head?;
        let body = match body {
            Body::Plain(range) => &data[range.clone()],
            Body::Unchunked => &self.unchunked,
        };
        Some(Reply { status, retry_after_s, body })
    }

    /// Looks how far `data` goes, which is all that came.
    fn scan(&mut self, data: &[u8]) -> Result<Option<Body>, Failure> {
        let Some(head) = self.scan_head(data)? else { return Ok(None) };
        match head.framing {
            Framing::Sized(length) => {
                let end = self.at + length;
                if data.len() > end {
                    // Nobody asked for more: the length is wrong, or the server has lost count.
                    return Err(Failure::Garbage);
                }
                Ok((data.len() == end).then_some(Body::Plain(self.at..end)))
            }
            Framing::Chunked => Ok(self.scan_chunks(data)?.then_some(Body::Unchunked)),
            Framing::UntilClose => Ok(None),
        }
    }

    /// The head, behind any interim answers (RFC 9110, section 15.2).
    fn scan_head(&mut self, data: &[u8]) -> Result<Option<Head>, Failure> {
        while self.head.is_none() {
            let rest = &data[self.at..];
            let Some(head) = Head::parse(rest, self.host, self.is_head)? else { return Ok(None) };
            self.at += head.bytes;
            match head.status {
                101 => return Err(Failure::Garbage),
                100..200 => {}
                _ => self.head = Some(head),
            }
        }
        Ok(self.head)
    }

    /// RFC 9112, section 7.1. Whether the last chunk and its trailers are there.
    fn scan_chunks(&mut self, data: &[u8]) -> Result<bool, Failure> {
        loop {
            let rest = &data[self.at..];
            let (line, size) = match httparse::parse_chunk_size(rest) {
                Ok(Status::Complete((line, size))) => (line, size),
                Ok(Status::Partial) if rest.len() <= CHUNK_LINE_BYTES_MAX => return Ok(false),
                _ => return Err(Failure::Garbage),
            };
            if size == 0 {
                return are_trailers_whole(&rest[line..]);
            }
            let size = usize::try_from(size).ok().filter(|size| {
                size.checked_add(self.unchunked.len()).is_some_and(|sum| sum <= BODY_BYTES_MAX)
            });
            let end = line + size.ok_or(Failure::Garbage)?;
            match rest.get(end..end + 2) {
                Some(b"\r\n") => {}
                Some(_) => return Err(Failure::Garbage),
                None => return Ok(false),
            }
            self.unchunked.extend_from_slice(&rest[line..end]);
            self.at += end + 2;
        }
    }
}

fn are_trailers_whole(rest: &[u8]) -> Result<bool, Failure> {
    match httparse::parse_headers(rest, &mut [EMPTY_HEADER; 16]) {
        Ok(Status::Complete((end, _))) if end == rest.len() => Ok(true),
        Ok(Status::Partial) if rest.len() <= HEAD_BYTES_MAX => Ok(false),
        _ => Err(Failure::Garbage),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Whole = (u16, Vec<u8>);

    fn read(pieces: &[&[u8]]) -> Result<Option<Whole>, Failure> {
        let mut intake = Intake::new("h", false);
        for piece in pieces {
            if let Some(reply) = intake.feed(piece)? {
                return Ok(Some((reply.status, reply.body.to_vec())));
            }
        }
        Ok(None)
    }

    const SIZED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    const CHUNKED: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 X\r\n\
        Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: 1\r\n\r\n";

    #[test]
    fn an_answer_is_whole_when_its_last_byte_is_there_and_not_before() {
        for (text, status) in [(SIZED, 200), (CHUNKED, 201)] {
            assert_eq!(read(&[text]), Ok(Some((status, b"hello".to_vec()))));
            for end in 1..text.len() {
                assert_eq!(read(&[&text[..end]]), Ok(None), "{end}");
            }
        }
    }

    #[test]
    fn more_than_was_announced_is_garbage() {
        for text in [SIZED, CHUNKED] {
            assert_eq!(read(&[text, b"x"].concat().chunks(9999).collect::<Vec<_>>()), {
                Err(Failure::Garbage)
            });
        }
    }

    #[test]
    fn a_body_until_the_end_is_whole_at_the_end() {
        let mut intake = Intake::new("h", false);
        assert_eq!(intake.feed(b"HTTP/1.1 200 OK\r\n\r\nhel"), Ok(None));
        assert_eq!(intake.feed(b"lo"), Ok(None));
        assert_eq!(intake.finish().unwrap().body, b"hello");
        let mut intake = Intake::new("h", false);
        assert_eq!(intake.feed(&SIZED[..SIZED.len() - 1]), Ok(None));
        assert_eq!(intake.finish(), Err(Failure::Closed));
    }

    #[test]
    fn a_body_without_end_is_garbage_at_some_point() {
        let block = [b'x'; 16 * 1024];
        let mut intake = Intake::new("h", false);
        assert_eq!(intake.feed(b"HTTP/1.1 200 OK\r\n\r\n"), Ok(None));
        let end = (0..4_000).find_map(|_| intake.feed(&block).err());
        assert_eq!(end, Some(Failure::Garbage));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_an_answer_is_cut(
            cuts in prop::collection::vec(0_usize..200, 0..6),
        ) {
            for (text, status) in [(SIZED, 200), (CHUNKED, 201)] {
                let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % text.len()).collect();
                cuts.extend([0, text.len()]);
                cuts.sort_unstable();
                let pieces: Vec<_> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
                prop_assert_eq!(read(&pieces), Ok(Some((status, b"hello".to_vec()))));
            }
        }

        #[test]
        fn nothing_that_comes_makes_it_panic(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
        ) {
            for start in [&b""[..], &CHUNKED[..70], &SIZED[..30]] {
                let mut all = vec![start];
                all.extend(pieces.iter().map(Vec::as_slice));
                let _ = read(&all);
            }
        }
    }
}
