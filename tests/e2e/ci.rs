//! The examples for other CI systems: their scripts, with the variables that those systems set.

use std::process::Command;

use crate::{
    project::{Project, Run},
    repository::{Repository, settings},
    runner::root,
};

/// Main has key 0; a branch with a hostile name adds key 1, and main went on.
fn checkout() -> Repository {
    let remote = Repository::new();
    remote.commit_file("old.env", &settings(0));
    remote.commit_on_branch("$(touch${IFS}pwned)", "new.env", &settings(1));
    remote.commit_file("more.txt", "nothing\n");
    let checkout = Repository::clone_of(&remote.address(), &[]);
    checkout.git(&["checkout", "-q", "$(touch${IFS}pwned)"]);
    checkout
}

/// The lines of the script that an example holds, which begins with `set --`.
fn script(name: &str) -> String {
    let text = std::fs::read_to_string(root().join("ci").join(name)).unwrap();
    let start = text.find("set --\n").expect("it has a script");
    let indent = text[..start].rsplit('\n').next().unwrap().len();
    let inside = |l: &&str| l.is_empty() || l.len() - l.trim_start().len() >= indent;
    let lines = text[start..].lines().skip(1).take_while(inside);
    format!("set -eu\nset --\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}

fn run(name: &str, checkout: &Repository, variables: &[(&str, &str)]) -> Run {
    let tools = Project::empty();
    let binary = assert_cmd::cargo::cargo_bin!("straykey");
    std::os::unix::fs::symlink(binary, tools.path("straykey")).unwrap();
    let path = format!("{}:{}", tools.path("").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", &script(name)]).current_dir(checkout.path(""));
    command.env_clear().env("PATH", path).envs(variables.iter().copied());
    let run = checkout.project.finish(command, b"");
    assert!(!checkout.path("pwned").exists(), "{name}");
    run
}

/// What was found, by the file that it stands in.
fn assert_finds(name: &str, variables: &[(&str, &str)], files: &[&str]) {
    let checkout = checkout();
    let run = run(name, &checkout, variables);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{name}");
    let all = ["old.env", "new.env"].into_iter();
    let said: Vec<&str> = all.filter(|file| run.stdout.contains(&format!("{file}\n"))).collect();
    assert_eq!(said, files, "{name}: {}", run.stdout);
}

#[test]
fn every_example_scans_what_a_change_adds_and_else_everything() {
    let main = "main";
    for (name, variable, target) in [
        ("Jenkinsfile", "CHANGE_TARGET", main),
        ("azure-pipelines.yml", "SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("bitbucket-pipelines.yml", "BITBUCKET_PR_DESTINATION_BRANCH", main),
    ] {
        assert_finds(name, &[(variable, target)], &["new.env"]);
        assert_finds(name, &[], &["old.env", "new.env"]);
    }
    let branch = |name| [("DEFAULT_BRANCH", main), ("CIRCLE_BRANCH", name)];
    assert_finds("circleci.yml", &branch("$(touch${IFS}pwned)"), &["new.env"]);
    assert_finds("circleci.yml", &branch(main), &["old.env", "new.env"]);
}

#[test]
fn gitlab_gets_its_report() {
    let checkout = checkout();
    let (base, head) = (checkout.id("origin/main"), checkout.id("HEAD"));
    let merge_request = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", &*base), ("CI_COMMIT_SHA", &*head)];
    assert_finds("gitlab-ci.yml", &[("CI_COMMIT_SHA", &head)], &["old.env", "new.env"]);
    let run = run("gitlab-ci.yml", &checkout, &merge_request);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let report = checkout.project.read("gl-secret-detection-report.json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let location = &report["vulnerabilities"][0]["location"];
    assert_eq!(location["file"], "new.env");
    assert_eq!(location["commit"]["sha"], head);
    let before = [("CI_COMMIT_BEFORE_SHA", &*base), ("CI_COMMIT_SHA", &*head)];
    assert_eq!(self::run("gitlab-ci.yml", &checkout, &before).code, 1);
}
