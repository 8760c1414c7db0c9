//! A sale in the middle of everything that goes wrong.

use std::time::Duration;

use madsim::time::Instant;
use onsale_sim_shell::history::Counts;
use onsale_sim_shell::judge::judge;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::world::World;

const TROUBLE: Duration = Duration::from_secs(40);

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
    let shop = world.open_shop().await;
    let buyers = world.send_buyers(&shop, Instant::now() + 3 * TROUBLE);
    world.trouble(TROUBLE).await;
    for buyer in buyers {
        buyer.await.expect("people's machines do not go down");
    }
    judge(&world, &shop).await;
    world.counts()
}
