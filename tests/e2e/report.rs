//! `straykey report`: a saved report, told again in any other format.

use serde_json::{Value, json};

use crate::{
    project::{Project, count},
    repository::{Repository, settings},
};

const FORMATS: [&str; 10] =
    ["terminal", "json", "jsonl", "sarif", "html", "markdown", "github", "gitlab", "junit", "csv"];
const ONE: &str = "PORT=80\nROCKETPUNCH_API_KEY=@@rocketpunch-app-key@@\n";

/// A repository with a history, and files that are not committed.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("old.env", &settings(0));
    repository.commit_file("kept.env", &format!("{}{}", settings(1), settings(0)));
    repository.remove("old.env");
    repository.commit("remove it");
    repository.write("new.env", &settings(2));
    repository
}

/// A project of one finding, and its JSON report.
fn saved() -> (Project, Value) {
    let project = Project::with("app/settings.conf", ONE);
    let (run, report) = project.scan_json(&[]);
    project.write("r.json", run.stdout.as_bytes());
    (project, report)
}

#[test]
fn a_saved_report_becomes_what_the_scan_would_have_written() {
    let repository = repository();
    for saved in ["json", "jsonl"] {
        let kept = Project::empty();
        let target = format!("{saved}={}", kept.path("saved").display());
        for format in FORMATS {
            for more in [&[][..], &["-v"], &["-q"], &["--color", "always"]] {
                let told = repository.scan(&[&["-f", format, "--report", &target], more].concat());
                let again = kept.straykey(&[&["report", "saved", "-f", format], more].concat());
                assert_eq!((told.code, again.code), (1, 1));
                assert!(told.stdout == again.stdout, "{saved} {format} {more:?}");
            }
        }
    }
}

#[test]
fn a_scan_of_files_is_told_again_with_its_paths_in_the_repository() {
    let (project, _) = saved();
    let again = project.straykey(&["report", "r.json"]);
    assert!(again.stdout.starts_with("app/settings.conf\n  2:21     high  "), "{}", again.stdout);
    for format in &FORMATS[1..] {
        let told = project.scan(&["-f", format, "--exclude", "r.json"]);
        let again = project.straykey(&["report", "r.json", "-f", format]);
        assert!(told.stdout == again.stdout, "{format}: {} {}", told.stdout, again.stdout);
    }
}

#[test]
fn standard_input_and_several_reports_are_taken() {
    let (project, report) = saved();
    let stdin = report.to_string();
    let args = ["report", "-", "-f", "sarif", "--report", "html=r.html", "--report", "csv=r.csv"];
    let run = project.straykey_reading(&args, stdin.as_bytes());
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(run.json()["runs"][0]["results"].as_array().unwrap().len(), 1);
    assert!(project.read("r.html").starts_with("<!DOCTYPE html>"));
    assert_eq!(project.read("r.csv").lines().count(), 2);
    let run = project.straykey(&["report", "r.json", "--report", "json=r.json"]);
    assert_eq!(run.code, 1, "a report may take the place of the one it was made of");
    assert_eq!(serde_json::from_str::<Value>(&project.read("r.json")).unwrap(), report);
}

#[test]
fn the_exit_code_is_that_of_the_scan() {
    let (project, mut report) = saved();
    let code = |report: &Value, args: &[&str]| {
        let args = [&["report", "-"], args].concat();
        project.straykey_reading(&args, report.to_string().as_bytes()).code
    };
    assert_eq!((code(&report, &[]), code(&report, &["--exit-zero"])), (1, 0));
    report["errors"] = json!(["cannot read `x`"]);
    assert_eq!((code(&report, &[]), code(&report, &["--exit-zero"])), (2, 2));
    report["errors"] = json!([]);
    report["coverage"]["complete"] = false.into();
    let run = project.straykey_reading(&["report", "-"], report.to_string().as_bytes());
    assert_eq!(run.code, 2);
    assert_eq!(run.stderr, "straykey: the saved report says that its scan was not complete\n");
    report["coverage"]["complete"] = true.into();
    report["coverage"]["skipped"]["unreadable"] = json!(["x"]);
    assert_eq!(code(&report, &[]), 2, "a gap is a gap");
    report["coverage"]["skipped"] = json!({});
    report["findings"] = json!([]);
    assert_eq!(code(&report, &[]), 0);
}

