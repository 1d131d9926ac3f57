//! Workflow commands of GitHub Actions: lines that the runner turns into annotations.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use super::{Entry, Report, clean, counted, history, human};
use crate::rule::Severity;

/// The runner shows so many annotations of each level of a step and drops the others in silence.
///
/// <https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations>
const MAX_SHOWN: usize = 10;

const LEVELS: [&str; 3] = ["error", "warning", "notice"];

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let problems = report.problems() as u64;
    if problems > 0 {
        let text = format!("the scan is not complete: {}", counted(problems, "problem"));
        let why = report.errors.iter().map(|e| format!("\n{}", clean(e)));
        command(out, "error", &[("title", "straykey".into())], &why.fold(text, |t, e| t + &e))?;
    }
    let mut left_out = 0;
    let worst = report.worst_first();
    for level in LEVELS {
        // What was said of the scan, and the line at the end, take the place of one.
        let taken = usize::from(level == "notice" || level == "error" && problems > 0);
        let all: Vec<&Entry> =
            worst.iter().copied().filter(|f| level_of(f.severity) == level).collect();
        for finding in all.iter().take(MAX_SHOWN - taken) {
            annotate(report, finding, level, out)?;
        }
        left_out += all.len().saturating_sub(MAX_SHOWN - taken);
    }
    command(out, "notice", &[("title", "straykey".into())], &summary(report, left_out))
}

fn level_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => LEVELS[0],
        Severity::Medium => LEVELS[1],
        Severity::Low | Severity::Info => LEVELS[2],
    }
}

fn annotate(report: &Report, finding: &Entry, level: &str, out: &mut dyn Write) -> io::Result<()> {
    let rule = report.rule(finding);
    let (start, end) = (finding.start, finding.end);
    let mut properties = vec![
        ("file", finding.path.clone()),
        ("line", start.line.to_string()),
        ("endLine", end.line.to_string()),
    ];
    // Columns of two lines are refused, and the last one belongs to the annotation.
    if start.line == end.line {
        properties.push(("col", start.column.to_string()));
        properties.push(("endColumn", end.column.saturating_sub(1).max(start.column).to_string()));
    }
    properties.push(("title", format!("{}: {}", finding.severity.as_str(), rule.title)));
    let mut text = format!("{} {}", clean(&finding.secret), clean(&rule.guidance.impact));
    if let Some(inside) = &finding.inside {
        text.push_str(&format!("\nIt stands inside: {}.", clean(&inside.to_string())));
    }
    if let Some(history) = &finding.history {
        text.push_str(&format!("\n{}", clean(&history::sentence(history))));
    }
    for reason in &finding.reasons {
        text.push_str(&format!("\nNote: {}.", clean(reason)));
    }
    if let Some(step) = rule.guidance.steps.first() {
        text.push_str(&format!("\nFirst step: {}", clean(step)));
    }
    command(out, level, &properties, &format!("{text}\n({})", clean(&finding.rule)))
}

fn summary(report: &Report, left_out: usize) -> String {
    let found =
        if report.findings.is_empty() { "no findings".to_owned() } else { human::totals(report) };
    let mut text = format!("{found}; read {}", human::volume(&report.coverage));
    if left_out > 0 {
        let more = super::grouped(left_out as u64);
        text.push_str(&format!("; {more} are not shown here: GitHub shows {MAX_SHOWN} of a level"));
    }
    text
}

fn command(
    out: &mut dyn Write,
    name: &str,
    properties: &[(&str, String)],
    text: &str,
) -> io::Result<()> {
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    writeln!(out, "::{name} {}::{}", properties.join(","), data(text))
}

