//! A server's machine, people's machines, and the trouble between them.

use std::cell::RefCell;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use madsim::net::NetSim;
use madsim::rand::{Rng, thread_rng};
use madsim::runtime::{Handle, NodeHandle};
use madsim::task::{JoinHandle, yield_now};
use madsim::time::{Instant, TimeHandle, sleep, timeout};
use serde_json::{Value, json};

use crate::buyer::{Buyer, Shop};
use crate::client::{Ask, Client};
use crate::history::{Counts, History};
use crate::server::{self, Machine, OPERATOR_TOKEN};
use crate::swarm::{Swarm, up_to_ms};

/// Where the server listens.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 80);

/// How long anything may take once all is well again.
pub const HEALED: Duration = Duration::from_secs(300);

/// Everything in one run.
pub struct World {
    /// What the server is on.
    pub machine: Arc<Machine>,
    /// What people were told.
    pub history: History,
    handle: Handle,
    net: Arc<NetSim>,
    server: NodeHandle,
    people: Vec<NodeHandle>,
    /// What recovery found last, of each partition.
    found: RefCell<Vec<Found>>,
}

/// What recovery finds of a partition: its last fact, and its state.
type Found = (u64, Vec<u8>);

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Clog,
    ClogIn,
    ClogLink,
    ClogOut,
    Kill,
    KillAfterDisk,
    Pause,
}

impl World {
    /// A world drawn from the seed, its server starting. Call it within the simulation.
    pub fn new() -> Self {
        Self::of(Swarm::draw(), server::run)
    }

