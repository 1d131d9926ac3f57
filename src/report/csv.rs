//! CSV (RFC 4180) for spreadsheets: a line for each finding. It has no room for the ledger: whether
//! the scan was complete is in the exit code and in every other format.

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::{Entry, Report, Way, clean, date};
use crate::history::Change;

const HEAD: [&str; 23] = [
    "severity",
    "confidence",
    "rule",
    "title",
    "provider",
    "path",
    "line",
    "column",
    "inside",
    "secret",
    "fingerprint",
    "exposure",
    "reasons",
    "reach",
    "at_head",
    "introduced",
    "introduced_on",
    "introduced_by",
    "removed",
    "removed_on",
    "impact",
    "first_step",
    "source",
];

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    table.write_record(HEAD)?;
    for finding in &report.findings {
        table.write_record(cells(report, finding).map(|cell| defused(&clean(&cell))))?;
    }
    table.flush()
}

fn cells(report: &Report, finding: &Entry) -> [String; HEAD.len()] {
    let rule = report.rule(finding);
    let book = &rule.guidance;
    let history = finding.history.as_ref();
    let introduced = history.and_then(|h| h.introduced.as_ref()).map(|i| &i.change);
    let removed = history.and_then(|h| h.removed.as_ref());
    let id = |change: Option<&Change>| change.map(|c| c.id.clone()).unwrap_or_default();
    let on = |change: Option<&Change>| change.map(|c| date::day(c.date)).unwrap_or_default();
    [
        finding.severity.as_str().to_owned(),
        finding.confidence.as_str().to_owned(),
        finding.rule.clone(),
        rule.title.clone(),
        rule.provider.clone(),
        finding.path.clone(),
        finding.start.line.to_string(),
        finding.start.column.to_string(),
        finding.inside.as_ref().map(Way::to_string).unwrap_or_default(),
        finding.secret.clone(),
        finding.fingerprint.clone(),
        finding.exposure.clone().unwrap_or_default(),
        finding.reasons.join("; "),
        history.map(|h| h.reach.as_str().to_owned()).unwrap_or_default(),
        history.map(|h| h.at_head.to_string()).unwrap_or_default(),
        id(introduced),
        on(introduced),
        introduced.map(super::history::author).unwrap_or_default(),
        id(removed),
        on(removed),
        book.impact.clone(),
        book.steps.first().cloned().unwrap_or_default(),
        book.source.clone(),
    ]
}

/// A spreadsheet takes a cell that begins like this for a formula, and a file name may say anything.
///
/// <https://owasp.org/www-community/attacks/CSV_Injection>
fn defused(cell: &str) -> String {
    let formula = ['=', '+', '-', '@', '\u{fffd}', '＝', '＋', '－', '＠'];
    if cell.trim_start().starts_with(formula) { format!("'{cell}") } else { cell.to_owned() }
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

    fn table(findings: &[Finding]) -> String {
        printed(Format::Csv, Detail::Normal, findings, &Coverage::default())
    }

    #[test]
    fn a_finding_is_a_line() {
        let rules = sample::rules();
        let mut finding = sample::finding(&rules, "hirepanda-api-key", "a, \"b\".env", "v");
        finding.history = Some(Box::new(sample::removed("a")));
        finding.reasons = ["one", "two"].map(str::to_owned).into();
        let text = table(&[finding]);
        assert_eq!(text.matches("\r\n").count(), 2);
        insta::assert_snapshot!(text.lines().nth(1).unwrap_or(""), @r#"high,medium,hirepanda-api-key,HirePanda workspace API key,HirePanda,"a, ""b"".env",4,9,,********,0fe1d71e7e3cd3886dc80dba3ef16cf2,,one; two,commit,false,3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f,2025-03-04,Ada Example,9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c,2025-06-02,"Acts on the workspace with the key's tier: read (jobs, candidates, analytics), write (jobs, candidates, webhooks), or admin (team members, billing, deletion).",Revoke the compromised key at once: Dashboard Settings → API Keys (https://valley.hirepanda.com/settings).,https://docs.hirepanda.com/llms.txt"#);
    }

    #[test]
    fn no_cell_is_a_formula() {
        let shown = ["=1+1", "+1", "-1", "@x", " =1", "\u{fffd}=1", "＝1", "a=1"].map(defused);
        assert_eq!(shown, ["'=1+1", "'+1", "'-1", "'@x", "' =1", "'\u{fffd}=1", "'＝1", "a=1"]);
        let rules = sample::rules();
        let finding = sample::finding(&rules, "hirepanda-api-key", "\t=cmd|' /c calc'!A1", "v");
        assert!(table(&[finding]).contains(",'\u{fffd}=cmd|' /c calc'!A1,"));
    }

    #[test]
    fn every_line_has_all_cells() {
        let rules = sample::rules();
        let finding = |path| sample::finding(&rules, "hirepanda-api-key", path, "v");
        let text = table(&["a\r\nb", "\"", ",", "\u{202e}"].map(finding));
        let mut lines = csv::Reader::from_reader(text.as_bytes());
        let widths: Vec<usize> = lines.records().map(|l| l.expect("it is CSV").len()).collect();
        assert_eq!(widths, [HEAD.len(); 4]);
    }
}
