//! The control plane: who may do what, and how an event gets from an idea to the moment it opens.
//!
//! What lives here: accounts, access, the catalogue, read models, webhook endpoints: everything
//! around a sale that may wait, in SQL (SQLite in the data directory, or PostgreSQL). It runs on
//! the slow pool.
//! Deliberately absent: HTTP (`onsale-net` speaks), the rules of a sale (`onsale-core`), clocks
//! (`now` is an argument), and anything that a sale needs to go on: with the database down,
//! tickets are still sold.

pub mod access;
pub mod accounts;
pub mod catalogue;
pub mod database;
pub mod id;
pub mod page;
pub mod projection;
pub mod reading;
pub mod secret;
#[cfg(test)]
mod testing;
pub mod text;
pub mod version;
pub mod webhooks;

use self::accounts::Accounts;
use self::catalogue::CatalogueSettings;
use self::database::Database;
use self::projection::Progress;
use self::webhooks::WebhookRules;

/// Everything that the control plane works with. A cheap handle.
#[derive(Clone, Debug)]
pub struct Control {
    /// Who has an account.
    pub accounts: Accounts,
    /// What it knows.
    pub database: Database,
    /// How far its read models are behind the sale.
    pub progress: Progress,
    /// The platform's rules for events.
    pub catalogue: CatalogueSettings,
    /// The platform's rules for webhook endpoints.
    pub webhooks: WebhookRules,
}
