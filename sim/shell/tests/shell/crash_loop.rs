//! A machine that goes down again before it is up.

use madsim::time::sleep;
use onsale_sim_shell::flood::{Acknowledged, Flood};
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::swarm::up_to_ms;
use onsale_sim_shell::world::World;

use super::sale::sell_through;

#[test]
fn a_machine_that_goes_down_while_it_recovers_loses_nothing() {
    let sometimes = ["order COMPLETED", "recovery: snapshot"];
    sweep("a_machine_that_goes_down_while_it_recovers_loses_nothing", &sometimes, crash_loop);
}

/// Buyers shop while the machine goes down many times in a row, and then once more.
pub async fn crash_loop() -> Counts {
    let world = World::new();
    world.crash_loop(5).await;
    let crashes = async {
        for _ in 0..3 {
            sleep(up_to_ms(6_000)).await;
            world.crash_loop(6).await;
        }
    };
    sell_through(&world, crashes).await;
    world.counts()
}

#[test]
fn a_machine_that_goes_down_under_load_has_what_it_acknowledged() {
    let sometimes = ["acknowledged", "recovery: snapshot", "recovery: torn"];
    let name = "a_machine_that_goes_down_under_load_has_what_it_acknowledged";
    sweep(name, &sometimes, go_down_under_load);
}

/// Much is asked of the shells themselves when the machine goes down, at any poll of any task.
async fn go_down_under_load() -> Counts {
    let acknowledged = Acknowledged::default();
    let (world, flood) = Flood::begin(&acknowledged).await;
    sleep(up_to_ms(500)).await;
    world.go_down_among_polls().await;
    flood.end().await;
    acknowledged.check(&world);
    world.crash_loop(5).await;
    world.crash();
    acknowledged.check(&world);
    world.counts()
}
