//! What a picture is, by its bytes and not by what somebody says it is: PNG (RFC 2083), JPEG (ITU
//! T.81, annex B) or WebP (RFC 9649), and its size. Nothing is decoded.

use std::str::FromStr;

use thiserror::Error;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl MediaType {
    /// Its name (RFC 6838).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// The text names no such kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a picture is image/png, image/jpeg or image/webp")]
pub struct MediaTypeError;

impl FromStr for MediaType {
    type Err = MediaTypeError;

    fn from_str(name: &str) -> Result<Self, MediaTypeError> {
        let all = [Self::Png, Self::Jpeg, Self::Webp];
        all.into_iter().find(|kind| kind.name() == name).ok_or(MediaTypeError)
    }
}

/// What the first bytes of a picture say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub media_type: MediaType,
    pub width: u32,
    pub height: u32,
}

/// What these bytes are a picture of, if they are one.
pub(super) fn sniff(bytes: &[u8]) -> Option<Head> {
    let head = png(bytes).or_else(|| jpeg(bytes)).or_else(|| webp(bytes));
    head.filter(|head| head.width > 0 && head.height > 0)
}

/// The signature, and the header chunk, which comes first.
fn png(bytes: &[u8]) -> Option<Head> {
    let chunk = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.strip_prefix(b"\0\0\0\x0dIHDR")?;
    let (width, height) = (be32(chunk, 0)?, be32(chunk, 4)?);
    Some(Head { media_type: MediaType::Png, width, height })
}

/// Segments up to the first frame header.
fn jpeg(bytes: &[u8]) -> Option<Head> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    loop {
        let (marker, after) = match rest {
            // Any marker may be filled up with FF.
            [0xff, 0xff, ..] => {
                rest = &rest[1..];
                continue;
            }
            [0xff, marker, after @ ..] => (*marker, after),
            _ => return None,
        };
        match marker {
            // Frames of all codings; the others in that range are tables.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                let (height, width) = (be16(after, 3)?, be16(after, 5)?);
                return Some(Head { media_type: MediaType::Jpeg, width, height });
            }
            // What has no length, or comes after the frame.
            0x01 | 0xd0..=0xda | 0x00 => return None,
            _ => rest = after.get(be16(after, 0)? as usize..)?,
        }
    }
}

/// A RIFF file with a first chunk of one of three kinds.
fn webp(bytes: &[u8]) -> Option<Head> {
    let body = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    let (kind, chunk) = (body.get(..4)?, body.get(8..)?);
    let (width, height) = match kind {
        // A key frame: three bytes of tag, the start code, 14 bits each.
        b"VP8 " => {
            let frame = chunk.get(3..)?.strip_prefix(b"\x9d\x01\x2a")?;
            (le16(frame, 0)? & 0x3fff, le16(frame, 2)? & 0x3fff)
        }
        // A signature, then 14 bits each, less one.
        b"VP8L" => {
            let bits =
                chunk.strip_prefix(b"\x2f")?.first_chunk().map(|b| u32::from_le_bytes(*b))?;
            ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        // Flags, then the canvas: 24 bits each, less one.
        b"VP8X" => (le24(chunk, 4)? + 1, le24(chunk, 7)? + 1),
        _ => return None,
    };
    Some(Head { media_type: MediaType::Webp, width, height })
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|field| u32::from_be_bytes(*field))
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|field| u16::from_be_bytes(*field).into())
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|field| u16::from_le_bytes(*field).into())
}

fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The head of a PNG.
    pub(crate) fn png_of(width: u32, height: u32) -> Vec<u8> {
        let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
        [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &width, &height, &[8, 2, 0, 0, 0]].concat()
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        let app0 = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
        let table = b"\xff\xff\xc4\0\x03\0";
        let frame = b"\xff\xc2\0\x11\x08";
        let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
        [&b"\xff\xd8"[..], app0, table, frame, &size, &[3, 1, 0x22, 0]].concat()
    }

    fn webp_of(kind: &[u8], chunk: &[u8]) -> Vec<u8> {
        let length = (chunk.len() as u32).to_le_bytes();
        [b"RIFF\0\0\0\0WEBP", kind, &length, chunk].concat()
    }

    fn size(bytes: &[u8]) -> Option<(&'static str, u32, u32)> {
        sniff(bytes).map(|head| (head.media_type.name(), head.width, head.height))
    }

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        assert_eq!(size(&png_of(640, 480)), Some(("image/png", 640, 480)));
        assert_eq!(size(&jpeg_of(1_920, 1_080)), Some(("image/jpeg", 1_920, 1_080)));
        let lossy = webp_of(b"VP8 ", b"\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\0");
        assert_eq!(size(&lossy), Some(("image/webp", 320, 240)));
        let bits = (319u32 + (239 << 14)).to_le_bytes();
        let lossless = webp_of(b"VP8L", &[&b"\x2f"[..], &bits].concat());
        assert_eq!(size(&lossless), Some(("image/webp", 320, 240)));
        let extended = webp_of(b"VP8X", b"\x10\0\0\0\x3f\x01\0\xef\0\0");
        assert_eq!(size(&extended), Some(("image/webp", 320, 240)));
    }

    #[test]
    fn what_is_cut_empty_or_something_else_is_no_picture() {
        let whole = [png_of(1, 1), jpeg_of(1, 1), webp_of(b"VP8X", b"\x10\0\0\0\0\0\0\0\0\0")];
        for bytes in &whole {
            assert!(sniff(bytes).is_some());
            let needed = (0..bytes.len()).filter(|end| sniff(&bytes[..*end]).is_none()).count();
            assert!(needed > 20, "a beginning of {needed} bytes is no picture");
        }
        assert_eq!(sniff(&png_of(0, 480)), None);
        for other in [
            &b"GIF89a\x01\0\x01\0"[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"<html>",
            b"\xff\xd8\xff\xd9",
            b"",
        ] {
            assert_eq!(sniff(other), None, "{other:?}");
        }
    }
}
