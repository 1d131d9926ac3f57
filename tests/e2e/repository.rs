//! A git repository in a temporary directory, the keys that tests hide in it, and what a report
//! says about them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    fakes,
    project::{Project, Run, findings},
};

/// How many different keys there are.
const KEYS: usize = 64;

/// Rules that need nothing but the key itself, and whose keys have no checksum.
const RULES: [&str; 4] =
    ["stripe-live-secret-key", "sendgrid-api-key", "linear-api-key", "stripe-live-restricted-key"];

static ALL: LazyLock<Vec<Arc<str>>> = LazyLock::new(|| {
    (0..KEYS).map(|n| fakes::variant(RULES[n % RULES.len()], (n / RULES.len()) as u8)).collect()
});

/// The key number `n`: each number is another key.
pub(crate) fn key(n: usize) -> &'static str {
    &ALL[n]
}

/// The rule that finds the key number `n`.
pub(crate) fn rule_of(n: usize) -> &'static str {
    RULES[n % RULES.len()]
}

/// A file that holds the key number `n`, in line 2.
pub(crate) fn settings(n: usize) -> String {
    format!("# settings\nTOKEN={}\n", key(n))
}

/// A repository; git runs in it with fixed names and dates, and without anybody's configuration.
pub(crate) struct Repository {
    pub(crate) project: Project,
    calls: AtomicU64,
    date: Mutex<Option<String>>,
}

/// What a report says of a commit, or of an annotated tag.
#[derive(Clone)]
pub(crate) struct Commit {
    pub(crate) id: String,
    author: String,
    date: String,
}

impl Repository {
    pub(crate) fn new() -> Self {
        Self::with_format("sha1")
    }

    /// A repository whose object ids are made with this hash.
    pub(crate) fn with_format(format: &str) -> Self {
        let new = Self::nothing();
        new.git(&["init", "-q", &format!("--object-format={format}")]);
        new
    }

    /// An empty directory.
    pub(crate) fn nothing() -> Self {
        let project = Project::empty();
        Self { project, calls: AtomicU64::new(0), date: Mutex::new(None) }
    }

    /// What `git clone` with these options makes of `from`, a path or an address.
    pub(crate) fn clone_of(from: &str, options: &[&str]) -> Self {
        let new = Self::nothing();
        new.git(&[&["clone", "-q"], options, &[from, "."]].concat());
        new
    }

    /// The same directory at another place.
    pub(crate) fn copy(&self) -> Self {
        let new = Self::nothing();
        copy_directory(&self.path(""), &new.path(""));
        new
    }

    /// Its address for transports, which unlike its path copies nothing but what is asked for.
    pub(crate) fn address(&self) -> String {
        format!("file://{}", self.shown())
    }

