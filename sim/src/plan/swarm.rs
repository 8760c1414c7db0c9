//! From a seed to a plan: everything is drawn, also how much of it there is. Each plan leaves
//! something out altogether, so that what is left comes in numbers that an average over all would
//! never reach (swarm testing: Groce et al., ISSTA 2012).

use super::crowd::{self, Mood};
use super::{Act, Fault, FaultKind, Operation, Plan, Service, Setup, faults, house, quarrel};
use crate::noise::{Concern, Noise};

/// The plan of a seed.
pub fn swarm(seed: u64) -> Plan {
    let noise = &mut Noise::new(seed, Concern::Plan, 0);
    let mut setup = setup(noise);
    let safety_ms = setup.safety_ms;
    let events: Vec<_> = (0..noise.between(1, u64::from(setup.partitions) + 1) as usize)
        .map(|number| house::event(noise, setup.partitions, number, safety_ms))
        .collect();
    let mood = Mood::drawn(noise, safety_ms);
    let count: u32 = *noise.pick(&[2, 2, 3, 4, 5, 6, 8, 10, 20]);
    if count > 8 {
        // A snapshot of everything after every other fact is for small crowds.
        setup.snapshot_every_facts = setup.snapshot_every_facts.max(20);
    }
    // Now and then the same person sits before two windows.
    let people = if noise.chance(300) { count / 2 + 1 } else { count * 50 };
    let buyers =
        (0..count).map(|_| crowd::buyer(noise, &mood, &events, people, safety_ms)).collect();
    let operations = (0..*noise.pick(&[0, 0, 2, 6, 12]))
        .map(|_| crowd::operation(noise, &events, safety_ms))
        .collect();
    let faults = faults::faults(noise, safety_ms);
    let mut plan = Plan { noise: seed, setup, events, buyers, operations, faults };
    if noise.chance(30) {
        stampede(noise, &mut plan);
    }
    if noise.chance(300) {
        refuse_refunds(noise, &mut plan);
    }
    if noise.chance(300) {
        quarrel::quarrels(noise, &mut plan);
    }
    if noise.chance(400) {
        misbehave(noise, &mut plan);
    }
    if noise.chance(250) {
        keep_refunds_waiting(noise, &mut plan);
    }
    plan
}

/// The provider does what is worse than being away, and may be asked often enough to notice.
fn misbehave(noise: &mut Noise, plan: &mut Plan) {
    plan.setup.reconcile_ms = *noise.pick(&[30, 200, Setup::RECONCILE_MS]);
    for _ in 0..noise.between(1, 4) {
        let at_ms = noise.between(1, plan.setup.safety_ms);
        plan.faults.push(Fault { at_ms, kind: faults::misbehaviour(noise) });
    }
    plan.faults.sort_by_key(|fault| fault.at_ms);
}

/// The provider gives nothing back for a while, and operators look after it now and then.
fn refuse_refunds(noise: &mut Noise, plan: &mut Plan) {
    let safety_ms = plan.setup.safety_ms;
    let at_ms = noise.between(1, safety_ms);
    let kind = FaultKind::RefundsRefused { for_ms: noise.between(100, 1_500) };
    plan.faults.push(Fault { at_ms, kind });
    plan.faults.sort_by_key(|fault| fault.at_ms);
    for _ in 0..noise.below(6) {
        let event = noise.below(plan.events.len() as u64) as usize;
        let act = Act::SettleRefunds { by_hand: noise.chance(400) };
        plan.operations.push(Operation { at_ms: noise.between(at_ms, safety_ms), event, act });
    }
}

/// The provider does not come to make refunds for a while, and operators do not wait for it: money
/// goes back by hand while the provider is asked for it.
fn keep_refunds_waiting(noise: &mut Noise, plan: &mut Plan) {
    let safety_ms = plan.setup.safety_ms;
    let at_ms = noise.between(safety_ms / 4, safety_ms);
    let for_ms = noise.between(100, 1_500);
    let kind = match noise.below(3) {
        0 => FaultKind::RefundsPending { fails: noise.chance(300), for_ms },
        1 => FaultKind::ProviderErrors { per_mille: noise.between(300, 1_000), for_ms },
        _ => FaultKind::PartlyDown { service: Service::Refunds, for_ms },
    };
    plan.faults.push(Fault { at_ms, kind });
    plan.faults.sort_by_key(|fault| fault.at_ms);
    for _ in 0..noise.between(1, 5) {
        let event = noise.below(plan.events.len() as u64) as usize;
        let refund = Act::Refund { order: noise.below(12) as u32, tickets: Vec::new() };
        let refunded_ms = noise.between(at_ms, safety_ms);
        plan.operations.push(Operation { at_ms: refunded_ms, event, act: refund });
        let act = Act::SettleStuck { by_hand: noise.chance(850) };
        let at_ms = refunded_ms + noise.between(1, 200);
        plan.operations.push(Operation { at_ms, event, act });
    }
}

/// Everybody has a hold in the same moment and the process stands still until all of them are over:
/// more falls due at once than one turn can do, while orders for them wait in the mailbox.
fn stampede(noise: &mut Noise, plan: &mut Plan) {
    plan.setup.mailbox_room = 256;
    plan.setup.parked_max = 1_000;
    let at_ms = noise.between(50, 80);
    let hold_ms = noise.between(20, 60);
    for event in &mut plan.events {
        house::make_roomy(event, hold_ms);
    }
    let crowd = plan.buyers.clone();
    while plan.buyers.len() < 45 {
        let mut buyer = crowd[plan.buyers.len() % crowd.len()].clone();
        buyer.person = 2_000 + plan.buyers.len() as u32;
        plan.buyers.push(buyer);
    }
    for buyer in &mut plan.buyers {
        crowd::stampede(buyer, at_ms + noise.below(8), hold_ms / 2);
    }
    let kind = FaultKind::Pause { for_ms: hold_ms * 2 };
    plan.faults = vec![Fault { at_ms: at_ms + 8 + hold_ms / 2, kind }];
}

fn setup(noise: &mut Noise) -> Setup {
    let segment_bytes = *noise.pick(&[16 << 10, 16 << 10, 16 << 10, 32 << 10, 64 << 10]);
    Setup {
        partitions: *noise.pick(&[1, 1, 2, 3]),
        segment_bytes,
        batch_bytes_max: *noise.pick(&[4 << 10, 8 << 10, 12 << 10]),
        writes_in_flight: noise.between(1, 4) as usize,
        queued_bytes_max: *noise.pick(&[12 << 10, 16 << 10, 64 << 10]),
        parked_max: *noise.pick(&[1, 4, 64, 1_000]),
        watches_max: *noise.pick(&[0, 2, 64]),
        mailbox_room: *noise.pick(&[1, 4, 64, 256]),
        turn_messages: *noise.pick(&[1, 2, 256]),
        snapshot_every_facts: *noise.pick(&[2, 20, 40, 60, 80, u64::MAX, u64::MAX]),
        follow_us: *noise.pick(&[0, 100, 5_000, 200_000]),
        network_us: *noise.pick(&[50, 500, 5_000]),
        disk_us: *noise.pick(&[20, 200, 3_000]),
        provider_us: *noise.pick(&[200, 2_000, 20_000]),
        reconcile_ms: Setup::RECONCILE_MS,
        safety_ms: noise.between(300, 1_500),
    }
}
