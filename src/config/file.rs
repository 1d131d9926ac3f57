//! The TOML form of `straykey.toml` and of a policy, field for field as on disk. It checks nothing but
//! spelling; the comments are what an editor shows.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Spanned, Table};

use crate::rule::{Confidence, Severity, file::RuleForm};

/// straykey.toml: what straykey looks for in this repository, and what it leaves alone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "straykey.toml")]
pub struct ConfigFile {
    /// Another file of this form, relative to this one. What is said here counts more; lists are
    /// joined.
    #[schemars(with = "Option<String>")]
    pub extends: Option<Spanned<String>>,
    /// Rule files, or directories of them, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
    /// Ids of rules that are not used.
    #[schemars(with = "Vec<String>")]
    pub disable: Vec<Spanned<String>>,
    /// Globs of paths that are not read, relative to the root of the repository, as in a .gitignore.
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
    /// The file of findings that were accepted before, relative to this file.
    #[schemars(with = "Option<String>")]
    pub baseline: Option<Spanned<String>>,
    /// Findings below this severity are not reported.
    #[schemars(with = "Option<Severity>")]
    pub min_severity: Option<Spanned<Severity>>,
    /// Findings below this confidence are not reported.
    #[schemars(with = "Option<Confidence>")]
    pub min_confidence: Option<Spanned<Confidence>>,
    /// Findings below this severity are reported and do not fail the run.
    #[schemars(with = "Option<Severity>")]
    pub fail_on: Option<Spanned<Severity>>,
    /// The severity of some rules, or at some paths. Of several that apply, the last one counts.
    #[schemars(with = "Vec<SeverityForm>")]
    pub severity: Vec<Spanned<SeverityForm>>,
    /// What is found and may stay.
    #[schemars(with = "Vec<AllowForm>")]
    pub allow: Vec<Spanned<AllowForm>>,
    /// A new rule; or, with the id of a known one, what is different about that.
    #[schemars(with = "Vec<RuleForm>")]
    pub rule: Vec<Spanned<Table>>,
}

/// `[[severity]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityForm {
    /// Ids of rules; `*` stands for any part. None means all.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Globs relative to the root of the repository, as in a .gitignore. None means everywhere.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What the severity becomes.
    pub level: Severity,
    /// Why; it stands in the report.
    pub reason: Option<String>,
}

/// `[[allow]]`: a finding is allowed if it meets all conditions that are stated, and one is enough of
/// each list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowForm {
    /// Globs relative to the root of the repository, as in a .gitignore.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Regexes, of which one matches somewhere in the path from the root of the repository.
    #[serde(default)]
    pub path_regexes: Vec<String>,
    /// Regexes; the secret matches one.
    #[serde(default)]
    pub values: Vec<String>,
    /// Ids of rules; `*` stands for any part.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Hashes of the commits that added it, of seven digits or more.
    #[serde(default)]
    pub commits: Vec<String>,
    /// Fingerprints, as reports print them.
    #[serde(default)]
    pub fingerprints: Vec<String>,
    /// Why it may stay.
    pub reason: Option<String>,
}

/// A policy: what no configuration, flag, mark or baseline of a repository can switch off.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "straykey policy")]
pub struct PolicyFile {
    /// Ids of rules that run as they are built in; `*` stands for any part.
    pub required_rules: Vec<String>,
    /// Ids of rules whose findings can't be allowed: not by entry, mark, ignore file or baseline.
    pub never_allow: Vec<String>,
    /// Whether a repository may bring rules of its own. Such a rule can take the place of a built-in
    /// one where both match.
    pub own_rules: Option<bool>,
    /// The only globs that may be excluded, written exactly like this. Absent, all may.
    pub exclude: Option<Vec<String>>,
    /// The least severity of some rules, or at some paths.
    pub severity: Vec<SeverityForm>,
    /// `min_severity` can't be above this.
    pub min_severity: Option<Severity>,
    /// `min_confidence` can't be above this.
    pub min_confidence: Option<Confidence>,
    /// `fail_on` can't be above this.
    pub fail_on: Option<Severity>,
}
