//! The load generator: people at scale, over the real API.
//!
//! It will depend on no server crate: it knows HTTP only. So far this is the frame; `onsale demo
//! --crowd N` is the nearest thing to it.
