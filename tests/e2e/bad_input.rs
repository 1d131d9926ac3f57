//! Requests that are wrong and inputs that fail: each says what is wrong, ends with 2, and keeps
//! what was found elsewhere.

use std::{fs, process::Stdio};

use crate::project::{Project, Run, places};

const SETTINGS: &str = "STRIPE_KEY=@@stripe-live-secret-key@@\n";

/// A rule file that is right; the tests break one thing each.
const RULES: &str = r#"
[provider]
name = "AcmePay"

[provider.guidance]
impact = "Can charge and refund on the whole account."
self_service = true
steps = ["Roll the key: the old one stops at once."]
investigate = ["Read the request log."]
prevent = ["Keep keys in a vault."]
source = "https://docs.acmepay.example/keys/rotate"
checked = 2026-11-21

[[rule]]
id = "acmepay-live-key"
title = "AcmePay live secret key"
severity = "high"
keywords = ["acp_live_"]
regex = '''\b(?<secret>acp_live_[0-9A-Za-z]{24})\b'''
source = "https://docs.acmepay.example/keys#format"
checked = 2026-11-21
must_find = [["k = 'acp_", "live_", "q8Zt1LmV0xWc", "5RbN7yHd3KsP", "'"]]
must_ignore = [["acp_", "live_", "tooshort"]]
"#;

/// The input failed: the finding of `a.env` is reported all the same.
fn assert_incomplete(project: &Project, run: &Run, message: &str) {
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(run.stderr, format!("straykey: {message}\n"));
    let report = run.json();
    assert_eq!(places(&report), project.marks());
    assert_eq!(report["coverage"]["complete"], false);
    assert_eq!(report["errors"], serde_json::json!([message]));
}

/// The request is wrong: nothing is scanned.
fn assert_refused(run: &Run, messages: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    for message in messages {
        assert!(run.stderr.contains(message), "`{message}` is not in:\n{}", run.stderr);
    }
}

fn with_rules(rules: &str) -> Project {
    let mut project = Project::with("acmepay.toml", rules);
    project.plant("a.env", SETTINGS);
    project
}

#[test]
fn a_path_that_does_not_exist() {
    let project = Project::with("a.env", SETTINGS);
    let run = project.scan(&["-f", "json", "nowhere/b.env", "."]);
    let message = "cannot read `nowhere/b.env`: No such file or directory (os error 2)";
    assert_incomplete(&project, &run, message);
    let run = project.scan(&["nowhere"]);
    assert_eq!(run.code, 2, "no finding is no excuse");
    assert!(run.stdout.contains("1 inputs that could not be read"), "{}", run.stdout);
    assert!(run.stdout.contains("the scan is not complete: 1 problem"), "{}", run.stdout);
}

#[test]
fn exit_zero_does_not_hide_what_was_not_read() {
    let project = Project::with("a.env", SETTINGS);
    assert_eq!(project.scan(&["--exit-zero", "nowhere", "."]).code, 2);
}

#[test]
fn a_filter_that_leaves_nothing_does_not_hide_what_was_not_read() {
    let project = Project::with("a.env", SETTINGS);
    let run = project.scan(&["-q", "--rule", "npm-access-token", "nowhere", "."]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
}

/// The memory of a process is a regular file that opens, and reading its first page fails for
/// everyone. So this holds for root too, whom permissions do not stop.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read() {
    let project = Project::with("a.env", SETTINGS);
    let run = project.scan(&["-f", "json", ".", "/proc/self/mem"]);
    let message = "cannot read `/proc/self/mem`: Input/output error (os error 5)";
    assert_incomplete(&project, &run, message);
}

