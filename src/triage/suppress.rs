//! Which findings are not new, and by what: comments, the ignore file, the configuration, the baseline.
//! One place asks all of them, counts, and says which of them had nothing to say.

use std::collections::BTreeMap;

use super::{
    allow::AllowRule,
    baseline::{self, Baseline},
    ground::{Extent, Ground, Rules},
    ignore_file::{self, IgnoreFile},
};
use crate::{
    finding::{Finding, Suppression, Suppressor},
    mark::{self, Mark},
    rule::RuleSet,
};

/// All that can keep a finding from being new, besides comments.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// Accepted findings, and the file's name in reports.
    pub baseline: Option<(Baseline, String)>,
    /// Accepted paths and fingerprints.
    pub ignore_file: Option<IgnoreFile>,
    /// What the configuration allows.
    pub allow: Vec<AllowRule>,
}

/// One of our own comments, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedMark {
    /// The path in reports.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What it says.
    pub mark: Mark,
}

/// What was suppressed in a scan.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// How many findings, by what.
    pub counts: BTreeMap<Suppressor, usize>,
    /// What suppresses nothing any more, in sentences. Sorted.
    pub stale: Vec<String>,
}

impl Tally {
    /// How many findings are suppressed.
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Counts those of `findings`.
    pub fn count(&mut self, findings: &[Finding]) {
        for suppression in findings.iter().filter_map(|f| f.suppressed.as_deref()) {
            *self.counts.entry(suppression.by).or_default() += 1;
        }
    }
}

/// Judges `findings`, which are sorted, and says what has nothing to say about them.
///
/// `marks` are our own comments in the files that were read.
pub fn suppress(
    rules: &RuleSet,
    findings: &mut [Finding],
    by: &Suppressions,
    marks: &[PlacedMark],
    ground: &Ground<'_>,
) -> Vec<String> {
    let mut stale = unused_marks(rules, findings, marks, ground);
    // Each is asked about all, so that what two accept makes neither stale. The first one's word is kept.
    let verdicts = findings.iter().map(by_mark).collect();
    keep_first(findings, verdicts);
    let verdicts = by_ignore_file(findings, by, ground, &mut stale);
    keep_first(findings, verdicts);
    let verdicts = by_config(rules, findings, by, ground, &mut stale);
    keep_first(findings, verdicts);
    let verdicts = by_baseline(rules, findings, by, ground, &mut stale);
    keep_first(findings, verdicts);
    stale.sort();
    stale
}

fn keep_first(findings: &mut [Finding], verdicts: Vec<Option<Suppression>>) {
    for (finding, suppression) in findings.iter_mut().zip(verdicts) {
        if finding.suppressed.is_none() {
            finding.suppressed = suppression.map(Box::new);
        }
    }
}

fn by_mark(finding: &Finding) -> Option<Suppression> {
    let mark = finding.mark.as_deref()?;
    let place = match mark.line {
        Some(line) => format!("{}, line {line}", mark.word),
        None => mark.word.to_owned(),
    };
    Some(Suppression { by: Suppressor::Inline, place, reason: mark.reason.clone() })
}

fn by_ignore_file(
    findings: &[Finding],
    by: &Suppressions,
    ground: &Ground<'_>,
    stale: &mut Vec<String>,
) -> Vec<Option<Suppression>> {
    let Some(file) = &by.ignore_file else { return Vec::new() };
    let (judged, unused) = file.judge(findings, ground);
    let name = ignore_file::NAME;
    stale.extend(unused.iter().map(|line| format!("{name}:{line} matches nothing")));
    judged
}

fn by_config(
    rules: &RuleSet,
    findings: &[Finding],
    by: &Suppressions,
    ground: &Ground<'_>,
    stale: &mut Vec<String>,
) -> Vec<Option<Suppression>> {
    let mut used = vec![false; by.allow.len()];
    let judged = findings.iter().map(|finding| {
        let mut first = None;
        for (n, allow) in by.allow.iter().enumerate() {
            if allow.allows(rules.rule(finding.rule), finding) {
                used[n] = true;
                first.get_or_insert(allow);
            }
        }
        first.map(|allow| Suppression {
            by: Suppressor::Config,
            place: allow.place().to_owned(),
            reason: allow.reason().map(str::to_owned),
        })
    });
    let judged = judged.collect();
    if ground.rules == Rules::All {
        let unused =
            by.allow.iter().zip(used).filter(|(a, used)| !used && a.in_reach(ground.extent));
        stale.extend(unused.map(|(allow, _)| format!("{} matches nothing", allow.place())));
    }
    judged
}

fn by_baseline(
    rules: &RuleSet,
    findings: &[Finding],
    by: &Suppressions,
    ground: &Ground<'_>,
    stale: &mut Vec<String>,
) -> Vec<Option<Suppression>> {
    let Some((baseline, name)) = &by.baseline else { return Vec::new() };
    let verdict = baseline.judge(rules, findings, ground);
    stale.extend(
        verdict.stale.iter().map(|e| format!("{name}: `{}` in {} matches nothing", e.rule, e.path)),
    );
    if verdict.cut_short {
        stale.push(format!("{name}: there are too many findings to look for all renames"));
    }
    let accepted = |entry: Option<&baseline::Entry>, finding: &Finding| {
        entry.map(|entry| Suppression {
            by: Suppressor::Baseline,
            place: name.clone(),
            reason: (entry.path != finding.origin.path)
                .then(|| format!("it was accepted in {}", entry.path)),
        })
    };
    verdict.accepted.into_iter().zip(findings).map(|(e, f)| accepted(e, f)).collect()
}

/// Our own comments that allow nothing.
fn unused_marks(
    rules: &RuleSet,
    findings: &[Finding],
    marks: &[PlacedMark],
    ground: &Ground<'_>,
) -> Vec<String> {
    // Rules that are not in use would have found what some of them are for.
    if ground.rules == Rules::Chosen {
        return Vec::new();
    }
    let used: std::collections::HashSet<(&str, usize)> = findings
        .iter()
        .filter_map(|f| Some((f.origin.path.as_str(), f.mark.as_deref()?.line?)))
        .collect();
    let unused = marks.iter().filter(|m| !used.contains(&(m.path.as_str(), m.line)));
    unused
        .map(|PlacedMark { path, line, mark: allow }| {
            let wrong = allow.rules.iter().find(|id| rules.find(id).is_none());
            match wrong {
                Some(id) => {
                    format!("{path}:{line}: `{}` names `{id}`, which is no rule", mark::OWN)
                }
                None => format!("{path}:{line}: `{}` allows nothing", mark::OWN),
            }
        })
        .collect()
}

impl AllowRule {
    /// Whether a scan of such an extent would have met what it allows.
    fn in_reach(&self, extent: Extent) -> bool {
        match extent {
            Extent::Part => false,
            Extent::Tree => !self.needs_history(),
            Extent::Everything => true,
        }
    }
}
