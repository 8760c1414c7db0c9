//! Endpoints of a sale that goes on, and real receivers that say what the test wants.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use onsale_bus::sink::Schedule;
use onsale_control::access::audit::{By, Who};
use onsale_control::access::crew;
use onsale_control::catalogue::organiser::{self, Profile};
use onsale_control::database::DatabaseSettings;
use onsale_control::id::OrganiserId;
use onsale_control::page::Limit;
use onsale_control::text::{Line, Prose};
use onsale_control::webhooks::{Endpoint, WebhookRules, Wish, delivery, manage};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::config::Keep;
use crate::facts::Floor;
use crate::selling::{JOURNAL, Sale};

const PLACES: usize = 3;

/// A sale, and what says which endpoints there are.
struct Stage {
    sale: Sale,
    database: Database,
    bell: Bell,
    lags: Lags,
}

/// What a receiver has got: the number of each fact, or the id of a ping, and how many signatures.
#[derive(Default)]
struct Got {
    ids: Vec<String>,
    signatures: Vec<usize>,
    answers: Option<StatusCode>,
}

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Got>>);

impl Stage {
    async fn new() -> Self {
        let mut sale = Sale::new();
        sale.facts.floor = Floor::new(Keep::Needed, PLACES);
        let settings = DatabaseSettings::sqlite(&sale.folder.path().join("control.db"));
        let database = Database::open(&settings).unwrap();
        database.migrate().await.unwrap();
        Self { sale, database, bell: Bell::default(), lags: Lags::default() }
    }

    /// A process that sends, until it is aborted.
    fn start(&self) -> JoinHandle<()> {
        let endpoints = Endpoints {
            database: self.database.clone(),
            facts: Arc::from(vec![self.sale.facts.clone()]),
            journals: [JOURNAL].into(),
            first_place: 0,
            places: PLACES,
            directory: self.cursors(),
            sending: Sending {
                timeout: Duration::from_secs(5),
                schedule: Schedule::new(Vec::new()),
                private_addresses: true,
            },
            lags: self.lags.clone(),
            bell: self.bell.clone(),
            clock: Clock::from_system(),
        };
        tokio::spawn(Supervisor::new(endpoints).run())
    }

    fn cursors(&self) -> PathBuf {
        self.sale.folder.path().join("bus")
    }

    /// A new endpoint that was made then.
    async fn endpoint(&self, organiser: Option<OrganiserId>, url: &str, at: Time) -> Endpoint {
        let rules = WebhookRules { private_addresses: true, ..WebhookRules::default() };
        let wish = wish(url);
        let made = manage::create(&self.database, rules, &by(at), organiser, &wish).await;
        self.bell.ring();
        made.unwrap().0
    }

    async fn change(&self, seen: &Endpoint, wish: &Wish) -> Endpoint {
        let changed = manage::change(&self.database, &by(now()), seen.id, seen.version, wish).await;
        self.bell.ring();
        changed.unwrap()
    }

    async fn replay(&self, endpoint: &Endpoint, since: Time) {
        manage::replay(&self.database, &by(now()), endpoint.id, since).await.unwrap();
        self.bell.ring();
    }

    async fn organiser(&self, name: &str) -> OrganiserId {
        let profile = Profile {
            name: Line::parse(name).unwrap(),
            description: Prose::default(),
            website: None,
            logo: None,
            contact: None,
        };
        organiser::create(&self.database, &by(Time::ZERO), &profile).await.unwrap().id
    }

    /// The event that is sold is this organiser's.
    async fn belongs_to(&self, organiser: OrganiserId) {
        let (event, at) = (self.sale.event, Time::ZERO);
        let mut transaction = self.database.begin().await.unwrap();
        crew::found(&mut transaction, event, Some(organiser), None, at).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn state(&self, endpoint: &Endpoint) -> onsale_control::webhooks::State {
        manage::find(&self.database, endpoint.id).await.unwrap().state
    }

    /// All facts, as their numbers are in ids.
    fn all(&self) -> Vec<String> {
        (1..=self.sale.partition.applied()).map(|fact| fact.to_string()).collect()
    }

    /// Waits until an endpoint has got whatever there is, sent to it or passed over.
    async fn caught_up(&self, endpoint: &Endpoint) {
        let name: Arc<str> = endpoint.id.to_string().into();
        loop {
            let known = self.lags.all().into_iter().find(|(id, _)| *id == name);
            if let Some((_, progress)) = known {
                return progress.caught_up(None).await;
            }
            yield_now().await;
        }
    }
}

impl Receiver {
    /// Answers where it listens.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    fn got(&self) -> MutexGuard<'_, Got> {
        self.0.lock().unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.got().ids.clone()
    }

