//! The terminal report: findings grouped by file, each with what it is, why it counts and what to do
//! first; then what was read and what was not.

use std::io::{self, Write};

use anstyle::{AnsiColor, Reset};

use super::{
    Report, counted, grouped,
    history::{self, ShownRefs},
    runbook,
};
use crate::{
    coverage::{Coverage, Skip},
    finding::{Finding, Suppression},
    history::History,
    rule::{Confidence, Severity},
    triage::{
        guidance::{self, Runbook},
        history::Standing,
        same_value::SameValues,
    },
};

/// Whether the report is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape codes.
    Plain,
    /// Colours for a terminal.
    Coloured,
}

/// How much the report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Findings only.
    Quiet,
    /// Findings with the first step, and a summary.
    Normal,
    /// Findings with the whole runbook, and every path that was skipped.
    Verbose,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let same = SameValues::of(report.findings);
    for findings in report.findings.chunk_by(|a, b| a.origin == b.origin) {
        let path = clean(&findings[0].origin.shown.to_string_lossy());
        writeln!(out, "{}", paint(report, anstyle::Style::new().bold(), &path))?;
        for finding in findings {
            write_finding(report, &same, finding, out)?;
        }
        writeln!(out)?;
    }
    if report.detail == Detail::Quiet { Ok(()) } else { write_summary(report, out) }
}

fn write_finding(
    report: &Report<'_>,
    same: &SameValues<'_>,
    finding: &Finding,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rules.rule(finding.rule);
    let book = guidance::runbook(report.rules, rule);
    let place = format!("{}:{}", finding.start.line, finding.start.col);
    let severity = paint(report, colour(finding.severity), finding.severity.as_str());
    let secret = paint(report, anstyle::Style::new().bold(), &clean(&report.shown(finding)));
    writeln!(out, "  {place:<8} {severity}  {}  {secret}", rule.title)?;
    writeln!(out, "           rule   {} ({})", rule.id, sure(finding.confidence))?;
    if let Some(suppression) = &finding.suppressed {
        writeln!(out, "           known  {}", clean(&allowed(suppression)))?;
    }
    if let Some(history) = &finding.history {
        write_history(report, finding, history, out)?;
    }
    for reason in finding.reasons.iter().cloned().chain(elsewhere(report, same, finding)) {
        writeln!(out, "           note   {}", clean(&reason))?;
    }
    writeln!(out, "           risk   {}", book.impact)?;
    write_steps(report, &book, out)
}

/// By what a finding is accepted, and why.
fn allowed(Suppression { by, place, reason }: &Suppression) -> String {
    let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("accepted by {by} ({place}){reason}")
}

fn write_history(
    report: &Report<'_>,
    finding: &Finding,
    history: &History,
    out: &mut dyn Write,
) -> io::Result<()> {
    let refs = if report.detail == Detail::Verbose { ShownRefs::All } else { ShownRefs::First };
    writeln!(out, "           in     {}", clean(&history::line(history, refs)))?;
    // What is not in the working tree may stand at a path that no longer exists.
    match &history.introduced {
        Some(first)
            if !history.in_worktree
                && (&first.path, first.line) != (&finding.origin.path, finding.start.line) =>
        {
            writeln!(out, "           from   {}:{}", clean(&first.path), first.line)
        }
        _ => Ok(()),
    }
}

/// Where else the value stands.
fn elsewhere(report: &Report<'_>, same: &SameValues<'_>, finding: &Finding) -> Option<String> {
    const SHOWN: usize = 3;
    let (count, origins) = same.elsewhere(finding);
    let shown = if report.detail == Detail::Verbose { origins.len() } else { SHOWN };
    let mut names: Vec<_> = origins.iter().take(shown).map(|o| o.shown.to_string_lossy()).collect();
    if names.len() < count {
        names.push("…".into());
    }
    let files = if count == 1 { "file" } else { "files" };
    let more = grouped(count as u64);
    (count > 0)
        .then(|| format!("the same value stands in {more} more {files}: {}", names.join(", ")))
}

