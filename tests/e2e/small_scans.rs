//! The two small scans: what is about to be committed, and what a range of commits brings.

use std::{fs, os::unix::fs::symlink};

use crate::{
    fakes,
    project::finding_in,
    repository::{Repository, key, settings},
};

/// A repository with a key that HEAD has.
fn with_old_key() -> Repository {
    let repo = Repository::new();
    repo.commit_file("old.env", &settings(0));
    repo
}

/// Stages a file.
fn stage(repo: &Repository, path: &str, text: &str) {
    repo.write(path, text);
    repo.git(&["add", path]);
}

fn assert_staged(repo: &Repository, expected: &[(&str, usize)]) {
    repo.assert_found(&["--staged"], expected);
}

/// A repository in which `command` stopped at a conflict in `a.txt`.
fn in_conflict(command: &[&str]) -> Repository {
    let repo = with_old_key();
    repo.commit_file("a.txt", "a\n");
    repo.commit_on_branch("side", "a.txt", "theirs\n");
    repo.commit_file("a.txt", "ours\n");
    repo.git_stops(command);
    assert!(!repo.git(&["ls-files", "--unmerged"]).is_empty());
    repo
}

mod staged {
    use super::*;

    #[test]
    fn the_first_commit_is_searched_before_there_is_one() {
        let repo = Repository::new();
        stage(&repo, "a.env", &settings(1));
        assert_staged(&repo, &[("a.env", 1)]);
    }

    #[test]
    fn an_ordinary_change() {
        let repo = with_old_key();
        stage(&repo, "app/a.env", &settings(1));
        assert_staged(&repo, &[("app/a.env", 1)]);
        let (_, report) = repo.report(&["--staged"]);
        assert_eq!(finding_in(&report, "app/a.env")["start"]["line"], 2);
        repo.commit("a key");
        assert_staged(&repo, &[]);
    }

    #[test]
    fn a_path_is_counted_from_the_root_wherever_the_scan_starts() {
        let repo = with_old_key();
        stage(&repo, "app/a.env", &settings(1));
        repo.assert_found(&["--staged", "app"], &[("app/a.env", 1)]);
    }

    #[test]
    fn in_the_middle_of_a_merge() {
        let repo = in_conflict(&["merge", "-q", "side"]);
        stage(&repo, "b.env", &settings(1));
        assert_staged(&repo, &[("b.env", 1)]);
        stage(&repo, "a.txt", &settings(2));
        assert_staged(&repo, &[("a.txt", 2), ("b.env", 1)]);
    }

    #[test]
    fn during_a_rebase() {
        let repo = in_conflict(&["rebase", "-q", "side"]);
        assert!(repo.path(".git/rebase-merge").exists());
        assert_staged(&repo, &[]);
        stage(&repo, "a.txt", &settings(1));
        assert_staged(&repo, &[("a.txt", 1)]);
    }

    #[test]
    fn the_intent_to_add_stages_nothing() {
        let repo = with_old_key();
        repo.write("a.env", &settings(1));
        repo.git(&["add", "--intent-to-add", "a.env"]);
        assert_staged(&repo, &[]);
        repo.git(&["add", "a.env"]);
        assert_staged(&repo, &[("a.env", 1)]);
    }

    #[test]
    fn an_old_key_in_a_renamed_file_is_not_new() {
        let repo = Repository::new();
        let text = "# a line that stays\n".repeat(20) + &settings(0);
        repo.commit_file("old.env", &text);
        repo.git(&["mv", "old.env", "new.env"]);
        assert_staged(&repo, &[]);
        stage(&repo, "new.env", &(text + &settings(1)));
        assert_staged(&repo, &[("new.env", 1)]);
    }

    #[test]
    fn a_change_of_mode_is_not_new() {
        let repo = with_old_key();
        repo.git(&["update-index", "--chmod=+x", "old.env"]);
        assert_staged(&repo, &[]);
    }

    #[test]
    fn a_deleted_file_is_not_new() {
        let repo = with_old_key();
        repo.git(&["rm", "-q", "old.env"]);
        assert_staged(&repo, &[]);
    }

