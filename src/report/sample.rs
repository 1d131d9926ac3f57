//! Reports for unit tests.

use super::{Detail, Format, Report, Secrets, Style, write};
use crate::{
    coverage::Coverage,
    finding::Finding,
    triage::{sample, suppress::Tally},
};

/// What a plain report of `findings` says.
pub(super) fn printed(
    format: Format,
    detail: Detail,
    findings: &[Finding],
    coverage: &Coverage,
) -> String {
    let mut tally = Tally::default();
    tally.count(findings);
    let report = Report {
        findings,
        rules: &sample::rules(),
        coverage,
        tally: &tally,
        errors: &[],
        secrets: Secrets::Redacted,
        style: Style::Plain,
        detail,
    };
    let mut bytes = Vec::new();
    write(&report, format, &mut bytes).expect("a vector takes all");
    String::from_utf8(bytes).expect("reports are UTF-8")
}
