//! The other commands: `guide`, `rules`, `explain`, `completions`, `man`, and the help.

use crate::{
    fakes,
    project::{Project, Run},
};

fn ok(args: &[&str]) -> String {
    let run = Project::empty().straykey(args);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args:?}");
    run.stdout
}

fn explain(project: &Project, place: &str) -> Run {
    let run = project.straykey(&["explain", place]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run
}

#[test]
fn guide_lists_the_providers() {
    let list = ok(&["guide"]);
    assert_eq!(list.lines().count(), fakes::rules().providers().len());
    assert!(list.lines().any(|l| l.starts_with("rocketpunch ") && l.ends_with(" Rocketpunch")));
}

#[test]
fn guide_prints_the_runbook_of_a_provider_or_a_rule() {
    let of_provider = ok(&["guide", "rocketpunch"]);
    assert_eq!(of_provider, ok(&["guide", "RocketPunch"]), "case does not count");
    for part in ["Impact: ", "You can revoke it yourself.", "Steps:\n  1. ", "Source: https://"] {
        assert!(of_provider.contains(part), "`{part}` is not in:\n{of_provider}");
    }
    let of_rule = ok(&["guide", "rocketpunch-app-key"]);
    assert!(of_provider.contains(&of_rule) && of_rule.len() < of_provider.len());
    let other = ok(&["guide", "requestrocket-user-token"]);
    assert!(other.contains("You cannot revoke it yourself: ask the provider."), "{other}");
}

#[test]
fn rules_list_has_a_line_for_each_rule() {
    let list = ok(&["rules", "list"]);
    let ids: Vec<&str> = list.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let all: Vec<&str> = fakes::rules().rules().iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, all);
}

#[test]
fn rules_show_says_what_a_rule_looks_for_and_why() {
    let shown = ok(&["rules", "show", "rocketpunch-app-key"]);
    for part in ["rocketpunch-app-key: ", "severity ", "keywords ", "regex ", "source ", "Steps:"] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
}

#[test]
fn rules_test_runs_the_cases_of_the_built_in_rules() {
    let said = ok(&["rules", "test"]);
    assert!(said.ends_with(" cases, 0 failed\n"), "{said}");
}

#[test]
fn rules_test_says_which_case_failed_and_not_its_text() {
    let (name, text) = straykey::rule::load::BUILTIN_FILES
        .iter()
        .find(|(name, _)| name.ends_with("/rocketpunch.toml"))
        .unwrap();
    let project = Project::empty();
    let name = name.trim_start_matches("rules/");
    project.write(name, text.as_bytes());
    assert_eq!(
        project.straykey(&["rules", "test", name]).code,
        0,
        "the copy takes the file's place"
    );
    let list = text.find("must_find").and_then(|at| Some(at + text[at..].find('[')? + 1)).unwrap();
    let wrong = format!("{}[\"nothing \", \"here\"],{}", &text[..list], &text[list..]);
    project.write(name, wrong.as_bytes());
    let run = project.straykey(&["rules", "test", name]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(
        run.stdout.contains("must_find[0] must be found once, was found 0 times"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains(", 1 failed\n") && !run.stdout.contains("nothing here"));
}

#[test]
fn rules_test_remarks_on_rules_that_overlap_by_accident() {
    let (name, text) = straykey::rule::load::BUILTIN_FILES
        .iter()
        .find(|(name, _)| name.ends_with("/rocketpunch.toml"))
        .unwrap();
    let name = name.trim_start_matches("rules/");
    let (head, rules) = text.split_at(text.find("[[rule]]").unwrap());
    let twin = rules.replace("\"rocketpunch-", "\"rocketpunch-x-");
    let said = |twin: &str| {
        let project = Project::empty();
        project.write(name, format!("{head}{rules}\n{twin}").as_bytes());
        project.straykey(&["rules", "test", name]).stdout
    };
    let remark = "`rocketpunch-app-key`: remark: `rocketpunch-x-app-key` matches the same bytes, and \
                  loses by length or name alone: narrow one\n";
    assert!(said(&twin).contains(remark), "{}", said(&twin));
    let weaker = twin.replace("\nkeywords", "\nkind = \"id\"\nkeywords");
    assert!(!said(&weaker).contains("loses by"), "{}", said(&weaker));
}

#[test]
fn explain_says_that_a_line_is_reported() {
    let project = Project::with("a.env", "# x\nKEY=@@stripe-live-secret-key@@\n");
    let said = explain(&project, "a.env:2").stdout;
    assert!(said.contains("prefilter: keywords of ") && said.contains("stripe-live-secret-key"));
    assert!(said.contains("2:5 `stripe-live-secret-key` sk_live_********: reported"), "{said}");
}

#[test]
fn explain_gives_the_reason_why_a_candidate_was_dropped() {
    let project = Project::with("a.env", "KEY=@@!stripe-live-secret-key@@...\n");
    let said = explain(&project, "a.env:1").stdout;
    assert!(
        said.contains("`stripe-live-secret-key` sk_live_********: dropped: placeholder:"),
        "{said}"
    );
}

#[test]
fn explain_names_the_gate_that_a_line_never_passed() {
    let project = Project::with("a.txt", "hello\nKEY=@@stripe-live-secret-key@@\n");
    let said = explain(&project, "a.txt:1").stdout;
    assert_eq!(said, "prefilter: no keyword on this line\nmatcher: no regex matches here\n");
}

#[test]
fn explain_agrees_with_the_scan_about_lines() {
    let project = Project::with("a.env", "\u{feff}KEY=@@stripe-live-secret-key@@\r\nB=1\r\n");
    let said = explain(&project, "a.env:1").stdout;
    assert!(said.contains("1:5 `stripe-live-secret-key` sk_live_********: reported"), "{said}");
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = ok(&["completions", shell]);
        assert!(script.contains("straykey") && script.contains("min-severity"), "{shell}");
    }
    let run = Project::empty().straykey(&["completions", "tcsh"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("tcsh"));
}

#[test]
fn the_manual_is_a_page_of_its_own() {
    let page = ok(&["man"]);
    assert!(page.contains(".TH straykey 1"), "{page}");
    assert!(page.contains("Exit codes"), "{page}");
}

#[test]
fn help_and_version_go_to_standard_output() {
    assert_eq!(ok(&["--version"]), format!("straykey {}\n", env!("CARGO_PKG_VERSION")));
    assert!(ok(&["--help"]).contains("2 wins over 1"));
    let short = ok(&["scan", "-h"]);
    assert!(short.contains("--min-confidence <LEVEL>"));
    assert!(short.len() < ok(&["scan", "--help"]).len());
}
