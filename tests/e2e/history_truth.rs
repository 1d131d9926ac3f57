//! When a key came, when it went and where it still is: on histories that are small enough to know.

use serde_json::Value;

use crate::{
    project::{finding_in, findings},
    repository::{Known, Repository, assert_known, key, rule_of, settings},
};

/// A text of other lines before the key.
fn below(lines: usize, n: usize) -> String {
    "# a line\n".repeat(lines) + &settings(n)
}

fn known(path: &str, n: usize) -> Known {
    Known::new(path, n, 2, "commit")
}

#[test]
fn a_key_that_was_removed_tells_both_commits() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    let went = repo.commit_file("a.env", "# settings\n");
    repo.commit_file("b.txt", "later\n");
    repo.assert_known(&[known("a.env", 0).introduced(&came).removed(&went).commits(1).on_main()]);
}

#[test]
fn a_key_that_came_back_is_not_removed() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    repo.commit_file("a.env", "# settings\n");
    repo.commit_file("a.env", &settings(0));
    let back = known("a.env", 0).introduced(&came).commits(2).on_main();
    repo.assert_known(&[back.clone().alive()]);
    let went = repo.commit_file("a.env", "# settings\n");
    repo.assert_known(&[back.removed(&went)]);
}

#[test]
fn a_key_in_a_renamed_file_stands_at_both_names() {
    let repo = Repository::new();
    let came = repo.commit_file("old.env", &settings(0));
    repo.git(&["mv", "old.env", "new.env"]);
    let moved = repo.commit("rename");
    repo.assert_known(&[
        known("old.env", 0).introduced(&came).removed(&moved).commits(1).on_main(),
        known("new.env", 0).introduced(&moved).alive().commits(1).on_main(),
    ]);
}

#[test]
fn a_line_is_the_one_of_today_and_the_introduction_keeps_its_own() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    repo.commit_file("a.env", &below(3, 0));
    let at = |line: u64| {
        let known = Known::new("a.env", 0, line, "commit").introduced_in_line(&came, 2);
        known.at_head().commits(2).on_main()
    };
    repo.assert_known(&[at(5).in_worktree(true)]);
    repo.write("a.env", &below(7, 0));
    repo.assert_known(&[at(9).in_worktree(true)]);
    repo.write("a.env", "# settings\n");
    repo.assert_known(&[at(5)]);
    repo.remove("a.env");
    repo.assert_known(&[at(5)]);
    let went = repo.commit("delete");
    let gone = known("a.env", 0).introduced(&came).removed(&went).commits(2).on_main();
    repo.assert_known(&[gone]);
}

#[test]
fn the_same_key_in_two_files_is_two_findings() {
    let repo = Repository::new();
    let first = repo.commit_file("a.env", &settings(0));
    let second = repo.commit_file("b/a.env", &settings(0));
    repo.assert_known(&[
        known("a.env", 0).introduced(&first).alive().commits(2).on_main(),
        known("b/a.env", 0).introduced(&second).alive().commits(1).on_main(),
    ]);
    let (_, report) = repo.report(&[]);
    let prints: Vec<_> = findings(&report).iter().map(|f| &f["fingerprint"]).collect();
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn a_key_that_stands_twice_in_a_file_is_one_finding_until_both_are_gone() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0).repeat(2));
    repo.assert_known(&[known("a.env", 0).introduced(&came).alive().commits(1).on_main()]);
    repo.commit_file("a.env", &settings(0));
    repo.assert_known(&[known("a.env", 0).introduced(&came).alive().commits(2).on_main()]);
    let went = repo.commit_file("a.env", "# settings\n");
    repo.assert_known(&[known("a.env", 0).introduced(&came).removed(&went).commits(2).on_main()]);
}

#[test]
fn a_new_value_on_the_same_line_removes_the_old_one() {
    // Both are of one rule and end at the same place.
    assert_eq!((rule_of(0), key(0).len()), (rule_of(4), key(4).len()));
    let repo = Repository::new();
    let first = repo.commit_file("a.env", &settings(0));
    let second = repo.commit_file("a.env", &settings(4));
    repo.assert_known(&[
        known("a.env", 0).introduced(&first).removed(&second).commits(1).on_main(),
        known("a.env", 4).introduced(&second).alive().commits(1).on_main(),
    ]);
}

#[test]
fn a_change_of_mode_is_no_introduction() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    repo.git(&["update-index", "--chmod=+x", "a.env"]);
    repo.commit_staged("executable");
    repo.assert_known(&[known("a.env", 0).introduced(&came).alive().commits(2).on_main()]);
}

