//! Markdown for a job summary or a comment: a table of the worst findings, their runbooks, the ledger.
//! It stays below what GitHub takes for a comment, which is less than what a summary may have.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write},
};

use super::{Entry, Report, clean, counted, human, runbook};
use crate::{coverage::Skip, triage::history::Standing};

/// A comment has at most 65,536 characters; a caller may add a heading.
const MAX_BYTES: usize = 60_000;
/// The table takes no more than this, so that there is room for runbooks.
const MAX_TABLE_BYTES: usize = 30_000;
/// So many errors are quoted.
const MAX_ERRORS: usize = 20;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut text = head(report);
    let ledger = ledger(report);
    let shown = table(report, &mut text);
    books(report, &shown, MAX_BYTES.saturating_sub(ledger.len()), &mut text);
    text.push_str(&ledger);
    out.write_all(text.as_bytes())
}

fn head(report: &Report) -> String {
    let mut text = "## straykey\n\n".to_owned();
    if report.findings.is_empty() {
        text.push_str("No findings.\n");
    } else {
        let totals = human::totals(report);
        text.push_str(&format!(
            "**{totals}.** Revoke first, then remove: the history keeps what the tree has lost.\n"
        ));
    }
    let problems = report.problems() as u64;
    if problems > 0 {
        let problems = counted(problems, "problem");
        text.push_str(&format!("\n> [!CAUTION]\n> The scan is not complete: {problems}.\n"));
        for error in report.errors.iter().take(MAX_ERRORS) {
            text.push_str(&format!("> - {}\n", code(error)));
        }
    }
    text
}

/// Adds a line for each finding, the worst first, as far as there is room; returns those.
fn table<'r>(report: &'r Report, text: &mut String) -> Vec<&'r Entry> {
    let worst = report.worst_first();
    if worst.is_empty() {
        return worst;
    }
    text.push_str("\n| Severity | Credential | Where | Secret | Stands |\n|---|---|---|---|---|\n");
    let mut shown = Vec::new();
    for &finding in &worst {
        let row = row(report, finding);
        if text.len() + row.len() > MAX_TABLE_BYTES {
            break;
        }
        text.push_str(&row);
        shown.push(finding);
    }
    let left_out = worst.len() - shown.len();
    if left_out > 0 {
        let more = counted(left_out as u64, "more finding");
        text.push_str(&format!("\n{more} did not fit here; the other reports have them all.\n"));
    }
    shown
}

fn row(report: &Report, finding: &Entry) -> String {
    let standing = human::place(finding.history.as_ref().map(Standing::of));
    format!(
        "| {} | {} | {} | {} | {standing} |\n",
        finding.severity.as_str(),
        escape(&report.rule(finding).title),
        code(&finding.place()),
        code(&finding.secret),
    )
}

/// Adds the runbook of each rule that is in the table, until the text has `limit` bytes.
fn books(report: &Report, shown: &[&Entry], limit: usize, text: &mut String) {
    let mut told = BTreeSet::new();
    let mut left_out = 0;
    for finding in shown.iter().filter(|f| told.insert(f.rule.as_str())) {
        let rule = report.rule(finding);
        let title = escape(&rule.title);
        let book = runbook::markdown(rule);
        let book =
            format!("\n<details><summary>What to do: {title}</summary>\n\n{book}\n</details>\n");
        if text.len() + book.len() > limit {
            left_out += 1;
        } else {
            text.push_str(&book);
        }
    }
    if left_out > 0 {
        let more = counted(left_out, "runbook");
        text.push_str(&format!("\n{more} did not fit here: `straykey guide RULE` prints them.\n"));
    }
}

fn ledger(report: &Report) -> String {
    let coverage = &report.coverage;
    let mut text = format!("\nRead {}.", human::volume(coverage));
    if coverage.ignore_rules {
        text.push_str(" Git-ignored files were left out.");
    }
    for skip in Skip::ALL {
        let count = coverage.count(skip) as u64;
        if count > 0 {
            write!(text, " {} {skip}.", super::grouped(count)).expect("a string takes all");
        }
    }
    text.push('\n');
    text
}

