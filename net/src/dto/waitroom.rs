//! Waitrooms, places in them, and the lottery.

use onsale_core::command::Steer;
use onsale_core::id::EventId;
use onsale_core::query::{PlaceView, WaitroomView};
use onsale_core::spec::WaitroomSpec;
use onsale_core::time::Span;
use onsale_core::waitroom::{Commitment, PlaceState, Reveal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{EventRef, PlaceRef};
use super::{At, Id};

/// How people are let in.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitroomDefinition {
    /// From when on one may come: the pre-queue.
    pub doors_at: At,
    /// When the lottery is drawn and the first people are let in.
    pub opens_at: At,
    /// How many people may be inside at once. Default 100.
    #[serde(default = "defaults::slots")]
    #[schema(default = 100, example = 100)]
    pub slots: u32,
    /// How many people are let in per minute at most. Default 600.
    #[serde(default = "defaults::rate_per_minute")]
    #[schema(default = 600, example = 600)]
    pub rate_per_minute: u32,
    /// How long somebody who was let in may stay, in milliseconds. Default 15 minutes.
    #[serde(default = "defaults::visit_ms")]
    #[schema(default = 900_000, example = 900_000)]
    pub visit_ms: u64,
    /// How soon somebody who was let in must show up, in milliseconds. Default 2 minutes.
    #[serde(default = "defaults::claim_ms")]
    #[schema(default = 120_000, example = 120_000)]
    pub claim_ms: u64,
    /// How long a place is kept after the last sign of life, in milliseconds. Default 5 minutes.
    #[serde(default = "defaults::presence_ms")]
    #[schema(default = 300_000, example = 300_000)]
    pub presence_ms: u64,
}

pub(super) mod defaults {
    pub(in crate::dto) const fn slots() -> u32 {
        100
    }

    pub(in crate::dto) const fn rate_per_minute() -> u32 {
        600
    }

    pub(in crate::dto) const fn visit_ms() -> u64 {
        15 * 60_000
    }

    pub(in crate::dto) const fn claim_ms() -> u64 {
        2 * 60_000
    }

    pub(in crate::dto) const fn presence_ms() -> u64 {
        5 * 60_000
    }
}

impl From<WaitroomDefinition> for WaitroomSpec {
    fn from(waitroom: WaitroomDefinition) -> Self {
        Self {
            doors_at: waitroom.doors_at.0,
            opens_at: waitroom.opens_at.0,
            slots: waitroom.slots,
            rate_per_minute: waitroom.rate_per_minute,
            visit: Span::from_ms(waitroom.visit_ms),
            claim: Span::from_ms(waitroom.claim_ms),
            presence: Span::from_ms(waitroom.presence_ms),
        }
    }
}

/// A waitroom as the world sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Waitroom)]
pub struct WaitroomDto {
    /// From when on one may come.
    pub doors_at: At,
    /// When the lottery is drawn and the first people are let in.
    pub opens_at: At,
    /// How many people may be inside at once, as it is now.
    #[schema(example = 100)]
    pub slots: u32,
    /// How many people are let in per minute at most, as it is now.
    #[schema(example = 600)]
    pub rate_per_minute: u32,
    /// How long somebody who was let in may stay, in milliseconds.
    #[schema(example = 900_000)]
    pub visit_ms: u64,
    /// How soon somebody who was let in must show up, in milliseconds.
    #[schema(example = 120_000)]
    pub claim_ms: u64,
    /// How long a place is kept after the last sign of life, in milliseconds.
    #[schema(example = 300_000)]
    pub presence_ms: u64,
    /// Whether the lottery was drawn: before, everybody has the same chance.
    #[schema(example = true)]
    pub drawn: bool,
    /// Whether nobody is let in for now.
    #[schema(example = false)]
    pub paused: bool,
    /// How many people wait.
    #[schema(example = 120_345)]
    pub waiting: u32,
    /// How many are inside.
    #[schema(example = 100)]
    pub inside: u32,
    /// What the lottery is committed to: SHA-256 of the seed, in hex.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub commitment: String,
}

impl From<WaitroomView> for WaitroomDto {
    fn from(waitroom: WaitroomView) -> Self {
        let WaitroomView { spec, drawn, paused, waiting, inside, commitment } = waitroom;
        Self {
            doors_at: At(spec.doors_at),
            opens_at: At(spec.opens_at),
            slots: spec.slots,
            rate_per_minute: spec.rate_per_minute,
            visit_ms: spec.visit.as_ms(),
            claim_ms: spec.claim.as_ms(),
            presence_ms: spec.presence.as_ms(),
            drawn,
            paused,
            waiting,
            inside,
            commitment: commitment.to_string(),
        }
    }
}

/// A change of how people are let in.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = Steer, example = json!({"action": "resize", "slots": 200}))]
pub enum SteerDto {
    /// Let nobody in.
    Pause {},
    /// Change the numbers that are given.
    Resize {
        /// How many people may be inside at once.
        #[schema(example = 200)]
        slots: Option<u32>,
        /// How many are let in per minute at most.
        #[schema(example = 1200)]
        rate_per_minute: Option<u32>,
    },
    /// Let people in again.
    Resume {},
}

impl From<SteerDto> for Steer {
    fn from(steer: SteerDto) -> Self {
        match steer {
            SteerDto::Pause {} => Self::Pause,
            SteerDto::Resize { slots, rate_per_minute } => Self::Resize { slots, rate_per_minute },
            SteerDto::Resume {} => Self::Resume,
        }
    }
}

/// A wish to queue.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// For how many tickets.
    #[schema(example = 2)]
    pub party: u32,
}

/// A place that was given.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Joined {
    /// Which: a new one, or the one the person had.
    pub id: PlaceRef,
    /// Of which event.
    pub event: EventRef,
    /// How many people are ahead; null before the lottery.
    #[schema(example = 4711)]
    pub ahead: Option<u32>,
}

