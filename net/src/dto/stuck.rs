//! What providers keep failing to do.

use serde::Serialize;
use utoipa::ToSchema;

use super::id::{EventRef, OrderRef};
use super::{At, Id};
use crate::provider::stuck::{Asked, Stuck};

/// Something that a provider was asked for, and nothing comes of.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StuckEffect)]
pub struct StuckEffectDto {
    /// What it is asked for.
    pub kind: AskedDto,
    /// For which order.
    pub order: OrderRef,
    /// Of which event.
    pub event: EventRef,
    /// Which of the order's refunds, from 0; null if it is none.
    #[schema(example = 0)]
    pub refund: Option<u32>,
    /// Who is asked.
    #[schema(example = "stripe")]
    pub provider: String,
    /// How often it failed in a row; 0 if it waits for a provider that is left alone for a while.
    #[schema(example = 12)]
    pub failures: u32,
    /// Since when nothing has come of it.
    pub since_at: At,
    /// When it failed for the first time in this row.
    pub first_failed_at: Option<At>,
    /// When it failed for the last time.
    pub last_failed_at: Option<At>,
    /// The last words of the provider, or of this server.
    #[schema(example = "no answer in time")]
    pub reason: Option<String>,
    /// When it is asked for again at the earliest; null if only by somebody who wants it.
    pub next_at: Option<At>,
}

/// What a provider is asked for: INTENT (a page to pay on), QUESTION (what became of one), REFUND
/// (that money goes back, or what became of that).
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = Asked, example = "REFUND")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum AskedDto {
    Intent,
    Question,
    Refund,
}

/// A page of what providers keep failing to do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StuckEffectList {
    /// By order.
    pub effects: Vec<StuckEffectDto>,
    /// What to send as `after` for the next page; null on the last one.
    pub next: Option<OrderRef>,
}

/// What was asked for at once.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct RetriedEffects {
    /// How many things; 0 if nothing of the order was stuck.
    #[schema(example = 1)]
    pub asked: u32,
}

impl From<Stuck> for StuckEffectDto {
    fn from(stuck: Stuck) -> Self {
        let (kind, refund) = match stuck.id.what {
            Asked::Intent => (AskedDto::Intent, None),
            Asked::Question => (AskedDto::Question, None),
            Asked::Refund { refund, .. } => (AskedDto::Refund, Some(refund)),
        };
        Self {
            kind,
            order: Id(stuck.id.order),
            event: Id(stuck.id.order.event),
            refund,
            provider: stuck.provider,
            failures: stuck.failures,
            since_at: At(stuck.since),
            first_failed_at: stuck.failed_at.map(|(first, _)| At(first)),
            last_failed_at: stuck.failed_at.map(|(_, last)| At(last)),
            reason: stuck.reason,
            next_at: stuck.next_at.map(At),
        }
    }
}
