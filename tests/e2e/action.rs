//! The GitHub Action: its steps with the payloads of events, in shallow checkouts of real repositories.

use serde_json::json;

use crate::{
    project::findings,
    repository::{Repository, key, rule_of, settings},
    runner::{Event, Job, action},
};

const NONE: &str = "0000000000000000000000000000000000000000";
const GONE: &str = "89e5a3c2b14f0d6798a0b1c2d3e4f5a6b7c8d9e0";

/// What the remote has: a key on main, another on a branch of three commits, and a merge of both.
struct Remote {
    repository: Repository,
    base: String,
    head: String,
}

impl Remote {
    fn new() -> Self {
        Self::with_branch("feature")
    }

    fn with_branch(branch: &str) -> Self {
        let repository = Repository::new();
        repository.commit_file("old.env", &settings(0));
        repository.git(&["checkout", "-q", "-b", branch]);
        repository.commit_file("new.env", &settings(1));
        repository.commit_file("notes.txt", "nothing\n");
        repository.remove("new.env");
        let head = repository.commit("take it away").id;
        repository.git(&["checkout", "-q", "main"]);
        let base = repository.commit_file("main.txt", "nothing\n").id;
        repository.git(&["update-ref", "refs/pull/7/head", &head]);
        repository.git(&["checkout", "-q", "--detach"]);
        let merge = repository.merge(&[&head]).id;
        repository.git(&["update-ref", "refs/pull/7/merge", &merge]);
        repository.git(&["checkout", "-q", "main"]);
        Self { repository, base, head }
    }

    /// What `actions/checkout` does: one commit and no history.
    fn checkout(&self, git_ref: &str) -> Repository {
        let checkout = Repository::nothing();
        checkout.git(&["init", "-q"]);
        checkout.git(&["remote", "add", "origin", &self.repository.address()]);
        checkout.git(&["fetch", "-q", "--no-tags", "--depth=1", "origin", git_ref]);
        checkout.git(&["checkout", "-q", "--detach", "FETCH_HEAD"]);
        checkout
    }

    fn pull_request(&self) -> Event {
        Event::pull_request("owner/name", "feature", &self.base, &self.head)
    }
}

/// The scan was complete and found these keys.
fn assert_found(job: &Job, keys: &[usize]) {
    assert_eq!(job.run.code, 0, "{}", job.run.stderr);
    let report = job.report();
    let mut rules: Vec<&str> =
        findings(&report).iter().map(|f| f["rule"].as_str().unwrap()).collect();
    let mut expected: Vec<&str> = keys.iter().map(|&n| rule_of(n)).collect();
    rules.sort_unstable();
    expected.sort_unstable();
    assert_eq!(rules, expected, "{}", job.run.stdout);
    let code = u8::from(!keys.is_empty()).to_string();
    assert_eq!(job.output("exit-code"), code, "{}", job.run.stdout);
    let count = keys.len().to_string();
    assert_eq!((job.output("findings"), job.output("new-findings")), (&*count, &*count));
    assert!(!job.run.stdout.contains(key(0)) && !job.run.stdout.contains(key(1)));
}

#[test]
fn a_pull_request_is_what_its_commits_add() {
    let remote = Remote::new();
    let job = remote.pull_request().run_in(&remote.checkout("refs/pull/7/merge"));
    assert_found(&job, &[1]);
    assert_eq!(job.output("upload"), "true");
    assert!(job.says("::error file=new.env,line=2,"), "{:?}", job.commands());
    assert!(job.summary.starts_with("## straykey\n\n**1 finding in 1 file"), "{}", job.summary);
    assert!(job.summary.contains("<details><summary>What to do: "));
    let sarif = std::fs::read_to_string(job.output("sarif")).unwrap();
    assert!(sarif.contains("\"version\": \"2.1.0\""));
    assert_eq!(job.gh, "", "nobody asked for a comment");
}

#[test]
fn a_pull_request_without_a_secret_is_clean() {
    let remote = Remote::new();
    let main = remote.repository.id("main~1");
    let event = Event::pull_request("owner/name", "x", &main, &remote.base);
    assert_found(&event.run_in(&remote.checkout("refs/pull/7/merge")), &[]);
}

#[test]
fn a_fork_is_scanned_though_its_token_can_only_read() {
    let remote = Remote::new();
    for event in [
        Event::pull_request("stranger/name", "feature", &remote.base, &remote.head),
        remote.pull_request().actor("dependabot[bot]"),
    ] {
        let job = event.input("comment", "true").run_in(&remote.checkout("refs/pull/7/merge"));
        assert_found(&job, &[1]);
        assert_eq!((job.output("upload"), job.gh.as_str()), ("", ""));
        assert!(job.says("::notice title=straykey::the SARIF file is not uploaded"));
        assert!(job.says("::notice title=straykey::no comment"));
        assert!(job.says("::error file=new.env,"), "annotations need no token");
    }
}

