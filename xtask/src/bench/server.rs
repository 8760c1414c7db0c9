//! Our server, as it ships, on the processors that a measure wants.

use super::Bench;
use crate::process::Outcome;
use crate::server::{Server, without_limits};
use crate::service::pinned;

/// More connections than the default of a core: several thousand wait at once here.
const BOUNDS: &str = "[bounds]\nconnections_per_core = 19000\n";
/// Also room for all of them to ask in the same moment: they wait, and are not refused.
const BOUNDS_OF_A_CROWD: &str = "[bounds]\nconnections_per_core = 19000\nmailbox = 20000\n";

impl Bench {
    /// A server with a core of its own, as the targets want it.
    pub fn server(&self) -> Outcome<Server> {
        self.server_with(&self.cores.server, BOUNDS)
    }

    /// A server to which many thousands come in the same moment.
    pub fn server_for_a_crowd(&self) -> Outcome<Server> {
        self.server_with(&self.cores.server, BOUNDS_OF_A_CROWD)
    }

    /// A server with a core on each processor, and a port for each, so that a load can choose.
    pub fn server_on_both(&self) -> Outcome<Server> {
        self.server_with(&self.cores.both(), &format!("listen_per_core = 0\n{BOUNDS}"))
    }

    /// The same server on what it left, with more settings.
    pub fn again_with(&self, server: Server, settings: &str) -> Outcome<Server> {
        let process = pinned(&self.cores.server).path_arg(&self.onsale);
        server.again(process, 1, &format!("{BOUNDS}{}{settings}", without_limits()))
    }

    /// What counting everybody costs belongs to what is measured.
    fn server_with(&self, cores: &str, bounds: &str) -> Outcome<Server> {
        let settings = format!("{bounds}{}", without_limits());
        let count = cores.split(',').count();
        Server::start(self.scratch.path(), pinned(cores).path_arg(&self.onsale), count, &settings)
    }
}
