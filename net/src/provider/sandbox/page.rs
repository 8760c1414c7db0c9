//! The pages that a buyer sees at the sandbox: server-rendered, no script, everything escaped.
//!
//! `GET /sandbox` documents the misbehaviours; `/sandbox/pay/{intent}` shows (GET) and takes (POST)
//! a payment; `/sandbox/return` is where buyers go who have no other page to return to.

use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Json, Router};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::Sandbox;
use super::behaviour::Behaviour;
use super::ledger::{Intent, IntentId, PayError};
use crate::provider::currency::decimal;
use crate::provider::return_url;

/// The pages. They need no reactor, so they run on every executor.
pub fn routes(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/sandbox", get(show_table))
        .route("/sandbox/pay/{intent}", get(show).post(pay))
        .route("/sandbox/return", get(show_return))
        .with_state(sandbox)
}

async fn show_table() -> Response {
    let row = |(ending, behaviour, words): &(&str, Behaviour, &str)| {
        format!("<tr><td>{ending}<td><code>{}</code><td>{words}", behaviour.name())
    };
    let rows: String = Behaviour::TABLE.iter().map(row).collect();
    page(
        StatusCode::OK,
        "Sandbox payments",
        &format!(
            "<p>No money moves here. How a payment goes is chosen on the pay page, or by the last \
             two digits of the amount in minor units; every other amount is paid.</p>\
             <table><tr><th>Amount ends in<th>Name<th>What happens{rows}</table>"
        ),
    )
}

async fn show(State(sandbox): State<Sandbox>, Path(intent): Path<String>) -> Response {
    match sandbox.find(IntentId(intent)).await {
        None => refused(PayError::NotFound),
        Some(intent) => {
            let body = match intent.behaviour {
                None => form(&intent),
                Some(behaviour) => format!("<p>This payment is {}.</p>", outcome(behaviour)),
            };
            page(StatusCode::OK, "Sandbox payment", &body)
        }
    }
}

async fn show_return(Query(query): Query<Return>) -> Response {
    let body = format!(
        "<p>You can close this page. Whether your order <code>{}</code> is paid and complete is \
         shown where you placed it.</p>",
        escape(&query.order)
    );
    page(StatusCode::OK, "Thank you", &body)
}

#[derive(Deserialize)]
struct Return {
    #[serde(default)]
    order: String,
}

/// What a buyer chose, as a form or as JSON.
#[derive(Default, Deserialize)]
struct Choice {
    /// A name of [`Behaviour::PAGE`]; empty leaves it to the amount.
    #[serde(default)]
    behaviour: String,
}

/// What JSON clients are answered.
#[derive(Serialize)]
struct Paid {
    outcome: &'static str,
    behaviour: Behaviour,
    return_url: String,
}

async fn pay(
    State(sandbox): State<Sandbox>,
    Path(intent): Path<String>,
    request: Request,
) -> Response {
    let as_json = mentions_json(request.headers(), header::ACCEPT);
    let Some(behaviour) = choice(request).await else {
        let names: Vec<&str> = Behaviour::PAGE.iter().map(|each| each.name()).collect();
        let words = format!("<p>The behaviour is none of: {}.</p>", names.join(", "));
        return page(StatusCode::BAD_REQUEST, "Not understood", &words);
    };
    let intent = match sandbox.pay(IntentId(intent), behaviour).await {
        Ok(Ok(intent)) => intent,
        Ok(Err(refusal)) => return refused(refusal),
        Err(fault) => {
            let words = format!("<p>{}.</p>", escape(&fault.to_string()));
            return page(StatusCode::SERVICE_UNAVAILABLE, "Not now", &words);
        }
    };
    let return_url = return_url(&sandbox.return_url, intent.order);
    if !as_json {
        return Redirect::to(&return_url).into_response();
    }
    let behaviour = intent.behaviour.unwrap_or(Behaviour::Pay);
    Json(Paid { outcome: outcome(behaviour), behaviour, return_url }).into_response()
}

/// What was chosen (`Some(None)` leaves it to the amount), or `None` if there is no such choice.
async fn choice(request: Request) -> Option<Option<Behaviour>> {
    let choice = if mentions_json(request.headers(), header::CONTENT_TYPE) {
        Json::from_request(request, &()).await.ok()?.0
    } else if request.headers().contains_key(header::CONTENT_TYPE) {
        Form::from_request(request, &()).await.ok()?.0
    } else {
        Choice::default()
    };
    match choice.behaviour.as_str() {
        "" => Some(None),
        name => Behaviour::at_payment(name).map(Some),
    }
}

fn mentions_json(headers: &HeaderMap, name: header::HeaderName) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.contains("application/json"))
}

fn outcome(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Decline => "declined",
        _ => "captured",
    }
}

fn refused(refusal: PayError) -> Response {
    let (status, title) = match refusal {
        PayError::NotFound => (StatusCode::NOT_FOUND, "Not found"),
        PayError::Expired => (StatusCode::GONE, "Too late"),
    };
    page(status, title, &format!("<p>{}.</p>", escape(&refusal.to_string())))
}

fn form(intent: &Intent) -> String {
    let option = |each: &Behaviour| match Behaviour::TABLE.iter().find(|row| row.1 == *each) {
        None => "<option value=\"\">As the amount says: normally all goes well".to_owned(),
        Some((_, _, words)) => format!("<option value=\"{}\">{words}", each.name()),
    };
    let options: String = Behaviour::PAGE.iter().map(option).collect();
    format!(
        "<p>Order <code>{order}</code></p><p class=amount>{amount} {currency}</p>\
         <form method=post><label>What shall happen <select name=behaviour>{options}</select>\
         </label><button>Pay</button></form>\
         <form method=post><button name=behaviour value=decline>Decline</button></form>\
         <p>This is a sandbox: no money moves. <a href=/sandbox>What it can do</a></p>",
        order = intent.order,
        amount = decimal(intent.amount, intent.currency),
        currency = escape(intent.currency.code()),
    )
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;\
         padding:0 1rem}}.amount{{font-size:2rem}}label,select,button{{display:block;width:100%;\
         margin:.5rem 0;padding:.5rem 0;font:inherit}}td,th{{text-align:left;padding:.2rem .8rem \
         .2rem 0}}</style><h1>{title}</h1>{body}</html>"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

/// Text that stands for itself in HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
