//! What all clients of a real server ask and are told, by one clock, and what they were never
//! answered: to be asked again under the same key, as a client does who wants to know.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use onsale_sim::invariants::Violation;
use onsale_sim::seen::Micros;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::history::{Call, History};
use crate::shopper::{Answer, send};

static KEYS: AtomicU64 = AtomicU64::new(0);

/// A key that nobody in this process has used.
pub(crate) fn new_key() -> String {
    format!("test-{}-{}", std::process::id(), KEYS.fetch_add(1, Ordering::Relaxed))
}

/// A history that many clients write. A handle.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Inner>>);

struct Inner {
    began: Instant,
    history: History,
    unanswered: Vec<Wish>,
}

/// What somebody asks for, so that it can be asked again.
#[derive(Clone, Debug)]
pub struct Wish {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) person: String,
    pub(crate) token: String,
    pub(crate) key: String,
    pub(crate) body: Option<Value>,
}

impl Default for Recorder {
    /// One that begins now.
    fn default() -> Self {
        let (history, unanswered) = (History::default(), Vec::new());
        Self(Arc::new(Mutex::new(Inner { began: Instant::now(), history, unanswered })))
    }
}

impl Recorder {
    /// Asks at the server at `base`, and writes down what comes of it; `None` if no answer came.
    pub async fn ask(&self, http: &Client, base: &str, wish: &Wish) -> Option<Answer> {
        let body = wish.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let call = Call {
            method: wish.method.as_str(),
            path: &wish.path,
            person: Some(&wish.person),
            key: Some(&wish.key),
            body: body.as_bytes(),
        };
        let op = {
            let inner = &mut *self.lock();
            inner.history.asked(inner.now(), call)
        };
        let url = match wish.path.strip_prefix('/') {
            Some(_) => format!("{base}{}", wish.path),
            None => wish.path.clone(),
        };
        let key = (wish.token.as_str(), wish.key.as_str());
        let answer = send(http, wish.method.clone(), &url, key, wish.body.as_ref()).await;
        if let Some(op) = op {
            let inner = &mut *self.lock();
            let now = inner.now();
            match &answer {
                Some(answer) if answer.status != 503 => {
                    inner.history.told(now, op, answer.status.as_u16(), &answer.body);
                }
                _ => {
                    inner.history.gave_up(now, op);
                    inner.unanswered.push(wish.clone());
                }
            }
        }
        answer
    }

    /// What was never answered, since this was asked last.
    pub fn take_unanswered(&self) -> Vec<Wish> {
        std::mem::take(&mut self.lock().unanswered)
    }

    /// Has everything that clients saw judged.
    pub fn judge(&self) -> Result<(), Violation> {
        self.lock().history.judge()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn now(&self) -> Micros {
        Micros(self.began.elapsed().as_micros() as u64)
    }
}
