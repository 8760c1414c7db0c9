//! From a seed to a plan: everything is drawn, also how much of it there is. Each plan leaves
//! something out altogether, so that what is left comes in numbers that an average over all would
//! never reach (swarm testing: Groce et al., ISSTA 2012).

use super::crowd::{self, Mood};
use super::{Plan, Setup, faults, house};
use crate::noise::{Concern, Noise};

/// The plan of a seed.
pub fn swarm(seed: u64) -> Plan {
    let noise = &mut Noise::new(seed, Concern::Plan, 0);
    let setup = setup(noise);
    let safety_ms = setup.safety_ms;
    let events: Vec<_> = (0..noise.between(1, u64::from(setup.partitions) + 1) as usize)
        .map(|number| house::event(noise, setup.partitions, number, safety_ms))
        .collect();
    let mood = Mood::drawn(noise, safety_ms);
    let count = *noise.pick(&[2, 5, 8, 12, 16, 30]);
    // Now and then the same person sits before two windows.
    let people = if noise.chance(300) { count / 2 + 1 } else { count * 50 } as u32;
    let buyers =
        (0..count).map(|_| crowd::buyer(noise, &mood, &events, people, safety_ms)).collect();
    let operations = (0..*noise.pick(&[0, 0, 2, 6]))
        .map(|_| crowd::operation(noise, &events, safety_ms))
        .collect();
    let faults = faults::faults(noise, safety_ms);
    Plan { noise: seed, setup, events, buyers, operations, faults }
}

fn setup(noise: &mut Noise) -> Setup {
    let segment_bytes = *noise.pick(&[16 << 10, 32 << 10, 64 << 10]);
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
        snapshot_every_facts: *noise.pick(&[2, 10, 40, u64::MAX]),
        network_us: *noise.pick(&[50, 500, 5_000]),
        disk_us: *noise.pick(&[20, 200, 3_000]),
        provider_us: *noise.pick(&[200, 2_000, 20_000]),
        safety_ms: noise.between(400, 2_500),
    }
}
