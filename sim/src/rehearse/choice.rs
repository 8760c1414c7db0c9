//! What somebody takes: first what they came for, then what they see is left.

use onsale_core::command::{Choice, Wish};
use onsale_core::inventory::Stock;
use onsale_core::spec::{ClassId, EventSpec};
use onsale_core::time::Time;

use crate::noise::Noise;

/// How much there is of each class before anything is sold: most people want what there is most of.
pub(super) struct Taste(Vec<u32>);

impl Taste {
    pub(super) fn of(stock: &Stock, spec: &EventSpec) -> Self {
        Self(classes(spec).map(|class| stock.room(class).left).collect())
    }

    /// What somebody came for.
    pub(super) fn favourite(&self, noise: &mut Noise) -> ClassId {
        ClassId(weighted(noise, &self.0).unwrap_or(0))
    }
}

fn classes(spec: &EventSpec) -> impl Iterator<Item = ClassId> {
    (0..spec.classes.len() as u16).map(ClassId)
}

/// Any index, as often as its weight is large; none if all weights are zero.
fn weighted(noise: &mut Noise, weights: &[u32]) -> Option<u16> {
    let total: u64 = weights.iter().copied().map(u64::from).sum();
    let mut draw = noise.below(total);
    for (index, weight) in (0..).zip(weights) {
        if draw < u64::from(*weight) {
            return Some(index);
        }
        draw -= u64::from(*weight);
    }
    None
}

/// The first thing that they ask for.
pub(super) fn first_wish(favourite: ClassId, party: u32) -> Wish {
    Wish { class: favourite, choice: Choice::Any(party) }
}

/// What they ask for after a refusal, looking at what is left: their party together in another
/// class, or fewer, or apart. What they came for if nothing is left: it may come back.
pub(super) fn next_wish(
    noise: &mut Noise,
    stock: &Stock,
    spec: &EventSpec,
    now: Time,
    favourite: ClassId,
    party: u32,
) -> Wish {
    let on_sale = |class| spec.class(class).is_some_and(|class| class.window.contains(now));
    let left: Vec<u32> = classes(spec)
        .map(|class| if on_sale(class) { stock.room(class).left } else { 0 })
        .collect();
    let enough: Vec<u32> = left.iter().map(|left| if *left >= party { *left } else { 0 }).collect();
    let found = weighted(noise, &enough).or_else(|| weighted(noise, &left));
    let Some(class) = found else { return first_wish(favourite, party) };
    let count = party.min(left[usize::from(class)]);
    let class = ClassId(class);
    let choice = if stock.is_seated(class) {
        Choice::Best { count, section: None, accessible: false, may_split: true }
    } else {
        Choice::Any(count)
    };
    Wish { class, choice }
}
