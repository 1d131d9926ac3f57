//! What a run is asked to do, from three places: flags, one configuration file (and what that extends),
//! and defaults; and a policy, which none of them can undercut.
//!
//! `load` reads files, `policy` holds against them, `severity` moves findings, `show` prints the result
//! with the place that each setting comes from, `schema` tells editors the form.

pub mod file;
pub mod import;
pub mod load;
pub mod policy;
pub mod schema;
pub mod severity;
pub mod show;

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use file::{AllowForm, SeverityForm};
pub use policy::Policy;

use crate::rule::{
    Confidence, RuleSet, RuleSpec, Severity,
    load::{Sources, closest},
    own::OwnRule,
};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The command line.
    Flag(&'static str),
    /// A line of a file, from 1; the path as a user would type it.
    File(PathBuf, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "`{flag}`"),
            Self::File(path, line) => write!(f, "`{}`: line {line}", path.display()),
        }
    }
}

/// A setting, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// What is set.
    pub value: T,
    /// By whom.
    pub place: Place,
}

impl<T> Sourced<T> {
    /// `value`, as a flag sets it.
    pub fn by_flag(value: T, flag: &'static str) -> Self {
        Self { value, place: Place::Flag(flag) }
    }
}

/// Why a configuration or a policy could not be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum ConfigError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{}` {problem}", path.display())]
    File { path: PathBuf, problem: String },
    #[error("`{}`: line {line}, column {column}: {message}", path.display())]
    Form { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{place}: `{key}` {problem}")]
    Entry { place: Place, key: &'static str, problem: String },
    #[error("{place}: `{key}` names no rule: `{id}`{}", .close.as_ref().map(|c| format!("; did you mean `{c}`?")).unwrap_or_default())]
    UnknownRule { place: Place, key: &'static str, id: String, close: Option<String> },
}

/// What a run is asked to do. Nothing set means the default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The configuration files behind it, the one that is extended first.
    pub files: Vec<PathBuf>,
    /// Rule files and directories.
    pub rule_files: Vec<Sourced<PathBuf>>,
    /// New and changed rules.
    pub own_rules: Vec<OwnRule>,
    /// Only these rules are used, if any are named.
    pub only: Vec<String>,
    /// These rules are not used.
    pub disable: Vec<Sourced<String>>,
    /// Globs of paths that are left out, relative to the root of the repository.
    pub exclude: Vec<Sourced<String>>,
    /// Globs of paths that are left out, relative to the current directory.
    pub exclude_here: Vec<String>,
    /// The file of findings that were accepted before.
    pub baseline: Option<Sourced<PathBuf>>,
    /// Findings below it are not reported.
    pub min_severity: Option<Sourced<Severity>>,
    /// Findings below it are not reported.
    pub min_confidence: Option<Sourced<Confidence>>,
    /// Findings below it do not fail the run.
    pub fail_on: Option<Sourced<Severity>>,
    /// Severities of rules and paths.
    pub severities: Vec<Sourced<SeverityForm>>,
    /// What is found and may stay.
    pub allow: Vec<Sourced<AllowForm>>,
}

impl Settings {
    /// These settings, and those of `more`, which count more. Lists are joined.
    #[must_use]
    pub fn with(mut self, more: Self) -> Self {
        self.files.extend(more.files);
        self.rule_files.extend(more.rule_files);
        self.own_rules.extend(more.own_rules);
        self.only.extend(more.only);
        self.disable.extend(more.disable);
        self.exclude.extend(more.exclude);
        self.exclude_here.extend(more.exclude_here);
        self.severities.extend(more.severities);
        self.allow.extend(more.allow);
        Self {
            baseline: more.baseline.or(self.baseline),
            min_severity: more.min_severity.or(self.min_severity),
            min_confidence: more.min_confidence.or(self.min_confidence),
            fail_on: more.fail_on.or(self.fail_on),
            ..self
        }
    }

    /// Findings below this severity are not reported.
    pub fn min_severity(&self) -> Severity {
        self.min_severity.as_ref().map_or(Severity::Info, |s| s.value)
    }

    /// Findings below this confidence are not reported.
    pub fn min_confidence(&self) -> Confidence {
        self.min_confidence.as_ref().map_or(Confidence::Low, |s| s.value)
    }

    /// Findings below this severity do not fail the run.
    pub fn fail_on(&self) -> Severity {
        self.fail_on.as_ref().map_or(Severity::Info, |s| s.value)
    }

    /// Globs of paths that are left out, relative to the root of the repository.
    pub fn exclude(&self) -> Vec<String> {
        self.exclude.iter().map(|glob| glob.value.clone()).collect()
    }

    /// Where rules come from.
    pub fn rule_sources(&self) -> Sources {
        Sources {
            files: self.rule_files.iter().map(|file| file.value.clone()).collect(),
            own: self.own_rules.clone(),
        }
    }

    /// Checks that every rule that a file names is in `rules`.
    ///
    /// # Errors
    ///
    /// If one is not; with its place.
    pub fn check_rule_ids(&self, rules: &RuleSet) -> Result<(), ConfigError> {
        let disabled = self.disable.iter().filter(|d| matches!(d.place, Place::File(..)));
        let disabled = disabled.map(|d| ("disable", &d.place, &d.value));
        let moved = self
            .severities
            .iter()
            .flat_map(|s| s.value.rules.iter().map(move |id| ("severity.rules", &s.place, id)));
        let allowed = self
            .allow
            .iter()
            .flat_map(|a| a.value.rules.iter().map(move |id| ("allow.rules", &a.place, id)));
        for (key, place, id) in disabled.chain(moved).chain(allowed) {
            let known = |rule: &RuleSpec| match key {
                "disable" => rule.id == *id,
                _ => names(id, &rule.id),
            };
            if !rules.rules().iter().any(known) {
                let (place, id) = (place.clone(), id.clone());
                let close = closest(rules.rules(), &id);
                return Err(ConfigError::UnknownRule { place, key, id, close });
            }
        }
        Ok(())
    }
}

/// Whether `pattern`, in which `*` stands for any part, names the rule `id`.
pub fn names(pattern: &str, id: &str) -> bool {
    let Some((start, pattern)) = pattern.split_once('*') else { return pattern == id };
    let Some(mut rest) = id.strip_prefix(start) else { return false };
    let (middle, end) = pattern.rsplit_once('*').unwrap_or(("", pattern));
    for part in middle.split('*') {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(end)
}

/// `path` as a user would type it: relative to the current directory, if it is below that.
fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(std::fs::canonicalize);
    let inside = here.ok().and_then(|here| path.strip_prefix(here).map(Path::to_path_buf).ok());
    inside.unwrap_or_else(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part_of_an_id() {
        let named = |pattern| names(pattern, "aws-secret-access-key");
        for pattern in
            ["aws-secret-access-key", "aws-*", "*", "*-key", "aws-*-key", "*secret*", "a**y"]
        {
            assert!(named(pattern), "{pattern}");
        }
        for pattern in ["aws", "aws-*-id", "*-secret", "aws-secret-access-key*x", "b*", "*key*key"]
        {
            assert!(!named(pattern), "{pattern}");
        }
    }
}
