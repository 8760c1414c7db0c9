//! (drawn by [`super::swarm`])
