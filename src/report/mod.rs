//! Findings as bytes. One function writes any format; nothing here decides what is reported.

mod date;
mod history;
mod human;
mod json;
mod runbook;
mod sarif;

use std::io::{self, Write};

pub use human::{Detail, Style};
pub use runbook::{markdown, text};

use crate::{coverage::Coverage, finding::Finding, rule::RuleSet, triage::suppress::Tally};

/// Everything that a report says.
#[derive(Debug)]
pub struct Report<'r> {
    /// Sorted by place and rule.
    pub findings: &'r [Finding],
    /// The rules behind them.
    pub rules: &'r RuleSet,
    /// What was read and what was not.
    pub coverage: &'r Coverage,
    /// What was suppressed.
    pub tally: &'r Tally,
    /// What went wrong, in sentences.
    pub errors: &'r [String],
    /// Whether secrets are printed.
    pub secrets: Secrets,
    /// How the terminal report looks.
    pub style: Style,
    /// How much the terminal report says.
    pub detail: Detail,
}

/// Whether secrets are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Their public prefix and a mask.
    Redacted,
    /// In clear, as the user asked.
    Shown,
}

/// A form that a report can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Terminal,
    /// One JSON object.
    Json,
    /// One JSON object a line: findings, then a summary.
    Jsonl,
    /// SARIF 2.1.0, as code scanning reads it.
    Sarif,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Terminal, Self::Json, Self::Jsonl, Self::Sarif];

    /// The word in flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
        }
    }
}

/// Writes `report` to `out`.
///
/// # Errors
///
/// If `out` can't take it.
pub fn write(report: &Report<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => human::write(report, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Sarif => sarif::write(report, out),
    }?;
    out.flush()
}

impl Report<'_> {
    /// How many things kept the scan from being complete.
    ///
    /// A gap that has an error message is one problem and not two.
    fn problems(&self) -> usize {
        self.errors.len().max(self.coverage.failures())
    }

    /// What is printed of a finding's secret.
    fn shown(&self, finding: &Finding) -> String {
        match self.secrets {
            Secrets::Redacted => finding.redacted(),
            Secrets::Shown => String::from_utf8_lossy(finding.secret.expose()).into_owned(),
        }
    }
}

/// `1 file`, `80,123 commits`.
fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// `n` with a comma before every three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Skip;

    #[test]
    fn large_numbers_have_commas() {
        let shown = [0, 999, 1_000, 80_123, 1_000_000].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "80,123", "1,000,000"]);
        assert_eq!([counted(1, "blob"), counted(0, "blob")], ["1 blob", "0 blobs"]);
    }

    #[test]
    fn a_gap_makes_a_scan_incomplete_with_or_without_a_message() {
        for format in Format::ALL {
            let mut coverage = Coverage::default();
            let printed = |c: &Coverage| sample::printed(format, Detail::Normal, &[], c);
            let whole = printed(&coverage);
            coverage.skip(Skip::ShallowBoundary, "3f".repeat(20));
            let partial = printed(&coverage);
            let says = |text: &str| {
                [
                    "is not complete: 1 problem\n",
                    "\"complete\":false",
                    "\"executionSuccessful\":false",
                ]
                .iter()
                .any(|words| text.replace("\": false", "\":false").contains(words))
            };
            assert!(!says(&whole) && says(&partial), "{format:?}: {partial}");
        }
    }

    #[test]
    fn no_report_has_an_address_or_a_control_character_of_an_author() {
        let rules = crate::triage::sample::rules();
        let mut finding = crate::triage::sample::finding(&rules, "hirepanda-api-key", "a", "v");
        let mut history = crate::triage::sample::removed("a\u{1b}]0;x\u{7}");
        history.refs[0] = "refs/heads/\u{9b}31m".into();
        let names = ["Eve \u{1b}[31m\u{202e}\r\n <eve@example.org>", "robin@example.org"];
        for (change, name) in history
            .introduced
            .iter_mut()
            .map(|i| &mut i.change)
            .chain(&mut history.removed)
            .zip(names)
        {
            change.author = name.into();
        }
        finding.history = Some(Box::new(history));
        for format in Format::ALL {
            for detail in [Detail::Normal, Detail::Verbose] {
                let text =
                    sample::printed(format, detail, &[finding.clone()], &Coverage::default());
                assert!(text.contains("Eve"), "{text}");
                assert!(!text.contains("example.org"), "{text}");
                assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "{text}");
                if format == Format::Terminal {
                    assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text}");
                }
            }
        }
    }
}
