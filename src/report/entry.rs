//! What reports say, as plain data. A run makes it of its findings, `read` makes it of a saved JSON
//! report; writers see nothing else, so that both give the same bytes.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::Secrets;
use crate::{
    coverage::Coverage,
    finding::{Finding, Suppression},
    history::History,
    route::{ARROW, Inside, Step},
    rule::{Confidence, RuleSet, RuleSpec, Severity, text::Text},
    span::LineCol,
    triage::{guidance, same_value::SameValues, suppress::Tally},
};

/// Everything that a report says. There is no secret in it, unless the user asked for them.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Sorted by place and rule.
    pub findings: Vec<Entry>,
    /// The rules behind them, by id.
    pub rules: BTreeMap<String, RuleEntry>,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// What was accepted.
    pub tally: Tally,
    /// What went wrong, in sentences.
    pub errors: Vec<String>,
}

/// A finding, as reports tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The id of its rule.
    pub rule: String,
    /// After everything that is known was weighed.
    pub severity: Severity,
    /// After checksum and structure were looked at.
    pub confidence: Confidence,
    /// Relative to the repository or to the scanned directory, with `/`.
    pub path: String,
    /// The path as the user typed it. It may be the machine's, so only the terminal has it.
    #[serde(skip)]
    pub shown: Option<String>,
    /// Its first character.
    pub start: Place,
    /// The character after its last.
    pub end: Place,
    /// The way in, if it is not in the file's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Way>,
    /// What is shown of the secret.
    pub secret: String,
    /// What may be shown of it to everybody, if `secret` is in clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<String>,
    /// Rule, path and value in one word.
    pub fingerprint: String,
    /// The fingerprints of other findings with the same value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_value: Vec<String>,
    /// What kind of place it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<String>,
    /// Why severity and confidence are what they are; sentences without a full stop.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// What the repository knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// What accepts it, in a report that shows what is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
}

/// A place in a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// In characters.
    pub column: usize,
}

impl From<LineCol> for Place {
    fn from(LineCol { line, col }: LineCol) -> Self {
        Self { line, column: col }
    }
}

/// The way from a file to a text inside it, and a place there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Steps from the file inwards, in words.
    pub route: Vec<String>,
    /// In the text that the last step leads to, if that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Place>,
    /// The path of the innermost file, if it leads into a container or to what a file was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl From<&Inside> for Way {
    fn from(Inside { route, place }: &Inside) -> Self {
        Self {
            route: route.0.iter().map(Step::to_string).collect(),
            start: place.map(Place::from),
            file: route.file().map(str::to_owned),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.route.join(ARROW);
        match (self.start, self.route.last(), &self.file) {
            (None, ..) => f.write_str(&route),
            (Some(Place { line, .. }), Some(last), Some(file)) if last == file => {
                write!(f, "{route}:{line}")
            }
            (Some(Place { line, .. }), ..) => write!(f, "{route}{ARROW}line {line}"),
        }
    }
}

/// A rule, as far as reports tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleEntry {
    /// For people, without a full stop.
    pub title: String,
    /// Who issues the credential.
    pub provider: String,
    /// Before anything is known about a match.
    pub severity: Severity,
    /// Before checksum and structure have been looked at.
    pub confidence: Confidence,
    /// Whether a checksum is verified.
    pub checksum: bool,
    /// The document that states the shape.
    pub source: String,
    /// The day that document was read, `YYYY-MM-DD`.
    pub checked: String,
    /// The runbook.
    pub guidance: GuidanceEntry,
}

/// A runbook; its fields are those of a provider's guidance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are documented in `triage::guidance::Runbook`")]
pub struct GuidanceEntry {
    pub impact: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_service: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_days: Option<u16>,
    pub steps: Vec<String>,
    pub investigate: Vec<String>,
    pub prevent: Vec<String>,
    pub source: String,
    pub checked: String,
}

impl Report {
    /// What is said of `findings`, which `rules` made, and nothing that was accepted.
    pub fn of(
        findings: &[Finding],
        rules: &RuleSet,
        coverage: Coverage,
        errors: Vec<String>,
        secrets: Secrets,
    ) -> Self {
        let same = SameValues::of(findings);
        let named = |f: &Finding| {
            let rule = rules.rule(f.rule);
            (rule.id.to_string(), RuleEntry::of(rules, rule))
        };
        Self {
            findings: findings.iter().map(|f| Entry::of(f, rules, &same, secrets)).collect(),
            rules: findings.chunk_by(|a, b| a.rule == b.rule).map(|f| named(&f[0])).collect(),
            coverage,
            tally: Tally::default(),
            errors,
        }
    }

    /// The rule behind `finding`.
    ///
    /// # Panics
    ///
    /// If there is none: `of` adds it, and `read` refuses a report that lacks it.
    pub(super) fn rule(&self, finding: &Entry) -> &RuleEntry {
        &self.rules[&finding.rule]
    }

    /// How many things kept the scan from being complete.
    ///
    /// A gap that has an error message is one problem and not two.
    pub fn problems(&self) -> usize {
        self.errors.len().max(self.coverage.failures())
    }

