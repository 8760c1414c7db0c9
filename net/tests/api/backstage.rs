//! The control plane behind the API: there, away, and what that means for the sale.

use std::time::Duration;

use onsale_control::database::DatabaseSettings;
use onsale_testbed::free_port;

use crate::server::{Server, get, standing};

#[tokio::test]
async fn readiness_says_whether_the_control_plane_is_there() {
    let server = Server::with_control().await;
    let health = server.accept(get("/readyz"), 200).await;
    assert_eq!((&health["status"], &health["control"]), (&"ready".into(), &"ready".into()));
}

#[tokio::test]
async fn with_the_database_down_tickets_are_sold_all_the_same() {
    let nobody = format!("postgres://onsale@127.0.0.1:{}/onsale", free_port().unwrap());
    let settings = DatabaseSettings::of(nobody);
    let settings = DatabaseSettings { acquire_timeout: Duration::from_millis(50), ..settings };
    let server = Server::with_database(&settings).await;
    let health = server.accept(get("/readyz"), 200).await;
    assert_eq!((&health["status"], &health["control"]), (&"ready".into(), &"away".into()));
    server.refuse(get("/api/v1/categories"), 503, "control_unavailable").await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let hold = server.hold(&event, &token).await;
    server.order(&hold, &token).await;
}
