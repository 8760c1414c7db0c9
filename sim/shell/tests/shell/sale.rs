//! A sale in the middle of everything that goes wrong.

use std::future::Future;
use std::time::Duration;

use madsim::time::Instant;
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::judge::judge;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::world::World;

#[test]
fn what_was_acknowledged_in_trouble_stands() {
    let sometimes = [
        "crash",
        "hold refused: no_neighbours",
        "order refused: hold_gone",
        "order CANCELLED",
        "order COMPLETED",
        "order EXPIRED",
        "order FAILED",
        "manner: Late",
        "manner: Twice",
        "recovery: snapshot",
        "refunded",
        "trouble: Clog",
        "trouble: ClogIn",
        "trouble: ClogLink",
        "trouble: ClogOut",
        "trouble: Pause",
    ];
    sweep("what_was_acknowledged_in_trouble_stands", &sometimes, sale);
}

/// Buyers shop while one thing after the other goes wrong.
pub async fn sale() -> Counts {
    let world = World::new();
    sell_through(&world, world.trouble(Duration::from_secs(40))).await;
    world.counts()
}

/// Buyers shop for two minutes, during which something happens; then all is well again, and the
/// sale is judged.
pub async fn sell_through(world: &World, happening: impl Future<Output = ()>) {
    let shop = world.open_shop().await;
    let buyers = world.send_buyers(&shop, Instant::now() + Duration::from_secs(120));
    happening.await;
    world.calm();
    for buyer in buyers {
        buyer.await.expect("people's machines do not go down");
    }
    judge(world, &shop).await;
}
