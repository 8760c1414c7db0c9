//! A server that is told to stop while much is asked of it.

use madsim::time::sleep;
use onsale_sim_shell::flood::{Acknowledged, Flood};
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::swarm::up_to_ms;
use onsale_sim_shell::world::World;

use super::sale::sell_through;

#[test]
fn a_server_that_is_told_to_stop_ends_with_everything_durable() {
    let sometimes = ["order COMPLETED", "stopped"];
    sweep("a_server_that_is_told_to_stop_ends_with_everything_durable", &sometimes, stop_serving);
}

/// Buyers shop while the server is told to stop and is started again.
async fn stop_serving() -> Counts {
    let world = World::new();
    let stops = async {
        for _ in 0..3 {
            sleep(up_to_ms(6_000)).await;
            world.stop().await;
            // There is nothing left for a loss of power to take.
            world.crash();
            world.restart();
        }
    };
    sell_through(&world, stops).await;
    world.counts()
}

#[test]
fn a_shell_that_is_told_to_stop_answers_everybody() {
    sweep("a_shell_that_is_told_to_stop_answers_everybody", &["acknowledged"], stop_shells);
}

/// Much is asked of the shells themselves when they are told to stop.
async fn stop_shells() -> Counts {
    let acknowledged = Acknowledged::default();
    let (world, flood) = Flood::begin(&acknowledged).await;
    sleep(up_to_ms(500)).await;
    world.stop().await;
    flood.end().await;
    acknowledged.check(&world);
    world.counts()
}