/// As `escapeData` of the runner's toolkit does it; a line break would end the command.
fn data(text: &str) -> String {
    clean(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A"))
}

/// A comma or a colon would end the property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::{Coverage, Skip},
        finding::Finding,
        report::{Detail, Format, sample::printed},
        rule::RuleSet,
        triage::sample,
    };

    fn commands(findings: &[Finding], coverage: &Coverage) -> Vec<String> {
        let text = printed(Format::Github, Detail::Normal, findings, coverage);
        assert!(text.lines().all(|l| l.starts_with("::")), "{text}");
        text.lines().map(str::to_owned).collect()
    }

    fn of_severity(rules: &RuleSet, severity: Severity, n: usize) -> Vec<Finding> {
        let finding = |n| {
            let path = format!("{}/{n:02}", severity.as_str());
            let mut finding = sample::finding(rules, "hirepanda-api-key", &path, "v");
            finding.severity = severity;
            finding
        };
        (0..n).map(finding).collect()
    }

    #[test]
    fn an_annotation_says_what_and_what_to_do_first() {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "stripe-live-secret-key", "a.env", "value");
        finding.history = Some(Box::new(sample::removed("a.env")));
        finding.reasons.push("it is 100% old".into());
        insta::assert_snapshot!(commands(&[finding], &Coverage::default()).join("\n"), @r"
        ::error file=a.env,line=4,endLine=4,col=9,endColumn=13,title=critical%3A Stripe live secret key::******** Any API request without restriction: charges cards, refunds, pays out, reads and changes customer data, creates further credentials such as webhook endpoints.%0AIntroduced in 3f3f3f3f3f3f on 2025-03-04 by Ada Example; removed in 9c9c9c9c9c9c on 2025-06-02.%0ANote: it is 100%25 old.%0AFirst step: Dashboard → Developers → API keys: find the leaked key and choose ⋯ → Rotate key. This creates a new key and sets the old one to expire; choose an expiration just long enough to switch over, or `now` if the key is being abused.%0A(stripe-live-secret-key)
        ::notice title=straykey::1 finding in 1 file (1 critical); read 0 files, 0 bytes
        ");
    }

    #[test]
    fn no_path_ends_its_property_or_its_line() {
        let rules = sample::rules();
        let path = "a,b:c%0A::\r\n::set-output name=x::y\u{1b}";
        let finding = sample::finding(&rules, "hirepanda-api-key", path, "v");
        let said = commands(&[finding], &Coverage::default());
        let file =
            "::error file=a%2Cb%3Ac%250A%3A%3A%0D%0A%3A%3Aset-output name=x%3A%3Ay\u{fffd},line=4,";
        assert!(said[0].starts_with(file), "{}", said[0]);
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn a_secret_of_several_lines_has_no_columns() {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "hirepanda-api-key", "a", "v");
        finding.end.line = 9;
        let said = commands(&[finding], &Coverage::default());
        assert!(said[0].starts_with("::error file=a,line=4,endLine=9,title="), "{}", said[0]);
    }

    #[test]
    fn the_worst_of_each_level_are_shown_and_the_others_are_counted() {
        let rules = sample::rules();
        let mut findings: Vec<Finding> =
            Severity::ALL.iter().flat_map(|&s| of_severity(&rules, s, 11)).collect();
        findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let mut coverage = Coverage::default();
        let levels = |said: &[String]| {
            LEVELS.map(|l| said.iter().filter(|c| c.starts_with(&format!("::{l} "))).count())
        };
        let said = commands(&findings, &coverage);
        assert_eq!(levels(&said), [10, 10, 10]);
        let critical = |c: &&String| c.starts_with("::error file=critical/");
        assert_eq!(said.iter().filter(critical).count(), 10);
        let last = said.last().map(String::as_str).unwrap_or_default();
        assert!(last.contains("; 26 are not shown here: GitHub shows 10 of a level"), "{last}");
        coverage.skip(Skip::Unreadable, "x".into());
        let said = commands(&findings, &coverage);
        assert_eq!(levels(&said), [10, 10, 10]);
        assert_eq!(said[0], "::error title=straykey::the scan is not complete: 1 problem");
    }
}
