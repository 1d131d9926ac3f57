//! JSON for programs: one object, or one object a line. The form is versioned by `schema`.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::{
    Report,
    history::{self, HistoryForm},
};
use crate::{
    coverage::{Coverage, Objects},
    finding::{Finding, Suppression},
    rule::{RuleIndex, text::Text},
    triage::{
        guidance::{self, Runbook},
        same_value::SameValues,
        suppress::Tally,
    },
};

/// Grows only by new fields; anything else gets a new number.
const SCHEMA: &str = "straykey/1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    tool: Tool,
    findings: Vec<FindingForm<'r>>,
    /// What is said once for each rule that found something, by id.
    rules: BTreeMap<&'r str, RuleForm<'r>>,
    coverage: CoverageForm<'r>,
    suppressed: SuppressedForm<'r>,
    errors: &'r [String],
}

/// What was suppressed: how many findings by what, and what suppresses nothing.
#[derive(Serialize)]
pub(super) struct SuppressedForm<'r> {
    findings: usize,
    by: BTreeMap<&'static str, usize>,
    stale: &'r [String],
}

impl<'r> From<&'r Tally> for SuppressedForm<'r> {
    fn from(tally: &'r Tally) -> Self {
        Self {
            findings: tally.total(),
            by: tally.counts.iter().map(|(by, n)| (by.as_str(), *n)).collect(),
            stale: &tally.stale,
        }
    }
}

/// What accepts a finding.
#[derive(Serialize)]
struct SuppressionForm<'r> {
    by: &'static str,
    place: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
}

impl<'r> From<&'r Suppression> for SuppressionForm<'r> {
    fn from(Suppression { by, place, reason }: &'r Suppression) -> Self {
        Self { by: by.as_str(), place, reason: reason.as_deref() }
    }
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

const TOOL: Tool = Tool { name: "straykey", version: env!("CARGO_PKG_VERSION") };

#[derive(Serialize)]
struct FindingForm<'r> {
    rule: &'r str,
    severity: &'static str,
    confidence: &'static str,
    path: &'r str,
    start: Place,
    /// The character after the secret's last.
    end: Place,
    secret: String,
    fingerprint: &'r str,
    /// The fingerprints of other findings with the same value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_value: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<&'static str>,
    reasons: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryForm<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<SuppressionForm<'r>>,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct RuleForm<'r> {
    title: &'r str,
    provider: &'r str,
    source: &'r str,
    checked: &'r str,
    guidance: GuidanceForm<'r>,
}

#[derive(Serialize)]
struct GuidanceForm<'r> {
    impact: &'r str,
    self_service: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke_url: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_days: Option<u16>,
    steps: Vec<&'r str>,
    investigate: Vec<&'r str>,
    prevent: Vec<&'r str>,
    source: &'r str,
    checked: &'r str,
}

#[derive(Serialize)]
struct CoverageForm<'r> {
    complete: bool,
    files: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<ObjectsForm>,
    git_ignored_files: &'static str,
    skipped: BTreeMap<&'static str, &'r [String]>,
}

/// What was read of a repository's database.
#[derive(Serialize)]
pub(super) struct ObjectsForm {
    commits: u64,
    trees: u64,
    blobs: u64,
    tags: u64,
}

impl From<Objects> for ObjectsForm {
    fn from(Objects { commits, trees, blobs, tags }: Objects) -> Self {
        Self { commits, trees, blobs, tags }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "there is one line at a time")]
enum Line<'r> {
    Finding {
        schema: &'static str,
        #[serde(flatten)]
        finding: FindingForm<'r>,
        title: &'r str,
        provider: &'r str,
        guidance: GuidanceForm<'r>,
    },
    Summary {
        schema: &'static str,
        tool: Tool,
        findings: usize,
        coverage: CoverageForm<'r>,
        suppressed: SuppressedForm<'r>,
        errors: &'r [String],
    },
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let same = SameValues::of(report.findings);
    let document = Document {
        schema: SCHEMA,
        tool: TOOL,
        findings: report.findings.iter().map(|f| finding(report, &same, f)).collect(),
        rules: report
            .findings
            .iter()
            .map(|f| (report.rules.rule(f.rule).id.as_str(), rule(report, f.rule)))
            .collect(),
        coverage: coverage(report),
        suppressed: report.tally.into(),
        errors: report.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

pub(super) fn write_lines(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let same = SameValues::of(report.findings);
    for f in report.findings {
        let RuleForm { title, provider, guidance, .. } = rule(report, f.rule);
        let line = Line::Finding {
            schema: SCHEMA,
            finding: finding(report, &same, f),
            title,
            provider,
            guidance,
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    let summary = Line::Summary {
        schema: SCHEMA,
        tool: TOOL,
        findings: report.findings.len(),
        coverage: coverage(report),
        suppressed: report.tally.into(),
        errors: report.errors,
    };
    serde_json::to_writer(&mut *out, &summary)?;
    writeln!(out)
}

fn finding<'r>(report: &Report<'r>, same: &SameValues<'r>, f: &'r Finding) -> FindingForm<'r> {
    FindingForm {
        rule: &report.rules.rule(f.rule).id,
        severity: f.severity.as_str(),
        confidence: f.confidence.as_str(),
        path: &f.origin.path,
        start: Place { line: f.start.line, column: f.start.col },
        end: Place { line: f.end.line, column: f.end.col },
        secret: report.shown(f),
        fingerprint: f.fingerprint.as_str(),
        same_value: same.fingerprints(f),
        exposure: f.exposure.map(|e| e.as_str()),
        reasons: &f.reasons,
        history: f.history.as_deref().map(history::form),
        suppressed: f.suppressed.as_deref().map(SuppressionForm::from),
    }
}

fn rule<'r>(report: &Report<'r>, index: RuleIndex) -> RuleForm<'r> {
    let rule = report.rules.rule(index);
    let book = guidance::runbook(report.rules, rule);
    RuleForm {
        title: &rule.title,
        provider: book.provider,
        source: &rule.source,
        checked: &rule.checked,
        guidance: guidance_form(&book),
    }
}

