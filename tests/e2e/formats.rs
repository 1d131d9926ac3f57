//! Every format with names that somebody chose to break it, and with what could not be read.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use serde_json::Value;

use crate::project::{Project, Run};

const FORMATS: [&str; 10] =
    ["terminal", "json", "jsonl", "sarif", "html", "markdown", "github", "gitlab", "junit", "csv"];
const ONE: &str = "ROCKETPUNCH_API_KEY=@@rocketpunch-app-key@@\n";

/// A file with a finding under each of these names.
const NAMES: [&[u8]; 12] = [
    b"a\n::error file=x::y\n.env",
    b"b\r\n=1+1.env",
    b"=cmd|' -c calc'!A1.env",
    b"]]><script>alert(1)<!--.env",
    b"-->\"'&amp;<img src=x onerror=y>.env",
    b"%0A%0D::stop-commands::x.env",
    b"c,d:e;f.env",
    b"| `x` [y](z) @everyone #1.env",
    b"\x1b[31m\x07\x7f.env",
    b"not-utf-8-\xff\xfe.env",
    "\u{202e}vne.txt\u{2066}\u{fffe}.env".as_bytes(),
    b"@file +x -y.env",
];

fn hostile() -> Project {
    let mut project = Project::empty();
    let text = project.expand("x", ONE);
    for name in NAMES {
        fs::write(project.path(OsStr::from_bytes(name)), &text).unwrap();
    }
    project
}

fn report(project: &Project, format: &str) -> Run {
    let run = project.scan(&["-f", format]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    run
}

#[test]
fn no_name_breaks_a_json_format() {
    let project = hostile();
    let count = |v: &Value| v.as_array().unwrap().len();
    assert_eq!(count(&report(&project, "json").json()["findings"]), NAMES.len());
    assert_eq!(count(&report(&project, "sarif").json()["runs"][0]["results"]), NAMES.len());
    assert_eq!(count(&report(&project, "gitlab").json()["vulnerabilities"]), NAMES.len());
    let lines = report(&project, "jsonl").stdout;
    assert_eq!(lines.lines().count(), NAMES.len() + 1);
    assert!(lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()));
}

#[test]
fn no_name_is_a_workflow_command() {
    let text = report(&hostile(), "github").stdout;
    let file = |l: &str| l.starts_with("::error file=") && l.matches("::").count() == 2;
    let lines: Vec<&str> = text.lines().collect();
    let (last, findings) = lines.split_last().unwrap();
    assert!(findings.len() == 10 && findings.iter().all(|l| file(l)), "{text}");
    assert!(last.starts_with("::notice title=straykey::12 findings in 12 files"), "{last}");
}

#[test]
fn no_name_is_markup() {
    let project = hostile();
    let page = report(&project, "html").stdout;
    assert_eq!(page.matches("<article id=\"finding-").count(), NAMES.len());
    for tag in page.split('<').skip(1) {
        let name = tag.split([' ', '>']).next().unwrap();
        assert!(!["script", "img", "!--"].iter().any(|bad| name.starts_with(bad)), "<{tag}");
    }
    let text = report(&project, "markdown").stdout;
    assert_eq!(text.lines().filter(|l| l.starts_with("| high |")).count(), NAMES.len());
    assert!(!text.contains("<img") && !text.contains("<script") && !text.contains("@everyone"));
}

#[test]
fn no_name_ends_an_element_or_a_cell() {
    let project = hostile();
    let xml = report(&project, "junit").stdout;
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut cases = 0;
    loop {
        match reader.read_event().expect("it is well-formed") {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(e) if e.name().as_ref() == "testcase" => cases += 1,
            _ => {}
        }
    }
    assert_eq!(cases, NAMES.len());
    let table = report(&project, "csv").stdout;
    let mut table = csv::Reader::from_reader(table.as_bytes());
    let cells: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(cells.len(), NAMES.len());
    let formula = |c: &str| c.starts_with(['=', '+', '-', '@', '\t', '\r']);
    assert!(!cells.iter().flatten().any(formula), "{cells:?}");
}

#[test]
fn no_report_for_people_has_a_control_character_or_turns_its_text() {
    let project = hostile();
    for format in FORMATS {
        let text = report(&project, format).stdout;
        // JSON writes the first 32 characters as numbers and the others as they are.
        let for_programs = ["json", "jsonl", "sarif"].contains(&format);
        let odd = |c: char| match c {
            '\n' | '\r' => false,
            '\u{7f}' | '\u{202e}' | '\u{2066}' => !for_programs,
            c => c.is_control(),
        };
        assert!(!text.contains(odd), "{format}");
    }
}

#[test]
fn what_could_not_be_read_is_in_every_format_that_has_room_for_it() {
    let mut project = Project::with("a.env", ONE);
    project.write("logo.bin", b"\x7fELF\0\0\0\x01");
    project.plant("b/c.env", ONE);
    let args = |format| ["scan", "a.env", "logo.bin", "gone.env", "-f", format];
    for format in FORMATS {
        let run = project.straykey(&args(format));
        assert_eq!(run.code, 2, "{format}");
        let says = run.stdout.contains("gone.env") || run.stdout.contains("not complete");
        assert_eq!(says, format != "csv", "{format}: {}", run.stdout);
    }
}

#[test]
fn the_time_that_gitlab_asks_for_can_be_fixed() {
    let project = hostile();
    let run = |epoch: &str| {
        let mut command = project.command(&["scan", "-f", "gitlab"]);
        command.env("SOURCE_DATE_EPOCH", epoch);
        project.finish(command, b"").json()["scan"]["end_time"].clone()
    };
    assert_eq!(run("1767319445"), "2026-01-02T02:04:05");
    assert_eq!(run("0"), "1970-01-01T00:00:00");
}
