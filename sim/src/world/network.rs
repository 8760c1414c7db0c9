//! How messages travel between buyers and the server: late, lost, twice, out of order, or not at
//! all while something is cut.

use crate::noise::Noise;
use crate::plan::Direction;
use crate::seen::Micros;

/// A condition that lasts until some time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct During<T> {
    value: T,
    until: Micros,
}

impl<T: Copy> During<T> {
    pub(super) fn set(&mut self, value: T, until: Micros) {
        *self = Self { value, until };
    }

    pub(super) fn get(&self, now: Micros) -> Option<T> {
        (now < self.until).then_some(self.value)
    }
}

/// Who cannot reach whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) one_in: u64,
    pub(super) direction: Option<Direction>,
}

impl Default for Cut {
    fn default() -> Self {
        Self { one_in: 1, direction: None }
    }
}

/// The network between buyers and the server.
#[derive(Debug)]
pub(super) struct Network {
    mean_us: u64,
    pub(super) loss: During<u64>,
    pub(super) duplicates: During<u64>,
    pub(super) clog: During<u64>,
    pub(super) cut: During<Cut>,
    /// Rises whenever every connection is reset.
    pub(super) connections: u32,
}

/// Which way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives after so many microseconds, and a copy of it after so many.
    Arrives(u64, Option<u64>),
    /// It never arrives.
    Lost,
    /// There is no way.
    Cut,
}

impl Network {
    pub(super) fn new(mean_us: u64) -> Self {
        Self {
            mean_us,
            loss: During::default(),
            duplicates: During::default(),
            clog: During::default(),
            cut: During::default(),
            connections: 0,
        }
    }

    /// Everything is well again.
    pub(super) fn heal(&mut self) {
        let connections = self.connections;
        *self = Self { connections, ..Self::new(self.mean_us) };
    }

    /// What becomes of a message of `client`.
    pub(super) fn send(&self, now: Micros, client: u64, way: Way, noise: &mut Noise) -> Fate {
        if self.cut.get(now).is_some_and(|cut| cut.stops(client, way)) {
            return Fate::Cut;
        }
        if self.loss.get(now).is_some_and(|per_mille| noise.chance(per_mille)) {
            return Fate::Lost;
        }
        let copies = self.duplicates.get(now).is_some_and(|per_mille| noise.chance(per_mille));
        let first = self.delay(now, noise);
        let second = (copies && way == Way::In).then(|| self.delay(now, noise));
        Fate::Arrives(first, second)
    }

    fn delay(&self, now: Micros, noise: &mut Noise) -> u64 {
        let usual = 10 + noise.around(self.mean_us);
        match self.clog.get(now) {
            Some(up_to_ms) => usual + noise.below(up_to_ms * 1_000),
            None => usual,
        }
    }
}

impl Cut {
    fn stops(self, client: u64, way: Way) -> bool {
        let concerned = client.is_multiple_of(self.one_in.max(1));
        concerned
            && match self.direction {
                None => false,
                Some(Direction::Both) => true,
                Some(Direction::In) => way == Way::In,
                Some(Direction::Out) => way == Way::Out,
            }
    }
}
