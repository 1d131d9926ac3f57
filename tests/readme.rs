//! What the README shows is what the program prints.

use assert_cmd::Command;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))
        .expect("the README is there")
}

#[test]
fn the_run_in_the_readme_is_real() {
    let readme = readme();
    let block = readme
        .split("```console\n")
        .nth(1)
        .and_then(|b| b.split("```").next())
        .expect("it has a run");
    let (command, expected) = block.split_once('\n').expect("a command and its output");
    let (format, value) = command
        .strip_prefix("$ printf '")
        .and_then(|c| c.strip_suffix(" | straykey scan -"))
        .and_then(|c| c.split_once("' "))
        .expect("the run prints a line into the program");
    let input = format.replace("%s", value).replace("\\n", "\n");
    let output = Command::cargo_bin("straykey")
        .expect("cargo built it")
        .args(["scan", "-"])
        .write_stdin(input)
        .output();
    let output = output.expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_counts_in_the_readme_are_right() {
    let rules = straykey::rule::load::builtin();
    let (own, named): (Vec<_>, Vec<_>) = rules.rules.iter().partition(|r| !r.patterns.is_empty());
    let counts = format!("{} rules for {} providers", own.len(), rules.providers.len());
    assert!(readme().contains(&counts), "the README must say `{counts}`");
    let named = format!("{} of them are also known by their names and hosts", named.len());
    assert!(readme().contains(&named), "the README must say `{named}`");
}
