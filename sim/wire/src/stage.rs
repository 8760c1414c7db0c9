//! A simulation from its seed to its audit: a server, a bank, an operator, and whoever the test
//! sends in.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::env;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use onsale_net::provider::secret::Secret;
use onsale_runtime::host::Host;
use onsale_runtime::host::serve::{Limits, serve};
use onsale_sim::seen::{Micros, Op};
use onsale_tests::History;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::time::sleep;
use turmoil::{Builder, Sim};

use crate::audit::audit;
use crate::bank::Bank;
use crate::disk::Disk;
use crate::host::WireHost;
use crate::http::{Answer, Call, PORT, send};
use crate::server::{Machine, OPERATOR};

/// The longest that a simulation lasts, in its own time.
const LASTS_AT_MOST: Duration = Duration::from_secs(1_200);

/// How many segments a connection has under way in each direction before its writer must wait, and
/// how many connections a listener has before it must have taken one.
const TCP_SEGMENTS: usize = 64;

/// How the event is sold.
#[derive(Clone, Copy, Debug)]
pub struct House {
    /// How many seats there are: a multiple of ten.
    pub seats: u32,
    /// How long a hold lives.
    pub hold_ms: u64,
    /// How long an order waits for its payment.
    pub order_ms: u64,
}

impl Default for House {
    fn default() -> Self {
        Self { seats: 30, hold_ms: 60_000, order_ms: 60_000 }
    }
}

/// Plays a scene for every seed, or for the one in `ONSALE_SEED`; of one that fails it says how to
/// see it again.
///
/// # Panics
/// As the scene does.
pub fn play(test: &str, house: House, seeds: Range<u64>, scene: impl Fn(&mut Stage)) {
    let wanted = env::var("ONSALE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = wanted.map_or(seeds, |seed| seed..seed + 1);
    for seed in seeds {
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut stage = Stage::new(seed, house);
            scene(&mut stage);
            stage.run();
        }));
        if let Err(panic) = played {
            let command = format!("ONSALE_SEED={seed} cargo test -p onsale-sim-wire {test}");
            eprintln!("{test} fails with seed {seed}; see it again: {command}");
            resume_unwind(panic);
        }
    }
}

/// What a simulation is made of, before it runs.
pub struct Stage {
    sim: Sim<'static>,
    scene: Scene,
    at_end: Vec<Box<dyn FnOnce()>>,
}

/// What everybody in a simulation shares outside of it.
#[derive(Clone)]
pub struct Scene {
    /// What everything follows from.
    pub seed: u64,
    /// The bank, as only the test sees it.
    pub bank: Bank,
    event: Rc<OnceCell<String>>,
    orders: Rc<RefCell<BTreeSet<String>>>,
    levers: Rc<RefCell<VecDeque<Lever>>>,
    rng: Rc<RefCell<ChaCha8Rng>>,
    trace: Rc<RefCell<Vec<String>>>,
    history: Rc<RefCell<History>>,
}

enum Lever {
    Crash,
    Start,
}

impl Stage {
    fn new(seed: u64, house: House) -> Self {
        let secret = Secret::new("the secret that bank and server share");
        let bank = Bank::new(secret.clone());
        let mut sim = Builder::new()
            .rng_seed(seed)
            .simulation_duration(LASTS_AT_MOST)
            .tick_duration(Duration::from_millis(2 + seed % 3))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis([3, 10, 40][seed as usize % 3]))
            .tcp_capacity(TCP_SEGMENTS)
            .enable_random_order()
            .build();
        let machine = Machine::new(seed, secret);
        sim.host("server", move || machine.clone().serve());
        let served = bank.clone();
        sim.host("bank", move || serve_bank(served.clone()));
        let scene = Scene {
            seed,
            bank,
            event: Rc::default(),
            orders: Rc::default(),
            levers: Rc::default(),
            rng: Rc::new(RefCell::new(ChaCha8Rng::seed_from_u64(seed))),
            trace: Rc::default(),
            history: Rc::default(),
        };
        let operator = scene.clone();
        sim.client("operator", async move { operator.open_event(house).await });
        Self { sim, scene, at_end: Vec::new() }
    }

    /// What the test shares with whom it sends in.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Sends somebody in, on a machine of their own. The simulation lasts until all are done.
    pub fn client<F: Future<Output = ()> + 'static>(
        &mut self,
        name: &str,
        act: impl FnOnce(Scene) -> F,
    ) {
        let act = act(self.scene.clone());
        self.sim.client(name, async move {
            act.await;
            Ok(())
        });
    }

    /// Does something when all is over and audited.
    pub fn at_end(&mut self, act: impl FnOnce() + 'static) {
        self.at_end.push(Box::new(act));
    }

    /// Runs until everybody is done, heals everything, and audits.
    fn run(&mut self) {
        self.step_to_end();
        self.sim.repair("server", "bank");
        if !self.sim.is_host_running("server") {
            self.sim.bounce("server");
        }
        let scene = self.scene.clone();
        self.sim.client("auditor", async move {
            audit(&scene).await;
            Ok(())
        });
        self.step_to_end();
        self.scene.judge();
        self.at_end.drain(..).for_each(|act| act());
    }

    fn step_to_end(&mut self) {
        loop {
            let is_over = self.sim.step().unwrap_or_else(|error| panic!("{error}"));
            let levers: Vec<_> = self.scene.levers.borrow_mut().drain(..).collect();
            for lever in levers {
                match lever {
                    Lever::Crash => self.sim.crash("server"),
                    Lever::Start => self.sim.bounce("server"),
                }
            }
            if is_over {
                return;
            }
        }
    }
}

