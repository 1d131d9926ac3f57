//! Findings as bytes. One function writes any format; nothing here decides what is reported.

mod csv;
mod date;
mod elsewhere;
mod entry;
mod github;
mod gitlab;
mod history;
mod hook;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod precision;
mod read;
mod runbook;
mod sarif;

use std::io::{self, Write};

pub use entry::{Entry, GuidanceEntry, Place, Report, RuleEntry, Way};
pub use hook::{Occasion, write_hook};
pub use human::{Detail, Style};
pub use read::{ReadError, read};
pub use runbook::{markdown, text};

/// How a report is written, beyond what it says.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// How the terminal report looks.
    pub style: Style,
    /// How much the terminal report says.
    pub detail: Detail,
    /// When the scan began and when it ended, in seconds since 1970, for formats that ask for it.
    pub times: (i64, i64),
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
    /// One page that opens offline.
    Html,
    /// Tables and runbooks, as job summaries and comments show them.
    Markdown,
    /// Workflow commands of GitHub Actions: an annotation for each finding.
    Github,
    /// GitLab's secret detection report.
    Gitlab,
    /// JUnit XML: a failed test for each finding.
    Junit,
    /// A table for spreadsheets: findings only.
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Terminal,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Html,
        Self::Markdown,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Csv,
    ];

    /// The word in flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Csv => "csv",
        }
    }
}

/// Writes `report` to `out`.
///
/// # Errors
///
/// If `out` can't take it.
pub fn write(report: &Report, look: &Look, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => human::write(report, look, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Html => html::write(report, out),
        Format::Markdown => markdown::write(report, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, look, out),
        Format::Junit => junit::write(report, out),
        Format::Csv => csv::write(report, out),
    }?;
    out.flush()
}

/// Names and values come from the scanned tree: what would move a cursor or turn the direction of
/// the text that follows, so that it reads as something else, becomes U+FFFD.
fn clean(text: &str) -> String {
    let unsafe_to_show =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if unsafe_to_show(c) { '\u{fffd}' } else { c }).collect()
}

/// The first so many characters of `text`.
fn limited(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
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
    use crate::{
        coverage::{Coverage, Skip},
        route::{Inside, Route, Step},
        span::LineCol,
    };

    #[test]
    fn large_numbers_have_commas() {
        let shown = [0, 999, 1_000, 80_123, 1_000_000].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "80,123", "1,000,000"]);
        assert_eq!([counted(1, "blob"), counted(0, "blob")], ["1 blob", "0 blobs"]);
    }

    #[test]
    fn a_gap_makes_a_scan_incomplete_with_or_without_a_message() {
        let words = [
            "is not complete: 1 problem",
            "\"complete\":false",
            "\"executionSuccessful\":false",
            "\"status\":\"failure\"",
            " errors=\"1\"",
        ];
        // A table of findings has no room for it.
        for format in Format::ALL.into_iter().filter(|&f| f != Format::Csv) {
            let mut coverage = Coverage::default();
            let printed = |c: &Coverage| sample::printed(format, Detail::Normal, &[], c);
            let whole = printed(&coverage);
            coverage.skip(Skip::ShallowBoundary, "3f".repeat(20));
            let partial = printed(&coverage);
            let says = |text: &str| {
                let text = text.replace("\": ", "\":");
                words.iter().any(|words| text.contains(words))
            };
            assert!(!says(&whole) && says(&partial), "{format:?}: {partial}");
        }
    }

    #[test]
    fn every_report_names_the_way_in() {
        let rules = crate::triage::sample::rules();
        let mut finding = crate::triage::sample::finding(&rules, "hirepanda-api-key", "a.zip", "v");
        let route = Route::default().then(Step::Member("b.env".into()));
        finding.inside = Some(Box::new(Inside { route, place: Some(LineCol { line: 7, col: 3 }) }));
        let places = [
            (Format::Terminal, "\n           inside b.env:7\n"),
            (Format::Json, "\"route\":[\"b.env\"],\"start\":{\"line\":7,\"column\":3}"),
            (Format::Jsonl, "\"route\":[\"b.env\"],\"start\":{\"line\":7,\"column\":3}"),
            (Format::Sarif, "\"fullyQualifiedName\":\"a.zip › b.env:7\",\"kind\":\"resource\""),
            (Format::Html, "<dt>Inside</dt><dd><code>b.env:7</code></dd>"),
            (Format::Markdown, "<code>a.zip &#8250; b.env&#58;7</code>"),
            (Format::Github, "It stands inside: b.env:7."),
            (Format::Gitlab, "It stands inside: b.env:7."),
            (Format::Junit, "a.zip › b.env:7 (confidence"),
            (Format::Csv, ",4,9,b.env:7,"),
        ];
        assert_eq!(places.map(|(format, _)| format), Format::ALL);
        for (format, said) in places {
            let text =
                sample::printed(format, Detail::Normal, &[finding.clone()], &Coverage::default());
            let dense = |text: &str| text.replace([' ', '\n'], "");
            let says = match format {
                Format::Json | Format::Sarif => dense(&text).contains(&dense(said)),
                _ => text.contains(said),
            };
            assert!(says, "{format:?}: {text}");
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
                let text = text.replace("\r\n", "\n");
                assert!(text.contains("Eve") || format == Format::Markdown, "{text}");
                assert!(!text.contains("example.org"), "{text}");
                assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "{text}");
                if ![Format::Json, Format::Jsonl, Format::Sarif].contains(&format) {
                    assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text}");
                }
            }
        }
    }
}
