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

use super::{
    Entry, GuidanceEntry, Report, RuleEntry, Way, counted, grouped, history,
    json::{ObjectsForm, SuppressedForm},
    limited, precision, runbook,
};
use crate::{
    coverage::{Coverage, Skip},
    finding::{Suppression, Suppressor},
    route::ARROW,
    rule::Severity,
};

/// Descriptions may have so many characters.
const MAX_DESCRIPTION: usize = 1_024;

/// GitHub keeps so many results of a run and drops the others without regard to severity.
const MAX_RESULTS: usize = 5_000;
/// So many gaps of one kind are named; GitHub takes 10 MB, and a partial clone may lack more.
const MAX_GAPS: usize = 100;
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let kept = kept(report);
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
fn kept(report: &Report) -> Vec<&Entry> {
    let findings = &report.findings;
    let mut worst: Vec<usize> = (0..findings.len()).collect();
    worst.sort_by_key(|&i| (std::cmp::Reverse((findings[i].severity, findings[i].confidence)), i));
    worst.truncate(MAX_RESULTS);
    worst.sort_unstable();
    worst.into_iter().map(|i| &findings[i]).collect()
}

fn rules_of<'r>(findings: &[&'r Entry]) -> Vec<&'r str> {
    let mut rules: Vec<&str> = findings.iter().map(|f| f.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn driver(report: &Report, rules: &[&str]) -> sarif::ToolComponent {
    sarif::ToolComponent::builder()
        .name("straykey")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules.iter().map(|&id| descriptor(id, &report.rules[id])).collect::<Vec<_>>())
        .build()
}

