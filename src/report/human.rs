//! The terminal report: findings grouped by file, each with what it is, why it counts and what to do
//! first; then what was read and what was not.

use std::io::{self, Write};

use anstyle::{AnsiColor, Reset};

use super::{Report, runbook};
use crate::{
    coverage::Skip,
    finding::Finding,
    rule::{Confidence, Severity},
    triage::guidance::{self, Runbook},
};

/// Whether the report is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape codes.
    Plain,
    /// Colours for a terminal.
    Coloured,
}

/// How much the report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Findings only.
    Quiet,
    /// Findings with the first step, and a summary.
    Normal,
    /// Findings with the whole runbook, and every path that was skipped.
    Verbose,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for findings in report.findings.chunk_by(|a, b| a.origin == b.origin) {
        let path = clean(&findings[0].origin.shown.to_string_lossy());
        writeln!(out, "{}", paint(report, anstyle::Style::new().bold(), &path))?;
        for finding in findings {
            write_finding(report, finding, out)?;
        }
        writeln!(out)?;
    }
    if report.detail == Detail::Quiet { Ok(()) } else { write_summary(report, out) }
}

fn write_finding(report: &Report<'_>, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let rule = report.rules.rule(finding.rule);
    let book = guidance::runbook(report.rules, rule);
    let place = format!("{}:{}", finding.start.line, finding.start.col);
    let severity = paint(report, colour(finding.severity), finding.severity.as_str());
    let secret = paint(report, anstyle::Style::new().bold(), &clean(&report.shown(finding)));
    writeln!(out, "  {place:<8} {severity}  {}  {secret}", rule.title)?;
    writeln!(out, "           rule   {} ({})", rule.id, sure(finding.confidence))?;
    for reason in &finding.reasons {
        writeln!(out, "           note   {}", clean(reason))?;
    }
    writeln!(out, "           risk   {}", book.impact)?;
    write_steps(report, &book, out)
}

fn write_steps(report: &Report<'_>, book: &Runbook<'_>, out: &mut dyn Write) -> io::Result<()> {
    if report.detail == Detail::Verbose {
        for line in runbook::text(book).lines().skip(1) {
            writeln!(out, "           {line}")?;
        }
        return Ok(());
    }
    match book.steps.first() {
        Some(step) => writeln!(out, "           do     {step}"),
        None => Ok(()),
    }
}

fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "confidence low: only its name or place speaks for it",
        Confidence::Medium => "confidence medium: documented shape",
        Confidence::High => "confidence high: verified",
    }
}

fn write_summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let coverage = report.coverage;
    let total = report.findings.len();
    if total == 0 {
        write!(out, "no findings")?;
    } else {
        let counts: Vec<String> = Severity::ALL
            .iter()
            .rev()
            .map(|&s| (s, report.findings.iter().filter(|f| f.severity == s).count()))
            .filter(|&(_, n)| n > 0)
            .map(|(s, n)| format!("{n} {}", s.as_str()))
            .collect();
        let files = report.findings.chunk_by(|a, b| a.origin == b.origin).count();
        write!(
            out,
            "{} in {} ({})",
            counted(total, "finding"),
            counted(files, "file"),
            counts.join(", ")
        )?;
    }
    writeln!(out, "; read {}, {}", counted(coverage.files as usize, "file"), size(coverage.bytes))?;
    if coverage.ignore_rules {
        writeln!(out, "git-ignored files were left out (--no-ignore reads them)")?;
    }
    for skip in Skip::ALL {
        let count = coverage.count(skip);
        if count > 0 {
            writeln!(out, "{count} {skip}")?;
            if report.detail == Detail::Verbose {
                for path in &coverage.skipped[&skip] {
                    writeln!(out, "  {}", clean(path))?;
                }
            }
        }
    }
    if total > 0 {
        writeln!(out, "revoke first, then remove: the history keeps what the tree has lost")?;
        if report.detail != Detail::Verbose {
            writeln!(out, "`straykey guide RULE` prints all steps for a rule")?;
        }
    }
    if !report.errors.is_empty() {
        writeln!(out, "the scan is not complete: {}", counted(report.errors.len(), "problem"))?;
    }
    Ok(())
}

fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn colour(severity: Severity) -> anstyle::Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    colour.on_default().bold()
}

fn paint(report: &Report<'_>, style: anstyle::Style, text: &str) -> String {
    match report.style {
        Style::Plain => text.to_owned(),
        Style::Coloured => format!("{style}{text}{Reset}"),
    }
}

/// Names and values come from the scanned tree: their control characters stay out of the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
