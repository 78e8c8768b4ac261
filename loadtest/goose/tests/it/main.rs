//! The command line. What its users do is shown by the tests of `loadtest`, over real services; they find the
//! program where cargo puts it for the test below.

use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadtest-goose")).args(args).output().unwrap()
}

#[test]
fn without_a_word_it_tells_how_it_is_used_and_what_it_does_not_know_is_named() {
    let usage = run(&[]);
    let told = String::from_utf8_lossy(&usage.stdout).into_owned();
    assert!(usage.status.success() && told.contains("--scenario"), "{told}");
    let unknown = run(&["--speed", "9"]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && said.contains("speed"), "{said}");
}
