//! A server whose buyers pay at six providers, and what is bought there.

use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bank::Bank;
use crate::server::Server;
use crate::shopper::{Answer, Shopper, small_house};

/// Long enough to do anything in.
pub const PATIENT_MS: u64 = 600_000;

/// Providers, and the data of a server that comes and goes.
pub struct Shop {
    /// Where buyers pay.
    pub bank: Bank,
    data: TempDir,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
}

/// An order of one ticket, and the page to pay it on.
pub struct Placed {
    /// Who ordered.
    pub buyer: Shopper,
    /// Its id.
    pub order: String,
    /// What [`Bank::act`] takes.
    pub page: String,
}

impl Shop {
    /// A shop that has sold nothing, and its server.
    ///
    /// # Panics
    /// If the server does not start.
    pub async fn open(arguments: &[&str]) -> (Self, Server) {
        let bank = Bank::open().await;
        let data = tempfile::tempdir().expect("there is room");
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let settings = bank.settings();
        let shop = Self { bank, data, arguments, settings };
        let server = shop.serve();
        (shop, server)
    }

    /// Starts the server on what it left.
    ///
    /// # Panics
    /// If it does not start.
    pub fn serve(&self) -> Server {
        let server = self.serve_another(self.data());
        self.bank.serves(&server.base);
        server
    }

    /// Starts another server with the same accounts at the providers, on data of its own. What
    /// providers tell goes where it went.
    ///
    /// # Panics
    /// If it does not start.
    pub fn serve_another(&self, data: &Path) -> Server {
        let pairs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings: Vec<_> = pairs.collect();
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        Server::start_with(data, &arguments, &settings).expect("it starts")
    }

    /// The server's data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Orders one ticket, to be paid at a provider; `None` if the server went away, or nothing came
    /// of it.
    pub async fn place(&self, base: &str, event: &str, provider: &str) -> Option<Placed> {
        let buyer = Shopper::new(base).await?;
        let hold = buyer.hold(event, 0, 1).await?;
        let placed = buyer.order_by(hold.text("id")?, provider).await?;
        let order = placed.text("id")?.to_owned();
        let url = buyer.page(&order).await?;
        Some(Placed { buyer, page: self.bank.visit(&url).await, order })
    }

    /// Acts on the page of an order: see [`Bank::act`].
    pub async fn act(&self, placed: &Placed, act: &str) -> StatusCode {
        self.bank.act(&placed.page, act).await
    }
}

impl Placed {
    /// The order once it is over.
    ///
    /// # Panics
    /// If the server goes away.
    pub async fn end(&self) -> Answer {
        let is_over = |shown: &Answer| {
            let status = shown.text("status").filter(|status| *status != "PENDING");
            status.map(|_| Answer { status: shown.status, body: shown.body.clone() })
        };
        self.buyer.until(&self.order, is_over).await.expect("the server is there")
    }

    /// Waits for the end, which must be this one.
    ///
    /// # Panics
    /// If it is another.
    pub async fn ends_as(&self, expected: &str) {
        let ended = self.end().await;
        assert_eq!(ended.text("status"), Some(expected), "{} {ended:?}", self.page);
    }
}

/// A house in which an order waits so long for its money.
pub fn house(currency: &str, order_ms: u64) -> Value {
    selling(small_house(50), currency, order_ms)
}

/// An event that takes this currency, in which an order waits so long for its money.
pub fn selling(mut event: Value, currency: &str, order_ms: u64) -> Value {
    event["currency"] = json!(currency);
    event["terms"] =
        json!({ "hold_ms": PATIENT_MS, "order_ms": order_ms, "payment_grace_ms": 60_000 });
    event
}
