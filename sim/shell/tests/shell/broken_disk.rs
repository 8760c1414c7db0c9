//! A disk that breaks: the process ends, and nothing that was acknowledged is lost.

use std::time::Duration;

use madsim::rand::{Rng, thread_rng};
use madsim::time::sleep;
use onsale_sim_shell::flood::{Acknowledged, Flood};
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::swarm::up_to_ms;
use onsale_sim_shell::world::World;

use super::sale::sell_through;

#[test]
fn a_sale_goes_on_after_the_disk_was_replaced() {
    let sometimes = ["order COMPLETED", "journal failed", "recovery: snapshot"];
    sweep("a_sale_goes_on_after_the_disk_was_replaced", &sometimes, replace_disks);
}

/// Buyers shop while one disk after the other breaks.
async fn replace_disks() -> Counts {
    let world = World::new();
    let breaks = async {
        for _ in 0..3 {
            replace_disk(&world).await;
        }
    };
    sell_through(&world, breaks).await;
    world.counts()
}

async fn replace_disk(world: &World) {
    world.machine.disk.break_after(thread_rng().gen_range(0..40));
    // With little to write it may not be noticed.
    let is_noticed = world.ends_within(Duration::from_secs(30)).await;
    assert_eq!(is_noticed, !world.machine.take_failures().is_empty());
    world.history.count_if(is_noticed, "journal failed");
    sleep(up_to_ms(1_000)).await;
    world.machine.disk.repair();
    world.crash();
    world.restart();
}

#[test]
fn nothing_is_acknowledged_that_a_broken_disk_does_not_hold() {
    let sometimes = ["acknowledged", "recovery: torn"];
    sweep("nothing_is_acknowledged_that_a_broken_disk_does_not_hold", &sometimes, break_disk);
}

/// Much is asked of the shells themselves when a disk breaks: everybody is answered.
async fn break_disk() -> Counts {
    let acknowledged = Acknowledged::default();
    let (world, flood) = Flood::begin(&acknowledged).await;
    world.machine.disk.break_after(thread_rng().gen_range(0..60));
    assert!(world.ends_within(Duration::from_secs(300)).await, "a broken disk is not noticed");
    let failures = world.machine.take_failures();
    assert!(failures.iter().any(|failed| failed.source.raw_os_error() == Some(5)), "{failures:?}");
    flood.end().await;
    world.crash();
    acknowledged.check(&world);
    world.counts()
}