fn descriptor(id: &str, rule: &RuleEntry) -> sarif::ReportingDescriptor {
    let book = &rule.guidance;
    let message = |text: String| sarif::MultiformatMessageString::builder().text(text).build();
    let properties = BTreeMap::from([
        ("precision".to_owned(), json!(precision::precision(id, rule))),
        ("security-severity".to_owned(), json!(security_severity(rule.severity))),
    ]);
    sarif::ReportingDescriptor::builder()
        .id(id)
        .name(&rule.title)
        .short_description(message(limited(&rule.title, MAX_DESCRIPTION)))
        .full_description(message(limited(
            &format!("{}. {}", rule.title, book.impact),
            MAX_DESCRIPTION,
        )))
        .default_configuration(
            sarif::ReportingConfiguration::builder().level(json!(level(rule.severity))).build(),
        )
        .help_uri(help_uri(book))
        .help(
            sarif::MultiformatMessageString::builder()
                .text(runbook::text(rule))
                .markdown(runbook::markdown(rule))
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

/// Where it is revoked, or else the document behind the runbook.
fn help_uri(book: &GuidanceEntry) -> &str {
    book.revoke_url.as_deref().filter(|u| u.starts_with("https://")).unwrap_or(&book.source)
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

fn results(report: &Report, findings: &[&Entry], rules: &[&str]) -> Vec<sarif::Result> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    findings
        .iter()
        .map(|f| {
            // GitHub's own hashes end in the number of the occurrence; without it, two places of the
            // same secret would be one alert.
            let occurrence = seen.entry(f.fingerprint.as_str()).or_default();
            *occurrence += 1;
            result(f, report.rule(f), *occurrence, rules)
        })
        .collect()
}

fn result(finding: &Entry, rule: &RuleEntry, occurrence: usize, rules: &[&str]) -> sarif::Result {
    let book = &rule.guidance;
    let mut text = format!("{}: {}. {}", rule.title, finding.secret, book.impact);
    if let Some(inside) = &finding.inside {
        text.push_str(&format!(" It stands inside: {}.", plain(&inside.to_string())));
    }
    if let Some(history) = &finding.history {
        text.push_str(&format!(" {}", plain(&history::sentence(history))));
    }
    for reason in &finding.reasons {
        text.push_str(&format!(" Note: {reason}."));
    }
    if let Some(step) = book.steps.first() {
        text.push_str(&format!(" First step: {step}"));
    }
    let index =
        rules.binary_search(&&*finding.rule).expect("the rules were collected from these findings");
    let hash = format!("{}:{occurrence}", finding.fingerprint);
    let result = sarif::Result::builder()
        .rule_id(&finding.rule)
        .rule_index(index as i64)
        .level(result_level(finding.severity))
        .message(sarif::Message::builder().text(text).build())
        .locations(vec![location(finding)])
        .partial_fingerprints(BTreeMap::from([("primaryLocationLineHash".to_owned(), hash)]))
        .properties(
            sarif::PropertyBag::builder().additional_properties(result_properties(finding)).build(),
        )
        .build();
    sarif::Result { suppressions: finding.suppressed.as_ref().map(suppressions), ..result }
}

/// What a viewer shows as accepted (§3.27.23). Code scanning opens an alert for such a result all the
/// same, so a report has them only if the user asked for them.
fn suppressions(suppression: &Suppression) -> Vec<sarif::Suppression> {
    let kind = match suppression.by {
        Suppressor::Inline => "inSource",
        Suppressor::IgnoreFile | Suppressor::Config | Suppressor::Baseline => "external",
    };
    let one = sarif::Suppression::builder()
        .kind(json!(kind))
        .status(json!("accepted"))
        .justification(suppression.to_string())
        .build();
    vec![one]
}

/// A message may have links in brackets and placeholders in braces; a name must not.
fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        '[' | '{' => '(',
        ']' | '}' => ')',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(plain).collect()
}

fn result_properties(finding: &Entry) -> BTreeMap<String, serde_json::Value> {
    let mut properties = BTreeMap::from([
        ("confidence".to_owned(), json!(finding.confidence.as_str())),
        ("severity".to_owned(), json!(finding.severity.as_str())),
        ("reasons".to_owned(), json!(finding.reasons)),
    ]);
    if let Some(exposure) = &finding.exposure {
        properties.insert("exposure".to_owned(), json!(exposure));
    }
    if !finding.same_value.is_empty() {
        properties.insert("sameValue".to_owned(), json!(finding.same_value));
    }
    if let Some(history) = &finding.history {
        properties.insert("history".to_owned(), history::properties(history));
    }
    properties
}

fn result_level(severity: Severity) -> sarif::ResultLevel {
    match severity {
        Severity::Critical | Severity::High => sarif::ResultLevel::Error,
        Severity::Medium => sarif::ResultLevel::Warning,
        Severity::Low | Severity::Info => sarif::ResultLevel::Note,
    }
}

fn location(finding: &Entry) -> sarif::Location {
    let region = sarif::Region::builder()
        .start_line(finding.start.line as i64)
        .start_column(finding.start.column as i64)
        .end_line(finding.end.line as i64)
        .end_column(finding.end.column as i64)
        .build();
    let artifact = sarif::ArtifactLocation::builder().uri(uri(&finding.path)).build();
    let physical =
        sarif::PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    match &finding.inside {
        None => sarif::Location::builder().physical_location(physical).build(),
        Some(inside) => sarif::Location::builder()
            .physical_location(physical)
            .logical_locations(vec![logical_location(finding, inside)])
            .build(),
    }
}

/// The way from the file inwards.
fn logical_location(finding: &Entry, inside: &Way) -> sarif::LogicalLocation {
    let name = format!("{}{ARROW}{inside}", finding.path);
    let kind = if inside.file.is_some() { "resource" } else { "value" };
    sarif::LogicalLocation::builder()
        .name(inside.to_string())
        .fully_qualified_name(name)
        .kind(kind)
        .build()
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

fn invocation(report: &Report, dropped: usize) -> sarif::Invocation {
    let mut notifications: Vec<_> = gaps(&report.coverage, "error", Skip::is_failure).collect();
    let is_limit = |why: Skip| matches!(why, Skip::Stopped(_));
    notifications.extend(gaps(&report.coverage, "warning", is_limit));
    if dropped > 0 {
        let text = format!(
            "{} of lower severity are not in this file: code scanning keeps {MAX_RESULTS}",
            counted(dropped as u64, "finding")
        );
        notifications.push(notification("warning", text));
    }
    notifications.extend(stale(report));
    let coverage = &report.coverage;
    let skipped: BTreeMap<&str, usize> =
        coverage.skipped.iter().map(|(w, p)| (w.as_str(), p.len())).collect();
    let mut ledger = json!({
        "files": coverage.files, "bytes": coverage.bytes, "skipped": skipped,
        "gitIgnoredFiles": if coverage.ignore_rules { "skipped" } else { "read" },
    });
    if let Some(objects) = coverage.objects {
        ledger["objects"] = json!(ObjectsForm::from(objects));
    }
    let suppressed = json!(SuppressedForm::from(&report.tally));
    let properties =
        BTreeMap::from([("coverage".to_owned(), ledger), ("suppressed".to_owned(), suppressed)]);
    sarif::Invocation::builder()
        .execution_successful(report.problems() == 0)
        .tool_execution_notifications(notifications)
        .properties(sarif::PropertyBag::builder().additional_properties(properties).build())
        .build()
}

/// A note for what accepts nothing any more.
fn stale(report: &Report) -> impl Iterator<Item = sarif::Notification> {
    let named = report.tally.stale.iter().take(MAX_GAPS).cloned();
    named.map(|text| notification("note", text))
}

/// A notification for every gap of some kinds.
///
/// They have the names of the ledger: an error message has the path as it was typed, which may be
/// the machine's.
fn gaps(
    coverage: &Coverage,
    level: &'static str,
    wanted: impl Fn(Skip) -> bool,
) -> impl Iterator<Item = sarif::Notification> {
    let skipped = coverage.skipped.iter().filter(move |(why, _)| wanted(**why));
    skipped.flat_map(move |(&why, names)| {
        let named = names.iter().take(MAX_GAPS).map(move |name| gap(why, name));
        let rest = names.len().saturating_sub(MAX_GAPS) as u64;
        let rest = (rest > 0).then(|| format!("and {} more {why}", grouped(rest)));
        named.chain(rest).map(move |text| notification(level, text))
    })
}

fn gap(why: Skip, name: &str) -> String {
    match why {
        Skip::ShallowBoundary => format!("the parents of commit `{name}` are not in this clone"),
        Skip::MissingObject => format!("object `{name}` is named and not there"),
        Skip::CorruptObject => format!("object `{name}` is damaged"),
        Skip::DamagedContainer => format!("`{name}` is damaged: not all of it was searched"),
        Skip::Stopped(limit) => {
            format!("`{name}` was not expanded to its end: `{}` stopped it", limit.flag())
        }
        _ => format!("`{name}` could not be read"),
    }
}

fn notification(level: &str, text: String) -> sarif::Notification {
    sarif::Notification::builder()
        .level(json!(level))
        .message(sarif::Message::builder().text(text).build())
        .build()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        coverage::Objects,
        finding::Finding,
        history::{History, Reach},
        report::{Detail, Format, sample::printed},
        triage::sample,
    };

    fn log(findings: &[Finding], coverage: &Coverage) -> Value {
        let text = printed(Format::Sarif, Detail::Normal, findings, coverage);
        let log = serde_json::from_str(&text).expect("it is JSON");
        assert_valid(&log);
        log
    }

    fn assert_valid(log: &Value) {
        let schema = include_str!("../../tests/data/sarif-schema-2.1.0.json");
        let mut schema: Value = serde_json::from_str(schema).expect("it is JSON");
        // As published, this pattern has a `]` too many, which not every regex dialect takes for a
        // letter.
        for part in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][part]["properties"]["language"];
            language["pattern"] = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
        }
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        let errors: Vec<String> =
            validator.iter_errors(log).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    fn found(path: &str, history: Option<History>) -> Finding {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "stripe-live-secret-key", path, "value");
        finding.history = history.map(Box::new);
        finding
    }

    fn invocation_of(log: &Value) -> &Value {
        &log["runs"][0]["invocations"][0]
    }

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("a b/ä#1.txt"), "a%20b/%C3%A4%231.txt");
    }

    #[test]
    fn a_history_is_a_property_in_camel_case() {
        let mut history = sample::removed("old/a");
        history.overdue_days = Some(7);
        let log = log(&[found("a", Some(history))], &Coverage::default());
        let history = &log["runs"][0]["results"][0]["properties"]["history"];
        insta::assert_snapshot!(format!("{history:#}"), @r#"
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
          "atHead": false,
          "inWorktree": false,
          "commits": 214,
          "refs": [
            "refs/heads/main",
            "refs/heads/next",
            "refs/tags/v1"
          ],
          "refsTotal": 3,
          "overdueDays": 7
        }
        "#);
    }

    #[test]
    fn a_message_says_since_when_in_one_sentence() {
        let mut linked = sample::at_head("a");
        let introduced = linked.introduced.as_mut().expect("it was given one");
        introduced.change.author = "[Eve](http://localhost) {0}".into();
        let sentences = [
            sample::at_head("a"),
            sample::removed("a"),
            sample::only(Reach::Index),
            sample::only(Reach::Unreachable),
            linked,
        ]
        .map(|history| {
            let said = plain(&history::sentence(&history));
            let log = log(&[found("a", Some(history))], &Coverage::default());
            let text = &log["runs"][0]["results"][0]["message"]["text"];
            assert!(text.as_str().is_some_and(|t| t.contains(&said)), "{text}");
            said
        });
        insta::assert_snapshot!(sentences.join("\n"), @r"
        Introduced in 3f3f3f3f3f3f on 2025-03-04 by Ada Example; still at HEAD.
        Introduced in 3f3f3f3f3f3f on 2025-03-04 by Ada Example; removed in 9c9c9c9c9c9c on 2025-06-02.
        Staged, not committed.
        Unreachable, but still in the object database.
        Introduced in 3f3f3f3f3f3f on 2025-03-04 by (Eve)(http://localhost) (0); still at HEAD.
        ");
    }

    #[test]
    fn the_same_value_is_named_by_its_fingerprints() {
        let findings = [found("a", None), found("b", None)];
        let log = log(&findings, &Coverage::default());
        let others = &log["runs"][0]["results"][0]["properties"]["sameValue"];
        assert_eq!(others, &json!([findings[1].fingerprint.as_str()]));
    }

    #[test]
    fn the_objects_that_were_read_are_counted() {
        let objects = Some(Objects { commits: 1, trees: 2, blobs: 3, tags: 4 });
        let log = log(&[], &Coverage { objects, ..Coverage::default() });
        let invocation = invocation_of(&log);
        let expected = json!({ "commits": 1, "trees": 2, "blobs": 3, "tags": 4 });
        assert_eq!(invocation["properties"]["coverage"]["objects"], expected);
        assert_eq!(invocation["executionSuccessful"], true);
    }

    #[test]
    fn every_gap_that_matters_is_an_error_and_every_limit_a_warning() {
        let mut coverage = Coverage::default();
        for why in Skip::ALL {
            coverage.skip(why, "x".into());
        }
        let log = log(&[], &coverage);
        let invocation = invocation_of(&log);
        assert_eq!(invocation["executionSuccessful"], false);
        let notes = invocation["toolExecutionNotifications"].as_array().expect("there are some");
        let text =
            |n: &Value| format!("{}: {}\n", n["level"], n["message"]["text"]).replace('"', "");
        insta::assert_snapshot!(notes.iter().map(text).collect::<String>(), @r"
        error: `x` could not be read
        error: the parents of commit `x` are not in this clone
        error: object `x` is named and not there
        error: object `x` is damaged
        error: `x` is damaged: not all of it was searched
        warning: `x` was not expanded to its end: `--max-decode-depth` stopped it
        warning: `x` was not expanded to its end: `--max-archive-depth` stopped it
        warning: `x` was not expanded to its end: `--max-expanded-megabytes` stopped it
        warning: `x` was not expanded to its end: `--max-ratio` stopped it
        warning: `x` was not expanded to its end: `--max-members` stopped it
        warning: `x` was not expanded to its end: `--max-seconds` stopped it
        warning: `x` was not expanded to its end: `--max-held-megabytes` stopped it
        ");
        let skipped = &invocation["properties"]["coverage"]["skipped"];
        assert_eq!(skipped.as_object().map(serde_json::Map::len), Some(Skip::ALL.len()));
    }

    #[test]
    fn a_clone_that_lacks_everything_does_not_fill_the_file() {
        let mut coverage = Coverage::default();
        (0..10_000).for_each(|n| coverage.skip(Skip::MissingObject, format!("{n:040}")));
        let log = log(&[], &coverage);
        let notes = invocation_of(&log)["toolExecutionNotifications"].as_array();
        let notes = notes.expect("there are some");
        assert_eq!(notes.len(), MAX_GAPS + 1);
        let last = &notes[MAX_GAPS]["message"]["text"];
        assert_eq!(last, "and 9,900 more objects that are named and not there");
    }
}
