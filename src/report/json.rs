//! JSON for programs: one object, or one object a line. The form is versioned by `schema`.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::Report;
use crate::{
    coverage::Coverage,
    finding::Finding,
    rule::RuleIndex,
    triage::guidance::{self, Runbook},
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
    errors: &'r [String],
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
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<&'static str>,
    reasons: &'r [String],
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
    steps: &'r [String],
    investigate: &'r [String],
    prevent: &'r [String],
    source: &'r str,
    checked: &'r str,
}

#[derive(Serialize)]
struct CoverageForm<'r> {
    complete: bool,
    files: u64,
    bytes: u64,
    git_ignored_files: &'static str,
    skipped: BTreeMap<&'static str, &'r [String]>,
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
        errors: &'r [String],
    },
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        tool: TOOL,
        findings: report.findings.iter().map(|f| finding(report, f)).collect(),
        rules: report
            .findings
            .iter()
            .map(|f| (report.rules.rule(f.rule).id.as_str(), rule(report, f.rule)))
            .collect(),
        coverage: coverage(report),
        errors: report.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

pub(super) fn write_lines(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for f in report.findings {
        let RuleForm { title, provider, guidance, .. } = rule(report, f.rule);
        let line = Line::Finding {
            schema: SCHEMA,
            finding: finding(report, f),
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
        errors: report.errors,
    };
    serde_json::to_writer(&mut *out, &summary)?;
    writeln!(out)
}

fn finding<'r>(report: &Report<'r>, f: &'r Finding) -> FindingForm<'r> {
    FindingForm {
        rule: &report.rules.rule(f.rule).id,
        severity: f.severity.as_str(),
        confidence: f.confidence.as_str(),
        path: &f.origin.path,
        start: Place { line: f.start.line, column: f.start.col },
        end: Place { line: f.end.line, column: f.end.col },
        secret: report.shown(f),
        fingerprint: f.fingerprint.as_str(),
        exposure: f.exposure.map(|e| e.as_str()),
        reasons: &f.reasons,
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

fn guidance_form<'r>(book: &Runbook<'r>) -> GuidanceForm<'r> {
    GuidanceForm {
        impact: book.impact,
        self_service: book.self_service,
        revoke_url: book.revoke_url,
        contact: book.contact,
        rotation_days: book.rotation_days,
        steps: book.steps,
        investigate: book.investigate,
        prevent: book.prevent,
        source: book.source,
        checked: book.checked,
    }
}

fn coverage<'r>(report: &Report<'r>) -> CoverageForm<'r> {
    let Coverage { files, bytes, skipped, ignore_rules, .. } = report.coverage;
    CoverageForm {
        complete: report.errors.is_empty(),
        files: *files,
        bytes: *bytes,
        git_ignored_files: if *ignore_rules { "skipped" } else { "read" },
        skipped: skipped.iter().map(|(why, paths)| (why.as_str(), paths.as_slice())).collect(),
    }
}
