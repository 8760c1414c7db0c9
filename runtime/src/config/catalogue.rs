//! The platform's rules for events.

use onsale_control::catalogue::CatalogueSettings;
use onsale_control::catalogue::event::image::ImageLimits;
use onsale_control::catalogue::event::status::Approval;
use serde::{Deserialize, Serialize};

/// The platform's rules for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Catalogue {
    /// Whether an admin has to agree to every event before it is published.
    pub requires_approval: bool,
    /// How many pictures one event may have.
    pub images_max: u32,
    /// How large one of them may be, in bytes.
    pub image_bytes_max: usize,
}

impl Default for Catalogue {
    fn default() -> Self {
        let ImageLimits { bytes_max, count_max } = ImageLimits::default();
        Self { requires_approval: false, images_max: count_max, image_bytes_max: bytes_max }
    }
}

impl From<Catalogue> for CatalogueSettings {
    fn from(catalogue: Catalogue) -> Self {
        let (bytes_max, count_max) = (catalogue.image_bytes_max, catalogue.images_max);
        Self {
            approval: Approval::needed_if(catalogue.requires_approval),
            images: ImageLimits { bytes_max, count_max },
        }
    }
}
