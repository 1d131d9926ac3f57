//! The terminal report: findings grouped by file, each with what it is, why it counts and what to do
//! first; then what was read and what was not.

use std::io::{self, Write};

use anstyle::{AnsiColor, Reset};

use super::{
    Entry, Look, Report, RuleEntry, clean, counted,
    elsewhere::Elsewhere,
    grouped,
    history::{self, ShownRefs},
    runbook,
};
use crate::{
    coverage::{Coverage, Skip},
    history::History,
    rule::{Confidence, Severity},
    triage::{history::Standing, same_value::MAX_LISTED},
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

pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let elsewhere = Elsewhere::of(&report.findings);
    for findings in report.findings.chunk_by(Entry::is_beside) {
        let path = clean(findings[0].heading());
        writeln!(out, "{}", paint(look, anstyle::Style::new().bold(), &path))?;
        for finding in findings {
            write_finding(report, look, &elsewhere, finding, out)?;
        }
        writeln!(out)?;
    }
    if look.detail == Detail::Quiet { Ok(()) } else { write_summary(report, look, out) }
}

fn write_finding(
    report: &Report,
    look: &Look,
    elsewhere: &Elsewhere<'_>,
    finding: &Entry,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rule(finding);
    let place = format!("{}:{}", finding.start.line, finding.start.column);
    let severity = paint(look, colour(finding.severity), finding.severity.as_str());
    let secret = paint(look, anstyle::Style::new().bold(), &clean(&finding.secret));
    writeln!(out, "  {place:<8} {severity}  {}  {secret}", clean(&rule.title))?;
    let sure = sure(finding.confidence);
    writeln!(out, "           rule   {} ({sure})", clean(&finding.rule))?;
    if let Some(inside) = &finding.inside {
        writeln!(out, "           inside {}", clean(&inside.to_string()))?;
    }
    if let Some(suppression) = &finding.suppressed {
        writeln!(out, "           known  {}", clean(&suppression.to_string()))?;
    }
    if let Some(history) = &finding.history {
        write_history(look, finding, history, out)?;
    }
    let named = if look.detail == Detail::Verbose { MAX_LISTED } else { 3 };
    for reason in finding.reasons.iter().cloned().chain(elsewhere.sentence(finding, named)) {
        writeln!(out, "           note   {}", clean(&reason))?;
    }
    writeln!(out, "           risk   {}", clean(&rule.guidance.impact))?;
    write_steps(look, rule, out)
}

fn write_history(
    look: &Look,
    finding: &Entry,
    history: &History,
    out: &mut dyn Write,
) -> io::Result<()> {
    let refs = if look.detail == Detail::Verbose { ShownRefs::All } else { ShownRefs::First };
    writeln!(out, "           in     {}", clean(&history::line(history, refs)))?;
    match history::old_place(finding, history) {
        Some((path, line)) => writeln!(out, "           from   {}:{line}", clean(path)),
        None => Ok(()),
    }
}

fn write_steps(look: &Look, rule: &RuleEntry, out: &mut dyn Write) -> io::Result<()> {
    if look.detail == Detail::Verbose {
        for line in runbook::text(rule).lines().skip(1) {
            writeln!(out, "           {}", clean(line))?;
        }
        return Ok(());
    }
    match rule.guidance.steps.first() {
        Some(step) => writeln!(out, "           do     {}", clean(step)),
        None => Ok(()),
    }
}

pub(super) fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "confidence low: only its name or place speaks for it",
        Confidence::Medium => "confidence medium: documented shape",
        Confidence::High => "confidence high: verified",
    }
}

fn write_summary(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.coverage;
    let total = report.findings.len();
    if total == 0 {
        write!(out, "no findings")?;
    } else {
        write!(out, "{}", totals(report))?;
    }
    writeln!(out, "; read {}", volume(coverage))?;
    if let Some(counts) = standings(&report.findings) {
        writeln!(out, "{counts}")?;
    }
    write_suppressed(report, look, out)?;
    if coverage.ignore_rules {
        writeln!(out, "git-ignored files were left out (--no-ignore reads them)")?;
    }
    for skip in Skip::ALL {
        let count = coverage.count(skip);
        if count > 0 {
            writeln!(out, "{} {skip}", grouped(count as u64))?;
            if look.detail == Detail::Verbose {
                for path in &coverage.skipped[&skip] {
                    writeln!(out, "  {}", clean(path))?;
                }
            }
        }
    }
    if total > 0 {
        writeln!(out, "revoke first, then remove: the history keeps what the tree has lost")?;
        if look.detail != Detail::Verbose {
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
fn write_suppressed(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    const SHOWN: usize = 10;
    let tally = &report.tally;
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
    let shown = if look.detail == Detail::Verbose { tally.stale.len() } else { SHOWN };
    for stale in tally.stale.iter().take(shown) {
        writeln!(out, "stale: {}", clean(stale))?;
    }
    if let Some(more) = tally.stale.len().checked_sub(shown).filter(|&n| n > 0) {
        writeln!(out, "stale: {} more (-v lists them)", grouped(more as u64))?;
    }
    Ok(())
}

/// `3 findings in 2 files (1 high, 2 low)`.
pub(super) fn totals(report: &Report) -> String {
    let count = |s| report.findings.iter().filter(|f| f.severity == s).count();
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .map(|s| (s, count(s)))
        .filter(|&(_, n)| n > 0)
        .map(|(s, n)| format!("{n} {}", s.as_str()))
        .collect();
    let findings = counted(report.findings.len() as u64, "finding");
    let files = counted(report.findings.chunk_by(Entry::is_beside).count() as u64, "file");
    format!("{findings} in {files} ({})", counts.join(", "))
}

/// Files, objects and bytes that were read.
pub(super) fn volume(coverage: &Coverage) -> String {
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
fn standings(findings: &[Entry]) -> Option<String> {
    let of = |f: &Entry| f.history.as_ref().map(Standing::of);
    let counts: Vec<String> = std::iter::once(None)
        .chain(Standing::ALL.map(Some))
        .map(|standing| (standing, findings.iter().filter(|f| of(f) == standing).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(standing, count)| format!("{} {}", grouped(count as u64), place(standing)))
        .collect();
    (counts.len() > 1).then(|| counts.join(", "))
}

pub(super) fn place(standing: Option<Standing>) -> &'static str {
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

pub(super) fn colour(severity: Severity) -> anstyle::Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    colour.on_default().bold()
}

pub(super) fn paint(look: &Look, style: anstyle::Style, text: &str) -> String {
    match look.style {
        Style::Plain => text.to_owned(),
        Style::Coloured => format!("{style}{text}{Reset}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::Objects,
        finding::Finding,
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
