//! What a scan prints: every format, every filter, and never a secret that nobody asked for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::{Project, count, findings, places};

const FIXTURES: [&str; 5] = ["dotenv", "node", "notebook", "infra", "docs"];
const FORMATS: [&str; 10] =
    ["terminal", "json", "jsonl", "sarif", "html", "markdown", "github", "gitlab", "junit", "csv"];
const ONE: &str = "PORT=80\nROCKETPUNCH_API_KEY=@@rocketpunch-app-key@@\n";

/// All fixtures in one tree.
fn everything() -> Project {
    let mut project = Project::empty();
    for fixture in FIXTURES {
        project.add_fixture(fixture);
    }
    project
}

#[test]
fn the_terminal_shows_place_rule_risk_and_first_step() {
    let project = Project::with("app/settings.conf", ONE);
    insta::assert_snapshot!(project.scan(&[]).stdout, @r"
    ./app/settings.conf
      2:21     high  Rocketpunch App Key  rp_app_********
               rule   rocketpunch-app-key (confidence medium: documented shape)
               risk   Calls the Rocketpunch Open API as the app it was issued to.
               do     Developer Portal (developers.rocketpunch.com) → your app: issue a new App Key. It is active at once; there is no approval.

    1 finding in 1 file (1 high); read 1 file, 52 bytes
    git-ignored files were left out (--no-ignore reads them)
    revoke first, then remove: the history keeps what the tree has lost
    `straykey guide RULE` prints all steps for a rule
    ");
}

#[test]
fn verbose_prints_the_runbook_and_what_was_skipped() {
    let project = Project::with("app/settings.conf", ONE);
    project.write("logo.bin", b"\x7fELF\0\0\0\x01");
    let run = project.scan(&["-v"]);
    assert_eq!(run.code, 1);
    for part in ["Steps:", "Investigate:", "Prevent:", "\n  logo.bin\n"] {
        assert!(run.stdout.contains(part), "`{part}` is not in:\n{}", run.stdout);
    }
}

#[test]
fn a_secret_of_no_known_shape_under_a_providers_name_points_to_its_runbook() {
    let value = ["k9Tz2w", "Qm7Rb4xL", "v8Nc3Yd6", "Hs5Jf1Pg"].concat();
    let project =
        Project::with("app.env", &format!("INFURA_API_KEY={value}\nMY_API_KEY={value}\n"));
    let (_, report) = project.scan_json(&[]);
    let rules: Vec<&Value> = findings(&report).iter().map(|f| &f["rule"]).collect();
    assert_eq!(rules, ["infura-credential", "generic-secret"]);
    let reasons = findings(&report)[0]["reasons"].as_array().unwrap();
    assert!(reasons.contains(&"its name speaks of Infura".into()), "{reasons:?}");
    let rule = &report["rules"]["infura-credential"];
    assert_eq!(
        (&rule["title"], &rule["provider"]),
        (&"Infura credential".into(), &"Infura".into())
    );
    let book = project.straykey(&["guide", "infura-credential"]).stdout;
    assert!(book.contains(rule["guidance"]["steps"][0].as_str().unwrap()), "{book}");
}

#[test]
fn a_name_that_comes_or_goes_leaves_the_fingerprint_and_the_baseline() {
    let value = ["k9Tz2w", "Qm7Rb4xL", "v8Nc3Yd6", "Hs5Jf1Pg"].concat();
    let project = Project::with("app.ini", &format!("API_KEY = {value}\n"));
    let fingerprint = || findings(&project.scan_json(&[]).1)[0]["fingerprint"].to_string();
    let before = fingerprint();
    assert_eq!(project.straykey(&["baseline", "write", "known.txt"]).code, 0);
    project.write("app.ini", format!("# Infura\nAPI_KEY = {value}\n").as_bytes());
    let (_, report) = project.scan_json(&[]);
    assert_eq!(findings(&report)[0]["rule"], "infura-credential");
    assert_eq!(findings(&report)[0]["fingerprint"].to_string(), before);
    let accepted = project.scan(&["--baseline", "known.txt"]);
    assert_eq!(accepted.code, 0, "the baseline has it by either name: {}", accepted.stdout);
}

#[test]
fn a_rule_that_names_what_others_find_is_no_choice_alone() {
    let value = ["k9Tz2w", "Qm7Rb4xL", "v8Nc3Yd6", "Hs5Jf1Pg"].concat();
    let project = Project::with("app.env", &format!("INFURA_API_KEY={value}\n"));
    let alone = project.scan(&["--rule", "infura-credential"]);
    assert_eq!(alone.code, 2);
    let why = "rule `infura-credential` finds nothing by itself";
    assert!(alone.stderr.contains(why), "{}", alone.stderr);
    let rules = |flags: &[&str]| {
        let (_, report) = project.scan_json(flags);
        findings(&report).iter().map(|f| f["rule"].to_string()).collect::<Vec<_>>()
    };
    let both = ["--rule", "generic-secret", "--rule", "infura-credential"];
    assert_eq!(rules(&both), ["\"infura-credential\""]);
    assert_eq!(rules(&both[..2]), ["\"generic-secret\""]);
    let shown = project.straykey(&["rules", "show", "infura-credential"]).stdout;
    assert!(shown.contains("names       infura\nhosts       infura.io\n"), "{shown}");
}

#[test]
fn quiet_prints_findings_only() {
    let project = Project::with("app/settings.conf", ONE);
    let run = project.scan(&["-q"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("./app/settings.conf\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("1 finding"), "{}", run.stdout);
    let clean = Project::with("a.txt", "nothing");
    let run = clean.scan(&["-q"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
}

#[test]
fn json_says_once_for_each_rule_what_to_do() {
    let (run, report) = everything().scan_json(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["schema", "tool", "findings", "rules", "coverage", "suppressed", "errors"]);
    assert_eq!(report["schema"], "straykey/1");
    assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["coverage"]["complete"], true);
    for finding in findings(&report) {
        assert_finding(finding);
        let guidance = &report["rules"][finding["rule"].as_str().unwrap()]["guidance"];
        assert!(!guidance["steps"].as_array().unwrap().is_empty(), "{finding:#}");
    }
}

fn assert_finding(finding: &Value) {
    let keys: BTreeSet<&str> = finding
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .filter(|k| !["exposure", "inside", "same_value"].contains(k))
        .collect();
    let expected = [
        "rule",
        "severity",
        "confidence",
        "path",
        "start",
        "end",
        "secret",
        "fingerprint",
        "reasons",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    assert!(finding["secret"].as_str().unwrap().ends_with("********"), "{finding:#}");
    let fingerprint = finding["fingerprint"].as_str().unwrap();
    assert!(fingerprint.len() == 32 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn jsonl_is_one_object_a_line_and_a_summary() {
    let project = everything();
    let run = project.scan(&["-f", "jsonl"]);
    let lines: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let (summary, found) = lines.split_last().unwrap();
    assert_eq!(found.len(), project.marks().len());
    assert!(found.iter().all(|l| l["type"] == "finding" && l["schema"] == "straykey/1"));
    assert!(found.iter().all(|l| l["guidance"]["impact"].is_string() && l["title"].is_string()));
    assert_eq!((&summary["type"], &summary["findings"]), (&"summary".into(), &found.len().into()));
}

#[test]
fn several_reports_come_from_one_run() {
    let project = everything();
    let run = project.scan(&["--report", "sarif=s.sarif", "--report", "json=r.json", "-q"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let report: Value = serde_json::from_str(&project.read("r.json")).unwrap();
    assert_eq!(places(&report), project.marks());
    let log: Value = serde_json::from_str(&project.read("s.sarif")).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), project.marks().len());
}

#[test]
fn no_output_tells_a_secret_unless_asked_to() {
    let project = everything();
    for format in FORMATS {
        for more in [&[][..], &["-v"], &["-q"], &["--color", "always"]] {
            // `scan` itself looks for every planted secret in both streams.
            assert_eq!(project.scan(&[&["-f", format], more].concat()).code, 1);
        }
        let target = format!("{format}=report.out");
        project.scan(&["--report", &target]);
        project.assert_redacted(&project.read("report.out"));
        std::fs::remove_file(project.path("report.out")).unwrap();
    }
    for planted in project.planted() {
        let (path, line, _) = &planted.place;
        project.straykey(&["explain", &format!("{path}:{line}")]);
    }
}

#[test]
fn secrets_are_shown_when_asked_for() {
    let project = everything();
    let (run, report) = project.scan_json(&["--show-secrets"]);
    assert_eq!(run.code, 1);
    let shown: BTreeSet<&str> =
        findings(&report).iter().map(|f| f["secret"].as_str().unwrap()).collect();
    let marks = project.marks();
    for planted in project.planted().iter().filter(|p| marks.contains(&p.place)) {
        assert!(shown.contains(&*planted.secret), "{:?}", planted.place);
    }
    let run = project.scan(&["--show-secrets", "--no-show-secrets"]);
    project.assert_redacted(&run.stdout);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let project = Project::with("a.conf", ONE);
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = project.command(&[&["scan"], args].concat());
        command.envs(env.iter().copied());
        project.finish(command, b"").stdout.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[("TERM", "xterm")]), "a pipe is no terminal");
    assert!(!coloured(&[], &[("NO_COLOR", "1"), ("TERM", "xterm")]));
    assert!(!coloured(&["--color", "never"], &[]));
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]), "a flag is more than a wish");
    for format in &FORMATS[1..] {
        assert!(!coloured(&["--color", "always", "-f", format], &[]), "{format}");
    }
    project.scan(&["--color", "always", "--report", "terminal=report.txt"]);
    assert!(!project.read("report.txt").contains('\u{1b}'), "a file is no terminal");
}

#[test]
fn findings_below_a_severity_are_left_out() {
    let project = everything();
    let (_, all) = project.scan_json(&[]);
    let mut last = count(&all);
    for (rank, level) in ["info", "low", "medium", "high", "critical"].iter().enumerate() {
        let (run, report) = project.scan_json(&["--min-severity", level]);
        let at_least = |f: &&Value| {
            ["info", "low", "medium", "high", "critical"][rank..]
                .contains(&f["severity"].as_str().unwrap())
        };
        let expected: Vec<&Value> = findings(&all).iter().filter(at_least).collect();
        assert_eq!(findings(&report).iter().collect::<Vec<_>>(), expected, "{level}");
        assert_eq!(run.code, i32::from(!expected.is_empty()));
        assert!(count(&report) <= last);
        last = count(&report);
    }
}

#[test]
fn findings_below_a_confidence_are_left_out() {
    let project = everything();
    let (_, all) = project.scan_json(&[]);
    let (_, report) = project.scan_json(&["--min-confidence", "high"]);
    let high: Vec<&Value> = findings(&all).iter().filter(|f| f["confidence"] == "high").collect();
    assert!(!high.is_empty() && high.len() < count(&all));
    assert_eq!(findings(&report).iter().collect::<Vec<_>>(), high);
}

#[test]
fn a_filter_that_leaves_nothing_gives_zero() {
    let project = Project::with("docs/a.md", ONE);
    let run = project.scan(&["--min-severity", "critical"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("no findings; read 1 file"), "{}", run.stdout);
}

#[test]
fn excluded_paths_are_not_read() {
    let mut project = Project::with("keep/.env", ONE);
    let gone = ONE.replace("@@r", "@@!r");
    for path in ["vendor/deep/a.env", "keep/old.bak", "keep/vendor/b.env"] {
        project.plant(path, &gone);
    }
    let report = project.assert_marks_are_reported(&["--exclude", "vendor", "--exclude", "*.bak"]);
    assert_eq!(report["coverage"]["files"], 1);
    project.assert_marks_are_reported(&["--exclude", "**/vendor/**", "--exclude", "keep/*.bak"]);
}

#[test]
fn rules_are_chosen_and_left_out_by_name() {
    let project = Project::from_fixture("dotenv");
    let rules = |args: &[&str]| -> BTreeSet<String> {
        let (_, report) = project.scan_json(args);
        places(&report).into_iter().map(|(_, _, rule)| rule).collect()
    };
    let (stripe, gitlab) = ("stripe-live-secret-key", "gitlab-personal-access-token");
    let of = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(rules(&["--rule", stripe]), of(&[stripe]));
    assert_eq!(rules(&["--rule", stripe, "--rule", gitlab]), of(&[stripe, gitlab]));
    assert_eq!(rules(&["--rule", stripe, "--exclude-rule", stripe]), of(&[]));
    let without = rules(&["--exclude-rule", stripe]);
    let all: BTreeSet<String> = project.marks().into_iter().map(|(_, _, rule)| rule).collect();
    // The line may then be reported by a more general rule; that one goes by its own name.
    assert!(!without.contains(stripe) && all.difference(&without).eq(&of(&[stripe])));
}

#[test]
fn exit_zero_is_for_findings_only() {
    let project = Project::with("a.env", ONE);
    assert_eq!(project.scan(&[]).code, 1);
    assert_eq!(project.scan(&["--exit-zero"]).code, 0);
    assert_eq!(project.scan(&["--exit-zero", "--no-exit-zero"]).code, 1);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let project = everything();
    for format in FORMATS {
        let one = project.scan(&["-f", format, "-j1"]);
        for threads in ["-j2", "-j8", "-j0"] {
            let many = project.scan(&["-f", format, threads]);
            assert!(many.stdout == one.stdout && many.code == one.code, "{format} {threads}");
        }
    }
}

#[test]
fn findings_are_sorted_by_path_and_place() {
    let (_, report) = everything().scan_json(&["-j8"]);
    let key = |f: &Value| {
        let number = |k: &str| f["start"][k].as_u64().unwrap();
        (f["path"].as_str().unwrap().to_owned(), number("line"), number("column"))
    };
    assert!(findings(&report).iter().map(key).is_sorted());
}
