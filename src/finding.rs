//! `Finding`: what leaves the engine. It is sorted, fingerprinted and graded, and says why.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{
    blob::Origin,
    exposure::Exposure,
    history::History,
    mark::Mark,
    route::Inside,
    rule::{Confidence, RuleIndex, Severity},
    secret::{Fingerprint, Secret},
    span::LineCol,
};

/// A credential, found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Where it stands.
    pub origin: Origin,
    /// Its first character. Of what is encoded, the first character of its code; of what is in a
    /// container, where the container's text holds it, or else the container's first.
    pub start: LineCol,
    /// The character after its last.
    pub end: LineCol,
    /// What it is.
    pub rule: RuleIndex,
    /// The rule that found it: another one, if only what stands around it says what it is. A fingerprint is
    /// of this one, since a comment may come and go.
    pub found_by: RuleIndex,
    /// Its bytes.
    pub secret: Secret,
    /// How many of them are the public prefix.
    pub public_len: usize,
    /// The rule that found it, its path and its value in one word.
    pub fingerprint: Fingerprint,
    /// After everything that is known was weighed.
    pub severity: Severity,
    /// After checksum and structure were looked at.
    pub confidence: Confidence,
    /// What kind of place it stands in.
    pub exposure: Option<Exposure>,
    /// Why severity and confidence are what they are, and what was learned; sentences without a
    /// full stop.
    pub reasons: Vec<String>,
    /// It is an HMAC-signed token, which can prove a secret.
    pub signed_token: bool,
    /// The way in, if it is not in the file's own text.
    pub inside: Option<Box<Inside>>,
    /// What the repository knows of it, if it was found in one.
    pub history: Option<Box<History>>,
    /// The comment that allows it, if one does.
    pub mark: Option<Box<Mark>>,
    /// What keeps it from being new, once that was judged.
    pub suppressed: Option<Box<Suppression>>,
}

/// Why a finding is not new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What says so.
    pub by: Suppressor,
    /// Where it says so: a file and line, or a comment.
    pub place: String,
    /// Why, if it says that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "accepted by {} ({})", self.by, self.place)?;
        self.reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
    }
}

/// What can say that a finding is not new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suppressor {
    /// A comment beside the secret.
    Inline,
    /// `.straykeyignore`.
    IgnoreFile,
    /// The configuration file.
    Config,
    /// The baseline.
    Baseline,
}

impl Suppressor {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 4] = [Self::Inline, Self::IgnoreFile, Self::Config, Self::Baseline];

    /// The word in JSON and SARIF.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::IgnoreFile => "ignore-file",
            Self::Config => "config",
            Self::Baseline => "baseline",
        }
    }
}

impl fmt::Display for Suppressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inline => "a comment",
            Self::IgnoreFile => "the ignore file",
            Self::Config => "the configuration",
            Self::Baseline => "the baseline",
        })
    }
}

impl Finding {
    /// What may be shown of the secret.
    pub fn redacted(&self) -> String {
        self.secret.redacted(self.public_len)
    }

    /// The order of findings in every report.
    pub fn sort_key(&self) -> (&str, LineCol, RuleIndex, LineCol, Option<&Inside>) {
        (&self.origin.path, self.start, self.rule, self.end, self.inside.as_deref())
    }
}