#[test]
fn a_comment_is_written_below_the_pull_request() {
    let remote = Remote::new();
    let event = remote.pull_request().input("comment", "true");
    let job = event.run_in(&remote.checkout("refs/pull/7/merge"));
    assert_found(&job, &[1]);
    let posted = "POST\nrepos/owner/name/issues/7/comments\n--field\nbody=@";
    assert!(job.gh.contains(posted), "{}", job.gh);
    assert!(job.gh.contains("\n<!-- straykey -->\n## straykey\n"), "{}", job.gh);
    let event = remote.pull_request().input("comment", "true").known_comment("41");
    let job = event.run_in(&remote.checkout("refs/pull/7/merge"));
    assert!(job.gh.contains("PATCH\nrepos/owner/name/issues/comments/41\n"), "{}", job.gh);
    assert!(!job.gh.contains("POST"), "{}", job.gh);
}

#[test]
fn a_push_is_what_it_adds() {
    let remote = Remote::new();
    let first = remote.repository.id("feature~2");
    let event = |before: &str| Event::push("refs/heads/feature", before, &remote.head);
    let checkout = || remote.checkout("refs/heads/feature");
    assert_found(&event(&first).run_in(&checkout()), &[]);
    let before = remote.repository.id("feature~3");
    assert_found(&event(&before).run_in(&checkout()), &[1]);
    // A new branch, and one that was forced over what nobody has any more.
    assert_found(&event(NONE).run_in(&checkout()), &[1]);
    let forced = event(GONE).run_in(&checkout());
    assert_found(&forced, &[1]);
    assert!(forced.says("the commit before this push is gone"));
    // One that was forced over a commit that the remote still has.
    assert_found(&event(&remote.base).run_in(&checkout()), &[1]);
}

#[test]
fn the_first_push_of_the_default_branch_is_scanned_whole() {
    let remote = Remote::new();
    let event = Event::push("refs/heads/main", NONE, &remote.base);
    let job = event.run_in(&remote.checkout("refs/heads/main"));
    let paths: Vec<String> =
        findings(&job.report()).iter().map(|f| f["path"].to_string()).collect();
    assert_eq!(paths, ["\"new.env\"", "\"old.env\""], "the other branches were fetched, too");
    assert_eq!(job.report()["coverage"]["complete"], true);
}

#[test]
fn a_tag_is_what_the_default_branch_lacks() {
    let remote = Remote::new();
    remote.repository.git(&["tag", "-m", "release", "v1", "feature"]);
    let id = remote.repository.id("v1");
    let event = Event::push("refs/tags/v1", NONE, &id);
    assert_found(&event.run_in(&remote.checkout("refs/tags/v1")), &[1]);
}

#[test]
fn a_branch_that_was_deleted_is_nothing_to_scan() {
    let remote = Remote::new();
    let job =
        Event::push("refs/heads/x", &remote.head, NONE).run_in(&remote.checkout("refs/heads/main"));
    assert_eq!((job.run.code, job.output("exit-code"), job.output("findings")), (0, "0", "0"));
    assert!(job.says("::notice title=straykey::the branch was deleted"));
}

#[test]
fn a_merge_queue_is_what_it_adds() {
    let remote = Remote::new();
    let merge = remote.repository.id("refs/pull/7/merge");
    let payload = json!({ "merge_group": { "base_sha": remote.base, "head_sha": merge } });
    let event = Event::new("merge_group", "refs/heads/gh-readonly-queue/main/pr-7", payload);
    assert_found(&event.run_in(&remote.checkout("refs/pull/7/merge")), &[1]);
}

#[test]
fn a_schedule_scans_the_whole_history() {
    let remote = Remote::new();
    for event in ["schedule", "workflow_dispatch"] {
        let event = Event::new(event, "refs/heads/main", json!({}));
        assert_found(&event.run_in(&remote.checkout("refs/heads/main")), &[0, 1]);
    }
}

#[test]
fn a_gap_that_cannot_be_closed_is_reported() {
    let remote = Remote::new();
    let checkout = remote.checkout("refs/pull/7/merge");
    checkout.git(&["fetch", "-q", "--depth=1", "origin", &remote.base, &remote.head]);
    checkout.git(&["remote", "remove", "origin"]);
    let job = remote.pull_request().run_in(&checkout);
    assert_eq!((job.run.code, job.output("exit-code")), (0, "2"));
    assert!(job.says("::warning title=straykey::the checkout is shallow"));
    assert!(job.says("::error title=straykey::the scan is not complete"), "{}", job.run.stdout);
    let job = Event::new("schedule", "", json!({})).run_in(&checkout);
    assert_eq!((job.run.code, job.output("exit-code")), (0, "2"));
    let checkout = remote.checkout("refs/pull/7/merge");
    checkout.git(&["remote", "remove", "origin"]);
    let job = remote.pull_request().run_in(&checkout);
    assert_eq!((job.run.code, job.output("exit-code")), (0, "2"));
    assert!(job.says("the first commit of the range is not in this repository"));
}

