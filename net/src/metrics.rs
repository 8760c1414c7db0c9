//! What is counted about requests. Every core counts for itself, without waiting for any other; a
//! scrape, on whichever core it comes in, adds them up.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;

use crate::histogram::{Durations, Histogram};

/// Whoever counts something else and wants it shown too.
pub trait MetricsSource: Send + Sync + 'static {
    /// Appends it in the format of `OpenMetrics` 1.0, without the `# EOF` at the end. The name of
    /// no family may begin with `http_`.
    fn write(&self, text: &mut String);
}

/// Nothing else is counted.
impl MetricsSource for () {
    fn write(&self, _: &mut String) {}
}

/// The method and path of a route, as in the documentation.
pub type Route = (String, String);

/// The counters of all cores.
#[derive(Default)]
pub struct HttpMetrics {
    cores: Mutex<Vec<Arc<CoreCounters>>>,
}

/// The counters of one core.
pub struct CoreCounters {
    /// By the number of the route.
    counters: Vec<RouteCounters>,
    routes: Vec<Route>,
    core: usize,
    requests: AtomicU64,
}

#[derive(Default)]
struct RouteCounters {
    /// By status less 100.
    statuses: Statuses,
    durations: Histogram,
}

struct Statuses([AtomicU64; 500]);

impl Default for Statuses {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; 500])
    }
}

impl HttpMetrics {
    /// The counters of one more core that has these routes.
    pub(crate) fn new_core(&self, routes: Vec<Route>) -> Arc<CoreCounters> {
        let counters = routes.iter().map(|_| RouteCounters::default()).collect();
        // Taken when a core starts and when somebody scrapes, never for a request.
        let mut cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = AtomicU64::new(0);
        let core = CoreCounters { counters, routes, core: cores.len(), requests };
        cores.push(Arc::new(core));
        Arc::clone(&cores[cores.len() - 1])
    }

    /// Appends the sums over all cores, and the end of the text.
    pub(crate) fn write(self: &Arc<Self>, text: &mut String) {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Arc::clone(self)));
        // Writing into a string cannot fail.
        let _ = text::encode(text, &registry);
    }

    fn sums(&self) -> BTreeMap<Route, Sums> {
        let cores = self.cores.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = BTreeMap::<Route, Sums>::new();
        for core in cores.iter() {
            for (route, counters) in core.routes.iter().zip(&core.counters) {
                sums.entry(route.clone()).or_default().add(counters);
            }
        }
        sums
    }
}

impl CoreCounters {
    /// An id for a request that brought none: unique while the process lives.
    pub(crate) fn next_request_id(&self) -> String {
        format!("{:x}-{:x}", self.core, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Counts a request to the route of this number that was answered.
    pub(crate) fn count(&self, route: usize, status: StatusCode, took: Duration) {
        let counters = &self.counters[route];
        if let Some(count) = counters.statuses.0.get(usize::from(status.as_u16()) - 100) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        counters.durations.count(took);
    }
}

#[derive(Default)]
struct Sums {
    /// By status.
    statuses: BTreeMap<u16, u64>,
    durations: Durations,
}

impl Sums {
    fn add(&mut self, counters: &RouteCounters) {
        for (status, count) in (100..).zip(&counters.statuses.0) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                *self.statuses.entry(status).or_default() += count;
            }
        }
        self.durations.add(&counters.durations);
    }
}

impl Debug for HttpMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetrics").finish_non_exhaustive()
    }
}

impl Collector for HttpMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let sums = self.sums();
        encode_requests(&sums, &mut encoder)?;
        encode_durations(&sums, &mut encoder)
    }
}

fn encode_requests(sums: &BTreeMap<Route, Sums>, encoder: &mut DescriptorEncoder) -> fmt::Result {
    let (name, help) = ("http_requests", "Requests that were answered");
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for ((method, path), sums) in sums {
        for (status, count) in &sums.statuses {
            let status = status.to_string();
            let labels = [
                ("method", method.as_str()),
                ("route", path.as_str()),
                ("status", status.as_str()),
            ];
            ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn encode_durations(sums: &BTreeMap<Route, Sums>, encoder: &mut DescriptorEncoder) -> fmt::Result {
    let (name, help) = ("http_request_duration_seconds", "Time until a request was answered");
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for ((method, path), sums) in sums {
        if !sums.durations.is_empty() {
            let labels = [("method", method.as_str()), ("route", path.as_str())];
            sums.durations.encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_adds_up_the_cores() {
        let metrics = Arc::new(HttpMetrics::default());
        let name = |text: &str| text.to_owned();
        let routes = vec![(name("GET"), name("/a")), (name("OTHER"), name("other"))];
        let cores = [metrics.new_core(routes.clone()), metrics.new_core(routes)];
        for core in &cores {
            core.count(0, StatusCode::OK, Duration::from_micros(300));
        }
        cores[0].count(0, StatusCode::OK, Duration::from_secs(60));
        cores[1].count(1, StatusCode::NOT_FOUND, Duration::ZERO);
        let mut text = String::new();
        metrics.write(&mut text);
        for line in [
            r#"http_requests_total{method="GET",route="/a",status="200"} 3"#,
            r#"http_requests_total{method="OTHER",route="other",status="404"} 1"#,
            r#"http_request_duration_seconds_bucket{le="0.0005",method="GET",route="/a"} 2"#,
            r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/a"} 3"#,
            "# EOF",
        ] {
            assert!(text.lines().any(|each| each == line), "{line} is not in\n{text}");
        }
    }
}
