//! Carries over what other scanners were told: rules, allow lists and accepted findings become a
//! `straykey.toml`, and what can't be carried is listed with the reason.
//!
//! Each format has a file of its own, which fills an `Imported`. Whatever a format says, only what our
//! own checks accept is written.

mod allowlist;
mod detect_secrets;
mod gitleaks;
mod ids;
mod ignore_file;
mod regex;
mod report;
mod rule;
mod write;
mod yaml;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use toml::Table;

use super::{AllowForm, ConfigError, load};
use crate::rule::{
    Catalogue,
    own::{self, OwnRule},
};

pub use write::toml;

/// What was understood of other scanners' files.
#[derive(Debug, Default)]
pub struct Imported {
    /// Ids of our rules that are not used.
    pub disable: Vec<String>,
    /// What may stay.
    pub allow: Vec<AllowForm>,
    /// New rules, each checked.
    pub rules: Vec<Table>,
    /// What could not be carried.
    pub lost: Vec<Lost>,
    /// What was carried and means something else now.
    pub changed: Vec<Lost>,
}

/// Something that a file says, and why it says no longer, or no longer quite, what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The file.
    pub path: PathBuf,
    /// What in it; never a value that may be a secret.
    pub what: String,
    /// The reason.
    pub why: String,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}: {}", self.path.display(), self.what, self.why)
    }
}

/// Reads the files `paths`, each in the format that its content shows.
///
/// # Errors
///
/// If one can't be read or is of no known format.
pub fn import(paths: &[PathBuf]) -> Result<Imported, ConfigError> {
    let catalogue = crate::rule::load::builtin();
    let mut importing =
        Importing { catalogue, path: PathBuf::new(), imported: Imported::default() };
    // Rules first: entries of other files may name them.
    let mut texts = Vec::new();
    for path in paths {
        let text = load::read_text(path, load::MAX_IMPORTED_BYTES)?;
        let format = Format::of(path, &text)?;
        texts.push((format, path, text));
    }
    texts.sort_by_key(|(format, ..)| *format);
    for (format, path, text) in texts {
        importing.path = path.clone();
        importing.read(format, &text)?;
    }
    Ok(importing.finish())
}

/// The ids of our rules for what gitleaks calls the rule `id`, or the rule itself if it is ours.
pub fn our_rules(id: &str) -> Vec<String> {
    let ours = ids::ours(id);
    let named = |rule: &str| rule == id || ours.iter().any(|o| super::names(o, rule));
    let catalogue = crate::rule::load::builtin();
    catalogue.rules.iter().filter(|r| named(&r.id)).map(|r| r.id.to_string()).collect()
}

/// What a file is, in the order in which files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    /// `.gitleaks.toml`, also of betterleaks.
    GitleaksToml,
    /// Rules of kingfisher and noseyparker.
    YamlRules,
    /// `.gitleaksignore`.
    GitleaksIgnore,
    /// A JSON report of gitleaks, as its `--baseline-path` takes it.
    GitleaksReport,
    /// `.secrets.baseline` of detect-secrets.
    DetectSecrets,
}

impl Format {
    fn of(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let start = text.trim_start();
        if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
            if json.get("results").is_some_and(serde_json::Value::is_object) {
                return Ok(Self::DetectSecrets);
            }
            if json.is_array() {
                return Ok(Self::GitleaksReport);
            }
        }
        if name.contains("gitleaksignore") || name.contains("betterleaksignore") {
            return Ok(Self::GitleaksIgnore);
        }
        if text.parse::<Table>().is_ok() && !start.is_empty() {
            return Ok(Self::GitleaksToml);
        }
        let yaml = text.lines().any(|l| l.trim_end() == "rules:" || l.starts_with("rules: "));
        if yaml {
            return Ok(Self::YamlRules);
        }
        if ignore_file::looks_like_one(text) {
            return Ok(Self::GitleaksIgnore);
        }
        Err(ConfigError::File {
            path: path.into(),
            problem: "is none of what can be imported: .gitleaks.toml, .gitleaksignore, a JSON report of gitleaks, .secrets.baseline, rules of betterleaks, kingfisher or noseyparker".into(),
        })
    }
}

/// An import on its way.
struct Importing {
    catalogue: Catalogue,
    path: PathBuf,
    imported: Imported,
}

impl Importing {
    fn read(&mut self, format: Format, text: &str) -> Result<(), ConfigError> {
        match format {
            Format::GitleaksToml => gitleaks::read(self, text),
            Format::YamlRules => yaml::read(self, text),
            Format::GitleaksIgnore => {
                ignore_file::read(self, text);
                Ok(())
            }
            Format::GitleaksReport => report::read(self, text),
            Format::DetectSecrets => detect_secrets::read(self, text),
        }
    }

    fn finish(mut self) -> Imported {
        let Imported { disable, allow, lost, changed, .. } = &mut self.imported;
        disable.sort();
        disable.dedup();
        let mut kept: Vec<AllowForm> = Vec::new();
        for entry in allow.drain(..) {
            if !kept.contains(&entry) {
                kept.push(entry);
            }
        }
        *allow = kept;
        for list in [lost, changed] {
            list.dedup();
        }
        self.imported
    }

    fn lost(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        self.imported.lost.push(Lost { path: self.path.clone(), what, why });
    }

    fn changed(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        self.imported.changed.push(Lost { path: self.path.clone(), what, why });
    }

    /// Our names for what another scanner calls the rule `id`: built-in rules, or an imported one.
    fn rules_for(&self, id: &str) -> Vec<String> {
        let own = rule::own_id(id);
        let imported = self.imported.rules.iter().any(|r| r["id"].as_str() == Some(&own));
        if imported { vec![own] } else { ids::ours(id) }
    }

    /// An error in the form of the file that is being read.
    fn form_error(&self, message: String) -> ConfigError {
        ConfigError::File { path: self.path.clone(), problem: message }
    }

    /// Whether our own checks accept `table`; if not, why.
    fn check_rule(&self, table: &Table) -> Result<(), String> {
        let own = OwnRule { path: "straykey.toml".into(), line: 1, table: table.clone() };
        let unnamed = self.catalogue.providers.iter().filter(|p| p.id == "generic").cloned();
        let mut alone = Catalogue { providers: unnamed.collect(), rules: Vec::new() };
        own::add(&mut alone, &[], &[own]).map_err(|errors| {
            let all: Vec<String> = errors.iter().map(rule::problem).collect();
            all.join("; ")
        })
    }
}
