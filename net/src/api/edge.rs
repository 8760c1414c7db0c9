//! What every handler has: the way to the partitions, the keys, and what is this core's alone.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use onsale_control::Control;
use onsale_control::accounts::session::ended::{EndedView, Void};
use onsale_control::catalogue::CatalogueSettings;
use onsale_control::id::SessionId;
use onsale_control::webhooks::WebhookRules;
use onsale_core::command::{Actor, Command, IdempotencyKey, Request};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::money::Currency;
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use onsale_core::time::{Span, Time};

use super::Common;
use crate::auth::cache::{TokenCache, TokenDigest};
use crate::auth::keys::{KeyRing, KeysView, TokenKeys};
use crate::auth::token::{Access, Checkout};
use crate::gateway::class::Class;
use crate::gateway::limit::{Bucket, Subject, Verdict};
use crate::gateway::{Gateway, current, trace};
use crate::metrics::CoreCounters;
use crate::oidc::OidcProviders;
use crate::port::{CallError, Look, Partitions, Wait};
use crate::problem::{Problem, catalog};
use crate::provider::Providers;
use crate::reading::ReadingRoom;
use crate::slow::Backstage;

/// How many verified tokens of each kind one core remembers: some 90 MB at most.
const TOKENS_MAX: usize = 524_288;

/// The state of one Router. A cheap handle.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    port: Box<dyn Port>,
    common: Arc<Common>,
    /// Only this core's requests come here, so nobody ever waits for these locks; they are there
    /// because handlers must be `Send`.
    access: Mutex<TokenCache<Access>>,
    checkouts: Mutex<TokenCache<Checkout>>,
    keys: Mutex<KeysView>,
    ended: Mutex<EndedView>,
    counters: Arc<CoreCounters>,
    gateway: Gateway,
}

impl Edge {
    pub(crate) fn new<P: Partitions>(
        partitions: P,
        common: Arc<Common>,
        counters: Arc<CoreCounters>,
        gateway: Gateway,
    ) -> Self {
        let access = Mutex::new(TokenCache::new(TOKENS_MAX));
        let checkouts = Mutex::new(TokenCache::new(TOKENS_MAX));
        let keys = Mutex::new(common.keys.view());
        let ended = Mutex::new(EndedView::new(Arc::clone(&common.ended)));
        let port = Box::new(partitions);
        let inner = Inner { port, common, access, checkouts, keys, ended, counters, gateway };
        Self(Arc::new(inner))
    }

    pub(crate) fn now(&self) -> Time {
        self.0.port.now()
    }

    /// The keys that tokens are signed with, as they are now.
    pub(crate) fn keys(&self) -> Arc<TokenKeys> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Those keys, to make another.
    pub(crate) fn key_ring(&self) -> KeyRing {
        self.0.common.keys.clone()
    }

    /// Whether, and why, an access token of a session is void before its time.
    pub(crate) fn void(&self, session: SessionId, expires_at: Time) -> Option<Void> {
        let mut ended = self.0.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.void(session, expires_at)
    }

    /// The digest of the operator token.
    pub(crate) fn operator(&self) -> &TokenDigest {
        &self.0.common.operator
    }

    /// Access tokens that are known to be good.
    pub(crate) fn access_tokens(&self) -> MutexGuard<'_, TokenCache<Access>> {
        // A cache that a panic left half changed is still a cache.
        self.0.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checkout tokens that are known to be good.
    pub(crate) fn checkout_tokens(&self) -> MutexGuard<'_, TokenCache<Checkout>> {
        // As above.
        self.0.checkouts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counters(&self) -> &CoreCounters {
        &self.0.counters
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    /// Counts an attempt to guess a secret of somebody who is not signed in. `name_hash` is of the
    /// name as it is compared, so that no spelling of it counts anew.
    pub async fn attempt(&self, name_hash: u128) -> Result<(), Problem> {
        let subject = Subject::Account(name_hash);
        let bucket = Bucket { class: Class::Credentials, subject };
        let verdict = self.gateway().spend_strictly(bucket, self.now()).await;
        verdict.map_or(Ok(()), Verdict::into_result)
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.0.common.providers
    }

    /// Whether somebody here takes money of this kind. Found out while an event is made, not by
    /// its buyers. Where nobody takes any money there is nothing to be wrong about.
    pub(crate) fn check_currency(&self, currency: Currency) -> Result<(), Problem> {
        let providers = self.providers();
        if providers.names().next().is_none() || providers.taking(currency).next().is_some() {
            return Ok(());
        }
        let names = providers.names().collect::<Vec<_>>().join(", ");
        let problem =
            format!("no payment provider of this server takes {currency}: it has {names}");
        Err(Problem::at(&catalog::INVALID_BODY, "currency", problem))
    }

    pub(crate) fn session_lifetime(&self) -> Span {
        self.0.common.session_lifetime
    }

    /// How long an access token of an account is good.
    pub(crate) fn access_lifetime(&self) -> Span {
        self.0.common.ended.lifetime()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.common.stopping.load(Ordering::Relaxed)
    }

    /// All metrics as text.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        self.0.common.more_metrics.write(&mut text);
        self.0.common.limit_metrics.write(&mut text);
        self.0.common.notice_metrics.write(&mut text);
        self.0.common.metrics.write(&mut text);
        text
    }

