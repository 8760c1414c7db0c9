//! A machine that goes down again before it is up.

use std::time::Duration;

use madsim::time::Instant;
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::judge::judge;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::swarm::up_to_ms;
use onsale_sim_shell::world::World;

#[test]
fn a_machine_that_goes_down_while_it_recovers_loses_nothing() {
    let sometimes = ["order COMPLETED", "recovery: snapshot", "recovery: torn"];
    sweep("a_machine_that_goes_down_while_it_recovers_loses_nothing", &sometimes, crash_loop);
}

/// Buyers shop while the machine goes down many times in a row, and then once more.
pub async fn crash_loop() -> Counts {
    let world = World::new();
    world.crash_loop(5).await;
    let shop = world.open_shop().await;
    let buyers = world.send_buyers(&shop, Instant::now() + Duration::from_secs(120));
    for _ in 0..3 {
        madsim::time::sleep(up_to_ms(6_000)).await;
        world.crash_loop(10).await;
    }
    world.calm();
    for buyer in buyers {
        buyer.await.expect("people's machines do not go down");
    }
    judge(&world, &shop).await;
    world.counts()
}