fn write_steps(report: &Report<'_>, book: &Runbook<'_>, out: &mut dyn Write) -> io::Result<()> {
    if report.detail == Detail::Verbose {
        for line in runbook::text(book).lines().skip(1) {
            writeln!(out, "           {line}")?;
        }
        return Ok(());
    }
    match book.steps.first() {
        Some(step) => writeln!(out, "           do     {step}"),
        None => Ok(()),
    }
}

fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "confidence low: only its name or place speaks for it",
        Confidence::Medium => "confidence medium: documented shape",
        Confidence::High => "confidence high: verified",
    }
}

fn write_summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let coverage = report.coverage;
    let total = report.findings.len();
    if total == 0 {
        write!(out, "no findings")?;
    } else {
        let counts: Vec<String> = Severity::ALL
            .iter()
            .rev()
            .map(|&s| (s, report.findings.iter().filter(|f| f.severity == s).count()))
            .filter(|&(_, n)| n > 0)
            .map(|(s, n)| format!("{n} {}", s.as_str()))
            .collect();
        let files = report.findings.chunk_by(|a, b| a.origin == b.origin).count();
        write!(
            out,
            "{} in {} ({})",
            counted(total as u64, "finding"),
            counted(files as u64, "file"),
            counts.join(", ")
        )?;
    }
    writeln!(out, "; read {}", volume(coverage))?;
    if let Some(counts) = standings(report.findings) {
        writeln!(out, "{counts}")?;
    }
    write_suppressed(report, out)?;
    if coverage.ignore_rules {
        writeln!(out, "git-ignored files were left out (--no-ignore reads them)")?;
    }
    for skip in Skip::ALL {
        let count = coverage.count(skip);
        if count > 0 {
            writeln!(out, "{} {skip}", grouped(count as u64))?;
            if report.detail == Detail::Verbose {
                for path in &coverage.skipped[&skip] {
                    writeln!(out, "  {}", clean(path))?;
                }
            }
        }
    }
    if total > 0 {
        writeln!(out, "revoke first, then remove: the history keeps what the tree has lost")?;
        if report.detail != Detail::Verbose {
            writeln!(out, "`straykey guide RULE` prints all steps for a rule")?;
        }
    }
    let problems = report.problems() as u64;
    if problems > 0 {
        writeln!(out, "the scan is not complete: {}", counted(problems, "problem"))?;
    }
    Ok(())
}

/// What was accepted, and what accepts nothing.
fn write_suppressed(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    const SHOWN: usize = 10;
    let tally = report.tally;
    if tally.total() > 0 {
        let by: Vec<String> =
            tally.counts.iter().map(|(by, n)| format!("{} by {by}", grouped(*n as u64))).collect();
        let hint = if report.findings.iter().any(|f| f.suppressed.is_some()) {
            ""
        } else {
            " (--no-suppress shows them)"
        };
        let total = counted(tally.total() as u64, "finding");
        writeln!(out, "{total} accepted: {}{hint}", by.join(", "))?;
    }
    let shown = if report.detail == Detail::Verbose { tally.stale.len() } else { SHOWN };
    for stale in tally.stale.iter().take(shown) {
        writeln!(out, "stale: {}", clean(stale))?;
    }
    if let Some(more) = tally.stale.len().checked_sub(shown).filter(|&n| n > 0) {
        writeln!(out, "stale: {} more (-v lists them)", grouped(more as u64))?;
    }
    Ok(())
}

/// Files, objects and bytes that were read.
fn volume(coverage: &Coverage) -> String {
    let mut parts = vec![(coverage.files, "file")];
    if let Some(o) = coverage.objects {
        parts.extend([
            (o.commits, "commit"),
            (o.trees, "tree"),
            (o.blobs, "blob"),
            (o.tags, "tag"),
        ]);
    }
    let read: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).collect();
    let read = if read.is_empty() { vec![&parts[0]] } else { read };
    let mut words: Vec<String> = read.iter().map(|(n, noun)| counted(*n, noun)).collect();
    words.push(size(coverage.bytes));
    words.join(", ")
}