    /// Bytes that nobody can foresee.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Problem> {
        let mut bytes = [0; N];
        let filled = self.0.common.entropy.fill(&mut bytes);
        filled.map(|()| bytes).map_err(|error| Problem::internal(error.to_string()))
    }

    /// The port at which the core of this event is reached directly, if it has one of its own.
    pub(crate) fn direct_port(&self, event: EventId) -> Option<u16> {
        self.0.common.direct_ports.get(usize::from(event.partition().number())).copied()
    }

    /// All partitions.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = PartitionId> {
        (0..self.0.port.count()).filter_map(PartitionId::new)
    }

    /// The partition of a new thing with this hash: even, and the same for a repeated request.
    pub(crate) fn place(&self, hash: u128) -> Result<PartitionId, Problem> {
        let number = hash.checked_rem(u128::from(self.0.port.count()));
        // Less than the count, which is 16 bits wide.
        let partition = number.and_then(|number| PartitionId::new(number as u16));
        partition.ok_or_else(|| Problem::internal("there are no partitions"))
    }

    /// Whether the partition of this event would take a new arrival now.
    pub(crate) fn check_room(&self, event: EventId) -> Result<(), Problem> {
        self.0.port.check_room(event.partition()).map_err(Problem::from)
    }

    pub(crate) async fn execute(
        &self,
        partition: PartitionId,
        actor: Actor,
        key: Option<IdempotencyKey>,
        command: Command,
    ) -> Result<Reply, Problem> {
        let request = Request { actor, key, trace: trace::of_caller(), command };
        self.0.port.execute(partition, request).await.map_err(Problem::from)
    }

    pub(crate) async fn look(
        &self,
        event: EventId,
        actor: Actor,
        query: Query,
        wait: Option<Wait>,
    ) -> Result<View, Problem> {
        if wait.is_some() {
            current::with(|request| request.waits = true);
        }
        self.ask(event.partition(), Look { actor, query, wait }).await.map_err(Problem::from)
    }

    /// The platform's rules for events.
    pub(crate) fn catalogue(&self) -> Result<CatalogueSettings, Problem> {
        Ok(self.control_plane()?.control().catalogue)
    }

    /// Has partitions be told what was decided.
    pub(crate) fn call_publisher(&self) {
        if let Some(backstage) = &self.0.common.backstage {
            backstage.publisher().ring();
        }
    }

    /// The platform's rules for webhook endpoints.
    pub(crate) fn webhook_rules(&self) -> Result<WebhookRules, Problem> {
        Ok(self.control_plane()?.control().webhooks)
    }

    /// Has webhook endpoints sent to as they are now.
    pub(crate) fn call_webhooks(&self) {
        if let Some(backstage) = &self.0.common.backstage {
            backstage.webhooks().ring();
        }
    }

    /// Has something done behind the scenes: see [`run`].
    ///
    /// [`run`]: crate::slow::Backstage::run
    pub(crate) async fn backstage<T, E, F>(
        &self,
        work: impl FnOnce(Control) -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        self.control_plane()?.run(work).await
    }

    /// How much more can be asked of the read models.
    pub(crate) fn reading(&self) -> Result<&ReadingRoom, Problem> {
        self.control_plane().map(Backstage::reading)
    }

    /// The providers that people can sign in at.
    pub(crate) fn oidc(&self) -> OidcProviders {
        self.0
            .common
            .backstage
            .as_ref()
            .map_or_else(OidcProviders::default, |stage| stage.oidc().clone())
    }

    fn control_plane(&self) -> Result<&Backstage, Problem> {
        self.0.common.backstage.as_ref().ok_or_else(Problem::control_unavailable)
    }

    pub(crate) async fn ask(&self, partition: PartitionId, look: Look) -> Result<View, CallError> {
        self.0.port.look(partition, look).await
    }
}

/// The partitions without their type, so that handlers are compiled once: a box for each call.
trait Port: Send + Sync {
    fn now(&self) -> Time;
    fn count(&self) -> u16;
    fn check_room(&self, at: PartitionId) -> Result<(), CallError>;
    fn execute(&self, at: PartitionId, request: Request) -> Answer<'_, Reply>;
    fn look(&self, at: PartitionId, look: Look) -> Answer<'_, View>;
}

type Answer<'a, T> = BoxFuture<'a, Result<T, CallError>>;

impl<P: Partitions> Port for P {
    fn now(&self) -> Time {
        Partitions::now(self)
    }

    fn count(&self) -> u16 {
        Partitions::count(self)
    }

    fn check_room(&self, at: PartitionId) -> Result<(), CallError> {
        Partitions::check_room(self, at)
    }

    fn execute(&self, at: PartitionId, request: Request) -> Answer<'_, Reply> {
        Box::pin(Partitions::execute(self, at, request))
    }

    fn look(&self, at: PartitionId, look: Look) -> Answer<'_, View> {
        Box::pin(Partitions::look(self, at, look))
    }
}

/// A reply or a view that does not answer what was asked: a fault of ours.
pub(crate) fn mismatch() -> Problem {
    Problem::internal("the answer was to another question")
}
