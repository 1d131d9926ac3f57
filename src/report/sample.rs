//! Reports for unit tests.

use super::{Detail, Format, Look, Report, Secrets, Style, write};
use crate::{coverage::Coverage, finding::Finding, triage::sample};

/// What a plain report of `findings` says.
pub(super) fn printed(
    format: Format,
    detail: Detail,
    findings: &[Finding],
    coverage: &Coverage,
) -> String {
    let (rules, coverage) = (sample::rules(), coverage.clone());
    let mut report = Report::of(findings, &rules, coverage, Vec::new(), Secrets::Redacted);
    report.tally.count(findings);
    let look = Look { style: Style::Plain, detail, times: (sample::MARCH, sample::MARCH + 2) };
    let mut bytes = Vec::new();
    write(&report, &look, format, &mut bytes).expect("a vector takes all");
    String::from_utf8(bytes).expect("reports are UTF-8")
}