/// How many findings stand where, if that is not the same for all.
fn standings(findings: &[Finding]) -> Option<String> {
    let of = |f: &Finding| f.history.as_deref().map(Standing::of);
    let counts: Vec<String> = std::iter::once(None)
        .chain(Standing::ALL.map(Some))
        .map(|standing| (standing, findings.iter().filter(|f| of(f) == standing).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(standing, count)| format!("{} {}", grouped(count as u64), place(standing)))
        .collect();
    (counts.len() > 1).then(|| counts.join(", "))
}

fn place(standing: Option<Standing>) -> &'static str {
    match standing {
        None => "in files",
        Some(Standing::Head) => "at HEAD",
        Some(Standing::Index) => "staged",
        Some(Standing::Worktree) => "in the working tree",
        Some(Standing::History) => "in history only",
        Some(Standing::Stash) => "in the stash only",
        Some(Standing::Note) => "in notes only",
        Some(Standing::Reflog) => "in the reflog only",
        Some(Standing::Unreachable) => "unreachable",
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn colour(severity: Severity) -> anstyle::Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    colour.on_default().bold()
}

fn paint(report: &Report<'_>, style: anstyle::Style, text: &str) -> String {
    match report.style {
        Style::Plain => text.to_owned(),
        Style::Coloured => format!("{style}{text}{Reset}"),
    }
}

/// Names and values come from the scanned tree: their control characters stay out of the terminal.
fn clean(text: &str) -> String {
    let unsafe_to_show = |c: char| {
        // The second group turns the direction of what follows, so that it reads as something else.
        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if unsafe_to_show(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::Objects,
        history::Reach,
        report::{Format, sample::printed},
        triage::sample,
    };

    fn found(path: &str, history: History) -> Finding {
        let mut finding = sample::finding(&sample::rules(), "stripe-live-secret-key", path, path);
        finding.history = Some(Box::new(history));
        finding
    }

    /// The lines about history and notes.
    fn lines(detail: Detail, findings: &[Finding]) -> String {
        let text = printed(Format::Terminal, detail, findings, &Coverage::default());
        let about = |l: &&str| {
            let label = l.strip_prefix("           ");
            label.is_some_and(|l| ["in  ", "from  ", "note  "].iter().any(|p| l.starts_with(p)))
        };
        text.lines().filter(about).map(|l| format!("{}\n", l.trim_start())).collect()
    }

    fn history_lines(history: History) -> String {
        lines(Detail::Normal, &[found("a.env", history)])
    }

    #[test]
    fn a_finding_says_since_when_and_until_when() {
        insta::assert_snapshot!(history_lines(sample::at_head("a.env")), @"in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, still at HEAD; 214 commits, 3 refs (refs/heads/main, …)");
        insta::assert_snapshot!(history_lines(sample::removed("a.env")), @"in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, removed in 9c9c9c9c9c9c 2025-06-02; 214 commits, 3 refs (refs/heads/main, …)");
        let back = History { in_worktree: true, ..sample::removed("a.env") };
        insta::assert_snapshot!(history_lines(back), @"in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, removed in 9c9c9c9c9c9c 2025-06-02, but in the working tree; 214 commits, 3 refs (refs/heads/main, …)");
        let elsewhere = History { removed: None, ..sample::removed("a.env") };
        insta::assert_snapshot!(history_lines(elsewhere), @"in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, not at HEAD; 214 commits, 3 refs (refs/heads/main, …)");
    }

    #[test]
    fn what_is_in_no_commit_says_what_holds_it() {
        let all: String = [
            Reach::Stash,
            Reach::Note,
            Reach::Reflog,
            Reach::Index,
            Reach::Worktree,
            Reach::Unreachable,
        ]
        .map(|reach| history_lines(sample::only(reach)))
        .concat();
        insta::assert_snapshot!(all, @r"
        in     only in the stash
        in     only in a note
        in     only in the reflog
        in     staged, not committed
        in     not committed
        in     unreachable, but still in the object database
        ");
        let amended = [Reach::Index, Reach::Worktree].map(|reach| {
            history_lines(History {
                reach,
                in_worktree: true,
                removed: None,
                commits: 0,
                refs_total: 0,
                ..sample::removed("a.env")
            })
        });
        insta::assert_snapshot!(amended.concat(), @r"
        in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, staged, in no branch or tag
        in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, in the working tree, in no branch or tag
        ");
        let both = History { in_worktree: true, ..sample::only(Reach::Stash) };
        insta::assert_snapshot!(history_lines(both), @"in     in the working tree, also in the stash");
    }

    #[test]
    fn what_the_tree_has_lost_says_where_it_stood() {
        insta::assert_snapshot!(history_lines(sample::removed("old/b.env")), @r"
        in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, removed in 9c9c9c9c9c9c 2025-06-02; 214 commits, 3 refs (refs/heads/main, …)
        from   old/b.env:4
        ");
        let here = history_lines(sample::at_head("old/b.env"));
        assert!(!here.contains("old/b.env"), "{here}");
    }

    #[test]
    fn all_known_refs_are_for_the_verbose() {
        let mut history = sample::at_head("a.env");
        history.refs_total = 10_000;
        insta::assert_snapshot!(lines(Detail::Verbose, &[found("a.env", history)]), @"in     since 3f3f3f3f3f3f 2025-03-04 by Ada Example, still at HEAD; 214 commits, 10,000 refs (refs/heads/main, refs/heads/next, refs/tags/v1, …)");
    }

    #[test]
    fn the_same_value_is_one_key_to_revoke() {
        let rules = sample::rules();
        let of = |path: &&str| sample::finding(&rules, "stripe-live-secret-key", path, "value");
        let notes = |paths: &[&str]| {
            let findings: Vec<_> = paths.iter().map(of).collect();
            lines(Detail::Normal, &findings)
        };
        assert_eq!(notes(&["a"]), "");
        assert_eq!(notes(&["a", "a"]), "", "the heading says that already");
        insta::assert_snapshot!(notes(&["a", "b"]), @r"
        note   the same value stands in 1 more file: b
        note   the same value stands in 1 more file: a
        ");
        insta::assert_snapshot!(notes(&["a", "b", "c", "d", "e"]).lines().next().unwrap_or(""), @"note   the same value stands in 4 more files: b, c, d, …");
    }

    #[test]
    fn the_summary_counts_objects_and_where_findings_stand() {
        let mut coverage = Coverage { files: 2, bytes: 8_100_000_000, ..Coverage::default() };
        let objects = Objects { commits: 80_123, trees: 400_000, blobs: 262_343, tags: 1 };
        coverage.objects = Some(objects);
        let summary = |findings: &[Finding], coverage: &Coverage| {
            let text = printed(Format::Terminal, Detail::Normal, findings, coverage);
            let mut lines = text.lines().skip_while(|l| !l.contains("; read"));
            [lines.next().unwrap_or(""), lines.next().unwrap_or("")].join("\n")
        };
        let findings = [
            found("a", sample::at_head("a")),
            found("b", sample::removed("b")),
            found("c", sample::removed("c")),
            found("d", sample::only(Reach::Index)),
            found("e", sample::only(Reach::Unreachable)),
        ];
        insta::assert_snapshot!(summary(&findings, &coverage), @r"
        5 findings in 5 files (5 critical); read 2 files, 80,123 commits, 400,000 trees, 262,343 blobs, 1 tag, 8.1 GB
        1 at HEAD, 1 staged, 2 in history only, 1 unreachable
        ");
        let one = summary(&findings[1..3], &coverage);
        assert!(!one.contains("in history only"), "there is one kind: {one}");
        coverage.files = 0;
        coverage.objects = Some(Objects { blobs: 3, ..Objects::default() });
        insta::assert_snapshot!(summary(&[], &coverage), @"no findings; read 3 blobs, 8.1 GB");
        assert_eq!(summary(&[], &Coverage::default()), "no findings; read 0 files, 0 bytes\n");
    }
}
