//! The baseline: findings that were accepted, one a line, sorted.
//!
//! A line has a rule, a fingerprint, where it stood, and a path. There is no line number, no time and
//! no random salt in it: the same finding is the same line whoever writes it, so two branches that
//! accept it agree, and git merges them. What salts the hash of the value is rule and path, which go into
//! the fingerprint: equal values in two files don't look equal. Of a password 8 bits take part, as
//! `Fingerprint::new` says, so that no guess can be confirmed.
//!
//! An entry accepts its value at its own path. It follows the value to another path in two cases:
//!
//! - there it stands no more, only the history has it;
//! - there it stands, and at the entry's own path it does not any more. That is a rename, and one
//!   entry follows one: a copy into a second file is new.
//!
//! A password's entry is followed only from or to a file that is gone, of the same name or in the same
//! directory, because 8 bits are too few to know a value again among many.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use super::ground::{Extent, Ground, Rules};
use crate::{
    filter::entry::HEADER,
    finding::{Finding, Suppressor},
    history::Reach,
    rule::RuleSet,
    secret::{Fingerprint, Guessable},
};

/// Where it is looked for.
pub const NAME: &str = ".straykey-baseline";

const FULL_HEADER: &str = "# straykey baseline v1: accepted findings; `straykey baseline write` adds, `straykey baseline prune` drops";

/// So many values are compared with entries of other paths; past that, a finding stays new.
const MAX_TRIES: usize = 2_000_000;

/// Where an accepted finding stood when it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stood {
    /// In a file.
    Tree,
    /// In the history only, which a scan of files does not see.
    History,
}

/// An accepted finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The rule's id.
    pub rule: String,
    /// 32 hex digits.
    pub fingerprint: String,
    /// Where it stood.
    pub stood: Stood,
    /// Its path, as reports have it.
    pub path: String,
}

/// Why a file is not read as a baseline.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum BaselineError {
    #[error("it is not a baseline: its first line is not `{HEADER}`")]
    Header,
    #[error("line {line}: a merge left a conflict; keep both sides and delete its marks")]
    Conflict { line: usize },
    #[error("line {line}: expected `RULE FINGERPRINT tree|history PATH`")]
    Entry { line: usize },
}

/// The accepted findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Lines of people, kept.
    comments: Vec<String>,
    entries: BTreeSet<Entry>,
}

/// What a baseline says of some findings.
#[derive(Debug)]
pub struct Verdict<'b> {
    /// For each finding, the entry that accepts it.
    pub accepted: Vec<Option<&'b Entry>>,
    /// Entries that accept none, although they would have been seen.
    pub stale: Vec<&'b Entry>,
    /// Whether there were too many values to look for renames of all.
    pub cut_short: bool,
}

impl Entry {
    /// For `finding`.
    pub fn of(rules: &RuleSet, finding: &Finding) -> Self {
        Self {
            rule: rules.rule(finding.found_by).id.to_string(),
            fingerprint: finding.fingerprint.as_str().to_owned(),
            stood: if stands_today(finding) { Stood::Tree } else { Stood::History },
            path: finding.origin.path.clone(),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(4, ' ');
        let (rule, fingerprint) = (parts.next()?, parts.next()?);
        let stood = match parts.next()? {
            "tree" => Stood::Tree,
            "history" => Stood::History,
            _ => return None,
        };
        let path = unescaped(parts.next()?)?;
        let valid = !rule.is_empty() && super::allow::is_hex(fingerprint, 32..=32);
        let (rule, fingerprint) = (rule.to_owned(), fingerprint.to_ascii_lowercase());
        valid.then_some(Self { rule, fingerprint, stood, path })
    }

    /// Whether it accepts the value of `finding`, at whatever path.
    fn has_value_of(&self, finding: &Finding, guessable: Guessable) -> bool {
        let here = Fingerprint::new(&self.rule, &self.path, &finding.secret, guessable);
        here.as_str() == self.fingerprint
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, fingerprint, stood, path } = self;
        let stood = match stood {
            Stood::Tree => "tree",
            Stood::History => "history",
        };
        write!(f, "{rule} {fingerprint} {stood} {}", escaped(path))
    }
}