    /// A world like this, with something else running on the server's machine.
    pub fn of<F: Future<Output = ()> + 'static>(
        swarm: Swarm,
        run: impl Fn(Arc<Machine>) -> F + Send + Sync + 'static,
    ) -> Self {
        let handle = Handle::current();
        let net = NetSim::current();
        net.update_config(|config| {
            config.packet_loss_rate = swarm.loss;
            config.send_latency = Duration::from_millis(1)..swarm.network_slowest;
        });
        let person = |number: usize| {
            let ip = Ipv4Addr::new(10, 0, 1, number as u8);
            handle.create_node().name(format!("person-{number}")).ip(ip.into()).build()
        };
        let people = (0..swarm.people).map(person).collect();
        let machine = Arc::new(Machine::new(SERVER, swarm));
        let init = {
            let machine = machine.clone();
            move || run(machine.clone())
        };
        let server = handle.create_node().name("server").ip(SERVER.ip()).init(init).build();
        Self {
            machine,
            history: History::default(),
            handle,
            net,
            server,
            people,
            found: RefCell::default(),
        }
    }

    /// Defines and opens the events, for as long as that takes.
    pub async fn open_shop(&self) -> Shop {
        let rows = self.machine.swarm.rows;
        let opened = self.people[0].spawn(async move {
            let mut operator = Client::new(SERVER, "operator");
            operator.speak_for(OPERATOR_TOKEN);
            let house = open(&mut operator, house(rows)).await;
            let club = open(&mut operator, club()).await;
            Shop { server: SERVER, house, club }
        });
        opened.await.expect("people's machines do not go down")
    }

    /// Sends everybody shopping; they give up on answers at `until`.
    pub fn send_buyers(&self, shop: &Shop, until: Instant) -> Vec<JoinHandle<()>> {
        let purchases = self.machine.swarm.purchases;
        let send = |(number, node): (usize, &NodeHandle)| {
            let mut buyer = self.buyer(shop, &format!("buyer-{number}"));
            node.spawn(async move { buyer.shop(purchases, until).await })
        };
        self.people.iter().enumerate().map(send).collect()
    }

    /// Has one more person buy something, on the first of people's machines.
    pub fn buyer(&self, shop: &Shop, name: &str) -> Buyer {
        Buyer::new(shop.clone(), self.machine.bank.clone(), self.history.clone(), name)
    }

    /// Has something done on the first of people's machines.
    pub async fn on_a_persons_machine<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.people[0].spawn(work).await.expect("people's machines do not go down")
    }

    /// The server's machine loses its power.
    ///
    /// # Panics
    /// If what recovery finds on its disk does not go on where it ended before.
    pub fn crash(&self) {
        self.handle.kill(self.server.id());
        self.machine.disk.crash();
        self.history.count("crash");
        let partitions = self.machine.partitions().map(|id| {
            let recovered = self.machine.recovered(id);
            self.history.count_if(recovered.torn.is_some(), "recovery: torn");
            self.history.count_if(recovered.snapshot > 0, "recovery: snapshot");
            (recovered.partition.applied(), recovered.partition.to_bytes())
        });
        let found: Vec<Found> = partitions.collect();
        let before = self.found.replace(found.clone());
        for ((applied_before, before), (applied, state)) in before.into_iter().zip(found) {
            assert!(applied_before <= applied, "facts are gone: {applied_before} > {applied}");
            assert!(applied_before < applied || before == state, "fact {applied} has changed");
        }
    }

    /// Its power comes back.
    pub fn restart(&self) {
        self.handle.restart(self.server.id());
    }

    /// Waits until the server's process has ended by itself; answers whether it has within a time.
    pub async fn ends_within(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.handle.is_exit(self.server.id()) {
            if Instant::now() >= end {
                return false;
            }
            sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// Tells the server to stop and waits for its end.
    ///
    /// # Panics
    /// If it does not end, or recovery finds something else than it said.
    pub async fn stop(&self) {
        self.machine.stop.notify_one();
        assert!(self.ends_within(HEALED).await, "the server was told to stop and does not");
        let durable = self.machine.take_stopped().expect("it ended because it was told to");
        for (id, last) in self.machine.partitions().zip(durable) {
            assert_eq!(self.machine.recovered(id).partition.applied(), last, "{id:?}");
        }
        self.history.count("stopped");
    }

    /// How often what happened, and the simulated time to the nanosecond: whatever differs between
    /// two runs shows there.
    pub fn counts(&self) -> Counts {
        let mut counts = self.history.counts();
        counts.insert("simulated ns".to_owned(), TimeHandle::current().elapsed().as_nanos() as u64);
        counts
    }

    /// Lets one thing after the other go wrong for about so long.
    pub async fn trouble(&self, duration: Duration) {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            sleep(up_to_ms(4_000)).await;
            let trouble = draw_trouble();
            self.history.count(format!("trouble: {trouble:?}"));
            self.make(trouble).await;
        }
    }

    /// No packet is lost any more.
    pub fn calm(&self) {
        self.net.update_config(|config| config.packet_loss_rate = 0.0);
    }

    async fn make(&self, trouble: Trouble) {
        let (net, server) = (&self.net, self.server.id());
        match trouble {
            Trouble::Clog => {
                net.clog_node(server);
                sleep(up_to_ms(6_000)).await;
                net.unclog_node(server);
            }
            Trouble::ClogIn => {
                net.clog_node_in(server);
                sleep(up_to_ms(6_000)).await;
                net.unclog_node_in(server);
            }
            Trouble::ClogLink => {
                let person = self.people[thread_rng().gen_range(0..self.people.len())].id();
                net.clog_link(server, person);
                sleep(up_to_ms(6_000)).await;
                net.unclog_link(server, person);
            }
            Trouble::ClogOut => {
                net.clog_node_out(server);
                sleep(up_to_ms(6_000)).await;
                net.unclog_node_out(server);
            }
            Trouble::Kill => {
                self.crash();
                sleep(up_to_ms(3_000)).await;
                self.restart();
            }
            Trouble::KillAfterDisk => {
                self.go_down_among_polls().await;
                sleep(up_to_ms(500)).await;
                self.restart();
            }
            Trouble::Pause => {
                self.handle.pause(server);
                sleep(up_to_ms(6_000)).await;
                self.handle.resume(server);
            }
        }
    }

    /// Goes down while much is ready to run: at any poll of any task after a change of the disk.
    pub async fn go_down_among_polls(&self) {
        let _ = timeout(Duration::from_secs(5), self.machine.disk.moved()).await;
        for _ in 0..thread_rng().gen_range(0..60) {
            yield_now().await;
        }
        self.crash();
    }

    /// Goes down and comes back, some times over, most often while it still recovers.
    pub async fn crash_loop(&self, times: u32) {
        for _ in 0..times {
            self.crash();
            sleep(up_to_ms(20)).await;
            self.restart();
            match thread_rng().gen_range(0..3) {
                0 => sleep(up_to_ms(50)).await,
                1 => sleep(up_to_ms(1_000)).await,
                _ => {
                    let _ = timeout(Duration::from_secs(1), self.machine.disk.moved()).await;
                    for _ in 0..thread_rng().gen_range(0..20) {
                        yield_now().await;
                    }
                }
            }
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

fn draw_trouble() -> Trouble {
    match thread_rng().gen_range(0..12) {
        0 => Trouble::Clog,
        1 => Trouble::ClogIn,
        2 => Trouble::ClogLink,
        3 => Trouble::ClogOut,
        4 | 5 => Trouble::Pause,
        6 | 7 => Trouble::Kill,
        _ => Trouble::KillAfterDisk,
    }
}

async fn open(operator: &mut Client, definition: Value) -> String {
    let until = Instant::now() + Duration::from_secs(24 * 3_600);
    let ask = Ask::post("/api/v1/events", definition);
    let defined = operator.insist(&ask, until).await.expect("a day is enough");
    assert_eq!(defined.status, 201, "{defined:?}");
    let id = defined.json()["id"].as_str().expect("an id").to_owned();
    let ask = Ask::post(format!("/api/v1/events/{id}/open"), Value::Null);
    let opened = operator.insist(&ask, until).await.expect("a day is enough");
    // Open already, if the first answer was lost.
    assert!(matches!(opened.status.as_u16(), 204 | 409), "{opened:?}");
    id
}

fn class(name: &str, price_minor: u64) -> Value {
    let window = json!({ "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2100-01-01T00:00:00Z" });
    json!({ "name": name, "price_minor": price_minor, "window": window })
}

/// Holds and orders do not live long here, so that many end in the middle of trouble.
fn terms() -> Value {
    json!({ "hold_ms": 10_000, "order_ms": 20_000, "payment_grace_ms": 5_000 })
}

fn house(rows: u32) -> Value {
    let row = |number: u32| {
        let first = json!({ "x_cm": -200, "y_cm": number * 100 });
        let step = json!({ "x_cm": 50, "y_cm": 0 });
        json!({ "label": number.to_string(), "seats": 8, "first": first, "step": step })
    };
    let rows: Vec<_> = (1..=rows).map(row).collect();
    json!({
        "name": "A house",
        "currency": "EUR",
        "classes": [class("Stalls", 5_000)],
        "plan": {
            "focal_point": { "x_cm": 0, "y_cm": -300 },
            "sections": [{ "name": "Stalls", "class": 0, "rows": rows }],
        },
        "terms": terms(),
    })
}

/// A club: class 0 is free, class 1 is not.
pub fn club() -> Value {
    json!({
        "name": "A club",
        "currency": "EUR",
        "classes": [class("Guests", 0), class("Standing", 2_500)],
        "quotas": [{ "name": "House", "capacity": 500, "classes": [0, 1] }],
        "terms": terms(),
    })
}
