//! The control plane of a server to test against.

use onsale_control::Control;
use onsale_control::accounts::password::hash::Cost;
use onsale_control::accounts::password::pool::{Hasher, HasherSettings};
use onsale_control::accounts::{AccountSettings, Accounts};
use onsale_control::catalogue::CatalogueSettings;
use onsale_control::database::Database;
use onsale_control::projection::Progress;
use onsale_control::webhooks::WebhookRules;

use crate::memory::{Memory, PARTITIONS};

/// A control plane in this database, with passwords that cost little.
pub fn control(database: Database, memory: &Memory) -> Control {
    let cost = Cost::new(64, 1).unwrap();
    let hasher = HasherSettings { cost, threads: 1, queue: 64, prepare: || {} };
    let hasher = Hasher::start(hasher).unwrap();
    let accounts = Accounts::new(database.clone(), hasher, AccountSettings::default());
    let facts = memory.clone();
    let progress = Progress::new(PARTITIONS, move |partition| facts.facts(partition));
    let (catalogue, webhooks) = (CatalogueSettings::default(), WebhookRules::default());
    Control { accounts, catalogue, database, progress, webhooks }
}
