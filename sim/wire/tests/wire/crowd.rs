//! Everybody at once, and everything that goes wrong on the wire with them.

use onsale_sim_wire::person::Person;
use onsale_sim_wire::stage::{House, play};
use turmoil::{partition, partition_oneway, repair};

/// Twelve buyers on three machines want more than there is. Meanwhile the server crashes, links are
/// cut and heal, the bank fails and falls silent, as the seed has it.
#[test]
fn a_crowd_buys_out_the_house_whatever_happens_on_the_wire() {
    let house = House { seats: 20, hold_ms: 10_000, order_ms: 15_000 };
    play("a_crowd_buys_out", house, 0..16, |stage| {
        for machine in ["north", "south", "west"] {
            stage.client(machine, move |scene| async move {
                for round in 0..4 {
                    let mut person = Person::arrive(&scene, &format!("{machine}{round}")).await;
                    scene.nap(500).await;
                    person.buy(1 + scene.below(4) as u32).await;
                }
            });
        }
        stage.client("fate", |scene| async move {
            scene.event().await;
            for _ in 0..6 {
                scene.nap(1_500).await;
                let machine = ["north", "south", "west", "bank"][scene.below(4) as usize];
                match scene.below(5) {
                    0 | 1 => {
                        scene.crash_server();
                        scene.nap(2_000).await;
                        scene.start_server();
                    }
                    2 => {
                        partition_oneway("server", machine);
                        scene.nap(3_000).await;
                        repair("server", machine);
                    }
                    3 => {
                        partition(machine, "server");
                        scene.nap(3_000).await;
                        repair("server", machine);
                    }
                    _ => {
                        let (failures, silences) = (scene.below(4) as u32, scene.below(2) as u32);
                        scene.bank.behave(|script| {
                            script.failures = failures;
                            script.silences = silences;
                            script.webhooks = 1 + failures % 2;
                        });
                    }
                }
            }
        });
    });
}
