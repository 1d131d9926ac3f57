//! `detect`, `protect` and `dir`, as scripts call them of gitleaks.

use crate::project::{Project, places};

fn project() -> Project {
    let mut project = Project::with("a.txt", "@@github-personal-access-token@@\n");
    project.plant("b.txt", "@@rocketpunch-app-key@@\n");
    project
}

#[test]
fn files_are_scanned_and_a_report_is_written() {
    let project = project();
    for args in [
        &["detect", "--no-git", "--source", ".", "--report-path", "out.json", "--no-banner", "-v"]
            [..],
        &["detect", "--no-git", "-s", ".", "-r", "out.json", "-f", "json", "--redact"],
        &["dir", ".", "-r", "out.json", "--no-color", "--log-level=warn", "--redact=100"],
        &["directory", "-r", "out.json"],
    ] {
        let run = project.straykey(args);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{args:?}");
        let report: serde_json::Value = serde_json::from_str(&project.read("out.json")).unwrap();
        assert_eq!(places(&report), project.marks(), "{args:?}");
        std::fs::remove_file(project.path("out.json")).unwrap();
    }
    let run = project.straykey(&["dir", "-r", "-", "-f", "sarif"]);
    assert_eq!(run.json()["version"], "2.1.0");
}

#[test]
fn the_exit_code_for_findings_can_be_chosen() {
    let project = project();
    assert_eq!(project.straykey(&["dir", "--exit-code", "7"]).code, 7);
    assert_eq!(project.straykey(&["dir", "--exit-code", "0"]).code, 0);
    assert_eq!(project.straykey(&["dir", "none", "--exit-code", "7"]).code, 2);
}

#[test]
fn files_of_gitleaks_count() {
    let project = project();
    project
        .write(".gitleaks.toml", b"[extend]\nuseDefault = true\ndisabledRules = ['github-pat']\n");
    project.write("other.toml", b"[allowlist]\npaths = ['''b\\.txt$''']\n");
    project.write("ours.toml", b"disable = ['rocketpunch-app-key']\n");
    let lines = |args: &[&str]| {
        let run = project.straykey(&[&["dir", "-r", "-"], args].concat());
        assert_eq!(run.stderr, "");
        places(&run.json()).into_iter().map(|(path, ..)| path).collect::<Vec<_>>()
    };
    assert_eq!(lines(&[]), ["b.txt"]);
    assert_eq!(lines(&["-c", "other.toml"]), ["a.txt"]);
    assert_eq!(lines(&["-c", "ours.toml"]), ["a.txt"]);
    project.write("known", b"b.txt:github-pat:1\na.txt:github-pat:1\n");
    std::fs::rename(project.path("known"), project.path(".gitleaksignore")).unwrap();
    assert_eq!(lines(&["-c", "other.toml"]), [""; 0]);
}

#[test]
fn what_has_no_equivalent_is_told_and_not_an_error() {
    let project = project();
    let run = project.straykey(&["dir", "--timeout", "60", "--max-target-megabytes", "1"]);
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stderr,
        "straykey: `--max-target-megabytes` has no equivalent and is not looked at\nstraykey: `--timeout` has no equivalent and is not looked at\n"
    );
}

#[test]
fn rules_are_chosen_by_the_names_that_gitleaks_has() {
    let project = project();
    let run = project.straykey(&["dir", "-r", "-", "--enable-rule", "github-pat"]);
    assert_eq!(places(&run.json()).len(), 1);
    let run = project.straykey(&["dir", "--enable-rule", "made-up-rule"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("straykey knows no rule `made-up-rule`"), "{}", run.stderr);
}

#[test]
fn the_help_does_not_show_them() {
    let help = Project::empty().straykey(&["--help"]).stdout;
    assert!(!help.contains("detect") && !help.contains("protect"), "{help}");
}
