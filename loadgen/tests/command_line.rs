//! The command line as somebody sees it who makes a mistake, or whose server is not there.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn loadgen(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onsale-loadgen"));
    command.env_remove("ONSALE_OPERATOR_TOKEN").args(arguments).output().unwrap()
}

/// What was said of a command that was to fail with this exit code.
fn refused(arguments: &[&str], code: i32) -> String {
    let output = loadgen(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn file(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_machine_that_is_not_this_one_is_left_alone_unless_it_is_vouched_for() {
    for command in ["run", "closed", "capacity"] {
        let said = refused(&[command, "http://192.0.2.1:80"], 2);
        assert!(said.contains("not this machine") && said.contains("--i-own-this-host"), "{said}");
    }
    let said = refused(&["compare", "http://127.0.0.1:1", "http://192.0.2.1:80"], 2);
    assert!(said.contains("--i-own-this-host"), "{said}");
}

#[test]
fn nonsense_is_named_with_what_to_write_instead() {
    let target = nobody();
    for (flag, value, hint) in [
        ("--objective", "p98<5ms", "p99.9"),
        ("--arrivals", "sometimes", "--arrivals"),
        ("--duration", "5 parsecs", "250ms"),
        ("--mix", "no-such-mix", "onsale-opening"),
        ("--operator-token-file", "/no/such/file", "/no/such/file"),
    ] {
        let said = refused(&["run", &target, flag, value], 2);
        assert!(said.contains(hint), "{flag} {value}: {said}");
    }
    let said = refused(&["closed", &target, "--scenario", "sleep"], 2);
    assert!(said.contains("hold-seats"), "{said}");
    let said = refused(&["closed", &target, "--turns", "5", "--duration", "1s"], 2);
    assert!(said.contains("--turns") && said.contains("--duration"), "{said}");
}

#[test]
fn a_mix_or_a_trace_that_is_wrong_is_named_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let mix = file(directory.path(), "mix.toml", "# mine\n\nwhat = 1\n");
    let said = refused(&["check", &mix], 2);
    assert!(said.contains("mix.toml:3:1") && said.contains("what"), "{said}");
    let trace = file(directory.path(), "trace.csv", "what is this?\n");
    let said = refused(&["check", &trace], 2);
    assert!(said.contains("trace.csv"), "{said}");
}

#[test]
fn a_mix_of_the_program_is_told() {
    let output = loadgen(&["check", "crowd"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("persona") && told.contains('%'), "{told}");
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_so() {
    let target = nobody();
    let said = refused(&["run", &target, "--operator-token", "t", "--duration", "1s"], 1);
    assert!(said.contains("nobody listens there"), "{said}");
}

#[test]
fn a_directory_that_cannot_be_written_is_found_before_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let taken = file(directory.path(), "taken", "");
    let target = nobody();
    let said = refused(&["run", &target, "--operator-token", "t", "--out", &taken], 74);
    assert!(said.contains("taken"), "{said}");
}

#[test]
fn a_report_is_made_from_a_run_only() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().to_str().unwrap();
    assert!(refused(&["report", place], 74).contains("outcome.json"));
    file(directory.path(), "outcome.json", "{}");
    assert!(refused(&["report", place], 74).contains("no report"));
}

#[test]
fn the_help_shows_how_to_begin() {
    let output = loadgen(&["--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
}
