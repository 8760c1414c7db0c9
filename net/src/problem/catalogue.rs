//! How the catalogue of events says no.

use onsale_control::catalogue::event::image::ImageError;
use onsale_control::catalogue::event::offer::OfferError;
use onsale_control::catalogue::event::status::StepError;
use onsale_control::catalogue::event::{EventError, Wrong};
use serde_json::{Value, json};

use super::catalog::{
    APPROVAL_NEEDED, EVENT_CANCELLED, FULL, IMAGE_TOO_LARGE, IN_USE, INCOMPLETE, INVALID_BODY,
    NO_DRAFT, NO_IMAGE, NOT_CONFIGURED, PUBLISHED_ALREADY,
};
use super::{Problem, Wrong as WrongPlace};

impl From<EventError> for Problem {
    fn from(error: EventError) -> Self {
        let detail = error.to_string();
        match error {
            EventError::Catalogue(error) => error.into(),
            EventError::Image(error) => error.into(),
            EventError::Incomplete(wrong) => {
                Self::new(&INCOMPLETE, detail).member("errors", places(wrong))
            }
            EventError::Offer(error) => error.into(),
            EventError::Step(error) => error.into(),
            EventError::Wrong(mut wrong) if wrong.len() == 1 => wrong.remove(0).into(),
            EventError::Wrong(wrong) => {
                Self::new(&INVALID_BODY, detail).member("errors", places(wrong))
            }
        }
    }
}

impl From<Wrong> for Problem {
    fn from(Wrong { at, problem }: Wrong) -> Self {
        Self::at(&INVALID_BODY, at, problem)
    }
}

fn places(wrong: Vec<Wrong>) -> Value {
    let place = |Wrong { at, problem }: Wrong| json!(WrongPlace { at, problem });
    wrong.into_iter().map(place).collect()
}

impl From<ImageError> for Problem {
    fn from(error: ImageError) -> Self {
        let detail = error.to_string();
        match error {
            ImageError::NoImage => Self::new(&NO_IMAGE, detail),
            ImageError::TooLarge { max, .. } => {
                Self::new(&IMAGE_TOO_LARGE, detail).member("max", max)
            }
            ImageError::TooMany(_) => Self::new(&FULL, detail).member("what", "picture"),
        }
    }
}

impl From<OfferError> for Problem {
    fn from(error: OfferError) -> Self {
        let detail = error.to_string();
        match error {
            OfferError::ClassHasSeats => Self::new(&IN_USE, detail).member("what", "ticket class"),
            OfferError::Full(what) => Self::new(&FULL, detail).member("what", what),
            OfferError::NoSuchClass => Self::not_found("ticket class"),
            OfferError::NoSuchQuota => Self::not_found("quota"),
        }
    }
}

impl From<StepError> for Problem {
    fn from(error: StepError) -> Self {
        let detail = error.to_string();
        match error {
            StepError::ApprovalNeeded => Self::new(&APPROVAL_NEEDED, detail),
            StepError::Cancelled => Self::new(&EVENT_CANCELLED, detail),
            StepError::NoDraft(status) => {
                Self::new(&NO_DRAFT, detail).member("event_status", status.name())
            }
            StepError::NotConfigured(status) => {
                Self::new(&NOT_CONFIGURED, detail).member("event_status", status.name())
            }
            StepError::Published => Self::new(&PUBLISHED_ALREADY, detail),
        }
    }
}
