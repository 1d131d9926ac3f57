//! What hooks do when git calls them: on commits, on pushes, and on the server.

use crate::repository::{Repository, key, settings};

/// A repository with hooks, in which nothing is committed.
fn hooked() -> Repository {
    let repo = Repository::new();
    install(&repo);
    repo
}

/// A repository with hooks and a commit.
fn begun() -> Repository {
    let repo = hooked();
    repo.commit_file("a.txt", "a\n");
    repo
}

fn install(repo: &Repository) {
    let run = repo.project.straykey(&["hook", "install"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

fn stage(repo: &Repository, path: &str, text: &str) {
    repo.write(path, text);
    repo.git(&["add", path]);
}

/// It goes through, and nothing is heard of us.
fn assert_passes(repo: &Repository, args: &[&str]) {
    let (passed, said) = repo.git_says(&[], args);
    assert!(passed && !said.contains("straykey"), "{args:?}: {said}");
}

/// It is stopped for the keys with these numbers in these files, and tells none of them.
fn assert_stopped(repo: &Repository, args: &[&str], expected: &[(&str, usize)]) -> String {
    let (passed, said) = repo.git_says(&[], args);
    assert!(!passed, "{args:?} went through: {said}");
    let places = said.lines().filter(|l| l.trim_start_matches("remote: ").starts_with("  "));
    let mut places: Vec<String> = places
        .filter_map(|l| l.trim_start_matches("remote: ").trim().split_once("  "))
        .filter(|(place, _)| place.rsplit_once(':').is_some_and(|(_, n)| n.parse::<u32>().is_ok()))
        .map(|(place, _)| place.to_owned())
        .collect();
    places.sort();
    let wanted: Vec<String> = expected.iter().map(|(path, _)| format!("{path}:2")).collect();
    assert_eq!(places, wanted, "{said}");
    for (_, n) in expected {
        assert!(!said.contains(key(*n)), "key {n} is in clear");
    }
    said
}

const COMMIT: [&str; 4] = ["commit", "-q", "-m", "a commit"];

mod commits {
    use super::*;

    #[test]
    fn the_first_one_is_stopped_with_one_screen() {
        let repo = hooked();
        stage(&repo, "app/a.env", &settings(2));
        let said = assert_stopped(&repo, &COMMIT, &[("app/a.env", 2)]);
        insta::assert_snapshot!(said, @r"
        straykey stopped this commit: 1 secret

          app/a.env:2  high
            what  Linear personal API key: lin_api_********
            why   confidence medium: documented shape; it stands in an env file
            risk  Reads and writes issues, projects and comments in every team that
                  the owner of the credential can see; with the admin scope also …

        To mend the commit
          git rm --cached -- app/a.env
          read the value from the environment or a secrets manager, and add it again
        If it is not a secret
          comment the line: straykey:allow linear-api-key REASON
          or accept what is there today: straykey baseline write
        If it was ever pushed or sent to anybody
          Linear → Settings → Account → Security & Access → Personal API keys: create
          a new key with only the permissions and teams it needs. It is shown once.
          all steps: straykey guide linear-api-key
        Without this check, once: git commit --no-verify, or SKIP=straykey git commit
        ");
        assert!(!repo.git_agrees(&["rev-parse", "--verify", "-q", "HEAD"]));
        repo.git(&["rm", "-q", "--cached", "--", "app/a.env"]);
        stage(&repo, "a.txt", "a\n");
        assert_passes(&repo, &COMMIT);
    }

    #[test]
    fn what_the_screen_advises_mends_it() {
        let repo = begun();
        stage(&repo, "a b.env", &settings(1));
        stage(&repo, "b.txt", "b\n");
        let said = assert_stopped(&repo, &COMMIT, &[("a b.env", 1)]);
        assert!(said.contains("\n  git restore --staged -- 'a b.env'\n"), "{said}");
        repo.git(&["restore", "--staged", "--", "a b.env"]);
        assert_passes(&repo, &COMMIT);
    }

    #[test]
    fn of_many_keys_the_first_are_shown_and_all_are_counted() {
        let repo = begun();
        for n in 0..5 {
            stage(&repo, &format!("{n}.env"), &settings(4 * n + 1));
        }
        let expected = [("0.env", 1), ("1.env", 5), ("2.env", 9)];
        let said = assert_stopped(&repo, &COMMIT, &expected);
        assert!(said.starts_with("straykey stopped this commit: 5 secrets\n"), "{said}");
        assert!(
            said.contains("  and 2 more secrets; all of them: straykey git --staged\n"),
            "{said}"
        );
    }

    #[test]
    fn a_part_of_what_is_staged() {
        let repo = begun();
        stage(&repo, "a.env", &settings(1));
        stage(&repo, "a.txt", "b\n");
        assert_passes(&repo, &["commit", "-q", "-m", "a part", "a.txt"]);
        assert_stopped(&repo, &["commit", "-q", "-m", "the other", "a.env"], &[("a.env", 1)]);
    }

    #[test]
    fn what_git_stages_itself() {
        let repo = begun();
        repo.write("a.txt", &settings(1));
        assert_stopped(&repo, &["commit", "-q", "-a", "-m", "all"], &[("a.txt", 1)]);
    }

    #[test]
    fn an_amended_one() {
        let repo = Repository::new();
        repo.commit_file("old.env", &settings(0));
        install(&repo);
        stage(&repo, "a.txt", "a\n");
        assert_passes(&repo, &["commit", "-q", "--amend", "--no-edit"]);
        stage(&repo, "b.env", &settings(1));
        assert_stopped(&repo, &["commit", "-q", "--amend", "--no-edit"], &[("b.env", 1)]);
    }

    #[test]
    fn a_merge_brings_what_the_other_side_had_and_may_bring_more() {
        let repo = Repository::new();
        repo.commit_file("a.txt", "a\n");
        repo.commit_on_branch("side", "side.env", &settings(1));
        repo.git(&["checkout", "-q", "side"]);
        repo.commit_file("a.txt", "theirs\n");
        repo.git(&["checkout", "-q", "main"]);
        repo.commit_file("a.txt", "ours\n");
        install(&repo);
        repo.git_stops(&["merge", "-q", "side"]);
        stage(&repo, "a.txt", &settings(2));
        assert_stopped(&repo, &COMMIT, &[("a.txt", 2)]);
        stage(&repo, "a.txt", "both\n");
        assert_passes(&repo, &COMMIT);
    }

    #[test]
    fn a_rebase_moves_old_keys_and_is_stopped_for_new_ones() {
        let repo = Repository::new();
        repo.commit_file("a.txt", "a\n");
        repo.commit_on_branch("side", "side.env", &settings(1));
        repo.commit_file("b.txt", "b\n");
        install(&repo);
        assert_passes(&repo, &["rebase", "-q", "main", "side"]);
        stage(&repo, "b.env", &settings(2));
        assert_stopped(&repo, &COMMIT, &[("b.env", 2)]);
    }

    #[test]
    fn a_linked_worktree_and_a_subdirectory() {
        let repo = begun();
        repo.git(&["worktree", "add", "-q", "-b", "side", "linked"]);
        repo.write("linked/sub/a.env", &settings(1));
        repo.git(&["-C", "linked/sub", "add", "a.env"]);
        let commit = ["-C", "linked/sub", "commit", "-q", "-m", "a key"];
        assert_stopped(&repo, &commit, &[("sub/a.env", 1)]);
    }

    #[test]
    fn a_submodule() {
        let library = begun();
        let repo = begun();
        repo.git(&["submodule", "add", "-q", &library.shown(), "lib"]);
        assert_passes(&repo, &COMMIT);
        let run = repo.project.straykey(&["hook", "install", "lib"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        repo.write("lib/a.env", &settings(1));
        repo.git(&["-C", "lib", "add", "a.env"]);
        assert_stopped(&repo, &["-C", "lib", "commit", "-q", "-m", "a key"], &[("a.env", 1)]);
    }

    #[test]
    fn they_can_be_made_without_the_check() {
        let repo = begun();
        stage(&repo, "a.env", &settings(1));
        let (passed, said) = repo.git_says(&[("SKIP", "lint,straykey-push")], &COMMIT);
        assert!(!passed, "{said}");
        let (passed, said) = repo.git_says(&[("SKIP", "lint, straykey")], &COMMIT);
        assert!(passed);
        assert_eq!(said, "straykey: skipped, because `SKIP` names `straykey`\n");
        stage(&repo, "b.env", &settings(2));
        assert_passes(&repo, &["commit", "-q", "--no-verify", "-m", "b"]);
    }

    #[test]
    fn what_could_not_be_read_stops_them_too() {
        let repo = begun();
        stage(&repo, "b.txt", "b\n");
        std::fs::remove_file(repo.loose(&repo.id(":b.txt"))).unwrap();
        let run = repo.project.straykey(&["hook", "run", "pre-commit"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("objects are named and not there"), "{}", run.stderr);
        let title = "straykey stopped this commit: 1 problem kept the scan from being complete\n";
        assert!(run.stdout.starts_with(title), "{}", run.stdout);
    }
}

/// What the pre-commit framework asks for.
mod named_files {
    use super::*;

    fn run(repo: &Repository, environment: &[(&str, &str)], files: &[&str]) -> (i32, String) {
        let mut command = repo.project.command(&[&["hook", "run", "pre-commit"], files].concat());
        command.envs(environment.iter().copied());
        let run = repo.project.finish(command, b"");
        assert_eq!(run.stderr, "");
        (run.code, run.stdout)
    }

    #[test]
    fn a_staged_file_that_is_not_named_was_excluded() {
        let repo = begun();
        stage(&repo, "a.env", &settings(1));
        stage(&repo, "a.txt", "b\n");
        assert_eq!(run(&repo, &[], &["a.txt"]), (0, String::new()));
        assert_eq!(run(&repo, &[], &["./a.env", "a.txt"]).0, 1);
    }

    #[test]
    fn a_file_that_is_not_staged_is_read_as_a_whole() {
        let repo = Repository::new();
        repo.commit_file("old.env", &settings(0));
        assert_eq!(run(&repo, &[], &[]), (0, String::new()));
        let (code, said) = run(&repo, &[], &["old.env"]);
        assert_eq!(code, 1);
        assert!(
            said.starts_with("straykey checked these files: 1 secret\n\n  old.env:2  "),
            "{said}"
        );
    }

    #[test]
    fn a_hook_that_runs_although_nothing_is_staged_reads_all_files() {
        let repo = Repository::new();
        repo.commit_file("app/old.env", &settings(0));
        repo.write("untracked.env", &settings(1));
        let (code, said) = run(&repo, &[("PRE_COMMIT", "1")], &[]);
        assert!(code == 1 && said.contains(": 1 secret\n\n  app/old.env:2  "), "{said}");
    }

    #[test]
    fn two_references_name_the_commits_between_them() {
        let repo = begun();
        repo.git(&["tag", "v1"]);
        repo.write("gone.env", &settings(1));
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-q", "--no-verify", "-m", "a key"]);
        repo.remove("gone.env");
        repo.commit("it is gone");
        let refs = [("PRE_COMMIT_FROM_REF", "v1"), ("PRE_COMMIT_TO_REF", "HEAD")];
        let (code, said) = run(&repo, &refs, &["a.txt"]);
        assert!(code == 1 && said.contains("  gone.env:2  "), "{said}");
        let refs = [("PRE_COMMIT_FROM_REF", "HEAD^"), ("PRE_COMMIT_TO_REF", "HEAD")];
        assert_eq!(run(&repo, &refs, &["a.txt"]), (0, String::new()));
    }
}

/// Commits what is there although the hook would not let it.
fn commit_unchecked(repo: &Repository, path: &str, text: &str) {
    stage(repo, path, text);
    repo.git(&["commit", "-q", "--no-verify", "-m", "unchecked"]);
}

mod pushes {
    use super::*;

    /// A repository with hooks, and what it is pushed to.
    fn with_server() -> (Repository, Repository) {
        let server = Repository::nothing();
        server.git(&["init", "-q", "--bare"]);
        let repo = begun();
        repo.git(&["remote", "add", "origin", &server.shown()]);
        (repo, server)
    }

    const PUSH: [&str; 4] = ["push", "-q", "origin", "main"];

    #[test]
    fn what_the_remote_lacks_is_searched() {
        let (repo, server) = with_server();
        assert_passes(&repo, &PUSH);
        commit_unchecked(&repo, "a.env", &settings(1));
        let said = assert_stopped(&repo, &PUSH, &[("a.env", 1)]);
        assert!(said.starts_with("straykey stopped this push: 1 secret\n"), "{said}");
        let advice = format!("\n  git rebase -i {}^  ", &repo.id("main")[..12]);
        assert!(said.contains(&advice), "{said}");
        assert!(said.contains("SKIP=straykey-push git push\n"), "{said}");
        assert_ne!(server.id("main"), repo.id("main"));
        // It is known there from now on.
        repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
        repo.commit_file("b.txt", "b\n");
        assert_passes(&repo, &PUSH);
        repo.git(&["checkout", "-q", "-b", "next"]);
        repo.commit_file("c.txt", "c\n");
        assert_passes(&repo, &["push", "-q", "origin", "next"]);
    }

    #[test]
    fn a_key_that_a_later_commit_deletes_is_sent_all_the_same() {
        let (repo, _server) = with_server();
        assert_passes(&repo, &PUSH);
        commit_unchecked(&repo, "a.env", &settings(1));
        repo.git(&["rm", "-q", "a.env"]);
        repo.commit_staged("delete it");
        assert_stopped(&repo, &PUSH, &[("a.env", 1)]);
    }

    #[test]
    fn another_remote_knows_nothing() {
        let (repo, _server) = with_server();
        commit_unchecked(&repo, "a.env", &settings(1));
        repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
        let other = Repository::nothing();
        other.git(&["init", "-q", "--bare"]);
        assert_stopped(&repo, &["push", "-q", &other.shown(), "main"], &[("a.env", 1)]);
    }

    #[test]
    fn several_references_a_deletion_and_a_forced_one() {
        let (repo, _server) = with_server();
        repo.git(&["branch", "old"]);
        assert_passes(&repo, &["push", "-q", "origin", "main", "old"]);
        repo.git(&["checkout", "-q", "-b", "side"]);
        commit_unchecked(&repo, "side.env", &settings(1));
        repo.git(&["checkout", "-q", "main"]);
        assert_passes(&repo, &["push", "-q", "origin", ":old"]);
        let all = ["push", "-q", "origin", "main", "side"];
        assert_stopped(&repo, &all, &[("side.env", 1)]);
        commit_unchecked(&repo, "a.env", &settings(2));
        repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
        repo.git(&["reset", "-q", "--hard", "HEAD^"]);
        repo.commit_file("b.txt", "b\n");
        assert_passes(&repo, &["push", "-q", "--force", "origin", "main"]);
    }

    #[test]
    fn what_the_remote_has_may_be_unknown_here() {
        let (repo, server) = with_server();
        assert_passes(&repo, &PUSH);
        let other = Repository::clone_of(&server.shown(), &[]);
        other.commit_file("other.txt", "other\n");
        other.git(&["push", "-q", "origin", "main"]);
        commit_unchecked(&repo, "a.env", &settings(1));
        assert_stopped(&repo, &["push", "-q", "--force", "origin", "main"], &[("a.env", 1)]);
    }

    #[test]
    fn a_tag_may_name_anything() {
        let (repo, _server) = with_server();
        assert_passes(&repo, &PUSH);
        let blob = repo.store(&settings(1));
        repo.git(&["tag", "-a", "-m", "a file", "file", &blob]);
        let path = format!(".git/blob/{blob}");
        assert_stopped(&repo, &["push", "-q", "origin", "file"], &[(&path, 1)]);
        repo.git(&["tag", "-a", "-m", &format!("one\n{}", settings(2)), "v1"]);
        let said = repo.git_says(&[], &["push", "-q", "origin", "v1"]);
        assert!(!said.0 && said.1.contains("  .git/tag-message:"), "{}", said.1);
    }

    #[test]
    fn they_can_be_made_without_the_check() {
        let (repo, _server) = with_server();
        commit_unchecked(&repo, "a.env", &settings(1));
        let (passed, said) = repo.git_says(&[("SKIP", "straykey-push")], &PUSH);
        assert!(passed && said.contains("`SKIP` names `straykey-push`"), "{said}");
    }

    #[test]
    fn what_is_not_from_git_is_refused() {
        let (repo, _server) = with_server();
        let run =
            repo.project.straykey_reading(&["hook", "run", "pre-push", "origin"], b"a b c d\n");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(
            run.stderr.contains("`a b c d` on standard input is not what git says"),
            "{}",
            run.stderr
        );
    }
}

mod servers {
    use super::*;

    /// A server with a hook, and a clone of it with a commit that both have.
    fn with_clone(format: &str) -> (Repository, Repository) {
        let server = Repository::nothing();
        server.git(&["init", "-q", "--bare", &format!("--object-format={format}")]);
        let repo = Repository::clone_of(&server.shown(), &[]);
        repo.git(&["checkout", "-q", "-b", "main"]);
        repo.commit_file("old.env", &settings(0));
        repo.git(&["push", "-q", "origin", "main"]);
        install(&server);
        assert!(server.path("hooks/pre-receive").exists());
        (server, repo)
    }

    const PUSH: [&str; 4] = ["push", "-q", "origin", "main"];

    #[test]
    fn what_comes_in_is_searched_before_it_is_accepted() {
        for format in ["sha1", "sha256"] {
            let (server, repo) = with_clone(format);
            repo.commit_file("a.txt", "a\n");
            assert_passes(&repo, &PUSH);
            let before = server.id("main");
            let key = repo.commit_file("app/a.env", &settings(1));
            let said = assert_stopped(&repo, &PUSH, &[("app/a.env", 1)]);
            assert!(said.contains(&format!("commit {} of", &key.id[..12])), "{said}");
            assert_eq!(server.id("main"), before);
            assert!(!server.git_agrees(&["cat-file", "-e", &key.id]), "it was kept");
        }
    }

    #[test]
    fn what_comes_as_a_pack_is_searched_too() {
        let (server, repo) = with_clone("sha1");
        server.git(&["config", "receive.unpackLimit", "1"]);
        let text = "# a line that stays\n".repeat(50);
        repo.commit_file("a.txt", &text);
        assert_passes(&repo, &PUSH);
        repo.commit_file("a.txt", &format!("# settings\nTOKEN={}\n{text}", key(1)));
        repo.commit_file("a.txt", &text);
        assert_stopped(&repo, &PUSH, &[("a.txt", 1)]);
    }

    #[test]
    fn objects_that_no_reference_names_are_searched_too() {
        let (_server, repo) = with_clone("sha1");
        let blob = repo.store(&settings(1));
        repo.git(&["tag", "file", &blob]);
        let path = format!(".git/blob/{blob}");
        assert_stopped(&repo, &["push", "-q", "origin", "file"], &[(&path, 1)]);
    }

    #[test]
    fn what_the_server_has_is_not_searched_again() {
        let (_server, repo) = with_clone("sha1");
        repo.git(&["checkout", "-q", "-b", "next"]);
        assert_passes(&repo, &["push", "-q", "origin", "next"]);
        repo.commit_file("old.env", &format!("{}# more\n", settings(0)));
        assert_passes(&repo, &["push", "-q", "origin", "next"]);
        assert_passes(&repo, &["push", "-q", "origin", ":next"]);
    }

    #[test]
    fn whoever_pushes_can_not_skip_it() {
        let (_server, repo) = with_clone("sha1");
        repo.commit_file("a.env", &settings(1));
        let push = ["push", "-q", "--no-verify", "origin", "main"];
        let (passed, said) = repo.git_says(&[("SKIP", "straykey,straykey-push")], &push);
        assert!(!passed && said.contains("straykey refused this push: 1 secret"), "{said}");
    }
}