#[test]
fn secrets_in_clear_are_masked_again_unless_asked_for() {
    let project = Project::with("a.env", ONE);
    let secret = project.planted()[0].secret.clone();
    let run = project.scan(&["-f", "json", "--show-secrets"]);
    assert_eq!(run.json()["findings"][0]["redacted"], "rp_app_********");
    let clear = run.stdout;
    let redacted = project.scan(&["-f", "json"]).stdout;
    for format in FORMATS {
        let args = ["report", "-", "-f", format];
        // Reading looks for the planted secret in all that is printed.
        let masked = project.straykey_reading(&args, clear.as_bytes()).stdout;
        assert!(masked == project.straykey_reading(&args, redacted.as_bytes()).stdout, "{format}");
        let args = [&args[..], &["--show-secrets"]].concat();
        let shown = project.straykey_reading(&args, clear.as_bytes()).stdout;
        // Markdown writes what could be markup as a number.
        assert!(shown.replace("&#95;", "_").contains(&*secret), "{format}");
    }
    // Somebody took away the field that says what may be shown.
    let mut bare: Value = serde_json::from_str(&clear).unwrap();
    bare["findings"][0].as_object_mut().unwrap().remove("redacted");
    let run = project.straykey_reading(&["report", "-", "-f", "json"], bare.to_string().as_bytes());
    assert_eq!(run.json()["findings"][0]["secret"], "********");
}

#[test]
fn what_is_not_a_report_is_named_with_its_key() {
    let (project, report) = saved();
    let said = |text: &str| {
        project.write("bad.json", text.as_bytes());
        let run = project.straykey(&["report", "bad.json"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        let head = "straykey: cannot use report `bad.json`: ";
        let said = run.stderr.strip_prefix(head).expect("it names the file");
        // The column depends on all the fields before it.
        said.trim_end().split(" at line ").next().unwrap().to_owned()
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut report = report.clone();
        change(&mut report);
        said(&report.to_string())
    };
    let all = [
        said(""),
        said("not JSON"),
        said("[]"),
        said("{}"),
        said("{\"runs\": []}"),
        changed(&|r| r["schema"] = "straykey/2".into()),
        changed(&|r| r["schema"] = 1.into()),
        changed(&|r| r["findings"][0]["start"]["line"] = "2".into()),
        changed(&|r| r["findings"][0]["start"]["line"] = 0.into()),
        changed(&|r| r["findings"][0]["end"]["column"] = (-1).into()),
        changed(&|r| r["findings"][0]["severity"] = "fatal".into()),
        changed(&|r| r["findings"][0]["history"] = json!({ "reach": "moon" })),
        changed(&|r| r["findings"][0]["rule"] = "nobodys-key".into()),
        changed(&|r| r["coverage"]["skipped"]["eclipse"] = json!([])),
        changed(&|r| drop(r.as_object_mut().unwrap().remove("errors"))),
        changed(&|r| r["rules"]["rocketpunch-app-key"]["guidance"]["steps"] = "one".into()),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    line 1: EOF while parsing a value
    line 1: expected ident
    line 1: invalid length 0, expected an object with `schema`
    `schema` is missing; this version reads `straykey/1`
    `schema` is missing; this version reads `straykey/1`
    `schema` is `straykey/2`; this version reads `straykey/1`
    line 1: invalid type: integer `1`, expected a string
    `findings[0].start.line` in line 1: invalid type: string "2", expected usize
    `findings[0].start` has a 0: lines and columns count from 1
    `findings[0].end.column` in line 1: invalid value: integer `-1`, expected usize
    `findings[0].severity` in line 1: unknown variant `fatal`, expected one of `info`, `low`, `medium`, `high`, `critical`
    `findings[0].history` in line 1: missing field `at_head`
    `findings[0].rule` is `nobodys-key`, which `rules` lacks
    `coverage.skipped` has `eclipse`, which this version does not know
    line 1: missing field `errors`
    `rules.rocketpunch-app-key.guidance.steps` in line 1: invalid type: string "one", expected a sequence
    "#);
    let run = project.straykey(&["report", "nothing.json"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.starts_with("straykey: cannot read report `nothing.json`: "));
}

#[test]
fn a_report_that_was_cut_off_is_not_taken_for_a_whole_one() {
    let project = Project::with("a.env", &ONE.repeat(2));
    let lines = project.scan(&["-f", "jsonl"]).stdout;
    let said = |text: String| {
        let run = project.straykey_reading(&["report", "-"], text.as_bytes());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        run.stderr
    };
    let all: Vec<&str> = lines.lines().collect();
    let whole = "the last line is not a summary: the report is not whole";
    assert!(said(all[..2].join("\n")).contains(whole));
    assert!(said(format!("{lines}{}", all[0])).contains(whole));
    assert!(said(format!("{}\n{}", all[0], &all[1][..40])).contains(": line 2: "));
    assert!(
        said(format!("{}\n{{\"schema\":\"straykey/1\",\"type\":\"x\"}}", all[0]))
            .contains("line 2: `type` is `x`")
    );
}

#[test]
fn fields_of_a_later_version_are_left_alone() {
    let (project, mut report) = saved();
    report["verified"] = json!({ "live": 3 });
    report["findings"][0]["replaced_by"] = json!(["x"]);
    report["coverage"]["objects"] =
        json!({ "commits": 1, "trees": 1, "blobs": 1, "tags": 0, "x": 1 });
    let args = ["report", "-", "-f", "json"];
    let run = project.straykey_reading(&args, report.to_string().as_bytes());
    assert_eq!((run.code, count(&run.json())), (1, 1));
}
