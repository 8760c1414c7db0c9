//! Where a server listens: all cores at one address, and each at one of its own where that is
//! wished for. And which core has which partition: that is what a core's own address is for.

use std::net::{SocketAddr, TcpListener};

use super::ServerError;
use crate::config::Config;

/// The addresses of a server.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// The one at which all cores listen.
    pub shared: SocketAddr,
    /// The one of each core; none if cores have none of their own.
    pub own: Vec<SocketAddr>,
}

impl Addresses {
    /// Makes sure that nobody else listens there (with `SO_REUSEPORT` the kernel would share a port
    /// between two servers in silence), and chooses a port where none was given.
    pub(super) fn reserve(config: &Config, cores: usize) -> Result<Self, ServerError> {
        let first = config.listen_per_core;
        let wished = (0..cores as u16).filter_map(|core| {
            let port = if first? == 0 { 0 } else { first? + core };
            Some(SocketAddr::new(config.listen.ip(), port))
        });
        // Held until all are: no two are the same.
        let shared = bind(config.listen)?;
        let own = wished.map(bind).collect::<Result<Vec<_>, _>>()?;
        let own = own.into_iter().map(|(_, address)| address).collect();
        Ok(Self { shared: shared.1, own })
    }

    /// Where this core listens.
    pub(super) fn of_core(&self, core: usize) -> impl Iterator<Item = SocketAddr> {
        [Some(self.shared), self.own.get(core).copied()].into_iter().flatten()
    }

    /// By partition, the port at which its core alone listens; none if cores have no own ones.
    pub(super) fn direct_ports(&self, partitions: u16) -> Vec<u16> {
        let port = |partition| Some(self.own.get(core_of(partition, self.own.len())?)?.port());
        (0..partitions).filter_map(port).collect()
    }
}

/// The core that has this partition, of so many; none of none.
pub(super) fn core_of(partition: u16, cores: usize) -> Option<usize> {
    usize::from(partition).checked_rem(cores)
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let listener = TcpListener::bind(address);
    let bound = listener.and_then(|listener| {
        let chosen = listener.local_addr()?;
        Ok((listener, chosen))
    });
    bound.map_err(|source| ServerError::Listen { address, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(change: impl FnOnce(&mut Config)) -> Result<Addresses, ServerError> {
        let mut config =
            Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        change(&mut config);
        Addresses::reserve(&config, 3)
    }

    #[test]
    fn cores_have_addresses_of_their_own_only_where_that_is_wished_for() {
        let shared = reserved(|_| {}).unwrap();
        assert_eq!(shared.of_core(2).collect::<Vec<_>>(), [shared.shared]);
        assert!(shared.direct_ports(8).is_empty());

        let own = reserved(|config| config.listen_per_core = Some(0)).unwrap();
        assert_eq!(own.of_core(2).collect::<Vec<_>>(), [own.shared, own.own[2]]);
        let ports: Vec<_> = own.own.iter().map(SocketAddr::port).collect();
        assert_eq!(own.direct_ports(4), [ports[0], ports[1], ports[2], ports[0]]);
    }

    #[test]
    fn a_port_is_not_given_twice() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let refused = reserved(|config| {
            config.listen = taken;
            config.listen_per_core = Some(taken.port());
        });
        assert!(matches!(refused, Err(ServerError::Listen { address, .. }) if address == taken));
    }
}
