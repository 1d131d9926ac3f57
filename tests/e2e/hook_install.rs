//! Installing hooks beside those that are there, and taking them away again.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{
    project::Run,
    repository::{Repository, settings},
};

const HOOK: &str = ".git/hooks/pre-commit";
const KEPT: &str = ".git/hooks/pre-commit.before-straykey";

fn hook(repo: &Repository, args: &[&str]) -> Run {
    repo.project.straykey(&[&["hook"], args].concat())
}

/// It works, and says this.
fn assert_says(repo: &Repository, args: &[&str], expected: &str) {
    let run = hook(repo, args);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, expected);
}

/// A hook of somebody else.
fn write_hook(repo: &Repository, path: &str, text: &str, mode: u32) {
    repo.write(path, text);
    fs::set_permissions(repo.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether a commit with a key is stopped, and what is said.
fn commit_of_a_key(repo: &Repository) -> (bool, String) {
    repo.write("a.env", &settings(1));
    repo.git(&["add", "a.env"]);
    let (passed, said) = repo.git_says(&[], &["commit", "-q", "-m", "a key"]);
    (!passed, said)
}

#[test]
fn they_come_and_go() {
    let repo = Repository::new();
    let before = fs::read_dir(repo.path(".git/hooks")).unwrap().count();
    let installed = "pre-commit: installed as ./.git/hooks/pre-commit\npre-push: installed as ./.git/hooks/pre-push\n";
    assert_says(&repo, &["install"], installed);
    assert_says(&repo, &["install"], installed);
    assert!(commit_of_a_key(&repo).0);
    let removed =
        "pre-commit: removed ./.git/hooks/pre-commit\npre-push: removed ./.git/hooks/pre-push\n";
    assert_says(&repo, &["uninstall"], removed);
    assert_eq!(fs::read_dir(repo.path(".git/hooks")).unwrap().count(), before);
    assert!(!commit_of_a_key(&repo).0);
    assert_says(
        &repo,
        &["uninstall"],
        "no hook of straykey in ./.git/hooks: nothing was removed\n",
    );
}

#[test]
fn one_can_be_chosen() {
    let repo = Repository::new();
    hook(&repo, &["install", "--pre-push"]);
    assert!(repo.path(".git/hooks/pre-push").exists() && !repo.path(HOOK).exists());
    hook(&repo, &["install"]);
    hook(&repo, &["uninstall", "--pre-push"]);
    assert!(!repo.path(".git/hooks/pre-push").exists() && repo.path(HOOK).exists());
}

#[test]
fn a_hook_that_is_there_runs_first_and_comes_back() {
    let repo = Repository::new();
    let theirs = "#!/bin/sh\necho theirs \"$#\"\nexit \"$(cat code)\"\n";
    write_hook(&repo, HOOK, theirs, 0o750);
    hook(&repo, &["install", "--pre-commit"]);
    assert_says(
        &repo,
        &["install", "--pre-commit"],
        "pre-commit: installed as ./.git/hooks/pre-commit\n  the hook that was there runs first: ./.git/hooks/pre-commit.before-straykey\n",
    );
    repo.write("code", "3");
    assert_eq!(commit_of_a_key(&repo), (true, "theirs 0\n".into()));
    repo.write("code", "0");
    let (stopped, said) = commit_of_a_key(&repo);
    assert!(stopped && said.starts_with("theirs 0\nstraykey stopped this commit"), "{said}");
    assert_says(
        &repo,
        &["uninstall"],
        "pre-commit: the hook that was there before is back: ./.git/hooks/pre-commit\n",
    );
    assert_eq!(fs::read_to_string(repo.path(HOOK)).unwrap(), theirs);
    assert_eq!(fs::metadata(repo.path(HOOK)).unwrap().permissions().mode() & 0o777, 0o750);
    assert!(!repo.path(KEPT).exists());
}

#[test]
fn a_pre_push_hook_that_is_there_reads_the_same_references() {
    let repo = Repository::new();
    let server = Repository::nothing();
    server.git(&["init", "-q", "--bare"]);
    write_hook(&repo, ".git/hooks/pre-push", "#!/bin/sh\necho \"$1\" > seen\ncat >> seen\n", 0o755);
    hook(&repo, &["install", "--pre-push"]);
    repo.commit_file("a.txt", "a\n");
    repo.git(&["remote", "add", "origin", &server.shown()]);
    repo.git(&["push", "-q", "origin", "main"]);
    let (id, zero) = (repo.id("HEAD"), "0".repeat(40));
    let seen = format!("origin\nrefs/heads/main {id} refs/heads/main {zero}\n");
    assert_eq!(repo.project.read("seen"), seen);
}

#[test]
fn a_hook_that_git_does_not_run_is_kept_and_still_not_run() {
    let repo = Repository::new();
    write_hook(&repo, HOOK, "#!/bin/sh\nexit 7\n", 0o644);
    hook(&repo, &["install"]);
    repo.write("a.txt", "a\n");
    repo.commit("clean");
    hook(&repo, &["uninstall"]);
    assert_eq!(fs::metadata(repo.path(HOOK)).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_link_is_kept_as_a_link() {
    let repo = Repository::new();
    write_hook(&repo, "tools/check", "#!/bin/sh\necho linked\n", 0o755);
    std::os::unix::fs::symlink("../../tools/check", repo.path(HOOK)).unwrap();
    hook(&repo, &["install"]);
    let (stopped, said) = commit_of_a_key(&repo);
    assert!(stopped && said.starts_with("linked\n"), "{said}");
    hook(&repo, &["uninstall"]);
    let target = fs::read_link(repo.path(HOOK)).unwrap();
    assert_eq!(target.to_str(), Some("../../tools/check"));
    assert_eq!(repo.project.read("tools/check"), "#!/bin/sh\necho linked\n");
}

#[test]
fn two_hooks_of_somebody_else_are_both_left_alone() {
    let repo = Repository::new();
    write_hook(&repo, HOOK, "#!/bin/sh\n# one\n", 0o755);
    write_hook(&repo, KEPT, "#!/bin/sh\n# two\n", 0o755);
    let run = hook(&repo, &["install", "--pre-commit"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("are both hooks of somebody else"), "{}", run.stderr);
    assert_eq!(repo.project.read(HOOK), "#!/bin/sh\n# one\n");
    assert_eq!(repo.project.read(KEPT), "#!/bin/sh\n# two\n");
}

#[test]
fn a_directory_that_the_repository_names_is_used() {
    let repo = Repository::new();
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    hook(&repo, &["install"]);
    let text = repo.project.read(".githooks/pre-commit");
    assert!(text.contains("straykey=''"), "a path of this machine is in the working tree:\n{text}");
    assert!(!repo.path(HOOK).exists());
    hook(&repo, &["uninstall"]);
    assert_eq!(fs::read_dir(repo.path(".githooks")).unwrap().count(), 0);
    let away = repo.path("away").to_str().unwrap().to_owned();
    repo.git(&["config", "core.hooksPath", &away]);
    hook(&repo, &["install"]);
    assert!(commit_of_a_key(&repo).0);
}

#[test]
fn a_directory_that_all_repositories_share_is_asked_for() {
    let repo = Repository::new();
    let hooks = repo.path("shared").to_str().unwrap().to_owned();
    repo.write("home/.gitconfig", &format!("[core]\n\thooksPath = {hooks}\n"));
    let run = |args: &[&str]| {
        let mut command = repo.project.command(&[&["hook"], args].concat());
        command.env("HOME", repo.path("home"));
        repo.project.finish(command, b"")
    };
    let refused = run(&["install"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("`--shared` installs there"), "{}", refused.stderr);
    assert!(!repo.path("shared").exists() && !repo.path(HOOK).exists());
    assert_eq!(run(&["install", "--shared"]).code, 0);
    assert!(repo.path("shared/pre-commit").exists() && !repo.path(HOOK).exists());
    assert_eq!(run(&["uninstall"]).code, 0);
    assert_eq!(fs::read_dir(&hooks).unwrap().count(), 0);
}

#[test]
fn hooks_of_husky_are_left_to_husky() {
    let repo = Repository::new();
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
    let run = hook(&repo, &["install", "--pre-commit"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let advice = "put the line `straykey hook run pre-commit` into `.husky/pre-commit` instead";
    assert!(run.stderr.contains(advice), "{}", run.stderr);
    assert!(!repo.path(".husky").exists());
}

#[test]
fn a_hook_of_pre_commit_is_chained_and_named() {
    let repo = Repository::new();
    let theirs = "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n";
    write_hook(&repo, HOOK, theirs, 0o755);
    let run = hook(&repo, &["install", "--pre-commit"]);
    assert!(run.stdout.contains("the ids `straykey` and `straykey-push`"), "{}", run.stdout);
    assert!(commit_of_a_key(&repo).0);
}

#[test]
fn a_linked_worktree_has_the_hooks_of_its_repository() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    repo.git(&["worktree", "add", "-q", "-b", "side", "linked"]);
    assert_eq!(hook(&repo, &["install", "linked"]).code, 0);
    assert!(repo.path(HOOK).exists());
    assert!(commit_of_a_key(&repo).0);
}

#[test]
fn a_bare_repository_receives() {
    let repo = Repository::nothing();
    repo.git(&["init", "-q", "--bare"]);
    hook(&repo, &["install"]);
    assert!(repo.path("hooks/pre-receive").exists() && !repo.path("hooks/pre-commit").exists());
}

#[test]
fn a_hook_without_its_program_stops_everything_and_says_how_to_go_on() {
    let repo = Repository::new();
    hook(&repo, &["install"]);
    let text = repo.project.read(HOOK);
    let program = text.lines().find_map(|l| l.split_once("|| straykey='")).unwrap().1;
    let program = program.trim_end_matches('\'');
    fs::write(repo.path(HOOK), text.replace(program, "/nowhere/straykey")).unwrap();
    repo.write("a.txt", "a\n");
    repo.git(&["add", "a.txt"]);
    let (passed, said) = repo.git_says(&[], &["commit", "-q", "-m", "clean"]);
    assert!(!passed);
    assert_eq!(
        said,
        "straykey is not on PATH and not at /nowhere/straykey, so nothing was scanned.\nInstall it, or go on without it: git commit --no-verify\n"
    );
}

#[test]
fn what_is_no_repository_has_no_hooks() {
    let run = hook(&Repository::nothing(), &["install"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("is not a git repository"), "{}", run.stderr);
}
