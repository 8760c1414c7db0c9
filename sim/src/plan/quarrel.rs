//! What banks do in a plan: they ask payments back, and operators look after it now and then.

use serde::{Deserialize, Serialize};

use super::{Act, Fault, FaultKind, Operation, Plan};
use crate::noise::Noise;

/// A payment that a bank asks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarrel {
    /// Of which order, by its number: the newest paid one of the event up to this.
    pub order: u32,
    /// Which of the plan's events; one beyond them is none.
    pub event: usize,
    /// Whether it asks for half of it only.
    pub is_half: bool,
    /// Whether it takes the money in the end.
    pub is_lost: bool,
    /// Whether the provider tells of it for an order that there is not.
    pub is_stray: bool,
    /// How long the bank takes to decide.
    pub for_ms: u64,
    /// How often it thinks better of that, and how.
    #[serde(default)]
    pub again: [Option<Again>; 2],
}

/// A bank takes up again what it had decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// How long after it had decided.
    pub after_ms: u64,
    /// How long it takes to decide again; without that it has decided at once.
    pub for_ms: Option<u64>,
    /// Whether it takes the money now.
    pub is_lost: bool,
}

/// Banks ask payments back, and operators look after it now and then.
pub(super) fn quarrels(noise: &mut Noise, plan: &mut Plan) {
    let safety_ms = plan.setup.safety_ms;
    for _ in 0..noise.between(1, 4) {
        let quarrel = Quarrel {
            order: noise.below(20) as u32,
            event: noise.below(plan.events.len() as u64) as usize,
            is_half: noise.chance(300),
            is_lost: noise.chance(600),
            is_stray: noise.chance(150),
            for_ms: noise.between(1, 900),
            again: [again(noise), again(noise)],
        };
        let at_ms = noise.between(safety_ms / 4, safety_ms);
        plan.faults.push(Fault { at_ms, kind: FaultKind::Disputed(quarrel) });
    }
    plan.faults.sort_by_key(|fault| fault.at_ms);
    for _ in 0..noise.below(5) {
        let event = noise.below(plan.events.len() as u64) as usize;
        let act = Act::DecideDisputes { void: noise.chance(500) };
        let at_ms = noise.between(safety_ms / 3, safety_ms);
        plan.operations.push(Operation { at_ms, event, act });
    }
}

fn again(noise: &mut Noise) -> Option<Again> {
    noise.chance(400).then(|| Again {
        after_ms: noise.between(1, 600),
        for_ms: noise.chance(700).then(|| noise.between(1, 600)),
        is_lost: noise.chance(500),
    })
}