#[test]
fn the_name_of_a_branch_is_never_run() {
    for name in [
        "$(touch${IFS}pwned)",
        "a\";touch${IFS}pwned;\"",
        "`touch${IFS}pwned`",
        "x\u{2028}\u{85}y",
        "'|touch${IFS}pwned|'",
    ] {
        let remote = Remote::with_branch(name);
        let checkout = remote.checkout("refs/pull/7/merge");
        let event = Event::pull_request("stranger/name", name, &remote.base, &remote.head);
        assert_found(&event.run_in(&checkout), &[1]);
        let git_ref = format!("refs/heads/{name}");
        assert_found(&Event::push(&git_ref, NONE, &remote.head).run_in(&checkout), &[1]);
        let event = Event::new("workflow_dispatch", &git_ref, json!({}));
        let event = event.input("mode", "diff").input("base", "main").input("head", name);
        assert_found(&event.run_in(&checkout), &[1]);
        assert!(!checkout.path("pwned").exists(), "{name}");
    }
}

#[test]
fn a_name_that_is_none_is_refused() {
    let remote = Remote::new();
    let checkout = remote.checkout("refs/pull/7/merge");
    for name in [
        "--upload-pack=touch pwned",
        "--output=pwned",
        "-x",
        "$(touch pwned)",
        "a\nb",
        "a..b",
        "no-such-branch",
        "main:old.env",
        NONE,
    ] {
        let event = remote.pull_request().input("head", name);
        let job = event.run_in(&checkout);
        assert_eq!((job.run.code, job.output("exit-code")), (0, "2"), "{name}");
        assert!(job.says("the last commit of the range is not in this repository"), "{name}");
        assert!(!checkout.path("pwned").exists(), "{name}");
    }
}

#[test]
fn the_mildest_severity_that_fails_can_be_chosen() {
    let remote = Remote::new();
    let checkout = remote.checkout("refs/pull/7/merge");
    let code = |level: &str| {
        let job = remote.pull_request().input("fail-on", level).run_in(&checkout);
        assert_eq!(job.output("findings"), if level == "none" { "" } else { "1" });
        job.output("exit-code").to_owned()
    };
    let severity = remote.pull_request().run_in(&checkout).report()["findings"][0]["severity"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(severity, "high");
    let codes = ["info", "low", "medium", "high", "critical", "none"].map(code);
    assert_eq!(codes, ["1", "1", "1", "1", "0", "2"]);
}

#[test]
fn files_can_be_scanned_and_arguments_added() {
    let remote = Remote::new();
    let checkout = remote.checkout("refs/pull/7/merge");
    let tree = |event: Event| event.input("mode", "tree").run_in(&checkout);
    assert_found(&tree(remote.pull_request()), &[0]);
    assert_found(&tree(remote.pull_request().input("args", "--exclude *.env\n  -v")), &[]);
    let job = tree(remote.pull_request().input("args", "--no-such-flag"));
    assert_eq!((job.run.code, job.output("exit-code")), (0, "2"));
    let plain = Repository::nothing();
    plain.write("a.env", &settings(2));
    assert_found(&remote.pull_request().run_in(&plain), &[2]);
    let job = remote.pull_request().input("mode", "diff").run_in(&plain);
    assert_eq!((job.run.code, job.output("exit-code")), (0, "2"));
    let job = remote.pull_request().input("mode", "x").run_in(&plain);
    assert!(job.says("the input \"mode\" is one of"));
}

#[test]
fn what_a_file_is_called_is_no_command_of_the_runner() {
    let plain = Repository::nothing();
    plain.write("::set-output name=exit-code::0\n::add-mask::x\n.env", &settings(2));
    let event = Event::new("schedule", "", json!({})).input("mode", "tree").input("format", "json");
    let job = event.run_in(&plain);
    assert_found(&job, &[2]);
    let commands = job.commands();
    let known = |c: &&str| ["::error ", "::notice "].iter().any(|k| c.starts_with(k));
    assert!(commands.iter().all(known), "{commands:?}");
}

#[test]
fn no_value_is_part_of_a_script_and_no_action_can_change() {
    let action = action();
    for line in action.lines() {
        let line = line.trim();
        assert!(!line.starts_with("run:") || !line.contains("${{"), "{line}");
        assert!(!line.starts_with("run: |"), "{line}");
        if let Some(used) = line.strip_prefix("uses: ") {
            let (_, rest) = used.split_once('@').expect("it is pinned");
            let id = rest.split(' ').next().unwrap();
            assert!(id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
        }
    }
}
