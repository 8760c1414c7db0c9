//! APIs that fail when they are told to: `POST /sim/<name>/faults/{fault}?count=n` is for the next
//! `n` calls (1 without) to the provider's API. Pay pages do not fail.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde::Deserialize;

use crate::World;
use crate::protocol::Provider;

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// It is not done: 500.
    Error,
    /// It is not done, and the answer is a page for people, with status 200.
    Garbage,
    /// It is done, and the answer is 500. For what changes something: else nothing is lost.
    Lost,
    /// It is done, and never answered.
    Silence,
}

/// Faults to come: which, and how many.
pub(crate) type Planned = Option<(Fault, u32)>;

/// The layer around a provider's API.
pub(crate) async fn interfere(
    State((world, provider)): State<(Arc<World>, Provider)>,
    request: Request,
    next: Next,
) -> Response {
    let is_reading = request.method() == Method::GET;
    match world.take_fault(provider, is_reading) {
        None => next.run(request).await,
        Some(Fault::Error) => failure(),
        Some(Fault::Garbage) => {
            let html = (header::CONTENT_TYPE, "text/html");
            ([html], "<html><h1>Scheduled maintenance</h1></html>").into_response()
        }
        Some(Fault::Lost) => {
            next.run(request).await;
            failure()
        }
        Some(Fault::Silence) => {
            next.run(request).await;
            std::future::pending().await
        }
    }
}

fn failure() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "a fault that was asked for").into_response()
}
