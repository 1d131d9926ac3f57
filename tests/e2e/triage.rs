//! What is accepted: comments, the ignore file and the baseline; that all of it is counted, and that it
//! hides nothing else.

use std::fs;

use serde_json::{Value, json};

use crate::{
    fakes,
    project::{Project, Run, count, findings, places},
    repository::{Repository, key, rule_of, settings},
};

/// How many findings are suppressed, by what.
fn by(report: &Value) -> &Value {
    &report["suppressed"]["by"]
}

/// What is said to accept nothing.
fn stale(report: &Value) -> Vec<&str> {
    let all = report["suppressed"]["stale"].as_array().expect("a report says what is stale");
    all.iter().map(|s| s.as_str().expect("it is a sentence")).collect()
}

/// A line that holds the key number `n`.
fn line(n: usize) -> String {
    format!("TOKEN={}\n", key(n))
}

/// The line of the finding in a report that has one.
fn line_of_only(report: &Value) -> u64 {
    assert_eq!(count(report), 1, "{report:#}");
    findings(report)[0]["start"]["line"].as_u64().expect("lines are numbers")
}

fn write_baseline(project: &Project) -> Run {
    let run = project.straykey(&["baseline", "write"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run
}

mod comments {
    use super::*;

    #[test]
    fn a_comment_accepts_its_line_and_is_counted() {
        let project =
            Project::with("a.py", "k = '@@stripe-live-secret-key@@'  # straykey:allow a sample\n");
        let run = project.scan(&[]);
        insta::assert_snapshot!(run.stdout, @r"
        no findings; read 1 file, 141 bytes
        1 finding accepted: 1 by a comment (--no-suppress shows them)
        git-ignored files were left out (--no-ignore reads them)
        ");
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        let (run, report) = project.scan_json(&["--no-suppress"]);
        assert_eq!(run.code, 1);
        let expected =
            json!({ "by": "inline", "place": "straykey:allow, line 1", "reason": "a sample" });
        assert_eq!(findings(&report)[0]["suppressed"], expected);
        assert_eq!(by(&report), &json!({ "inline": 1 }));
        let run = project.scan(&["--no-suppress", "--suppress"]);
        assert_eq!(run.code, 0);
    }

    #[test]
    fn a_comment_accepts_no_other_line() {
        let project = Project::empty();
        let text = format!("{} # straykey:allow\n{}", line(0).trim(), line(1));
        project.write("a.env", text.as_bytes());
        let (_, report) = project.scan_json(&[]);
        assert_eq!(line_of_only(&report), 2);
    }

    #[test]
    fn a_comment_for_another_rule_accepts_nothing_and_is_named() {
        let project = Project::empty();
        let text = format!("# straykey:allow no-such-rule\n{}", line(0));
        project.write("a.env", text.as_bytes());
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, line_of_only(&report)), (1, 2));
        assert_eq!(
            stale(&report),
            ["a.env:1: `straykey:allow` names `no-such-rule`, which is no rule"]
        );
        let text = format!("# straykey:allow {}: sample\n{}", rule_of(0), line(0));
        project.write("a.env", text.as_bytes());
        assert_eq!(project.scan(&[]).code, 0);
    }

    #[test]
    fn a_comment_that_accepts_nothing_is_reported() {
        let project = Project::empty();
        project.write("a.py", b"x = 1  # straykey:allow\n");
        project.write("README.md", b"Write `straykey:allow` on the line.\n");
        let run = project.scan(&[]);
        assert_eq!(run.code, 0);
        assert!(
            run.stdout.contains("\nstale: a.py:1: `straykey:allow` allows nothing\n"),
            "{}",
            run.stdout
        );
        let (_, report) = project.scan_json(&[]);
        assert_eq!(stale(&report), ["a.py:1: `straykey:allow` allows nothing"]);
        let sarif = project.scan(&["-f", "sarif"]).json();
        let notes = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        assert_eq!(notes[0]["message"]["text"], "a.py:1: `straykey:allow` allows nothing");
        let (_, report) = project.scan_json(&["--rule", rule_of(0)]);
        assert_eq!(stale(&report), [""; 0], "another rule may need it");
    }

    #[test]
    fn comments_count_in_utf16_large_files_and_on_standard_input() {
        let project = Project::empty();
        let text = format!("{} # straykey:allow\n", line(0).trim());
        let wide: Vec<u8> =
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        project.write("wide.txt", &wide);
        let large = format!("{}{text}", "# a line of sixteen\n".repeat(600_000));
        project.write("large.txt", large.as_bytes());
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, by(&report)), (0, &json!({ "inline": 2 })));
        assert_eq!(stale(&report), [""; 0]);
        let run = project.straykey_reading(&["scan", "-f", "json", "-"], text.as_bytes());
        assert_eq!((run.code, by(&run.json())), (0, &json!({ "inline": 1 })));
    }

    #[test]
    fn comments_count_in_commits_and_in_the_index() {
        let repo = Repository::new();
        repo.commit_file("a.env", "x=1\n");
        repo.write("a.env", &format!("{} # gitleaks:allow\n", line(0).trim()));
        repo.git(&["add", "-A"]);
        for args in [["--staged"].as_slice(), &[]] {
            let (run, report) = repo.report(args);
            assert_eq!((run.code, by(&report)), (0, &json!({ "inline": 1 })), "{args:?}");
        }
        repo.commit("a key");
        let (run, report) = repo.report(&["--range", "HEAD~1..HEAD"]);
        assert_eq!((run.code, by(&report)), (0, &json!({ "inline": 1 })));
        let (run, report) = repo.report(&["--no-worktree"]);
        assert_eq!((run.code, by(&report)), (0, &json!({ "inline": 1 })));
        repo.write("a.env", &format!("{} # gitleaks:allow\n{}", line(0).trim(), line(0)));
        let (run, report) = repo.report(&[]);
        assert_eq!((run.code, line_of_only(&report)), (1, 2), "a second place has no comment");
    }
}

