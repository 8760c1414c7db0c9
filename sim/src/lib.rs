//! The simulator: one seed, one whole sale, with everything that can go wrong.
//!
//! It will drive `onsale_runtime::engine` over a simulated disk, network, clock and payment
//! provider. So far this is the frame only: what already runs by seed are the model tests of
//! `onsale-core` and the crash tests of `onsale-storage`.
