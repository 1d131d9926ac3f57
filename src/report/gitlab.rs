//! GitLab's secret detection report, for `artifacts:reports:secret_detection`.
//!
//! <https://gitlab.com/gitlab-org/security-products/security-report-schemas>

use std::{
    collections::HashMap,
    io::{self, Write},
};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Entry, GuidanceEntry, Look, Report, clean, counted, date, history, limited, runbook};
use crate::coverage::Skip;

/// The version of the schema.
const VERSION: &str = "15.2.1";
/// What GitLab's own analyzer states for what is in no commit; the field must be there.
const NO_COMMIT: &str = "0000000";

#[derive(Serialize)]
struct Document<'r> {
    version: &'static str,
    scan: Value,
    vulnerabilities: Vulnerabilities<'r>,
}

/// Made one by one: each has its whole runbook.
struct Vulnerabilities<'r>(&'r Report);

impl Serialize for Vulnerabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        serializer.collect_seq(self.0.findings.iter().map(|finding| {
            let occurrence = seen.entry(finding.fingerprint.as_str()).or_default();
            *occurrence += 1;
            vulnerability(self.0, finding, *occurrence)
        }))
    }
}

pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let (scan, vulnerabilities) = (scan(report, look), Vulnerabilities(report));
    let document = Document { version: VERSION, scan, vulnerabilities };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn scan(report: &Report, look: &Look) -> Value {
    let tool = json!({
        "id": "straykey", "name": "straykey", "version": env!("CARGO_PKG_VERSION"),
        "vendor": { "name": "straykey" },
    });
    json!({
        "analyzer": tool, "scanner": tool, "type": "secret_detection",
        "start_time": date::utc(look.times.0), "end_time": date::utc(look.times.1),
        "status": if report.problems() == 0 { "success" } else { "failure" },
        "messages": messages(report),
    })
}

fn messages(report: &Report) -> Vec<Value> {
    let warn = |text: String| json!({ "level": "warn", "value": text });
    let errors = report.errors.iter().map(|e| warn(clean(e)));
    let gaps = Skip::ALL.into_iter().map(|s| (s, report.coverage.count(s))).filter(|g| g.1 > 0);
    let gaps = gaps.map(|(skip, count)| {
        let level = if skip.is_failure() { "warn" } else { "info" };
        json!({ "level": level, "value": format!("{} {skip}", super::grouped(count as u64)) })
    });
    errors.chain(gaps).collect()
}

fn vulnerability(report: &Report, finding: &Entry, occurrence: usize) -> Value {
    let rule = report.rule(finding);
    let mut all = json!({
        "id": format!("{}:{occurrence}", finding.fingerprint),
        "category": "secret_detection",
        "name": limited(&clean(&rule.title), 255),
        "description": description(finding, &rule.guidance),
        "severity": severity(finding),
        "solution": limited(&runbook::text(rule), 7_000),
        "identifiers": [
            { "type": "straykey_rule_id", "name": format!("straykey rule {}", finding.rule),
              "value": finding.rule },
            { "type": "cwe", "name": "CWE-798", "value": "798",
              "url": "https://cwe.mitre.org/data/definitions/798.html" },
        ],
        "location": location(finding),
        "details": details(finding),
    });
    let links: Vec<Value> = links(&rule.guidance).collect();
    if !links.is_empty() {
        all["links"] = links.into();
    }
    all
}

fn severity(finding: &Entry) -> String {
    let (head, tail) = finding.severity.as_str().split_at(1);
    head.to_ascii_uppercase() + tail
}

fn description(finding: &Entry, book: &GuidanceEntry) -> String {
    let mut text = clean(&book.impact);
    if let Some(inside) = &finding.inside {
        text.push_str(&format!(" It stands inside: {}.", clean(&inside.to_string())));
    }
    if let Some(history) = &finding.history {
        text.push_str(&format!(" {}", clean(&history::sentence(history))));
    }
    for reason in &finding.reasons {
        text.push_str(&format!(" Note: {}.", clean(reason)));
    }
    text
}

fn location(finding: &Entry) -> Value {
    let first = finding.history.as_ref().and_then(|h| h.introduced.as_ref());
    let commit = first.map_or_else(
        || json!({ "sha": NO_COMMIT }),
        |first| {
            json!({ "sha": first.change.id, "author": clean(&history::author(&first.change)),
                    "date": date::rfc3339(first.change.date) })
        },
    );
    json!({
        "file": clean(&finding.path), "start_line": finding.start.line,
        "end_line": finding.end.line, "commit": commit,
    })
}