mod ignore_file {
    use super::*;

    #[test]
    fn paths_and_fingerprints_are_accepted_with_their_reason() {
        let project = Project::empty();
        project.write("docs/a.md", line(0).as_bytes());
        project.write("b.env", line(1).as_bytes());
        let (_, report) = project.scan_json(&[]);
        let print = findings(&report)[0]["fingerprint"].as_str().expect("it has one").to_owned();
        project.write(".straykeyignore", format!("docs/ # samples\n{print}\nold/\n").as_bytes());
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, by(&report)), (0, &json!({ "ignore-file": 2 })));
        assert_eq!(stale(&report), [".straykeyignore:3 matches nothing"]);
        let (_, report) = project.scan_json(&["docs"]);
        assert_eq!(stale(&report), [""; 0], "only a part was looked at");
        let run = project.straykey(&["explain", "docs/a.md:1"]);
        let said = "is accepted by the ignore file (.straykeyignore:1): samples\n";
        assert!(run.stdout.ends_with(said), "{}", run.stdout);
    }

    #[test]
    fn a_wrong_line_stops_the_scan() {
        let project = Project::empty();
        project.write(".straykeyignore", b"ok\nfingerprint:12\n");
        let run = project.scan(&[]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("line 2: a fingerprint has 32 hex digits"), "{}", run.stderr);
    }
}

mod baseline {
    use super::*;