/// Text as it is, in code: GitHub makes no mention, issue or link of it.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Every character that could mean something to Markdown or HTML, as a number.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, ' ' | '/' | '.' | '-' | ',' | '(' | ')') => {
                out.push(c);
            }
            c => write!(out, "&#{};", u32::from(c)).expect("a string takes all"),
        }
    }
    out
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

    fn page(findings: &[Finding], coverage: &Coverage) -> String {
        printed(Format::Markdown, Detail::Normal, findings, coverage)
    }

    #[test]
    fn the_worst_come_first_and_each_runbook_comes_once() {
        let rules = sample::rules();
        let mut old = sample::finding(&rules, "stripe-live-secret-key", "z.env", "v");
        old.history = Some(Box::new(sample::removed("z.env")));
        let findings = [
            sample::finding(&rules, "hirepanda-api-key", "a.env", "v"),
            sample::finding(&rules, "hirepanda-api-key", "b.env", "w"),
            old,
        ];
        let text = page(&findings, &Coverage { files: 3, bytes: 9, ..Coverage::default() });
        assert_eq!(text.matches("<details>").count(), 2);
        let head = text.split("\n<details>").next().unwrap_or("");
        insta::assert_snapshot!(head, @r"
        ## straykey

        **3 findings in 3 files (1 critical, 2 high).** Revoke first, then remove: the history keeps what the tree has lost.

        | Severity | Credential | Where | Secret | Stands |
        |---|---|---|---|---|
        | critical | Stripe live secret key | <code>z.env&#58;4</code> | <code>&#42;&#42;&#42;&#42;&#42;&#42;&#42;&#42;</code> | in history only |
        | high | HirePanda workspace API key | <code>a.env&#58;4</code> | <code>&#42;&#42;&#42;&#42;&#42;&#42;&#42;&#42;</code> | in files |
        | high | HirePanda workspace API key | <code>b.env&#58;4</code> | <code>&#42;&#42;&#42;&#42;&#42;&#42;&#42;&#42;</code> | in files |
        ");
        insta::assert_snapshot!(text.lines().last().unwrap_or(""), @"Read 3 files, 9 bytes.");
    }

    #[test]
    fn a_name_is_never_markup() {
        let rules = sample::rules();
        let path = "a|b`*_<img src=x>\n| [x](y) @ann #1 -->";
        let text =
            page(&[sample::finding(&rules, "hirepanda-api-key", path, "v")], &Coverage::default());
        let row = text.lines().find(|l| l.starts_with("| high")).unwrap_or("");
        assert_eq!(row.matches('|').count(), 6, "{row}");
        let cell = row.split('|').nth(3).unwrap_or("");
        assert!(!cell.contains(['`', '*', '_', '[', '@']), "{cell}");
        assert!(!cell.contains("<img") && !cell.contains("-->") && !cell.contains(" #1"), "{cell}");
    }

    #[test]
    fn an_incomplete_scan_says_so_first() {
        let mut coverage = Coverage::default();
        coverage.skip(Skip::Unreadable, "x".into());
        let text = page(&[], &coverage);
        insta::assert_snapshot!(text, @r"
        ## straykey

        No findings.

        > [!CAUTION]
        > The scan is not complete: 1 problem.

        Read 0 files, 0 bytes. 1 inputs that could not be read.
        ");
    }

    #[test]
    fn any_number_of_findings_fits_a_comment() {
        let rules = sample::rules();
        let ids = rules.rules().iter().map(|r| r.id.to_string());
        let long = "x".repeat(200);
        let findings: Vec<Finding> =
            ids.map(|id| sample::finding(&rules, &id, &format!("{id}/{long}"), "v")).collect();
        let text = page(&findings, &Coverage::default());
        assert!(text.chars().count() < 65_000, "{}", text.len());
        assert!(text.contains(" more findings did not fit here"));
        assert!(text.contains("did not fit here: `straykey guide RULE`"));
        assert!(text.contains("\nRead 0 files"));
    }
}