fn details(finding: &Entry) -> Value {
    let value = |name: &str, value: Value| json!({ "name": name, "type": "value", "value": value });
    let mut all = json!({
        "secret": { "name": "Secret", "type": "code", "value": clean(&finding.secret) },
        "confidence": value("Confidence", finding.confidence.as_str().into()),
    });
    if let Some(exposure) = &finding.exposure {
        all["exposure"] = value("Stands in", exposure.as_str().into());
    }
    if let Some(inside) = &finding.inside {
        all["inside"] = value("Inside", clean(&inside.to_string()).into());
    }
    if let Some(history) = &finding.history {
        all["at_head"] = value("Still at HEAD", history.at_head.into());
        let commits = counted(history.commits, "commit");
        all["commits"] = value("Contained in", commits.into());
    }
    all
}

fn links(book: &GuidanceEntry) -> impl Iterator<Item = Value> {
    let revoke = book.revoke_url.as_deref().map(|url| ("Where to revoke it", url));
    let all = revoke.into_iter().chain([("Documentation", book.source.as_str())]);
    let web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    all.filter(move |(_, url)| web(url)).map(|(name, url)| json!({ "name": name, "url": url }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::Coverage,
        finding::Finding,
        report::{Detail, Format, sample::printed},
        triage::sample,
    };

    fn document(findings: &[Finding], coverage: &Coverage) -> Value {
        let text = printed(Format::Gitlab, Detail::Normal, findings, coverage);
        let document = serde_json::from_str(&text).expect("it is JSON");
        let schema = include_str!("../../tests/data/gitlab-secret-detection-15.2.1.json");
        let schema = serde_json::from_str(schema).expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        document
    }

    #[test]
    fn a_finding_names_its_commit_and_its_rule() {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "stripe-live-secret-key", "a.env", "value");
        finding.history = Some(Box::new(sample::removed("a.env")));
        let mut document = document(&[finding], &Coverage::default());
        let found = &mut document["vulnerabilities"][0];
        let solution = found["solution"].take();
        assert!(solution.as_str().is_some_and(|s| s.contains("Steps:")), "{solution}");
        insta::assert_snapshot!(format!("{found:#}"), @r#"
        {
          "id": "a6059314346861b2fbf550188fc0d63e:1",
          "category": "secret_detection",
          "name": "Stripe live secret key",
          "description": "Any API request without restriction: charges cards, refunds, pays out, reads and changes customer data, creates further credentials such as webhook endpoints. Introduced in 3f3f3f3f3f3f on 2025-03-04 by Ada Example; removed in 9c9c9c9c9c9c on 2025-06-02.",
          "severity": "Critical",
          "solution": null,
          "identifiers": [
            {
              "type": "straykey_rule_id",
              "name": "straykey rule stripe-live-secret-key",
              "value": "stripe-live-secret-key"
            },
            {
              "type": "cwe",
              "name": "CWE-798",
              "value": "798",
              "url": "https://cwe.mitre.org/data/definitions/798.html"
            }
          ],
          "location": {
            "file": "a.env",
            "start_line": 4,
            "end_line": 4,
            "commit": {
              "sha": "3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f",
              "author": "Ada Example",
              "date": "2025-03-04T12:00:00+01:00"
            }
          },
          "details": {
            "secret": {
              "name": "Secret",
              "type": "code",
              "value": "********"
            },
            "confidence": {
              "name": "Confidence",
              "type": "value",
              "value": "medium"
            },
            "at_head": {
              "name": "Still at HEAD",
              "type": "value",
              "value": false
            },
            "commits": {
              "name": "Contained in",
              "type": "value",
              "value": "214 commits"
            }
          },
          "links": [
            {
              "name": "Where to revoke it",
              "url": "https://dashboard.stripe.com/apikeys"
            },
            {
              "name": "Documentation",
              "url": "https://support.stripe.com/questions/protecting-against-compromised-api-keys"
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_is_in_no_commit_has_the_commit_of_gitlabs_own_analyzer() {
        let finding = sample::finding(&sample::rules(), "hirepanda-api-key", "a", "v");
        let document = document(&[finding.clone(), finding], &Coverage::default());
        let found = &document["vulnerabilities"];
        assert_eq!(found[0]["location"]["commit"], json!({ "sha": "0000000" }));
        assert_ne!(found[0]["id"], found[1]["id"], "two places are two vulnerabilities");
    }

    #[test]
    fn a_scan_with_a_gap_failed_and_says_why() {
        let mut coverage = Coverage::default();
        let whole = document(&[], &coverage);
        assert_eq!(whole["scan"]["status"], "success");
        assert_eq!(whole["scan"]["start_time"], "2025-03-04T11:00:00");
        assert_eq!(whole["scan"]["end_time"], "2025-03-04T11:00:02");
        coverage.skip(Skip::Symlink, "a".into());
        coverage.skip(Skip::ShallowBoundary, "b".into());
        let partial = document(&[], &coverage);
        assert_eq!(partial["scan"]["status"], "failure");
        insta::assert_snapshot!(partial["scan"]["messages"].to_string(), @r#"[{"level":"info","value":"1 symbolic links not followed"},{"level":"warn","value":"1 commits whose parents a shallow clone left out"}]"#);
    }
}
