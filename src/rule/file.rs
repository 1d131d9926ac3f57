//! The TOML form of a rule file, field for field as on disk. It checks nothing but spelling.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::value::Datetime;

use super::spec::{
    Checksum, Confidence, Environment, Kind, Pair, Severity, Structure, default_near_lines,
};

/// `rules/<provider>.toml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Who issues the credentials.
    pub provider: ProviderForm,
    /// The rules, in any order.
    #[serde(default)]
    pub rule: Vec<RuleForm>,
}

/// `[provider]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderForm {
    /// As the provider writes it.
    pub name: String,
    /// What it is called in names of variables, keys and headers: lower-case letters and digits, `_` where people
    /// write a separator or none.
    #[serde(default)]
    pub names: Vec<String>,
    /// As `names`, for everyday words: they count in the name of a value or as the name of its section, and not
    /// beside it.
    #[serde(default)]
    pub words: Vec<String>,
    /// The hosts that its credentials are sent to; hosts below them count, too.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Its formats belong to nobody: a rule of anybody else is more precise.
    #[serde(default)]
    pub general: bool,
    /// `[provider.guidance]`.
    pub guidance: GuidanceForm,
}

/// `[provider.guidance]`: see `spec::Guidance` for each field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "`spec::Guidance` documents the same fields")]
pub struct GuidanceForm {
    pub impact: String,
    pub self_service: Option<bool>,
    pub revoke_url: Option<String>,
    pub contact: Option<String>,
    pub rotation_days: Option<u16>,
    pub steps: Vec<String>,
    pub investigate: Vec<String>,
    pub prevent: Vec<String>,
    pub source: String,
    #[schemars(with = "String")]
    pub checked: Datetime,
}

/// `[[rule]]`: see `spec::RuleSpec` for each field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "`spec::RuleSpec` documents the same fields")]
pub struct RuleForm {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub confidence: Option<Confidence>,
    pub environment: Option<Environment>,
    #[serde(default)]
    pub kind: Kind,
    pub keywords: Vec<String>,
    pub regex: Option<String>,
    pub name: Option<String>,
    pub value: Option<String>,
    pub near: Option<NearForm>,
    #[serde(default)]
    pub also: Vec<PatternForm>,
    #[serde(default)]
    pub min_entropy_bits: f32,
    pub checksum: Option<Checksum>,
    pub structure: Option<Structure>,
    pub pair: Option<Pair>,
    #[serde(default)]
    pub paths: Vec<String>,
    #[serde(default)]
    pub not_paths: Vec<String>,
    #[serde(default)]
    pub owned: bool,
    #[serde(default)]
    pub public_values: Vec<String>,
    pub impact: Option<String>,
    #[serde(default)]
    pub steps: Vec<String>,
    pub source: String,
    #[schemars(with = "String")]
    pub checked: Datetime,
    #[serde(default)]
    pub must_find: Vec<CaseForm>,
    #[serde(default)]
    pub must_ignore: Vec<CaseForm>,
}

/// Words or hosts that must stand within some lines of the match.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Near")]
pub struct NearForm {
    /// One of these must be there; ASCII, case ignored.
    pub any: Vec<String>,
    /// How many lines above and below are looked at.
    #[serde(default = "default_near_lines")]
    pub lines: u16,
}

/// `[[rule.also]]`: another shape of the same credential.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternForm {
    /// One of these is in every match; none, if the regex is for whole files, from `\A` to `\z`.
    pub keywords: Vec<String>,
    /// Either a whole regex …
    pub regex: Option<String>,
    /// … or the name that a value is given to …
    pub name: Option<String>,
    /// … and the shape of that value.
    pub value: Option<String>,
    /// What must stand nearby.
    pub near: Option<NearForm>,
}

/// Parts of a text, to be joined with nothing, so that no line of a rule file holds a whole key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a list of parts, or `{ path = \"…\", text = [parts] }`")]
pub enum CaseForm {
    /// In any file.
    Text(Vec<String>),
    /// In a file of this name.
    File {
        /// Where in the tree.
        path: String,
        /// The parts.
        text: Vec<String>,
    },
}

impl RuleForm {
    /// The first shape of the rule, as if it stood in `[[rule.also]]`.
    pub fn first_pattern(&self) -> PatternForm {
        PatternForm {
            keywords: self.keywords.clone(),
            regex: self.regex.clone(),
            name: self.name.clone(),
            value: self.value.clone(),
            near: self.near.clone(),
        }
    }
}
