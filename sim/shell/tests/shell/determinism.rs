//! One seed is one run: without that no failure could be repeated.

use std::process::Command;

use onsale_sim_shell::seeds::{sweep, twice};

use super::crash_loop::crash_loop;
use super::sale::sale;

#[test]
fn a_seed_run_twice_makes_the_same_draws_at_the_same_time() {
    let name = "a_seed_run_twice_makes_the_same_draws_at_the_same_time";
    twice(name, 3, sale);
    twice(name, 4, crash_loop);
}

#[test]
fn a_seed_is_the_same_run_in_another_process() {
    let program = std::env::current_exe().unwrap();
    let run = || {
        let mut command = Command::new(&program);
        command.args(["determinism::one_sale", "--exact", "--ignored", "--nocapture"]);
        let output = command.env("MADSIM_TEST_SEED", "5").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find(|line| line.contains("seeds from")).unwrap().to_owned()
    };
    assert_eq!(run(), run());
}

#[test]
#[ignore = "started by another test, in processes of its own"]
fn one_sale() {
    sweep("one_sale", &[], sale);
}