impl Baseline {
    /// Reads `text`. Lines in any order and lines that stand twice are fine: a merge leaves them.
    ///
    /// # Errors
    ///
    /// If it is not a baseline, or one of its lines is not an entry.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let mut baseline = Self::default();
        let mut begun = text.trim().is_empty();
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|m| text.starts_with(m)) {
                return Err(BaselineError::Conflict { line });
            }
            match text {
                _ if text.trim().is_empty() => {}
                _ if is_header(text) => begun = true,
                _ if !begun => return Err(BaselineError::Header),
                _ if text.starts_with('#') => baseline.comments.push(text.to_owned()),
                _ => {
                    let entry = Entry::parse(text).ok_or(BaselineError::Entry { line })?;
                    baseline.entries.insert(entry);
                }
            }
        }
        if begun { Ok(baseline) } else { Err(BaselineError::Header) }
    }

    /// The paths of its entries.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.path.as_str())
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds `entry`, unless the finding is there.
    pub fn add(&mut self, entry: Entry) {
        let other = |stood| Entry { stood, ..entry.clone() };
        if ![Stood::Tree, Stood::History].map(other).iter().any(|e| self.entries.contains(e)) {
            self.entries.insert(entry);
        }
    }

    /// Drops `entry`.
    pub fn drop_entry(&mut self, entry: &Entry) {
        self.entries.remove(entry);
    }

    /// Judges all `findings` of a scan.
    pub fn judge(&self, rules: &RuleSet, findings: &[Finding], ground: &Ground<'_>) -> Verdict<'_> {
        let own: HashMap<&str, &Entry> =
            self.entries.iter().map(|e| (e.fingerprint.as_str(), e)).collect();
        let mut accepted: Vec<Option<&Entry>> =
            findings.iter().map(|f| own.get(f.fingerprint.as_str()).copied()).collect();
        // An entry that is taken follows nothing: its value stands at its own path, or followed already.
        let mut taken: BTreeSet<&Entry> = BTreeSet::new();
        for (entry, finding) in accepted.iter().zip(findings) {
            taken.extend(entry.filter(|_| stands_today(finding)));
        }
        let mut of_rule: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            of_rule.entry(&entry.rule).or_default().push(entry);
        }
        let mut tries = 0;
        for (finding, accepted) in findings.iter().zip(&mut accepted) {
            let rule = rules.rule(finding.found_by);
            let entries = of_rule.get(rule.id.as_str()).map_or(&[][..], Vec::as_slice);
            // What a comment accepts must not use up the entry of a renamed file.
            let otherwise =
                finding.suppressed.as_ref().is_some_and(|s| s.by != Suppressor::Baseline);
            if accepted.is_some() || otherwise || entries.is_empty() || tries > MAX_TRIES {
                continue;
            }
            let guessable = rule.kind.guessable();
            *accepted = entries.iter().copied().find(|entry| {
                let may = !(stands_today(finding) && taken.contains(entry))
                    && may_follow(entry, finding, guessable, ground);
                tries += usize::from(may);
                may && entry.has_value_of(finding, guessable)
            });
            taken.extend(accepted.filter(|_| stands_today(finding)));
        }
        let used: BTreeSet<&Entry> = accepted.iter().flatten().copied().collect();
        let is_stale = |e: &&Entry| !used.contains(e) && would_be_seen(e, rules, ground);
        let stale = self.entries.iter().filter(is_stale).collect();
        Verdict { accepted, stale, cut_short: tries > MAX_TRIES }
    }
}

impl fmt::Display for Baseline {
    /// The file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FULL_HEADER}")?;
        self.comments.iter().try_for_each(|comment| writeln!(f, "{comment}"))?;
        // As `sort` would have it, so that people may use that.
        let mut lines: Vec<String> = self.entries.iter().map(Entry::to_string).collect();
        lines.sort_unstable();
        lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn is_header(line: &str) -> bool {
    line.strip_prefix(HEADER).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

/// Whether `finding` stands in a file, and not only in the history.
fn stands_today(finding: &Finding) -> bool {
    finding.history.as_ref().is_none_or(|h| h.at_head || h.in_worktree || h.reach == Reach::Index)
}

/// Whether `finding`, at another path, may be what `entry` accepted, if the values are equal.
fn may_follow(entry: &Entry, finding: &Finding, guessable: Guessable, ground: &Ground<'_>) -> bool {
    let path = &finding.origin.path;
    let entry_file_is_gone = !(ground.exists)(&entry.path);
    let moved = match (stands_today(finding), entry.stood) {
        (false, _) => true,
        // It was accepted as a thing of the past.
        (true, Stood::History) => false,
        (true, Stood::Tree) => entry_file_is_gone || (ground.searched)(&entry.path),
    };
    moved
        && match guessable {
            Guessable::No => true,
            Guessable::Yes => {
                let here_is_gone = !stands_today(finding) && !(ground.exists)(path);
                (entry_file_is_gone || here_is_gone) && are_near(&entry.path, path)
            }
        }
}

/// Whether two files have the same name or stand in the same directory.
fn are_near(a: &str, b: &str) -> bool {
    let split = |path: &str| {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        (dir.to_owned(), name.to_owned())
    };
    let ((dir_a, name_a), (dir_b, name_b)) = (split(a), split(b));
    dir_a == dir_b || name_a == name_b
}

/// Whether the scan would have found what `entry` accepts, if it were still there.
fn would_be_seen(entry: &Entry, rules: &RuleSet, ground: &Ground<'_>) -> bool {
    let in_use = rules.find(&entry.rule).is_some() || ground.rules == Rules::All;
    let reached = match entry.stood {
        Stood::Tree => (ground.searched)(&entry.path),
        Stood::History => ground.extent == Extent::Everything && (ground.searched)(&entry.path),
    };
    in_use && reached
}

/// `path` on one line.
fn escaped(path: &str) -> String {
    path.chars()
        .flat_map(|c| match c {
            '\\' => "\\\\".chars().collect::<Vec<_>>(),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                c.escape_unicode().collect()
            }
            c => vec![c],
        })
        .collect()
}

/// What `escaped` made of a path; `None` if it did not make this.
fn unescaped(text: &str) -> Option<String> {
    let mut path = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        path.push_str(before);
        if let Some(after) = after.strip_prefix('\\') {
            path.push('\\');
            rest = after;
        } else {
            let (digits, after) = after.strip_prefix("u{")?.split_once('}')?;
            path.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            rest = after;
        }
    }
    path.push_str(rest);
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::sample;

