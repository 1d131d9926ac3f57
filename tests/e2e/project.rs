//! A project in a temporary directory, what was planted in it, and the binary run on it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::fakes;

/// A directory with files and planted secrets; it vanishes when dropped.
pub(crate) struct Project {
    dir: TempDir,
    planted: Vec<Planted>,
}

/// A secret that stands in a project.
#[derive(Clone)]
pub(crate) struct Planted {
    pub(crate) place: Place,
    /// In characters, from 1.
    pub(crate) column: usize,
    pub(crate) secret: Arc<str>,
    expected: bool,
}

/// Where a rule reports something: path, line, rule.
pub(crate) type Place = (String, u64, String);

/// How a run of the binary ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().expect("there is room for a temporary directory");
        Self { dir, planted: Vec::new() }
    }

    /// `fixtures/<name>` with fakes in place of its marks.
    pub(crate) fn from_fixture(name: &str) -> Self {
        let mut project = Self::empty();
        project.copy(&fixture(name), Path::new(""));
        project
    }

    /// Adds a fixture in a directory of its name.
    pub(crate) fn add_fixture(&mut self, name: &str) {
        self.copy(&fixture(name), Path::new(name));
    }

    /// A project of one file.
    pub(crate) fn with(path: &str, template: &str) -> Self {
        let mut project = Self::empty();
        project.plant(path, template);
        project
    }

    fn copy(&mut self, from: &Path, to: &Path) {
        for entry in fs::read_dir(from).expect("fixtures are directories") {
            let entry = entry.expect("fixtures can be listed");
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                self.copy(&entry.path(), &to);
            } else {
                let text = fs::read_to_string(entry.path()).expect("fixtures are UTF-8");
                self.plant(to.to_str().expect("names in fixtures are UTF-8"), &text);
            }
        }
    }

    /// Writes `template` with a fake for each mark: `@@rule-id@@` must be found, `@@!rule-id@@` must not.
    pub(crate) fn plant(&mut self, path: &str, template: &str) {
        let text = self.expand(path, template);
        self.write(path, text.as_bytes());
    }

    /// What `plant` writes, for a test that stores it in its own way.
    pub(crate) fn expand(&mut self, path: &str, template: &str) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, mark, after)) = next_mark(rest) {
            text.push_str(before);
            let rule = mark.trim_start_matches('!');
            let secret = fakes::secret(rule);
            let line = 1 + text.matches('\n').count() as u64;
            let column = 1 + text.rsplit('\n').next().unwrap_or_default().chars().count();
            text.push_str(&secret);
            let place = (path.to_owned(), line, rule.to_owned());
            let expected = !mark.starts_with('!');
            self.planted.push(Planted { place, column, secret, expected });
            rest = after;
        }
        text + rest
    }

    /// Writes a file as it is, with the directories above it.
    pub(crate) fn write(&self, path: impl AsRef<Path>, bytes: &[u8]) {
        let path = self.path(path);
        let above = path.parent().expect("it is below the project");
        fs::create_dir_all(above).expect("the project can be written");
        fs::write(path, bytes).expect("the project can be written");
    }

    /// Makes it a git repository as far as ignore rules care.
    pub(crate) fn make_repository(&self) {
        fs::create_dir(self.path(".git")).expect("the project can be written");
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("the run wrote this file")
    }

    pub(crate) fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// The places that must be reported.
    pub(crate) fn marks(&self) -> BTreeSet<Place> {
        self.planted.iter().filter(|p| p.expected).map(|p| p.place.clone()).collect()
    }

    /// The binary, in this project, with nothing in its environment but a time that stands still.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> process::Command {
        let mut command = process::Command::new(assert_cmd::cargo::cargo_bin!("straykey"));
        command.env_clear().env("SOURCE_DATE_EPOCH", "1767319445");
        command.current_dir(self.dir.path()).args(args);
        command
    }

    /// Runs the binary. Whatever it does, it must not panic nor tell a secret that it was not asked for.
    pub(crate) fn straykey<S: AsRef<OsStr>>(&self, args: &[S]) -> Run {
        self.finish(self.command(args), b"")
    }

    /// Runs the binary with something on its standard input.
    pub(crate) fn straykey_reading<S: AsRef<OsStr>>(&self, args: &[S], stdin: &[u8]) -> Run {
        self.finish(self.command(args), stdin)
    }

    /// Runs a command that `command` made.
    pub(crate) fn finish(&self, command: process::Command, stdin: &[u8]) -> Run {
        let shown = command.get_args().any(|a| a == "--show-secrets");
        let mut command = Command::from_std(command);
        let output = command
            .timeout(Duration::from_secs(60))
            .write_stdin(stdin)
            .output()
            .expect("the binary was built");
        let text = |bytes| String::from_utf8(bytes).expect("all output is UTF-8");
        let run = Run {
            code: output.status.code().expect("it ended by itself and in time"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        if !shown {
            self.assert_redacted(&run.stdout);
            self.assert_redacted(&run.stderr);
        }
        run
    }

    /// `straykey scan` with these arguments.
    pub(crate) fn scan(&self, args: &[&str]) -> Run {
        self.straykey(&[&["scan"], args].concat())
    }

    /// `straykey scan -f json` with these arguments.
    pub(crate) fn scan_json(&self, args: &[&str]) -> (Run, Value) {
        let run = self.scan(&[&["-f", "json"], args].concat());
        let report = run.json();
        (run, report)
    }

    /// Scans the whole project: what is reported is what is marked, no more and no less.
    pub(crate) fn assert_marks_are_reported(&self, args: &[&str]) -> Value {
        let (run, report) = self.scan_json(args);
        assert_eq!(places(&report), self.marks());
        assert_eq!(count(&report), self.marks().len(), "something is reported twice");
        assert_eq!((run.code, run.stderr.as_str()), (i32::from(!self.marks().is_empty()), ""));
        report
    }

    /// No planted secret, nor its end, stands in `text`.
    pub(crate) fn assert_redacted(&self, text: &str) {
        for planted in &self.planted {
            for part in telling_parts(&planted.secret) {
                assert!(!text.contains(part), "a secret of {:?} is in clear", planted.place);
            }
        }
    }
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("not JSON: {e}\n{}\n{}", self.stdout, self.stderr))
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The places in a JSON report.
pub(crate) fn places(report: &Value) -> BTreeSet<Place> {
    findings(report)
        .iter()
        .map(|f| {
            let text = |v: &Value| v.as_str().expect("it is a string").to_owned();
            let line = f["start"]["line"].as_u64().expect("lines are numbers");
            (text(&f["path"]), line, text(&f["rule"]))
        })
        .collect()
}

pub(crate) fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().expect("a report has findings")
}

pub(crate) fn count(report: &Value) -> usize {
    findings(report).len()
}

/// What is said of the finding in the file `path`, which has one.
pub(crate) fn finding_in<'r>(report: &'r Value, path: &str) -> &'r Value {
    let mut all = findings(report).iter().filter(|f| f["path"] == path);
    let first = all.next().unwrap_or_else(|| panic!("nothing is found in {path}: {report:#}"));
    assert!(all.next().is_none(), "{path} has several findings");
    first
}

/// Text before the next mark, its id, and the text behind it.
fn next_mark(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("@@")?;
    let (mark, after) = rest.split_once("@@")?;
    let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '!');
    assert!(mark.chars().all(is_id) && !mark.is_empty(), "`{mark}` is not a mark");
    Some((before, mark, after))
}

/// Parts that must not be printed: the lines of a block, or the whole and its last bytes.
fn telling_parts(secret: &str) -> Vec<&str> {
    if secret.contains('\n') {
        return secret.lines().filter(|l| l.len() >= 16 && !l.starts_with("---")).collect();
    }
    let tail = secret.len().saturating_sub(8);
    vec![secret, &secret[tail..]]
}