    #[test]
    fn a_link_is_its_target() {
        let repo = with_old_key();
        symlink(key(1), repo.path("link")).unwrap();
        repo.git(&["add", "link"]);
        assert_staged(&repo, &[("link", 1)]);
    }

    #[test]
    fn a_sparse_checkout_has_files_that_are_not_on_disk() {
        for index in ["--no-sparse-index", "--sparse-index"] {
            let repo = with_old_key();
            repo.commit_file("away/old.env", &settings(4));
            repo.commit_file("here/a.txt", "a\n");
            repo.git(&["sparse-checkout", "set", "--cone", index, "here"]);
            assert!(!repo.path("away/old.env").exists());
            assert_staged(&repo, &[]);
            stage(&repo, "here/a.txt", &settings(1));
            assert_staged(&repo, &[("here/a.txt", 1)]);
        }
    }

    #[test]
    fn an_index_in_two_parts() {
        let repo = with_old_key();
        for n in 0..60 {
            repo.write(&format!("{n}.txt"), "text\n");
        }
        repo.commit("many");
        repo.git(&["update-index", "--split-index"]);
        stage(&repo, "a.env", &settings(1));
        let shared = fs::read_dir(repo.path(".git")).unwrap().map(|f| f.unwrap().file_name());
        assert!(shared.into_iter().any(|n| n.to_string_lossy().starts_with("sharedindex.")));
        assert_staged(&repo, &[("a.env", 1)]);
        stage(&repo, "7.txt", &settings(2));
        repo.git(&["rm", "-q", "8.txt", "old.env"]);
        assert_staged(&repo, &[("7.txt", 2), ("a.env", 1)]);
    }

    #[test]
    fn an_index_whose_paths_are_compressed() {
        let repo = with_old_key();
        repo.git(&["update-index", "--index-version", "4"]);
        stage(&repo, "app/a.env", &settings(1));
        stage(&repo, "app/b.env", &settings(2));
        assert_staged(&repo, &[("app/a.env", 1), ("app/b.env", 2)]);
    }

    #[test]
    fn a_linked_worktree_has_an_index_of_its_own() {
        let repo = with_old_key();
        repo.git(&["worktree", "add", "-q", "-b", "side", "linked"]);
        repo.write("linked/a.env", &settings(1));
        repo.git(&["-C", "linked", "add", "a.env"]);
        repo.assert_found(&["--staged", "linked"], &[("a.env", 1)]);
        repo.assert_found(&["--staged"], &[]);
    }

    #[test]
    fn a_submodule_is_no_file() {
        let library = with_old_key();
        let repo = with_old_key();
        repo.git(&["submodule", "add", "-q", &library.shown(), "lib"]);
        stage(&repo, "a.env", &settings(1));
        assert_staged(&repo, &[("a.env", 1)]);
    }

    #[test]
    fn a_key_that_head_has_at_this_path_is_not_new() {
        let repo = with_old_key();
        stage(&repo, "old.env", &format!("# more\n\n{}# and more\n", settings(0)));
        assert_staged(&repo, &[]);
    }

    #[test]
    fn a_new_value_on_the_same_line_is_new() {
        let repo = with_old_key();
        stage(&repo, "old.env", &settings(4));
        assert_staged(&repo, &[("old.env", 4)]);
    }

    #[test]
    fn what_is_not_staged_is_not_searched() {
        let repo = with_old_key();
        stage(&repo, "a.env", &settings(1));
        repo.write("a.env", "# the key is gone, but not from the index\n");
        repo.write("old.env", &settings(2));
        repo.write("untracked.env", &settings(3));
        assert_staged(&repo, &[("a.env", 1)]);
    }

