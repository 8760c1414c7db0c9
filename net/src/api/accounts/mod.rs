//! Accounts over HTTP, a file for each thing that people do with theirs. Everything is done behind
//! the scenes ([`crate::slow`]); a core only signs the access token that comes of it.

mod addresses;
mod devices;
mod elsewhere;
mod identities;
mod passwords;
mod profile;
mod registration;
mod sign_in;

use utoipa_axum::router::OpenApiRouter;

use super::edge::Edge;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .merge(registration::routes())
        .merge(sign_in::routes())
        .merge(elsewhere::routes())
        .merge(identities::routes())
        .merge(passwords::routes())
        .merge(profile::routes())
        .merge(devices::routes())
        .merge(addresses::routes())
}
