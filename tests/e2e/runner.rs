//! A runner of GitHub Actions, as far as `action.yml` needs one: it fills in the expressions of the
//! step that scans, from an event's payload, and runs its script.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{project::Run, repository::Repository};

/// An event, and the inputs of a workflow.
pub(crate) struct Event {
    github: Value,
    inputs: BTreeMap<String, String>,
    actor: &'static str,
    known_comment: &'static str,
}

/// What a run of the action left behind.
pub(crate) struct Job {
    /// The log.
    pub(crate) run: Run,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
    /// What `gh` was called with, a line for each argument, and the bodies that it sent.
    pub(crate) gh: String,
    /// Holds the reports.
    _temp: tempfile::TempDir,
}

pub(crate) fn action() -> String {
    fs::read_to_string(root().join("action.yml")).unwrap()
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Event {
    /// An event of the repository `owner/name`, whose default branch is `main`.
    pub(crate) fn new(name: &str, git_ref: &str, mut payload: Value) -> Self {
        payload["repository"] = json!({ "full_name": "owner/name", "default_branch": "main" });
        let path = root().to_str().unwrap();
        let github = json!({
            "event_name": name, "ref": git_ref, "event": payload, "action_path": path,
            "action_repository": "owner/straykey", "token": "none",
        });
        Self { github, inputs: defaults(), actor: "ann", known_comment: "" }
    }

    pub(crate) fn push(git_ref: &str, before: &str, after: &str) -> Self {
        let none = |id: &str| id.bytes().all(|b| b == b'0');
        let payload = json!({
            "ref": git_ref, "before": before, "after": after,
            "created": none(before), "deleted": none(after), "forced": false,
        });
        Self::new("push", git_ref, payload)
    }

    /// The pull request 7 of a branch of `from`.
    pub(crate) fn pull_request(from: &str, branch: &str, base: &str, head: &str) -> Self {
        let payload = json!({
            "action": "synchronize", "number": 7,
            "pull_request": {
                "number": 7,
                "base": { "ref": "main", "sha": base, "repo": { "full_name": "owner/name" } },
                "head": { "ref": branch, "sha": head, "repo": { "full_name": from } },
            },
        });
        Self::new("pull_request", "refs/pull/7/merge", payload)
    }

    pub(crate) fn input(mut self, name: &str, value: &str) -> Self {
        let known = self.inputs.insert(name.to_owned(), value.to_owned());
        assert!(known.is_some(), "the action has no input `{name}`");
        self
    }

    pub(crate) fn actor(mut self, actor: &'static str) -> Self {
        self.actor = actor;
        self
    }

    /// The pull request has a comment of ours already.
    pub(crate) fn known_comment(mut self, id: &'static str) -> Self {
        self.known_comment = id;
        self
    }

    /// Runs the step that scans in a checkout.
    pub(crate) fn run_in(&self, checkout: &Repository) -> Job {
        let temp = tempfile::tempdir().unwrap();
        let file = |name: &str| temp.path().join(name);
        let mut command = Command::new("bash");
        command.env_clear().current_dir(checkout.path("")).args(["-c", &run_of("scan")]);
        command.envs(self.environment("scan")).env("PATH", path_with_tools(temp.path()));
        for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GH_LOG"] {
            fs::write(file(name), "").unwrap();
            command.env(name, file(name));
        }
        command.env("GH_KNOWN", self.known_comment);
        command.env("RUNNER_TEMP", temp.path()).env("GITHUB_REPOSITORY", "owner/name");
        command.env("GITHUB_ACTOR", self.actor).env("HOME", "/nonexistent");
        command.env("SOURCE_DATE_EPOCH", "1767319445").env("GIT_TERMINAL_PROMPT", "0");
        let run = checkout.project.finish(command, b"");
        let text = |name| fs::read_to_string(file(name)).unwrap();
        let outputs = text("GITHUB_OUTPUT");
        let outputs = outputs.lines().map(|line| line.split_once('=').unwrap());
        Job {
            outputs: outputs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            summary: text("GITHUB_STEP_SUMMARY"),
            gh: text("GH_LOG"),
            run,
            _temp: temp,
        }
    }

    /// The `env` of a step, with its expressions filled in.
    pub(crate) fn environment(&self, id: &str) -> Vec<(String, String)> {
        let step = step(id);
        let (_, env) = step.split_once("\n      env:\n").unwrap();
        let pairs = env.lines().take_while(|l| l.starts_with("        "));
        let pairs = pairs.map(|l| l.trim().split_once(": ").unwrap());
        pairs.map(|(name, value)| (name.to_owned(), self.value_of(value))).collect()
    }

    fn value_of(&self, text: &str) -> String {
        let inner = text.strip_prefix("${{ ").and_then(|t| t.strip_suffix(" }}")).expect(text);
        let mut names = inner.split('.');
        match names.next().unwrap() {
            "inputs" => self.inputs[names.next().unwrap()].clone(),
            "github" => match names.fold(&self.github, |value, name| &value[name]) {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            },
            other => panic!("`{other}` is no context of this runner"),
        }
    }
}