    #[test]
    fn a_finding_in_the_baseline_does_not_fail_the_build() {
        let project = Project::from_fixture("dotenv");
        assert_eq!(project.scan(&[]).code, 1);
        project.straykey(&["baseline", "write", "known.txt"]);
        let run = project.scan(&["--baseline", "known.txt"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
        project.assert_redacted(&project.read("known.txt"));
        assert_eq!(
            project.scan(&[]).code,
            1,
            "it has another name than the one that is looked for"
        );
    }

    #[test]
    fn a_baseline_has_one_sorted_line_for_each_finding() {
        let project = Project::empty();
        project.write("b dir/x.env", format!("{}{}", line(0), line(0)).as_bytes());
        project.write("a\nb.env", line(0).as_bytes());
        let said = write_baseline(&project).stdout;
        assert_eq!(said, ".straykey-baseline: 2 added, 0 were there\n");
        let text = project.read(".straykey-baseline");
        let lines: Vec<Vec<&str>> =
            text.lines().skip(1).map(|l| l.splitn(4, ' ').collect()).collect();
        let mut paths: Vec<_> = lines.iter().map(|l| (l[0], l[2], l[3])).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [(rule_of(0), "tree", r"a\u{a}b.env"), (rule_of(0), "tree", "b dir/x.env")]
        );
        assert_ne!(lines[0][1], lines[1][1], "equal values don't look equal");
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, by(&report)), (0, &json!({ "baseline": 3 })));
        write_baseline(&project);
        assert_eq!(project.read(".straykey-baseline"), text, "who writes again changes nothing");
    }

    #[test]
    fn a_new_value_on_an_accepted_line_is_new_and_a_moved_line_is_not() {
        let project = Project::empty();
        project.write("a.env", line(0).as_bytes());
        write_baseline(&project);
        project.write("a.env", format!("# more\n\n{}", line(0)).as_bytes());
        assert_eq!(project.scan(&[]).code, 0);
        project.write("a.env", line(4).as_bytes());
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, line_of_only(&report)), (1, 1));
        let entry = format!(".straykey-baseline: `{}` in a.env matches nothing", rule_of(0));
        assert_eq!(stale(&report), [entry]);
    }

    #[test]
    fn a_changed_password_is_new() {
        let project = Project::empty();
        let text = |n: usize| {
            format!(
                "DATABASE_URL={}{n}Zq@db.corp.io/app\n",
                ["postgres:", "//app:Wm7", "vK2p"].concat()
            )
        };
        project.write("a.env", text(1).as_bytes());
        assert_eq!(project.scan(&[]).code, 1);
        write_baseline(&project);
        assert_eq!(project.scan(&[]).code, 0);
        project.write("a.env", text(2).as_bytes());
        assert_eq!(project.scan(&[]).code, 1);
    }

    #[test]
    fn a_rename_is_followed_and_a_copy_is_new() {
        let project = Project::empty();
        project.write("a.env", line(0).as_bytes());
        write_baseline(&project);
        fs::rename(project.path("a.env"), project.path("b.env")).expect("it can be renamed");
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, stale(&report).len()), (0, 0));
        project.write("c.env", line(0).as_bytes());
        let (_, report) = project.scan_json(&[]);
        assert_eq!(places(&report), [("c.env".to_owned(), 1, rule_of(0).to_owned())].into());
        project.write("a.env", line(0).as_bytes());
        let (_, report) = project.scan_json(&[]);
        assert_eq!(count(&report), 2, "the entry is at home again");
    }

    #[test]
    fn only_what_was_looked_at_is_stale_and_prune_drops_it() {
        let project = Project::empty();
        project.write("a/x.env", line(0).as_bytes());
        project.write("b/x.env", line(1).as_bytes());
        write_baseline(&project);
        fs::remove_file(project.path("b/x.env")).expect("it can be removed");
        let (run, report) = project.scan_json(&["a"]);
        assert_eq!((run.code, stale(&report).len()), (0, 0));
        let (run, report) = project.scan_json(&["--exclude", "b/"]);
        assert_eq!((run.code, stale(&report).len()), (0, 0));
        let (run, report) = project.scan_json(&["--min-severity", "critical"]);
        assert_eq!((run.code, stale(&report).len()), (0, 1));
        project.straykey(&["baseline", "prune", "--min-severity", "critical"]);
        assert_eq!(project.read(".straykey-baseline").lines().count(), 2);
        let (run, report) = project.scan_json(&[]);
        assert_eq!((run.code, stale(&report).len()), (0, 0));
    }

    #[test]
    fn files_and_history_share_a_baseline_through_a_rename_a_rebase_and_a_squash() {
        let repo = Repository::new();
        repo.commit_file("base.txt", "x\n");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.commit_file("app/a.env", &settings(0));
        assert_eq!(repo.project.straykey(&["baseline", "write", "--git"]).code, 0);
        repo.git(&["mv", "app/a.env", "app/b.env"]);
        repo.commit("a rename");
        let clean = |repo: &Repository| {
            let (run, report) = repo.report(&[]);
            assert_eq!((run.code, stale(&report).len()), (0, 0), "{report:#}");
            let (run, report) = repo.project.scan_json(&[]);
            assert_eq!((run.code, stale(&report).len()), (0, 0), "{report:#}");
            assert_eq!(repo.project.scan(&["app"]).code, 0);
        };
        clean(&repo);
        repo.git(&["checkout", "-q", "main"]);
        repo.commit_file("more.txt", "y\n");
        repo.git(&["checkout", "-q", "side"]);
        repo.git(&["rebase", "-q", "main"]);
        clean(&repo);
        repo.git(&["checkout", "-q", "main"]);
        repo.git(&["merge", "-q", "--squash", "side"]);
        repo.commit("squashed");
        clean(&repo);
        let (run, _) = repo.report(&["--range", "HEAD~1..HEAD"]);
        assert_eq!(run.code, 0);
    }

    #[test]
    fn what_only_the_history_has_is_not_stale_for_a_scan_of_files() {
        let repo = Repository::new();
        repo.commit_file("a.env", &settings(0));
        repo.git(&["rm", "-q", "a.env"]);
        repo.commit("gone");
        assert_eq!(repo.scan(&[]).code, 1);
        repo.project.straykey(&["baseline", "write", "--git"]);
        assert!(repo.project.read(".straykey-baseline").ends_with(" history a.env\n"));
        assert_eq!(repo.scan(&[]).code, 0);
        let (run, report) = repo.project.scan_json(&[]);
        assert_eq!((run.code, stale(&report).len()), (0, 0));
        let run = repo.project.straykey(&["baseline", "prune"]);
        assert!(run.stdout.ends_with(": 0 dropped, 1 kept\n"), "{}", run.stdout);
    }

    #[test]
    fn two_branches_that_accept_findings_merge() {
        let repo = Repository::new();
        for n in 0..6 {
            repo.write(&format!("{n}.env"), &settings(n));
        }
        repo.project.straykey(&["baseline", "write"]);
        repo.write(".gitattributes", ".straykey-baseline merge=union\n");
        repo.commit("accepted");
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.write("c.env", &settings(6));
        repo.project.straykey(&["baseline", "write"]);
        repo.commit("one more");
        repo.git(&["checkout", "-q", "main"]);
        repo.write("d.env", &settings(7));
        repo.project.straykey(&["baseline", "write"]);
        repo.commit("another");
        repo.merge(&["side"]);
        let (run, report) = repo.project.scan_json(&[]);
        assert_eq!((run.code, by(&report)), (0, &json!({ "baseline": 8 })));
        assert_eq!(stale(&report), [""; 0]);
    }

    #[test]
    fn a_baseline_holds_nothing_that_a_scan_finds() {
        let entries: String = (0..20u64)
            .flat_map(|n| fakes::rules().rules().iter().map(move |rule| (n, rule)))
            .map(|(n, rule)| {
                let drawn = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(n as u32);
                let (id, path) = (&rule.id, "config/password.yml");
                format!(
                    "{id} {drawn:016x}{:016x} tree {path}\n",
                    drawn.wrapping_mul(0xbf58_476d_1ce4_e5b9)
                )
            })
            .collect();
        let project = Project::empty();
        let text = format!("# straykey baseline v1\n{entries}");
        project.write("known.txt", text.as_bytes());
        let (_, report) = project.scan_json(&[]);
        assert_eq!(places(&report), [].into());
        project.write("known.txt", entries.as_bytes());
        assert_ne!(project.scan(&[]).code, 0, "without the header it is any file");
        project.write("known.txt", format!("{text}{}", line(0)).as_bytes());
        let (_, report) = project.scan_json(&[]);
        assert_eq!(count(&report), 1, "a key in it is one");
    }

    #[test]
    fn what_is_no_baseline_is_refused_and_not_written_over() {
        let project = Project::empty();
        let says = |text: &str, words: &str| {
            project.write("known.txt", text.as_bytes());
            for args in [["scan", "--baseline", "known.txt"], ["baseline", "write", "known.txt"]] {
                let run = project.straykey(&args);
                assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
                assert!(run.stderr.contains(words), "{}", run.stderr);
                assert_eq!(project.read("known.txt"), text);
            }
        };
        says("fn main() {}\n", "cannot read baseline `known.txt`: it is not a baseline");
        let header = "# straykey baseline v1\n";
        says(&format!("{header}<<<<<<< HEAD\n"), "line 2: a merge left a conflict");
        says(
            &format!("{header}a-b 12 tree x\n"),
            "line 2: expected `RULE FINGERPRINT tree|history PATH`",
        );
        let run = project.scan(&["--baseline", "none.txt"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("there is no baseline `none.txt`"), "{}", run.stderr);
        let run = project.straykey(&["baseline", "write", "."]);
        assert!(run.stderr.contains("is a directory"), "{}", run.stderr);
    }

    #[test]
    fn accepted_findings_become_no_alerts() {
        let project = Project::empty();
        project.write("a.env", line(0).as_bytes());
        write_baseline(&project);
        let results = |args: &[&str]| {
            project.scan(&[&["-f", "sarif"], args].concat()).json()["runs"][0]["results"].clone()
        };
        assert_eq!(results(&[]), json!([]));
        let expected = json!([{ "kind": "external", "status": "accepted",
            "justification": "accepted by the baseline (.straykey-baseline)" }]);
        assert_eq!(results(&["--no-suppress"])[0]["suppressions"], expected);
        assert_eq!(results(&["--no-baseline"])[0].get("suppressions"), None);
    }
}