    #[test]
    fn a_name_and_its_value_that_were_staged_apart() {
        let (name, value) = ("[hirepanda]\n", "api_key = \"@@hirepanda-api-key@@\"\n");
        let mut repo = Repository::new();
        let value = repo.project.expand("a.ini", value);
        let whole = format!("{name}{value}");
        for half in [name, &value] {
            repo.commit_file("a.ini", half);
            stage(&repo, "a.ini", &whole);
            let (run, report) = repo.report(&["--staged", "--rule", "hirepanda-api-key"]);
            assert_eq!((run.code, run.stderr.as_str()), (1, ""));
            assert_eq!(finding_in(&report, "a.ini")["start"]["line"], 2);
            repo.commit("whole");
            repo.assert_found(&["--staged", "--rule", "hirepanda-api-key"], &[]);
        }
    }

    #[test]
    fn a_block_whose_lines_were_staged_apart() {
        let block = fakes::secret("private-key-pkcs1");
        let lines: Vec<&str> = block.lines().collect();
        assert!(lines.len() > 3, "it is a block");
        let repo = Repository::new();
        repo.commit_file("key.pem", &format!("{}\n", lines[0]));
        for end in 1..=lines.len() {
            stage(&repo, "key.pem", &format!("{}\n", lines[..end].join("\n")));
        }
        let (run, report) = repo.report(&["--staged", "--rule", "private-key-pkcs1"]);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
        assert_eq!(finding_in(&report, "key.pem")["start"]["line"], 1);
    }

    #[test]
    fn whole_blobs_give_the_same_report() {
        let repo = with_old_key();
        stage(&repo, "old.env", &settings(4));
        stage(&repo, "a.env", &settings(1));
        let fast = repo.scan(&["-f", "json", "--staged"]);
        let slow = repo.scan(&["-f", "json", "--staged", "--whole-blobs"]);
        assert_eq!((fast.code, fast.stdout), (slow.code, slow.stdout));
    }
}

mod range {
    use super::*;

    /// main has key 0 since `v1`; after it, key 1 came and stayed, and key 2 came and went.
    fn with_release() -> Repository {
        let repo = with_old_key();
        repo.git(&["tag", "v1"]);
        repo.commit_file("old.env", &format!("# more\n{}", settings(0)));
        repo.commit_file("kept.env", &settings(1));
        repo.commit_file("gone.env", &settings(2));
        repo.remove("gone.env");
        repo.commit("delete");
        repo
    }

    const SINCE_V1: [(&str, usize); 2] = [("gone.env", 2), ("kept.env", 1)];

    #[test]
    fn what_came_within_it_is_reported_even_if_it_went_again() {
        let repo = with_release();
        repo.assert_found(&["--range", "v1..main"], &SINCE_V1);
        repo.assert_found(&["--range", "v1..HEAD^"], &SINCE_V1);
        repo.assert_found(&["--range", "v1..HEAD^^"], &[("kept.env", 1)]);
    }

    #[test]
    fn what_was_there_before_is_not_reported() {
        let repo = with_release();
        repo.assert_found(&["--range", "HEAD^^..HEAD^"], &[("gone.env", 2)]);
        repo.commit_file("old.env", "# settings\n");
        repo.assert_found(&["--range", "HEAD^..HEAD"], &[]);
        repo.assert_found(&["--range", "HEAD..HEAD"], &[]);
        repo.assert_found(&["--range", "main..v1"], &[]);
    }

    #[test]
    fn a_key_that_only_a_merge_wrote() {
        let repo = with_release();
        repo.commit_on_branch("side", "b.txt", "b\n");
        let before = repo.commit_file("a.txt", "a\n");
        repo.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
        repo.write("evil.env", &settings(3));
        repo.commit("an evil merge");
        repo.assert_found(&["--range", &format!("{}..HEAD", before.id)], &[("evil.env", 3)]);
    }

    #[test]
    fn a_merge_of_what_the_other_side_had_brings_nothing() {
        let repo = with_old_key();
        repo.commit_on_branch("feature", "feature.env", &settings(1));
        repo.commit_file("main.env", &settings(2));
        repo.git(&["checkout", "-q", "feature"]);
        repo.merge(&["main"]);
        repo.assert_found(&["--range", "main..feature"], &[("feature.env", 1)]);
    }

