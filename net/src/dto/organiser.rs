//! Organisers on the wire.

use onsale_control::catalogue::organiser::{Organiser, Profile};
use onsale_control::text::{Line, Prose, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::OrganiserRef;
use super::{At, Id, at, at_if_any, wanted};
use crate::problem::Problem;

/// What an organiser says of itself.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveOrganiser {
    /// What it is called, 1 to 120 characters: no other is, whatever the case and the accents.
    #[schema(example = "The Lanterns")]
    pub name: String,
    /// What people should know of it, up to 5,000 characters.
    #[serde(default)]
    #[schema(example = "Touring since 1999.")]
    pub description: String,
    /// Where there is more: an https address of at most 500 bytes. It is shown, and never fetched.
    #[schema(example = "https://lanterns.example")]
    pub website: Option<String>,
    /// Where its picture is, likewise.
    #[schema(example = "https://lanterns.example/logo.png")]
    pub logo_url: Option<String>,
    /// How the platform reaches it, up to 200 characters. Only its members and the platform see it.
    #[schema(example = "booking@lanterns.example")]
    pub contact: Option<String>,
}

impl SaveOrganiser {
    /// The profile, checked.
    pub fn parse(&self) -> Result<Profile, Problem> {
        Ok(Profile {
            name: at("name", Line::parse(&self.name))?,
            description: at("description", Prose::parse(&self.description))?,
            website: at_if_any("website", self.website.as_deref())?,
            logo: at_if_any("logo_url", self.logo_url.as_deref())?,
            contact: at_if_any("contact", self.contact.as_deref())?,
        })
    }
}

/// Whether the platform vouches for an organiser.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyOrganiser {
    /// Whether it does.
    #[schema(example = true)]
    pub verified: bool,
}

/// An organiser.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Organiser)]
pub struct OrganiserDto {
    /// Which one.
    pub id: OrganiserRef,
    /// What it is called.
    #[schema(example = "The Lanterns")]
    pub name: String,
    /// What people should know of it.
    #[schema(example = "Touring since 1999.")]
    pub description: String,
    /// Where there is more.
    #[schema(example = "https://lanterns.example")]
    pub website: Option<String>,
    /// Where its picture is.
    #[schema(example = "https://lanterns.example/logo.png")]
    pub logo_url: Option<String>,
    /// Whether the platform vouches for it.
    #[schema(example = true)]
    pub verified: bool,
    /// What only its members and the platform see; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<OrganiserInside>,
}

/// What only the members of an organiser and the platform see of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganiserInside {
    /// How the platform reaches it.
    #[schema(example = "booking@lanterns.example")]
    pub contact: Option<String>,
    /// Since when the platform vouches for it.
    pub verified_at: Option<At>,
    /// When it was made.
    pub created_at: At,
    /// When it was last changed.
    pub updated_at: At,
}

impl OrganiserDto {
    /// An organiser, to somebody who sees what is inside or does not.
    pub fn new(organiser: Organiser, sees_inside: bool) -> Self {
        let inside = OrganiserInside {
            contact: organiser.contact,
            verified_at: organiser.verified_at.map(At),
            created_at: At(organiser.created_at),
            updated_at: At(organiser.updated_at),
        };
        Self {
            id: Id(organiser.id),
            name: organiser.name,
            description: organiser.description,
            website: organiser.website,
            logo_url: organiser.logo,
            verified: organiser.verified_at.is_some(),
            inside: sees_inside.then_some(inside),
        }
    }
}

/// A page of organisers, as the world sees them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganiserList {
    /// By name.
    pub organisers: Vec<OrganiserDto>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "WyJsYW50ZXJucyIsIm9yZ18wNSJd")]
    pub next: Option<String>,
}

/// Which organisers to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrganiserPage {
    /// What is in the name, up to 100 characters, whatever the case and the accents.
    #[param(example = "lanterns")]
    pub text: Option<String>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl OrganiserPage {
    /// What is looked for.
    pub fn wanted(&self) -> Result<Wanted, Problem> {
        wanted("text", self.text.as_deref())
    }
}
