//! SARIF: the published schema, and what GitHub's code scanning asks for beyond it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::{Project, Run};

const FIXTURES: [&str; 5] = ["dotenv", "node", "notebook", "infra", "docs"];

fn sarif(project: &Project, args: &[&str]) -> (Run, Value) {
    let run = project.scan(&[&["-f", "sarif"], args].concat());
    let log = run.json();
    (run, log)
}

fn assert_valid(log: &Value) {
    let schema = include_str!("../data/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    // As published, this pattern has a `]` too many, which not every regex dialect takes for a letter.
    for part in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][part]["properties"]["language"];
        language["pattern"] = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().unwrap()
}

fn hashes(log: &Value) -> Vec<&str> {
    results(log)
        .iter()
        .map(|r| r["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap())
        .collect()
}

fn physical(result: &Value) -> &Value {
    &result["locations"][0]["physicalLocation"]
}

#[test]
fn every_log_follows_the_published_schema() {
    for fixture in FIXTURES {
        let project = Project::from_fixture(fixture);
        let (run, log) = sarif(&project, &[]);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
        assert_eq!(results(&log).len(), project.marks().len());
        assert_valid(&log);
    }
    let (run, log) = sarif(&Project::empty(), &[]);
    assert_eq!(run.code, 0);
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]), "no results is not no array");
    assert_valid(&log);
}

#[test]
fn a_log_of_an_incomplete_scan_is_valid_and_says_so() {
    let project = Project::from_fixture("docs");
    let gone = project.path("gone");
    let (run, log) = sarif(&project, &[".", gone.to_str().unwrap()]);
    assert_eq!(run.code, 2);
    assert_valid(&log);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let text = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert_eq!(text, "`gone` could not be read");
    assert!(!run.stdout.contains(project.path(".").parent().unwrap().to_str().unwrap()));
}

#[test]
fn rules_have_what_code_scanning_shows_and_ranks_by() {
    for fixture in FIXTURES {
        let (_, log) = sarif(&Project::from_fixture(fixture), &[]);
        assert_eq!(log["version"], "2.1.0");
        assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        assert_eq!(run["tool"]["driver"]["name"], "straykey");
        assert!(run["automationDetails"]["id"].as_str().unwrap().ends_with('/'));
        for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
            assert_rule(rule);
        }
    }
}

fn assert_rule(rule: &Value) {
    let text = |v: &Value| v.as_str().unwrap_or_else(|| panic!("{rule:#}")).to_owned();
    assert!(!text(&rule["id"]).is_empty());
    assert!((1..=255).contains(&text(&rule["name"]).chars().count()));
    for description in ["shortDescription", "fullDescription"] {
        let length = text(&rule[description]["text"]).chars().count();
        assert!((1..=1024).contains(&length), "{rule:#}");
    }
    assert!(text(&rule["help"]["text"]).contains("Steps:"));
    assert!(text(&rule["help"]["markdown"]).contains("## Steps"));
    assert!(text(&rule["helpUri"]).starts_with("https://"));
    let properties = &rule["properties"];
    let score: f64 = text(&properties["security-severity"]).parse().unwrap();
    assert!((0.0..=10.0).contains(&score));
    let precision = text(&properties["precision"]);
    assert!(["very-high", "high", "medium", "low"].contains(&precision.as_str()));
    let tags = properties["tags"].as_array().unwrap();
    assert!(tags.contains(&"security".into()) && tags.len() <= 10);
}

#[test]
fn a_result_has_one_relative_location_and_its_own_rule() {
    for fixture in FIXTURES {
        let (_, log) = sarif(&Project::from_fixture(fixture), &[]);
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        for result in results(&log) {
            assert_eq!(result["locations"].as_array().unwrap().len(), 1);
            let uri = physical(result)["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && !uri.contains(':') && !uri.contains(".."), "{uri}");
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        }
    }
}

#[test]
fn columns_count_code_points_and_the_end_is_exclusive() {
    let project = Project::with(
        "a b/ü.py",
        "# 🔑🔑 ümlaut\nkey = ('🔑', 'é', \"@@stripe-live-secret-key@@\")\r\n\tk = '@@github-personal-access-token@@'\n",
    );
    let (_, log) = sarif(&project, &[]);
    let text = project.read("a b/ü.py");
    let found: BTreeSet<String> = results(&log)
        .iter()
        .map(|r| {
            assert_eq!(physical(r)["artifactLocation"]["uri"], "a%20b/%C3%BC.py");
            let region = &physical(r)["region"];
            let at = |key: &str| usize::try_from(region[key].as_u64().unwrap()).unwrap() - 1;
            assert_eq!(at("startLine"), at("endLine"));
            let line = text.lines().nth(at("startLine")).unwrap();
            line.chars().skip(at("startColumn")).take(at("endColumn") - at("startColumn")).collect()
        })
        .collect();
    let planted = project.planted().iter().map(|p| p.secret.to_string()).collect();
    assert!(found == planted, "the columns cut something else out of the text");
}

#[test]
fn hashes_are_unique_and_stay_when_lines_move() {
    let template = "A=@@stripe-live-secret-key@@\nB=@@stripe-live-secret-key@@ C=@@stripe-live-secret-key@@\nD=@@github-personal-access-token@@\n";
    let before = Project::with("a.env", template);
    let after =
        Project::with("a.env", &format!("# new\n\n\n{}", template.replace('\n', "\n# x\n")));
    let ((_, before), (_, after)) = (sarif(&before, &[]), sarif(&after, &[]));
    assert_eq!(hashes(&before).iter().collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(hashes(&before), hashes(&after));
}

#[test]
fn of_too_many_results_the_worst_are_kept_and_the_rest_are_counted() {
    let mild = "x = @@rocketpunch-app-key@@\n".repeat(5_090);
    let mut project = Project::with("a/docs/many.md", &mild);
    project.plant("z/worst.txt", &"x = @@rocketpunch-app-key@@\n".repeat(10));
    let (run, log) = sarif(&project, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(results(&log).len(), 5_000);
    let uri = |r: &&Value| physical(r)["artifactLocation"]["uri"] == "z/worst.txt";
    assert_eq!(results(&log).iter().filter(uri).count(), 10);
    assert_eq!(hashes(&log).iter().collect::<BTreeSet<_>>().len(), 5_000);
    let notes = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    let text = notes[0]["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("100 findings of lower severity"), "{text}");
    assert_valid(&log);
}

#[test]
fn nothing_private_is_in_a_log() {
    for fixture in FIXTURES {
        let project = Project::from_fixture(fixture);
        let root = project.path("");
        // From elsewhere, so that the path of the machine is what was typed.
        let elsewhere = Project::empty();
        let mut command = project.command(&["scan", "-f", "sarif"]);
        command
            .arg(&root)
            .current_dir(elsewhere.path(""))
            .env("GIT_AUTHOR_EMAIL", "robin@example.org");
        let run = project.finish(command, b"");
        assert_eq!(run.code, 1);
        assert!(!run.stdout.contains(root.to_str().unwrap().trim_end_matches('/')));
        assert!(!run.stdout.contains("robin@"));
        let log = run.json();
        for result in results(&log) {
            let uri = physical(result)["artifactLocation"]["uri"].as_str().unwrap();
            assert!(root.join(uri).exists(), "{uri}");
            assert!(!result.to_string().contains('@'), "{result:#}");
        }
    }
}
