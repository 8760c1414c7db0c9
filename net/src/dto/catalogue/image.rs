//! Pictures of events.

use onsale_control::catalogue::event::image::Image;
use serde::Serialize;
use utoipa::ToSchema;

/// Where a picture is.
pub(super) const EXAMPLE_PATH: &str =
    "/api/v1/catalogue/images/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A picture.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub struct ImageDto {
    /// Its name: SHA-256 of what is in it, in hex.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub id: String,
    /// Where it is: what is there never changes.
    #[schema(example = json!(EXAMPLE_PATH))]
    pub path: String,
    /// What kind it is: image/png, image/jpeg or image/webp.
    #[schema(example = "image/webp")]
    pub media_type: String,
    /// How wide, in pixels.
    #[schema(example = 1200)]
    pub width: u32,
    /// How high, in pixels.
    #[schema(example = 800)]
    pub height: u32,
}

impl From<Image> for ImageDto {
    fn from(image: Image) -> Self {
        Self {
            id: image.id.to_string(),
            path: path(image.id),
            media_type: image.media_type.name().to_owned(),
            width: image.width,
            height: image.height,
        }
    }
}

/// Where a picture is.
pub(super) fn path(image: impl std::fmt::Display) -> String {
    format!("/api/v1/catalogue/images/{image}")
}
