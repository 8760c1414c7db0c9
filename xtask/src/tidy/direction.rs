//! Which package may depend on which: the rules know nothing of what drives them.
//!
//! Cargo forbids circles; it does not forbid the storage layer to reach up into the HTTP layer.

use super::Problem;
use crate::workspace::Package;

/// Each package with those below it, the only ones it may depend on (tests included).
const BELOW: [(&str, &[&str]); 15] = [
    // It is to prove the adapters, so it has nothing of theirs.
    ("onsale-provider-sim", &[]),
    ("onsale-core", &[]),
    ("onsale-storage", &["onsale-core"]),
    ("onsale-engine", &["onsale-core", "onsale-storage"]),
    ("onsale-testbed", &[]),
    // Its tests make read models of whole sales.
    ("onsale-control", &["onsale-core", "onsale-sim", "onsale-testbed"]),
    ("onsale-bus", &["onsale-core", "onsale-testbed"]),
    ("onsale-net", &BELOW_NET),
    ("onsale-runtime", &BELOW_RUNTIME),
    // Nothing that needs an operating system: a planted bug is rebuilt and judged in seconds.
    ("onsale-sim", &["onsale-core", "onsale-storage", "onsale-engine"]),
    ("onsale-sim-shell", &BELOW_TESTS),
    ("onsale-sim-wire", &BELOW_WIRE),
    ("onsale-tests", &BELOW_BLACK_BOX),
    // It knows the server only as a client does, by HTTP.
    ("onsale-loadgen", &[]),
    // It starts the services that tests need.
    ("xtask", &["onsale-testbed"]),
];

/// What speaks may depend on; its tests have payment providers.
const BELOW_NET: [&str; 6] = [
    "onsale-core",
    "onsale-storage",
    "onsale-control",
    "onsale-bus",
    "onsale-testbed",
    "onsale-provider-sim",
];

/// What the composition may depend on.
const BELOW_RUNTIME: [&str; 7] = [
    "onsale-core",
    "onsale-storage",
    "onsale-engine",
    "onsale-control",
    "onsale-net",
    "onsale-bus",
    "onsale-testbed",
];

/// What tests of the whole may depend on.
const BELOW_TESTS: [&str; 6] = [
    "onsale-core",
    "onsale-storage",
    "onsale-engine",
    "onsale-net",
    "onsale-runtime",
    "onsale-sim",
];

/// What black-box tests may depend on: they have the load generator's people, too.
const BELOW_BLACK_BOX: [&str; 9] = [
    "onsale-provider-sim",
    "onsale-testbed",
    "onsale-core",
    "onsale-storage",
    "onsale-engine",
    "onsale-net",
    "onsale-runtime",
    "onsale-sim",
    "onsale-loadgen",
];

/// What the simulated wire may depend on: it has its clients judged as those of the binary are.
const BELOW_WIRE: [&str; 7] = [
    "onsale-core",
    "onsale-storage",
    "onsale-engine",
    "onsale-net",
    "onsale-runtime",
    "onsale-sim",
    "onsale-tests",
];

/// What is wrong with the dependencies among `packages`.
pub fn problems(packages: &[Package]) -> Vec<Problem> {
    packages.iter().flat_map(problems_of).collect()
}

fn problems_of(package: &Package) -> Vec<Problem> {
    let name = &package.name;
    let Some((_, below)) = BELOW.iter().find(|(known, _)| known == name) else {
        return vec![format!("{name}: give it a place in xtask/src/tidy/direction.rs")];
    };
    let upward = package.siblings.iter().filter(|sibling| !below.contains(&sibling.as_str()));
    upward
        .map(|sibling| format!("{name}: must not depend on {sibling}, which is above it"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, siblings: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: "Cargo.toml".into(),
            siblings: siblings.iter().map(|&sibling| sibling.to_owned()).collect(),
        }
    }

    #[test]
    fn down_is_allowed_and_up_is_not() {
        assert!(problems(&[package("onsale-net", &["onsale-core", "onsale-storage"])]).is_empty());
        let found = problems(&[package("onsale-storage", &["onsale-core", "onsale-net"])]);
        assert!(found.len() == 1 && found[0].contains("onsale-net"), "{found:?}");
    }

    #[test]
    fn the_load_generator_depends_on_no_server_crate() {
        assert_eq!(problems(&[package("onsale-loadgen", &["onsale-core"])]).len(), 1);
    }

    #[test]
    fn a_new_package_must_be_given_its_place() {
        assert!(problems(&[package("onsale-extra", &[])])[0].contains("give it a place"));
    }
}
