//! `Finding`: what leaves the engine. It is sorted, fingerprinted and graded, and says why.

use crate::{
    blob::Origin,
    exposure::Exposure,
    history::History,
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
    /// Its bytes.
    pub secret: Secret,
    /// How many of them are the public prefix.
    pub public_len: usize,
    /// Rule, path and value in one word.
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
