//! The audit after the storm: the books of both events, in words a person can check.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tokio::time::sleep;

use super::client::{Client, ClientError};
use super::events::DemoEvents;

/// How long refunds that are under way are waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the books are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Broken,
}

/// Waits until no money is on its way any more, prints the books, and says whether they are right.
pub(super) async fn audit(client: &Client, events: &DemoEvents) -> Result<Verdict, ClientError> {
    let mut verdict = Verdict::Holds;
    for (name, event) in [("arena", &events.arena), ("club", &events.club)] {
        let books = settled(client, event).await?;
        print_books(name, &books);
        if books["holds"] != true {
            verdict = Verdict::Broken;
        }
    }
    match verdict {
        Verdict::Holds => println!("\nThe books are right."),
        Verdict::Broken => {
            println!("\nTHE BOOKS ARE WRONG: keep the data directory and report it.");
        }
    }
    Ok(verdict)
}

async fn settled(client: &Client, event: &str) -> Result<Value, ClientError> {
    let begun = Instant::now();
    loop {
        let path = format!("/api/v1/events/{event}/audit");
        let books = client.operate(Method::GET, &path, None, None).await?;
        let is_settled = books["refunding_minor"] == 0;
        if is_settled || begun.elapsed() > PATIENCE {
            return Ok(books);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

fn print_books(name: &str, books: &Value) {
    println!("\nAudit of the {name}");
    for line in books["stock"].as_array().into_iter().flatten() {
        let number = |member: &str| line[member].as_u64().unwrap_or(0);
        println!(
            "  {:<12} {} sold + {} held + {} free + {} blocked = {} (capacity {})",
            line["name"].as_str().unwrap_or("?"),
            number("sold"),
            number("held"),
            number("free"),
            number("blocked"),
            number("sold") + number("held") + number("free") + number("blocked"),
            number("capacity"),
        );
    }
    let minor = |member: &str| books[member].as_u64().unwrap_or(0);
    println!(
        "  money        {} captured - {} refunded = {} (valid tickets: {})",
        euros(minor("captured_minor")),
        euros(minor("refunded_minor")),
        euros(minor("captured_minor").saturating_sub(minor("refunded_minor"))),
        euros(minor("ticket_value_minor")),
    );
    println!(
        "  tickets      {} valid, {} seats sold twice, {} orders unpaid, {} refunds refused",
        books["tickets"], books["seats_sold_twice"], books["pending"], books["refunds_refused"],
    );
}

fn euros(minor: u64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