#[test]
fn a_merge_that_keeps_one_side_removes_the_key_of_the_other() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    let side = repo.commit_on_branch("side", "a.env", &settings(0));
    repo.commit_file("b.txt", "b\n");
    repo.git(&["merge", "-q", "-s", "ours", "-m", "ours", "side"]);
    let merge = repo.commit_of("HEAD");
    repo.git(&["branch", "-q", "-D", "side"]);
    repo.assert_known(&[known("a.env", 0).introduced(&side).removed(&merge).commits(1).on_main()]);
}

#[test]
fn a_merge_of_a_branch_that_is_behind_does_not_hide_who_removed_a_key() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    repo.commit_on_branch("side", "b.txt", "b\n");
    let went = repo.commit_file("a.env", "# settings\n");
    repo.merge(&["side"]);
    repo.git(&["branch", "-q", "-D", "side"]);
    repo.assert_known(&[known("a.env", 0).introduced(&came).removed(&went).commits(2).on_main()]);
}

#[test]
fn an_amended_commit_stands_for_the_one_before() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    repo.commit_file("a.env", &settings(0));
    repo.git(&["commit", "-q", "--amend", "-m", "another message"]);
    let amended = repo.commit_of("HEAD");
    // The first one still is in the reflog, and its tree has the key; that is not counted.
    repo.assert_known(&[known("a.env", 0).introduced(&amended).alive().commits(1).on_main()]);
    let (_, report) = repo.report(&["--reachable-only"]);
    assert_eq!(finding_in(&report, "a.env")["history"]["introduced"]["commit"], amended.id);
}

#[test]
fn a_key_that_main_removed_lives_on_a_branch() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    repo.commit_on_branch("old", "b.txt", "b\n");
    let went = repo.commit_file("a.env", "# settings\n");
    let refs = ["refs/heads/main", "refs/heads/old"];
    let known = known("a.env", 0).introduced(&came).removed(&went).commits(2).refs(&refs);
    repo.assert_known(&[known]);
}

#[test]
fn a_key_that_a_branch_removed_is_still_at_head() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    repo.commit_on_branch("new", "a.env", "# settings\n");
    let refs = ["refs/heads/main", "refs/heads/new"];
    repo.assert_known(&[known("a.env", 0).introduced(&came).alive().commits(1).refs(&refs)]);
}

#[test]
fn a_detached_head_is_head() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    let went = repo.commit_file("a.env", "# settings\n");
    let old = known("a.env", 0).introduced(&came).commits(1).on_main();
    repo.assert_known(&[old.clone().removed(&went)]);
    repo.git(&["checkout", "-q", "--detach", "HEAD^"]);
    let old = old.alive().any(&["refs", "refs_total"]);
    repo.assert_known(std::slice::from_ref(&old));
    let here = repo.commit_file("b.env", &settings(1));
    let new = known("b.env", 1).introduced(&here).alive().commits(1);
    repo.assert_known(&[old.commits(2), new.any(&["refs", "refs_total"])]);
}

#[test]
fn an_octopus_merge_introduces_nothing() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    let branches = ["one", "two", "three"];
    let mut expected = Vec::new();
    for (n, branch) in branches.into_iter().enumerate() {
        let path = format!("{branch}.env");
        let commit = repo.commit_on_branch(branch, &path, &settings(n));
        let refs = ["refs/heads/main".to_owned(), format!("refs/heads/{branch}")];
        let refs = refs.each_ref().map(String::as_str);
        expected.push(known(&path, n).introduced(&commit).alive().commits(2).refs(&refs));
    }
    repo.commit_file("b.txt", "b\n");
    repo.merge(&branches);
    assert_eq!(repo.git(&["show", "-s", "--format=%P"]).split(' ').count(), 4);
    repo.assert_known(&expected);
}

#[test]
fn a_criss_cross_of_merges_leads_back_to_the_commits_that_wrote() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    let left = repo.commit_on_branch("left", "left.env", &settings(0));
    let right = repo.commit_on_branch("right", "right.env", &settings(1));
    for (branch, other) in [("left", &right), ("right", &left)] {
        repo.git(&["checkout", "-q", branch]);
        repo.merge(&[&other.id]);
    }
    repo.git(&["checkout", "-q", "main"]);
    repo.commit_file("b.txt", "b\n");
    repo.merge(&["left"]);
    repo.merge(&["right"]);
    let refs = ["refs/heads/left", "refs/heads/main", "refs/heads/right"];
    // Its own commit, both merges across, and both merges into main.
    repo.assert_known(&[
        known("left.env", 0).introduced(&left).alive().commits(5).refs(&refs),
        known("right.env", 1).introduced(&right).alive().commits(5).refs(&refs),
    ]);
}

#[test]
fn a_key_that_came_twice_was_introduced_by_the_older_commit() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    let older = repo.commit_on_branch("one", "a.env", &settings(0));
    repo.commit_on_branch("two", "a.env", &settings(0));
    let refs = ["refs/heads/one", "refs/heads/two"];
    repo.assert_known(&[known("a.env", 0).introduced(&older).commits(2).refs(&refs)]);
}