fn texts(all: &[Text]) -> Vec<&str> {
    all.iter().map(Text::as_str).collect()
}

fn guidance_form<'r>(book: &Runbook<'r>) -> GuidanceForm<'r> {
    GuidanceForm {
        impact: book.impact,
        self_service: book.self_service,
        revoke_url: book.revoke_url,
        contact: book.contact,
        rotation_days: book.rotation_days,
        steps: texts(book.steps),
        investigate: texts(book.investigate),
        prevent: texts(book.prevent),
        source: book.source,
        checked: book.checked,
    }
}

fn coverage<'r>(report: &Report<'r>) -> CoverageForm<'r> {
    let Coverage { files, bytes, skipped, ignore_rules, objects } = report.coverage;
    CoverageForm {
        complete: report.problems() == 0,
        files: *files,
        bytes: *bytes,
        objects: objects.map(ObjectsForm::from),
        git_ignored_files: if *ignore_rules { "skipped" } else { "read" },
        skipped: skipped.iter().map(|(why, paths)| (why.as_str(), paths.as_slice())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        history::Reach,
        report::{Detail, Format, sample::printed},
        triage::sample,
    };

    fn document(findings: &[Finding], coverage: &Coverage) -> Value {
        let text = printed(Format::Json, Detail::Normal, findings, coverage);
        serde_json::from_str(&text).expect("it is JSON")
    }

    fn found(path: &str) -> Finding {
        sample::finding(&sample::rules(), "stripe-live-secret-key", path, "value")
    }

    #[test]
    fn a_history_has_full_ids_and_dates() {
        let mut finding = found("a");
        let mut history = sample::removed("old/a");
        history.overdue_days = Some(7);
        finding.history = Some(Box::new(history));
        let document = document(&[finding], &Coverage::default());
        insta::assert_snapshot!(format!("{:#}", document["findings"][0]["history"]), @r#"
        {
          "reach": "commit",
          "introduced": {
            "commit": "3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f",
            "author": "Ada Example",
            "date": "2025-03-04T12:00:00+01:00",
            "path": "old/a",
            "line": 4
          },
          "removed": {
            "commit": "9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c",
            "author": "Bob Example",
            "date": "2025-06-02T12:00:00+01:00"
          },
          "at_head": false,
          "in_worktree": false,
          "commits": 214,
          "refs": [
            "refs/heads/main",
            "refs/heads/next",
            "refs/tags/v1"
          ],
          "refs_total": 3,
          "overdue_days": 7
        }
        "#);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut finding = found("a");
        let before = document(std::slice::from_ref(&finding), &Coverage::default());
        for key in ["history", "same_value"] {
            assert_eq!(before["findings"][0].get(key), None);
        }
        assert_eq!(before["coverage"].get("objects"), None);
        finding.history = Some(Box::new(sample::only(Reach::Index)));
        let staged = document(&[finding], &Coverage::default());
        let expected = json!({ "reach": "index", "at_head": false, "in_worktree": false,
                               "commits": 0, "refs": [], "refs_total": 0 });
        assert_eq!(staged["findings"][0]["history"], expected);
    }

    #[test]
    fn the_same_value_is_named_by_its_fingerprints() {
        let findings = [found("a"), found("b")];
        let document = document(&findings, &Coverage::default());
        for (at, other) in [(0, 1), (1, 0)] {
            let expected = json!([findings[other].fingerprint.as_str()]);
            assert_eq!(document["findings"][at]["same_value"], expected);
        }
    }

    #[test]
    fn the_objects_that_were_read_are_counted() {
        let objects = Some(Objects { commits: 1, trees: 2, blobs: 3, tags: 0 });
        let document = document(&[], &Coverage { objects, ..Coverage::default() });
        let expected = json!({ "commits": 1, "trees": 2, "blobs": 3, "tags": 0 });
        assert_eq!(document["coverage"]["objects"], expected);
    }
}