    async fn until(&self, is_so: impl Fn(&Got) -> bool) {
        while !is_so(&self.got()) {
            yield_now().await;
        }
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let id = text("webhook-id");
    let id = if id.starts_with("ping-") { id } else { id.rsplit('-').next().unwrap().to_owned() };
    let mut got = receiver.got();
    got.ids.push(id);
    got.signatures.push(text("webhook-signature").split(' ').count());
    got.answers.unwrap_or(StatusCode::NO_CONTENT)
}

fn wish(url: &str) -> Wish {
    Wish { url: url.to_owned(), topics: Vec::new(), is_enabled: true }
}

fn by(at: Time) -> By {
    By { who: Who::Operator, at, address: None, request: None }
}

fn now() -> Time {
    Time::from_ms(Clock::from_system().now_ms())
}

async fn kill(process: JoinHandle<()>) {
    process.abort();
    let _ = process.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organiser_gets_what_is_about_their_events_and_the_platform_everything() {
    let mut stage = Stage::new().await;
    let [lanterns, owls] =
        [stage.organiser("The Lanterns").await, stage.organiser("The Owls").await];
    stage.belongs_to(lanterns).await;
    let [own, foreign, everything] = [(); 3].map(|()| Receiver::default());
    let own_endpoint = stage.endpoint(Some(lanterns), &own.listen().await, Time::ZERO).await;
    let others = stage.endpoint(Some(owls), &foreign.listen().await, Time::ZERO).await;
    let platforms = stage.endpoint(None, &everything.listen().await, Time::ZERO).await;
    let process = stage.start();
    stage.sale.sell(20);
    for endpoint in [&own_endpoint, &others, &platforms] {
        stage.caught_up(endpoint).await;
    }
    assert_eq!((own.ids(), everything.ids()), (stage.all(), stage.all()));
    assert_eq!(foreign.ids(), [""; 0]);
    kill(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_endpoint_gets_what_comes_and_with_a_replay_what_was() {
    let mut stage = Stage::new().await;
    stage.sale.sell(300);
    let before = stage.sale.partition.applied();
    let receiver = Receiver::default();
    let made = stage.sale.now + onsale_core::time::Span::from_ms(1);
    let endpoint = stage.endpoint(None, &receiver.listen().await, made).await;
    let process = stage.start();
    stage.sale.sell(10);
    receiver.until(|got| got.ids.len() == 10).await;
    let new: Vec<_> = (before + 1..=before + 10).map(|fact| fact.to_string()).collect();
    assert_eq!(receiver.ids(), new, "what came before it was made is not sent");
    stage.replay(&endpoint, Time::ZERO).await;
    let all = stage.all();
    receiver.until(|got| got.ids.len() >= 10 + all.len()).await;
    assert!(receiver.ids().ends_with(&all), "under the same ids, in order");
    // A place in between, by the time.
    stage.replay(&endpoint, made).await;
    receiver.until(|got| got.ids.len() >= 20 + all.len()).await;
    assert!(receiver.ids().ends_with(&new));
    kill(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_goes_on_where_they_were_and_leaves_out_nothing() {
    let mut stage = Stage::new().await;
    let receiver = Receiver::default();
    stage.endpoint(None, &receiver.listen().await, Time::ZERO).await;
    for kill_after in [1, 5, 9] {
        let process = stage.start();
        stage.sale.sell(5);
        receiver.until(|got| got.ids.len() >= kill_after).await;
        kill(process).await;
    }
    let process = stage.start();
    stage.sale.sell(1);
    let all: BTreeSet<_> = stage.all().into_iter().collect();
    receiver.until(|got| got.ids.iter().cloned().collect::<BTreeSet<_>>() == all).await;
    kill(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_gone_is_seen_to_be_and_nothing_stays_for_it() {
    let mut stage = Stage::new().await;
    let receiver = Receiver::default();
    receiver.got().answers = Some(StatusCode::GONE);
    let url = receiver.listen().await;
    let endpoint = stage.endpoint(None, &url, Time::ZERO).await;
    let process = stage.start();
    stage.sale.sell(3);
    while stage.state(&endpoint).await != onsale_control::webhooks::State::Gone {
        yield_now().await;
    }
    while stage.sale.facts.floor.keep_from() < onsale_storage::journal::FactNumber::MAX {
        yield_now().await;
    }
    assert_eq!(receiver.ids(), ["1"], "it was asked once");
    receiver.got().answers = None;
    let gone = manage::find(&stage.database, endpoint.id).await.unwrap();
    stage.change(&gone, &wish(&url)).await;
    let all = stage.all();
    receiver.until(|got| got.ids.len() > all.len()).await;
    assert_eq!(receiver.ids()[1..], all, "it goes on where it was");
    kill(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_secret_is_changed_both_sign_and_attempts_are_noted() {
    let mut stage = Stage::new().await;
    let receiver = Receiver::default();
    let endpoint = stage.endpoint(None, &receiver.listen().await, Time::ZERO).await;
    let process = stage.start();
    stage.sale.sell(1);
    stage.caught_up(&endpoint).await;
    assert!(receiver.got().signatures.iter().all(|count| *count == 1));
    manage::rotate(&stage.database, &by(now()), endpoint.id).await.unwrap();
    let ping = manage::ping(&stage.database, &by(now()), endpoint.id).await.unwrap();
    stage.bell.ring();
    receiver.until(|got| got.ids.contains(&ping)).await;
    assert_eq!(receiver.got().signatures.last(), Some(&2));
    loop {
        let noted = delivery::list(&stage.database, endpoint.id, None, Limit::LARGEST).await;
        let noted = noted.unwrap().items;
        if let Some((_, pinged)) = noted.iter().find(|(_, delivery)| delivery.event == ping) {
            assert_eq!((pinged.status, &pinged.failure), (Some(204), &None));
            assert_eq!((pinged.attempt, pinged.kind.as_str()), (1, PING));
            break;
        }
        yield_now().await;
    }
    kill(process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_disabled_is_not_sent_to_and_what_is_removed_leaves_no_cursor() {
    let mut stage = Stage::new().await;
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    let endpoint = stage.endpoint(None, &url, Time::ZERO).await;
    let process = stage.start();
    stage.sale.sell(2);
    stage.caught_up(&endpoint).await;
    let off = Wish { is_enabled: false, ..wish(&url) };
    let off = stage.change(&endpoint, &off).await;
    while !stage.lags.all().is_empty() {
        yield_now().await;
    }
    let before = receiver.ids();
    stage.sale.sell(2);
    manage::remove(&stage.database, &by(now()), off.id, off.version).await.unwrap();
    stage.bell.ring();
    while fs::read_dir(stage.cursors()).unwrap().next().is_some() {
        yield_now().await;
    }
    assert_eq!(receiver.ids(), before);
    kill(process).await;
}