#[test]
fn a_history_of_two_roots_is_searched_from_both() {
    let repo = Repository::new();
    let first = repo.commit_file("a.env", &settings(0));
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.git(&["rm", "-r", "-q", "-f", "."]);
    let second = repo.commit_file("b.env", &settings(1));
    repo.git(&["checkout", "-q", "main"]);
    repo.merge(&["other", "--allow-unrelated-histories"]);
    let both = ["refs/heads/main", "refs/heads/other"];
    repo.assert_known(&[
        known("a.env", 0).introduced(&first).alive().commits(2).on_main(),
        known("b.env", 1).introduced(&second).alive().commits(2).refs(&both),
    ]);
}

#[test]
fn the_stash_before_the_last_is_a_stash_too() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    let stash = |n: usize| {
        repo.write("a.txt", &settings(n));
        repo.git(&["stash", "push", "-q"]);
        repo.commit_of("refs/stash")
    };
    let (older, newer) = (stash(0), stash(1));
    let known = |n, by| Known::new("a.txt", n, 2, "stash").introduced(by).commits(1);
    repo.assert_known(&[
        known(0, &older).any(&["refs", "refs_total"]),
        known(1, &newer).refs(&["refs/stash"]),
    ]);
}

#[test]
fn a_staged_file_that_is_on_disk_too_is_in_the_index() {
    let repo = Repository::new();
    repo.commit_file("a.txt", "a\n");
    repo.write("a.env", &settings(0));
    repo.git(&["add", "a.env"]);
    repo.assert_known(&[Known::new("a.env", 0, 2, "index").in_worktree(true)]);
}

#[test]
fn dates_keep_their_zone_and_nobody_is_named_by_address() {
    for date in ["2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05-03:30"] {
        let repo = Repository::new();
        repo.at(date);
        repo.commit_file("a.env", &settings(0));
        let (run, report) = repo.report(&[]);
        let introduced = &finding_in(&report, "a.env")["history"]["introduced"];
        assert_eq!(
            (&introduced["date"], &introduced["author"]),
            (&date.into(), &"Ann Author".into())
        );
        assert!(!run.stdout.contains("@example.org"), "{}", run.stdout);
    }
}

#[test]
fn many_refs_are_counted_and_twenty_are_named() {
    let repo = Repository::new();
    let came = repo.commit_file("a.env", &settings(0));
    for n in 0..24 {
        repo.git(&["branch", &format!("b{n:02}")]);
    }
    let (_, report) = repo.report(&[]);
    let any = known("a.env", 0).introduced(&came).alive().commits(1).any(&["refs", "refs_total"]);
    assert_known(&report, &[any]);
    let history = &finding_in(&report, "a.env")["history"];
    let named: Vec<String> = (0..20).map(|n| format!("refs/heads/b{n:02}")).collect();
    assert_eq!((&history["refs"], &history["refs_total"]), (&named.into(), &25.into()));
}

#[test]
fn a_key_older_than_its_rotation_says_by_how_much() {
    let age = |date: &str| {
        let mut repo = Repository::new();
        let text = repo.project.expand("a.env", "HIREPANDA_API_KEY=@@hirepanda-api-key@@\n");
        repo.at(date);
        repo.commit_file("a.env", &text);
        let (run, report) = repo.report(&[]);
        assert_eq!(run.code, 1);
        let reasons = finding_in(&report, "a.env")["reasons"].as_array().unwrap().clone();
        let late = |r: &&Value| r.as_str().unwrap().contains("overdue by");
        reasons.iter().find(late).map(|r| r.as_str().unwrap().to_owned())
    };
    let late = age("2025-01-01T00:00:00+00:00").unwrap();
    assert!(late.contains("90 days") || late.contains(" days"), "{late}");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert_eq!(age(&format!("@{} +0000", now - 80 * 86_400)), None);
    let late = age(&format!("@{} +0000", now - 100 * 86_400)).unwrap();
    assert!(late.contains("overdue by 10 days") || late.contains("overdue by 9 days"), "{late}");
}

#[test]
fn a_report_in_the_terminal_names_the_commit_and_its_date() {
    let repo = Repository::new();
    repo.at("2026-01-02T03:04:05+00:00");
    let came = repo.commit_file("a.env", &settings(0));
    repo.commit_file("a.env", "# settings\n");
    let run = repo.scan(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    for part in ["a.env", &came.id[..7], "2026-01-02"] {
        assert!(run.stdout.contains(part), "`{part}` is not in:\n{}", run.stdout);
    }
    assert!(!run.stdout.contains(key(0)));
}
