//! What somebody sees whose commit or push was stopped: one screen with what, where and why, how to mend it,
//! how to accept it, and what to do first if it ever left the machine. Nothing at all if nothing is wrong.

use std::io::{self, Write};

use super::{
    Entry, Look, Report, clean, counted, date,
    human::{colour, paint, sure},
};
use crate::history::Introduced;

/// What was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The first commit of a branch that has none.
    FirstCommit,
    /// Any other commit.
    Commit,
    /// A check of whole files, whether they are committed or not.
    Files,
    /// A check of commits.
    Range,
    /// A push, on the side that sends.
    Push,
    /// A push, on the side that receives.
    Receive,
}

/// A screen, less what a shell or the pre-commit framework needs of it.
const WIDTH: usize = 78;
/// So many findings are shown; the others are counted.
const SHOWN: usize = 3;

/// Writes what stopped a commit or a push, for people.
///
/// # Errors
///
/// If `out` can't take it.
pub fn write_hook(
    report: &Report,
    look: &Look,
    occasion: Occasion,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut worst: Vec<&Entry> = report.findings.iter().collect();
    worst.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let shown = &worst[..worst.len().min(SHOWN)];
    if let Some(first) = shown.first() {
        let title = format!("{}: {}", occasion.title(), counted(worst.len() as u64, "secret"));
        writeln!(out, "{}\n", paint(look, colour(first.severity), &title))?;
        for finding in shown {
            match shown {
                [_] => write_finding(report, look, finding, out)?,
                _ => write_brief(report, look, finding, out)?,
            }
        }
        if worst.len() > shown.len() {
            let more = counted((worst.len() - shown.len()) as u64, "more secret");
            writeln!(out, "  and {more}{}", occasion.others())?;
        }
        write_advice(report, look, occasion, shown, out)?;
    }
    if report.problems() > 0 {
        let problems = counted(report.problems() as u64, "problem");
        let title = format!("{}: {problems} kept the scan from being complete", occasion.title());
        writeln!(out, "{}", paint(look, anstyle::Style::new().bold(), &title))?;
    }
    if report.findings.is_empty() && report.problems() == 0 {
        return Ok(());
    }
    write_way_around(occasion, out)?;
    out.flush()
}

/// A finding that is alone on the screen.
fn write_finding(
    report: &Report,
    look: &Look,
    finding: &Entry,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rule(finding);
    let secret = shortened(&clean(&finding.secret), 40);
    writeln!(out, "  {}", heading(look, finding))?;
    write_wrapped("    what  ", &format!("{}: {secret}", rule.title), 2, out)?;
    write_wrapped("    why   ", &reasons(finding), 2, out)?;
    if let Some(first) = introduced(finding) {
        write_wrapped("    in    ", &came_in(first), 1, out)?;
    }
    write_wrapped("    risk  ", &rule.guidance.impact, 2, out)
}

/// One of several findings, in two lines.
fn write_brief(
    report: &Report,
    look: &Look,
    finding: &Entry,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rule(finding);
    let len = place(finding).chars().count() + finding.severity.as_str().len() + 6;
    let title = shortened(&rule.title, WIDTH.saturating_sub(len).max(20));
    writeln!(out, "  {}  {title}", heading(look, finding))?;
    let commit = introduced(finding).map(|i| format!("in commit {}; ", short(&i.change.id)));
    let why = commit.unwrap_or_default() + &reasons(finding);
    write_wrapped("    why   ", &why, 1, out)
}

fn heading(look: &Look, finding: &Entry) -> String {
    let place = paint(look, anstyle::Style::new().bold(), &place(finding));
    let severity = paint(look, colour(finding.severity), finding.severity.as_str());
    format!("{place}  {severity}")
}

fn place(finding: &Entry) -> String {
    clean(&finding.place())
}

/// Why it counts.
fn reasons(finding: &Entry) -> String {
    let mut why = vec![sure(finding.confidence).to_owned()];
    why.extend(finding.reasons.iter().map(|reason| clean(reason)));
    why.join("; ")
}

fn introduced(finding: &Entry) -> Option<&Introduced> {
    finding.history.as_ref()?.introduced.as_ref()
}

/// As much of an id as tells commits apart.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn came_in(Introduced { change, .. }: &Introduced) -> String {
    let id = short(&change.id);
    let author = clean(change.author.split('<').next().unwrap_or_default());
    format!("commit {id} of {} by {}", date::day(change.date), author.trim())
}

fn write_advice(
    report: &Report,
    look: &Look,
    occasion: Occasion,
    shown: &[&Entry],
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rule(shown[0]);
    let bold = |text: &str| paint(look, anstyle::Style::new().bold(), text);
    writeln!(out, "\n{}", bold(occasion.mend_title()))?;
    for line in occasion.mend(shown) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "{}", bold("If it is not a secret"))?;
    writeln!(out, "  comment the line: straykey:allow {} REASON", shown[0].rule)?;
    writeln!(out, "  or accept what is there today: straykey baseline write")?;
    writeln!(out, "{}", bold(occasion.left_title()))?;
    if let Some(step) = rule.guidance.steps.first() {
        write_wrapped("  ", step, 3, out)?;
    }
    writeln!(out, "  all steps: straykey guide {}", shown[0].rule)
}

fn write_way_around(occasion: Occasion, out: &mut dyn Write) -> io::Result<()> {
    let way = match occasion {
        Occasion::FirstCommit | Occasion::Commit => {
            "git commit --no-verify, or SKIP=straykey git commit"
        }
        Occasion::Push => "git push --no-verify, or SKIP=straykey-push git push",
        Occasion::Files | Occasion::Range | Occasion::Receive => return Ok(()),
    };
    writeln!(out, "Without this check, once: {way}")
}