/// A path longer than the system takes: it exists, and nobody can open it by its name.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_opened() {
    let project = Project::with("a.env", SETTINGS);
    let script = "for i in $(seq 25); do mkdir $1 && cd -P $1 || exit 1; done; echo hidden > b.env";
    let dive = std::process::Command::new("bash")
        .args(["-c", script, "dive", &"d".repeat(200)])
        .current_dir(project.path(""))
        .status()
        .unwrap();
    assert!(dive.success());
    let run = project.scan(&["-f", "json"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("File name too long"), "{}", run.stderr);
    assert_eq!(places(&run.json()), project.marks());
    assert_eq!(run.json()["coverage"]["skipped"]["unreadable"].as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_socket_that_is_named_is_not_clean() {
    let project = Project::with("a.env", SETTINGS);
    let _listener = std::os::unix::net::UnixListener::bind(project.path("socket")).unwrap();
    let run = project.scan(&["-f", "json", "socket", "a.env"]);
    let message = "cannot read `socket`: No such device or address (os error 6)";
    assert_incomplete(&project, &run, message);
    let (run, report) = project.scan_json(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "found on the way, it is passed by");
    assert_eq!(report["coverage"]["skipped"]["special-file"], serde_json::json!(["socket"]));
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let mut project = Project::empty();
    let text = project.expand("caf\u{fffd}.env", SETTINGS);
    let name = OsStr::from_bytes(b"caf\xe9.env");
    project.write(name, text.as_bytes());
    let report = project.assert_marks_are_reported(&[]);
    let run = project.straykey(&[OsStr::new("scan"), OsStr::new("-fjson"), name]);
    assert_eq!((run.code, run.json()["findings"] == report["findings"]), (1, true));
    for format in ["terminal", "jsonl", "sarif"] {
        assert_eq!(project.scan(&["-f", format]).code, 1);
    }
    let gone = OsStr::from_bytes(b"gone\xe9");
    let run = project.straykey(&[OsStr::new("scan"), gone]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot read `gone\u{fffd}`"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_name_with_control_characters_does_not_reach_the_terminal() {
    let project = Project::with("a\u{1b}[31m\n.env", SETTINGS);
    let run = project.scan(&[]);
    assert_eq!(run.code, 1);
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
    let run = project.scan(&["b\u{1b}[31m"]);
    assert_eq!(run.code, 2);
    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn the_rule_file_of_these_tests_is_right() {
    let project = with_rules(RULES);
    let run = project.straykey(&["rules", "test", "acmepay.toml"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // It is thin, and works.
    let thin = "acmepay.toml: `acmepay-live-key`: remark: `must_find` has 1 of at least 3 cases\n";
    assert!(run.stdout.contains(thin), "{}", run.stdout);
    assert!(run.stdout.ends_with("2 cases, 0 failed\n"), "{}", run.stdout);
}

#[test]
fn a_rule_whose_regex_does_not_parse() {
    let project = with_rules(&RULES.replace("{24})", "{24}"));
    for args in [vec!["scan", "--rules", "acmepay.toml"], vec!["rules", "test", "acmepay.toml"]] {
        let run = project.straykey(&args);
        assert_refused(&run, &["rule file `acmepay.toml`: rule `acmepay-live-key`: `regex`"]);
        assert!(run.stderr.contains("unclosed group"), "{}", run.stderr);
    }
}

#[test]
fn a_rule_without_keywords_that_is_not_for_whole_files() {
    let wordless = RULES.replace("[\"acp_live_\"]", "[]");
    let whole = wordless.replace(r"'''\b", r"'''\A").replace(r"{24})\b", r"{24})\z");
    for (rules, message) in [
        (
            wordless,
            r"`keywords` needs at least one word that is in every match, or a `regex` for whole files, from `\A` to `\z`",
        ),
        (whole, "`keywords` may be empty only if `paths` names the files"),
    ] {
        let run = with_rules(&rules).scan(&["--rules", "acmepay.toml"]);
        let place = "rule file `acmepay.toml`: rule `acmepay-live-key`: ";
        assert_refused(&run, &[&format!("{place}{message}")]);
    }
}

#[test]
fn a_rule_whose_repetitions_multiply() {
    let words: Vec<String> = ('a'..='z').map(|c| format!("{c}[0-9a-z]{{9}}")).collect();
    let nested = format!("(?:{}){{400}})", words.join("|"));
    let project = with_rules(&RULES.replace("[0-9A-Za-z]{24})", &nested));
    for args in [vec!["scan", "--rules", "acmepay.toml"], vec!["rules", "test", "acmepay.toml"]] {
        let run = project.straykey(&args);
        assert_refused(&run, &["rule file `acmepay.toml`: rule `acmepay-live-key`: `regex`"]);
        assert!(run.stderr.contains("repetitions"), "{}", run.stderr);
    }
}

#[test]
fn a_rule_for_files_of_no_name() {
    let line = "severity = ";
    let project = with_rules(&RULES.replace(line, "paths = [\"[a\"]\nseverity = "));
    let run = project.scan(&["--rules", "acmepay.toml"]);
    assert_refused(&run, &["rule file `acmepay.toml`: rule `acmepay-live-key`: `paths`", "[a"]);
}

#[test]
fn a_rule_that_is_not_for_files_of_no_name() {
    let line = "severity = ";
    let project = with_rules(&RULES.replace(line, "not_paths = [\"[a\"]\nseverity = "));
    let run = project.scan(&["--rules", "acmepay.toml"]);
    assert_refused(&run, &["rule file `acmepay.toml`: rule `acmepay-live-key`: `not_paths`", "[a"]);
}

#[test]
fn a_rule_that_is_not_for_files_of_one_name_is_for_all_others() {
    let project =
        with_rules(&RULES.replace("severity = ", "not_paths = [\".acmerc\"]\nseverity = "));
    let line = ["key = 'acp_", "live_", "q8Zt1LmV0xWc5RbN", "7yHd3KsP'\n"].concat();
    project.write("etc/.acmerc", line.as_bytes());
    project.write("etc/acmerc.txt", line.as_bytes());
    let run = project.scan(&["--rules", "acmepay.toml", "--rule", "acmepay-live-key", "etc"]);
    assert!(
        run.stdout.contains("acmerc.txt") && !run.stdout.contains(".acmerc:"),
        "{}",
        run.stdout
    );
    let said = project.straykey(&["explain", "--rules", "acmepay.toml", "etc/.acmerc:1"]);
    let reason = "dropped: the rule is for files of other names";
    assert!(said.stdout.contains(reason), "{}", said.stdout);
}

#[test]
fn a_rule_for_files_of_one_name_is_for_no_others() {
    let project = with_rules(&RULES.replace("severity = ", "paths = [\".acmerc\"]\nseverity = "));
    let line = ["key = 'acp_", "live_", "q8Zt1LmV0xWc5RbN", "7yHd3KsP'\n"].concat();
    project.write("etc/.acmerc", line.as_bytes());
    project.write("etc/acmerc.txt", line.as_bytes());
    let run = project.scan(&["--rules", "acmepay.toml", "--rule", "acmepay-live-key", "etc"]);
    assert!(run.stdout.contains(".acmerc") && !run.stdout.contains("acmerc.txt"), "{}", run.stdout);
    let said = project.straykey(&["explain", "--rules", "acmepay.toml", "etc/acmerc.txt:1"]);
    let reason = "dropped: the rule is for files of other names";
    assert!(said.stdout.contains(reason), "{}", said.stdout);
}

#[test]
fn a_rule_file_with_an_unknown_key() {
    let project = with_rules(&RULES.replace("severity = ", "seriousness = "));
    let run = project.scan(&["--rules", "acmepay.toml"]);
    assert_refused(&run, &["rule file `acmepay.toml`", "seriousness", "`severity`", "line 17"]);
}

#[test]
fn a_rule_file_without_a_key_that_it_needs() {
    let line = "title = \"AcmePay live secret key\"\n";
    let project = with_rules(&RULES.replace(line, ""));
    let run = project.scan(&["--rules", "acmepay.toml"]);
    assert_refused(&run, &["rule file `acmepay.toml`", "missing field `title`"]);
}

#[test]
fn a_rule_without_cases() {
    let cases = RULES.find("must_find").unwrap();
    let project = with_rules(&RULES[..cases]);
    let run = project.scan(&["--rules", "acmepay.toml"]);
    let rule = "rule file `acmepay.toml`: rule `acmepay-live-key`:";
    assert_refused(
        &run,
        &[
            &format!("{rule} `must_find` needs at least one case"),
            &format!("{rule} `must_ignore` needs at least one case"),
        ],
    );
}

#[test]
fn a_rule_that_is_defined_twice() {
    let project = with_rules(RULES);
    project.write("more/again.toml", RULES.as_bytes());
    let run = project.scan(&["--rules", "acmepay.toml", "--rules", "more"]);
    let twice = "rule `acmepay-live-key` is defined twice: `acmepay.toml` and `more/again.toml`";
    assert_refused(&run, &[twice]);
    let project = with_rules(&RULES.replace("acmepay-live-key", "stripe-live-secret-key"));
    let run = project.scan(&["--rules", "acmepay.toml"]);
    assert_refused(&run, &["`rules/stripe.toml (built in)` and `acmepay.toml`"]);
}

#[test]
fn all_that_is_wrong_with_rule_files_is_said_at_once() {
    let project = with_rules(&RULES.replace("[\"acp_live_\"]", "[]"));
    project.write("b.toml", RULES.replace("acmepay-live-key", "Acme").as_bytes());
    project.write("c.toml", b"provider = 1");
    let run = project.scan(&["--rules", "acmepay.toml", "--rules", "b.toml", "--rules", "c.toml"]);
    assert_refused(&run, &["`keywords` needs", "b.toml`: rule `Acme`: `id` must", "`c.toml`"]);
}

#[test]
fn a_rule_file_that_is_not_there() {
    let project = with_rules(RULES);
    let run = project.scan(&["--rules", "nowhere.toml"]);
    assert_refused(&run, &["cannot read rule file `nowhere.toml`: No such file or directory"]);
    fs::create_dir(project.path("empty")).unwrap();
    let run = project.scan(&["--rules", "empty"]);
    assert_refused(&run, &["no rule files in `empty`: expected `*.toml`"]);
}

#[test]
fn a_rule_that_nobody_knows() {
    let project = Project::with("a.env", SETTINGS);
    for flag in ["--rule", "--exclude-rule"] {
        let run = project.scan(&[flag, "stripe-live-secret-kei"]);
        let message = "straykey: no rule is called `stripe-live-secret-kei`; did you mean `stripe-live-secret-key`?\n";
        assert_eq!((run.code, run.stderr.as_str()), (2, message));
        let run = project.scan(&[flag, "zzz"]);
        assert_eq!((run.code, run.stderr.as_str()), (2, "straykey: no rule is called `zzz`\n"));
    }
    assert_refused(&project.straykey(&["rules", "show", "zzz"]), &["no rule is called `zzz`"]);
    assert_refused(&project.straykey(&["guide", "zzz"]), &["`straykey guide` lists"]);
}

#[test]
fn a_report_that_cannot_be_asked_for_like_this() {
    let project = Project::with("a.env", SETTINGS);
    assert_refused(&project.scan(&["--report", "out.json"]), &["expected FORMAT=PATH"]);
    assert_refused(&project.scan(&["--report", "json="]), &["the path is missing"]);
    assert_refused(&project.scan(&["--report", "yaml=out"]), &["--report", "yaml"]);
    let run = project.scan(&["--report", "json=nowhere/out.json"]);
    assert_refused(&run, &["cannot write report `nowhere/out.json`: No such file or directory"]);
}

#[test]
fn arguments_that_mean_nothing() {
    let project = Project::with("a.env", SETTINGS);
    assert_refused(&project.scan(&["--min-severity", "grave"]), &["grave", "critical"]);
    assert_refused(&project.scan(&["-f", "yaml"]), &["yaml", "sarif"]);
    assert_refused(&project.scan(&["-j", "many"]), &["many"]);
    for threads in ["257", "18446744073709551615"] {
        assert_refused(&project.scan(&["-j", threads]), &["256"]);
    }
    assert_refused(&project.scan(&["--exclude", "a[b"]), &["`a[b` is not a glob"]);
    for empty in ["", " "] {
        let run = project.scan(&["--exclude", empty]);
        assert_refused(&run, &["is not a glob: it is empty"]);
    }
    assert_refused(&project.straykey(&["explain", "a.env"]), &["expected PATH:LINE", "`a.env`"]);
    assert_refused(&project.straykey(&["explain", "a.env:0"]), &["expected PATH:LINE"]);
    assert_refused(&project.straykey(&["explain", "a.env:99"]), &["`a.env` has 2 lines"]);
    assert_refused(&project.straykey(&["explain", "b.env:1"]), &["cannot read `b.env`"]);
    assert_refused(&project.straykey::<&str>(&[]), &["Usage"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_never_turns_findings_into_success() {
    let project = Project::with("a.env", SETTINGS);
    for (args, what) in [
        (&["scan"][..], "standard output"),
        (&["scan", "-f", "json"], "standard output"),
        (&["scan", "-f", "jsonl"], "standard output"),
        (&["scan", "-f", "sarif", "--exit-zero"], "standard output"),
        (&["rules", "list"], "standard output"),
        (&["man"], "standard output"),
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = project.command(args);
        let output = command.stdout(full).stdin(Stdio::null()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let expected =
            format!("straykey: cannot write to {what}: No space left on device (os error 28)\n");
        assert_eq!(message, expected, "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_on_a_full_disk_does_not_cost_the_others() {
    let project = Project::with("a.env", SETTINGS);
    let run = project.scan(&["-fjson", "--report", "sarif=/dev/full", "--report", "jsonl=b.jsonl"]);
    assert_eq!(run.code, 2);
    let message =
        "straykey: cannot write report `/dev/full`: No space left on device (os error 28)\n";
    assert_eq!(run.stderr, message);
    assert_eq!(places(&run.json()), project.marks());
    assert_eq!(project.read("b.jsonl").lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_never_turns_findings_into_success() {
    let project = Project::with("a.env", SETTINGS);
    for format in ["terminal", "json", "jsonl", "sarif"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = project.command(&["scan", "-f", format]);
        let output = command.stdout(writer).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{format}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            message,
            "straykey: cannot write to standard output: Broken pipe (os error 32)\n"
        );
    }
}

#[cfg(unix)]
#[test]
fn nobody_listening_for_warnings_changes_nothing() {
    let project = Project::with("a.env", SETTINGS);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = project.command(&["scan", "-fjson", "nowhere", "."]);
    let output = command.stderr(writer).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout).unwrap().contains("stripe-live-secret-key"));
}