/// A place in a waitroom as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Place)]
pub struct PlaceDto {
    /// Which.
    pub id: PlaceRef,
    /// Of which event.
    pub event: EventRef,
    /// For how many tickets.
    #[schema(example = 2)]
    pub party: u32,
    /// Where its owner is.
    pub state: PlaceStateDto,
    /// When they came.
    pub joined_at: At,
    /// How many people are ahead; null before the lottery and for those who wait no more.
    #[schema(example = 4711)]
    pub ahead: Option<u32>,
    /// How many people wait.
    #[schema(example = 120_345)]
    pub waiting: u32,
    /// How long it will take, in milliseconds, by what was seen lately; null if nobody knows.
    #[schema(example = 420_000)]
    pub estimated_wait_ms: Option<u64>,
    /// When to ask again, in milliseconds from now; null if nothing will change any more. Asking is
    /// the sign of life that keeps the place.
    #[schema(example = 15_000)]
    pub poll_after_ms: Option<u64>,
    /// When the first people are let in.
    pub opens_at: At,
    /// Whether nobody is let in for now.
    #[schema(example = false)]
    pub paused: bool,
    /// Whether everything is paid for and gone.
    #[schema(example = false)]
    pub sold_out: bool,
    /// When ADMITTED: when the visit ends at the latest.
    pub admitted_until_at: Option<At>,
    /// When ADMITTED: what to send as the header `Checkout-Token`, good until then.
    #[schema(example = "eyJ0eXAiOiJjaGVja291dCtqd3QiLCJhbGciOiJFZERTQSJ9...")]
    pub checkout_token: Option<String>,
    /// Changes when the state does: what to give as `seen` to wait for a change.
    #[schema(example = "QUEUED")]
    pub version: String,
}

/// Where the owner of a place is: QUEUED, ADMITTED, or no more: COMPLETED (bought), EXPIRED (the
/// visit took too long, or never began), LEFT, ABANDONED (no sign of life).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = PlaceState, example = "QUEUED")]
pub enum PlaceStateDto {
    /// Waiting.
    Queued,
    /// Inside.
    Admitted,
    /// They got what they came for.
    Completed,
    /// The visit took too long, or never began.
    Expired,
    /// They said goodbye.
    Left,
    /// No more sign of life.
    Abandoned,
}

impl From<PlaceState> for PlaceStateDto {
    fn from(state: PlaceState) -> Self {
        match state {
            PlaceState::Queued => Self::Queued,
            PlaceState::Admitted { .. } => Self::Admitted,
            PlaceState::Completed { .. } => Self::Completed,
            PlaceState::Expired { .. } => Self::Expired,
            PlaceState::Left { .. } => Self::Left,
            PlaceState::Abandoned { .. } => Self::Abandoned,
        }
    }
}

impl PlaceDto {
    /// The place, without what only the edge knows: when to ask again, and the token.
    pub fn new(place: &PlaceView) -> Self {
        let admitted_until_at = match place.state {
            PlaceState::Admitted { until, .. } => Some(At(until)),
            _ => None,
        };
        Self {
            id: Id(place.place),
            event: Id(place.place.event),
            party: place.party,
            state: place.state.into(),
            joined_at: At(place.joined_at),
            ahead: place.ahead,
            waiting: place.waiting,
            estimated_wait_ms: place.estimate.map(Span::as_ms),
            poll_after_ms: None,
            opens_at: At(place.opens_at),
            paused: place.paused,
            sold_out: place.sold_out,
            admitted_until_at,
            checkout_token: None,
            version: Self::version(place).to_owned(),
        }
    }

    /// What its owner may wait for a change of: the state, for all else changes all the time.
    pub fn version(place: &PlaceView) -> &'static str {
        match place.state {
            PlaceState::Queued => "QUEUED",
            PlaceState::Admitted { .. } => "ADMITTED",
            PlaceState::Completed { .. } => "COMPLETED",
            PlaceState::Expired { .. } => "EXPIRED",
            PlaceState::Left { .. } => "LEFT",
            PlaceState::Abandoned { .. } => "ABANDONED",
        }
    }
}

/// What the lottery is drawn with: published before as a hash, revealed after the draw, so that
/// anyone can compute the order again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Lottery {
    /// Of which event.
    pub event: EventRef,
    /// SHA-256 of the seed, in hex.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub commitment: String,
    /// Null before the draw.
    pub reveal: Option<RevealDto>,
}

/// Everything that is needed to compute the order again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Reveal)]
pub struct RevealDto {
    /// The seed: 32 bytes in hex. The order is a Fisher-Yates shuffle, from the inside out, with
    /// the 64-bit output of `ChaCha20` under this key: newcomer `n` swaps with index
    /// `(random * (n + 1)) >> 64`.
    #[schema(example = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")]
    pub seed: String,
    /// When the order was drawn.
    pub drawn_at: At,
    /// How many places took part, numbered from 0 in order of arrival.
    #[schema(example = 120_345)]
    pub participants: u32,
    /// The numbers of those that had ended before the draw, rising: taken out after the shuffle.
    #[schema(example = json!([17, 4711]))]
    pub withdrawn: Vec<u32>,
}

impl Lottery {
    /// The lottery of an event.
    pub fn new(event: EventId, commitment: &Commitment, reveal: Option<Reveal>) -> Self {
        let reveal = reveal.map(|reveal| RevealDto {
            seed: reveal.seed.to_string(),
            drawn_at: At(reveal.drawn_at),
            participants: reveal.participants,
            withdrawn: reveal.withdrawn,
        });
        Self { event: Id(event), commitment: commitment.to_string(), reveal }
    }
}