impl Scene {
    /// The event, once it is on sale.
    pub async fn event(&self) -> String {
        loop {
            if let Some(event) = self.event.get() {
                return event.clone();
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Crashes the server at the end of this tick: its processes vanish, its disk stays.
    pub fn crash_server(&self) {
        self.levers.borrow_mut().push_back(Lever::Crash);
    }

    /// Starts it again at the end of this tick.
    pub fn start_server(&self) {
        self.levers.borrow_mut().push_back(Lever::Start);
    }

    /// Any number below `bound`, as the seed has it.
    pub fn below(&self, bound: u64) -> u64 {
        self.rng.borrow_mut().next_u64() % bound
    }

    /// Sleeps for less than so long.
    pub async fn nap(&self, less_than_ms: u64) {
        sleep(Duration::from_millis(self.below(less_than_ms))).await;
    }

    /// Asks as the operator until there is an answer.
    pub async fn operate(&self, call: Call) -> Answer {
        let call = call.token(OPERATOR);
        let op = self.asked(None, &call);
        loop {
            match send("server", &call).await {
                Some(answer) if answer.status != 503 => {
                    self.told(op, &call, Some(&answer));
                    return answer;
                }
                _ => sleep(Duration::from_millis(300)).await,
            }
        }
    }

    /// The orders that were placed, as far as their buyers know.
    pub fn orders(&self) -> BTreeSet<String> {
        self.orders.borrow().clone()
    }

    /// Everything that anybody was answered, in order.
    pub fn trace(&self) -> Vec<String> {
        self.trace.borrow().clone()
    }

    /// Writes down that somebody (or the operator) asks for something.
    pub(crate) fn asked(&self, person: Option<&str>, call: &Call) -> Option<Op> {
        let key = call.headers.iter().find(|(name, _)| *name == "idempotency-key");
        let asked = onsale_tests::Call {
            method: call.method.as_str(),
            path: &call.path,
            person,
            key: key.map(|(_, key)| key.as_str()),
            body: &call.body,
        };
        self.history.borrow_mut().asked(now(), asked)
    }

    /// Writes down what they were answered, if they were.
    pub(crate) fn told(&self, op: Option<Op>, call: &Call, answer: Option<&Answer>) {
        let mut history = self.history.borrow_mut();
        match (op, answer) {
            (Some(op), Some(answer)) => {
                history.told(now(), op, answer.status.as_u16(), &answer.json());
            }
            (Some(op), None) => history.gave_up(now(), op),
            (None, _) => {}
        }
        let Some(answer) = answer else { return };
        if call.path == "/api/v1/orders" && answer.status == 201 {
            self.orders.borrow_mut().insert(answer.text("id"));
        }
        let (Micros(at), said) = (now(), String::from_utf8_lossy(&answer.body));
        let line = format!("{at} {} {}: {} {said}", call.method, call.path, answer.status);
        self.trace.borrow_mut().push(line);
    }

    fn judge(&self) {
        let judged = self.history.borrow().judge();
        judged.unwrap_or_else(|violation| panic!("{violation:?}"));
    }

    async fn open_event(&self, house: House) -> turmoil::Result {
        let define = Call::post("/api/v1/events", &definition(house)).key("define");
        let event = self.operate(define).await.text("id");
        let open = Call::post(format!("/api/v1/events/{event}/open"), &json!({}));
        assert_eq!(self.operate(open).await.status, 204);
        self.event.set(event).map_err(|event| format!("{event} is the second").into())
    }
}

fn now() -> Micros {
    Micros(turmoil::sim_elapsed().unwrap_or_default().as_micros() as u64)
}

fn definition(house: House) -> Value {
    let rows = (0..house.seats / 10).map(|row| {
        json!({
            "label": (row + 1).to_string(), "seats": 10,
            "first": { "x_cm": -250, "y_cm": 100 * row }, "step": { "x_cm": 50, "y_cm": 0 },
        })
    });
    let rows: Vec<_> = rows.collect();
    json!({
        "name": "A simulated evening",
        "currency": "EUR",
        "classes": [{
            "name": "Stalls",
            "price_minor": 5_000,
            "window": {
                "opens_at": "2020-01-01T00:00:00.000Z", "closes_at": "2100-01-01T00:00:00.000Z",
            },
        }],
        "plan": {
            "focal_point": { "x_cm": 0, "y_cm": -300 },
            "sections": [{ "name": "Stalls", "class": 0, "rows": rows }],
        },
        "limits": { "per_buyer": 8, "per_hold": 8, "refuse_orphans": false },
        "terms": {
            "hold_ms": house.hold_ms, "order_ms": house.order_ms, "payment_grace_ms": 2_000,
        },
    })
}

async fn serve_bank(bank: Bank) -> turmoil::Result {
    let host = WireHost::here(Disk::new(0));
    let listener = host.listen(([0, 0, 0, 0], PORT).into()).await?;
    let limits = Limits {
        connections_max: 512,
        drain_timeout: Duration::from_secs(1),
        head_bytes_max: 32 << 10,
        header_read_timeout: Duration::from_secs(30),
        write_timeout: Duration::from_secs(30),
    };
    let router = bank.routes();
    serve(host, listener, router, limits, Arc::default(), std::future::pending()).await;
    Ok(())
}
