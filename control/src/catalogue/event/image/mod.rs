//! Pictures of events, kept by what is in them: what has an address never changes.

mod sniff;

use std::fmt;
use std::str::FromStr;

use onsale_core::id::EventId;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use thiserror::Error;

pub use self::sniff::MediaType;
#[cfg(test)]
pub(super) use self::sniff::tests::png_of;
use super::edit::Edit;
use super::error::EventError;
use super::record::Event;
use super::status::Step;
use crate::access::Action;
use crate::access::audit::By;
use crate::catalogue::CatalogueError;
use crate::database::{Database, ReadRow, StoreError, queries};
use crate::version::Version;

/// The name of a picture: SHA-256 of what is in it, in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageId([u8; 32]);

impl ImageId {
    /// The name of a picture with this in it.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }
}

/// The text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a picture is named by 64 digits, 0 to 9 and a to f")]
pub struct ImageIdError;

/// A picture, without what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub id: ImageId,
    /// What kind it is.
    pub media_type: MediaType,
    /// How wide, in pixels.
    pub width: u32,
    /// How high, in pixels.
    pub height: u32,
}

/// How much there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Of one picture, in bytes.
    pub bytes_max: usize,
    /// Of one event.
    pub count_max: u32,
}

impl ImageLimits {
    /// The longest edge, in pixels: what is larger is of no use on a page, and a burden.
    pub const EDGE_MAX: u32 = 10_000;
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self { bytes_max: 4 * 1024 * 1024, count_max: 10 }
    }
}

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// It is something else.
    #[error("this is no PNG, JPEG or WebP")]
    NoImage,
    /// It is too large.
    #[error("the picture has {width} by {height} pixels: no edge may be longer than {max}")]
    TooLarge {
        /// How wide, in pixels.
        width: u32,
        /// How high, in pixels.
        height: u32,
        /// The longest edge, in pixels.
        max: u32,
    },
    /// The event has enough.
    #[error("an event may have {0} pictures: remove one first")]
    TooMany(u32),
}

/// Gives an event another picture, if it is still as it was `seen`. One that it has already stays
/// where it is.
///
/// # Errors
/// If it is no picture, or there are too many; or the database does not answer.
pub async fn add(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    content: &[u8],
    limits: ImageLimits,
) -> Result<Event, EventError> {
    let head = sniff::sniff(content).ok_or(ImageError::NoImage)?;
    let (width, height, max) = (head.width, head.height, ImageLimits::EDGE_MAX);
    if width.max(height) > max {
        return Err(ImageError::TooLarge { width, height, max }.into());
    }
    let image = ImageId::of(content);
    let mut edit = Edit::change(database, by, id, seen, Step::ChangeTexts).await?;
    let images = &edit.event.images;
    if images.len() >= limits.count_max as usize && !images.iter().any(|one| one.id == image) {
        return Err(ImageError::TooMany(limits.count_max).into());
    }
    sqlx::query(KEEP)
        .bind(image.to_string())
        .bind(head.media_type.name())
        .bind(i64::from(width))
        .bind(i64::from(height))
        .bind(content.to_vec())
        .execute(&mut *edit.transaction)
        .await?;
    let add = sqlx::query(ADD).bind(id.to_string()).bind(image.to_string());
    add.execute(&mut *edit.transaction).await?;
    edit.finish(Action::ChangeEvent, "picture added").await
}

/// Takes a picture from an event, if it is still as it was `seen`.
///
/// # Errors
/// If the event has no such picture, or the database does not answer.
pub async fn remove(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    image: ImageId,
) -> Result<Event, EventError> {
    let mut edit = Edit::change(database, by, id, seen, Step::ChangeTexts).await?;
    let remove = sqlx::query(REMOVE).bind(id.to_string()).bind(image.to_string());
    if remove.execute(&mut *edit.transaction).await?.rows_affected() == 0 {
        return Err(CatalogueError::NotFound("picture").into());
    }
    let event = edit.finish(Action::ChangeEvent, "picture removed").await?;
    forget_unused(database, [image]).await;
    Ok(event)
}

/// What is in a picture, and what kind it is.
///
/// # Errors
/// If there is none of that name, or the database does not answer.
pub async fn content(
    database: &Database,
    image: ImageId,
) -> Result<(MediaType, Vec<u8>), EventError> {
    let row = database.find(sqlx::query(CONTENT).bind(image.to_string())).await?;
    let row = row.ok_or(CatalogueError::NotFound("picture"))?;
    Ok((row.parsed("media_type")?, row.try_get("content")?))
}

/// The pictures of an event, in order.
pub(super) async fn of_event(
    connection: &mut AnyConnection,
    id: EventId,
) -> Result<Vec<Image>, StoreError> {
    let rows = sqlx::query(OF_EVENT).bind(id.to_string()).fetch_all(connection).await?;
    rows.iter().map(image).collect()
}

/// Throws away those that no event shows any more. If that fails, they are only kept for longer.
pub(super) async fn forget_unused(database: &Database, images: impl IntoIterator<Item = ImageId>) {
    for image in images {
        let forget = sqlx::query(FORGET).bind(image.to_string());
        if let Err(error) = database.change(forget).await {
            tracing::debug!(%error, "a picture is kept that may not be needed");
        }
    }
}

fn image(row: &AnyRow) -> Result<Image, StoreError> {
    let (width, height) = (row.small("width")?, row.small("height")?);
    Ok(Image { id: row.parsed("image")?, media_type: row.parsed("media_type")?, width, height })
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ImageId {
    type Err = ImageIdError;

    fn from_str(text: &str) -> Result<Self, ImageIdError> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(is_hex) {
            return Err(ImageIdError);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = str::from_utf8(digits).map_err(|_| ImageIdError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ImageIdError)?;
        }
        Ok(Self(bytes))
    }
}

queries! {
    // The row is taken even if it is there, so that nobody throws it away meanwhile.
    KEEP = "INSERT INTO images (image, media_type, width, height, content)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (image) DO UPDATE SET media_type = excluded.media_type";
    ADD = "INSERT INTO event_images (event, position, image)
        SELECT $1, COALESCE(MAX(position), 0) + 1, $2 FROM event_images WHERE event = $1
        ON CONFLICT (event, image) DO NOTHING";
    REMOVE = "DELETE FROM event_images WHERE event = $1 AND image = $2";
    CONTENT = "SELECT media_type, content FROM images WHERE image = $1";
    OF_EVENT = "SELECT i.image, i.media_type, i.width, i.height
        FROM event_images e JOIN images i ON i.image = e.image
        WHERE e.event = $1 ORDER BY e.position";
    FORGET = "DELETE FROM images WHERE image = $1
        AND NOT EXISTS (SELECT 1 FROM event_images e WHERE e.image = images.image)";
}
