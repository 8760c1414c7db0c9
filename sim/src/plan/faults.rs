//! What goes wrong: each family of faults is in a plan or not, and how much of it is drawn.

use super::{Damage, Direction, Fault, FaultKind, Service};
use crate::noise::Noise;

/// All faults of one plan.
pub(super) fn faults(noise: &mut Noise, safety_ms: u64) -> Vec<Fault> {
    let mut faults = Vec::new();
    let families: [fn(&mut Noise) -> FaultKind; 5] = [process, disk, network, payment, clock];
    for (family, share) in families.into_iter().zip([650, 400, 500, 500, 200]) {
        if noise.chance(share) {
            for _ in 0..noise.between(1, 3) {
                let at_ms = noise.between(1, safety_ms);
                faults.push(Fault { at_ms, kind: family(noise) });
            }
        }
    }
    // Damage shows at a start only.
    let damages = faults.iter().any(|fault| matches!(fault.kind, FaultKind::Damage(_)));
    let swaps = faults.iter().any(|fault| matches!(fault.kind, FaultKind::SwapPartitions));
    if damages || swaps {
        let at_ms = safety_ms * 9 / 10;
        faults.push(Fault { at_ms, kind: FaultKind::Kill { down_ms: 5 } });
    }
    faults.sort_by_key(|fault| fault.at_ms);
    faults
}

fn down(noise: &mut Noise) -> u64 {
    *noise.pick(&[1, 10, 10, 60, 300])
}

fn process(noise: &mut Noise) -> FaultKind {
    let down_ms = down(noise);
    match noise.below(8) {
        0 | 1 => FaultKind::PowerLoss { down_ms },
        2 => FaultKind::Kill { down_ms },
        3 | 4 => FaultKind::PowerLossAtWrite { operation: noise.between(1, 20), down_ms },
        5 => {
            let times = noise.between(1, 3) as u32;
            FaultKind::RecoveryCrashes { times, operations: noise.below(10) }
        }
        6 => FaultKind::Stop { down_ms },
        _ => FaultKind::Pause { for_ms: noise.between(1, 700) },
    }
}

fn disk(noise: &mut Noise) -> FaultKind {
    let down_ms = down(noise);
    match noise.below(9) {
        0 | 1 => FaultKind::WriteError { down_ms },
        2 => FaultKind::DiskFull { down_ms },
        3 => FaultKind::DiskStall { for_ms: noise.between(1, 500) },
        4 => FaultKind::SwapPartitions,
        5 | 6 => FaultKind::SnapshotCrash { operations: noise.below(12), down_ms },
        _ => FaultKind::Damage(*noise.pick(&[
            Damage::BitRot,
            Damage::LostWrite,
            Damage::Misdirected,
            Damage::Truncated,
            Damage::Missing,
            Damage::SnapshotRot,
            Damage::ReadError,
        ])),
    }
}

fn network(noise: &mut Noise) -> FaultKind {
    let for_ms = noise.between(20, 800);
    match noise.below(6) {
        0 => FaultKind::Loss { per_mille: noise.between(50, 700), for_ms },
        1 => FaultKind::Duplicates { per_mille: noise.between(50, 700), for_ms },
        2 => FaultKind::Clog { up_to_ms: noise.between(1, 600), for_ms },
        3 | 4 => FaultKind::Partition {
            one_in: noise.between(1, 3),
            direction: *noise.pick(&[Direction::In, Direction::Out, Direction::Both]),
            for_ms,
        },
        _ => FaultKind::Reset,
    }
}

fn payment(noise: &mut Noise) -> FaultKind {
    let for_ms = noise.between(50, 1_200);
    match noise.below(7) {
        0 => FaultKind::ProviderDown { for_ms },
        1 => FaultKind::ProviderErrors { per_mille: noise.between(100, 900), for_ms },
        2 => FaultKind::IntentsRefused { for_ms },
        3 => FaultKind::NoticesLost { per_mille: *noise.pick(&[300, 1_000]), for_ms },
        4 => FaultKind::NoticesRepeated { times: noise.between(2, 4) as u32, for_ms },
        5 => FaultKind::NoticesLate { up_to_ms: noise.between(1, 900), for_ms },
        _ => FaultKind::StrayNotice {
            order: noise.below(20) as u32,
            event: noise.below(4) as usize,
            other_provider: noise.chance(500),
        },
    }
}

/// What providers do that is worse than being away. Drawn apart from the families, so that a seed
/// keeps those that it has.
pub(super) fn misbehaviour(noise: &mut Noise) -> FaultKind {
    let for_ms = noise.between(50, 1_200);
    match noise.below(6) {
        0 => FaultKind::RefundsPending { fails: false, for_ms },
        1 | 2 => FaultKind::RefundsPending { fails: true, for_ms },
        3 => {
            let service = *noise.pick(&[Service::Pages, Service::Refunds, Service::Queries]);
            FaultKind::PartlyDown { service, for_ms }
        }
        4 => FaultKind::QueriesBlind { for_ms },
        _ => FaultKind::NoticesNever { for_ms },
    }
}

/// So far that timers notice, so little that the second phase waits it out.
fn clock(noise: &mut Noise) -> FaultKind {
    let by_ms = noise.between(1, 5_000).cast_signed();
    FaultKind::ClockJump { by_ms: if noise.chance(500) { by_ms } else { -by_ms } }
}
