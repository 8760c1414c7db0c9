//! A sale in the middle of everything that goes wrong.

use std::time::Duration;

use madsim::time::Instant;
use onsale_sim_shell::judge::judge;
use onsale_sim_shell::seeds::sweep;
use onsale_sim_shell::world::World;

#[test]
fn what_was_acknowledged_in_trouble_stands() {
    sweep("what_was_acknowledged_in_trouble_stands", || async {
        let world = World::new();
        let trouble = Duration::from_secs(40);
        let shop = world.open_shop().await;
        let buyers = world.send_buyers(&shop, Instant::now() + 3 * trouble);
        world.trouble(trouble).await;
        for buyer in buyers {
            buyer.await.expect("people's machines do not go down");
        }
        judge(&world, &shop).await;
        println!("{:?}", world.history.counts());
    });
}
