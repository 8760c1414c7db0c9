//! A machine that goes down again before it is up.

use std::time::Duration;

use madsim::time::{Instant, sleep};
use onsale_sim_shell::flood::{Acknowledged, Flood};
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::judge::judge;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::swarm::up_to_ms;
use onsale_sim_shell::world::World;

#[test]
fn a_machine_that_goes_down_while_it_recovers_loses_nothing() {
    let sometimes = ["order COMPLETED", "recovery: snapshot"];
    sweep("a_machine_that_goes_down_while_it_recovers_loses_nothing", &sometimes, crash_loop);
}

/// Buyers shop while the machine goes down many times in a row, and then once more.
pub async fn crash_loop() -> Counts {
    let world = World::new();
    world.crash_loop(5).await;
    let shop = world.open_shop().await;
    let buyers = world.send_buyers(&shop, Instant::now() + Duration::from_secs(120));
    for _ in 0..3 {
        sleep(up_to_ms(6_000)).await;
        world.crash_loop(6).await;
    }
    world.calm();
    for buyer in buyers {
        buyer.await.expect("people's machines do not go down");
    }
    judge(&world, &shop).await;
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