    #[test]
    fn three_dots_are_both_sides_since_they_parted() {
        let repo = with_old_key();
        repo.commit_on_branch("feature", "feature.env", &settings(1));
        repo.commit_file("main.env", &settings(2));
        let sides = [("feature.env", 1), ("main.env", 2)];
        repo.assert_found(&["--range", "main...feature"], &sides);
        repo.assert_found(&["--range", "feature...main"], &sides);
        repo.assert_found(&["--range", "main..feature"], &sides[..1]);
    }

    #[test]
    fn a_message_within_it_is_searched_too() {
        let repo = with_old_key();
        repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("revoke {}", key(1))]);
        repo.commit_file("a.txt", "a\n");
        repo.assert_found(&["--range", "HEAD^^..HEAD"], &[(".git/commit-message", 1)]);
        repo.assert_found(&["--range", "HEAD^..HEAD"], &[]);
    }

    #[test]
    fn what_is_not_committed_belongs_to_no_range() {
        let repo = with_release();
        repo.write("untracked.env", &settings(3));
        stage(&repo, "staged.env", &settings(5));
        repo.store(&settings(6));
        repo.assert_found(&["--range", "v1..main"], &SINCE_V1);
    }

    #[test]
    fn a_server_has_ranges_but_no_working_tree() {
        let repo = with_release();
        let server = Repository::clone_of(&repo.address(), &["--bare"]);
        server.assert_found(&["--range", "v1..main"], &SINCE_V1);
    }

    #[test]
    fn whole_blobs_give_the_same_report() {
        let repo = with_release();
        let fast = repo.scan(&["-f", "json", "--range", "v1..main"]);
        let slow = repo.scan(&["-f", "json", "--range", "v1..main", "--whole-blobs"]);
        assert_eq!((fast.code, fast.stdout), (slow.code, slow.stdout));
    }

    #[test]
    fn the_history_names_the_commits_of_the_range() {
        let repo = with_release();
        let (_, report) = repo.report(&["--range", "v1..main"]);
        let history = &finding_in(&report, "gone.env")["history"];
        assert_eq!(history["introduced"]["commit"], repo.id("HEAD^"));
        assert_eq!(history["removed"]["commit"], repo.id("HEAD"));
    }

    #[test]
    fn two_small_scans_at_once_are_refused() {
        let repo = with_release();
        let run = repo.scan(&["--staged", "--range", "v1..main"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(
            run.stderr.contains("--staged") && run.stderr.contains("--range"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn since_a_date_is_what_was_committed_after_it() {
    let repo = Repository::new();
    repo.at("2026-01-10T12:00:00+00:00");
    repo.commit_file("january.env", &settings(0));
    repo.at("2026-03-10T12:00:00+00:00");
    repo.commit_file("january.env", &format!("# more\n{}", settings(0)));
    repo.commit_file("march.env", &settings(1));
    repo.at("2026-05-10T12:00:00+00:00");
    repo.commit_file("may.env", &settings(2));
    let all = [("january.env", 0), ("march.env", 1), ("may.env", 2)];
    for (date, from) in [("2026-01-01", 0), ("2026-02-01", 1), ("2026-05-01", 2), ("2026-06-01", 3)]
    {
        repo.assert_found(&["--since", date], &all[from..]);
    }
    repo.assert_found(&["--since", "2026-05-10T13:00:00+02:00"], &all[2..]);
}

#[test]
fn a_branch_is_what_its_history_holds() {
    let repo = with_old_key();
    repo.commit_on_branch("feature", "feature.env", &settings(1));
    repo.commit_file("main.env", &settings(2));
    repo.commit_file("main.env", "# settings\n");
    repo.git(&["tag", "v1"]);
    repo.assert_found(&["--branch", "feature"], &[("feature.env", 1), ("old.env", 0)]);
    for name in ["main", "refs/heads/main", "v1"] {
        repo.assert_found(&["--branch", name], &[("main.env", 2), ("old.env", 0)]);
    }
}
