//! The main job in one command, on a small scale: a crowd storms the demo, and the books are right.

use std::process::Command;

use onsale_tests::binary;

#[test]
fn a_crowd_leaves_the_books_right_and_a_second_one_goes_on_from_there() {
    let data = tempfile::tempdir().unwrap();
    for round in 1..=2 {
        let output = Command::new(binary())
            .args(["demo", "--listen", "127.0.0.1:0", "--crowd", "60", "--data"])
            .arg(data.path())
            .current_dir(data.path())
            .output()
            .expect("the binary can be run");
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "round {round}: {said}\n{errors}");
        assert!(said.contains("The books are right."), "round {round}: {said}");
        assert!(said.contains("capacity 20000"), "the whole arena: {said}");
    }
}