impl Job {
    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The JSON report.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.output("json")).unwrap()).unwrap()
    }

    /// The commands that the runner takes from the log: what stands between `stop-commands` and its
    /// token is only shown.
    pub(crate) fn commands(&self) -> Vec<&str> {
        let mut stopped: Option<String> = None;
        let mut commands = Vec::new();
        for line in self.run.stdout.lines().filter(|l| l.trim_start().starts_with("::")) {
            match (&stopped, line.strip_prefix("::stop-commands::")) {
                (None, Some(token)) => stopped = Some(format!("::{token}::")),
                (None, None) => commands.push(line),
                (Some(token), _) if line == token => stopped = None,
                (Some(_), _) => {}
            }
        }
        assert_eq!(stopped, None, "the commands are never started again");
        commands
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.commands().iter().any(|c| c.contains(text))
    }
}

/// The value of each input that a workflow does not give.
fn defaults() -> BTreeMap<String, String> {
    let action = action();
    let inputs = action.split("\ninputs:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut all = BTreeMap::new();
    let mut name = "";
    for line in inputs.lines() {
        match line.strip_prefix("    default: ") {
            Some(value) => drop(all.insert(name.to_owned(), value.trim_matches('\'').to_owned())),
            None if !line.starts_with("   ") => name = line.trim().trim_end_matches(':'),
            None => {}
        }
    }
    all
}

/// The text of a step.
pub(crate) fn step(id: &str) -> String {
    let action = action();
    let head = format!("id: {id}\n");
    action.split("\n    - ").find(|s| s.starts_with(&head)).unwrap().to_owned()
}

fn run_of(id: &str) -> String {
    step(id).lines().find_map(|l| l.strip_prefix("      run: ")).unwrap().to_owned()
}

/// A PATH with the binary, with a `gh` that writes down what it is asked for, and with the system's.
fn path_with_tools(temp: &Path) -> PathBuf {
    let tools = temp.join("tools");
    fs::create_dir(&tools).unwrap();
    let binary = assert_cmd::cargo::cargo_bin!("straykey");
    std::os::unix::fs::symlink(binary, tools.join("straykey")).unwrap();
    let gh = r#"#!/bin/sh
for word in "$@"; do
  echo "$word"
  case $word in body=@*) cat "${word#body=@}" ;; esac
done >>"$GH_LOG"
case "$*" in *--paginate*) echo "$GH_KNOWN" ;; esac
"#;
    write_tool(&tools.join("gh"), gh);
    let system = std::env::var_os("PATH").unwrap();
    let mut all = tools.into_os_string();
    all.push(":");
    all.push(system);
    all.into()
}

pub(crate) fn write_tool(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