    /// The findings, the worst first, in the order of places where they are equally bad.
    pub(super) fn worst_first(&self) -> Vec<&Entry> {
        let mut worst: Vec<&Entry> = self.findings.iter().collect();
        worst.sort_by_key(|f| std::cmp::Reverse((f.severity, f.confidence)));
        worst
    }
}

impl Entry {
    fn of(finding: &Finding, rules: &RuleSet, same: &SameValues<'_>, secrets: Secrets) -> Self {
        let redacted = finding.redacted();
        let (secret, redacted) = match secrets {
            Secrets::Redacted => (redacted, None),
            Secrets::Shown => {
                let clear = String::from_utf8_lossy(finding.secret.expose()).into_owned();
                (clear, Some(redacted))
            }
        };
        Self {
            rule: rules.rule(finding.rule).id.to_string(),
            severity: finding.severity,
            confidence: finding.confidence,
            path: finding.origin.path.clone(),
            shown: Some(finding.origin.shown.to_string_lossy().into_owned()),
            start: finding.start.into(),
            end: finding.end.into(),
            inside: finding.inside.as_deref().map(Way::from),
            secret,
            redacted,
            fingerprint: finding.fingerprint.as_str().to_owned(),
            same_value: same.fingerprints(finding).into_iter().map(str::to_owned).collect(),
            exposure: finding.exposure.map(|e| e.as_str().to_owned()),
            reasons: finding.reasons.clone(),
            history: finding.history.as_deref().cloned(),
            suppressed: finding.suppressed.as_deref().cloned(),
        }
    }

    /// Path and line, and the way in: a line of a container says nothing.
    pub(super) fn place(&self) -> String {
        let Self { path, start: Place { line, .. }, inside, .. } = self;
        match inside {
            None => format!("{path}:{line}"),
            Some(way) if way.file.is_some() => format!("{path}{ARROW}{way}"),
            Some(way) => format!("{path}:{line}{ARROW}{way}"),
        }
    }

    /// The path for people at a terminal.
    pub(super) fn heading(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.path)
    }

    /// Whether it stands in the same input as `other`.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        (&self.path, self.heading()) == (&other.path, other.heading())
    }
}

impl RuleEntry {
    /// What is said of `rule`.
    pub fn of(rules: &RuleSet, rule: &RuleSpec) -> Self {
        let book = guidance::runbook(rules, rule);
        let own = |text: Option<&str>| text.map(str::to_owned);
        let all = |texts: &[Text]| texts.iter().map(String::from).collect();
        Self {
            title: book.title.to_owned(),
            provider: book.provider.to_owned(),
            severity: rule.severity,
            confidence: rule.confidence,
            checksum: rule.checksum.is_some(),
            source: rule.source.to_string(),
            checked: rule.checked.to_string(),
            guidance: GuidanceEntry {
                impact: book.impact.to_owned(),
                self_service: book.self_service,
                revoke_url: own(book.revoke_url),
                contact: own(book.contact),
                rotation_days: book.rotation_days,
                steps: all(book.steps),
                investigate: all(book.investigate),
                prevent: all(book.prevent),
                source: book.source.to_owned(),
                checked: book.checked.to_owned(),
            },
        }
    }
}

impl GuidanceEntry {
    /// The lists that have something in them, with their titles.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let all = [
            ("Steps", &self.steps),
            ("Investigate", &self.investigate),
            ("Prevent", &self.prevent),
        ];
        all.into_iter().filter(|(_, items)| !items.is_empty()).map(|(t, items)| (t, &items[..]))
    }

    /// Whether the reader can revoke it, in one sentence.
    pub(super) fn revocable(&self) -> &'static str {
        match self.self_service {
            Some(true) => "You can revoke it yourself.",
            Some(false) => "You cannot revoke it yourself: ask the provider.",
            None => "Whether you can revoke it yourself is not documented.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        route::{Encoding, Route},
        span::LineCol,
    };

    fn shown(route: &Route, place: Option<LineCol>) -> String {
        Way::from(&Inside { route: route.clone(), place }).to_string()
    }

    #[test]
    fn a_way_reads_from_the_outside_inwards() {
        let layer = Route::default().then(Step::Part { kind: "layer", number: 3 });
        let file = layer.then(Step::Member("app/.env".into()));
        let at = LineCol { line: 12, col: 9 };
        let base64 = Step::Decoded { encoding: Encoding::Base64, at };
        let place = Some(LineCol { line: 4, col: 7 });
        assert_eq!(shown(&file, place), "layer 3 › app/.env:4");
        assert_eq!(
            shown(&file.then(base64), place),
            "layer 3 › app/.env › base64 at 12:9 › line 4"
        );
        assert_eq!(shown(&layer, place), "layer 3 › line 4");
        let original = file.then(Step::Original("src/app.ts".into()));
        assert_eq!(shown(&original, place), "layer 3 › app/.env › src/app.ts:4");
        let resource = Route(vec![Step::Named("resource a.b".into())]);
        assert_eq!(shown(&resource, None), "resource a.b");
    }
}
