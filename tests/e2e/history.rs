//! A key in every place of a repository that can hold one is found there, and nothing else is; in
//! each way of storing that repository.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use serde_json::Value;

use crate::{
    hidden::{Hidden, Kind},
    project::{count, findings},
    repository::{Repository, assert_known, copy_directory, found, skipped},
};

/// The repository with ids of SHA-1. Tests that run at the same time share it, and the last of them
/// removes it.
fn sha1() -> Arc<Hidden> {
    static SHARED: Mutex<Weak<Hidden>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let built = Arc::new(Hidden::build("sha1"));
        *shared = Arc::downgrade(&built);
        built
    })
}

/// Everything that is hidden is found in `repo`, and all of it could be read.
fn assert_all_is_found(hidden: &Hidden, repo: &Repository, kind: Kind) {
    let (run, report) = repo.report(&["--no-ignore"]);
    assert_known(&report, &hidden.expected(repo, kind));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    for gap in ["missing-object", "corrupt-object", "shallow-boundary", "unreadable"] {
        assert_eq!(skipped(&report, gap), [""; 0], "{gap}");
    }
}

fn packed(hidden: &Hidden) -> Repository {
    let repo = hidden.repo.copy();
    repo.git(&["repack", "-q", "-a", "-d", "--keep-unreachable"]);
    repo.git(&["prune-packed", "-q"]);
    let count = repo.git(&["count-objects", "-v"]);
    assert!(count.starts_with("count: 0\n") && count.contains("\npacks: 1"), "{count}");
    repo
}

fn loose(hidden: &Hidden) -> Repository {
    let repo = hidden.repo.copy();
    let (packs, apart) = (repo.path(".git/objects/pack"), repo.path(".git/apart"));
    fs::rename(&packs, &apart).unwrap();
    fs::create_dir(&packs).unwrap();
    for file in fs::read_dir(&apart).unwrap().map(|f| f.unwrap().path()) {
        if file.extension().is_some_and(|e| e == "pack") {
            repo.git_reading(&["unpack-objects", "-q"], &fs::read(file).unwrap());
        }
    }
    fs::remove_dir_all(apart).unwrap();
    assert!(repo.git(&["count-objects", "-v"]).contains("\npacks: 0"));
    repo
}

/// The git directory alone, in the way of a server.
fn bare(hidden: &Hidden) -> Repository {
    let repo = Repository::nothing();
    copy_directory(&hidden.repo.path(".git"), &repo.path(""));
    fs::remove_file(repo.path("index")).unwrap();
    repo.git(&["config", "core.bare", "true"]);
    repo
}

fn mirror(hidden: &Hidden) -> Repository {
    Repository::clone_of(&hidden.repo.address(), &["--mirror"])
}

#[test]
fn the_repository_of_these_tests_is_what_it_claims() {
    let hidden = sha1();
    hidden.assert_is_what_it_claims();
    let all = hidden.expected(&hidden.repo, Kind::Worktree).len();
    assert_eq!(hidden.expected(&packed(&hidden), Kind::Worktree).len(), all);
    assert_eq!(hidden.expected(&loose(&hidden), Kind::Worktree).len(), all);
    assert_eq!(hidden.expected(&bare(&hidden), Kind::Bare).len(), all - 2);
    assert_eq!(hidden.expected(&mirror(&hidden), Kind::Mirror).len(), all - 9);
}

#[test]
fn a_key_in_any_place_of_a_repository_is_found() {
    let hidden = sha1();
    assert_all_is_found(&hidden, &hidden.repo, Kind::Worktree);
}

#[test]
fn a_key_in_any_place_is_found_if_all_is_packed() {
    let hidden = sha1();
    assert_all_is_found(&hidden, &packed(&hidden), Kind::Worktree);
}

#[test]
fn a_key_in_any_place_is_found_if_nothing_is_packed() {
    let hidden = sha1();
    assert_all_is_found(&hidden, &loose(&hidden), Kind::Worktree);
}

#[test]
fn a_key_in_any_place_is_found_without_a_working_tree() {
    let hidden = sha1();
    assert_all_is_found(&hidden, &bare(&hidden), Kind::Bare);
}

#[test]
fn a_mirror_holds_what_refs_reach() {
    let hidden = sha1();
    assert_all_is_found(&hidden, &mirror(&hidden), Kind::Mirror);
}

#[test]
fn a_key_in_any_place_is_found_in_a_repository_of_sha256() {
    let hidden = Hidden::build("sha256");
    hidden.assert_is_what_it_claims();
    assert_all_is_found(&hidden, &hidden.repo, Kind::Worktree);
    assert_all_is_found(&hidden, &packed(&hidden), Kind::Worktree);
    assert_all_is_found(&hidden, &bare(&hidden), Kind::Bare);
}