    const LINE: &str = "a-rule 0123456789abcdef0123456789ABCDEF tree ";

    #[test]
    fn a_path_of_any_kind_stays_what_it_is() {
        for path in ["a", " a b ", "a\nb\r", "a\\u{a}", "\\", "ä\u{2028}\u{fffd}", "#"] {
            let text = format!("{HEADER}\n{LINE}{}\n", escaped(path));
            let baseline = Baseline::parse(&text).expect("it parses");
            assert_eq!(baseline.paths().collect::<Vec<_>>(), [path]);
            assert_eq!(Baseline::parse(&baseline.to_string()), Ok(baseline));
        }
    }

    #[test]
    fn lines_of_a_merge_are_sorted_and_said_once() {
        let text = format!("{HEADER}\n{LINE}b\n# ours\n{LINE}a\n{HEADER}\n\n{LINE}b\r\n");
        let shown = Baseline::parse(&text).expect("it parses").to_string();
        let lower = LINE.to_ascii_lowercase();
        assert_eq!(shown, format!("{FULL_HEADER}\n# ours\n{lower}a\n{lower}b\n"));
    }

    #[test]
    fn what_is_no_baseline_is_not_read_as_one() {
        let error = |text: &str| Baseline::parse(text).expect_err("it is none");
        assert_eq!(error("[package]\n"), BaselineError::Header);
        assert_eq!(error("# straykey baseline v10\n"), BaselineError::Header);
        assert_eq!(error(&format!("{HEADER}\n=======\n")), BaselineError::Conflict { line: 2 });
        for line in
            ["a-rule 01 tree a", "a-rule", &LINE.replace("tree", "here"), LINE, "x\\u{d800}"]
        {
            assert_eq!(error(&format!("{HEADER}\n{line}\n")), BaselineError::Entry { line: 2 });
        }
        assert_eq!(Baseline::parse(" \n"), Ok(Baseline::default()));
    }

    /// Whether the password's entry at `from` accepts it at `to`, if these files exist.
    fn follows(from: &str, to: &str, files: &[&str]) -> bool {
        let rules = sample::rules();
        let password = rules.rules().iter().find(|r| r.kind.guessable() == Guessable::Yes);
        let id = password.expect("there are rules for passwords").id.as_str();
        let of = |path: &str| {
            let mut finding = sample::finding(&rules, id, path, "hunter2");
            finding.fingerprint = Fingerprint::new(id, path, &finding.secret, Guessable::Yes);
            finding
        };
        let mut baseline = Baseline::default();
        baseline.add(Entry::of(&rules, &of(from)));
        let ground = Ground {
            extent: Extent::Everything,
            rules: Rules::All,
            searched: &|_| true,
            exists: &|path| files.contains(&path),
        };
        baseline.judge(&rules, &[of(to)], &ground).accepted[0].is_some()
    }

    #[test]
    fn a_password_is_followed_only_as_a_file_is_renamed() {
        assert!(follows("a/x.env", "b/x.env", &["b/x.env"]));
        assert!(follows("a/x.env", "a/y.env", &["a/y.env"]));
        assert!(!follows("a/x.env", "b/y.env", &["b/y.env"]), "that may be another password");
        assert!(!follows("a/x.env", "a/y.env", &["a/x.env", "a/y.env"]));
    }
}