    /// Its path.
    pub(crate) fn shown(&self) -> String {
        self.path("").to_str().unwrap().trim_end_matches('/').to_owned()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.project.path(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.project.write(path, text.as_bytes());
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// From now on everything happens at this date.
    pub(crate) fn at(&self, date: &str) {
        *self.date.lock().unwrap() = Some(date.to_owned());
    }

    /// Runs git and returns what it printed, without the last line end.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_reading(args, b"")
    }

    /// Runs git with something on its standard input.
    pub(crate) fn git_reading(&self, args: &[&str], stdin: &[u8]) -> String {
        let output = self.git_output(args, stdin);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {stderr}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs git where it is expected to stop halfway: a merge with a conflict, a rebase.
    pub(crate) fn git_stops(&self, args: &[&str]) {
        assert!(!self.git_output(args, b"").status.success(), "git {args:?} went through");
    }

    /// Whether git says yes.
    pub(crate) fn git_agrees(&self, args: &[&str]) -> bool {
        self.git_output(args, b"").status.success()
    }

    /// Runs git, and with it the hooks, in this environment: whether it went through, and what was said.
    pub(crate) fn git_says(&self, environment: &[(&str, &str)], args: &[&str]) -> (bool, String) {
        let output = self.git_output_in(environment, args, b"");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    fn git_output(&self, args: &[&str], stdin: &[u8]) -> Output {
        self.git_output_in(&[], args, stdin)
    }

    fn git_output_in(&self, environment: &[(&str, &str)], args: &[&str], stdin: &[u8]) -> Output {
        let calls = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
        // Each call is an hour later, in a time zone that a report must not lose.
        let hour = format!("@{} +0200", 1_767_319_445 + 3600 * calls);
        let date = self.date.lock().unwrap().clone().unwrap_or(hour);
        let mut command = Command::new("git");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in [
            ("HOME", "/nonexistent"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ALLOW_PROTOCOL", "file"),
            ("GIT_AUTHOR_NAME", "Ann Author"),
            ("GIT_AUTHOR_EMAIL", "ann@example.org"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_NAME", "Cy Committer"),
            ("GIT_COMMITTER_EMAIL", "cy@example.org"),
            ("GIT_COMMITTER_DATE", &date),
            ("GIT_EDITOR", "true"),
        ] {
            command.env(name, value);
        }
        for setting in ["init.defaultBranch=main", "gc.auto=0", "advice.detachedHead=false"] {
            command.args(["-c", setting]);
        }
        command.envs(environment.iter().copied());
        command.args(args).current_dir(self.path(""));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("git is installed");
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        let writer = std::thread::spawn(move || std::io::Write::write_all(&mut pipe, &stdin));
        let output = child.wait_with_output().unwrap();
        // Git may end without having read all of it.
        let _ = writer.join().unwrap();
        output
    }

    /// Commits all that has changed.
    pub(crate) fn commit(&self, message: &str) -> Commit {
        self.git(&["add", "-A"]);
        self.commit_staged(message)
    }

    /// Commits what is staged.
    pub(crate) fn commit_staged(&self, message: &str) -> Commit {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.commit_of("HEAD")
    }

    /// Writes a file and commits it.
    pub(crate) fn commit_file(&self, path: &str, text: &str) -> Commit {
        self.write(path, text);
        self.commit(&format!("write {path}"))
    }

    /// Starts a branch, commits a file on it and goes back to main.
    pub(crate) fn commit_on_branch(&self, branch: &str, path: &str, text: &str) -> Commit {
        self.git(&["checkout", "-q", "-b", branch]);
        let commit = self.commit_file(path, text);
        self.git(&["checkout", "-q", "main"]);
        commit
    }

    /// Merges branches with a commit of its own.
    pub(crate) fn merge(&self, branches: &[&str]) -> Commit {
        self.git(&[&["merge", "-q", "--no-ff", "-m", "merge"], branches].concat());
        self.commit_of("HEAD")
    }

    pub(crate) fn commit_of(&self, revision: &str) -> Commit {
        let said = self.git(&["show", "-s", "--format=%H%n%an%n%aI", revision]);
        let [id, author, date] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        Commit { id: id.to_owned(), author: author.to_owned(), date: date.to_owned() }
    }

    /// What a report says of an annotated tag.
    pub(crate) fn tag_of(&self, tag: &str) -> Commit {
        let format = "--format=%(objectname)%0a%(taggername)%0a%(taggerdate:iso-strict)";
        let said = self.git(&["for-each-ref", format, &format!("refs/tags/{tag}")]);
        let [id, author, date] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        Commit { id: id.to_owned(), author: author.to_owned(), date: date.to_owned() }
    }

    pub(crate) fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", revision])
    }

    /// The file of an object that is not packed.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.path(".git/objects").join(&id[..2]).join(&id[2..])
    }

    /// Stores a blob that nothing names, and returns its id.
    pub(crate) fn store(&self, text: &str) -> String {
        self.git_reading(&["hash-object", "-w", "--stdin"], text.as_bytes())
    }

    /// `straykey git` with these arguments.
    pub(crate) fn scan(&self, args: &[&str]) -> Run {
        let args = [&["git"], args].concat();
        let run = self.project.straykey(&args);
        if !args.contains(&"--show-secrets") {
            for n in 0..KEYS {
                let end = &key(n)[key(n).len() - 8..];
                let told = run.stdout.contains(end) || run.stderr.contains(end);
                assert!(!told, "key {n} is in clear");
            }
        }
        run
    }

    /// `straykey git -f json` with these arguments.
    pub(crate) fn report(&self, args: &[&str]) -> (Run, Value) {
        let run = self.scan(&[&["-f", "json", "--show-secrets"], args].concat());
        let report = run.json();
        (run, report)
    }

    /// Scans everything: it can be read, and what is known of each key is this.
    pub(crate) fn assert_known(&self, expected: &[Known]) {
        let (run, report) = self.report(&[]);
        assert_known(&report, expected);
        assert_eq!((run.code, run.stderr.as_str()), (i32::from(!expected.is_empty()), ""));
    }

    /// Scans with these arguments: everything can be read, and these keys are found in these files.
    pub(crate) fn assert_found(&self, args: &[&str], expected: &[(&str, usize)]) {
        let (run, report) = self.report(args);
        assert_eq!(found(&report), named(expected), "{args:?}");
        assert_eq!((run.code, run.stderr.as_str()), (i32::from(!expected.is_empty()), ""));
    }

    /// Something could not be read, which one line says with all of `words`; these keys are found
    /// all the same.
    pub(crate) fn assert_incomplete(&self, words: &[&str], expected: &[(&str, usize)]) -> Value {
        let (run, report) = self.report(&[]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        let says = |line: &str| words.iter().all(|w| line.contains(w));
        assert!(run.stderr.lines().any(says), "{words:?} are not in:\n{}", run.stderr);
        assert!(run.stderr.lines().all(|l| l.starts_with("straykey: ")), "{}", run.stderr);
        let lines: Vec<&str> = run.stderr.lines().collect();
        let once = lines.iter().all(|line| lines.iter().filter(|l| l == &line).count() == 1);
        assert!(once, "something is said twice:\n{}", run.stderr);
        assert_eq!(found(&report), named(expected));
        assert_eq!(report["coverage"]["complete"], false);
        assert!(!report["errors"].as_array().unwrap().is_empty());
        report
    }
}

/// The names of a list of gaps.
pub(crate) fn skipped(report: &Value, why: &str) -> Vec<String> {
    let list = report["coverage"]["skipped"][why].as_array().cloned().unwrap_or_default();
    list.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

pub(crate) fn copy_directory(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(done.success());
}

/// A key in a file, as messages may name it.
type Name = (String, String);

fn name_of(finding: &Value) -> Name {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let secret = text(&finding["secret"]);
    let number = (0..KEYS).find(|n| key(*n) == secret);
    let said = number.map_or(format!("another {}", finding["rule"]), |n| format!("key {n}"));
    (text(&finding["path"]), said)
}

fn named(expected: &[(&str, usize)]) -> Vec<Name> {
    let mut all: Vec<Name> =
        expected.iter().map(|(path, n)| ((*path).to_owned(), format!("key {n}"))).collect();
    all.sort();
    all
}

/// The keys that a report has, sorted.
pub(crate) fn found(report: &Value) -> Vec<Name> {
    let mut all: Vec<Name> = findings(report).iter().map(name_of).collect();
    all.sort();
    all
}

/// What a report must say of a key.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) path: String,
    pub(crate) key: usize,
    pub(crate) line: u64,
    history: Value,
}

/// Stands for a value about which a test claims nothing.
const ANY: &str = "<any>";

impl Known {
    /// The key number `key` in `path`, with the least history that there is.
    pub(crate) fn new(path: &str, key: usize, line: u64, reach: &str) -> Self {
        let history = json!({
            "reach": reach, "at_head": false, "in_worktree": false,
            "commits": 0, "refs": [], "refs_total": 0,
        });
        Self { path: path.to_owned(), key, line, history }
    }

    /// It came at its path and line.
    pub(crate) fn introduced(self, by: &Commit) -> Self {
        let line = self.line;
        self.introduced_in_line(by, line)
    }

    pub(crate) fn introduced_in_line(mut self, by: &Commit, line: u64) -> Self {
        self.history["introduced"] = json!({
            "commit": by.id, "author": by.author, "date": by.date,
            "path": self.path, "line": line,
        });
        self
    }

    pub(crate) fn removed(mut self, by: &Commit) -> Self {
        self.history["removed"] = json!({ "commit": by.id, "author": by.author, "date": by.date });
        self
    }

    pub(crate) fn at_head(mut self) -> Self {
        self.history["at_head"] = true.into();
        self
    }

    pub(crate) fn in_worktree(mut self, yes: bool) -> Self {
        self.history["in_worktree"] = yes.into();
        self
    }

    /// It is there and everywhere: at HEAD and in the working tree.
    pub(crate) fn alive(self) -> Self {
        self.at_head().in_worktree(true)
    }

    pub(crate) fn commits(mut self, commits: usize) -> Self {
        self.history["commits"] = commits.into();
        self
    }

    pub(crate) fn refs(mut self, refs: &[&str]) -> Self {
        self.history["refs"] = refs.into();
        self.history["refs_total"] = refs.len().into();
        self
    }

    pub(crate) fn on_main(self) -> Self {
        self.refs(&["refs/heads/main"])
    }

    pub(crate) fn reach(&self) -> &str {
        self.history["reach"].as_str().unwrap()
    }

    /// The commit that introduced it.
    pub(crate) fn introduced_by(&self) -> Option<&str> {
        self.history["introduced"]["commit"].as_str()
    }

    pub(crate) fn is_at_head(&self) -> bool {
        self.history["at_head"] == true
    }

    /// Nothing is claimed about these fields.
    pub(crate) fn any(mut self, fields: &[&str]) -> Self {
        for field in fields {
            self.history[*field] = ANY.into();
        }
        self
    }

    fn differs_from(&self, finding: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut check = |what: &str, expected: &Value, said: &Value| {
            if expected != said && expected != ANY {
                wrong.push(format!("{what} is {said} instead of {expected}"));
            }
        };
        check("rule", &rule_of(self.key).into(), &finding["rule"]);
        check("line", &self.line.into(), &finding["start"]["line"]);
        let said = finding["history"].as_object().cloned().unwrap_or_default();
        let expected = self.history.as_object().unwrap();
        for (field, value) in expected {
            check(field, value, said.get(field).unwrap_or(&Value::Null));
        }
        for (field, value) in said.iter().filter(|(field, _)| !expected.contains_key(*field)) {
            check(field, &Value::Null, value);
        }
        wrong
    }
}

/// The report has these keys and no others, and says this of each.
pub(crate) fn assert_known(report: &Value, expected: &[Known]) {
    let mut by_name: BTreeMap<Name, &Value> = BTreeMap::new();
    let mut wrong = Vec::new();
    for finding in findings(report) {
        let name = name_of(finding);
        if by_name.insert(name.clone(), finding).is_some() {
            wrong.push(format!("{name:?} is found twice"));
        }
    }
    for known in expected {
        let name = (known.path.clone(), format!("key {}", known.key));
        let differences = match by_name.remove(&name) {
            Some(finding) => known.differs_from(finding),
            None => vec!["is not found".into()],
        };
        wrong.extend(differences.iter().map(|d| format!("{name:?}: {d}")));
    }
    wrong.extend(by_name.keys().map(|name| format!("{name:?} is found too")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