#[test]
fn whole_blobs_give_the_same_report_byte_by_byte() {
    let hidden = sha1();
    let repo = packed(&hidden);
    let fast = repo.scan(&["-f", "json", "--no-ignore"]);
    let slow = repo.scan(&["-f", "json", "--no-ignore", "--whole-blobs"]);
    assert_eq!((fast.code, fast.stderr.as_str()), (1, ""));
    assert!(fast.stdout == slow.stdout, "{}\n{}", fast.stdout, slow.stdout);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let hidden = sha1();
    let one = hidden.repo.scan(&["-f", "json", "-j1"]);
    let four = hidden.repo.scan(&["-f", "json", "-j4"]);
    assert_eq!(one.code, 1);
    assert!(one.stdout == four.stdout, "{}\n{}", one.stdout, four.stdout);
}

#[test]
fn ignored_files_are_left_out_unless_asked_for() {
    let hidden = sha1();
    let (_, report) = hidden.repo.report(&[]);
    let mut expected = hidden.expected(&hidden.repo, Kind::Worktree);
    expected.retain(|known| known.path != "ignored.local");
    assert_known(&report, &expected);
    assert_eq!(report["coverage"]["git_ignored_files"], "skipped");
}

#[test]
fn without_the_working_tree_no_uncommitted_file_is_read() {
    let hidden = sha1();
    let (run, report) = hidden.repo.report(&["--no-worktree", "--no-ignore"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let expected = hidden.expected(&hidden.repo, Kind::Worktree);
    let committed = expected.iter().filter(|k| !matches!(k.reach(), "worktree" | "index"));
    let committed: Vec<_> = committed.map(|k| k.path.as_str()).collect();
    let reported: Vec<_> = found(&report).into_iter().map(|(path, _)| path).collect();
    assert!(committed.iter().all(|path| reported.iter().any(|r| r == path)), "{reported:?}");
    assert!(!reported.iter().any(|path| path == "untracked.env"), "{reported:?}");
}

#[test]
fn what_nothing_reaches_can_be_left_out() {
    let hidden = sha1();
    let (run, report) = hidden.repo.report(&["--reachable-only", "--no-ignore"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let mut expected = hidden.expected(&hidden.repo, Kind::Worktree);
    expected.retain(|known| known.reach() != "unreachable");
    let expected: Vec<_> =
        expected.into_iter().map(|k| k.any(&["commits", "refs", "refs_total"])).collect();
    assert_known(&report, &expected);
}

#[test]
fn the_ledger_counts_every_object_once() {
    let hidden = sha1();
    let repo = packed(&hidden);
    let (_, report) = repo.report(&["--no-ignore"]);
    let all = repo.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    let sub =
        repo.git(&["--git-dir=.git/modules/x", "cat-file", "--batch-all-objects", "--batch-check"]);
    for (kind, field) in
        [("commit", "commits"), ("tree", "trees"), ("blob", "blobs"), ("tag", "tags")]
    {
        let is_of_kind = |line: &&str| line.contains(&format!(" {kind} "));
        let number = all.lines().chain(sub.lines()).filter(is_of_kind).count();
        assert_eq!(report["coverage"]["objects"][field], number, "{field}");
    }
}

#[test]
fn every_format_tells_of_every_finding_and_shows_no_key() {
    let hidden = sha1();
    let repo = &hidden.repo;
    let (_, report) = repo.report(&[]);
    let run = repo.scan(&["-f", "jsonl"]);
    assert_eq!((run.code, run.stdout.lines().count()), (1, count(&report) + 1));
    let run = repo.scan(&["-f", "sarif"]);
    assert_eq!(run.json()["runs"][0]["results"].as_array().unwrap().len(), count(&report));
    let run = repo.scan(&["-v"]);
    assert!(run.code == 1 && run.stdout.contains("app/.env"), "{}", run.stdout);
}

#[test]
fn a_repository_is_the_same_from_wherever_it_is_named() {
    let hidden = sha1();
    let whole = hidden.repo.scan(&["-f", "json"]);
    assert_eq!(hidden.repo.scan(&["-f", "json", "."]).stdout, whole.stdout);
    let elsewhere = Repository::nothing();
    assert_eq!(elsewhere.scan(&["-f", "json", &hidden.repo.shown()]).stdout, whole.stdout);
    assert_eq!(hidden.repo.scan(&["-f", "json", "app"]).stdout, whole.stdout, "a directory in it");
}

#[test]
fn a_key_in_the_working_tree_is_the_one_that_a_plain_scan_finds() {
    let hidden = sha1();
    let repo = &hidden.repo;
    let scanned = repo.project.scan(&["-f", "json", "--no-ignore", "--show-secrets"]).json();
    let (_, report) = repo.report(&["--no-ignore"]);
    let prints = |report: &Value, wanted: fn(&Value) -> bool| -> BTreeSet<String> {
        let all = findings(report).iter().filter(|f| wanted(f));
        all.map(|f| format!("{} {}", f["fingerprint"], f["path"])).collect()
    };
    let here = |f: &Value| f["history"]["in_worktree"] == true && f["path"] != "link";
    assert_eq!(prints(&report, here), prints(&scanned, |_| true));
}
