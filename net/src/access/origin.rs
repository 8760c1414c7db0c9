//! Where a request comes from, for the audit log.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_control::access::audit::{By, Who};

use crate::api::edge::Edge;
use crate::gateway::address::Peer;
use crate::gateway::current;

/// From which address, in which request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) address: Option<IpAddr>,
    pub(crate) request: Option<String>,
}

impl Origin {
    /// Who does something, now, from there.
    pub(crate) fn by(&self, who: Who, edge: &Edge) -> By {
        By { who, at: edge.now(), address: self.address, request: self.request.clone() }
    }
}

impl FromRequestParts<Edge> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().copied();
        let address = peer.map(|peer| edge.gateway().address(peer, &parts.headers));
        Ok(Self { address, request: current::request_id() })
    }
}
