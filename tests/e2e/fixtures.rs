//! Small projects as people write them: exactly what is marked is found, and it is graded by where
//! it stands.

use straykey::rule::Severity;

use crate::{
    fakes,
    project::{Project, finding_in, findings},
};

fn severity_of(rule: &str) -> Severity {
    let rules = fakes::rules();
    rules.rule(rules.find(rule).expect("a test names a rule")).severity
}

#[test]
fn a_web_application_with_an_env_file() {
    let report = Project::from_fixture("dotenv").assert_marks_are_reported(&[]);
    for finding in findings(&report).iter().filter(|f| f["path"] == ".env") {
        assert_eq!(finding["exposure"], "env-file");
    }
}

#[test]
fn a_node_project_says_what_reaches_browsers_images_and_builds() {
    let report = Project::from_fixture("node").assert_marks_are_reported(&[]);
    for (path, exposure) in [
        ("public/app.js", "browser-code"),
        (".env.production", "browser-code"),
        ("Dockerfile", "container-file"),
        (".github/workflows/ci.yml", "ci-file"),
    ] {
        assert_eq!(finding_in(&report, path)["exposure"], exposure, "{path}");
    }
    let server: Vec<_> = findings(&report)
        .iter()
        .filter(|f| f["path"] == "src/server.js")
        .map(|f| f.get("exposure").and_then(|e| e.as_str()))
        .collect();
    assert_eq!(server, [Some("url-query"), Some("log"), None]);
}

#[test]
fn a_notebook_with_its_output() {
    let report = Project::from_fixture("notebook").assert_marks_are_reported(&[]);
    for finding in findings(&report).iter().filter(|f| f["path"] == "analysis.ipynb") {
        assert_eq!(finding["exposure"], "notebook");
    }
}

#[test]
fn infrastructure_as_code() {
    let report = Project::from_fixture("infra").assert_marks_are_reported(&[]);
    let key = finding_in(&report, "keys/deploy.pem");
    let lines = |p: &str| key[p]["line"].as_u64().unwrap();
    assert_eq!(lines("start"), 1);
    assert!(lines("end") > 2, "a block ends where its last line ends");
}

#[test]
fn documentation_and_tests_are_milder_and_browser_code_is_worse() {
    let report = Project::from_fixture("docs").assert_marks_are_reported(&[]);
    let usual = severity_of("rocketpunch-app-key");
    assert_eq!(finding_in(&report, "client.py")["severity"], usual.as_str());
    let guide = finding_in(&report, "docs/guide.md");
    assert_eq!(guide["severity"], usual.lower().as_str());
    assert_eq!(guide["exposure"], "documentation");
    for finding in findings(&report).iter().filter(|f| f["path"] == "tests/test_client.py") {
        assert_eq!(finding["severity"], usual.lower().as_str());
        assert_eq!(finding["exposure"], "test");
    }
    let node = Project::from_fixture("node").assert_marks_are_reported(&[]);
    let bundled = finding_in(&node, "public/app.js");
    assert_eq!(bundled["severity"], severity_of("sendgrid-api-key").higher().as_str());
}

#[test]
fn every_change_of_severity_has_its_reason() {
    for fixture in ["dotenv", "node", "notebook", "infra", "docs"] {
        let (_, report) = Project::from_fixture(fixture).scan_json(&[]);
        for f in findings(&report) {
            let rule = severity_of(f["rule"].as_str().unwrap());
            let unexplained = f["reasons"].as_array().unwrap().is_empty();
            assert!(f["severity"] == rule.as_str() || !unexplained, "{f:#}");
        }
    }
}
