//! SARIF 2.1.0 as GitHub's code scanning reads it: its limits, its way of telling alerts apart, its
//! ranking, and the runbook as help.
//!
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use serde_json::json;
use serde_sarif::sarif;

use super::{Report, runbook};
use crate::{
    coverage::Skip,
    finding::Finding,
    rule::{Confidence, RuleIndex, RuleSpec, Severity},
    triage::guidance,
};

/// GitHub keeps so many results of a run and drops the others without regard to severity.
const MAX_RESULTS: usize = 5_000;
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let kept = kept(report.findings);
    let rules = rules_of(&kept);
    let run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver(report, &rules)).build())
        .results(results(report, &kept, &rules))
        .column_kind("unicodeCodePoints")
        .automation_details(sarif::RunAutomationDetails::builder().id("straykey/").build())
        .invocations(vec![invocation(report, report.findings.len() - kept.len())])
        .build();
    let log = sarif::Sarif::builder().schema(SCHEMA).version("2.1.0").runs(vec![run]).build();
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// The worst `MAX_RESULTS` findings, in the order of the report.
fn kept(findings: &[Finding]) -> Vec<&Finding> {
    let mut worst: Vec<usize> = (0..findings.len()).collect();
    worst.sort_by_key(|&i| (std::cmp::Reverse((findings[i].severity, findings[i].confidence)), i));
    worst.truncate(MAX_RESULTS);
    worst.sort_unstable();
    worst.into_iter().map(|i| &findings[i]).collect()
}

fn rules_of(findings: &[&Finding]) -> Vec<RuleIndex> {
    let mut rules: Vec<RuleIndex> = findings.iter().map(|f| f.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn driver(report: &Report<'_>, rules: &[RuleIndex]) -> sarif::ToolComponent {
    sarif::ToolComponent::builder()
        .name("straykey")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules.iter().map(|&r| descriptor(report, r)).collect::<Vec<_>>())
        .build()
}

fn descriptor(report: &Report<'_>, index: RuleIndex) -> sarif::ReportingDescriptor {
    let rule = report.rules.rule(index);
    let book = guidance::runbook(report.rules, rule);
    let message = |text: String| sarif::MultiformatMessageString::builder().text(text).build();
    let properties = BTreeMap::from([
        ("precision".to_owned(), json!(precision(rule))),
        ("security-severity".to_owned(), json!(security_severity(rule.severity))),
    ]);
    sarif::ReportingDescriptor::builder()
        .id(&rule.id)
        .name(rule.title.clone())
        .short_description(message(limited(&rule.title)))
        .full_description(message(limited(&format!("{}. {}", rule.title, book.impact))))
        .default_configuration(
            sarif::ReportingConfiguration::builder().level(json!(level(rule.severity))).build(),
        )
        .help_uri(book.revoke_url.filter(|u| u.starts_with("https://")).unwrap_or(book.source))
        .help(
            sarif::MultiformatMessageString::builder()
                .text(runbook::text(&book))
                .markdown(runbook::markdown(&book))
                .build(),
        )
        .properties(
            sarif::PropertyBag::builder()
                .tags(["security", "secret", "external/cwe/cwe-798"].map(str::to_owned).to_vec())
                .additional_properties(properties)
                .build(),
        )
        .build()
}

/// Descriptions may have 1,024 characters.
fn limited(text: &str) -> String {
    text.chars().take(1_024).collect()
}

fn precision(rule: &RuleSpec) -> &'static str {
    match rule.confidence {
        _ if rule.checksum.is_some() => "very-high",
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}

/// GitHub: above 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below that low.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.5",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn results(report: &Report<'_>, findings: &[&Finding], rules: &[RuleIndex]) -> Vec<sarif::Result> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    findings
        .iter()
        .map(|f| {
            // GitHub's own hashes end in the number of the occurrence; without it, two places of the
            // same secret would be one alert.
            let occurrence = seen.entry(f.fingerprint.as_str()).or_default();
            *occurrence += 1;
            result(report, f, *occurrence, rules)
        })
        .collect()
}

