//! Where a request comes from, for the audit log.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::api::edge::Edge;
use crate::gateway::address::Peer;
use crate::gateway::current;

/// From which address, in which request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) address: Option<IpAddr>,
    pub(crate) request: Option<String>,
}

impl FromRequestParts<Edge> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().copied();
        let address = peer.map(|peer| edge.gateway().address(peer, &parts.headers));
        Ok(Self { address, request: current::request_id() })
    }
}
