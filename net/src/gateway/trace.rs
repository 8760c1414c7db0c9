//! W3C Trace Context: which trace a request belongs to, and what it is called in it.
//!
//! A caller's valid `traceparent` is continued, anything else begins a trace of its own. While a
//! request is being worked on, whoever works can ask [`current()`]. Nothing is recorded here: the
//! caller's wish to have it sampled is handed on as it came.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use onsale_core::trace::TraceId;

use super::current;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// What an answer says of itself to a caller who traces (Trace Context Level 2, working draft).
pub(crate) const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// A trace state that is longer is not handed on: the specification wants 512 characters.
const STATE_BYTES_MAX: usize = 1_024;

/// The caller records this trace.
const SAMPLED: u8 = 1;
/// The last 56 bits of the trace's id are random.
const RANDOM: u8 = 2;

/// The place of a request in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    span: u64,
    flags: u8,
    is_continued: bool,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// The id of the trace, never 0.
    pub fn trace_id(&self) -> u128 {
        self.trace
    }

    /// The id of this request in it, never 0.
    pub fn span_id(&self) -> u64 {
        self.span
    }

    /// Whether the caller began the trace; otherwise it began here.
    pub fn is_continued(&self) -> bool {
        self.is_continued
    }

    /// Whether the caller records the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// What other tracing systems have noted, for whoever is asked on this request's behalf: the
    /// value of `tracestate`.
    pub fn state(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }
}

/// As in `traceparent`, with this request as the parent.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// The trace of the request that this thread is working on right now; `None` outside of any.
pub fn current() -> Option<TraceContext> {
    current::with(|request| request.trace.clone())
}

/// That trace, if its caller has begun it: it can be written down, for the caller to find.
pub fn of_caller() -> Option<TraceId> {
    let trace = current::with(|request| (request.trace.is_continued, request.trace.trace));
    trace.filter(|(is_continued, _)| *is_continued).and_then(|(_, trace)| TraceId::new(trace))
}

/// Where new ids come from: one for each core, seeded once.
#[derive(Debug)]
pub(crate) struct TraceIds(AtomicU64);

impl TraceIds {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The place of a request with these headers.
    pub(crate) fn place(&self, headers: &HeaderMap) -> TraceContext {
        let span = self.next();
        if let Some((trace, flags)) = parent(headers) {
            let state = state(headers);
            return TraceContext { trace, span, flags, is_continued: true, state };
        }
        let trace = u128::from(self.next()) << 64 | u128::from(self.next());
        TraceContext { trace, span, flags: RANDOM, is_continued: false, state: None }
    }

    /// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    fn next(&self) -> u64 {
        let seed = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let value = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // No id is 0.
        (value ^ (value >> 31)).max(1)
    }
}

/// The trace and the flags of the one valid `traceparent` among the headers.
fn parent(headers: &HeaderMap) -> Option<(u128, u8)> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let mut parts = value.splitn(5, '-');
    let version = hex::<2>(parts.next()?)?;
    let trace = hex::<32>(parts.next()?)?;
    let parent = hex::<16>(parts.next()?)?;
    let flags = hex::<2>(parts.next()?)?;
    // Later versions may say more behind the flags; this one says nothing.
    let is_known = version < 0xff && (version > 0 || parts.next().is_none());
    let known_flags = SAMPLED | RANDOM;
    (is_known && trace != 0 && parent != 0).then_some((trace, flags as u8 & known_flags))
}

/// A number of exactly so many lowercase hex digits.
fn hex<const DIGITS: usize>(text: &str) -> Option<u128> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_right = text.len() == DIGITS && text.bytes().all(is_hex);
    is_right.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// The members of all `tracestate` headers in their order; `None` if they are too long.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next()?;
    let mut rest = values.peekable();
    if rest.peek().is_none() {
        return Some(first.clone()).filter(|state| state.len() <= STATE_BYTES_MAX);
    }
    let mut joined = first.to_str().ok()?.to_owned();
    for value in rest {
        // Writing into a string cannot fail.
        let _ = write!(joined, ",{}", value.to_str().ok()?);
    }
    (joined.len() <= STATE_BYTES_MAX).then(|| HeaderValue::try_from(joined).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;

    fn placed(headers: &[(&'static str, &str)]) -> TraceContext {
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        TraceIds::new(7).place(&headers.collect())
    }

    #[test]
    fn a_callers_trace_goes_on_under_a_new_span() {
        let context = placed(&[("traceparent", PARENT), ("tracestate", "congo=t61")]);
        assert!(context.is_continued() && context.is_sampled());
        assert_eq!(context.trace_id(), TRACE);
        assert_ne!(context.span_id(), 0xb7ad_6b71_6920_3331);
        assert_eq!(context.state().unwrap(), "congo=t61");
        let next_hop = context.to_string();
        assert_eq!(placed(&[("traceparent", &next_hop)]).trace_id(), TRACE);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for later in [&PARENT.replacen("00", "cc", 1), &PARENT.replacen("00", "01", 1)] {
            assert_eq!(placed(&[("traceparent", later)]).trace_id(), TRACE);
            assert_eq!(placed(&[("traceparent", &format!("{later}-what"))]).trace_id(), TRACE);
        }
        let flags = PARENT.replace("-01", "-ff");
        assert!(placed(&[("traceparent", &flags)]).to_string().ends_with("-03"));
    }

    #[test]
    fn what_is_no_traceparent_begins_a_new_trace() {
        for wrong in [
            "",
            "00",
            &PARENT.to_uppercase(),
            &PARENT[..54],
            &format!("{PARENT}-more"),
            &format!("{PARENT} "),
            &PARENT.replacen("00", "ff", 1),
            &PARENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &PARENT.replace("b7ad6b7169203331", &"0".repeat(16)),
            &PARENT.replace("b7ad", "+7ad"),
            &"-".repeat(55),
        ] {
            let context = placed(&[("traceparent", wrong), ("tracestate", "congo=t61")]);
            assert!(!context.is_continued(), "{wrong}");
            assert!(context.trace_id() != 0 && context.trace_id() != TRACE);
            assert_eq!(context.state(), None, "it belongs to the parent that was not believed");
        }
        let mut twice = HeaderMap::new();
        twice.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        twice.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        assert_eq!(parent(&twice), None);
    }

    #[test]
    fn states_in_several_headers_are_one_and_too_long_ones_none() {
        let mut headers = HeaderMap::new();
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        assert_eq!(state(&headers).unwrap(), "a=1,b=2");
        headers.append(TRACESTATE, HeaderValue::from_str(&"c".repeat(1_024)).unwrap());
        assert_eq!(state(&headers), None);
    }

    #[test]
    fn ids_differ_from_request_to_request() {
        let ids = TraceIds::new(0);
        let none = HeaderMap::new();
        let (one, other) = (ids.place(&none), ids.place(&none));
        assert!(one.trace_id() != other.trace_id() && one.span_id() != other.span_id());
        assert_eq!(current(), None, "no request is being worked on");
    }
}
