//! `straykey config import`: what other scanners were told, carried over and then used.

use crate::project::{Project, Run, places};

/// Imports `files` and returns what was said. `straykey.toml` has the rest.
fn import(project: &Project, files: &[&str]) -> Run {
    let run = project.straykey(&[&["config", "import", "-o", "straykey.toml"], files].concat());
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let shown = project.straykey(&["config", "show"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "what was written is not read");
    run
}

fn rules(project: &Project) -> Vec<(String, String)> {
    let (run, report) = project.scan_json(&[]);
    assert_eq!(run.stderr, "");
    places(&report).into_iter().map(|(path, _, rule)| (path, rule)).collect()
}

/// A value that only an imported rule knows.
fn acme() -> String {
    ["acme", "_9f3c0e1ba7d2468c5e07"].concat()
}

const GITLEAKS: &str = r#"
title = "ours"

[extend]
useDefault = true
disabledRules = ["github-pat", "made-up-rule"]

[[rules]]
id = "Acme_Token"
description = "Acme token."
regex = '''(?i)(acme)_([0-9a-f]+)'''
secretGroup = 2
entropy = 2
keywords = ["acme"]
tags = ["ours"]
[rules.allowlist]
paths = ['''(^|/)docs/''']

[[rules]]
id = "env-files"
path = '''\.env$'''

[[rules]]
id = "anything"
regex = '''[a-z]+'''

[[rules]]
id = "with-required"
regex = '''beta_[0-9a-f]{20}'''
[[rules.required]]
id = "Acme_Token"
withinLines = 3

[[allowlists]]
condition = "AND"
paths = ['''^tests/''']
regexes = ['''^rp_app_''']

[[allowlists]]
regexTarget = "line"
regexes = ['''fake''']
stopwords = ["EXAMPLE{1}"]
"#;

#[test]
fn a_gitleaks_configuration_is_carried_over() {
    let mut project = Project::with("a.txt", "@@!github-personal-access-token@@\n");
    project.plant("tests/b.txt", "@@!rocketpunch-app-key@@\n");
    project.plant("c.txt", "@@rocketpunch-app-key@@\n");
    let line = format!("key {}\n", acme());
    project.write("d.txt", line.as_bytes());
    project.write("docs/d.txt", line.as_bytes());
    project.make_repository();
    project.write(".gitleaks.toml", GITLEAKS.as_bytes());
    let run = import(&project, &[".gitleaks.toml"]);
    let said: Vec<&str> = run.stderr.lines().collect();
    for line in [
        "straykey: not carried: `.gitleaks.toml`: `extend.disabledRules`: `made-up-rule`: straykey knows no such rule",
        "straykey: not carried: `.gitleaks.toml`: rule `env-files`: it names files, and straykey looks for secrets",
        "straykey: not carried: `.gitleaks.toml`: rule `anything`: no word of three letters or more is in every match, and that is what a scan looks for first",
        "straykey: not carried: `.gitleaks.toml`: 1 regexes of allow list 2: its regexes look at the whole line, and an entry of straykey at the secret; a comment `straykey:allow` on the line does the same",
        "straykey: changed: `.gitleaks.toml`: rule `Acme_Token`: a repetition without an end ends at 256",
        "straykey: changed: `.gitleaks.toml`: rule `Acme_Token`: it is called `acme-token` here",
        "straykey: changed: `.gitleaks.toml`: `required` of rule `with-required`: without the other one nearby it is reported as info, and not left out",
        "straykey: carried 2 rules, 3 allow entries, 1 disabled rules; 4 things were not carried",
    ] {
        assert!(said.contains(&line), "`{line}` is not in:\n{}", run.stderr);
    }
    assert_eq!(said.len(), 8, "{}", run.stderr);
    let found = rules(&project);
    let expected = [("c.txt", "rocketpunch-app-key"), ("d.txt", "acme-token")];
    assert_eq!(found, expected.map(|(p, r)| (p.into(), r.into())));
}

#[test]
fn an_entry_that_loses_a_condition_is_not_carried() {
    let mut project = Project::with("a.txt", "@@rocketpunch-app-key@@\n");
    project.plant("b.txt", "@@rocketpunch-app-key@@\n");
    project.make_repository();
    project.write(
        "gl.toml",
        br#"[[allowlists]]
condition = "AND"
paths = ["a\\.txt"]
regexes = ["(?!x)y"]
[[allowlists]]
condition = "AND"
regexTarget = "line"
paths = ["b\\.txt"]
regexes = ["x"]
"#,
    );
    let run = import(&project, &["gl.toml"]);
    assert!(run.stderr.contains("carried 0 rules, 0 allow entries"), "{}", run.stderr);
    assert!(run.stderr.contains("allow list 2: one of its conditions can't be carried"));
    project.assert_marks_are_reported(&[]);
}

#[test]
fn the_old_allow_list_is_carried_over() {
    let mut project = Project::with("vendor/a.txt", "@@!rocketpunch-app-key@@\n");
    project.plant("b.txt", "@@rocketpunch-app-key@@\n");
    project.make_repository();
    project.write(
        "gl.toml",
        b"[allowlist]\ndescription = \"x\"\npaths = ['''vendor''']\ncommits = [\"0123456789abcdef0123456789abcdef01234567\"]\n",
    );
    import(&project, &["gl.toml"]);
    project.assert_marks_are_reported(&[]);
    assert!(project.read("straykey.toml").contains("commits = [\"0123456789abcdef"));
}

#[test]
fn fingerprints_of_gitleaks_are_carried_over() {
    let mut project = Project::with("a [1].txt", "@@!github-personal-access-token@@\n");
    project.plant("b.txt", "@@github-personal-access-token@@\n");
    project.plant("c.txt", "@@github-personal-access-token@@\n");
    project.make_repository();
    project.write(
        ".gitleaksignore",
        b"# known\na [1].txt:github-pat:1\nb.txt:made-up-rule:1\n0123456789abcdef0123456789abcdef01234567:c.txt:github-pat:1\nnonsense\n",
    );
    let run = import(&project, &[".gitleaksignore"]);
    project.assert_marks_are_reported(&[]);
    assert!(
        run.stderr.contains("`.gitleaksignore`: line 3: straykey knows no rule `made-up-rule`")
    );
    assert!(run.stderr.contains("`.gitleaksignore`: line 5: expected `file:rule:line`"));
    assert!(run.stderr.contains("2 fingerprints: a line number is not carried"));
}

#[test]
fn a_report_of_gitleaks_is_carried_over_without_its_secrets() {
    let mut project = Project::with("a.txt", "@@!github-personal-access-token@@\n");
    project.plant("b.txt", "@@!github-personal-access-token@@\n");
    project.plant("c.txt", "@@rocketpunch-app-key@@\n");
    let key = project.planted()[0].secret.clone();
    project.make_repository();
    let entry = |file: &str, matched: &str| serde_json::json!({"RuleID": "github-pat", "File": file, "Match": matched, "Secret": matched, "Commit": ""});
    let report = serde_json::json!([entry("a.txt", &key), entry("b.txt", "REDACTED")]);
    project.write(".git/known.json", report.to_string().as_bytes());
    let run = import(&project, &[".git/known.json"]);
    project.assert_marks_are_reported(&[]);
    let written = project.read("straykey.toml");
    project.assert_redacted(&written);
    assert!(written.contains("fingerprints = ["), "{written}");
    assert!(run.stderr.contains("1 findings: the report masks the secret"), "{}", run.stderr);
}

#[test]
fn a_baseline_of_detect_secrets_is_carried_over() {
    let mut project = Project::with("a.txt", "@@!github-personal-access-token@@\n");
    project.plant("b.txt", "@@github-personal-access-token@@\n");
    project.plant("docs/c.txt", "@@!rocketpunch-app-key@@\n");
    project.make_repository();
    let entry = |is_secret: bool| serde_json::json!([{"type": "GitHub Token", "hashed_secret": "0".repeat(40), "line_number": 1, "is_secret": is_secret}]);
    let filters = serde_json::json!([
        {"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["^docs/"]},
        {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": ["x"]},
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
    ]);
    let baseline = serde_json::json!({"version": "1.5.0", "filters_used": filters, "results": {"a.txt": entry(false), "b.txt": entry(true)}});
    project.write(".secrets.baseline", baseline.to_string().as_bytes());
    let run = import(&project, &[".secrets.baseline"]);
    project.assert_marks_are_reported(&[]);
    for said in ["an entry of `b.txt`: it was audited as a real secret", "`should_exclude_line`: "]
    {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn rules_in_yaml_are_carried_over() {
    let project = Project::empty();
    project.make_repository();
    project.write("d.txt", format!("key = {}\n", acme()).as_bytes());
    project.write(
        "rules.yml",
        b"rules:\n  - name: Acme Token\n    id: custom.acme.1\n    pattern: |\n      (?x)   # verbose (really)\n      \\b\n      (?P<TOKEN> acme_ [0-9a-f]{20} )\n      \\b\n    min_entropy: 2.5\n    confidence: medium\n    examples:\n      - acme\n    validation:\n      type: Http\n  - name: Helper\n    id: custom.acme.2\n    pattern: acme-id-([0-9]{8})\n    visible: false\n",
    );
    let run = import(&project, &["rules.yml"]);
    assert_eq!(rules(&project), [("d.txt".to_owned(), "custom-acme-1".to_owned())]);
    for said in [
        "`validation` of rule `custom.acme.1`: a scan opens no connection",
        "rule `custom.acme.2`: it is not reported, and only helps another rule",
        "rule `custom.acme.1`: it is called `custom-acme-1` here",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn what_can_only_be_an_error_is_one() {
    let project = Project::empty();
    project.write("x.txt", b"hello\n");
    project.write("rules.yml", b"rules:\n  - name: x\n");
    project.write("straykey.toml", b"# mine\n");
    project.write("gl.toml", b"[allowlist]\npaths = ['x']\n");
    for (args, said) in [
        (&["x.txt"][..], "`x.txt` is none of what can be imported"),
        (&["none.toml"], "cannot read `none.toml`"),
        (&["rules.yml"], "expected `rules`, each with `name`, `id` and `pattern`"),
        (
            &["gl.toml", "-o", "straykey.toml"],
            "cannot write `straykey.toml`; an existing file is left alone",
        ),
        (&[], "<PATHS>"),
    ] {
        let run = project.straykey(&[&["config", "import"], args].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(said), "`{said}` is not in: {}", run.stderr);
    }
    assert_eq!(project.read("straykey.toml"), "# mine\n");
}