impl Occasion {
    fn title(self) -> &'static str {
        match self {
            Self::FirstCommit | Self::Commit => "straykey stopped this commit",
            Self::Files => "straykey checked these files",
            Self::Range => "straykey checked these commits",
            Self::Push => "straykey stopped this push",
            Self::Receive => "straykey refused this push",
        }
    }

    /// Where the findings are listed that are not shown.
    fn others(self) -> &'static str {
        match self {
            Self::FirstCommit | Self::Commit => "; all of them: straykey git --staged",
            Self::Files => "; all of them: straykey scan",
            Self::Range | Self::Push | Self::Receive => "; all of them: straykey git",
        }
    }

    fn mend_title(self) -> &'static str {
        match self {
            Self::FirstCommit | Self::Commit => "To mend the commit",
            Self::Files => "To mend the files",
            Self::Range | Self::Push | Self::Receive => "To mend the commits",
        }
    }

    fn left_title(self) -> &'static str {
        match self {
            Self::FirstCommit | Self::Commit | Self::Files | Self::Range => {
                "If it was ever pushed or sent to anybody"
            }
            Self::Push => "If it was pushed elsewhere or sent to anybody",
            // The bytes have reached the server, but no reference of it.
            Self::Receive => "If it is a secret: it has left the machine of whoever pushed it",
        }
    }

    /// What to do with what is shown, in lines.
    fn mend(self, shown: &[&Entry]) -> Vec<String> {
        let mut paths: Vec<String> = shown.iter().map(|f| in_shell(&f.path)).collect();
        paths.dedup();
        let paths = paths.join(" ");
        let elsewhere = "read the value from the environment or a secrets manager";
        match self {
            Self::FirstCommit => {
                vec![
                    format!("git rm --cached -- {paths}"),
                    format!("{elsewhere}, and add it again"),
                ]
            }
            Self::Commit => vec![
                format!("git restore --staged -- {paths}"),
                format!("{elsewhere}, and add it again"),
            ],
            Self::Files => vec![
                elsewhere.to_owned(),
                "a key that is committed stays in the history: revoke it first".to_owned(),
            ],
            Self::Range | Self::Push | Self::Receive => {
                let commits = shown.iter().filter_map(|f| introduced(f));
                let oldest = commits.min_by_key(|i| i.change.date.seconds);
                let from = oldest.map_or("COMMIT", |i| short(&i.change.id));
                vec![
                    format!(
                        "git rebase -i {from}^   (--root if it is the first), edit that commit:"
                    ),
                    elsewhere.to_owned(),
                    "a later commit that deletes the line leaves the key in the history".to_owned(),
                ]
            }
        }
    }
}

/// A path of the repository as one word of a shell.
fn in_shell(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%,=:".contains(c);
    let path = clean(path);
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn shortened(text: &str, len: usize) -> String {
    if text.chars().count() <= len {
        return text.to_owned();
    }
    text.chars().take(len - 1).chain(['…']).collect()
}

/// Writes `text` behind `label` in at most `lines` lines; what is longer ends in an ellipsis.
fn write_wrapped(label: &str, text: &str, lines: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut wrapped: Vec<String> = Vec::new();
    let width = WIDTH - label.len();
    for word in text.split_whitespace() {
        match wrapped.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => wrapped.push(word.to_owned()),
        }
    }
    if wrapped.len() > lines {
        wrapped.truncate(lines);
        if let Some(last) = wrapped.last_mut() {
            *last = shortened(&format!("{last} …"), width);
        }
    }
    for (n, line) in wrapped.iter().enumerate() {
        let label = if n == 0 { label } else { &" ".repeat(label.len()) };
        writeln!(out, "{label}{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        coverage::Coverage,
        finding::Finding,
        report::{Detail, Secrets, Style},
        rule::RuleSet,
        triage::sample,
    };

    fn screen(rules: &RuleSet, findings: &[Finding], occasion: Occasion) -> String {
        let report =
            Report::of(findings, rules, Coverage::default(), Vec::new(), Secrets::Redacted);
        let look = Look { style: Style::Plain, detail: Detail::Normal, times: (0, 0) };
        let mut out = Vec::new();
        write_hook(&report, &look, occasion, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whatever_is_found_it_fits_on_one_screen() {
        let rules = sample::rules();
        let all = [
            Occasion::FirstCommit,
            Occasion::Commit,
            Occasion::Files,
            Occasion::Range,
            Occasion::Push,
            Occasion::Receive,
        ];
        for rule in rules.rules() {
            let mut finding = sample::finding(&rules, rule.id.as_ref(), "config/a.env", "value");
            finding.history = Some(Box::new(sample::at_head("config/a.env")));
            finding.reasons = vec!["a reason that is rather long ".repeat(9)];
            for many in [1, 2, 9] {
                for occasion in all {
                    let text = screen(&rules, &vec![finding.clone(); many], occasion);
                    let lines = text.lines().count();
                    assert!(lines <= 24, "{lines} lines:\n{text}");
                    // An address stays in one piece, so that it can be copied.
                    let is_word = |line: &str| !line.trim().contains(' ');
                    let wide =
                        text.lines().find(|line| line.chars().count() > 80 && !is_word(line));
                    assert_eq!(wide, None, "{}", rule.id);
                }
            }
        }
    }

    #[test]
    fn what_is_clean_is_silent() {
        assert_eq!(screen(&sample::rules(), &[], Occasion::Commit), "");
    }

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(in_shell("a/b-c.env"), "a/b-c.env");
        assert_eq!(in_shell("a b;c'd"), r"'a b;c'\''d'");
    }
}