fn result(
    report: &Report<'_>,
    finding: &Finding,
    occurrence: usize,
    rules: &[RuleIndex],
) -> sarif::Result {
    let rule = report.rules.rule(finding.rule);
    let book = guidance::runbook(report.rules, rule);
    let mut text = format!("{}: {}. {}", rule.title, report.shown(finding), book.impact);
    for reason in &finding.reasons {
        text.push_str(&format!(" Note: {reason}."));
    }
    if let Some(step) = book.steps.first() {
        text.push_str(&format!(" First step: {step}"));
    }
    let index =
        rules.binary_search(&finding.rule).expect("the rules were collected from these findings");
    let hash = format!("{}:{occurrence}", finding.fingerprint.as_str());
    let mut properties = BTreeMap::from([
        ("confidence".to_owned(), json!(finding.confidence.as_str())),
        ("severity".to_owned(), json!(finding.severity.as_str())),
        ("reasons".to_owned(), json!(finding.reasons)),
    ]);
    if let Some(exposure) = finding.exposure {
        properties.insert("exposure".to_owned(), json!(exposure.as_str()));
    }
    sarif::Result::builder()
        .rule_id(&rule.id)
        .rule_index(index as i64)
        .level(result_level(finding.severity))
        .message(sarif::Message::builder().text(text).build())
        .locations(vec![location(finding)])
        .partial_fingerprints(BTreeMap::from([("primaryLocationLineHash".to_owned(), hash)]))
        .properties(sarif::PropertyBag::builder().additional_properties(properties).build())
        .build()
}

fn result_level(severity: Severity) -> sarif::ResultLevel {
    match severity {
        Severity::Critical | Severity::High => sarif::ResultLevel::Error,
        Severity::Medium => sarif::ResultLevel::Warning,
        Severity::Low | Severity::Info => sarif::ResultLevel::Note,
    }
}

fn location(finding: &Finding) -> sarif::Location {
    let region = sarif::Region::builder()
        .start_line(finding.start.line as i64)
        .start_column(finding.start.col as i64)
        .end_line(finding.end.line as i64)
        .end_column(finding.end.col as i64)
        .build();
    let artifact = sarif::ArtifactLocation::builder().uri(uri(&finding.origin.path)).build();
    let physical =
        sarif::PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    sarif::Location::builder().physical_location(physical).build()
}

/// A relative path as a URI reference (RFC 3986): everything but its unreserved characters and `/`
/// is percent-encoded.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(b).to_string()
            }
            _ => format!("%{b:02X}"),
        })
        .collect()
}

fn invocation(report: &Report<'_>, dropped: usize) -> sarif::Invocation {
    let notification = |level: &str, text: String| {
        sarif::Notification::builder()
            .level(json!(level))
            .message(sarif::Message::builder().text(text).build())
            .build()
    };
    // The names of the ledger: an error message has the path as it was typed, which may be the machine's.
    let unreadable = report.coverage.skipped.get(&Skip::Unreadable).map_or(&[][..], Vec::as_slice);
    let mut notifications: Vec<_> = unreadable
        .iter()
        .map(|path| notification("error", format!("`{path}` could not be read")))
        .collect();
    if dropped > 0 {
        let text = format!(
            "{dropped} findings of lower severity are not in this file: code scanning keeps {MAX_RESULTS}"
        );
        notifications.push(notification("warning", text));
    }
    let coverage = report.coverage;
    let skipped: BTreeMap<&str, usize> =
        coverage.skipped.iter().map(|(w, p)| (w.as_str(), p.len())).collect();
    let properties = BTreeMap::from([(
        "coverage".to_owned(),
        json!({ "files": coverage.files, "bytes": coverage.bytes, "skipped": skipped,
                "gitIgnoredFiles": if coverage.ignore_rules { "skipped" } else { "read" } }),
    )]);
    sarif::Invocation::builder()
        .execution_successful(report.errors.is_empty())
        .tool_execution_notifications(notifications)
        .properties(sarif::PropertyBag::builder().additional_properties(properties).build())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("a b/ä#1.txt"), "a%20b/%C3%A4%231.txt");
    }
}
